"""A stamp card: what it is, and what each event makes of it.

The card's state stays small however long its history is: the rewards it holds are kept apart, and only those a command
touches are at hand in `rewards`. Rewards that are not at hand are left alone.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import attrs

from stampledger import events, rewards
from stampledger.commands import Supplies
from stampledger.events import Event
from stampledger.frozen import changed, made
from stampledger.rewards import IssuedReward
from stampledger.standing import Crossing, Standing
from stampledger.values import Platform

Changes = dict[str, Any]  # Fields of the card, and what they become.

LIMIT_MEMORY = timedelta(hours=48)  # How far back limits count: a long day and 24 hours, less what a till is late.


@attrs.frozen(kw_only=True, slots=False)
class Credit:
    """A credit the card remembers, because a limit counts it or because its stamps may lapse, now or after a void."""

    version: int  # The card's version at which it was added.
    at: datetime
    count: int
    limited: bool = False
    lapsed: int = 0
    live: int = 0  # Stamps that may still lapse: those of an unfinished cycle.
    expires_at: datetime | None = None


@attrs.frozen(kw_only=True, slots=False)
class StampCard:
    """A customer's stamp card."""

    version: int = 1  # How many events made it.
    number: int
    customer_id: UUID | None = None
    template_id: UUID
    template_version: int
    template_name: str
    stamps_required: int
    goal_index: int = 0  # The next goal to be reached.
    standing: Standing = Standing()
    remainder_minor: int = 0
    stamps_total: int = 0  # Credited and neither voided nor lapsed, over the card's whole life.
    held_for: UUID | None = None  # The reward the full card waits for.
    credits: tuple[Credit, ...] = ()
    issued_at: datetime
    expires_at: datetime | None = None
    last_stamp_at: datetime | None = None
    latest_at: datetime  # The latest moment any event tells of.
    platforms: tuple[Platform, ...] = ()
    expired: bool = False
    deleted_at: datetime | None = None
    rewards: Mapping[UUID, IssuedReward] = attrs.field(factory=dict, repr=False)

    @property
    def full(self) -> bool:
        """Whether the cycle is complete."""
        return self.standing.progress >= self.stamps_required

    def expired_at(self, at: datetime) -> bool:
        """Answer whether the card's time is over at a moment."""
        return self.expires_at is not None and at >= self.expires_at


def evolve_card(card: StampCard | None, event: Event) -> StampCard:
    """Answer the card after *event*."""
    if card is None:
        assert isinstance(event, events.CardIssued | events.CardImported), f"a card cannot begin with {event}"
        return _new(event)
    change = _CHANGES.get(type(event))
    changes: Changes = {} if change is None else change(card, event)
    changes["version"] = card.version + 1
    if event.at > card.latest_at:
        changes["latest_at"] = event.at
    reward_id = rewards.reward_id(event)
    if reward_id is not None:
        reward = rewards.evolve_reward(card.rewards.get(reward_id), event)
        if reward is not None:
            changes["rewards"] = {**card.rewards, reward_id: reward}
    return made(StampCard, card.__dict__ | changes)


class Story:
    """Events as they are told of a card, and the card after them, so that the next one is decided on the truth."""

    def __init__(self, card: StampCard, means: Supplies) -> None:
        self.card: StampCard = card
        self.means = means
        self.events: list[Event] = []
        self._given = 0

    def tell(self, event: Event) -> None:
        """Add an event, and make of the card what it says."""
        self.events.append(event)
        self.card = evolve_card(self.card, event)

    def next_reward(self) -> int:
        """Answer the index of the next unused id and code."""
        self._given += 1
        return self._given - 1


def _new(event: events.CardIssued | events.CardImported) -> StampCard:
    progress, goal_index = (event.progress, event.goal_index) if isinstance(event, events.CardImported) else (0, 0)
    return StampCard(
        number=event.number,
        customer_id=event.customer_id,
        template_id=event.template_id,
        template_version=event.template_version,
        template_name=event.template_name,
        stamps_required=event.stamps_required,
        goal_index=goal_index,
        standing=Standing(progress=progress),
        stamps_total=progress,
        issued_at=event.at,
        expires_at=event.expires_at,
        latest_at=event.at,
    )


def _stamp_added(card: StampCard, event: events.StampAdded) -> Changes:
    at, before = event.at, card.last_stamp_at
    remembers = card.credits or event.limited or event.expires_at is not None
    return dict(
        goal_index=event.goal_index,
        standing=changed(card.standing, cycle=event.cycle, progress=event.progress, carried=event.carried),
        remainder_minor=event.remainder_minor,
        stamps_total=card.stamps_total + event.count,
        credits=_credits_after(card, event) if remembers else (),
        last_stamp_at=at if before is None or at > before else before,
    )


def _credits_after(card: StampCard, event: events.StampAdded) -> tuple[Credit, ...]:
    """Answer the credits still worth remembering.

    Those that a limit counts: the latest one and all of the time just before. And those whose stamps may lapse: of the
    cycle, and of the one before it, to which a void may lead back.
    """
    credits = card.credits
    if event.count:
        new = Credit(
            version=card.version + 1, at=event.at, count=event.count, limited=event.limited, expires_at=event.expires_at
        )
        credits = (*credits, new)
    latest = max([credit.at for credit in credits if credit.limited], default=None)
    horizon = event.at - LIMIT_MEMORY
    reach = event.progress + event.carried + event.stamps_required
    newer = 0
    remembered: list[Credit] = []
    for credit in reversed(credits):
        lapses = credit.expires_at is not None and newer < reach
        if lapses or (credit.limited and (credit.at > horizon or credit.at == latest)):
            remembered.append(credit)
        newer += credit.count - credit.lapsed
    return _live(remembered[::-1], event.progress, event.stamps_required)


def _live(credits: Sequence[Credit], progress: int, stamps_required: int) -> tuple[Credit, ...]:
    """Say of each credit how many of its stamps lie in the unfinished cycle, which the newest ones fill."""
    rest = 0 if progress >= stamps_required else progress
    counted: list[Credit] = []
    for credit in reversed(credits):
        stamps = credit.count - credit.lapsed
        inside = stamps if stamps < rest else rest
        rest -= inside
        live = 0 if credit.expires_at is None else inside
        counted.append(credit if credit.live == live else changed(credit, live=live))
    return tuple(counted[::-1])


def _stamp_voided(card: StampCard, event: events.StampVoided) -> Changes:
    same_place = (event.cycle, event.progress) == (card.standing.cycle, card.standing.progress)
    return dict(
        goal_index=event.goal_index,
        standing=Standing(
            cycle=event.cycle,
            progress=event.progress,
            carried=event.carried,
            base=card.standing.base,
            kept=_kept_after(card, event),
        ),
        remainder_minor=event.remainder_minor,
        stamps_total=card.stamps_total - event.count,
        held_for=card.held_for if same_place else None,
        credits=_live(
            tuple(credit for credit in card.credits if credit.version != event.credit_version),
            event.progress,
            event.stamps_required,
        ),
    )


def _kept_after(card: StampCard, event: events.StampVoided) -> tuple[Crossing, ...]:
    still = (crossing for crossing in card.standing.kept if crossing not in event.goals_undone)
    return tuple(sorted((*still, *((kept.cycle, kept.goal_stamps) for kept in event.rewards_kept))))


def _stamps_expired(card: StampCard, event: events.StampsExpired) -> Changes:
    lapsed = dict(event.credits)
    return dict(
        goal_index=event.goal_index,
        standing=changed(
            card.standing,
            cycle=event.cycle,
            progress=event.progress,
            kept=tuple(sorted((*card.standing.kept, *event.kept))),
        ),
        stamps_total=card.stamps_total - event.count,
        credits=_live(
            tuple(changed(credit, lapsed=credit.lapsed + lapsed.get(credit.version, 0)) for credit in card.credits),
            event.progress,
            event.stamps_required,
        ),
    )


def _cycle_started(card: StampCard, event: events.CycleStarted) -> Changes:
    return dict(
        goal_index=event.goal_index,
        standing=changed(card.standing, cycle=event.cycle, progress=event.progress, carried=event.carried),
        credits=_live(card.credits, event.progress, event.stamps_required) if card.credits else (),
    )


def _template_changed(card: StampCard, event: events.TemplateChanged) -> Changes:
    still_full = event.cycle == card.standing.cycle and event.progress >= event.stamps_required
    credits = card.credits
    if not event.stamps_lapse:
        credits = tuple(changed(credit, expires_at=None) for credit in credits if credit.limited)
    return dict(
        template_id=event.template_id,
        template_version=event.template_version,
        template_name=event.template_name,
        stamps_required=event.stamps_required,
        goal_index=event.goal_index,
        standing=Standing(
            cycle=event.cycle,
            progress=event.progress,
            carried=event.carried,
            base=event.base,
            kept=event.kept,
        ),
        stamps_total=card.stamps_total - event.dropped,
        remainder_minor=event.remainder_minor,
        held_for=card.held_for if still_full else None,
        credits=_live(credits, event.progress, event.stamps_required),
        expires_at=event.expires_at,
        expired=card.expired and event.expires_at == card.expires_at,
    )


def _granted(card: StampCard, event: events.VoucherIssued | events.LotteryGranted) -> Changes:
    held_for = rewards.reward_id(event) if event.holds else card.held_for
    return dict(held_for=held_for)


def _settled(card: StampCard, event: Event) -> Changes:
    """A card waits for its reward no longer once that is used, has expired or was taken back."""
    again = isinstance(event, events.LotteryPlayed) and event.try_again
    released = rewards.reward_id(event) == card.held_for and not again
    return dict(held_for=None if released else card.held_for)


def _wallet(card: StampCard, event: events.WalletSaved | events.WalletRemoved) -> Changes:
    platforms = tuple(platform for platform in card.platforms if platform is not event.platform)
    if isinstance(event, events.WalletSaved):
        platforms = (*platforms, event.platform)
    return dict(platforms=platforms)


def _expired(card: StampCard, event: events.CardExpired) -> Changes:
    return dict(expired=True)


def _deleted(card: StampCard, event: events.CardDeleted) -> Changes:
    return dict(deleted_at=event.at)


_CHANGES: Mapping[type, Callable[[StampCard, Any], Changes]] = {
    events.StampAdded: _stamp_added,
    events.StampVoided: _stamp_voided,
    events.StampsExpired: _stamps_expired,
    events.CycleStarted: _cycle_started,
    events.TemplateChanged: _template_changed,
    events.VoucherIssued: _granted,
    events.LotteryGranted: _granted,
    events.LotteryPlayed: _settled,
    events.LotteryVoided: _settled,
    events.VoucherRedeemed: _settled,
    events.VoucherExpired: _settled,
    events.VoucherVoided: _settled,
    events.WalletSaved: _wallet,
    events.WalletRemoved: _wallet,
    events.CardExpired: _expired,
    events.CardDeleted: _deleted,
}
