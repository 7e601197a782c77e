"""The views themselves: what is shown, as data, in no language yet."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

import attrs

from stampledger import events
from stampledger.events import Event
from stampledger.rewards import RewardKind, RewardStatus
from stampledger.values import Brand, CardTemplate, Platform


@attrs.frozen(kw_only=True, slots=False)
class Entry:
    """One entry of the Journal, as it was recorded."""

    seq: int  # 1, 2, 3 … within the business, without a hole.
    scan: int  # The seq of the first entry of the same command.
    stream: UUID  # The card, coupon, customer, template, campaign or brand it belongs to.
    version: int  # Its place in that stream, from 1.
    kind: str  # Such as stamp_added.
    event: Event
    recorded_at: datetime  # When the ledger wrote it; never decreases from entry to entry.
    actor: str | None
    channel: str | None

    @property
    def occurred_at(self) -> datetime:
        """When it happened, by the till's own clock where that was given."""
        return self.event.at

    @property
    def code(self) -> str | None:
        """What was scanned: a Receipt ID or a Delivery Insert."""
        return getattr(self.event, "code", None)


@attrs.frozen(kw_only=True, slots=False)
class Progress:
    """How full a card is; reads as 2/8."""

    stamps: int
    required: int

    @property
    def percent(self) -> int:
        """The share of stamps in whole percent, rounded down."""
        return self.stamps * 100 // self.required

    def __str__(self) -> str:
        return f"{self.stamps}/{self.required}"


@attrs.frozen(kw_only=True, slots=False)
class CustomerInfo:
    """Who a customer is, as known at the moment asked about; without a name once forgotten."""

    id: UUID
    name: str | None = None
    email: str | None = None
    birthday: date | None = None
    language: str | None = None
    forgotten: bool = False


@attrs.frozen(kw_only=True, slots=False)
class JournalRow:
    """One row of the page "Card Events"."""

    seq: int
    scan: int
    kind: str
    at: datetime
    recorded_at: datetime
    code: str | None
    progress: Progress | None  # At the time of the event.
    rewards: tuple[str, ...]  # Which gift dropped, was used, was taken back.
    template_name: str | None
    template_version: int | None
    customer: CustomerInfo | None
    card_id: UUID | None
    card_number: int | None
    actor: str | None
    channel: str | None
    event: Event


@attrs.frozen(kw_only=True, slots=False)
class TemplateInfo:
    """A card template as known at the moment asked about: its newest version then."""

    key: str
    id: UUID
    version: int
    template: CardTemplate


class CardStatus(StrEnum):
    """What can be done with a card."""

    ACTIVE = "active"
    HELD = "held"  # Full, and waits for its reward to be used.
    CLOSED = "closed"  # Full, for good.
    EXPIRED = "expired"
    DELETED = "deleted"


@attrs.frozen(kw_only=True, slots=False)
class RewardView:
    """A reward as it stood."""

    id: UUID
    kind: RewardKind
    title: str
    description: str
    status: RewardStatus
    source: events.RewardSource
    redeem_code: str | None
    issued_at: datetime
    expires_at: datetime | None
    redeemed_at: datetime | None
    outcome: str | None
    card_id: UUID | None = None


@attrs.frozen(kw_only=True, slots=False)
class CardView:
    """A card as it stood: a row of "User stamp cards", and its DETAILED CARD panel."""

    id: UUID
    number: int
    customer: CustomerInfo | None
    template_id: UUID
    template_version: int
    template_name: str
    progress: Progress
    goals_reached: int  # In this cycle.
    cycle: int
    status: CardStatus
    next_reward: str  # The gift of a card that is held or closed, else the next one.
    stamps_missing: int  # To the next reward; 0 on a card that is held or closed.
    carried: int
    remainder_minor: int
    stamps_total: int
    issued_at: datetime
    last_stamp_at: datetime | None
    expires_at: datetime | None
    platforms: tuple[Platform, ...]
    rewards: tuple[RewardView, ...] = ()  # Newest first.

    @property
    def vouchers(self) -> tuple[RewardView, ...]:
        """The card's vouchers, newest first."""
        return tuple(reward for reward in self.rewards if reward.kind is RewardKind.VOUCHER)

    @property
    def lotteries(self) -> tuple[RewardView, ...]:
        """The card's lotteries, newest first."""
        return tuple(reward for reward in self.rewards if reward.kind is RewardKind.LOTTERY)


@attrs.frozen(kw_only=True)
class CustomerView:
    """The page the customer saw: everything on it, in no language yet."""

    seq: int  # The moment: everything up to this entry.
    at: datetime
    brand: Brand
    card: CardView
    goals: tuple[tuple[int, str], ...]  # (stamps, reward) of the programme.
    scan: int | None = None  # The scan whose popup is shown.
    stamps_added: int | None = None
    stamps_voided: int | None = None
    unlocked: tuple[RewardView, ...] = ()  # What this scan won: the congratulation.
    redeemed: tuple[RewardView, ...] = ()  # What this scan used.
    refusal: str | None = None  # What the customer was told when it did not go through, in the words recorded.
    refusal_rule: str | None = None  # The rule that said no, such as daily_limit_reached.
    refusal_limit: int | None = None  # How many stamps that rule allows, where it counts them.
    retry_at: datetime | None = None
    vouchers: tuple[RewardView, ...] = ()
    lotteries: tuple[RewardView, ...] = ()
    awards: tuple[RewardView, ...] = ()


@attrs.frozen(kw_only=True)
class Answer:
    """Why something is as it is: in sentences for people, and the entries they speak of."""

    sentences: tuple[str, ...]
    entries: tuple[Entry, ...]

    def __str__(self) -> str:
        return "\n".join(self.sentences)


@attrs.frozen(kw_only=True)
class Fault:
    """Something `verify` found wrong."""

    business: str
    stream: UUID | None
    seq: int | None
    check: str  # chain, numbering, entry, card, reward, customer, claim, checkpoint, draw
    message: str


@attrs.frozen(kw_only=True)
class Verification:
    """What `verify` looked at and found."""

    entries: int
    head: str  # The chain's last hash, in hexadecimal.
    faults: tuple[Fault, ...] = ()
