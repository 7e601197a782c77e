"""
Crediting stamps and taking them back, by the verbs of the ledger and through the real store.
"""

from datetime import timedelta
from decimal import Decimal

import pytest

from stampledger import (
    AfterLastGoal,
    Award,
    CardTemplate,
    CodeScope,
    Goal,
    InvalidInput,
    Limits,
    OnVoid,
    OverCap,
    Overflow,
    PerAmount,
    ScanNotFound,
    events,
    refusals,
)
from tests.ledger.shop import CAKE, COFFEE, LUCK, Shop, at, coffee, kinds, stamps, statuses, the


def test_first_stamp(shop: Shop):
    """
    A stamp is one entry, and the scan shows the card right after it.
    """
    card = shop.card()

    scan = shop.ledger.add_stamps(card, code="R-1", actor="till-1", channel="receipt")

    assert ["StampAdded"] == kinds(scan)
    assert scan.id == scan.entries[0].seq == scan.last == shop.head
    assert ("1/8", 1, False) == (str(scan.card.progress), scan.card.cycle, scan.repeated)
    assert ("R-1", "till-1", "receipt") == (scan.entries[0].code, scan.entries[0].actor, scan.entries[0].channel)
    assert card == scan.subject


def test_several_goals_at_once(shop: Shop):
    """
    A credit that crosses several goals gives each reward once, in order, and restarts the card.
    """
    card = shop.card(3, 6, 9)

    scan = shop.ledger.add_stamps(card, 10)

    assert ["StampAdded", *["GoalReached", "VoucherIssued"] * 3] == kinds(scan)
    assert [3, 6, 9] == [event.stamps for event in scan.events if isinstance(event, events.GoalReached)]
    assert ("1/9", 2, 10) == (str(scan.card.progress), scan.card.cycle, scan.card.stamps_total)


def test_full_card_is_held_until_its_reward_is_used(shop: Shop):
    """
    A held card says no, with the reward that has to be used; then what it carried begins the next cycle.
    """
    card = shop.card(2, after_last_goal=AfterLastGoal.HOLD)
    full = shop.ledger.add_stamps(card, 3)
    voucher = full.card.vouchers[0]

    with pytest.raises(refusals.CardIsHeld) as refused:
        shop.ledger.add_stamps(card)
    released = shop.ledger.redeem(voucher.id)

    assert voucher.id == refused.value.reward_id
    assert ("2/2", 1) == (str(full.card.progress), full.card.carried)
    assert ["VoucherRedeemed", "CycleStarted"] == kinds(released)
    assert ("1/2", 2) == (str(released.card.progress), released.card.cycle)


def test_closed_card(shop: Shop):
    """
    A card that closes takes no more stamps once it is full.
    """
    card = shop.card(2, after_last_goal=AfterLastGoal.CLOSE)
    shop.ledger.add_stamps(card, 3)

    with pytest.raises(refusals.CardIsClosed):
        shop.ledger.add_stamps(card)

    assert "2/2" == stamps(shop.ledger, card)
    assert "closed" == shop.ledger.card(card).status


def test_refused_credit_is_recorded(shop: Shop):
    """
    A refused credit is raised with the time to come back, and is an entry with the same rule, sentence and time.
    """
    card = shop.card(limits=Limits(per_day=2))
    shop.ledger.add_stamps(card, 2)

    with pytest.raises(refusals.DailyLimitReached) as refused:
        shop.ledger.add_stamps(card, code="R-9", actor="till-2", channel="pos")

    entry = shop.ledger.journal(limit=1).rows[0]
    assert shop.head == refused.value.seq == entry.seq
    assert isinstance(entry.event, events.StampRejected)
    assert "daily_limit_reached" == entry.event.rule == refused.value.code
    assert str(refused.value) == entry.event.reason
    assert at(hours=12.5) == refused.value.retry_at == entry.event.retry_at
    assert ("R-9", "till-2", "pos") == (entry.code, entry.actor, entry.channel)
    assert "2/8" == str(entry.progress) == stamps(shop.ledger, card)
    shop.clock.at = the(refused.value.retry_at)
    assert "3/8" == str(shop.ledger.add_stamps(card, code="R-9").card.progress)


def test_refusal_that_is_not_kept():
    """
    A ledger that keeps no refusals writes nothing when it refuses.
    """
    with Shop(keep_refusals=False) as shop:
        card = shop.card(limits=Limits(interval=timedelta(hours=1)))
        shop.ledger.add_stamps(card)
        before = shop.dump()

        with pytest.raises(refusals.IntervalNotOver) as refused:
            shop.ledger.add_stamps(card)

        assert (None, at(hours=1)) == (refused.value.seq, refused.value.retry_at)
        assert before == shop.dump()


def test_refused_again_by_the_same_key(shop: Shop):
    """
    A retry with the same idempotency key is refused alike and not recorded again; once time allows, it goes through.
    """
    card = shop.card(limits=Limits(interval=timedelta(hours=1)))
    shop.ledger.add_stamps(card)
    seqs = []

    for _ in range(3):
        with pytest.raises(refusals.IntervalNotOver) as refused:
            shop.ledger.add_stamps(card, idempotency_key="k")
        seqs.append(refused.value.seq)
    shop.clock.wait(timedelta(hours=1))
    done = shop.ledger.add_stamps(card, idempotency_key="k")

    assert 1 == len(set(seqs))
    assert ("2/8", False) == (str(done.card.progress), done.repeated)
    assert shop.ledger.add_stamps(card, idempotency_key="k").repeated
    assert () == shop.ledger.verify().faults


def test_credit_up_to_a_cap(shop: Shop):
    """
    A template that grants up to a cap credits what fits and records how much it held back.
    """
    card = shop.card(limits=Limits(per_day=3, over_cap=OverCap.GRANT))

    scan = shop.ledger.add_stamps(card, 5, code="R-1")

    assert (3, 2) == (scan.events[0].count, scan.events[0].withheld)  # type: ignore[attr-defined]
    assert shop.ledger.add_stamps(card, 5, code="R-1").repeated
    assert "2 stamps over a limit not given" in str(shop.ledger.why("R-1"))


# Codes.


def test_same_code_same_card(shop: Shop):
    """
    A receipt that is sent again adds nothing and answers as the first time.
    """
    card = shop.card()
    first = shop.ledger.add_stamps(card, 2, code="R-1")

    again = shop.ledger.add_stamps(card, 2, code="R-1", actor="till-9")

    assert (first.id, first.entries, first.subject) == (again.id, again.entries, again.subject)
    assert again.repeated and first.card == again.card
    assert first.last == shop.head


@pytest.mark.parametrize("other", ["card", "count"])
def test_same_code_for_something_else(shop: Shop, other: str):
    """
    A code on another card, or for another count, is refused, and the refusal names the first use.
    """
    card, second = shop.card(), shop.card(6, key="second")
    first = shop.ledger.add_stamps(card, 2, code="R-1")

    wish = (second, 2) if other == "card" else (card, 3)
    with pytest.raises(refusals.CodeAlreadyUsed) as refused:
        shop.ledger.add_stamps(*wish, code="R-1")

    assert (first.id, "R-1", None) == (refused.value.first_seq, refused.value.used, refused.value.retry_at)
    assert f"(entry {first.id})" in str(refused.value)
    rejected = shop.ledger.journal(limit=1).rows[0].event
    assert isinstance(rejected, events.StampRejected) and first.id == rejected.first_seq
    assert 2 == len(shop.ledger.why("R-1").entries)


@pytest.mark.parametrize(
    ("scope", "same_card", "same_template", "other_template"),
    [
        (CodeScope.BUSINESS, "repeated", "refused", "refused"),
        (CodeScope.TEMPLATE, "repeated", "refused", "given"),
        (CodeScope.CARD, "repeated", "given", "given"),
        (CodeScope.MANY, "given", "given", "given"),
    ],
)
def test_where_a_code_is_good_once(
    shop: Shop, scope: CodeScope, same_card: str, same_template: str, other_template: str
):
    """
    A code is good once per business, per template or per card, or every time.
    """
    here = shop.card(code_scope=scope)
    beside = the(shop.ledger.issue_card("free-coffee").subject)
    elsewhere = shop.card(6, key="second", code_scope=scope)
    shop.ledger.add_stamps(here, code="R-1")

    def given(card: object) -> str:
        try:
            return "repeated" if shop.ledger.add_stamps(card, code="R-1").repeated else "given"  # type: ignore[arg-type]
        except refusals.CodeAlreadyUsed:
            return "refused"

    assert (same_card, same_template, other_template) == (given(here), given(beside), given(elsewhere))
    assert all(entry.code == "R-1" for entry in shop.ledger.why("R-1").entries)
    assert len(shop.ledger.why("R-1").entries) == len(shop.ledger.journal(code="R-1"))
    assert () == shop.ledger.verify().faults


def test_voided_code_stays_used(shop: Shop):
    """
    A code whose stamps were voided is not good again, unless the template says so.
    """
    card, other = shop.card(), shop.card(6, key="second")
    shop.ledger.add_stamps(card, code="R-1")
    shop.ledger.void_stamps("R-1")

    assert shop.ledger.add_stamps(card, code="R-1").repeated
    with pytest.raises(refusals.CodeAlreadyUsed):
        shop.ledger.add_stamps(other, code="R-1")
    assert "0/8" == stamps(shop.ledger, card)


@pytest.mark.parametrize("scope", [CodeScope.BUSINESS, CodeScope.TEMPLATE, CodeScope.CARD])
def test_voided_code_good_again(shop: Shop, scope: CodeScope):
    """
    Where the template makes voided codes good again, one can be used and voided over and over, and no use is forgotten.
    """
    card = shop.card(voided_code_reusable=True, code_scope=scope)
    other = the(shop.ledger.issue_card("free-coffee").subject)
    first = shop.ledger.add_stamps(card, code="R-1")
    shop.ledger.void_stamps(first)

    second = shop.ledger.add_stamps(other, 2, code="R-1")
    shop.ledger.void_stamps(second)
    third = shop.ledger.add_stamps(card, 3, code="R-1")

    assert ("3/8", "0/8") == (stamps(shop.ledger, card), stamps(shop.ledger, other))
    assert shop.ledger.add_stamps(card, 3, code="R-1").repeated
    told = [entry.seq for entry in shop.ledger.why("R-1").entries]
    assert sorted(told) == told and {first.id, second.id, third.id} < set(told) and 5 == len(told)
    assert () == shop.ledger.verify().faults
    before = shop.dump()
    shop.ledger.rebuild()
    assert before == shop.dump()


# Money.


def test_by_amount(shop: Shop):
    """
    Every full 10.00 is a stamp, and what remains waits for the next receipt, to the last cent.
    """
    card = shop.card(per_amount=PerAmount(amount=Decimal(10)))

    first = shop.ledger.add_stamps(card, amount=Decimal("19.99"), code="R-1")
    second = shop.ledger.add_stamps(card, amount=Decimal("0.01"), code="R-2")
    third = shop.ledger.add_stamps(card, amount=Decimal("3.5"), code="R-3")

    assert [(1, 999), (1, 0), (0, 350)] == [
        (scan.events[0].count, scan.card.remainder_minor)  # type: ignore[attr-defined]
        for scan in (first, second, third)
    ]
    assert shop.ledger.add_stamps(card, amount=Decimal("19.99"), code="R-1").repeated
    with pytest.raises(refusals.CodeAlreadyUsed):
        shop.ledger.add_stamps(card, amount=Decimal("20.00"), code="R-1")
    shop.ledger.void_stamps("R-1")
    assert ("0/8", 351) == (stamps(shop.ledger, card), shop.ledger.card(card).remainder_minor)


def test_remainder_that_is_dropped(shop: Shop):
    """
    A template may drop what remains below a stamp.
    """
    card = shop.card(per_amount=PerAmount(amount=Decimal(10), remainder=Overflow.DROP))

    shop.ledger.add_stamps(card, amount=Decimal("19.99"))
    scan = shop.ledger.add_stamps(card, amount=Decimal("19.99"))

    assert ("2/8", 0) == (str(scan.card.progress), scan.card.remainder_minor)


def test_amount_that_is_only_noted(shop: Shop):
    """
    Where a visit earns the stamp, an amount is kept beside it and changes nothing.
    """
    scan = shop.ledger.add_stamps(shop.card(), amount=Decimal("1646.70"))

    assert (1, 164_670) == (scan.events[0].count, scan.events[0].amount_minor)  # type: ignore[attr-defined]


# Taking back.


def test_void_takes_back_what_followed(shop: Shop):
    """
    A void of the stamp that reached the goal takes back goal and voucher, and says so.
    """
    card = shop.card()
    shop.ledger.add_stamps(card, 7, code="R-1")
    scan = shop.ledger.add_stamps(card, 2, code="R-2")
    voucher = scan.card.vouchers[0]

    voided = shop.ledger.void_stamps(scan, reason="paid back", actor="boss")

    told = voided.events[0]
    assert ["StampVoided", "VoucherVoided"] == kinds(voided)
    assert isinstance(told, events.StampVoided)
    assert (scan.id, 2, "R-2", "paid back", ((1, 8),), (voucher.id,), ()) == (
        told.scan, told.count, told.code, told.reason, told.goals_undone, told.rewards_voided, told.rewards_kept,
    )  # fmt: skip
    assert ("7/8", 1) == (str(voided.card.progress), voided.card.cycle)
    assert [("Free coffee", "voided")] == statuses(shop.ledger, card)
    with pytest.raises(refusals.VoucherIsVoided):
        shop.ledger.redeem(voucher.id)


@pytest.mark.parametrize("name", ["the scan", "its id", "its code", "a later entry of it"])
def test_void_again(shop: Shop, name: str):
    """
    Voiding the same scan again answers the first void, however the scan is named, and takes nothing more.
    """
    card = shop.card(2)
    scan = shop.ledger.add_stamps(card, 3, code="R-1")
    names = {"the scan": scan, "its id": scan.id, "its code": "R-1", "a later entry of it": scan.last}
    first = shop.ledger.void_stamps(scan)

    again = shop.ledger.void_stamps(names[name])  # type: ignore[arg-type]

    assert again.repeated
    assert (first.id, first.entries, first.subject) == (again.id, again.entries, again.subject)
    assert "0/2" == stamps(shop.ledger, card)
    assert shop.head == first.last


def test_void_keeps_what_was_used(shop: Shop):
    """
    A redeemed voucher stays redeemed: the void names it, and its goal is not rewarded a second time.
    """
    card = shop.card(2)
    scan = shop.ledger.add_stamps(card, 2)
    shop.ledger.redeem(scan.card.vouchers[0].id)

    voided = shop.ledger.void_stamps(scan)
    again = shop.ledger.add_stamps(card, 2)

    told = voided.events[0]
    assert isinstance(told, events.StampVoided)
    assert [("Free coffee", "redeemed")] == [(kept.title, kept.reason) for kept in told.rewards_kept]
    assert ["StampAdded", "GoalReached"] == kinds(again)
    assert not again.events[1].rewarded  # type: ignore[attr-defined]
    assert [("Free coffee", "redeemed")] == statuses(shop.ledger, card)


def test_void_refused_for_what_was_used(shop: Shop):
    """
    A template may refuse to void stamps whose voucher has been used; then nothing is written.
    """
    card = shop.card(2, redeemed_on_void=OnVoid.REFUSE)
    scan = shop.ledger.add_stamps(card, 2)
    voucher = scan.card.vouchers[0]
    shop.ledger.redeem(voucher.id)
    before = shop.dump()

    with pytest.raises(refusals.RewardIsRedeemed) as refused:
        shop.ledger.void_stamps(scan)

    assert voucher.id == refused.value.reward_id
    assert before == shop.dump()
    shop.ledger.reverse_redemption(voucher.id)
    assert ["StampVoided", "VoucherVoided"] == kinds(shop.ledger.void_stamps(scan))


def test_void_that_keeps_rewards(shop: Shop):
    """
    A template may let unused vouchers stand when their stamps are voided.
    """
    card = shop.card(2, rewards_kept_on_void=True)
    scan = shop.ledger.add_stamps(card, 2)

    voided = shop.ledger.void_stamps(scan)

    assert ["StampVoided"] == kinds(voided)
    assert "policy" == voided.events[0].rewards_kept[0].reason  # type: ignore[attr-defined]
    assert ["VoucherRedeemed"] == kinds(shop.ledger.redeem(scan.card.vouchers[0].id))


def test_void_of_a_lottery_before_and_after_it_was_played():
    """
    A lottery that was not played is taken back; one that was stays, and what it dropped is taken back by its own state.
    """
    with Shop(draws=(0,)) as shop:
        card = shop.card(2, reward=LUCK)
        first = shop.ledger.add_stamps(card, 2, code="R-1")
        shop.ledger.play_lottery(first.card.lotteries[0].id)
        second = shop.ledger.add_stamps(card, 2, code="R-2")

        unplayed = shop.ledger.void_stamps(second)
        played = shop.ledger.void_stamps(first)

        assert ["StampVoided", "LotteryVoided"] == kinds(unplayed)
        assert ["StampVoided", "VoucherVoided"] == kinds(played)
        assert [("Lucky draw", "played"), ("Free cake", "voided"), ("Lucky draw", "voided")] == statuses(
            shop.ledger, card
        )


def test_void_of_an_award(shop: Shop):
    """
    An award cannot be taken back; the void says so.
    """
    card = shop.card(2, reward=Award(title="Topping"))

    voided = shop.ledger.void_stamps(shop.ledger.add_stamps(card, 2))

    assert "award" == voided.events[0].rewards_kept[0].reason  # type: ignore[attr-defined]


def test_void_keeps_the_original_expiry(shop: Shop):
    """
    A goal that is reached again after a void gives a new voucher; one that was kept keeps its own last day.
    """
    card = shop.card(2, rewards_kept_on_void=True)
    scan = shop.ledger.add_stamps(card, 2)
    shop.clock.wait(timedelta(days=20))

    shop.ledger.void_stamps(scan)
    shop.clock.wait(timedelta(days=9))
    early = shop.ledger.card(card).vouchers[0]
    shop.clock.wait(timedelta(days=1))
    late = shop.ledger.card(card).vouchers[0]

    assert at(days=30) == early.expires_at == late.expires_at
    assert ("active", "expired") == (early.status, late.status)


def test_void_on_a_held_card(shop: Shop):
    """
    Voiding the credit that filled a held card lets it take stamps again.
    """
    card = shop.card(2, after_last_goal=AfterLastGoal.HOLD)
    shop.ledger.add_stamps(card)
    scan = shop.ledger.add_stamps(card)

    shop.ledger.void_stamps(scan)

    assert "active" == shop.ledger.card(card).status
    assert "2/2" == str(shop.ledger.add_stamps(card).card.progress)


def test_void_of_stamps_that_lapsed(shop: Shop):
    """
    Stamps that lapsed cannot be taken back again; the void says how many.
    """
    card = shop.card(stamps_valid_for=timedelta(days=1))
    scan = shop.ledger.add_stamps(card, 3)
    shop.clock.wait(timedelta(days=2))
    shop.ledger.expire()

    voided = shop.ledger.void_stamps(scan).events[0]

    assert isinstance(voided, events.StampVoided)
    assert (0, 3) == (voided.count, voided.missing)
    assert "0/8" == stamps(shop.ledger, card)


def test_nothing_to_void(shop: Shop):
    """
    What was never scanned, and what added no stamps, cannot be voided.
    """
    card = shop.card()
    scan = shop.ledger.add_stamps(card)
    voided = shop.ledger.void_stamps(scan)
    before = shop.dump()

    with pytest.raises(ScanNotFound):
        shop.ledger.void_stamps("R-404")
    with pytest.raises(ScanNotFound):
        shop.ledger.void_stamps(999)
    with pytest.raises(InvalidInput, match="added stamps"):
        shop.ledger.void_stamps(voided)
    with pytest.raises(InvalidInput, match="added stamps"):
        shop.ledger.void_stamps(1)

    assert before == shop.dump()


@pytest.mark.parametrize("scope", [CodeScope.TEMPLATE, CodeScope.CARD, CodeScope.MANY])
def test_void_by_a_code_that_is_not_good_once_in_the_business(shop: Shop, scope: CodeScope):
    """
    A code names the scan it was for also where codes are good per template or card, as long as it names just one.
    """
    card = shop.card(code_scope=scope)
    scan = shop.ledger.add_stamps(card, 2, code="R-1")

    voided = shop.ledger.void_stamps("R-1")

    assert scan.id == voided.events[0].scan  # type: ignore[attr-defined]


def test_void_by_an_ambiguous_code(shop: Shop):
    """
    A code that was for several scans does not say which of them is meant.
    """
    card = shop.card(code_scope=CodeScope.MANY)
    shop.ledger.add_stamps(card, code="R-1")
    shop.ledger.add_stamps(card, code="R-1")
    before = shop.dump()

    with pytest.raises(InvalidInput, match="several"):
        shop.ledger.void_stamps("R-1")

    assert before == shop.dump()


def test_credit_and_void_on_a_file(tmp_path):
    """
    On a file too: a long day of credits, voids and redemptions is proved after the ledger was closed and opened.
    """
    with Shop(tmp_path / "shop.db") as shop:
        template = CardTemplate(
            name="Three goals",
            goals=(Goal(stamps=2, reward=CAKE), Goal(stamps=4, reward=LUCK), Goal(stamps=6, reward=COFFEE)),
        )
        shop.ledger.publish_template("three", template)
        cards = [the(shop.ledger.issue_card("three").subject) for _ in range(3)]
        for round_ in range(10):
            for card in cards:
                shop.ledger.add_stamps(card, 3, code=f"{round_}-{card}")
            shop.ledger.void_stamps(f"{round_}-{cards[0]}")

        shop.reopen()

        assert ["0/6", "6/6", "6/6"] == [stamps(shop.ledger, card) for card in cards]
        assert () == shop.ledger.verify().faults


def test_deleted_card(shop: Shop):
    """
    A deleted card takes no stamps, and the refusal is kept.
    """
    card = shop.card()
    shop.ledger.delete_card(card)

    with pytest.raises(refusals.CardIsDeleted) as refused:
        shop.ledger.add_stamps(card, code="R-1")

    assert shop.head == refused.value.seq
    assert "card_is_deleted" in str(shop.ledger.why("R-1"))


def test_expired_card(shop: Shop):
    """
    A card whose time is over takes no stamps, whether or not that was recorded.
    """
    card = shop.card(card_valid_for=timedelta(days=3))
    shop.clock.wait(timedelta(days=3))

    with pytest.raises(refusals.CardIsExpired) as refused:
        shop.ledger.add_stamps(card)

    assert at(days=3) == refused.value.expired_at
    assert "expired" == shop.ledger.card(card).status
    assert coffee(card_valid_for=timedelta(days=3)).card_valid_for is not None
