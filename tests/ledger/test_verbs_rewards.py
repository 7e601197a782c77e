"""
Vouchers, coupons and lotteries, by the verbs of the ledger and through the real store.
"""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stampledger import AfterLastGoal, InvalidInput, Lottery, NotFound, Voucher, events, refusals
from stampledger.rules import DRAW_TOTAL, drawn_variant
from stampledger.testing import lotteries
from tests.ledger.shop import (
    AGAIN_DRAW,
    CAKE,
    CAKE_DRAW,
    COFFEE,
    LUCK,
    NOTHING_DRAW,
    TOPPING_DRAW,
    Shop,
    at,
    kinds,
    statuses,
    the,
)

PROMO = Voucher(title="Free coffee", redeem_code="FREECOFFEE", valid_for=timedelta(days=2))


def test_voucher_is_redeemed_once(shop: Shop):
    """
    A second use is refused, and the refusal says when, by whom and in which entry the first was.
    """
    card = shop.card(2)
    voucher = shop.ledger.add_stamps(card, 2).card.vouchers[0]
    first = shop.ledger.redeem(voucher.id, actor="till-1")
    before = shop.dump()
    shop.clock.wait(timedelta(hours=1))

    with pytest.raises(refusals.VoucherIsRedeemed) as refused:
        shop.ledger.redeem(voucher.id, actor="till-2")

    told = refused.value
    assert ("Free coffee", at(), "till-1", first.id) == (
        told.title, told.redeemed_at, told.redeemed_by, told.redeemed_seq
    )  # fmt: skip
    assert "by till-1" in str(told)
    assert before == shop.dump()


def test_refusal_names_the_last_redemption(shop: Shop):
    """
    After a redemption was reversed and made again, a refusal names the one that stands.
    """
    voucher = shop.ledger.add_stamps(shop.card(2), 2).card.vouchers[0]
    shop.ledger.redeem(voucher.id, actor="till-1")
    reversed_ = shop.ledger.reverse_redemption(voucher.id, reason="wrong card")
    again = shop.ledger.redeem(voucher.id, actor="till-2")

    with pytest.raises(refusals.VoucherIsRedeemed) as refused:
        shop.ledger.redeem(voucher.id)

    assert ("till-2", again.id) == (refused.value.redeemed_by, refused.value.redeemed_seq)
    assert "wrong card" == reversed_.events[0].reason  # type: ignore[attr-defined]


def test_voucher_at_its_last_moment(shop: Shop):
    """
    A voucher is good until its end and not a moment longer, whether or not its end was recorded.
    """
    vouchers = [shop.ledger.issue_coupon(PROMO).entries[0].event for _ in range(2)]
    ids = [event.voucher_id for event in vouchers if isinstance(event, events.VoucherIssued)]
    shop.clock.wait(timedelta(days=2) - timedelta(microseconds=1))

    shop.ledger.redeem(ids[0])
    shop.clock.wait(timedelta(microseconds=1))

    with pytest.raises(refusals.VoucherIsExpired) as refused:
        shop.ledger.redeem(ids[1])
    assert at(days=2) == refused.value.expired_at
    shop.ledger.expire()
    with pytest.raises(refusals.VoucherIsExpired):
        shop.ledger.redeem(ids[1])
    with pytest.raises(refusals.VoucherIsExpired):
        shop.ledger.void_voucher(ids[1])


def test_redeemed_in_time_and_reported_late(shop: Shop):
    """
    What a till reports late, from before the voucher's end, is redeemed, even where a batch was quicker.
    """
    voucher = shop.ledger.add_stamps(shop.card(2), 2).card.vouchers[0]
    shop.clock.wait(timedelta(days=40))
    shop.ledger.expire()

    shop.ledger.redeem(voucher.id, occurred_at=at(days=29))

    assert "redeemed" == shop.ledger.reward(voucher.id).status
    assert () == shop.ledger.verify().faults


def test_redeemed_before_it_was_issued(shop: Shop):
    """
    No voucher is used before it was issued, whatever a till says.
    """
    voucher = shop.ledger.add_stamps(shop.card(2), 2).card.vouchers[0]
    before = shop.head

    with pytest.raises(InvalidInput, match="occurred_at"):
        shop.ledger.redeem(voucher.id, occurred_at=at(days=-1))

    assert before == shop.head


def test_reversing_does_not_extend(shop: Shop):
    """
    A reversed redemption of a voucher whose time is over leaves it expired.
    """
    card = shop.card(2)
    voucher = shop.ledger.add_stamps(card, 2).card.vouchers[0]
    shop.ledger.redeem(voucher.id)
    shop.clock.wait(timedelta(days=31))

    scan = shop.ledger.reverse_redemption(voucher.id)

    assert [("Free coffee", "expired")] == statuses(shop.ledger, card)
    assert "expired" == scan.card.vouchers[0].status
    with pytest.raises(refusals.VoucherNotRedeemed):
        shop.ledger.reverse_redemption(voucher.id)


def test_shared_redeem_code(shop: Shop):
    """
    A redeem code may be shared by many vouchers: by code and card the one that ends first is used; alone it says too
    little.
    """
    card, other = shop.card(), shop.card(6, key="second")
    first = shop.ledger.issue_coupon(PROMO, card=card).card.vouchers[0]
    shop.clock.wait(timedelta(hours=1))
    shop.ledger.issue_coupon(PROMO, card=card)
    shop.ledger.issue_coupon(PROMO, card=other)

    with pytest.raises(InvalidInput, match="shared by several"):
        shop.ledger.redeem(redeem_code="FREECOFFEE")
    used = shop.ledger.redeem(redeem_code="FREECOFFEE", card=card)
    shop.ledger.redeem(redeem_code="FREECOFFEE", card=other)
    alone = shop.ledger.redeem(redeem_code="FREECOFFEE")

    assert first.id == used.events[0].voucher_id  # type: ignore[attr-defined]
    assert card == alone.subject
    with pytest.raises(NotFound):
        shop.ledger.redeem(redeem_code="FREECOFFEE")


def test_own_redeem_codes(shop: Shop):
    """
    A voucher without a shared code gets one of its own, and that is enough to redeem it.
    """
    scans = [shop.ledger.issue_coupon(COFFEE) for _ in range(20)]
    codes = [event.redeem_code for scan in scans for event in scan.events if isinstance(event, events.VoucherIssued)]

    assert 20 == len(set(codes)) and {10} == {len(code) for code in codes}
    assert scans[7].subject == shop.ledger.redeem(redeem_code=codes[7]).subject


def test_expired_among_shared_codes(shop: Shop):
    """
    A voucher that has expired does not stand in the way of another with the same code.
    """
    card = shop.card()
    old = shop.ledger.issue_coupon(PROMO, card=card).card.vouchers[0]
    shop.clock.wait(timedelta(days=3))
    new = shop.ledger.issue_coupon(PROMO, card=card).card.vouchers[0]

    used = shop.ledger.redeem(redeem_code="FREECOFFEE", card=card)

    assert new.id == used.events[0].voucher_id != old.id  # type: ignore[attr-defined]


def test_own_code_a_second_time(shop: Shop):
    """
    Who shows the code of a used or expired voucher again hears what became of it, recorded or not.
    """
    card = shop.card()
    used, over = (shop.ledger.issue_coupon(COFFEE, card=card).card.vouchers[0] for _ in range(2))
    shop.ledger.redeem(redeem_code=used.redeem_code, actor="till-1")

    with pytest.raises(refusals.VoucherIsRedeemed, match="by till-1"):
        shop.ledger.redeem(redeem_code=used.redeem_code)
    shop.clock.wait(timedelta(days=30))
    for recorded in (False, True):
        if recorded:
            shop.ledger.expire()
        with pytest.raises(refusals.VoucherIsExpired):
            shop.ledger.redeem(redeem_code=over.redeem_code)
        with pytest.raises(refusals.VoucherIsExpired):
            shop.ledger.redeem(redeem_code=over.redeem_code, card=card)


# Coupons.


@pytest.mark.parametrize("to", ["a card", "a customer", "the bearer"])
def test_coupon(shop: Shop, to: str):
    """
    A coupon lies on a card, belongs to a customer, or to whoever shows its code; its life is the same.
    """
    card, anna = shop.card(), shop.customer()
    where = {"a card": {"card": card}, "a customer": {"customer": anna}, "the bearer": {}}[to]

    scan = shop.ledger.issue_coupon(Voucher(title="Sorry", valid_months=1), **where)  # type: ignore[arg-type]
    voucher = the(scan.events[0]).voucher_id

    view = shop.ledger.reward(voucher)
    assert ("Sorry", "active", "coupon") == (view.title, view.status, view.source)
    assert (card if to == "a card" else None) == view.card_id
    shop.ledger.redeem(voucher)
    shop.ledger.reverse_redemption(voucher)
    assert ["VoucherVoided"] == kinds(shop.ledger.void_voucher(voucher, reason="by mistake"))
    assert "voided" == shop.ledger.reward(voucher).status
    assert "active" == shop.ledger.at(scan).reward(voucher).status
    assert [4, 1] == [len(shop.ledger.explain(voucher).entries), len(shop.ledger.at(scan).explain(voucher).entries)]
    found = shop.ledger.journal(customer=anna) if to == "a customer" else ()
    assert (5 if to == "a customer" else 0) == len(found)
    assert () == shop.ledger.verify().faults


def test_coupon_until_a_day(shop: Shop):
    """
    A last day is good until its end in the business's time zone.
    """
    from stampledger import Brand

    shop.ledger.set_brand(Brand(name="Blue Cup", time_zone="Asia/Seoul"))

    issued = shop.ledger.issue_coupon(Voucher(title="x", valid_until=date(2024, 2, 28))).events[0]

    assert at(days=1, hours=3.5) == issued.expires_at  # type: ignore[attr-defined]


def test_coupon_for_nobody_any_more(shop: Shop):
    """
    Nothing is given to a customer who was forgotten, nor on a card that was deleted.
    """
    anna, card = shop.customer(), shop.card()
    shop.ledger.forget_customer(anna)
    shop.ledger.delete_card(card)
    before = shop.dump()

    with pytest.raises(refusals.CustomerIsForgotten):
        shop.ledger.issue_coupon(CAKE, customer=anna)
    with pytest.raises(refusals.CardIsDeleted):
        shop.ledger.issue_coupon(CAKE, card=card)

    assert before == shop.dump()


# Lotteries.


@pytest.mark.parametrize(
    ("draw", "told", "outcome"),
    [
        (CAKE_DRAW, ["LotteryPlayed", "VoucherIssued"], "Cake"),
        (TOPPING_DRAW, ["LotteryPlayed", "AwardGranted"], "Topping"),
        (AGAIN_DRAW, ["LotteryPlayed"], "Again"),
        (NOTHING_DRAW, ["LotteryPlayed"], "Nothing"),
    ],
)
def test_draw(draw: int, told: list[str], outcome: str):
    """
    The draw comes from the ledger's own source of chance, is recorded with the shares, and gives what lies there.
    """
    with Shop(draws=(draw,)) as shop:
        card = shop.card(2, reward=LUCK)
        lottery = shop.ledger.add_stamps(card, 2).card.lotteries[0]

        scan = shop.ledger.play_lottery(lottery.id)

        played = scan.events[0]
        assert isinstance(played, events.LotteryPlayed)
        assert told == kinds(scan)
        assert draw == played.draw
        assert outcome == played.names[played.variant] == shop.ledger.reward(lottery.id).outcome
        assert played.variant == drawn_variant(draw, played.percentages)
        assert ("granted" if outcome == "Again" else "played") == shop.ledger.reward(lottery.id).status


def test_try_again():
    """
    Whoever drew another try plays again; then the lottery is over.
    """
    with Shop(draws=(AGAIN_DRAW, AGAIN_DRAW, CAKE_DRAW)) as shop:
        card = shop.card(2, reward=LUCK)
        lottery = shop.ledger.add_stamps(card, 2).card.lotteries[0].id

        for _ in range(3):
            shop.ledger.play_lottery(lottery)

        with pytest.raises(refusals.LotteryIsPlayed):
            shop.ledger.play_lottery(lottery)
        with pytest.raises(refusals.LotteryIsPlayed):
            shop.ledger.void_voucher(lottery)
        assert [("Lucky draw", "played"), ("Free cake", "active")] == statuses(shop.ledger, card)


def test_reading_never_draws():
    """
    Views, replay, verify and rebuild ask chance for nothing.
    """
    with Shop(draws=(CAKE_DRAW,)) as shop:
        card = shop.card(2, reward=LUCK)
        scan = shop.ledger.play_lottery(shop.ledger.add_stamps(card, 2).card.lotteries[0].id)
        assert 1 == shop.chance.drawn

        shop.ledger.verify()
        shop.ledger.rebuild()
        shop.ledger.at(scan).customer_view(card).text()
        shop.ledger.explain(scan.card.vouchers[0].id)

        assert 1 == shop.chance.drawn


def test_lottery_that_was_taken_back(shop: Shop):
    """
    A lottery that was taken back cannot be played.
    """
    card = shop.card(2, reward=LUCK)
    lottery = shop.ledger.add_stamps(card, 2).card.lotteries[0].id

    assert ["LotteryVoided"] == kinds(shop.ledger.void_voucher(lottery))

    with pytest.raises(refusals.LotteryIsVoided):
        shop.ledger.play_lottery(lottery)
    with pytest.raises(refusals.LotteryIsVoided):
        shop.ledger.void_voucher(lottery)


def test_held_card_with_a_lottery():
    """
    A card that is held for a lottery waits until that was drawn for good.
    """
    with Shop(draws=(AGAIN_DRAW, NOTHING_DRAW)) as shop:
        card = shop.card(2, reward=LUCK, after_last_goal=AfterLastGoal.HOLD)
        lottery = shop.ledger.add_stamps(card, 3).card.lotteries[0].id

        first = shop.ledger.play_lottery(lottery)
        second = shop.ledger.play_lottery(lottery)

        assert "held" == first.card.status
        assert ["LotteryPlayed", "CycleStarted"] == kinds(second)
        assert "1/2" == str(second.card.progress)


def test_things_that_are_something_else(shop: Shop):
    """
    A lottery is not redeemed, a voucher is not played, an award is neither.
    """
    from stampledger import Award

    lottery = shop.ledger.add_stamps(shop.card(2, reward=LUCK), 2).card.rewards[0].id
    voucher = shop.ledger.add_stamps(shop.card(3, key="v"), 3).card.rewards[0].id
    award = shop.ledger.add_stamps(shop.card(4, key="a", reward=Award(title="Topping")), 4).card.rewards[0].id
    coupon = the(shop.ledger.issue_coupon(CAKE).events[0]).voucher_id
    before = shop.dump()

    wrongs: list[Any] = [
        lambda: shop.ledger.redeem(lottery),
        lambda: shop.ledger.redeem(award),
        lambda: shop.ledger.play_lottery(voucher),
        lambda: shop.ledger.play_lottery(award),
        lambda: shop.ledger.play_lottery(coupon),
        lambda: shop.ledger.void_voucher(award),
        lambda: shop.ledger.reverse_redemption(lottery),
        lambda: shop.ledger.reverse_redemption(award),
    ]
    for wrong in wrongs:
        with pytest.raises(InvalidInput, match=r"this is a|award"):
            wrong()

    assert before == shop.dump()


@settings(max_examples=settings().max_examples // 5)
@given(lottery=lotteries(), draws=st.lists(st.integers(0, DRAW_TOTAL - 1), min_size=1, max_size=4))
def test_any_lottery_is_proved_by_its_draw(lottery: Lottery, draws: list[int]):
    """
    Whatever is drawn from whatever lottery, verify recomputes the variant from what was recorded.
    """
    with Shop(draws=tuple(draws)) as shop:
        card = shop.card(2, reward=lottery)
        granted = shop.ledger.add_stamps(card, 2).card.lotteries[0].id

        try:
            for _ in draws:
                shop.ledger.play_lottery(granted)
        except refusals.LotteryIsPlayed:
            pass

        assert () == shop.ledger.verify().faults
