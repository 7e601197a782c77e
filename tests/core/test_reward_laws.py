"""
The laws of vouchers and lotteries, read from what the Journal would hold.
"""

from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from stampledger import events, rules
from stampledger.errors import InvalidInput
from stampledger.refusals import VoucherIsExpired, VoucherIsRedeemed, VoucherIsVoided
from stampledger.testing import Kind, Moment, Till, Wish, check, lotteries, percentages, prizes, templates, wishes
from stampledger.testing.life import told
from stampledger.values import AfterLastGoal, Award, CardTemplate, Goal, Limits, Lottery, Variant, Voucher

lives = wishes(
    Kind.REACH, Kind.COUPON, Kind.REDEEM, Kind.REDEEM, Kind.REVERSE, Kind.TAKE_BACK, Kind.VOID, Kind.EXPIRE, size_max=25
)
open_cards = {"limits": Limits(), "card_valid_for": None}


@given(templates(**open_cards), lives)
def test_voucher_life(template: CardTemplate, asked: list[Wish]):
    """
    A voucher is used at most once unless that was taken back, never after its time, never before it was issued, and
    never once it was voided.
    """
    till = Till(template)
    for wish in asked:
        till.perform(wish)
        event(type(till.history[-1]).__name__)

    check(till.life, prizes.a_voucher_is_used_once)


@given(templates(**open_cards), lives)
def test_redemption_granted_or_refused(template: CardTemplate, asked: list[Wish]):
    """
    A voucher is refused only for a reason that holds: it was used, its time is over, it was taken back.
    """
    till = Till(template)
    for wish in asked:
        outcome = till.perform(wish)
        if outcome is None or wish.kind is not Kind.REDEEM:
            continue
        voucher_id = outcome.command.voucher_id  # type: ignore[union-attr]
        reward = outcome.before.rewards[voucher_id]
        past = [entry for entry in till.history if getattr(entry, "voucher_id", None) == voucher_id]
        past = past[: len(past) - len(told(outcome.events, events.VoucherRedeemed))]
        last = [entry for entry in past if not isinstance(entry, events.VoucherExpired)][-1]
        over = reward.expires_at is not None and till.clock() >= reward.expires_at
        expected: type[Exception] | None
        if till.clock() < reward.issued_at:
            expected = InvalidInput
        elif isinstance(last, events.VoucherVoided):
            expected = VoucherIsVoided
        elif isinstance(last, events.VoucherRedeemed):
            expected = VoucherIsRedeemed
        else:
            expected = VoucherIsExpired if over else None
        event(str(expected and expected.__name__))
        assert (expected or type(None)) is type(outcome.refusal)
        if wish.moment is Moment.EDGE and reward.expires_at == till.clock():
            event("at the very instant it expires")


LOTTERIES = st.sampled_from(((2,), (1, 3), (1,)))


@given(
    st.tuples(LOTTERIES, lotteries()).map(
        lambda drawn: tuple(Goal(stamps=stamps, reward=drawn[1]) for stamps in drawn[0])
    ),
    st.sampled_from(AfterLastGoal),
    wishes(Kind.REACH, Kind.PLAY, Kind.PLAY, Kind.PLAY, Kind.VOID, Kind.TAKE_BACK, Kind.REDEEM),
)
def test_lottery_life(goals: tuple[Goal, ...], after: AfterLastGoal, asked: list[Wish]):
    """
    A lottery is drawn until a variant ends it and not once more, never after it was taken back; what dropped follows
    at once.
    """
    till = Till(CardTemplate(name="Luck", goals=goals, after_last_goal=after))
    for wish in asked:
        till.perform(wish)
        event(type(till.history[-1]).__name__)

    check(till.life, prizes.a_draw_proves_its_variant)


@given(lotteries(), st.integers(0, rules.DRAW_TOTAL - 1), st.data())
def test_draw_proves_variant(lottery: Lottery, draw: int, data: st.DataObject):
    """
    The recorded draw, with the recorded percentages, gives the recorded variant: whoever doubts can reckon it again.
    """
    edges = [int(sum(v.percentage for v in lottery.variants[:n]) * 10_000_000) for n in range(len(lottery.variants))]
    draw = data.draw(st.sampled_from((draw, *edges, *(edge - 1 for edge in edges if edge))))
    till = Till(CardTemplate(name="Luck", goals=(Goal(stamps=1, reward=lottery),)))
    till.add()

    (played, *_) = told(till.play(draw=draw), events.LotteryPlayed)

    low = sum((Fraction(share) for share in played.percentages[: played.variant]), Fraction(0))
    high = low + Fraction(played.percentages[played.variant])
    assert low <= Fraction(played.draw * 100, 10**9) < high
    assert tuple(variant.percentage for variant in lottery.variants) == played.percentages
    assert lottery.variants[played.variant].name == played.names[played.variant]


@given(percentages(6))
def test_shares_exact(shares: tuple[Decimal, ...]):
    """
    Percentages sum to exactly 100, and of all draws exactly its share falls to each variant.
    """
    assert Fraction(100) == sum(map(Fraction, shares))
    begin = 0
    for index, share in enumerate(shares):
        size = Fraction(share) * 10**7
        assert 1 == size.denominator
        end = begin + int(size)
        assert index == rules.drawn_variant(begin, shares) == rules.drawn_variant(end - 1, shares)
        begin = end
    assert 10**9 == begin


@given(percentages(4), st.sampled_from((Decimal("0.0000001"), Decimal("-0.0000001"), Decimal(1))))
def test_shares_off_by_little(shares: tuple[Decimal, ...], off: Decimal):
    """
    Percentages that miss 100 by the least that can be written are refused.
    """
    wrong = (shares[0] + off, *shares[1:])

    with pytest.raises(InvalidInput, match=r"Lottery\.variants|Variant\.percentage"):
        Lottery(
            title="Luck",
            variants=tuple(Variant(percentage=share, name=f"v{index}") for index, share in enumerate(wrong)),
        )


@given(st.integers(0, 3), st.sampled_from((timedelta(days=1), None)))
def test_control_used_twice(redeemed: int, valid_for: timedelta | None):
    """
    The reading of a voucher's life above would see a second use: one that is let through is in the history.
    """
    till = Till(CardTemplate(name="Free", goals=(Goal(stamps=1, reward=Award(title="Thanks")),)))
    till.coupon(Voucher(title="Sorry", valid_for=valid_for))

    for _ in range(redeemed):
        till.perform(Wish(Kind.REDEEM, 0))

    assert min(redeemed, 1) == len(told(till.history, events.VoucherRedeemed))
