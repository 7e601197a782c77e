"""Time, chance, ids and redeem codes that are the same in every run."""

import hashlib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import attrs

from stampledger.commands import Means
from stampledger.rules import DRAW_TOTAL

START = datetime(2024, 2, 27, 11, 30, tzinfo=UTC)  # Two days before a leap day.


@attrs.define
class Clock:
    """A clock that stands still until it is told otherwise; call it to read it."""

    at: datetime = START

    def __call__(self) -> datetime:
        """Answer the time it shows."""
        return self.at

    def wait(self, span: timedelta) -> datetime:
        """Let a span of time pass, or step back by a negative one; answer the new time."""
        self.at += span
        return self.at


class Chance:
    """Chance that is the same in every run; *draws* are what its next lotteries draw, another *seed* is another run."""

    def __init__(self, *draws: int, seed: int = 0) -> None:
        self.draws = list(draws)
        self.drawn = 0  # How often a lottery was.
        self._seed = seed
        self._asked = 0

    def __call__(self, below: int) -> int:
        """Answer a whole number from 0 to below the one given."""
        if below == DRAW_TOTAL:
            self.drawn += 1
            if self.draws:
                return self.draws.pop(0)
        self._asked += 1
        place = str(self._asked) if self._seed == 0 else f"{self._seed} {self._asked}"
        told = hashlib.sha512(place.encode()).digest()
        return int.from_bytes(told, "big") % below


class Counted:
    """Ids that are counted: 1, 2, 3 …, the same in every run."""

    def __init__(self) -> None:
        self._given = 0

    def __call__(self) -> UUID:
        """Answer the next id."""
        self._given += 1
        return UUID(int=self._given)


class Supplies:
    """A clock, chance and ids for a ledger, the same in every run: `Ledger.open(url, business="shop", **supplies)`.

    Two ledgers may share them; then no id is given twice.
    """

    def __init__(self, at: datetime = START, *, draws: Iterable[int] = (), seed: int = 0) -> None:
        self.clock = Clock(at)
        self.random = Chance(*draws, seed=seed)
        self.ids = Counted()

    def keys(self) -> Iterator[str]:
        """Answer the names by which a ledger takes them."""
        return iter(("clock", "random", "ids"))

    def __getitem__(self, name: str) -> Any:
        return getattr(self, name)


@attrs.frozen
class NumberedIds:
    """Ids of one decision: as many as it asks for, never those of a decision with another number."""

    decision: int = 0

    def __getitem__(self, index: int) -> UUID:
        """Answer the id at *index*."""
        return UUID(int=(self.decision + 1) << 64 | index)


@attrs.frozen
class NumberedCodes:
    """Redeem codes of one decision, readable: D3-0 is the first one of decision 3."""

    decision: int = 0

    def __getitem__(self, index: int) -> str:
        """Answer the code at *index*."""
        return f"D{self.decision}-{index}"


def means(decision: int = 0, zone: str = "UTC") -> Means:
    """Answer what a decision may give out; decisions with different numbers never give out the same."""
    return Means(ids=NumberedIds(decision), redeem_codes=NumberedCodes(decision), zone=ZoneInfo(zone))
