"""Customer views made by hand, for the tests of the pages."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from stampledger.events import RewardSource
from stampledger.projections import CardStatus, CardView, CustomerInfo, CustomerView, Progress, RewardView
from stampledger.rewards import RewardKind, RewardStatus
from stampledger.values import Brand

AT = datetime(2026, 5, 12, 9, 7, tzinfo=UTC)
HOSTILE = "<script>alert('x')</script>\"&"


def reward(number: int = 1, **changes: Any) -> RewardView:
    """A voucher for a free coffee, won at AT and good until the end of 11 June 2026 in Berlin."""
    fields: dict[str, Any] = dict(
        id=UUID(int=number),
        kind=RewardKind.VOUCHER,
        title="Free coffee",
        description="Any size, to drink here or to take away.",
        status=RewardStatus.ACTIVE,
        source=RewardSource.GOAL,
        redeem_code="FREECOFFEE",
        issued_at=AT,
        expires_at=datetime(2026, 6, 11, 22, 0, tzinfo=UTC),
        redeemed_at=None,
        outcome=None,
    )
    return RewardView(**(fields | changes))


def redeemed(number: int = 1, **changes: Any) -> RewardView:
    """That voucher, used the next day."""
    return reward(number, status=RewardStatus.REDEEMED, redeemed_at=AT + timedelta(days=1), **changes)


def card(stamps: int = 2, required: int = 8, **changes: Any) -> CardView:
    """Anna's card."""
    fields: dict[str, Any] = dict(
        id=UUID(int=113_772),
        number=113_772,
        customer=CustomerInfo(id=UUID(int=7), name="Anna"),
        template_id=UUID(int=8),
        template_version=2,
        template_name="Free Coffee",
        progress=Progress(stamps=stamps, required=required),
        goals_reached=0 if stamps < required else 1,
        cycle=0,
        status=CardStatus.ACTIVE,
        next_reward="Free coffee",
        stamps_missing=required - stamps or required,
        carried=0,
        remainder_minor=0,
        stamps_total=stamps,
        issued_at=AT - timedelta(days=30),
        last_stamp_at=AT,
        expires_at=None,
        platforms=(),
    )
    return CardView(**(fields | changes))


def view(**changes: Any) -> CustomerView:
    """The page of Anna's card with 2 of 8 stamps, at a moment when nothing was scanned."""
    fields: dict[str, Any] = dict(
        seq=42,
        at=AT,
        brand=Brand(name="Blue Cup", time_zone="Europe/Berlin"),
        card=card(),
        goals=((8, "Free coffee"),),
    )
    return CustomerView(**(fields | changes))


def goal_reached(**changes: Any) -> CustomerView:
    """The page of the scan that filled the card."""
    won = reward()
    return view(
        **dict(card=card(8, 8), scan=40, stamps_added=2, unlocked=(won,), vouchers=(won, redeemed(2))) | changes
    )


def refused(**changes: Any) -> CustomerView:
    """The page of a scan that did not go through."""
    told = "4 stamps a day are allowed; the next from 2026-05-12 22:00 UTC"
    return view(**dict(scan=42, refusal=told, retry_at=datetime(2026, 5, 12, 22, 0, tzinfo=UTC)) | changes)
