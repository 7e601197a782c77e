"""
The laws of taking stamps back: as if they had never been added, with what followed from them.
"""

from collections import Counter

from hypothesis import event, given
from hypothesis import strategies as st

from stampledger import events
from stampledger.refusals import RewardIsRedeemed
from stampledger.rewards import RewardStatus
from stampledger.testing import Kind, Moment, Till, Wish, check, laws, lotteries, per_amounts, prizes, templates, wishes
from stampledger.testing.life import goals_reached, laid_out, told
from stampledger.values import AfterLastGoal, CardTemplate, Goal, Limits, OnVoid, Overflow, PerAmount
from tests.core.shop import COFFEE, LUCK, goals_of, sentence, standing_goal_rewards

# A programme in which a void can take everything back: no award, nothing that lapses, nothing that stops the card.
undoing = {
    "goals": goals_of(COFFEE) | goals_of(LUCK),
    "rewards_kept_on_void": False,
    "stamps_valid_for": None,
    "card_valid_for": None,
}
flowing = {**undoing, "after_last_goal": AfterLastGoal.RESTART, "overflow": Overflow.CARRY, "limits": Limits()}
quiet = (Moment.STILL, Moment.HOUR, Moment.DAY, Moment.BACK)


@given(templates(**flowing), wishes(Kind.ADD, Kind.REACH, Kind.PAY, Kind.VOID, Kind.VOID, size_max=30, moments=quiet))
def test_void_any_credit(template: CardTemplate, asked: list[Wish]):
    """
    After any adds and voids the card stands where the credits that still stand would have led it by themselves.
    """
    till = Till(template)
    places = [goal.stamps for goal in template.goals]
    for wish in asked:
        till.perform(wish)

        stamps, remainder = worth(till, template.per_amount)
        assert laid_out(stamps, places[-1]) == (till.card.standing.cycle, till.card.standing.progress)
        assert (stamps, remainder) == (till.card.stamps_total, till.card.remainder_minor)
        assert Counter(goals_reached(stamps, places)) == standing_goal_rewards(till)
    event(f"voids: {min(len(told(till.history, events.StampVoided)), 4)}")
    event(f"goals undone: {min(sum(len(void.goals_undone) for void in told(till.history, events.StampVoided)), 4)}")


def worth(till: Till, rule: PerAmount | None) -> tuple[int, int]:
    """Stamps and remainder of the credits that stand, worked out from what was asked for."""
    amounts = [credit.event.amount_minor for credit in till.credits if credit.event.amount_minor is not None]
    stamps = sum(credit.event.count for credit in till.credits if credit.event.amount_minor is None)
    if rule is None:
        return stamps + len(amounts), 0
    unit = int(rule.amount * 10**rule.decimals)
    if rule.remainder is Overflow.DROP:
        return stamps + sum(amount // unit for amount in amounts), 0
    return stamps + sum(amounts) // unit, sum(amounts) % unit


@given(
    templates(**flowing),
    wishes(Kind.ADD, Kind.PAY, Kind.VOID, size_min=0, size_max=6, moments=quiet),
    st.integers(1, 20),
    wishes(Kind.ADD, Kind.PAY, size_min=1, size_max=6, moments=quiet),
)
def test_add_then_void(template: CardTemplate, first: list[Wish], count: int, then: list[Wish]):
    """
    Adding and voiding is as if neither had happened, on every later state, whatever was added between them.
    """
    till = Till(template)
    for wish in first:
        till.perform(wish)
    without = till.fork()

    till.add(count)
    added = till.credits[-1]
    for wish in then:
        till.perform(wish)
        without.perform(wish)
    till.void(till.credits.index(added))
    undone = told(till.history, events.StampVoided)[-1].goals_undone

    event(f"goals undone: {min(len(undone), 4)}")
    event("cycle left" if added.event.cycle != till.card.standing.cycle else "cycle kept")
    assert_alike(without, till)


def assert_alike(expected: Till, till: Till) -> None:
    assert expected.card.standing == till.card.standing
    assert expected.card.goal_index == till.card.goal_index
    assert expected.card.remainder_minor == till.card.remainder_minor
    assert expected.card.stamps_total == till.card.stamps_total
    assert expected.card.held_for is None or till.card.held_for is not None
    assert standing_goal_rewards(expected) == standing_goal_rewards(till)


ANY = st.sampled_from((AfterLastGoal.HOLD, AfterLastGoal.HOLD, *AfterLastGoal))


@given(
    templates(**undoing, after_last_goal=ANY),
    wishes(Kind.ADD, Kind.REACH, Kind.PAY, moments=quiet, size_min=1, size_max=8),
    st.integers(1, 20),
    st.booleans(),
)
def test_void_at_once(template: CardTemplate, asked: list[Wish], number: int, pays: bool):
    """
    A credit that is voided at once leaves no trace under any policy: not in progress, rewards, money or limits.
    """
    till = Till(template)
    for wish in asked:
        till.perform(wish)
    without = till.fork()
    outcome = till.perform(Wish(Kind.PAY if pays else Kind.ADD, number))
    if outcome is None or outcome.refusal is not None:
        event("refused")
        return

    till.void()

    added = told(outcome.events, events.StampAdded)[0]
    event("withheld" if added.withheld else "dropped" if added.dropped else "carried" if added.carried else "all")
    assert_alike(without, till)
    assert (without.card.held_for is None) == (till.card.held_for is None)
    for wish in (Wish(Kind.PAY, 12), Wish(Kind.ADD, 3, Moment.HOUR), Wish(Kind.ADD, 1, Moment.MIDNIGHT)):
        expected, answer = without.perform(wish), till.perform(wish)
        assert expected is not None and answer is not None
        assert sentence(expected.refusal) == sentence(answer.refusal)
        assert_alike(without, till)


@given(templates(stamps_valid_for=None), wishes(size_max=30))
def test_void_accounts_for_every_reward(template: CardTemplate, asked: list[Wish]):
    """
    Every reward of a goal that is undone is taken back in the same scan, or named with the reason why it stays.
    """
    till = Till(template)
    for wish in asked:
        till.perform(wish)
    for void in told(till.history, events.StampVoided):
        event(f"kept: {void.rewards_kept[0].reason if void.rewards_kept else ''}")

    check(till.life, prizes.a_void_accounts_for_rewards, laws.stamps_are_lifted_from_the_top)


@given(
    templates(**{**flowing, "redeemed_on_void": OnVoid.REFUSE, "goals": goals_of(COFFEE)}),
    wishes(Kind.REACH, Kind.ADD, Kind.REDEEM, Kind.VOID, moments=(Moment.STILL,)),
)
def test_void_of_redeemed_refused(template: CardTemplate, asked: list[Wish]):
    """
    Where the template says so, stamps whose voucher was used cannot be voided, and every other void is granted.
    """
    till = Till(template)
    places = [goal.stamps for goal in template.goals]
    for wish in asked:
        before = till.fork()
        outcome = till.perform(wish)
        if outcome is None or wish.kind is not Kind.VOID:
            continue
        voided = next((credit for credit in before.credits if credit not in till.credits), None)
        event("void granted" if voided else "void refused")
        used = {
            (reward.cycle, reward.goal_stamps) for reward in before.rewards if reward.status is RewardStatus.REDEEMED
        }
        standing = set(goals_reached(till.card.stamps_total, places))
        if voided is None:
            assert isinstance(outcome.refusal, RewardIsRedeemed)
            assert till.card == before.card
        else:
            assert used <= standing


@given(
    st.lists(st.integers(1, 5), min_size=1, max_size=8),
    st.lists(st.integers(0, 7), max_size=4, unique=True),
    per_amounts(),
)
def test_order_of_voids(counts: list[int], picked: list[int], rule: PerAmount):
    """
    It does not matter in which order credits are voided.
    """
    template = CardTemplate(name="Free Coffee", per_amount=rule, goals=(Goal(stamps=4, reward=COFFEE),))
    unit = rule.unit_minor
    tills = []
    for order in (sorted(picked), sorted(picked, reverse=True)):
        till = Till(template)
        for count in counts:
            till.add(amount_minor=count * unit * 3 // 5)
        credits = list(till.credits)
        for index in order:
            if index < len(credits):
                till.void(till.credits.index(credits[index]))
        tills.append(till)

    one, other = tills
    assert (one.card.standing.cycle, one.card.standing.progress) == (
        other.card.standing.cycle,
        other.card.standing.progress,
    )
    assert one.card.remainder_minor == other.card.remainder_minor
    assert standing_goal_rewards(one) == standing_goal_rewards(other)


@given(templates(goals=goals_of(COFFEE) | lotteries().flatmap(goals_of)), wishes(Kind.REACH, Kind.VOID, Kind.REDEEM))
def test_void_refused_or_told(template: CardTemplate, asked: list[Wish]):
    """
    A void takes back no more than its credit gave, says what is missing, and never leaves less than nothing.
    """
    till = Till(template)
    for wish in asked:
        till.perform(wish)

    check(till.life, laws.a_void_is_once, laws.amounts_are_worth_their_stamps)
