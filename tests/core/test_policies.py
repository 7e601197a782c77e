"""
Every policy of the template, by example: what happens by default, and what each other choice makes of it.
"""

from datetime import timedelta
from decimal import Decimal

import pytest

from stampledger import events
from stampledger.commands import DeleteCard, FirstUse
from stampledger.errors import InvalidInput
from stampledger.refusals import (
    CardIsClosed,
    CardIsDeleted,
    CardIsHeld,
    CodeAlreadyUsed,
    LotteryIsPlayed,
    LotteryIsVoided,
    RewardIsRedeemed,
    VoucherIsRedeemed,
    VoucherIsVoided,
)
from stampledger.testing import Till, means
from stampledger.testing.life import told
from stampledger.values import (
    AfterLastGoal,
    Award,
    BirthdayGift,
    Limits,
    OnVoid,
    OverCap,
    Overflow,
    PerAmount,
    Platform,
    Voucher,
)
from tests.core.shop import (
    AGAIN_DRAW,
    CAKE_DRAW,
    COFFEE,
    LUCK,
    NOTHING_DRAW,
    TOPPING_DRAW,
    at,
    coffee,
    kinds,
    progress,
    statuses,
    utc,
)

TEN_EUROS = PerAmount(amount=Decimal(10))


# After the last goal.


def test_exactly_the_goal():
    """
    A card whose stamps hit the goal exactly is full, gives its reward once, and begins anew with the next stamp.
    """
    till = Till(coffee(8))
    till.add(7)

    story = till.add(1)

    assert ["StampAdded", "GoalReached", "VoucherIssued"] == kinds(story)
    assert (1, "8/8") == (till.card.standing.cycle, progress(till))
    assert ["StampAdded"] == kinds(till.add(1))
    assert (2, "1/8") == (till.card.standing.cycle, progress(till))


def test_restart_carries_overflow():
    """
    By default what is beyond the last goal begins the next cycle.
    """
    till = Till(coffee(8))

    (added, *_) = told(till.add(21), events.StampAdded)

    assert (21, 0, 3, 5) == (added.count, added.dropped, added.cycle, added.progress)
    assert 2 == len(till.rewards)


def test_restart_drops_overflow():
    """
    Where overflow drops, the entry says how much of the credit was lost, and the card is full.
    """
    till = Till(coffee(8, overflow=Overflow.DROP))
    till.add(6)

    (added,) = told(till.add(5), events.StampAdded)

    assert (2, 3, 8) == (added.count, added.dropped, added.progress)
    assert 8 == till.card.stamps_total
    till.add(1)
    assert (2, "1/8") == (till.card.standing.cycle, progress(till))


def test_hold_until_redeemed():
    """
    A card that holds stays at 8/8 and takes no stamps until its reward is used; what waited then begins the next cycle.
    """
    till = Till(coffee(8, after_last_goal=AfterLastGoal.HOLD))
    till.add(10)
    assert ("8/8", 2) == (progress(till), till.card.standing.carried)

    with pytest.raises(CardIsHeld, match="its reward has to be used before new stamps can be added") as refused:
        till.add()
    assert till.rewards[0].id == refused.value.reward_id

    story = till.redeem()
    assert ["VoucherRedeemed", "CycleStarted"] == kinds(story)
    assert (2, "2/8", 0) == (till.card.standing.cycle, progress(till), till.card.standing.carried)
    assert 10 == till.card.stamps_total


def test_hold_drops_overflow():
    """
    A card that holds and drops loses what is beyond 8/8.
    """
    till = Till(coffee(8, after_last_goal=AfterLastGoal.HOLD, overflow=Overflow.DROP))

    (added,) = told(till.add(10), events.StampAdded)

    assert (8, 2, 0) == (added.count, added.dropped, added.carried)
    till.redeem()
    assert (1, "8/8") == (till.card.standing.cycle, progress(till))
    till.add()
    assert (2, "1/8") == (till.card.standing.cycle, progress(till))


@pytest.mark.parametrize("way", ["voided", "played", "again"])
def test_hold_ends_in_other_ways(way: str):
    """
    Taking the reward back, or playing the lottery, lets a held card go as well; another try does not.
    """
    till = Till(coffee(2, reward=COFFEE if way == "voided" else LUCK, after_last_goal=AfterLastGoal.HOLD))
    till.add(2)

    if way == "voided":
        till.take_back()
    else:
        till.play(draw=NOTHING_DRAW if way == "played" else AGAIN_DRAW)

    if way == "again":
        with pytest.raises(CardIsHeld):
            till.add()
    else:
        till.add()
        assert (2, "1/2") == (till.card.standing.cycle, progress(till))


def test_hold_with_stamps_for_several_cycles():
    """
    Stamps for several cycles fill one held card after the other, and each gives its reward.
    """
    till = Till(coffee(2, after_last_goal=AfterLastGoal.HOLD))
    till.add(5)

    till.redeem()
    assert (2, "2/2", 1) == (till.card.standing.cycle, progress(till), till.card.standing.carried)
    till.redeem()

    assert (3, "1/2", 0) == (till.card.standing.cycle, progress(till), till.card.standing.carried)
    assert [("Free coffee", "redeemed")] * 2 == statuses(till)


def test_prize_and_next_reward_differ():
    """
    The prize of a lottery that lets a held card go, and the reward its waiting stamps reach, are two.
    """
    till = Till(coffee(1, reward=LUCK, after_last_goal=AfterLastGoal.HOLD))
    till.add(2)

    till.play(0, CAKE_DRAW)

    assert ["Lucky draw", "Free cake", "Lucky draw"] == [reward.title for reward in till.rewards]


def test_hold_and_other_rewards():
    """
    Using the reward of an earlier goal does not let a held card go.
    """
    till = Till(coffee(1, 2, after_last_goal=AfterLastGoal.HOLD))
    till.add(2)

    till.redeem(0)

    with pytest.raises(CardIsHeld):
        till.add()


def test_hold_needs_a_reward_that_can_be_used():
    """
    No card may wait for an award, which nobody can redeem.
    """
    with pytest.raises(InvalidInput, match="must not wait for an award"):
        coffee(8, reward=Award(title="Thanks"), after_last_goal=AfterLastGoal.HOLD)


def test_close():
    """
    A card that closes is complete at its last goal; what is beyond is lost, and it takes no more stamps.
    """
    till = Till(coffee(3, 8, after_last_goal=AfterLastGoal.CLOSE))

    (added,) = told(till.add(10), events.StampAdded)

    assert (8, 2, 8) == (added.count, added.dropped, added.progress)
    assert 2 == len(till.rewards)
    with pytest.raises(CardIsClosed):
        till.add()


# Several goals.


def test_one_credit_crosses_several_goals():
    """
    One credit that crosses several goals gives each one's reward once, in order, also into the next cycle.
    """
    till = Till(coffee(3, 6, 9))

    story = till.add(13)

    assert [(1, 3), (1, 6), (1, 9), (2, 3)] == [(goal.cycle, goal.stamps) for goal in told(story, events.GoalReached)]
    assert [0, 1, 2, 0] == [issued.goal_index for issued in told(story, events.VoucherIssued)]
    assert (2, "4/9", 1) == (till.card.standing.cycle, progress(till), till.card.goal_index)


# Earning by amount.


def test_remainder_carries():
    """
    Money below a stamp waits for the next purchase: 19.00 and 1.00 are two stamps at 10.00.
    """
    till = Till(coffee(per_amount=TEN_EUROS))

    (first,) = till.add(amount_minor=1900)
    (second,) = till.add(amount_minor=100)

    assert isinstance(first, events.StampAdded) and isinstance(second, events.StampAdded)
    assert (1, 900, 1900) == (first.count, first.remainder_minor, first.amount_minor)
    assert (1, 0, 2) == (second.count, second.remainder_minor, second.progress)


def test_remainder_drops():
    """
    Where the remainder drops, each purchase earns by itself.
    """
    till = Till(coffee(per_amount=PerAmount(amount=Decimal(10), remainder=Overflow.DROP)))

    till.add(amount_minor=1900)
    till.add(amount_minor=100)

    assert ("1/8", 0) == (progress(till), till.card.remainder_minor)


def test_currency_without_decimals():
    """
    In a currency without decimals an amount is what it says: a stamp for each 1000 yen.
    """
    till = Till(coffee(per_amount=PerAmount(amount=Decimal(1000), decimals=0)))

    till.add(amount_minor=2999)

    assert ("2/8", 999) == (progress(till), till.card.remainder_minor)


def test_visit_with_an_amount():
    """
    Earning per visit, one stamp is given whatever the amount, and the amount is noted.
    """
    till = Till(coffee())

    (added,) = told(till.add(amount_minor=123_456), events.StampAdded)

    assert (1, 123_456, 0) == (added.count, added.amount_minor, added.remainder_minor)


def test_amount_and_count():
    """
    An amount that earns stamps cannot be given beside a count.
    """
    with pytest.raises(InvalidInput, match=r"^count: must not be given beside an amount that earns stamps, not 2$"):
        Till(coffee(per_amount=TEN_EUROS)).add(2, amount_minor=1000)


def test_amount_worth_too_much():
    """
    An amount worth more than ten thousand stamps is a mistake, and refused as one.
    """
    till = Till(coffee(1000, per_amount=TEN_EUROS))
    till.add(amount_minor=10_000 * 1000)

    with pytest.raises(InvalidInput, match="at most 10000 stamps; it is worth 10001"):
        till.add(amount_minor=10_001 * 1000)


def test_void_takes_money_back():
    """
    A void takes back money, not only stamps: what remains is what the other purchases alone would have earned.
    """
    till = Till(coffee(per_amount=TEN_EUROS))
    till.add(amount_minor=1900)
    till.add(amount_minor=300)
    assert ("2/8", 200) == (progress(till), till.card.remainder_minor)

    (void,) = told(till.void(0), events.StampVoided)

    assert (2, 0, 300) == (void.count, void.progress, void.remainder_minor)


def test_void_of_a_credit_that_was_cut():
    """
    Money whose stamps a limit withheld is not taken back twice: the void takes what the credit gave.
    """
    till = Till(coffee(per_amount=TEN_EUROS, limits=Limits(per_scan=2, over_cap=OverCap.GRANT)))
    till.add(amount_minor=2200)
    (added,) = told(till.add(amount_minor=5500), events.StampAdded)
    assert (2, 3, 4, 700) == (added.count, added.withheld, added.progress, added.remainder_minor)

    (void,) = told(till.void(), events.StampVoided)

    assert (2, 2, 200) == (void.count, void.progress, void.remainder_minor)


# Codes.


def use(**facts: object) -> FirstUse:
    first = {"seq": 7, "at": at(), "same_card": True, "count": 1, "amount_minor": None, "voided": False}
    return FirstUse(**{**first, **facts})  # type: ignore[arg-type]


def test_code_again_on_the_same_card():
    """
    The same code on the same card for the same count adds nothing: the caller answers as the first time.
    """
    till = Till(coffee())
    till.add(code="R-1")

    assert () == till.add(code="R-1", first_use=use())
    assert () == till.add(1, code="R-1", first_use=use())
    assert "1/8" == progress(till)


def test_code_again_on_a_card_that_takes_none():
    """
    A retried scan is answered as the first time, also once the card is full and holds, is complete or has expired.
    """
    for policies in (
        {"after_last_goal": AfterLastGoal.HOLD},
        {"after_last_goal": AfterLastGoal.CLOSE},
        {"card_valid_for": timedelta(days=1)},
    ):
        till = Till(coffee(1, **policies))
        till.add(code="R-1")
        till.clock.wait(timedelta(days=2))

        assert () == till.add(code="R-1", first_use=use())


@pytest.mark.parametrize(
    ("asked", "first"),
    [
        ({"count": 2}, use()),
        ({}, use(count=2)),
        ({"amount_minor": 500}, use()),
        ({}, use(amount_minor=500)),
        ({"count": 2, "amount_minor": 500}, use(amount_minor=500)),
        ({}, use(same_card=False)),
        ({}, use(voided=True, same_card=False)),
    ],
    ids=["another count", "a count", "an amount", "no amount", "same amount, another count", "another card", "voided"],
)
def test_code_used_for_something_else(asked: dict[str, int], first: FirstUse):
    """
    A code that gave another credit, or one to another card, is refused, naming when it was used first.
    """
    till = Till(coffee())

    with pytest.raises(CodeAlreadyUsed) as refused:
        till.add(code="R-1", first_use=first, **asked)

    assert ("R-1", 7, at()) == (refused.value.used, refused.value.first_seq, refused.value.first_at)
    assert "the code R-1 was already used on 2024-02-27 at 11:30 UTC (entry 7)" == str(refused.value)


def test_amount_again():
    """
    The same code with the same amount is the same purchase, however many stamps that was.
    """
    till = Till(coffee(per_amount=TEN_EUROS))
    till.add(amount_minor=3500, code="R-1")

    assert () == till.add(amount_minor=3500, code="R-1", first_use=use(count=3, amount_minor=3500))
    with pytest.raises(CodeAlreadyUsed):
        till.add(amount_minor=3600, code="R-1", first_use=use(count=3, amount_minor=3500))


def test_voided_code_stays_used():
    """
    By default a code whose stamps were voided stays used: buy, refund and scan again gives nothing.
    """
    till = Till(coffee())
    till.add(code="R-1")
    till.void()

    assert () == till.add(code="R-1", first_use=use(voided=True))
    assert "0/8" == progress(till)


def test_voided_code_good_again():
    """
    Where the template says so, a code whose stamps were voided is good again, on any card.
    """
    till = Till(coffee(voided_code_reusable=True))

    till.add(3, code="R-1", first_use=use(voided=True, same_card=False))

    assert "3/8" == progress(till)
    with pytest.raises(CodeAlreadyUsed):
        till.add(3, code="R-1", first_use=use(same_card=False))


# Taking back.


def test_void_takes_the_reward_back():
    """
    Undoing a stamp does not leave the reward behind: a voucher that was not used is voided with it.
    """
    till = Till(coffee(8))
    till.add(8)

    story = till.void(reason="refund")

    assert ["StampVoided", "VoucherVoided"] == kinds(story)
    (void,) = told(story, events.StampVoided)
    assert (8, 0, ((1, 8),), (till.rewards[0].id,)) == (
        void.count,
        void.progress,
        void.goals_undone,
        void.rewards_voided,
    )
    assert [(void.scan, "refund")] == [(gone.scan, gone.reason) for gone in told(story, events.VoucherVoided)]
    assert [("Free coffee", "voided")] == statuses(till)
    with pytest.raises(VoucherIsVoided, match="was taken back"):
        till.redeem()


def test_buy_collect_refund_keep():
    """
    A redeemed voucher whose stamp is voided stays redeemed; the void names it, and its goal gives nothing again.
    """
    till = Till(coffee(8))
    till.add(8)
    till.redeem()

    (void,) = told(till.void(), events.StampVoided)

    assert [("Free coffee", "redeemed", 1, 8)] == [
        (kept.title, kept.reason, kept.cycle, kept.goal_stamps) for kept in void.rewards_kept
    ]
    assert [("Free coffee", "redeemed")] == statuses(till)
    story = till.add(8)
    assert [False] == [goal.rewarded for goal in told(story, events.GoalReached)]
    till.add(8)
    assert [("Free coffee", "redeemed"), ("Free coffee", "active")] == statuses(till)


def test_void_refused_once_redeemed():
    """
    Where the template says so, stamps whose voucher was used cannot be voided.
    """
    till = Till(coffee(8, redeemed_on_void=OnVoid.REFUSE))
    till.add(8)
    till.redeem()

    with pytest.raises(RewardIsRedeemed, match="the stamps stay: their reward Free coffee has already been used"):
        till.void()

    assert "8/8" == progress(till)
    till.reverse()
    till.void()
    assert [("Free coffee", "voided")] == statuses(till)


def test_void_keeps_the_reward():
    """
    Where the template says so, a voucher that was not used stays good, and its goal gives no second one.
    """
    till = Till(coffee(8, rewards_kept_on_void=True))
    till.add(8)

    (void,) = told(till.void(), events.StampVoided)

    assert ["policy"] == [kept.reason for kept in void.rewards_kept]
    till.add(8)
    assert [("Free coffee", "active")] == statuses(till)


def test_void_of_an_award():
    """
    An award that was said cannot be unsaid, and is not said again for the same goal.
    """
    till = Till(coffee(2, reward=Award(title="Thanks")))
    till.add(2)

    (void,) = told(till.void(), events.StampVoided)

    assert ["award"] == [kept.reason for kept in void.rewards_kept]
    till.add(2)
    assert [("Thanks", "granted")] == statuses(till)


def test_void_of_another_credit_undoes_the_goal():
    """
    What a void undoes is a question of places: the goal is lost whichever credit had reached it.
    """
    till = Till(coffee(8))
    till.add(5)
    till.add(3)

    till.void(0)

    assert "3/8" == progress(till)
    assert [("Free coffee", "voided")] == statuses(till)


def test_void_over_the_edge_of_a_cycle():
    """
    A void may lead back into the cycle before, and takes back what lies between.
    """
    till = Till(coffee(3, 6))
    till.add(4)
    till.add(6)
    assert (2, "4/6", 3) == (till.card.standing.cycle, progress(till), len(till.rewards))

    (void,) = told(till.void(), events.StampVoided)

    assert ((1, 6), (2, 3)) == void.goals_undone
    assert (1, "4/6") == (till.card.standing.cycle, progress(till))
    assert [("Free coffee", "active"), ("Free coffee", "voided"), ("Free coffee", "voided")] == statuses(till)


def test_void_of_a_held_card():
    """
    A held card whose stamps are voided waits no longer; stamps that waited are the first to go.
    """
    till = Till(coffee(8, after_last_goal=AfterLastGoal.HOLD))
    till.add(6)
    till.add(1)
    till.add(3)
    assert ("8/8", 2) == (progress(till), till.card.standing.carried)

    till.void(1)
    assert ("8/8", 1) == (progress(till), till.card.standing.carried)
    assert till.card.held_for is not None
    till.void(1)

    assert ("6/8", 0) == (progress(till), till.card.standing.carried)
    assert [None] == [till.card.held_for]
    assert [("Free coffee", "voided")] == statuses(till)


def test_void_of_a_held_card_that_keeps_its_reward():
    """
    A card whose full cycle was voided waits no longer, though the voucher stays good by the template's policy.
    """
    till = Till(coffee(2, after_last_goal=AfterLastGoal.HOLD, rewards_kept_on_void=True))
    till.add(2)
    till.redeem()
    till.add(2)

    till.void()

    assert [None] == [till.card.held_for]
    assert (1, "2/2") == (till.card.standing.cycle, progress(till))
    till.add(1)
    assert (2, "1/2") == (till.card.standing.cycle, progress(till))


def test_void_of_a_played_lottery():
    """
    What a lottery dropped is taken back with the stamps; a lottery that dropped nothing is not drawn twice.
    """
    lucky, unlucky = Till(coffee(2, reward=LUCK)), Till(coffee(2, reward=LUCK))
    for till, draw in ((lucky, CAKE_DRAW), (unlucky, NOTHING_DRAW)):
        till.add(2)
        till.play(draw=draw)
        till.void()
        till.add(2)

    assert [("Lucky draw", "played"), ("Free cake", "voided"), ("Lucky draw", "granted")] == statuses(lucky)
    assert [("Lucky draw", "played")] == statuses(unlucky)


def test_reward_taken_back_by_hand():
    """
    A voucher that was taken back by hand cannot be used or taken back again, and stays so through a void.
    """
    till = Till(coffee(2))
    till.add(2)
    till.take_back()

    for again in (till.redeem, till.take_back):
        with pytest.raises(VoucherIsVoided):
            again()
    till.void()
    assert [("Free coffee", "voided")] == statuses(till)


# Vouchers and lotteries.


def test_voucher_used_twice():
    """
    A second use is refused, saying when the first was.
    """
    till = Till(coffee(1))
    till.add()
    till.redeem()

    with pytest.raises(VoucherIsRedeemed, match="already redeemed on 2024-02-27 at 11:30 UTC") as refused:
        till.redeem()

    assert at() == refused.value.redeemed_at
    with pytest.raises(VoucherIsRedeemed):
        till.take_back()


def test_redeem_code():
    """
    A voucher has a code of its own, or the programme's shared one.
    """
    own, shared = Till(coffee(1)), Till(coffee(1, reward=Voucher(title="Free coffee", redeem_code="FREECOFFEE")))
    for till in (own, shared):
        till.add(2)

    assert [means(1).redeem_codes[0], means(1).redeem_codes[1]] == [reward.redeem_code for reward in own.rewards]
    assert ["FREECOFFEE", "FREECOFFEE"] == [reward.redeem_code for reward in shared.rewards]


@pytest.mark.parametrize(
    ("draw", "name", "won"),
    [
        (0, "Cake", "Free cake"),
        (CAKE_DRAW, "Cake", "Free cake"),
        (TOPPING_DRAW, "Topping", "Topping"),
        (299_999_999, "Topping", "Topping"),
        (AGAIN_DRAW, "Again", None),
        (599_999_999, "Again", None),
        (600_000_000, "Nothing", None),
        (NOTHING_DRAW, "Nothing", None),
    ],
)
def test_lottery(draw: int, name: str, won: str | None):
    """
    A draw falls to the variant in whose share it lies, and what it drops follows at once.
    """
    till = Till(coffee(1, reward=LUCK))
    till.add()

    (played, *prize) = till.play(draw=draw)

    assert isinstance(played, events.LotteryPlayed)
    assert (name, draw) == (played.names[played.variant], played.draw)
    assert [won] * (won is not None) == [reward.title for reward in told(prize, events.Granted)]
    assert name == till.rewards[0].outcome


def test_lottery_played_again():
    """
    Another try is drawn again; a lottery that has ended, or was taken back, is not.
    """
    till = Till(coffee(1, reward=LUCK))
    till.add(2)
    till.play(0, AGAIN_DRAW)
    till.play(0, NOTHING_DRAW)
    till.take_back(1)

    assert 2 == till.rewards[0].tries
    with pytest.raises(LotteryIsPlayed, match="has already been played"):
        till.play(0)
    with pytest.raises(LotteryIsPlayed):
        till.take_back(0)
    with pytest.raises(LotteryIsVoided, match="was taken back"):
        till.play(1)
    with pytest.raises(LotteryIsVoided):
        till.take_back(1)


def test_wrong_kind_of_reward():
    """
    A lottery cannot be redeemed, a voucher not be played, and an award neither.
    """
    lottery, voucher, award = (Till(coffee(1, reward=reward)) for reward in (LUCK, COFFEE, Award(title="Thanks")))
    for till in (lottery, voucher, award):
        till.add()

    for wrong in (lottery.redeem, lottery.reverse, voucher.play, award.redeem, award.play, award.take_back):
        with pytest.raises(InvalidInput, match="must"):
            wrong()


# The rest of a card's life.


def test_deleted_card():
    """
    A deleted card takes nothing more, and deleting it again changes nothing.
    """
    till = Till(coffee(1))
    till.add()
    till.do(DeleteCard(at=utc(2024, 3, 1), reason="asked for it"))

    assert () == till.do(DeleteCard(at=utc(2024, 3, 2)))
    for wrong in (till.add, till.redeem, till.void, till.expire, till.celebrate, till.save):
        with pytest.raises(CardIsDeleted, match="the card was deleted"):
            wrong()


def test_code_again_on_a_deleted_card():
    """
    A credit that is sent again is answered as the first time, though the card was deleted since.
    """
    till = Till(coffee())
    till.add(code="R-1")
    till.do(DeleteCard(at=utc(2024, 3, 1)))

    assert () == till.add(code="R-1", first_use=use())
    with pytest.raises(CodeAlreadyUsed):
        till.add(2, code="R-1", first_use=use())
    with pytest.raises(CardIsDeleted):
        till.add(code="R-2")


def test_wallets():
    """
    A card is saved to a wallet once, and to several.
    """
    till = Till(coffee())
    till.save(Platform.APPLE)
    till.save(Platform.WEB)

    assert () == till.save(Platform.APPLE)
    assert (Platform.APPLE, Platform.WEB) == till.card.platforms


@pytest.mark.parametrize("after", [AfterLastGoal.HOLD, AfterLastGoal.CLOSE])
def test_birthday_of_a_full_card(after: AfterLastGoal):
    """
    A card that takes no stamps gets no birthday stamps, and its gift can be given once it takes them again.
    """
    gift = BirthdayGift(reward=Award(title="Cheers"), stamps=2)
    till = Till(coffee(2, after_last_goal=after, birthday=gift))
    till.add(2)

    with pytest.raises((CardIsHeld, CardIsClosed)):
        till.celebrate()
    assert 1 == len(till.rewards)

    if after is AfterLastGoal.HOLD:
        till.redeem()
        assert [2] == [added.count for added in told(till.celebrate(), events.StampAdded)]
