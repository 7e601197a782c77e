"""
What the tests of the core share: small templates, and ways to tell what became of a card.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

from hypothesis import strategies as st

from stampledger.events import Event
from stampledger.testing import START, Till
from stampledger.testing.life import standing_rewards
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


def standing_goal_rewards(till: Till) -> Counter[tuple[int, int]]:
    """How many rewards stand, not taken back, for each (cycle, goal); a lottery whose prize was taken back is too."""
    return standing_rewards(till.history, till.rewards)
