"""Time, chance and ids of the demonstration's own, so that it is the same on every machine and in every run."""

import hashlib
from datetime import datetime
from uuid import UUID

_VERSION_7 = 7 << 76
_VARIANT = 0b10 << 62


class Supplies:
    """A clock that stands at the row being carried out, and chance and ids that follow from that row alone.

    A run that was interrupted can therefore go on: a later row never gets the ids an earlier one had.
    """

    def __init__(self, at: datetime) -> None:
        self._at = at
        self._row = ""
        self._drawn = 0

    def begin(self, row: str, at: datetime) -> None:
        """Go on to a row."""
        self._row, self._at, self._drawn = row, at, 0

    def clock(self) -> datetime:
        """Answer the time of the row."""
        return self._at

    def random(self, below: int) -> int:
        """Answer a whole number from 0 to below the one given."""
        bits = below.bit_length() + 64
        return int.from_bytes(self._bytes(bits // 8 + 1), "big") % below

    def id(self) -> UUID:
        """Answer an id; as those of the library, ids made later sort later."""
        milliseconds = int(self._at.timestamp() * 1000)
        chance = int.from_bytes(self._bytes(8), "big") >> 2
        place = min(self._drawn, 0xFFF)
        return UUID(int=milliseconds << 80 | _VERSION_7 | place << 64 | _VARIANT | chance)

    def _bytes(self, length: int) -> bytes:
        self._drawn += 1
        return hashlib.shake_256(f"{self._row}\n{self._drawn}".encode()).digest(length)
