"""Ids and codes for decisions that are made again."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import attrs

from stampledger.commands import Means
from stampledger.events import Event
from stampledger.rewards import reward_id

_INVENTED = 0xFFFF << 112  # Ids that no ledger gave out.


@attrs.frozen
class Known:
    """What the real decision had given out, by its places; whatever is asked for beyond that is made up."""

    scan: int
    given: Sequence[Event | None]
    wanted: str

    def __getitem__(self, index: int) -> Any:
        event = self.given[index] if index < len(self.given) else None
        if self.wanted == "id":
            known = None if event is None else reward_id(event)
            return known or UUID(int=_INVENTED | self.scan << 32 | index)
        return getattr(event, "redeem_code", None) or f"W{self.scan}-{index}"


def as_given(scan: int, given: Sequence[Event | None], zone: ZoneInfo) -> Means:
    """Answer what a decision may give out: the ids of the rewards it really gave, each in its place."""
    return Means(ids=Known(scan, given, "id"), redeem_codes=Known(scan, given, "code"), zone=zone)
