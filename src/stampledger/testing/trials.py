"""Laws that have to be tried rather than read: two ways to the same card, and refusals held against their reasons.

`prove` tries a programme, or all of them, by all laws: without a database, a hundred histories in a second.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from stampledger import commands, refusals
from stampledger.aggregates import decide, decided
from stampledger.cards import StampCard
from stampledger.errors import Refused, StampledgerError
from stampledger.rewards import RewardStatus
from stampledger.testing.courses import histories, stories
from stampledger.testing.laws import Law, check
from stampledger.testing.life import standing_rewards
from stampledger.testing.telling import LawBroken, broken, history, sentence
from stampledger.testing.till import Kind, Outcome, Till, Wish
from stampledger.values import AfterLastGoal, CardTemplate, Limits, OverCap, Overflow


def prove(programme: CardTemplate | SearchStrategy[CardTemplate], *laws: Law, examples: int | None = None) -> None:
    """Work histories of a template, or of a strategy's, and hold each against all laws, and against laws of your own.

    Raises:
        LawBroken: A law does not hold. The message names it, and ends with the Journal of the smallest history that
            shows it.
    """
    drawn = programme if isinstance(programme, SearchStrategy) else st.just(programme)

    # To explain which lines a failure always runs takes longer than to find it.
    phases = tuple(phase for phase in settings().phases if phase is not Phase.explain)

    @settings(max_examples=settings().max_examples if examples is None else examples, phases=phases)
    @given(histories(drawn), drawn, stories(3), st.integers(1, 20))
    def proven(till: Till, other: CardTemplate, asked: list[Wish], count: int) -> None:
        till = till.fork()
        for wish in asked:
            before = till.fork()
            outcome = till.perform(wish)
            if outcome is not None:
                attempt(a_refusal_has_its_reason, before, outcome)
        check(till.life)
        if laws:
            check(till.life, *laws)
        for trial in (taking_back_at_once_leaves_no_trace, deciding_changes_nothing, what_is_over_is_told_once):
            attempt(trial, till)
        attempt(stamps_one_by_one, till, count)
        attempt(a_moved_card_keeps_the_laws, till, other, asked)

    proven()


def attempt(trial: Callable[..., None], till: Till, *arguments: object) -> None:
    """Try something with a till's fork.

    Raises:
        LawBroken: It does not hold.
    """
    fork = till.fork()
    try:
        trial(fork, *arguments)
    except LawBroken:
        raise
    except AssertionError as failure:
        raise broken(sentence(trial), failure, history(fork.history)) from None


def taking_back_at_once_leaves_no_trace(till: Till) -> None:
    """A credit that is voided at once leaves no trace: not in progress, rewards, money or limits."""
    till.perform(Wish(Kind.EXPIRE))
    without = till.fork()
    if till.template.goals and any(_is_award(goal.reward) for goal in till.template.goals):
        return  # What was only said cannot be taken back.
    if till.template.rewards_kept_on_void or till.template.stamps_valid_for is not None:
        return
    outcome = till.perform(Wish(Kind.REACH, 4))
    if outcome is None or outcome.refusal is not None or _over_at_once(till):
        return
    till.void()
    for field in ("standing", "goal_index", "remainder_minor", "stamps_total", "held_for"):
        expected, is_now = getattr(without.card, field), getattr(till.card, field)
        assert expected == is_now, f"{field} was {expected}, and is {is_now}"
    stands = [standing_rewards(one.history, one.rewards) for one in (without, till)]
    assert stands[0] == stands[1], "a reward came or went"


def _is_award(reward: object) -> bool:
    return type(reward).__name__ == "Award"


def _over_at_once(till: Till) -> bool:
    return any(reward.status_at(till.clock()) is RewardStatus.EXPIRED for reward in till.rewards)


def stamps_one_by_one(till: Till, count: int) -> None:
    """So many stamps at once are as many times one stamp, where no limit applies."""
    till.perform(Wish(Kind.EXPIRE))
    template = till.template
    if template.limits != Limits() or till.card.expired_at(till.clock()):
        return
    if template.after_last_goal is not AfterLastGoal.RESTART or template.overflow is Overflow.DROP:
        left = till.card.stamps_required - till.card.standing.progress
        count = min(count, left or till.card.stamps_required)
    together, apart = till.fork(), till.fork()
    assert type(_refusal(together, count)) is type(_refusal(apart, *[1] * count)), "one way is refused, the other not"
    for field in ("standing", "goal_index", "stamps_total"):
        one, other = getattr(together.card, field), getattr(apart.card, field)
        assert one == other, f"{count} at once: {field} {one}; one by one: {other}"
    given_ = [
        [(reward.title, reward.cycle, reward.goal_stamps, reward.status, reward.expires_at) for reward in way.rewards]
        for way in (together, apart)
    ]
    assert given_[0] == given_[1], "the rewards differ"


def _refusal(till: Till, *counts: int) -> Refused | None:
    try:
        for count in counts:
            till.add(count)
    except Refused as refusal:
        return refusal
    return None


def deciding_changes_nothing(till: Till) -> None:
    """Deciding twice answers the same twice, touches nothing, and comes with the card its events make."""
    command = till.asked
    if isinstance(command, commands.IssueCard):
        return
    before = repr(till.card)
    answers: list[tuple[str, StampCard | None]] = []
    for _ in range(2):
        try:
            told, after = decided(till.card, command)
        except StampledgerError as refusal:
            answers.append((str(refusal), None))
            continue
        assert decide(till.card, command) == told, "two decisions of one command differ"
        fork = till.fork()
        for event in told:
            fork.life.tell(event, till.template)
        assert fork.card == after, "the card that comes with a decision is not the one its events make"
        answers.append((repr(told), after))
    assert answers[0] == answers[1], "the same command was decided twice, and otherwise"
    assert before == repr(till.card), "deciding changed the card"


def what_is_over_is_told_once(till: Till) -> None:
    """Recording what has lapsed tells all that is over at that instant, and telling it again tells nothing."""
    now = till.next_edge()
    till.clock.at = till.clock() if now is None or now < till.clock() else now
    till.expire()
    card, at = till.card, till.clock()
    assert not [credit for credit in card.credits if credit.live and credit.expires_at and credit.expires_at <= at]
    for reward in till.rewards:
        over = reward.expires_at is not None and reward.expires_at <= at
        assert not (over and reward.status is RewardStatus.ACTIVE), f"{reward.title} is over, and not told so"
        assert reward.status is not RewardStatus.EXPIRED or reward.expires_at is not None
    assert card.expired or card.expires_at is None or at < card.expires_at, "the card is over, and not told so"
    assert till.expire() == (), "what is over was told twice"
    check(till.life)


def a_moved_card_keeps_the_laws(till: Till, other: CardTemplate, asked: list[Wish]) -> None:
    """A card moved to another template version goes on by the laws, and no further from its reward unless forced."""
    till.perform(Wish(Kind.EXPIRE))
    missing = _missing(till)
    asking, forced = till.fork(), till.fork()
    told = forced.move(other, force=True)
    further = _missing(forced) > missing and len(told) == 1
    try:
        asking.move(other)
    except refusals.FurtherFromReward:
        assert further, "it was refused, and is no further from its reward"
    else:
        assert not further, "the reward is further away, and nobody forced it"
    till.move(other, force=True)
    check(till.life)
    for wish in asked:
        till.perform(wish)
    check(till.life)


def _missing(till: Till) -> int:
    """Count the stamps to the next reward, those that wait beside the card among them."""
    progress, places = till.card.standing.progress, [goal.stamps for goal in till.template.goals]
    return next((place - progress for place in places if place > progress), places[0]) - till.card.standing.carried


def a_refusal_has_its_reason(till: Till, outcome: Outcome) -> None:
    """A refusal changes nothing, and names a reason that holds; what it says to try later may be granted then."""
    refusal, card, at = outcome.refusal, outcome.before, outcome.command.at
    if refusal is None or not isinstance(refusal, Refused):
        return
    assert str(refusal) and refusal.code not in ("error", "refused")
    template, counted = till.template, [credit for credit in card.credits if credit.limited]
    match refusal:
        case refusals.CardIsExpired():
            assert card.expires_at is not None and at >= card.expires_at, "the card's time is not over"
        case refusals.CardIsClosed():
            assert template.after_last_goal is AfterLastGoal.CLOSE and card.full, "the card is not complete"
        case refusals.CardIsHeld():
            assert card.held_for is not None, "the card waits for nothing"
        case refusals.CardNotYetIssued():
            assert at < card.issued_at
        case refusals.ScanLimitReached():
            assert template.limits.per_scan is not None and _wanted(outcome, template) > template.limits.per_scan
        case refusals.DailyLimitReached():
            same_day = [credit.count for credit in counted if _day(credit.at, till) == _day(at, till)]
            assert sum(same_day) + _wanted(outcome, template) > refusal.limit, "the day has room for it"
        case refusals.RollingLimitReached():
            near = [credit.count for credit in counted if abs(credit.at - at) < timedelta(hours=24)]
            assert sum(near) + _wanted(outcome, template) > refusal.limit, "24 hours have room for it"
        case refusals.IntervalNotOver():
            assert any(abs(credit.at - at) < refusal.interval for credit in counted), "nothing is so close"
        case refusals.VoucherIsRedeemed() | refusals.VoucherIsExpired() | refusals.VoucherIsVoided():
            _check_voucher(refusal, card, outcome.command)
        case refusals.VoucherNotRedeemed():
            assert isinstance(outcome.command, commands.ReverseRedemption)
            assert card.rewards[outcome.command.voucher_id].status is not RewardStatus.REDEEMED
    if refusal.retry_at is not None:
        assert refusal.retry_at > at, f"it says to try again at {refusal.retry_at}, and that is over"


def _day(at: datetime, till: Till) -> object:
    return at.astimezone(ZoneInfo(till.zone)).date()


def _wanted(outcome: Outcome, template: CardTemplate) -> int:
    """Answer how many stamps have to fit for a credit not to be refused."""
    command = outcome.command
    assert isinstance(command, commands.AddStamps)
    if template.limits.over_cap is OverCap.GRANT:
        return 1
    if command.amount_minor is None or template.per_amount is None:
        return command.count or 1
    rule = template.per_amount
    before = outcome.before.remainder_minor if rule.remainder is Overflow.CARRY else 0
    return (command.amount_minor + before) // rule.unit_minor


def _check_voucher(refusal: Refused, card: StampCard, command: object) -> None:
    reward_id = getattr(command, "voucher_id", None) or getattr(command, "lottery_id", None)
    assert reward_id is not None
    reward = card.rewards[reward_id]
    over = reward.expires_at is not None and getattr(command, "at", reward.issued_at) >= reward.expires_at
    expected = {
        RewardStatus.REDEEMED: refusals.VoucherIsRedeemed,
        RewardStatus.VOIDED: refusals.VoucherIsVoided,
    }.get(reward.status, refusals.VoucherIsExpired if over else None)
    assert expected is type(refusal), f"the voucher is {reward.status}"
