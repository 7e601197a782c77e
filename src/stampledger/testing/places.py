"""Where a ledger under test is kept: in memory, in a file, or on a server whose URL is given.

Every run of a machine is a business of its own in one database, so that nothing has to be made or emptied between them.
"""

import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

from stampledger.ledger import Ledger
from stampledger.sources import Clock, Ids, Random, new_id
from stampledger.store.database import Engine, open_engine


class Place:
    """A database that ledgers under test are kept in, each as a business of its own."""

    def __init__(self, engine: Callable[[], Engine], name: Callable[[], str] = str, durability: str = "normal") -> None:
        self._make = engine
        self._name = name
        self._durability = durability
        self._engine: Engine | None = None
        self._opened = 0
        self._prefix = ""

    def opened(self, *, clock: Clock, random: Random, ids: Ids) -> Ledger:
        """Open an empty ledger."""
        if self._engine is None:
            self._engine, self._prefix = self._make(), self._name()
        self._opened += 1
        return self._open(f"{self._prefix}shop-{self._opened}", clock, random, ids)

    def reopened(self, ledger: Ledger, *, clock: Clock, random: Random, ids: Ids) -> Ledger:
        """Close a ledger and open it again."""
        business = ledger.business
        ledger.close()
        return self._open(business, clock, random, ids)

    def _open(self, business: str, clock: Clock, random: Random, ids: Ids) -> Ledger:
        assert self._engine is not None
        return Ledger(self._engine, business=business, clock=clock, random=random, ids=ids, durability=self._durability)

    def close(self, ledger: Ledger) -> None:
        """Leave a ledger; what it wrote stays where it is, and is in nobody's way."""
        ledger.close()


@cache
def memory() -> Place:
    """Answer SQLite in memory: the quickest."""
    return Place(lambda: open_engine("sqlite://"))


@cache
def file(path: Path | str | None = None) -> Place:
    """Answer SQLite in a file, by default in a folder that is gone when the program ends."""
    folder = tempfile.TemporaryDirectory(prefix="stampledger-") if path is None else None
    found = Path(folder.name) / "shop.db" if folder is not None else path
    place = Place(lambda: open_engine(f"sqlite:///{found}"))
    place.folder = folder  # type: ignore[attr-defined]
    return place


@cache
def server(url: str) -> Place:
    """Answer the database of a URL, such as postgresql+psycopg://localhost/test: one for tests, since all stays."""
    return Place(lambda: open_engine(url), name=lambda: f"{new_id().hex[-8:]}-", durability="full")
