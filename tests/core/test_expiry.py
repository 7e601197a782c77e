"""
Time running out: of stamps, vouchers and cards. It follows from what happened and the time asked about; a batch only
records it, and when the batch runs changes nothing.
"""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal

import attrs
import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from stampledger import events
from stampledger.errors import InvalidInput
from stampledger.refusals import CardIsExpired, CardNotYetIssued, VoucherIsExpired, VoucherNotRedeemed
from stampledger.testing import Kind, Moment, Outcome, Till, Wish, templates, wishes
from stampledger.testing.life import told
from stampledger.values import AfterLastGoal, Award, BirthdayGift, CardTemplate, Limits, Overflow, PerAmount, Voucher
from tests.core.shop import COFFEE, LUCK, at, coffee, kinds, progress, sentence, statuses, utc

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MICROSECOND = timedelta(microseconds=1)

forwards = (Moment.STILL, Moment.HOUR, Moment.DAY, Moment.EDGE, Moment.ALMOST)
all_but_expire = tuple(kind for kind in Kind if kind is not Kind.EXPIRE)


# The one exception: stamps that wait beside a held card, and reach a goal once it lapses, do so when next looked at.
free_of_time = templates(after_last_goal=st.sampled_from((AfterLastGoal.RESTART, AfterLastGoal.CLOSE))) | templates(
    after_last_goal=AfterLastGoal.HOLD, overflow=Overflow.DROP
)


@given(free_of_time, wishes(*all_but_expire, Kind.REACH, Kind.VOID, Kind.REDEEM, moments=forwards), st.data())
def test_batch_changes_no_answer(template: CardTemplate, asked: list[Wish], data: st.DataObject):
    """
    Whether and when the batch records what has lapsed changes no answer, no reward and no stamp.
    """
    late, early = Till(template), Till(template)
    batches = data.draw(st.lists(st.booleans(), min_size=len(asked), max_size=len(asked)))
    for wish, batch in zip(asked, batches, strict=True):
        late_answer = late.perform(wish)
        early_answer = early.perform(Wish(wish.kind, wish.number, wish.moment))
        assert late.clock() == early.clock()
        assert answer_of(late_answer) == answer_of(early_answer)
        if batch:
            early.expire()
    late.expire()
    early.expire()

    event("something lapsed" if told(late.history, events.StampsExpired) else "no stamps lapsed")
    event(
        "void after lapse" if any(void.missing for void in told(late.history, events.StampVoided)) else "no such void"
    )
    assert late.card.standing == early.card.standing
    assert late.card.stamps_total == early.card.stamps_total
    assert late.card.expired == early.card.expired
    assert [reward_of(late, index) for index in range(len(late.rewards))] == [
        reward_of(early, index) for index in range(len(early.rewards))
    ]


def answer_of(outcome: Outcome | None) -> str:
    return sentence(None if outcome is None else outcome.refusal)


def reward_of(till: Till, index: int) -> tuple[object, ...]:
    reward = till.rewards[index]
    return reward.title, reward.status, reward.cycle, reward.goal_stamps, reward.issued_at, reward.expires_at


@given(templates(), wishes(size_max=20))
def test_batch_twice(template: CardTemplate, asked: list[Wish]):
    """
    What has been recorded as lapsed is not recorded again.
    """
    till = Till(template)
    for wish in asked:
        till.perform(wish)
        first = till.fork().expire()
        till.expire()
        event("nothing due" if not first else "due")

        assert () == till.expire()


@given(
    templates(
        limits=Limits(),
        after_last_goal=AfterLastGoal.RESTART,
        overflow=Overflow.CARRY,
        per_amount=None,
        card_valid_for=None,
        stamps_valid_for=st.sampled_from((HOUR, DAY)),
    ),
    wishes(Kind.ADD, Kind.REACH, moments=forwards, size_max=25),
)
def test_stamps_lapse(template: CardTemplate, asked: list[Wish]):
    """
    Stamps of an unfinished cycle lapse, each at its own time; those of a completed one never do.
    """
    till = Till(template)
    size = template.goals[-1].stamps
    valid_for = template.stamps_valid_for
    assert valid_for is not None
    completed = 0  # Full cards.
    lying: list[datetime] = []  # When each stamp of the unfinished one lapses.
    for wish in asked:
        before = till.card
        till.perform(wish)
        lying = [over for over in lying if till.clock() < over]
        for _ in range(told(till.history, events.StampAdded)[-1].count):
            lying.append(till.clock() + valid_for)
            if len(lying) == size:
                completed, lying = completed + 1, []

        standing = till.card.standing
        event("lapsed" if before.stamps_total > till.card.stamps_total - size else "none lapsed")
        assert completed * size + len(lying) == (standing.cycle - 1) * size + standing.progress
        assert till.card.stamps_total == completed * size + len(lying)


# Stamps, by example.


def test_stamp_lapses_at_the_instant():
    """
    A stamp counts until just before its time is over.
    """
    till = Till(coffee(stamps_valid_for=DAY))
    till.add(3)

    till.clock.at = at(days=1) - MICROSECOND
    assert () == till.expire()
    till.clock.at = at(days=1)
    (lapsed,) = till.expire()

    assert isinstance(lapsed, events.StampsExpired)
    assert (at(days=1), 3, 0) == (lapsed.at, lapsed.count, lapsed.progress)
    assert "0/8" == progress(till)


def test_lapsed_stamps_do_not_reach_a_goal():
    """
    A stamp that lapsed is gone when the next one comes, whether or not the batch has run.
    """
    till = Till(coffee(3, stamps_valid_for=DAY))
    till.add(2)
    till.clock.wait(DAY)

    story = till.add(1)

    assert ["StampsExpired", "StampAdded"] == kinds(story)
    assert "1/3" == progress(till)


def test_overflow_lapses_with_its_credit():
    """
    Stamps that a credit carries into the next cycle lapse with it; the completed cycle stays.
    """
    till = Till(coffee(3, stamps_valid_for=DAY))
    till.add(5)
    till.clock.wait(DAY)

    (lapsed,) = told(till.expire(), events.StampsExpired)

    assert (2, 1, 3) == (lapsed.count, lapsed.cycle, lapsed.progress)
    assert 3 == till.card.stamps_total
    assert [("Free coffee", "active")] == statuses(till)


def test_lapse_leaves_reward_and_gives_no_second():
    """
    A reward that was earned stays when stamps lapse below its goal, and reaching the goal again gives no second one.
    """
    till = Till(coffee(3, 6, stamps_valid_for=DAY))
    till.add(2)
    till.clock.wait(HOUR)
    till.add(2)
    till.clock.at = at(days=1)
    (lapsed,) = till.expire()
    assert isinstance(lapsed, events.StampsExpired)
    assert ((1, 3),) == lapsed.kept

    story = till.add(1)

    assert ["StampAdded", "GoalReached"] == kinds(story)
    assert [False] == [goal.rewarded for goal in told(story, events.GoalReached)]
    assert [("Free coffee", "active")] == statuses(till)


def test_void_of_a_goal_reached_again_after_a_lapse():
    """
    Stamps that reached a goal again without a reward take none away when they are voided, and bring none afterwards.
    """
    till = Till(coffee(3, 8, stamps_valid_for=10 * DAY))
    till.add(3)
    till.clock.wait(11 * DAY)
    story = till.add(3)
    assert [False] == [goal.rewarded for goal in told(story, events.GoalReached)]

    (void,) = told(till.void(), events.StampVoided)

    assert ((), (), ()) == (void.goals_undone, void.rewards_voided, void.rewards_kept)
    assert [("Free coffee", "active")] == statuses(till)
    till.add(3)
    assert [("Free coffee", "active")] == statuses(till)


def test_lapses_are_told_in_order():
    """
    What has lapsed is recorded in the order in which it did: stamps, vouchers and the card.
    """
    template = coffee(1, 9, reward=Voucher(title="Free coffee", valid_for=2 * DAY), card_valid_for=4 * DAY)
    till = Till(attrs.evolve(template, stamps_valid_for=3 * DAY))
    till.add(2)
    till.coupon(Voucher(title="Sorry", valid_for=5 * DAY))
    till.clock.wait(6 * DAY)

    story = till.expire()

    assert ["VoucherExpired", "StampsExpired", "CardExpired", "VoucherExpired"] == kinds(story)
    assert [at(days=days) for days in (2, 3, 4, 5)] == [lapsed.at for lapsed in story]


def test_void_of_lapsed_stamps():
    """
    Voiding a credit whose stamps have lapsed takes nothing more away, and says what is missing.
    """
    till = Till(coffee(stamps_valid_for=DAY))
    till.add(2)
    till.clock.wait(HOUR)
    till.add(3)
    till.clock.at = at(days=1)

    story = till.void(0)

    assert ["StampsExpired", "StampVoided"] == kinds(story)
    assert [(0, 2)] == [(void.count, void.missing) for void in told(story, events.StampVoided)]
    assert "3/8" == progress(till)


def test_older_stamps_lapse_after_void():
    """
    A card that is no longer full because a credit was voided holds stamps that lapse, as if it had never been full.
    """
    till = Till(coffee(3, stamps_valid_for=DAY))
    till.add(2)
    till.add(4)
    till.void()
    assert "2/3" == progress(till)

    till.clock.wait(DAY)
    till.expire()

    assert "0/3" == progress(till)


def test_amount_voided_beyond_its_stamps():
    """
    Where a void of money takes a stamp more than its credit gave, no stamp of a completed cycle lapses for it.
    """
    till = Till(coffee(2, per_amount=PerAmount(amount=Decimal(10)), stamps_valid_for=DAY))
    till.add(2)
    till.add(amount_minor=1900)
    till.add(amount_minor=300)
    till.void(1)
    assert (2, 300) == (till.card.stamps_total, till.card.remainder_minor)

    till.clock.wait(DAY)
    till.expire()

    assert "2/2" == progress(till)


def test_waiting_stamps_lapse_once_they_count():
    """
    Stamps that waited beside a held card lapse like others once they are the stamps of a cycle.
    """
    till = Till(coffee(3, after_last_goal=AfterLastGoal.HOLD, stamps_valid_for=DAY))
    till.add(5)
    till.clock.wait(HOUR)
    till.redeem()
    assert (2, "2/3") == (till.card.standing.cycle, progress(till))

    till.clock.at = at(days=1)
    till.expire()

    assert 3 == till.card.stamps_total


# Vouchers.


def test_voucher_expires_at_the_instant():
    """
    A voucher is good until just before its time is over.
    """
    till = Till(coffee(1, reward=Voucher(title="Free coffee", valid_for=DAY)))
    till.add()
    in_time, late = till.fork(), till.fork()

    in_time.clock.at = at(days=1) - MICROSECOND
    in_time.redeem()
    late.clock.at = at(days=1)
    with pytest.raises(VoucherIsExpired, match=r"^the voucher Free coffee expired on 2024-02-28 11:30 UTC$"):
        late.redeem()

    assert [("Free coffee", "redeemed")] == statuses(in_time)
    assert [("Free coffee", "expired")] == statuses(late)


def test_reported_late_redemption():
    """
    A redemption from before the voucher's end that an offline till reports later is good, batch or not.
    """
    till = Till(coffee(1, reward=Voucher(title="Free coffee", valid_for=DAY)))
    till.add()
    till.clock.wait(2 * DAY)
    till.expire()

    till.clock.at = at(hours=23)
    till.redeem()

    assert [("Free coffee", "redeemed")] == statuses(till)


def test_reversing_does_not_extend():
    """
    A reversed redemption of a voucher whose time is over leaves it expired.
    """
    till = Till(coffee(1, reward=Voucher(title="Free coffee", valid_for=DAY)))
    till.add()
    till.redeem()
    till.clock.wait(2 * DAY)

    till.reverse()

    assert [("Free coffee", "expired")] == statuses(till)
    with pytest.raises(VoucherIsExpired):
        till.redeem()
    assert ["VoucherExpired"] == kinds(till.expire())


def test_reversed_in_time():
    """
    A reversed redemption makes the voucher good again, once.
    """
    till = Till(coffee(1))
    till.add()
    till.redeem()
    till.reverse()

    with pytest.raises(VoucherNotRedeemed, match="has not been redeemed"):
        till.reverse()
    till.redeem()

    assert [("Free coffee", "redeemed")] == statuses(till)


def test_used_before_it_was_given():
    """
    A till whose clock is behind cannot use a voucher before it was issued.
    """
    till = Till(coffee(1))
    till.add()
    till.clock.wait(-MICROSECOND)

    with pytest.raises(InvalidInput, match="occurred_at: must not be before the voucher was issued"):
        till.redeem()


@pytest.mark.parametrize("wish", [Till.play, Till.take_back, Till.redeem])
def test_reward_used_before_it_was_given(wish: Callable[[Till], object]):
    """
    A reward is neither played, taken back nor used at a time before it was given.
    """
    till = Till(coffee(1, reward=LUCK if wish is Till.play else COFFEE))
    till.add()
    till.clock.wait(-HOUR)

    with pytest.raises(InvalidInput, match=r"occurred_at: must not be before the \w+ was (granted|issued)"):
        wish(till)


def test_reversed_before_it_was_used():
    """
    A redemption is not taken back at a time before it happened.
    """
    till = Till(coffee(1))
    till.add()
    till.clock.wait(2 * HOUR)
    till.redeem()
    till.clock.wait(-HOUR)

    with pytest.raises(InvalidInput, match="must not be before the voucher was redeemed"):
        till.reverse()


def test_void_reported_late():
    """
    A void that a till reports late takes a reward back with its stamps, though by its clock that was not yet given.
    """
    till = Till(coffee(2))
    till.add()
    till.clock.wait(HOUR)
    till.add()
    till.clock.wait(-HOUR)

    till.void(0)

    assert ["voided"] == [status for _, status in statuses(till)]


def test_stamp_from_before_the_card_was_issued():
    """
    A stamp is not credited at a time before the card was given out, to the very instant.
    """
    till = Till(coffee())
    till.clock.wait(-MICROSECOND)

    with pytest.raises(CardNotYetIssued, match="the card was issued on 2024-02-27 at 11:30 UTC, after these stamps"):
        till.add()

    till.clock.wait(MICROSECOND)
    till.add()
    assert "1/8" == progress(till)


def test_voucher_that_is_over_before_it_is_given():
    """
    A voucher whose last day has passed is expired from the moment it is issued, not before.
    """
    till = Till(coffee(1, reward=Voucher(title="Summer coffee", valid_until=date(2023, 8, 31))))
    till.add()

    (expired,) = till.expire()

    assert at() == expired.at
    assert [("Summer coffee", "expired")] == statuses(till)


def test_batch_is_late():
    """
    The batch records each lapse at the instant it happened, whenever it runs.
    """
    till = Till(coffee(1, 2, reward=Voucher(title="Free coffee", valid_for=DAY)))
    till.add()
    till.clock.wait(HOUR)
    till.add()
    till.clock.wait(30 * DAY)

    assert [at(days=1), at(days=1, hours=1)] == [lapse.at for lapse in till.expire()]


# The card.


def test_card_expires():
    """
    A card takes no stamps from the instant its time is over; its vouchers stay good.
    """
    till = Till(coffee(1, card_valid_for=DAY))
    till.add()
    till.clock.at = at(days=1) - MICROSECOND
    till.add()

    till.clock.at = at(days=1)
    with pytest.raises(CardIsExpired, match="the card expired on 2024-02-28 11:30 UTC"):
        till.add()
    till.redeem()

    (lapsed,) = till.expire()
    assert isinstance(lapsed, events.CardExpired)
    assert at(days=1) == lapsed.at


def test_stamp_from_before_the_card_expired():
    """
    A stamp that an offline till reports after the card's end is good where it is from before, batch or not.
    """
    till = Till(coffee(card_valid_for=DAY))
    till.clock.wait(2 * DAY)
    till.expire()
    assert till.card.expired

    till.clock.at = at(hours=23)
    till.add()

    assert "1/8" == progress(till)


def test_birthday_on_expired_card():
    """
    An expired card celebrates no birthday.
    """
    till = Till(coffee(card_valid_for=DAY, birthday=BirthdayGift(reward=Award(title="Cheers"))))
    till.clock.wait(DAY)

    with pytest.raises(CardIsExpired):
        till.celebrate()


def test_held_card_released_by_time():
    """
    A held card is let go at the instant its reward expires, and what follows happens then, not when it is noticed.
    """
    quick = Voucher(title="Free coffee", valid_for=DAY)
    till = Till(coffee(2, reward=quick, after_last_goal=AfterLastGoal.HOLD))
    till.add(5)
    till.clock.at = at(days=2.5)

    story = till.add()

    assert ["VoucherExpired", "CycleStarted", "GoalReached", "VoucherIssued"] == kinds(story)[:4]
    assert [at(days=1), at(days=2)] == [lapse.at for lapse in told(story, events.VoucherExpired)]
    assert [("Free coffee", "expired"), ("Free coffee", "expired"), ("Free coffee", "active")] == statuses(till)
    assert (3, "2/2") == (till.card.standing.cycle, progress(till))
    assert utc(2024, 3, 1, 23, 30) == till.rewards[-1].expires_at


def test_control_lapsed_voucher_counts_as_active():
    """
    A status that is read without the time asked about would show an expired voucher as active.
    """
    till = Till(coffee(1, reward=Voucher(title="Free coffee", valid_for=DAY)))
    till.add()
    till.clock.wait(DAY)

    assert "active" == till.rewards[0].status
    assert "expired" == till.rewards[0].status_at(till.clock())
