"""Where the ledgers of one run lie: a folder that goes when the run ends. Big ones are made when first asked for."""

import sqlite3
from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType

import attrs

from bench import ours
from bench.peers import aggregates
from bench.server import Missing, Server
from bench.timing import Progress
from stampledger import Ledger


@attrs.frozen(kw_only=True)
class Size:
    """How much is measured."""

    quick: bool
    cards: int  # Of about 100 events, in the big ledger.
    long_cards: int  # Of 10 000 events, and of each kind, in a ledger of their own.
    stamped_cards: int  # Of about 100 events, one command a stamp.
    turns: int  # Each of 20 stamps, in a round.
    seconds: float  # That many tills work at once, in a round.
    receipts: int  # Imported in a round.
    listed_events: int  # In the ledger whose pages are read and searched.


QUICK = Size(
    quick=True, cards=1_000, long_cards=1, stamped_cards=250, turns=10, seconds=0.8, receipts=4_000,
    listed_events=100_000,
)  # fmt: skip
FULL = Size(
    quick=False, cards=10_000, long_cards=4, stamped_cards=1_000, turns=30, seconds=3, receipts=20_000,
    listed_events=10_000_000,
)  # fmt: skip
SMALL_CARDS = 100  # Of about 100 events: the ledger of ten thousand.


class Workshop(AbstractContextManager["Workshop"]):
    """A folder of ledgers, and a server for others."""

    def __init__(self, size: Size, progress: Progress, listed: tuple[str, ...] = ()) -> None:
        self.size = size
        self.progress = progress
        self.listed = listed  # URLs of ledgers that `bench.fill` made, to be read instead of new ones.
        self.made: dict[str, tuple[str, str, int] | Missing] = {}  # Ledgers whose lists are read, by engine.
        self._folder = TemporaryDirectory(prefix="stampledger-bench-")
        self._server: Server | None = None
        self._missing: Missing | None = None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            if self._server is not None:
                self._server.close()
        finally:
            self._folder.cleanup()

    @property
    def postgresql(self) -> str | None:
        """The version of the server, where one was needed."""
        return None if self._server is None else self._server.version

    def server(self) -> Server:
        """Answer a PostgreSQL server.

        Raises:
            Missing: There can be none.
        """
        if self._missing is not None:
            raise self._missing
        if self._server is None:
            self.progress("starting PostgreSQL")
            try:
                self._server = Server()
            except Missing as missing:
                self._missing = missing
                raise
        return self._server

    def path(self, name: str) -> Path:
        """Answer where a database lies."""
        return Path(self._folder.name) / f"{name}.db"

    def small(self) -> Path:
        """Answer a ledger of ten thousand events."""
        return self._made_once("small", lambda ledger, shown: self._year(ledger, SMALL_CARDS, shown))

    def big(self) -> Path:
        """Answer a ledger of a million events; of a hundred thousand in a quick run."""
        return self._made_once("big", lambda ledger, shown: self._year(ledger, self.size.cards, shown))

    def long(self) -> Path:
        """Answer a ledger of two kinds of cards with ten thousand events each: with many vouchers, and with few."""

        def fill(ledger: Ledger, shown: Callable[[int, int], None]) -> None:
            coffees = ours.visits(self.size.long_cards, 8_000)
            ours.fill(ledger, coffees, shown)
            savings = ours.visits(self.size.long_cards, 9_980, "s")
            ours.fill(ledger, savings, shown, ours.SAVINGS, first=len(coffees) + 1)

        return self._made_once("long", fill)

    def stamped(self) -> Path:
        """Answer a ledger of about 100 events a card, stamped one by one as tills do."""

        def fill(ledger: Ledger, shown: Callable[[int, int], None]) -> None:
            stamp = ours.Stamping(ledger, ours.issued(ledger, self.size.stamped_cards))
            total = self.size.stamped_cards * ours.STAMPS_PER_CARD
            for done in range(total):
                stamp()
                if done % 1_000 == 0:
                    shown(done, total)

        return self._made_once("stamped", fill)

    def _year(self, ledger: Ledger, cards: int, shown: Callable[[int, int], None]) -> None:
        ours.fill(ledger, ours.visits(cards, ours.STAMPS_PER_CARD), shown)

    def _made_once(self, name: str, fill: Callable[[Ledger, Callable[[int, int], None]], None]) -> Path:
        path = self.path(name)
        if not path.exists():
            with ours.opened(path, full=False) as ledger:
                fill(ledger, self.progress.of(f"making a ledger: {name}"))
            with closing(sqlite3.connect(path)) as connection:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return path

    def peer(self, events: int) -> dict[str, str]:
        """Answer the settings of the peer's database with as many events."""
        path = self.path("peer")
        settings = aggregates.sqlite(path)
        if not path.exists():
            with aggregates.Cards(settings, full=False) as cards:
                cards.fill(events, 100, self.progress.of("making the peer's events"))
        return settings
