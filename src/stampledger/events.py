"""What happened: every fact the Journal can hold.

An event is read back for ever: no field is renamed or retyped; a V2 is added, the old one upcast. Each is understood
alone, by the progress *after* it and titles beside ids. `at` and `code` are columns; personal fields are sealed.
"""

from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

import attrs

from stampledger.values import Brand, CardTemplate, MessageChannel, Person, Platform, Variant, Voucher

UNSET = datetime.min.replace(tzinfo=UTC)  # No event may be stored with it.
PERSONAL = {"personal": True}


@attrs.frozen(kw_only=True, slots=False)
class Event:
    """What every event has: when it happened, in UTC."""

    at: datetime = UNSET


class RewardSource(StrEnum):
    """Why a reward was given."""

    GOAL = "goal"
    LOTTERY = "lottery"
    BIRTHDAY = "birthday"
    CAMPAIGN = "campaign"
    COUPON = "coupon"


# The card and its stamps.


@attrs.frozen(kw_only=True, slots=False)
class CardIssued(Event):
    """A stamp card was given out."""

    number: int  # What is printed on the card, unique in the business.
    customer_id: UUID | None = None
    template_id: UUID
    template_version: int
    template_name: str
    stamps_required: int
    expires_at: datetime | None = None


@attrs.frozen(kw_only=True, slots=False)
class CardImported(Event):
    """A stamp card was brought over from another system, with its opening progress."""

    source: str
    external_id: str
    number: int
    customer_id: UUID | None = None
    template_id: UUID
    template_version: int
    template_name: str
    progress: int
    stamps_required: int
    goal_index: int = 0
    expires_at: datetime | None = None


@attrs.frozen(kw_only=True, slots=False)
class StampAdded(Event):
    """Stamps were credited to the card."""

    code: str | None = None
    count: int  # 0 where an amount was below the price of one stamp.
    progress: int  # After this event, within the current cycle.
    stamps_required: int  # The stamps that fill the card.
    goal_index: int = 0  # The next goal to be reached; the number of goals where the cycle is complete.
    cycle: int = 1
    carried: int = 0  # After this event: stamps that wait until a held card is released.
    dropped: int = 0  # Of this credit: beyond the last goal, by the template's policy.
    withheld: int = 0  # Of this credit: over a limit, by the template's policy.
    amount_minor: int | None = None  # What was spent, in minor units.
    remainder_minor: int = 0  # After this event: money that waits for the next stamp.
    limited: bool = False  # It counts towards a limit.
    expires_at: datetime | None = None  # When these stamps lapse, unless the cycle is complete by then.
    bonus: bool = False  # Given, not earned: a birthday's stamps.


@attrs.frozen(kw_only=True, slots=False)
class StampRejected(Event):
    """A credit was refused."""

    code: str | None = None
    rule: str  # The refusal's code, such as daily_limit_reached.
    reason: str  # A sentence a cashier can read aloud.
    count: int | None = None
    amount_minor: int | None = None
    progress: int
    stamps_required: int
    retry_at: datetime | None = None
    first_seq: int | None = None  # The entry that used the code first.


@attrs.frozen(kw_only=True, slots=False)
class KeptReward:
    """A reward that a void could not take back, and why."""

    reward_id: UUID
    title: str
    reason: str  # redeemed, expired, award, played, policy
    cycle: int
    goal_index: int
    goal_stamps: int


@attrs.frozen(kw_only=True, slots=False)
class StampVoided(Event):
    """Earlier stamps were taken back, with what followed from them as far as that was possible."""

    code: str | None = None
    scan: int  # The scan that is undone, by the seq of its first entry.
    count: int  # Stamps taken back.
    missing: int = 0  # Stamps that could not be taken back: expired, or from before another template version.
    progress: int
    stamps_required: int
    goal_index: int = 0
    cycle: int = 1
    carried: int = 0
    remainder_minor: int = 0
    credit_version: int  # The card's version at which the undone stamps had been added.
    goals_undone: tuple[tuple[int, int], ...] = ()  # (cycle, stamps of the goal) whose reward is no longer earned.
    rewards_voided: tuple[UUID, ...] = ()  # Taken back; each has an entry of its own in this scan.
    rewards_kept: tuple[KeptReward, ...] = ()
    cancelled_by: str | None = None  # The code of the cancellation, where it has one of its own.
    reason: str = ""


@attrs.frozen(kw_only=True, slots=False)
class StampsExpired(Event):
    """Stamps of an unfinished cycle lapsed."""

    count: int
    progress: int
    stamps_required: int
    goal_index: int = 0
    cycle: int = 1
    kept: tuple[tuple[int, int], ...] = ()  # (cycle, stamps of the goal) no longer reached; not rewarded twice.
    credits: tuple[tuple[int, int], ...]  # (the card's version at which they were added, how many lapsed)


@attrs.frozen(kw_only=True, slots=False)
class CycleStarted(Event):
    """A held card was released, and the stamps that had waited began its next cycle."""

    count: int
    progress: int
    stamps_required: int
    goal_index: int = 0
    cycle: int
    carried: int = 0


@attrs.frozen(kw_only=True, slots=False)
class GoalReached(Event):
    """Progress crossed a goal."""

    goal_index: int
    stamps: int  # The goal: how many stamps it takes.
    stamps_required: int
    cycle: int = 1
    rewarded: bool = True  # False where this goal's reward was given before: it is not given twice.


@attrs.frozen(kw_only=True, slots=False)
class TemplateChanged(Event):
    """The card moved to another template version."""

    template_id: UUID
    template_version: int
    template_name: str
    template_version_before: int
    progress_before: int
    stamps_required_before: int
    progress: int
    stamps_required: int
    goal_index: int = 0
    cycle: int = 1
    carried: int = 0
    dropped: int = 0  # Stamps beyond the last goal of the new version, by its policy.
    base: int = 0  # Cycles completed under earlier versions.
    kept: tuple[tuple[int, int], ...] = ()  # (cycle, stamps of the goal) whose reward was given and is not given twice.
    remainder_minor: int = 0
    expires_at: datetime | None = None
    stamps_lapse: bool = False  # Under the new version; stamps that could lapse keep their times.
    forced: bool = False


@attrs.frozen(kw_only=True, slots=False)
class CardExpired(Event):
    """The card's time was over."""


@attrs.frozen(kw_only=True, slots=False)
class CardDeleted(Event):
    """The card was taken out of the lists; its history stays."""

    reason: str = ""


# Rewards.


@attrs.frozen(kw_only=True, slots=False)
class Granted(Event):
    """What the giving of a reward tells, whatever its kind."""

    title: str
    description: str = ""
    source: RewardSource = RewardSource.GOAL
    cycle: int | None = None
    goal_index: int | None = None
    goal_stamps: int | None = None  # With the cycle, what tells crossings apart, whatever version counts the goals.


@attrs.frozen(kw_only=True, slots=False)
class AwardGranted(Granted):
    """An award was given: text, with nothing to redeem."""

    reward_id: UUID


@attrs.frozen(kw_only=True, slots=False)
class VoucherIssued(Granted):
    """A voucher was issued."""

    voucher_id: UUID
    redeem_code: str
    expires_at: datetime | None = None
    holds: bool = False  # The card waits, full, until this is used, has expired or is voided.
    origin_id: UUID | None = None  # The lottery or campaign it came from.
    customer_id: UUID | None = None  # Of a coupon without a card.


@attrs.frozen(kw_only=True, slots=False)
class LotteryGranted(Granted):
    """A lottery was given, to be played later."""

    lottery_id: UUID
    variants: tuple[Variant, ...]
    holds: bool = False  # The card waits, full, until this is played or voided.


@attrs.frozen(kw_only=True, slots=False)
class LotteryPlayed(Event):
    """A lottery was drawn: which variant dropped, with the draw and the variants that prove it."""

    lottery_id: UUID
    title: str
    draw: int  # From 0 to 999 999 999: billionths of the whole.
    percentages: tuple[Decimal, ...]  # Of the variants, in their order.
    names: tuple[str, ...]
    variant: int  # The one in whose share the draw lies.
    greeting: str = ""
    try_again: bool = False


@attrs.frozen(kw_only=True, slots=False)
class LotteryVoided(Event):
    """A lottery was taken back before it was played."""

    lottery_id: UUID
    title: str
    scan: int | None = None
    reason: str = ""


@attrs.frozen(kw_only=True, slots=False)
class VoucherRedeemed(Event):
    """A voucher was used."""

    voucher_id: UUID
    title: str
    redeem_code: str


@attrs.frozen(kw_only=True, slots=False)
class RedemptionReversed(Event):
    """A redemption was taken back; the voucher can be used again unless its time is over."""

    voucher_id: UUID
    title: str
    reason: str = ""


@attrs.frozen(kw_only=True, slots=False)
class VoucherExpired(Event):
    """A voucher's time was over before it was used."""

    voucher_id: UUID
    title: str


@attrs.frozen(kw_only=True, slots=False)
class VoucherVoided(Event):
    """A voucher was taken back."""

    voucher_id: UUID
    title: str
    scan: int | None = None  # The voided scan it follows from, where it follows from one.
    reason: str = ""


# What was sent or marked.


@attrs.frozen(kw_only=True, slots=False)
class BirthdayReached(Event):
    """The customer's birthday of a year was celebrated. The day itself is personal and stays out."""

    year: int


@attrs.frozen(kw_only=True, slots=False)
class CampaignSent(Event):
    """A campaign reached this card."""

    campaign_id: UUID
    name: str
    channels: tuple[MessageChannel, ...]


@attrs.frozen(kw_only=True, slots=False)
class MessageSent(Event):
    """A personal message was sent."""

    channels: tuple[MessageChannel, ...]
    text: str | None = attrs.field(metadata=PERSONAL)  # None once the customer is forgotten.


@attrs.frozen(kw_only=True, slots=False)
class WalletSaved(Event):
    """The customer keeps the card on a platform."""

    platform: Platform


@attrs.frozen(kw_only=True, slots=False)
class WalletRemoved(Event):
    """The customer no longer keeps the card on a platform."""

    platform: Platform


# The other streams of the same Journal.


@attrs.frozen(kw_only=True, slots=False)
class TemplatePublished(Event):
    """A version of a card template was published; a stream's first is v1, its second v2."""

    key: str
    template: CardTemplate


@attrs.frozen(kw_only=True, slots=False)
class BrandSet(Event):
    """The business said how it shows itself."""

    brand: Brand


@attrs.frozen(kw_only=True, slots=False)
class CustomerRegistered(Event):
    """A customer was registered."""

    person: Person | None = attrs.field(metadata=PERSONAL)  # None once the customer is forgotten.


@attrs.frozen(kw_only=True, slots=False)
class CustomerUpdated(Event):
    """What is known of a customer changed; the person as known from now on."""

    person: Person | None = attrs.field(metadata=PERSONAL)  # None once the customer is forgotten.


@attrs.frozen(kw_only=True, slots=False)
class CustomerForgotten(Event):
    """The customer asked to be forgotten: the key was destroyed, and what it sealed can be read by nobody."""


@attrs.frozen(kw_only=True, slots=False)
class CampaignCreated(Event):
    """A campaign was made ready to be sent."""

    key: str
    name: str
    channels: tuple[MessageChannel, ...]
    text: str = ""
    voucher: Voucher | None = None
