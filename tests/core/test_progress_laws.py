"""
The laws of progress, goals and the rewards they give, whatever is asked of a card.
"""

from hypothesis import event, given
from hypothesis import strategies as st

from stampledger import events
from stampledger.errors import Refused
from stampledger.rewards import IssuedReward
from stampledger.testing import Kind, Moment, Till, Wish, check, laws, templates, wishes
from stampledger.testing.life import goals_reached, laid_out, told
from stampledger.testing.prizes import REWARD_LAWS
from stampledger.values import AfterLastGoal, Award, BirthdayGift, CardTemplate, Limits, Overflow
from tests.core.shop import COFFEE, coffee, goals_of, sentence

carrying = templates(
    after_last_goal=AfterLastGoal.RESTART, overflow=Overflow.CARRY, stamps_valid_for=None, card_valid_for=None
)
unlimited = {"limits": Limits(), "card_valid_for": None}


@given(carrying, wishes())
def test_stamps_total(template: CardTemplate, asked: list[Wish]):
    """
    Under restart and carry, the stamps that stand are the completed cycles' and the progress: none lost, none made.
    """
    till = Till(template)
    for wish in asked:
        till.perform(wish)
        event(f"cycles: {min(till.card.standing.cycle, 4)}")
        check(till.life, laws.no_stamp_is_lost_or_made)


@given(
    templates(**unlimited, per_amount=None, stamps_valid_for=None, goals=goals_of(COFFEE)),
    wishes(Kind.ADD, Kind.REACH, Kind.REACH, Kind.REDEEM, moments=(Moment.STILL,)),
)
def test_every_policy_stamp_by_stamp(template: CardTemplate, asked: list[Wish]):
    """
    Whatever a full card does next, by whichever policy, is what laying down stamp after stamp by hand comes to.
    """
    till = Till(template)
    for wish in asked:
        outcome = till.perform(wish)
        for credit in [] if outcome is None else told(outcome.events, events.StampAdded):
            beyond = credit.dropped or credit.carried
            event(f"{template.after_last_goal} {template.overflow}: {'beyond' if beyond else 'within'}")

    check(till.life, laws.stamps_lie_one_after_another)


@given(templates(), wishes(size_max=30))
def test_one_reward_a_goal(template: CardTemplate, asked: list[Wish]):
    """
    Each goal of each cycle that is reached has exactly one reward, through voids, lapses and reaching it again; one
    that is no longer reached has none, unless an entry says that its reward was kept.
    """
    till = Till(template)
    for wish in asked:
        till.perform(wish)
        check(till.life, laws.progress_stays_on_the_card, laws.each_goal_gives_once)

    if any(void.goals_undone for void in told(till.history, events.StampVoided)):
        event("a goal undone")


@given(templates(), wishes())
def test_goal_and_reward_together(template: CardTemplate, asked: list[Wish]):
    """
    A goal's entry is followed at once by its one reward, or says that there is none; no other reward is a goal's.
    """
    till = Till(template)
    for wish in asked:
        till.perform(wish)

    check(till.life, *REWARD_LAWS)


@given(templates(**unlimited), wishes(size_min=0, size_max=12), st.integers(1, 20))
def test_stamps_one_by_one(template: CardTemplate, asked: list[Wish], count: int):
    """
    n stamps at once are n times one stamp, where no limit applies, also over several goals and cycles.

    A card that holds or closes, or drops what is beyond its last goal, says no to single stamps there; up to there the
    law holds for it too.
    """
    till = Till(template)
    for wish in asked:
        till.perform(wish)
    till.perform(Wish(Kind.EXPIRE))
    if template.after_last_goal is not AfterLastGoal.RESTART or template.overflow is Overflow.DROP:
        left = till.card.stamps_required - till.card.standing.progress
        count = min(count, left or till.card.stamps_required)
    together, apart = till.fork(), till.fork()

    refusals = {sentence(refusal_of(together, count)), sentence(refusal_of(apart, *[1] * count))}

    event(min(refusals))
    assert 1 == len(refusals)

    event(f"goals crossed: {min(len(told(together.history[len(till.history) :], events.GoalReached)), 4)}")
    for one, other in ((together, apart), (later(together), later(apart))):
        assert one.card.standing == other.card.standing
        assert one.card.goal_index == other.card.goal_index
        assert one.card.stamps_total == other.card.stamps_total
        assert [given_by(reward) for reward in one.rewards] == [given_by(reward) for reward in other.rewards]


def refusal_of(till: Till, *counts: int) -> Refused | None:
    try:
        for count in counts:
            till.add(count)
    except Refused as refusal:
        return refusal
    return None


def later(till: Till) -> Till:
    """The same card when something of it has lapsed."""
    till.perform(Wish(Kind.EXPIRE, moment=Moment.EDGE))
    return till


def given_by(reward: IssuedReward) -> tuple[object, ...]:
    return reward.title, reward.cycle, reward.goal_stamps, reward.status, reward.expires_at


@given(
    templates(**{**unlimited, "after_last_goal": AfterLastGoal.RESTART, "overflow": Overflow.CARRY}),
    st.lists(st.integers(0, 21), min_size=1, max_size=8),
)
def test_amounts_one_by_one(template: CardTemplate, sevenths: list[int]):
    """
    Where the remainder carries, several amounts earn what their sum earns; where it drops, each earns by itself.
    """
    rule = template.per_amount
    unit = 7 if rule is None else int(rule.amount * 10**rule.decimals)
    amounts = [number * unit // 7 for number in sevenths]
    till = Till(template)

    for amount in amounts:
        till.add(amount_minor=amount)

    if rule is None:
        expected, remainder = len(amounts), 0
    else:
        if rule.remainder is Overflow.CARRY:
            expected, remainder = sum(amounts) // unit, sum(amounts) % unit
        else:
            expected, remainder = sum(amount // unit for amount in amounts), 0
    event("remainder" if remainder else "no remainder")
    assert (expected, remainder) == (till.card.stamps_total, till.card.remainder_minor)


@given(wishes(Kind.ADD, Kind.REACH, Kind.CELEBRATE, Kind.VOID, Kind.REDEEM), st.sampled_from(AfterLastGoal))
def test_bonus_counts_as_any_stamp(asked: list[Wish], after: AfterLastGoal):
    """
    A birthday's stamps move the card as others do, and none is made where the card takes no stamps.
    """
    gift = BirthdayGift(reward=Award(title="Cheers"), stamps=5)
    template = coffee(3, 7, after_last_goal=after, birthday=gift)
    till = Till(template)

    for wish in asked:
        outcome = till.perform(wish)
        if wish.kind is Kind.CELEBRATE and outcome is not None:
            before = outcome.before
            stuck = before.held_for is not None or (before.full and after is AfterLastGoal.CLOSE)
            credits = told(outcome.events, events.StampAdded)
            event("stuck" if stuck else "bonus")
            assert stuck == (credits == [])
            assert all(credit.bonus and not credit.limited for credit in credits)

    standing = till.card.standing
    assert till.card.stamps_total == (standing.cycle - 1) * 7 + standing.progress + standing.carried


def test_control_lost_overflow():
    """
    The model these laws are held against tells a lost overflow from a carried one.
    """
    assert (2, 2) == laid_out(10, 8)
    assert (1, 8) == laid_out(8, 8)
    assert [(1, 3), (1, 6), (2, 3)] == goals_reached(9, (3, 6))
