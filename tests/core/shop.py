"""
What the tests of the core share: small templates, and a naive model to work out expected figures without the core.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID

from hypothesis import strategies as st

from stampledger import events
from stampledger.events import Event, RewardSource
from stampledger.rewards import RewardStatus
from stampledger.testing import START, Till
from stampledger.values import Award, CardTemplate, Goal, Lottery, Reward, Variant, Voucher

E = TypeVar("E", bound=Event)

COFFEE = Voucher(title="Free coffee")
LUCK = Lottery(
    title="Lucky draw",
    variants=(
        Variant(percentage=Decimal(10), name="Cake", reward=Voucher(title="Free cake")),
        Variant(percentage=Decimal(20), name="Topping", reward=Award(title="Topping")),
        Variant(percentage=Decimal(30), name="Again", try_again=True),
        Variant(percentage=Decimal(40), name="Nothing"),
    ),
)
CAKE_DRAW, TOPPING_DRAW, AGAIN_DRAW, NOTHING_DRAW = 99_999_999, 100_000_000, 300_000_000, 999_999_999


def coffee(*places: int, reward: Any = COFFEE, **policies: Any) -> CardTemplate:
    """A template with a goal at each place, all with the same reward; without places, one goal at 8."""
    goals = tuple(Goal(stamps=stamps, reward=reward) for stamps in places or (8,))
    return CardTemplate(name="Free Coffee", goals=goals, **policies)


PLACES = st.sampled_from(((8,), (3,), (1,), (3, 6), (1, 2), (3, 6, 9), (2, 3, 7)))


def goals_of(reward: Reward) -> st.SearchStrategy[tuple[Goal, ...]]:
    """Goals whose rewards are all alike."""
    return PLACES.map(lambda places: tuple(Goal(stamps=stamps, reward=reward) for stamps in places))


def at(days: float = 0, hours: float = 0) -> datetime:
    """A moment, counted from the start of the tests' time."""
    return START + timedelta(days=days, hours=hours)


def utc(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


def told(history: Iterable[Event], kind: type[E]) -> list[E]:
    """The events of one kind."""
    return [event for event in history if isinstance(event, kind)]


def kinds(history: Iterable[Event]) -> list[str]:
    """The names of events, to compare a story with."""
    return [type(event).__name__ for event in history]


def sentence(refusal: BaseException | None) -> str:
    """What a refusal says, to compare two with."""
    return f"{type(refusal).__name__}: {refusal}"


def progress(till: Till) -> str:
    """As a customer reads it: 2/8."""
    return f"{till.card.standing.progress}/{till.card.stamps_required}"


def statuses(till: Till) -> list[tuple[str, str]]:
    """Title and status, as of now, of every reward the card ever got."""
    return [(reward.title, str(reward.status_at(till.clock()))) for reward in till.rewards]


# The naive model: a card is a heap of stamps, laid out on one card after the other.


def laid_out(total: int, size: int) -> tuple[int, int]:
    """(cycle, progress) of a number of stamps; a full card stays full until the next stamp."""
    cycle, on_card = 1, 0
    for _ in range(total):
        if on_card == size:
            cycle, on_card = cycle + 1, 0
        on_card += 1
    return cycle, on_card


def goals_reached(total: int, places: Sequence[int]) -> list[tuple[int, int]]:
    """(cycle, goal) of each goal that a number of stamps has reached."""
    cycle, on_card, reached = 1, 0, []
    for _ in range(total):
        if on_card == places[-1]:
            cycle, on_card = cycle + 1, 0
        on_card += 1
        if on_card in places:
            reached.append((cycle, on_card))
    return reached


def goal_rewards(history: Iterable[Event]) -> dict[UUID, tuple[int, int]]:
    """(cycle, goal) of every reward a goal gave, whether or not it was taken back."""
    granted: dict[UUID, tuple[int, int]] = {}
    reached: list[events.GoalReached] = []
    for event in history:
        match event:
            case events.GoalReached():
                reached.append(event)
            case events.AwardGranted(source=RewardSource.GOAL):
                granted[event.reward_id] = (reached[-1].cycle, reached[-1].stamps)
            case events.VoucherIssued(source=RewardSource.GOAL):
                granted[event.voucher_id] = (reached[-1].cycle, reached[-1].stamps)
            case events.LotteryGranted(source=RewardSource.GOAL):
                granted[event.lottery_id] = (reached[-1].cycle, reached[-1].stamps)
    return granted


def standing_goal_rewards(till: Till) -> Counter[tuple[int, int]]:
    """How many rewards stand, not taken back, for each (cycle, goal); a lottery whose prize was taken back is too."""
    granted = goal_rewards(till.history)
    lost = {reward.origin_id for reward in till.rewards if reward.status is RewardStatus.VOIDED}
    return Counter(
        granted[reward.id]
        for reward in till.rewards
        if reward.id in granted and reward.id not in lost and reward.status is not RewardStatus.VOIDED
    )
