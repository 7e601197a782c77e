"""Hypothesis strategies for what happens: people, stories that lead where it is interesting, whole histories, commands.

Whatever they draw is valid by construction: a history is worked by the rules themselves, so that none has to be thrown
away, and a failing one shrinks to the few wishes that matter. docs/testing.md states how often each case comes up.
"""

from datetime import UTC, date, datetime

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from stampledger.testing.strategies import ZONES, templates, wishes
from stampledger.testing.supplies import START
from stampledger.testing.till import Kind, Moment, Outcome, Till, Wish
from stampledger.values import CardTemplate, Person

# When a history begins: before a leap day, before a year's end, and before nights of 23 and of 25 hours.
STARTS = (
    START,
    datetime(2024, 2, 28, 22, 30, tzinfo=UTC),
    datetime(2024, 2, 28, 22, 30, tzinfo=UTC),
    datetime(2023, 12, 31, 12, 0, tzinfo=UTC),
    datetime(2024, 3, 30, 21, 0, tzinfo=UTC),
    datetime(2024, 10, 26, 21, 0, tzinfo=UTC),
)

_NAMES = ("Anna", "Bo", "Zoë Ångström", "אבי כהן", "山田 花子", "O'Neill; --", "=SUM(A1)", "x" * 200)
_BORN = (date(1990, 2, 28), date(2000, 2, 29), date(1996, 2, 29), date(1985, 12, 31), date(1970, 1, 1))

_EXACTLY, _BEYOND, _FAR = (Wish(Kind.REACH, number) for number in (1, 3, 4))
_USE, _BACK = Wish(Kind.REDEEM, 0), Wish(Kind.VOID, 0)
# What laws are mostly broken by. A single wish comes upon these seldom: each asks for several in their order.
_STORIES: tuple[tuple[Wish, ...], ...] = (
    (_EXACTLY, _USE, _BACK),
    (_BEYOND, _USE, _BACK, _EXACTLY),
    (_EXACTLY, _BACK, _EXACTLY),
    (_FAR, Wish(Kind.VOID, 1), _FAR),
    (_EXACTLY, _USE, Wish(Kind.REVERSE, 0), _USE),
    (_EXACTLY, Wish(Kind.REDEEM, 0, Moment.EDGE)),
    (_EXACTLY, Wish(Kind.REDEEM, 0, Moment.ALMOST)),
    (Wish(Kind.ADD, 1), Wish(Kind.ADD, 0, Moment.EDGE)),
    (Wish(Kind.ADD, 2), Wish(Kind.ADD, 0, Moment.ALMOST)),
    (_EXACTLY, Wish(Kind.PLAY, 1), Wish(Kind.REDEEM, 0), _BACK),
    (_EXACTLY, Wish(Kind.PLAY, 2), Wish(Kind.PLAY, 4), _BACK),
    (Wish(Kind.PAY, 10), Wish(Kind.PAY, 11), Wish(Kind.VOID, 1)),
)


def customers() -> SearchStrategy[Person]:
    """Answer people: with names of many scripts, some born on a leap day, some who gave no birthday or address."""
    return st.builds(
        Person,
        name=st.sampled_from(_NAMES),
        email=st.none() | st.integers(1, 9).map("someone+{}@example.com".format),
        birthday=st.none() | st.sampled_from(_BORN),
        language=st.sampled_from((None, "en", "az", "ko")),
    )


def stories(count_max: int = 12) -> SearchStrategy[list[Wish]]:
    """Answer sequences of wishes, half of them told as small stories: earned, used, taken back, earned again."""
    # What comes first is what a failure shrinks to: no wish at all.
    parts = st.one_of(wishes(size_min=0, size_max=3), st.sampled_from(_STORIES).map(list))
    return st.lists(parts, min_size=1, max_size=count_max).map(lambda told: [wish for part in told for wish in part])


@st.composite
def histories(
    draw: st.DrawFn,
    programme: SearchStrategy[CardTemplate] | None = None,
    asked: SearchStrategy[list[Wish]] | None = None,
) -> Till:
    """Answer whole histories: tills whose card has come to some state, with all that was told on the way in `life`."""
    template = draw(templates() if programme is None else programme)
    till = Till(template, draw(st.sampled_from(ZONES)), draw(st.sampled_from(STARTS)))
    for wish in draw(stories() if asked is None else asked):
        till.perform(wish)
    return till


@st.composite
def commands(draw: st.DrawFn, programme: SearchStrategy[CardTemplate] | None = None) -> Outcome:
    """Answer commands as they were asked of a card in some state, each with what became of it: events or a refusal."""
    till = draw(histories(programme))
    outcome = till.perform(draw(wishes(size_min=1, size_max=1))[0])
    outcome = till.perform(Wish(Kind.ADD, 1)) if outcome is None else outcome
    assert outcome is not None
    return outcome
