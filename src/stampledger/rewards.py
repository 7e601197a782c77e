"""One reward's life: granted, then used, expired or taken back.

A card's rewards are kept apart from the card, each in a row of its own, so that a card that has won a thousand vouchers
is as quick as a new one. Whether a voucher has expired follows from the time asked about, not from the batch that
records it.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import attrs

from stampledger import events, rules
from stampledger.commands import Supplies
from stampledger.errors import InvalidInput
from stampledger.events import (
    AwardGranted,
    LotteryGranted,
    LotteryPlayed,
    LotteryVoided,
    RedemptionReversed,
    RewardSource,
    VoucherExpired,
    VoucherIssued,
    VoucherRedeemed,
    VoucherVoided,
)
from stampledger.frozen import changed
from stampledger.refusals import (
    LotteryIsPlayed,
    LotteryIsVoided,
    VoucherIsExpired,
    VoucherIsRedeemed,
    VoucherIsVoided,
    VoucherNotRedeemed,
)
from stampledger.values import Award, CardTemplate, Lottery, Reward, Variant, Voucher


class RewardKind(StrEnum):
    """What kind of reward it is."""

    AWARD = "award"
    VOUCHER = "voucher"
    LOTTERY = "lottery"


class RewardStatus(StrEnum):
    """Where a reward stands."""

    GRANTED = "granted"  # An award, or a lottery still to be played.
    ACTIVE = "active"  # A voucher that can be redeemed.
    REDEEMED = "redeemed"
    EXPIRED = "expired"
    PLAYED = "played"
    VOIDED = "voided"


@attrs.frozen(kw_only=True, slots=False)
class IssuedReward:
    """A reward someone holds."""

    id: UUID
    kind: RewardKind
    title: str
    description: str = ""
    status: RewardStatus
    source: RewardSource = RewardSource.GOAL
    cycle: int | None = None
    goal_index: int | None = None
    goal_stamps: int | None = None
    origin_id: UUID | None = None
    redeem_code: str | None = None
    issued_at: datetime
    expires_at: datetime | None = None
    redeemed_at: datetime | None = None
    settled_at: datetime | None = None  # When it was redeemed, expired, played or voided.
    variants: tuple[Variant, ...] = ()
    outcome: str | None = None  # The name of the variant that dropped.
    tries: int = 0  # Draws so far.

    def status_at(self, at: datetime) -> RewardStatus:
        """Answer the status at a moment: a voucher past its time has expired, whether or not that was recorded.

        What a till reports late, from before that time, finds the voucher active, even where a batch was quicker.
        """
        if self.expires_at is None or self.status not in (RewardStatus.ACTIVE, RewardStatus.EXPIRED):
            return self.status
        return RewardStatus.EXPIRED if at >= self.expires_at else RewardStatus.ACTIVE


RewardEvent = (
    AwardGranted
    | VoucherIssued
    | LotteryGranted
    | LotteryPlayed
    | LotteryVoided
    | VoucherRedeemed
    | RedemptionReversed
    | VoucherExpired
    | VoucherVoided
)


def reward_id(event: events.Event) -> UUID | None:
    """Answer the id of the reward an event is about, or None where it is about none."""
    field = _ID_FIELDS.get(type(event))
    found: UUID | None = None if field is None else getattr(event, field)
    return found


_ID_FIELDS: Mapping[type[events.Event], str] = {
    AwardGranted: "reward_id",
    VoucherIssued: "voucher_id",
    VoucherRedeemed: "voucher_id",
    RedemptionReversed: "voucher_id",
    VoucherExpired: "voucher_id",
    VoucherVoided: "voucher_id",
    LotteryGranted: "lottery_id",
    LotteryPlayed: "lottery_id",
    LotteryVoided: "lottery_id",
}


GIVES = frozenset({AwardGranted, VoucherIssued, LotteryGranted})  # Events by which there is a reward.


def evolve_reward(reward: IssuedReward | None, event: events.Event) -> IssuedReward | None:
    """Answer the reward after *event*. An event about a reward that is not at hand leaves None."""
    match event:
        case AwardGranted():
            return IssuedReward(
                id=event.reward_id,
                kind=RewardKind.AWARD,
                title=event.title,
                description=event.description,
                status=RewardStatus.GRANTED,
                source=event.source,
                cycle=event.cycle,
                goal_index=event.goal_index,
                goal_stamps=event.goal_stamps,
                issued_at=event.at,
            )
        case VoucherIssued():
            return IssuedReward(
                id=event.voucher_id,
                kind=RewardKind.VOUCHER,
                title=event.title,
                description=event.description,
                status=RewardStatus.ACTIVE,
                source=event.source,
                cycle=event.cycle,
                goal_index=event.goal_index,
                goal_stamps=event.goal_stamps,
                origin_id=event.origin_id,
                redeem_code=event.redeem_code,
                issued_at=event.at,
                expires_at=event.expires_at,
            )
        case LotteryGranted():
            return IssuedReward(
                id=event.lottery_id,
                kind=RewardKind.LOTTERY,
                title=event.title,
                description=event.description,
                status=RewardStatus.GRANTED,
                source=event.source,
                cycle=event.cycle,
                goal_index=event.goal_index,
                goal_stamps=event.goal_stamps,
                issued_at=event.at,
                variants=event.variants,
            )
    if reward is None:
        return None
    match event:
        case LotteryPlayed():
            again = event.try_again
            return changed(
                reward,
                status=RewardStatus.GRANTED if again else RewardStatus.PLAYED,
                settled_at=None if again else event.at,
                outcome=event.names[event.variant],
                tries=reward.tries + 1,
            )
        case VoucherRedeemed():
            return changed(reward, status=RewardStatus.REDEEMED, redeemed_at=event.at, settled_at=event.at)
        case RedemptionReversed():
            return changed(reward, status=RewardStatus.ACTIVE, redeemed_at=None, settled_at=None)
        case VoucherExpired():
            return changed(reward, status=RewardStatus.EXPIRED, settled_at=event.at)
        case VoucherVoided() | LotteryVoided():
            return changed(reward, status=RewardStatus.VOIDED, settled_at=event.at)
    return reward


# Decisions about one reward. Each answers the facts, or raises `Refused`.


def grant(
    reward: Reward,
    at: datetime,
    means: Supplies,
    index: int,
    source: RewardSource,
    cycle: int | None = None,
    goal_index: int | None = None,
    goal_stamps: int | None = None,
    origin_id: UUID | None = None,
    customer_id: UUID | None = None,
    holds: bool = False,
) -> RewardEvent:
    """Give a reward; *index* picks its id and code from the means."""
    match reward:
        case Award():
            return AwardGranted(
                at=at,
                reward_id=means.ids[index],
                title=reward.title,
                description=reward.description,
                source=source,
                cycle=cycle,
                goal_index=goal_index,
                goal_stamps=goal_stamps,
            )
        case Voucher():
            return VoucherIssued(
                at=at,
                voucher_id=means.ids[index],
                title=reward.title,
                description=reward.description,
                redeem_code=reward.redeem_code or means.redeem_codes[index],
                expires_at=rules.voucher_expiry(reward, at, means.zone),
                source=source,
                cycle=cycle,
                goal_index=goal_index,
                goal_stamps=goal_stamps,
                holds=holds,
                origin_id=origin_id,
                customer_id=customer_id,
            )
        case Lottery():
            return LotteryGranted(
                at=at,
                lottery_id=means.ids[index],
                title=reward.title,
                description=reward.description,
                variants=reward.variants,
                source=source,
                cycle=cycle,
                goal_index=goal_index,
                goal_stamps=goal_stamps,
                holds=holds,
            )


def redeem(voucher: IssuedReward, at: datetime) -> VoucherRedeemed:
    """Use a voucher, once."""
    _refuse_before(voucher.issued_at, at, "the voucher was issued")
    _refuse_unless_active(voucher, at)
    assert voucher.redeem_code is not None
    return VoucherRedeemed(at=at, voucher_id=voucher.id, title=voucher.title, redeem_code=voucher.redeem_code)


def reverse(voucher: IssuedReward, at: datetime, reason: str) -> RedemptionReversed:
    """Take a redemption back. The original expiry stays, so reversing never extends a voucher's time."""
    if voucher.status is not RewardStatus.REDEEMED:
        raise VoucherNotRedeemed(voucher.title)
    assert voucher.redeemed_at is not None
    _refuse_before(voucher.redeemed_at, at, "the voucher was redeemed")
    return RedemptionReversed(at=at, voucher_id=voucher.id, title=voucher.title, reason=reason)


def void(reward: IssuedReward, at: datetime, reason: str, scan: int | None = None) -> VoucherVoided | LotteryVoided:
    """Take back a voucher that has not been used, or a lottery that has not been played.

    With its stamps (*scan*), it goes whenever they go, also where a till reports that late.
    """
    if scan is None:
        _refuse_before(reward.issued_at, at, f"the {reward.kind} was issued")
    if reward.kind is RewardKind.LOTTERY:
        if reward.status is RewardStatus.PLAYED:
            raise LotteryIsPlayed(reward.title)
        if reward.status is RewardStatus.VOIDED:
            raise LotteryIsVoided(reward.title)
        return LotteryVoided(at=at, lottery_id=reward.id, title=reward.title, scan=scan, reason=reason)
    _refuse_unless_active(reward, at)
    return VoucherVoided(at=at, voucher_id=reward.id, title=reward.title, scan=scan, reason=reason)


def why_kept(reward: IssuedReward, template: CardTemplate, at: datetime) -> str | None:
    """Answer why a void cannot take a reward back; None where it can."""
    if reward.kind is RewardKind.AWARD:
        return "award"
    status = reward.status_at(at)
    if status in (RewardStatus.ACTIVE, RewardStatus.GRANTED):
        return "policy" if template.rewards_kept_on_void else None
    return str(status)


def kept(reward: IssuedReward, why: str) -> events.KeptReward:
    """Answer what a void tells of a reward it could not take back."""
    assert reward.cycle is not None and reward.goal_index is not None and reward.goal_stamps is not None
    return events.KeptReward(
        reward_id=reward.id,
        title=reward.title,
        reason=why,
        cycle=reward.cycle,
        goal_index=reward.goal_index,
        goal_stamps=reward.goal_stamps,
    )


def play(lottery: IssuedReward, at: datetime, draw: int, means: Supplies, index: int = 0) -> tuple[RewardEvent, ...]:
    """Draw a lottery; what dropped follows at once, as an award or voucher of its own with the id at *index*."""
    _refuse_before(lottery.issued_at, at, "the lottery was granted")
    if lottery.status is RewardStatus.PLAYED:
        raise LotteryIsPlayed(lottery.title)
    if lottery.status is RewardStatus.VOIDED:
        raise LotteryIsVoided(lottery.title)
    percentages = tuple(variant.percentage for variant in lottery.variants)
    dropped = rules.drawn_variant(draw, percentages)
    variant = lottery.variants[dropped]
    played = LotteryPlayed(
        at=at,
        lottery_id=lottery.id,
        title=lottery.title,
        draw=draw,
        percentages=percentages,
        names=tuple(variant.name for variant in lottery.variants),
        variant=dropped,
        greeting=variant.greeting,
        try_again=variant.try_again,
    )
    if variant.reward is None:
        return (played,)
    won = grant(
        variant.reward,
        at,
        means,
        index,
        RewardSource.LOTTERY,
        cycle=lottery.cycle,
        goal_index=lottery.goal_index,
        goal_stamps=lottery.goal_stamps,
        origin_id=lottery.id,
    )
    return played, won


def expiry_due(reward: IssuedReward, at: datetime) -> bool:
    """Answer whether a voucher's time is over and nobody has recorded it."""
    return reward.status is RewardStatus.ACTIVE and reward.status_at(at) is RewardStatus.EXPIRED


def expire(voucher: IssuedReward) -> VoucherExpired:
    """Record that a voucher's time was over, at the instant it was."""
    assert voucher.expires_at is not None
    over_at = max(voucher.expires_at, voucher.issued_at)  # A last day may lie before the day it is given.
    return VoucherExpired(at=over_at, voucher_id=voucher.id, title=voucher.title)


def _refuse_before(since: datetime, at: datetime, what: str) -> None:
    if at < since:
        raise InvalidInput("occurred_at", at, f"must not be before {what}, {since}")


def _refuse_unless_active(voucher: IssuedReward, at: datetime) -> None:
    match voucher.status_at(at):
        case RewardStatus.ACTIVE:
            return
        case RewardStatus.REDEEMED:
            assert voucher.redeemed_at is not None
            raise VoucherIsRedeemed(voucher.title, voucher.redeemed_at, None, None)
        case RewardStatus.EXPIRED:
            assert voucher.expires_at is not None
            raise VoucherIsExpired(voucher.title, voucher.expires_at)
        case _:
            raise VoucherIsVoided(voucher.title)
