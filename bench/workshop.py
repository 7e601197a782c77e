"""Where the ledgers of one run lie: a folder that goes when the run ends. Big ones are made when first asked for."""

import sqlite3
from contextlib import AbstractContextManager, closing
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType

import attrs

from bench import ours, peer
from bench.timing import Progress


@attrs.frozen(kw_only=True)
class Size:
    """How much is measured."""

    cards: int  # Of about 100 events, in the big ledger.
    long_cards: int  # Of 10 000 events, in a ledger of their own.
    turns: int  # Each of 20 stamps, in a round.
    receipts: int  # Imported in a round.


QUICK = Size(cards=1_000, long_cards=1, turns=10, receipts=1_000)
FULL = Size(cards=10_000, long_cards=5, turns=40, receipts=10_000)
SMALL_CARDS = 100  # Of about 100 events: the ledger of ten thousand.


class Workshop(AbstractContextManager["Workshop"]):
    """A folder of ledgers."""

    def __init__(self, size: Size, progress: Progress) -> None:
        self.size = size
        self.progress = progress
        self._folder = TemporaryDirectory(prefix="stampledger-bench-")
        self._made: dict[str, Path] = {}

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._folder.cleanup()

    def path(self, name: str) -> Path:
        """Answer where a database lies."""
        return Path(self._folder.name) / f"{name}.db"

    def small(self) -> Path:
        """Answer a ledger of ten thousand events."""
        return self._filled("small", SMALL_CARDS)

    def big(self) -> Path:
        """Answer a ledger of a million events; of a hundred thousand in a quick run."""
        return self._filled("big", self.size.cards)

    def long(self) -> Path:
        """Answer a ledger of cards with ten thousand events each."""
        return self._filled("long", self.size.long_cards, 8_000)

    def _filled(self, name: str, cards: int, per_card: int = ours.STAMPS_PER_CARD) -> Path:
        path = self.path(name)
        if name not in self._made:
            with ours.opened(path, full=False) as ledger:
                ours.fill(ledger, cards, self.progress.of(f"making a ledger: {name}"), per_card)
            with closing(sqlite3.connect(path)) as connection:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._made[name] = path
        return path

    def peer(self, events: int) -> Path:
        """Answer the peer's database with as many events."""
        path = self.path("peer")
        if "peer" not in self._made:
            with peer.Cards(path, full=False) as cards:
                cards.fill(events, 100, self.progress.of("making the peer's events"))
            self._made["peer"] = path
        return path
