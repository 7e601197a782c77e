"""Time, ids and redeem codes that are the same in every run."""

from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import attrs

from stampledger.commands import Means

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
