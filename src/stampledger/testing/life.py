"""A card's life as the laws read it: every event, the card after each, and the programme each happened under.

Beside it lies the naive model the laws reckon with: a card is a heap of stamps, laid out one by one. It shares nothing
with the code it judges.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from typing import TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

import attrs

from stampledger import events
from stampledger.cards import StampCard, evolve_card
from stampledger.events import Event
from stampledger.rewards import IssuedReward, RewardStatus, reward_id
from stampledger.values import CardTemplate, Voucher

E = TypeVar("E", bound=Event)
Crossing = tuple[int, int]  # (cycle, how many stamps the goal takes)


@attrs.define
class Life:
    """One card: its events in order, the card after each, and the template version each happened under."""

    zone: str = "UTC"
    history: list[Event] = attrs.Factory(list)
    states: list[StampCard] = attrs.Factory(list)
    templates: list[CardTemplate] = attrs.Factory(list)

    def tell(self, event: Event, template: CardTemplate) -> None:
        """Add an event, and make of the card what it says."""
        self.states.append(evolve_card(self.states[-1] if self.states else None, event))
        self.history.append(event)
        self.templates.append(template)

    @property
    def card(self) -> StampCard:
        """The card as it stands."""
        return self.states[-1]

    @property
    def template(self) -> CardTemplate:
        """The template version the card is under."""
        return self.templates[-1]

    @property
    def moved(self) -> bool:
        """Whether the card was ever moved to another template version."""
        return any(isinstance(event, events.TemplateChanged) for event in self.history)

    @property
    def rewards(self) -> list[IssuedReward]:
        """All rewards the card ever got, in the order they were given."""
        return list(self.card.rewards.values())

    def told(self, kind: type[E]) -> list[E]:
        """Answer the events of one kind."""
        return told(self.history, kind)


def told(history: Iterable[Event], kind: type[E]) -> list[E]:
    """Answer the events of one kind."""
    return [event for event in history if isinstance(event, kind)]


# Stamps, laid down one by one.


def laid_out(total: int, size: int) -> tuple[int, int]:
    """Answer (cycle, progress) of a number of stamps; a full card stays full until the next stamp."""
    cycle, on_card = 1, 0
    for _ in range(total):
        if on_card == size:
            cycle, on_card = cycle + 1, 0
        on_card += 1
    return cycle, on_card


def goals_reached(total: int, places: Sequence[int]) -> list[Crossing]:
    """Answer (cycle, goal) of each goal that a number of stamps has reached."""
    cycle, on_card, reached = 1, 0, []
    for _ in range(total):
        if on_card == places[-1]:
            cycle, on_card = cycle + 1, 0
        on_card += 1
        if on_card in places:
            reached.append((cycle, on_card))
    return reached


# Rewards, read from the events alone.


def goal_rewards(history: Iterable[Event]) -> dict[UUID, Crossing]:
    """Answer (cycle, goal) of every reward a goal gave, whether or not it was taken back."""
    granted: dict[UUID, Crossing] = {}
    reached: list[events.GoalReached] = []
    for event in history:
        if isinstance(event, events.GoalReached):
            reached.append(event)
        elif isinstance(event, events.Granted) and event.source is events.RewardSource.GOAL and reached:
            given = reward_id(event)
            assert given is not None
            granted[given] = (reached[-1].cycle, reached[-1].stamps)
    return granted


def standing_rewards(history: Iterable[Event], rewards: Sequence[IssuedReward]) -> Counter[Crossing]:
    """Count the rewards of each (cycle, goal) that stand; a lottery whose prize was taken back is gone as well."""
    granted = goal_rewards(history)
    lost = {reward.origin_id for reward in rewards if reward.status is RewardStatus.VOIDED}
    return Counter(
        granted[reward.id]
        for reward in rewards
        if reward.id in granted and reward.id not in lost and reward.status is not RewardStatus.VOIDED
    )


def taken_back_by_hand(history: Iterable[Event], rewards: Sequence[IssuedReward]) -> set[UUID | None]:
    """Answer the rewards that were taken back by hand, and the lotteries whose prizes were."""
    entries = list(history)
    gone = {
        *(void.voucher_id for void in told(entries, events.VoucherVoided) if void.scan is None),
        *(void.lottery_id for void in told(entries, events.LotteryVoided) if void.scan is None),
    }
    return {*gone, *(reward.origin_id for reward in rewards if reward.id in gone)}


# Time, counted on the calendar day by day.


def last_moment(voucher: Voucher, issued_at: datetime, zone: str) -> datetime | None:
    """Answer from when a voucher is no longer good, counted on the calendar; None is never."""
    here = ZoneInfo(zone)
    if voucher.valid_for is not None:
        return issued_at + voucher.valid_for
    if voucher.valid_until is not None:
        return datetime.combine(voucher.valid_until + timedelta(days=1), time.min, here)
    if voucher.valid_months is not None:
        local = issued_at.astimezone(here)
        month = local.year * 12 + local.month - 1 + voucher.valid_months
        first, after = date(month // 12, month % 12 + 1, 1), date((month + 1) // 12, (month + 1) % 12 + 1, 1)
        days = min(local.day, (after - first).days)
        return datetime.combine(first + timedelta(days=days - 1), local.timetz())
    return None
