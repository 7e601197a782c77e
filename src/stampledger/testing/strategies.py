"""Hypothesis strategies for programmes and for what is asked of their cards.

They lean towards what is interesting: small cards that are full soon, short validities, edges met exactly.
"""

from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from itertools import pairwise
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from stampledger.rules import DRAW_TOTAL
from stampledger.testing.till import Kind, Moment, Wish
from stampledger.values import (
    AfterLastGoal,
    Award,
    BirthdayGift,
    CardTemplate,
    CodeScope,
    Goal,
    LeapDay,
    Limits,
    Lottery,
    OnVoid,
    OverCap,
    Overflow,
    PerAmount,
    Reward,
    Variant,
    Voucher,
)

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "America/Sao_Paulo", "Asia/Seoul")  # Some with days of 23 hours.

_VALIDITIES: tuple[dict[str, Any], ...] = (
    {},
    {},
    {"valid_for": timedelta(hours=1)},
    {"valid_for": timedelta(days=2)},
    {"valid_months": 1},
    {"valid_until": date(2024, 2, 29)},
    {"valid_until": date(2024, 1, 1)},  # Over before it begins.
)
_SPANS = (timedelta(minutes=30), timedelta(hours=1), timedelta(days=1), timedelta(days=3))
_CAPS = st.integers(1, 6)
_PRIZES: dict[str, Award | Voucher] = {
    "award": Award(title="Won"),
    "voucher": Voucher(title="Won too", valid_for=timedelta(days=1)),
}
_OUTCOMES = st.sampled_from((*_PRIZES, "again", "nothing"))
_PLACES = ((8,), (3,), (5,), (1,), (3, 6), (1, 2), (3, 6, 9), (2, 3, 7), (4, 10))  # Where goals lie.


@cache  # Building a strategy costs more than drawing from it.
def awards() -> SearchStrategy[Award]:
    """Answer awards."""
    return st.sampled_from(("Thanks", "Free topping")).map(lambda title: Award(title=title))


@cache
def vouchers() -> SearchStrategy[Voucher]:
    """Answer vouchers with every kind of validity, some with a shared redeem code."""
    return st.builds(
        lambda title, validity, code: Voucher(title=title, redeem_code=code, **validity),
        st.sampled_from(("Free coffee", "Free cake")),
        st.sampled_from(_VALIDITIES),
        st.sampled_from((None, None, "FREECOFFEE")),
    )


@cache
def percentages(count_max: int = 5) -> SearchStrategy[tuple[Decimal, ...]]:
    """Answer one to *count_max* percentages with up to seven decimals that sum to exactly 100."""
    cuts = st.lists(
        st.one_of(st.integers(1, DRAW_TOTAL - 1), st.integers(1, 99).map(lambda whole: whole * (DRAW_TOTAL // 100))),
        max_size=count_max - 1,
        unique=True,
    )
    return cuts.map(_shares)


def _shares(cuts: list[int]) -> tuple[Decimal, ...]:
    edges = [0, *sorted(cuts), DRAW_TOTAL]
    return tuple(Decimal(high - low).scaleb(-7) for low, high in pairwise(edges))


@cache
@st.composite
def lotteries(draw: st.DrawFn) -> Lottery:
    """Answer lotteries that drop awards, vouchers, another try or nothing."""
    shares = draw(percentages(4))
    outcomes = ["nothing", *(draw(_OUTCOMES) for _ in shares[1:])]
    variants = tuple(
        Variant(
            percentage=share,
            name=f"{outcome} {index}",
            reward=_PRIZES.get(outcome),
            try_again=outcome == "again",
        )
        for index, (share, outcome) in enumerate(zip(shares, outcomes, strict=True))
    )
    return Lottery(title="Lucky draw", variants=variants[::-1])


@cache
def rewards() -> SearchStrategy[Reward]:
    """Answer rewards of every kind, vouchers most often."""
    return st.one_of(vouchers(), vouchers(), awards(), lotteries())


@cache
def limits() -> SearchStrategy[Limits]:
    """Answer limits, one or several at once, refused or granted up to the cap."""
    return st.builds(
        Limits,
        per_scan=st.none() | st.integers(1, 4),
        per_day=st.none() | _CAPS,
        per_24_hours=st.none() | _CAPS,
        interval=st.none() | st.sampled_from(_SPANS),
        over_cap=st.sampled_from(OverCap),
    )


@cache
def per_amounts() -> SearchStrategy[PerAmount]:
    """Answer earning by amount, with and without decimals and a carried remainder."""
    return st.builds(
        lambda priced, remainder: PerAmount(amount=priced[0], decimals=priced[1], remainder=remainder),
        st.sampled_from(((Decimal(10), 2), (Decimal("0.07"), 2), (Decimal(1000), 0), (Decimal("2.5000"), 4))),
        st.sampled_from(Overflow),
    )


@cache
def birthday_gifts() -> SearchStrategy[BirthdayGift]:
    """Answer birthday gifts: rewards, bonus stamps or both."""
    return st.builds(
        BirthdayGift,
        reward=vouchers() | awards(),
        stamps=st.sampled_from((0, 1, 5)),
        days_before=st.sampled_from((0, 7, 180)),
        days_after=st.sampled_from((0, 1, 180)),
        leap_day=st.sampled_from(LeapDay),
    )


@st.composite
def templates(draw: st.DrawFn, /, **policies: object) -> CardTemplate:
    """Answer card templates over all policies; a policy given here, as a value or a strategy, is taken instead."""

    def policy(name: str, strategy: object) -> Any:
        given = policies.get(name, strategy)
        return draw(given) if isinstance(given, SearchStrategy) else given

    after = policy("after_last_goal", _AFTER)
    fields = {name: policy(name, strategy) for name, strategy in _policies().items()}
    return CardTemplate(name="Free Coffee", after_last_goal=after, goals=policy("goals", _goals(after)), **fields)


_AFTER = st.sampled_from((AfterLastGoal.RESTART, *AfterLastGoal))


@cache
def _policies() -> dict[str, SearchStrategy[Any]]:
    return {
        "overflow": st.sampled_from(Overflow),
        "per_amount": st.none() | per_amounts(),
        "limits": st.just(Limits()) | limits(),
        "code_scope": st.sampled_from(CodeScope),
        "voided_code_reusable": st.booleans(),
        "redeemed_on_void": st.sampled_from(OnVoid),
        "rewards_kept_on_void": st.sampled_from((False, False, True)),
        "stamps_valid_for": st.none() | st.sampled_from(_SPANS),
        "card_valid_for": st.sampled_from((None, None, None, timedelta(days=20))),
        "birthday": st.none() | birthday_gifts(),
    }


@cache
@st.composite
def _goals(draw: st.DrawFn, after: AfterLastGoal) -> tuple[Goal, ...]:
    places = draw(st.sampled_from(_PLACES))
    last = st.one_of(vouchers(), lotteries()) if after is AfterLastGoal.HOLD else rewards()
    won = [draw(rewards() if stamps < places[-1] else last) for stamps in places]
    return tuple(Goal(stamps=stamps, reward=reward) for stamps, reward in zip(places, won, strict=True))


def wishes(
    *kinds: Kind, size_min: int = 5, size_max: int = 20, moments: tuple[Moment, ...] = tuple(Moment)
) -> SearchStrategy[list[Wish]]:
    """Answer sequences of wishes, of the given kinds or of all, in which stamps are asked for most often."""
    asked = kinds or (*Kind, *_OFTEN, *_OFTEN)
    at = (*moments, Moment.STILL, Moment.STILL, Moment.STILL) if Moment.STILL in moments else moments
    return st.lists(
        st.builds(Wish, st.sampled_from(asked), st.integers(0, 12), st.sampled_from(at)),
        min_size=size_min,
        max_size=size_max,
    )


_OFTEN = (Kind.ADD, Kind.REACH, Kind.REACH, Kind.PAY, Kind.VOID, Kind.REDEEM, Kind.REDEEM)
