"""The laws of rewards, read from a card's life: when they are given, used, drawn, taken back and over."""

from collections.abc import Callable
from fractions import Fraction
from uuid import UUID

from stampledger import events
from stampledger.events import RewardSource
from stampledger.rewards import RewardKind, RewardStatus, reward_id
from stampledger.rules import DRAW_TOTAL
from stampledger.testing.life import Life, last_moment
from stampledger.values import AfterLastGoal, Lottery, OnVoid, Voucher


def a_goal_and_its_reward_come_together(life: Life) -> None:
    """A goal's entry is followed at once by its one reward, as the template has it, or says that there is none."""
    for place, (before, after) in enumerate(zip(life.history, [*life.history[1:], None], strict=True)):
        gives = isinstance(before, events.GoalReached) and before.rewarded
        given = isinstance(after, events.Granted) and after.source is RewardSource.GOAL
        if after is None and gives:
            continue
        assert gives == given, "a goal's reward and its goal are apart"
        if not isinstance(before, events.GoalReached):
            continue
        template = life.templates[place]
        goal = template.goals[before.goal_index]
        assert (goal.stamps, template.goals[-1].stamps) == (before.stamps, before.stamps_required), "no such goal"
        if isinstance(after, events.Granted) and gives:
            where = (after.cycle, after.goal_index, after.goal_stamps)
            assert (before.cycle, before.goal_index, before.stamps) == where, f"the reward is of {where}"
            assert (after.title, after.description) == (goal.reward.title, goal.reward.description)
            _check_terms(life, place + 1, after, goal.reward)


def _check_terms(life: Life, place: int, given: events.Granted, reward: object) -> None:
    template = life.templates[place]
    if isinstance(given, events.VoucherIssued):
        assert isinstance(reward, Voucher)
        last = last_moment(reward, given.at, life.zone)
        assert given.expires_at == last, f"the voucher is good until {given.expires_at}, and has to be until {last}"
        assert reward.redeem_code in (None, given.redeem_code)
    if isinstance(given, events.LotteryGranted):
        assert isinstance(reward, Lottery) and reward.variants == given.variants
    if isinstance(given, events.VoucherIssued | events.LotteryGranted):
        last_goal = given.goal_stamps == template.goals[-1].stamps
        waits = template.after_last_goal is AfterLastGoal.HOLD and last_goal
        assert waits or not given.holds, "a card waits for a reward that is not its last goal's"


def a_voucher_is_used_once(life: Life) -> None:
    """A voucher is used at most once, never after its time, before it was issued, or once it was taken back."""
    issued: dict[UUID, events.VoucherIssued] = {}
    used: set[UUID] = set()
    gone: set[UUID] = set()
    for entry in life.history:
        match entry:
            case events.VoucherIssued():
                assert entry.voucher_id not in issued, "two vouchers have one id"
                issued[entry.voucher_id] = entry
            case events.VoucherRedeemed():
                voucher = issued[entry.voucher_id]
                assert entry.voucher_id not in used, "it was used twice"
                assert entry.voucher_id not in gone, "it was used after it was taken back"
                assert voucher.at <= entry.at, "it was used before it was issued"
                assert voucher.expires_at is None or entry.at < voucher.expires_at, "it was used after its time"
                used.add(entry.voucher_id)
            case events.RedemptionReversed():
                assert entry.voucher_id in used, "a redemption was reversed that was not there"
                used.remove(entry.voucher_id)
            case events.VoucherVoided():
                assert entry.voucher_id not in used | gone, "it was taken back after it was used or gone"
                voucher = issued[entry.voucher_id]
                over = voucher.expires_at is not None and entry.at >= voucher.expires_at
                assert not over, "it was taken back after its time"
                gone.add(entry.voucher_id)
            case events.VoucherExpired():
                assert entry.voucher_id not in used | gone, "it expired after it was used or taken back"
                voucher = issued[entry.voucher_id]
                assert voucher.expires_at is not None, "it expired, and is good for ever"
                assert entry.at == max(voucher.at, voucher.expires_at), "it expired at another moment"
    for reward in life.rewards:
        if reward.kind is RewardKind.VOUCHER:
            assert (reward.status is RewardStatus.REDEEMED) == (reward.id in used), f"{reward.title}: {reward.status}"
            assert (reward.status is RewardStatus.VOIDED) == (reward.id in gone), f"{reward.title}: {reward.status}"


def a_draw_proves_its_variant(life: Life) -> None:
    """A lottery is drawn until a variant ends it and not once more; the recorded draw gives the recorded variant."""
    ended: set[UUID] = set()
    for entry, follows in zip(life.history, [*life.history[1:], None], strict=True):
        if isinstance(entry, events.LotteryVoided):
            assert entry.lottery_id not in ended, "a lottery was taken back after it had ended"
            ended.add(entry.lottery_id)
        if not isinstance(entry, events.LotteryPlayed):
            continue
        lottery = life.card.rewards[entry.lottery_id]
        variant = lottery.variants[entry.variant]
        assert entry.lottery_id not in ended, "a lottery was drawn after it had ended"
        if not variant.try_again:
            ended.add(entry.lottery_id)
        assert entry.names == tuple(other.name for other in lottery.variants)
        assert (entry.try_again, entry.greeting) == (variant.try_again, variant.greeting)
        assert entry.percentages == tuple(other.percentage for other in lottery.variants)
        low = sum((Fraction(share) for share in entry.percentages[: entry.variant]), Fraction(0))
        drawn = Fraction(entry.draw * 100, DRAW_TOTAL)
        high = low + Fraction(entry.percentages[entry.variant])
        assert low <= drawn < high, f"the draw {entry.draw} does not lie in the share of {variant.name}"
        won = isinstance(follows, events.Granted) and follows.source is RewardSource.LOTTERY
        assert won == (variant.reward is not None), "what dropped does not follow"
        if isinstance(follows, events.Granted) and won:
            assert variant.reward is not None and follows.title == variant.reward.title
            assert (lottery.cycle, lottery.goal_stamps) == (follows.cycle, follows.goal_stamps)
            assert getattr(follows, "origin_id", lottery.id) == lottery.id
    for reward in life.rewards:
        if reward.kind is RewardKind.LOTTERY:
            over = reward.status in (RewardStatus.PLAYED, RewardStatus.VOIDED)
            assert over == (reward.id in ended), f"{reward.title}: {reward.status}"


def a_void_accounts_for_rewards(life: Life) -> None:
    """Every reward of a goal that is undone is taken back by the void, or named with the reason why it stays."""
    for place, void in enumerate(life.history):
        if not isinstance(void, events.StampVoided):
            continue
        before, template = life.states[place - 1].rewards, life.templates[place]
        kept = {row.reward_id: row for row in void.rewards_kept}
        stays = [crossing for crossing in life.states[place - 1].standing.kept if crossing not in void.goals_undone]
        given = sorted((*stays, *((row.cycle, row.goal_stamps) for row in void.rewards_kept)))
        assert list(life.states[place].standing.kept) == given, f"the goals that gave and stay so are {given}"
        prizes = {reward.origin_id for reward in before.values()}
        follows = {reward_id(event) for event in life.history[place + 1 : place + 1 + len(void.rewards_voided)]}
        if place + 1 + len(void.rewards_voided) <= len(life.history):
            assert follows == set(void.rewards_voided), "a reward the void names is not taken back"
        for reward in before.values():
            status = reward.status_at(void.at)
            usable = status in (RewardStatus.ACTIVE, RewardStatus.GRANTED) and reward.kind is not RewardKind.AWARD
            if (reward.cycle, reward.goal_stamps) not in void.goals_undone:
                assert reward.id not in void.rewards_voided and reward.id not in kept, f"{reward.title} is still earned"
            elif reward.id in void.rewards_voided:
                assert usable and not template.rewards_kept_on_void, f"{reward.title} was {status} and is taken back"
            elif reward.id in kept:
                reason = kept[reward.id].reason
                assert not usable or (template.rewards_kept_on_void and reason == "policy"), f"{reward.title} is kept"
                assert reason != "redeemed" or template.redeemed_on_void is OnVoid.KEEP, "the void had to be refused"
                assert usable or reason == ("award" if reward.kind is RewardKind.AWARD else status)
            else:
                assert status is RewardStatus.VOIDED or reward.id in prizes, f"{reward.title} is not accounted for"


def a_held_card_waits_for_its_reward(life: Life) -> None:
    """A card that holds is full, and waits for the reward of its last goal until that is used, over or taken back."""
    for place, (state, template) in enumerate(zip(life.states, life.templates, strict=True)):
        if state.held_for is None:
            continue
        assert template.after_last_goal is AfterLastGoal.HOLD or life.moved, "a card waits though nothing says so"
        reward = state.rewards[state.held_for]
        assert state.full, "a card waits that is not full"
        assert reward.status in (RewardStatus.ACTIVE, RewardStatus.GRANTED), f"a card waits for a {reward.status} one"
        full = (state.standing.cycle, state.stamps_required)
        assert life.moved or full == (reward.cycle, reward.goal_stamps), "a card waits for another goal's reward"
        assert not isinstance(life.history[place], events.CycleStarted)
    if life.moved:
        return
    for place, event in enumerate(life.history):
        if isinstance(event, events.LotteryPlayed) and event.try_again:
            assert life.states[place].held_for == life.states[place - 1].held_for, "a card waits no more"
        holds = getattr(event, "holds", False)
        last = getattr(event, "goal_stamps", None) == life.template.goals[-1].stamps
        waits = life.template.after_last_goal is AfterLastGoal.HOLD and last
        if isinstance(event, events.VoucherIssued | events.LotteryGranted) and event.source is RewardSource.GOAL:
            assert holds == waits, "a full card goes on though it has to wait for its reward"
            assert not holds or life.states[place].held_for == reward_id(event)


def a_birthday_gives_its_gift(life: Life) -> None:
    """A birthday's entry is followed by its gift: the reward and the stamps the template promises, once a year."""
    for place, event in enumerate(life.history):
        if not isinstance(event, events.BirthdayReached):
            continue
        gift = life.templates[place].birthday
        assert gift is not None, "a birthday was celebrated that the template does not know"
        rest = life.history[place + 1 :]
        if gift.reward is not None and rest:
            assert isinstance(rest[0], events.Granted) and rest[0].source is RewardSource.BIRTHDAY
            assert rest[0].title == gift.reward.title
            if isinstance(rest[0], events.VoucherIssued) and isinstance(gift.reward, Voucher):
                assert rest[0].expires_at == last_moment(gift.reward, rest[0].at, life.zone)
    for credit in life.told(events.StampAdded):
        assert not credit.bonus or (credit.code is None and not credit.limited), "a gift counted as if it were earned"


REWARD_LAWS: tuple[Callable[[Life], None], ...] = (
    a_goal_and_its_reward_come_together,
    a_voucher_is_used_once,
    a_draw_proves_its_variant,
    a_void_accounts_for_rewards,
    a_held_card_waits_for_its_reward,
    a_birthday_gives_its_gift,
)
