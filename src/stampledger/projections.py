"""What is shown: Journal rows, cards, rewards, the customer's page. Pure functions from facts to views.

Whatever a view says about a past moment is made from what was known then: that moment's name, template version, brand
and status. Nothing here computes a rule of its own; a goal was reached because an event says so.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

import attrs

from stampledger import events, rules
from stampledger.aggregates import Customer
from stampledger.cards import StampCard
from stampledger.events import Event
from stampledger.rewards import IssuedReward, RewardKind, RewardStatus, reward_id
from stampledger.standing import release, retreat
from stampledger.values import AfterLastGoal, Brand, CardTemplate, Platform


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
    refusal: str | None = None  # What the customer was told when it did not go through.
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


def customer_info(customer_id: UUID, customer: Customer | None) -> CustomerInfo:
    """Show a customer."""
    if customer is None or customer.person is None:
        return CustomerInfo(id=customer_id, forgotten=customer is not None and customer.forgotten)
    person = customer.person
    return CustomerInfo(
        id=customer_id, name=person.name, email=person.email, birthday=person.birthday, language=person.language
    )


def event_progress(event: Event) -> Progress | None:
    """Answer the progress an event tells of; None where it tells of none."""
    match event:
        case events.CardIssued():
            return Progress(stamps=0, required=event.stamps_required)
        case events.GoalReached():
            return Progress(stamps=event.stamps, required=event.stamps_required)
        case (
            events.CardImported()
            | events.StampAdded()
            | events.StampRejected()
            | events.StampVoided()
            | events.StampsExpired()
            | events.CycleStarted()
            | events.TemplateChanged()
        ):
            return Progress(stamps=event.progress, required=event.stamps_required)
    return None


def event_rewards(event: Event) -> tuple[str, ...]:
    """Answer which gifts an event tells of, by their titles."""
    match event:
        case (
            events.AwardGranted()
            | events.VoucherIssued()
            | events.LotteryGranted()
            | events.VoucherRedeemed()
            | events.RedemptionReversed()
            | events.VoucherExpired()
            | events.VoucherVoided()
            | events.LotteryVoided()
        ):
            return (event.title,)
        case events.LotteryPlayed():
            return (f"{event.title}: {event.names[event.variant]}",)
        case events.StampVoided():
            return tuple(f"{kept.title} ({kept.reason})" for kept in event.rewards_kept)
    return ()


def journal_row(
    entry: Entry,
    customer: CustomerInfo | None,
    template: tuple[str, int] | None,
    card_number: int | None,
) -> JournalRow:
    """Show an entry; *template* is the name and version of the one that applied at the time of the event."""
    return JournalRow(
        seq=entry.seq,
        scan=entry.scan,
        kind=entry.kind,
        at=entry.occurred_at,
        recorded_at=entry.recorded_at,
        code=entry.code,
        progress=event_progress(entry.event),
        rewards=event_rewards(entry.event),
        template_name=None if template is None else template[0],
        template_version=None if template is None else template[1],
        customer=customer,
        card_id=None if card_number is None else entry.stream,
        card_number=card_number,
        actor=entry.actor,
        channel=entry.channel,
        event=entry.event,
    )


def reward_view(reward: IssuedReward, at: datetime, card_id: UUID | None) -> RewardView:
    """Show a reward as it stood at a moment."""
    return RewardView(
        id=reward.id,
        kind=reward.kind,
        title=reward.title,
        description=reward.description,
        status=reward.status_at(at),
        source=reward.source,
        redeem_code=reward.redeem_code,
        issued_at=reward.issued_at,
        expires_at=reward.expires_at,
        redeemed_at=reward.redeemed_at,
        outcome=reward.outcome,
        card_id=card_id,
    )


def card_view(
    card_id: UUID,
    card: StampCard,
    template: CardTemplate,
    customer: CustomerInfo | None,
    rewards: Iterable[IssuedReward],
    at: datetime,
    waits_for: IssuedReward | None = None,
) -> CardView:
    """Show a card as it stands at a moment: what has lapsed by then counts as lapsed, recorded or not.

    *waits_for* is the reward a full card is held for.
    """
    held, standing = waits_for is not None, card.standing
    if waits_for is not None and waits_for.status_at(at) is RewardStatus.EXPIRED:
        released = release(standing, template)
        held, standing = released.held, released.standing
    lapsed = sum(credit.live for credit in card.credits if credit.expires_at is not None and at >= credit.expires_at)
    if lapsed:
        standing = retreat(standing, template, lapsed).standing
    progress = standing.progress
    index = rules.next_goal(template, progress)
    goal = template.goals[index] if index < len(template.goals) else None
    status = _status(card, template, at, held)
    waiting = status in (CardStatus.HELD, CardStatus.CLOSED)
    views = (reward_view(reward, at, card_id) for reward in rewards)
    return CardView(
        id=card_id,
        number=card.number,
        customer=customer,
        template_id=card.template_id,
        template_version=card.template_version,
        template_name=card.template_name,
        progress=Progress(stamps=progress, required=card.stamps_required),
        goals_reached=index,
        cycle=standing.cycle,
        status=status,
        next_reward=(goal or template.goals[-1 if waiting else 0]).reward.title,
        stamps_missing=0 if waiting else rules.stamps_missing(template, progress),
        carried=standing.carried,
        remainder_minor=card.remainder_minor,
        stamps_total=card.stamps_total - lapsed,
        issued_at=card.issued_at,
        last_stamp_at=card.last_stamp_at,
        expires_at=card.expires_at,
        platforms=card.platforms,
        rewards=tuple(sorted(views, key=lambda view: (view.issued_at, view.id), reverse=True)),
    )


def _status(card: StampCard, template: CardTemplate, at: datetime, held: bool) -> CardStatus:
    if card.deleted_at is not None:
        return CardStatus.DELETED
    if card.expired or card.expired_at(at):
        return CardStatus.EXPIRED
    if held:
        return CardStatus.HELD
    if card.full and template.after_last_goal is AfterLastGoal.CLOSE:
        return CardStatus.CLOSED
    return CardStatus.ACTIVE


def customer_view(
    seq: int, at: datetime, brand: Brand, card: CardView, template: CardTemplate, scan: Sequence[Entry]
) -> CustomerView:
    """Show the customer's page at a moment; *scan* holds the card's entries of the scan whose popup is shown."""
    told = [entry.event for entry in scan]
    added = sum(event.count for event in told if isinstance(event, events.StampAdded))
    voided = sum(event.count for event in told if isinstance(event, events.StampVoided))
    refused = next((event for event in told if isinstance(event, events.StampRejected)), None)
    granted = (events.AwardGranted, events.VoucherIssued, events.LotteryGranted)
    won = {reward_id(event) for event in told if isinstance(event, granted)}
    used = {event.voucher_id for event in told if isinstance(event, events.VoucherRedeemed)}
    shown = [reward for reward in card.rewards if reward.status is not RewardStatus.VOIDED]
    return CustomerView(
        seq=seq,
        at=at,
        brand=brand,
        card=card,
        goals=tuple((goal.stamps, goal.reward.title) for goal in template.goals),
        scan=scan[0].scan if scan else None,
        stamps_added=added if any(isinstance(event, events.StampAdded) for event in told) else None,
        stamps_voided=voided or None,
        unlocked=tuple(reward for reward in shown if reward.id in won),
        redeemed=tuple(reward for reward in shown if reward.id in used),
        refusal=None if refused is None else refused.reason,
        retry_at=None if refused is None else refused.retry_at,
        vouchers=tuple(reward for reward in shown if reward.kind is RewardKind.VOUCHER),
        lotteries=tuple(reward for reward in shown if reward.kind is RewardKind.LOTTERY),
        awards=tuple(reward for reward in shown if reward.kind is RewardKind.AWARD),
    )
