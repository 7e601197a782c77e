"""
A card moved to another version of its template: no reward is lost or given twice, and no goal silently moves away.
"""

from collections import Counter
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from stampledger import events
from stampledger.refusals import CardIsClosed, CardIsHeld, FurtherFromReward
from stampledger.rewards import IssuedReward, RewardStatus
from stampledger.testing import Kind, Till, Wish, templates, wishes
from stampledger.testing.life import told
from stampledger.values import AfterLastGoal, Award, CardTemplate, Goal, Limits, Overflow, PerAmount, Voucher
from tests.core.shop import COFFEE, coffee, goals_of, kinds, progress, standing_goal_rewards, statuses

CAKE = Voucher(title="Free cake")
versions = templates(goals=goals_of(COFFEE) | goals_of(CAKE), limits=Limits(), card_valid_for=None)
asking = wishes(Kind.ADD, Kind.ADD, Kind.REACH, Kind.VOID, Kind.VOID, Kind.REDEEM, size_min=2, size_max=8)
Course = list[tuple[CardTemplate, bool, list[Wish]]]
courses = st.lists(st.tuples(versions, st.booleans(), asking), min_size=1, max_size=3)


def moved(till: Till, template: CardTemplate, force: bool) -> tuple[events.Event, ...] | FurtherFromReward:
    try:
        return till.move(template, force=force)
    except FurtherFromReward as refusal:
        return refusal


def missing(till: Till) -> int:
    """How many stamps the next reward still takes, counted by hand."""
    places, now = [goal.stamps for goal in till.template.goals], till.card.standing.progress
    return min((place - now for place in places if place > now), default=places[0]) - till.card.standing.carried


@given(versions, asking, courses)
def test_move_keeps_rewards(template: CardTemplate, asked: list[Wish], course: Course):
    """
    Moving a card to another version never takes a reward away.
    """
    till = Till(template)
    for version, force, then in [(template, False, asked), *course]:
        till.expire()
        before: list[IssuedReward] = till.rewards
        moved(till, version, force)
        event(f"rewards: {min(len(before), 3)}")
        assert before == till.rewards[: len(before)]
        for wish in then:
            till.perform(wish)


@given(versions, asking, courses)
def test_move_not_further(template: CardTemplate, asked: list[Wish], course: Course):
    """
    A move without force never makes the next reward further, unless the move itself gives one; a forced one is noted.
    """
    till = Till(template)
    for version, force, then in [(template, False, asked), *course]:
        till.expire()
        before, card = missing(till), till.card
        story = moved(till, version, force)
        if isinstance(story, FurtherFromReward):
            event("refused")
            assert not force
            assert card == till.card
            assert (before, True) == (story.missing_before, story.missing_after > before)
        else:
            nearer = missing(till) <= before or [] != told(story, events.Granted)
            event("nearer" if nearer else "forced further")
            assert nearer or force
            assert [force] == [change.forced for change in told(story, events.TemplateChanged)]
        for wish in then:
            till.perform(wish)


@given(versions, asking, courses)
def test_no_goal_rewarded_twice(template: CardTemplate, asked: list[Wish], course: Course):
    """
    However a card moves between versions, back and forth, with voids between: the same number of stamps of one cycle
    never has two rewards that stand, and progress stays within the goal.
    """
    till = Till(template)
    for version, force, then in [(template, False, asked), *course]:
        moved(till, version, force)
        for wish in then:
            till.perform(wish)
        standing, size = till.card.standing, till.template.goals[-1].stamps
        assert 0 <= standing.progress <= size == till.card.stamps_required
        assert standing.carried == 0 or till.card.held_for is not None
        doubled = {crossing for crossing, count in standing_goal_rewards(till).items() if count > 1}
        assert set() == doubled
    event(f"moves: {len(told(till.history, events.TemplateChanged))}")
    event(
        "undone after a move" if any(void.goals_undone for void in told(after_move(till), events.StampVoided)) else "no"
    )


def after_move(till: Till) -> list[events.Event]:
    changes = [index for index, told in enumerate(till.history) if isinstance(told, events.TemplateChanged)]
    return till.history[changes[0] :] if changes else []


@given(versions, asking, versions)
def test_move_keeps_stamps(template: CardTemplate, asked: list[Wish], version: CardTemplate):
    """
    A move takes no stamp away, but for those that the new version's policy drops beyond its last goal, and says so.
    """
    till = Till(template)
    for wish in asked:
        till.perform(wish)
    till.expire()
    before = till.card
    till.move(version, force=True)

    (change,) = told(till.history, events.TemplateChanged)
    size = version.goals[-1].stamps
    complete = before.full and version.after_last_goal is AfterLastGoal.RESTART
    brought = before.standing.carried + (0 if complete else before.standing.progress)
    kept = (
        (till.card.standing.cycle - 1 - change.base) * size + till.card.standing.progress + till.card.standing.carried
    )
    event("dropped" if change.dropped else "kept")
    assert brought == kept + change.dropped
    assert change.dropped == 0 or version.overflow is Overflow.DROP or version.after_last_goal is AfterLastGoal.CLOSE
    assert before.stamps_total - change.dropped == till.card.stamps_total


# By example.


def test_goal_moved_away():
    """
    4/5 does not silently become 4/10.
    """
    till = Till(coffee(5))
    till.add(4)

    with pytest.raises(FurtherFromReward, match="1 stamps are missing now and 6 would be missing then"):
        till.move(coffee(10))

    assert ("4/5", 1) == (progress(till), till.card.template_version)
    (change,) = till.move(coffee(10), force=True)
    assert isinstance(change, events.TemplateChanged)
    assert (4, 5, 4, 10, True) == (
        change.progress_before,
        change.stamps_required_before,
        change.progress,
        change.stamps_required,
        change.forced,
    )
    assert ("4/10", 2) == (progress(till), till.card.template_version)


def test_goal_moved_nearer():
    """
    A goal that the progress has passed already is reached by the move.
    """
    till = Till(coffee(10))
    till.add(4)

    story = till.move(coffee(3, 10))

    assert ["TemplateChanged", "GoalReached", "VoucherIssued"] == kinds(story)
    assert "4/10" == progress(till)


def test_smaller_card():
    """
    Seven stamps of ten fill a card of five, and two begin the next one.
    """
    till = Till(coffee(10))
    till.add(7)

    till.move(coffee(5))

    assert (2, "2/5") == (till.card.standing.cycle, progress(till))
    assert [("Free coffee", "active")] == statuses(till)


def test_same_goal_not_rewarded_again():
    """
    A goal of the same number of stamps that was rewarded in this cycle is not rewarded by the move.
    """
    till = Till(coffee(3, 8))
    till.add(4)

    story = till.move(coffee(3, 6))

    assert ["TemplateChanged"] == kinds(story)


def test_there_and_back():
    """
    A version without the goal, and back again, gives no second reward.
    """
    till = Till(coffee(3, 8))
    till.add(4)
    till.move(coffee(8))

    story = till.move(coffee(3, 8))

    assert [] == told(story, events.VoucherIssued)
    assert 1 == len(till.rewards)


def test_void_after_move_finds_its_reward():
    """
    A void after a move takes back the reward of the goal that is undone, though its place in the list has changed.
    """
    till = Till(coffee(3, 8))
    till.add(4)
    till.move(CardTemplate(name="Free Coffee", goals=(Goal(stamps=2, reward=CAKE), *coffee(3, 8).goals)))
    assert [("Free coffee", "active"), ("Free cake", "active")] == statuses(till)
    till.add(1)
    till.void()

    till.void()

    assert [("Free coffee", "voided"), ("Free cake", "voided")] == statuses(till)
    till.add(2)
    assert [("Free cake", "active")] == statuses(till)[2:]
    till.add(1)
    assert [("Free coffee", "active")] == statuses(till)[3:]


def test_void_after_move_of_a_goal_that_is_gone():
    """
    Stamps that are voided after a move take their reward with them, though the new version has no such goal.
    """
    till = Till(coffee(3, 8))
    till.add(3)
    till.move(coffee(8))

    till.void()

    assert [("Free coffee", "voided")] == statuses(till)
    till.move(coffee(3, 8))
    till.add(3)
    assert [("Free coffee", "voided"), ("Free coffee", "active")] == statuses(till)


def test_redeemed_reward_stays_given_after_move():
    """
    A redeemed reward is not given again because its goal has another place in the new version's list.
    """
    till = Till(coffee(3, 8))
    till.add(3)
    till.redeem()
    till.void()
    till.move(coffee(2, 3, 8))

    till.add(3)

    assert [True, False] == [goal.rewarded for goal in told(till.history[-4:], events.GoalReached)]
    assert [("Free coffee", "redeemed"), ("Free coffee", "active")] == statuses(till)


def test_full_card_begins_next_cycle():
    """
    A full card begins its next cycle under a version that restarts, also one that was held, with the stamps that had
    waited.
    """
    till = Till(coffee(3, after_last_goal=AfterLastGoal.HOLD))
    till.add(5)
    with pytest.raises(CardIsHeld):
        till.add()

    till.move(coffee(3))

    assert (2, "2/3", 0) == (till.card.standing.cycle, progress(till), till.card.standing.carried)
    assert [("Free coffee", "active")] == statuses(till)
    till.add()
    assert 2 == len(till.rewards)


def test_waiting_stamps_count_as_nearness():
    """
    Stamps that wait beside a held card are part of how near its next reward is.
    """
    till = Till(coffee(3, after_last_goal=AfterLastGoal.HOLD))
    till.add(5)

    with pytest.raises(FurtherFromReward) as refused:
        till.move(coffee(5))

    assert (1, 3) == (refused.value.missing_before, refused.value.missing_after)


def test_held_by_the_move():
    """
    A card that a move fills holds for the reward it gets, and for no other.
    """
    till = Till(coffee(10))
    till.add(7)
    till.move(coffee(3, 5, after_last_goal=AfterLastGoal.HOLD))

    assert ("5/5", 2) == (progress(till), till.card.standing.carried)
    assert till.rewards[-1].id == till.card.held_for
    till.redeem(0)
    assert till.card.held_for is not None
    till.redeem(1)
    assert (2, "2/5") == (till.card.standing.cycle, progress(till))


@pytest.mark.parametrize("overflow", Overflow)
def test_filled_by_the_move_without_reward(overflow: Overflow):
    """
    A card that a move fills, where that goal had been rewarded already, waits for nothing.
    """
    till = Till(coffee(5, 10))
    till.add(7)
    till.move(coffee(3, 5, after_last_goal=AfterLastGoal.HOLD, overflow=overflow))

    assert None is till.card.held_for
    assert [("Free coffee", "active")] * 2 == statuses(till)
    assert (5 if overflow is Overflow.DROP else 7) == till.card.stamps_total
    till.add()
    assert 0 == till.card.standing.carried


def test_closed_card_moved():
    """
    A complete card stays complete under a version that only says something else, and its reward is not given twice.
    """
    till = Till(coffee(8, after_last_goal=AfterLastGoal.CLOSE))
    till.add(8)

    story = till.move(coffee(8, after_last_goal=AfterLastGoal.CLOSE, description="Now with oat milk"))

    assert ["TemplateChanged"] == kinds(story)
    assert (1, "8/8") == (till.card.standing.cycle, progress(till))
    with pytest.raises(CardIsClosed, match="complete and takes no more stamps"):
        till.add(8)
    assert [("Free coffee", "active")] == statuses(till)


def test_closed_card_on_a_longer_version():
    """
    A complete card that is moved to a longer version goes on where it stood.
    """
    till = Till(coffee(8, after_last_goal=AfterLastGoal.CLOSE))
    till.add(8)

    till.move(coffee(8, 10, after_last_goal=AfterLastGoal.CLOSE))
    till.add(2)

    assert "10/10" == progress(till)
    assert [("Free coffee", "active")] * 2 == statuses(till)


def test_closed_card_reopened_by_a_version_that_restarts():
    """
    A complete card begins anew where the new version has cards do so.
    """
    till = Till(coffee(2, after_last_goal=AfterLastGoal.CLOSE))
    till.add(2)

    till.move(coffee(2))
    till.add(1)

    assert (2, "1/2") == (till.card.standing.cycle, progress(till))


def test_held_card_moved():
    """
    A held card waits on under a version that holds too, with the stamps beside it, until its reward is used.
    """
    till = Till(coffee(8, after_last_goal=AfterLastGoal.HOLD))
    till.add(10)
    waits = till.card.held_for

    story = till.move(coffee(8, after_last_goal=AfterLastGoal.HOLD, description="Now with oat milk"))

    assert ["TemplateChanged"] == kinds(story)
    assert (waits, "8/8", 2) == (till.card.held_for, progress(till), till.card.standing.carried)
    with pytest.raises(CardIsHeld):
        till.add(8)
    till.redeem()
    assert (2, "2/8") == (till.card.standing.cycle, progress(till))
    assert [("Free coffee", "redeemed")] == statuses(till)


def test_held_card_with_a_new_goal_below():
    """
    A goal below that a held card passes by the move gives its reward, and is not what the card waits for.
    """
    till = Till(coffee(8, after_last_goal=AfterLastGoal.HOLD))
    till.add(8)
    waits = till.card.held_for

    till.move(
        CardTemplate(
            name="Free Coffee",
            goals=(Goal(stamps=2, reward=CAKE), *coffee(8).goals),
            after_last_goal=AfterLastGoal.HOLD,
        )
    )

    assert [("Free coffee", "active"), ("Free cake", "active")] == statuses(till)
    assert waits == till.card.held_for
    till.redeem(0)
    assert [None] == [till.card.held_for]


def test_void_after_move_of_a_held_card():
    """
    A held card whose stamps are voided after a move loses the reward it waited for, and waits no longer.
    """
    till = Till(coffee(8, after_last_goal=AfterLastGoal.HOLD))
    till.add(7)
    till.add(1)
    till.move(coffee(8, after_last_goal=AfterLastGoal.HOLD, description="Now with oat milk"))

    till.void()

    assert (None, "7/8") == (till.card.held_for, progress(till))
    assert [("Free coffee", "voided")] == statuses(till)


@pytest.mark.parametrize(("valid_for", "left"), [(timedelta(days=30), "1/8"), (None, "3/8")])
def test_lapse_after_move(valid_for: timedelta | None, left: str):
    """
    Stamps that may lapse keep their times through a move; under a version whose stamps stay for ever they stay too.
    """
    till = Till(coffee(8, stamps_valid_for=timedelta(days=10)))
    till.add(2)
    till.move(coffee(8, stamps_valid_for=valid_for))
    till.clock.wait(timedelta(days=1))
    till.add(1)

    till.clock.wait(timedelta(days=9))
    till.expire()

    assert left == progress(till)


def test_void_of_money_after_move():
    """
    After a move to another price of a stamp a void takes back the stamps that were given, and no money.
    """
    ten, five = PerAmount(amount=Decimal(10)), PerAmount(amount=Decimal(5))
    till = Till(coffee(8, per_amount=ten))
    till.add(amount_minor=1000)
    till.add(amount_minor=2300)
    till.move(coffee(8, per_amount=five))

    (void,) = told(till.void(), events.StampVoided)

    assert (2, 0, 1, 300) == (void.count, void.missing, void.progress, void.remainder_minor)


def test_lapsed_reward_kept_through_moves():
    """
    A reward that a lapse left, and whose goal was reached again without another, stays when a version with the same
    goal follows and the stamps are voided.
    """
    till = Till(coffee(3, 8, stamps_valid_for=timedelta(days=10)))
    till.add(3)
    till.clock.wait(timedelta(days=11))
    till.add(3)
    till.move(coffee(3, 8))

    till.void()
    till.add(3)

    assert [("Free coffee", "active")] == statuses(till)


def test_void_never_behind_the_move_of_a_full_card():
    """
    Stamps of a cycle that was completed under an earlier version stay; the void says that they are missing.
    """
    till = Till(coffee(3))
    till.add(3)
    till.move(coffee(2))
    till.add(1)

    (void, *_) = told(till.void(0), events.StampVoided)

    assert (1, 2) == (void.count, void.missing)
    assert [("Free coffee", "active")] == statuses(till)


def test_remainder_follows_the_rule():
    """
    Money below a stamp goes along where the new version earns by amount and carries; else there is none.
    """
    ten = PerAmount(amount=Decimal(10))
    for version, remainder in ((coffee(8, per_amount=ten), 500), (coffee(8), 0)):
        till = Till(coffee(8, per_amount=ten))
        till.add(amount_minor=500)
        till.move(version)
        assert remainder == till.card.remainder_minor


def test_validity_of_the_new_version():
    """
    The new version's validity counts from the day the card was issued, and may bring an expired card back.
    """
    till = Till(coffee(card_valid_for=timedelta(days=1)))
    till.clock.wait(timedelta(days=2))
    till.expire()
    assert till.card.expired

    till.move(coffee(card_valid_for=timedelta(days=30)))
    till.add()

    assert (False, "1/8") == (till.card.expired, progress(till))


def test_award_reached_by_the_move():
    """
    An award of the new version that is passed already is said by the move.
    """
    till = Till(coffee(8))
    till.add(2)
    thanks = Goal(stamps=1, reward=Award(title="Thanks"))

    till.move(CardTemplate(name="Free Coffee", goals=(thanks, *coffee(8).goals)))

    assert [("Thanks", RewardStatus.GRANTED)] == statuses(till)
    assert Counter({(1, 1): 1}) == standing_goal_rewards(till)
