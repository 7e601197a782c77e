"""From facts to views. Nothing here computes a rule of its own; a goal was reached because an event says so."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from stampledger import events, rules
from stampledger.aggregates import Customer, PublishedTemplate
from stampledger.cards import StampCard
from stampledger.events import Event
from stampledger.projections.views import (
    CardStatus,
    CardView,
    CustomerInfo,
    CustomerView,
    Entry,
    JournalRow,
    Progress,
    RewardView,
    TemplateInfo,
)
from stampledger.rewards import IssuedReward, RewardKind, RewardStatus, reward_id
from stampledger.standing import release, retreat
from stampledger.values import AfterLastGoal, Brand, CardTemplate


def customer_info(customer_id: UUID, customer: Customer | None) -> CustomerInfo:
    """Show a customer."""
    if customer is None or customer.person is None:
        return CustomerInfo(id=customer_id, forgotten=customer is not None and customer.forgotten)
    person = customer.person
    return CustomerInfo(
        id=customer_id, name=person.name, email=person.email, birthday=person.birthday, language=person.language
    )


def template_info(template_id: UUID, state: PublishedTemplate) -> TemplateInfo:
    """Show a card template."""
    return TemplateInfo(key=state.key, id=template_id, version=state.version, template=state.template)


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
        refusal_rule=None if refused is None else refused.rule,
        refusal_limit=None if refused is None else rules.limit_of(template.limits, refused.rule),
        retry_at=None if refused is None else refused.retry_at,
        vouchers=tuple(reward for reward in shown if reward.kind is RewardKind.VOUCHER),
        lotteries=tuple(reward for reward in shown if reward.kind is RewardKind.LOTTERY),
        awards=tuple(reward for reward in shown if reward.kind is RewardKind.AWARD),
    )
