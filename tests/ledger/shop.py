"""
What the tests of the ledger share: a shop with a real store, in memory, in a file or on a server, whose time, ids and
chance are the same in every run, and its tables as they lie there.
"""

import itertools
import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Self
from uuid import UUID

from sqlalchemy import create_engine
from sqlalchemy.pool import StaticPool

from stampledger import Award, CardTemplate, CustomerInfo, Goal, Ledger, Lottery, Scan, Variant, Voucher
from stampledger.testing import START, Chance, Clock
from tests.servers.database import Database

DATA = Path(__file__).parents[3] / "shared" / "data"

COFFEE = Voucher(title="Free coffee", valid_for=timedelta(days=30))
CAKE = Voucher(title="Free cake")
LUCK = Lottery(
    title="Lucky draw",
    variants=(
        Variant(percentage=10, name="Cake", reward=CAKE, greeting="Sweet!"),
        Variant(percentage=20, name="Topping", reward=Award(title="Topping")),
        Variant(percentage=30, name="Again", try_again=True),
        Variant(percentage=40, name="Nothing"),
    ),
)
CAKE_DRAW, TOPPING_DRAW, AGAIN_DRAW, NOTHING_DRAW = 99_999_999, 100_000_000, 300_000_000, 999_999_999

TABLES = (
    *("meta", "head", "word", "stream", "journal", "claim", "checkpoint", "card", "placement", "reward", "customer"),
    *("subject_key", "mention"),
)
LIVE = ("checkpoint", "card", "placement", "reward", "customer")  # Made anew by a rebuild, as are states and claims.


def coffee(*places: int, reward: Any = COFFEE, name: str = "Free Coffee", **policies: Any) -> CardTemplate:
    """A template with a goal at each place, all with the same reward; without places, one goal at 8."""
    goals = tuple(Goal(stamps=stamps, reward=reward) for stamps in places or (8,))
    return CardTemplate(name=name, goals=goals, **policies)


class Shop:
    """A ledger on a real store, with everything a test needs to own. Where no place is named it is SQLite's memory."""

    def __init__(
        self,
        file: Path | None = None,
        *,
        business: str = "blue-cup",
        raw: sqlite3.Connection | None = None,
        database: Database | None = None,
        clock: Clock | None = None,
        draws: tuple[int, ...] = (),
        ids: Any = None,
        **options: Any,
    ) -> None:
        self.file = file
        self.database = database
        self.business = business
        self.clock = clock or Clock()
        self.chance = Chance(*draws)
        counter = itertools.count(1)
        self.ids = ids or (lambda: UUID(int=next(counter)))
        self.options = options
        self.raw = raw
        if file is None and raw is None and database is None:
            self.raw = sqlite3.connect(":memory:", check_same_thread=False)
        self.ledger = self.open()

    def open(self, **options: Any) -> Ledger:
        """Open the ledger, again or beside the one that is open."""
        given: dict[str, Any] = dict(business=self.business, clock=self.clock, random=self.chance, ids=self.ids)
        given |= self.options | options
        if self.database is not None:
            return Ledger.open(self.database.url, **given)
        if self.raw is None:
            return Ledger.open(f"sqlite:///{self.file}", **given)
        raw = self.raw
        engine = create_engine("sqlite://", creator=lambda: raw, poolclass=StaticPool)
        return Ledger(engine, **given)

    def reopen(self) -> Ledger:
        """Close the ledger and open it again: nothing is remembered but what was written."""
        self.ledger.close()
        self.ledger = self.open()
        return self.ledger

    def copy(self) -> "Shop":
        """A second shop in memory, with the same rows, to be changed without harm to this one."""
        raw = sqlite3.connect(":memory:", check_same_thread=False)
        if self.raw is not None:
            self.raw.backup(raw)
        else:
            with closing(sqlite3.connect(str(self.file))) as source:
                source.backup(raw)
        return Shop(raw=raw, business=self.business, clock=Clock(self.clock()), ids=self.ids, **self.options)

    def close(self) -> None:
        self.ledger.close()
        if self.raw is not None:
            self.raw.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    # What is in it.

    def template(self, *places: int, key: str = "free-coffee", **policies: Any) -> Scan:
        """Publish a template."""
        return self.ledger.publish_template(key, coffee(*places, **policies))

    def customer(self, name: str = "Anna", **about: Any) -> Scan:
        return self.ledger.register_customer(name=name, **about)

    def card(self, *places: int, customer: Any = None, **policies: Any) -> UUID:
        """Issue a card under a template of these goals and policies."""
        issued = self.ledger.issue_card(self.template(*places, **policies), customer=customer)
        number: UUID = the(issued.subject)
        return number

    @property
    def head(self) -> int:
        """The number of the last entry."""
        return self.ledger.seq

    # Its tables.

    def sql(self, statement: str, *values: object) -> list[Any]:
        """Do to the tables what no command does. A word in capitals is a table."""
        for table in TABLES:
            statement = statement.replace(table.upper(), f"stampledger_{table}")
        if self.database is not None:
            return self._ask(self.database, statement, values)
        if self.raw is not None:
            rows = self.raw.execute(statement, values).fetchall()
            self.raw.commit()
            return rows
        with closing(sqlite3.connect(str(self.file))) as raw:
            rows = raw.execute(statement, values).fetchall()
            raw.commit()
            return rows

    def _ask(self, database: Database, statement: str, values: tuple[object, ...]) -> list[Any]:
        mark = "?" if database.kind == "sqlite" else "%s"
        with database.engine() as engine, engine.begin() as connection:
            result = connection.exec_driver_sql(statement.replace("?", mark), values)
            return [tuple(row) for row in result] if result.returns_rows else []

    def dump(self) -> dict[str, list[Any]]:
        """Every row of every table, in an order that does not depend on where it lies."""
        return {table: sorted(self.sql(f"SELECT * FROM {table.upper()}"), key=repr) for table in TABLES}


def the(value: Any) -> Any:
    """A value that must be there."""
    assert value is not None
    return value


def kinds(scan: Any) -> list[str]:
    """The names of a scan's events, to compare a story with."""
    return [type(event).__name__ for event in scan.events]


def stamps(ledger: Any, card: Any) -> str:
    """A card's progress, as a customer reads it: 2/8."""
    return str(ledger.progress(card))


def statuses(ledger: Any, card: Any) -> list[tuple[str, str]]:
    """Title and status of a card's rewards, oldest first."""
    return [(reward.title, str(reward.status)) for reward in reversed(ledger.rewards(card))]


def utc(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


def at(days: float = 0, hours: float = 0) -> datetime:
    """A moment, counted from the start of the tests' time."""
    return START + timedelta(days=days, hours=hours)


BORN = date(1990, 2, 28)
ANNA = CustomerInfo(id=UUID(int=1), name="Anna")
