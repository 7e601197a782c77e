"""Stamps given and taken back: the decisions that move a card along its line.

Each tells the card's story one event after the other.
"""

from datetime import datetime

from stampledger import commands, events, rewards, rules
from stampledger.cards import Credit, StampCard, Story
from stampledger.errors import InvalidInput, Refused
from stampledger.events import RewardSource
from stampledger.frozen import made
from stampledger.refusals import (
    CardIsClosed,
    CardIsExpired,
    CardIsHeld,
    CardNotYetIssued,
    CodeAlreadyUsed,
    DailyLimitReached,
    FurtherFromReward,
    IntervalNotOver,
    RewardIsRedeemed,
    RollingLimitReached,
    ScanLimitReached,
)
from stampledger.rewards import IssuedReward
from stampledger.standing import Advance, advance, move, release, retreat
from stampledger.values import AfterLastGoal, CardTemplate, OnVoid, OverCap, Overflow


def add_stamps(card: StampCard, command: commands.AddStamps) -> Story:
    """Credit stamps, give what the goals they cross earn, and say what became of the rest."""
    template, at = command.template, command.at
    story = Story(card, command.means)
    if repeated(command):
        return story
    if at < card.issued_at:
        raise CardNotYetIssued(card.issued_at)
    refuse_expired(card, at)
    if card.held_for is not None or card.credits:
        tell_due(story, template, at)
    refuse_full(story.card, template)
    count, remainder = _earned(story.card, command)
    fits = _fitting(story.card, command, count) if count else 0
    _tell_credit(story, command, fits, count - fits, remainder)
    return story


def refuse_full(card: StampCard, template: CardTemplate) -> None:
    """Refuse where a full card takes no stamps: it waits for its reward to be used, or is complete for good."""
    if card.held_for is not None:
        raise CardIsHeld(card.held_for)
    if template.after_last_goal is AfterLastGoal.CLOSE and card.full:
        raise CardIsClosed()


def refuse_expired(card: StampCard, at: datetime) -> None:
    """Refuse where the card's time is over at a moment, whether or not that was recorded."""
    if card.expires_at is not None and card.expired_at(at):
        raise CardIsExpired(card.expires_at)


def celebrate(card: StampCard, command: commands.CelebrateBirthday) -> Story:
    """Give the birthday gift of a year: a reward, and stamps that were not earned, to which no limit applies."""
    template, at = command.template, command.at
    refuse_expired(card, at)
    story = Story(card, command.means)
    gift = template.birthday
    if gift is None:
        return story
    story.tell(events.BirthdayReached(at=at, year=command.year))
    if gift.reward is not None:
        story.tell(rewards.grant(gift.reward, at, command.means, story.next_reward(), RewardSource.BIRTHDAY))
    if gift.stamps:
        tell_due(story, template, at)
        refuse_full(story.card, template)
        moved = advance(story.card.standing, template, gift.stamps)
        story.tell(_stamp_added(template, at, gift.stamps, moved, story.card.remainder_minor, bonus=True))
        tell_goals(story, template, at, moved)
    return story


def repeated(command: commands.AddStamps) -> bool:
    """Answer whether this very credit was given before; refuse a code that gave another one."""
    use = command.first_use
    if use is None or (use.voided and command.template.voided_code_reusable):
        return False
    same_amount = use.amount_minor == command.amount_minor
    earned_by_amount = command.template.per_amount is not None and command.amount_minor is not None
    same_count = earned_by_amount or (use.count or 1) == (command.count or 1)
    if not (use.same_card and same_amount and same_count):
        raise CodeAlreadyUsed(command.code or "", use.seq, use.at)
    return True


def _earned(card: StampCard, command: commands.AddStamps) -> tuple[int, int]:
    """Answer (stamps, remainder after them) of a credit, before any limit."""
    rule = command.template.per_amount
    if rule is None or command.amount_minor is None:
        return 1 if command.count is None else command.count, card.remainder_minor
    if command.count is not None:
        raise InvalidInput("count", command.count, "must not be given beside an amount that earns stamps")
    carries = rule.remainder is Overflow.CARRY
    count, remainder = rules.stamps_for(command.amount_minor, card.remainder_minor if carries else 0, rule.unit_minor)
    if count > 10_000:
        raise InvalidInput("amount", command.amount_minor, f"must be worth at most 10000 stamps; it is worth {count}")
    return count, remainder if carries else 0


def _fitting(card: StampCard, command: commands.AddStamps, count: int) -> int:
    """Answer how many of *count* stamps the limits let through; all or none unless the template grants up to a cap.

    Raises:
        Refused: A limit says no.
    """
    limits, at = command.template.limits, command.at
    if not (limits.per_scan or limits.per_day or limits.per_24_hours or limits.interval):
        return count
    wanted = count if limits.over_cap is OverCap.REFUSE else 1
    counted = [(credit.at, credit.count) for credit in card.credits if credit.limited]
    rooms: list[tuple[int, Refused]] = []
    if limits.interval is not None and any(abs(when - at) < limits.interval for when, _ in counted):
        over = max(when for when, _ in counted) + limits.interval
        rooms.append((0, IntervalNotOver(limits.interval, over)))
    if limits.per_scan is not None:
        rooms.append((limits.per_scan, ScanLimitReached(limits.per_scan, count)))
    if limits.per_day is not None:
        left, retry_at = rules.day_room(counted, limits.per_day, at, command.means.zone, wanted)
        rooms.append((left, DailyLimitReached(limits.per_day, retry_at if wanted <= limits.per_day else None)))
    if limits.per_24_hours is not None:
        left, retry_at = rules.rolling_room(counted, limits.per_24_hours, at, wanted)
        fits_once = wanted <= limits.per_24_hours
        rooms.append((left, RollingLimitReached(limits.per_24_hours, retry_at if fits_once else None)))
    refusals = [refusal for left, refusal in rooms if left < wanted]
    if refusals:
        raise max(refusals, key=lambda refusal: (refusal.retry_at is None, refusal.retry_at or at))
    return min((count, *(left for left, _ in rooms)))


def _tell_credit(story: Story, command: commands.AddStamps, count: int, withheld: int, remainder: int) -> None:
    template, at, limits = command.template, command.at, command.template.limits
    moved = advance(story.card.standing, template, count)
    story.tell(
        _stamp_added(
            template,
            at,
            count,
            moved,
            remainder,
            code=command.code,
            withheld=withheld,
            amount_minor=command.amount_minor,
            limited=bool(limits.per_day or limits.per_24_hours or limits.interval),
        )
    )
    tell_goals(story, template, at, moved)


def _stamp_added(
    template: CardTemplate,
    at: datetime,
    count: int,
    moved: Advance,
    remainder: int,
    *,
    code: str | None = None,
    withheld: int = 0,
    amount_minor: int | None = None,
    limited: bool = False,
    bonus: bool = False,
) -> events.StampAdded:
    standing = moved.standing
    return made(
        events.StampAdded,
        dict(
            at=at,
            code=code,
            count=count - moved.dropped,
            progress=standing.progress,
            stamps_required=template.stamps_required,
            goal_index=rules.next_goal(template, standing.progress),
            cycle=standing.cycle,
            carried=standing.carried,
            dropped=moved.dropped,
            withheld=withheld,
            amount_minor=amount_minor,
            remainder_minor=remainder,
            limited=limited,
            expires_at=None if template.stamps_valid_for is None else at + template.stamps_valid_for,
            bonus=bonus,
        ),
    )


def tell_goals(story: Story, template: CardTemplate, at: datetime, moved: Advance) -> None:
    """Tell each goal that was crossed, with its reward."""
    kept = story.card.standing.kept
    for cycle, stamps in moved.crossed:
        rewarded = (cycle, stamps) not in kept
        index = rules.next_goal(template, stamps) - 1
        goal = template.goals[index]
        story.tell(
            events.GoalReached(
                at=at,
                goal_index=index,
                stamps=goal.stamps,
                stamps_required=template.stamps_required,
                cycle=cycle,
                rewarded=rewarded,
            )
        )
        if rewarded:
            holds = moved.held and (cycle, stamps) == moved.crossed[-1]
            story.tell(
                rewards.grant(
                    goal.reward,
                    at,
                    story.means,
                    story.next_reward(),
                    RewardSource.GOAL,
                    cycle=cycle,
                    goal_index=index,
                    goal_stamps=stamps,
                    holds=holds,
                )
            )


def tell_release(story: Story, template: CardTemplate | None, at: datetime) -> None:
    """Where a card was let go with stamps that had waited, begin its next cycle with them."""
    card = story.card
    if card.held_for is not None or not card.standing.carried:
        return
    assert template is not None
    moved = release(card.standing, template)
    story.tell(
        events.CycleStarted(
            at=at,
            count=card.standing.carried - moved.standing.carried - moved.dropped,
            progress=moved.standing.progress,
            stamps_required=template.stamps_required,
            goal_index=rules.next_goal(template, moved.standing.progress),
            cycle=moved.standing.cycle,
            carried=moved.standing.carried,
        )
    )
    tell_goals(story, template, at, moved)


def tell_due(story: Story, template: CardTemplate | None, at: datetime) -> None:
    """Tell what has lapsed by now and matters to the next stamp: the reward a full card waits for, and stamps.

    What follows from it is told as of the instant it lapsed, so that it does not depend on when this is recorded.
    """
    while held := _held_and_over(story.card, at):
        lapsed = rewards.expire(held)
        story.tell(lapsed)
        tell_release(story, template, lapsed.at)
    due = [credit for credit in story.card.credits if _lapsed(credit, at)]
    if due:
        assert template is not None
        count = sum(credit.live for credit in due)
        gone = retreat(story.card.standing, template, count)
        story.tell(
            events.StampsExpired(
                at=max(credit.expires_at for credit in due if credit.expires_at is not None),
                count=gone.taken,
                progress=gone.standing.progress,
                stamps_required=template.stamps_required,
                goal_index=rules.next_goal(template, gone.standing.progress),
                cycle=gone.standing.cycle,
                kept=tuple(crossing for crossing in gone.undone if crossing not in story.card.standing.kept),
                credits=tuple((credit.version, credit.live) for credit in due),
            )
        )


def _held_and_over(card: StampCard, at: datetime) -> IssuedReward | None:
    reward = card.rewards.get(card.held_for) if card.held_for else None
    return reward if reward is not None and rewards.expiry_due(reward, at) else None


def _lapsed(credit: Credit, at: datetime) -> bool:
    return credit.live > 0 and credit.expires_at is not None and at >= credit.expires_at


def void_stamps(card: StampCard, command: commands.VoidStamps) -> Story:
    """Take back what a scan had added, and what followed from it as far as that is possible.

    What follows is a question of places, not of scans: the goals that lie above where the card stands afterwards are
    no longer reached, whichever credit had crossed them. Vouchers keep their original expiry throughout.
    """
    template, undone = command.template, command.undone
    story = Story(card, command.means)
    tell_due(story, template, command.at)
    card = story.card
    expired = command.expired + _lapsed_now(story, command.credit_version)
    count, remainder = _worth(card, command, expired)
    back = retreat(card.standing, template, count)
    held = [reward for reward in card.rewards.values() if (reward.cycle, reward.goal_stamps) in back.undone]
    kept: list[events.KeptReward] = []
    voided: list[IssuedReward] = []
    for reward in sorted(held, key=lambda reward: (reward.cycle, reward.goal_stamps, reward.issued_at, reward.id)):
        why = rewards.why_kept(reward, template, command.at)
        if why is None:
            voided.append(reward)
        elif why == "redeemed" and template.redeemed_on_void is OnVoid.REFUSE:
            raise RewardIsRedeemed(reward.title, reward.id)
        elif why not in ("played", "voided") or (
            why == "played" and not any(other.origin_id == reward.id for other in held)
        ):
            kept.append(rewards.kept(reward, why))
    story.tell(
        events.StampVoided(
            at=command.at,
            code=undone.code,
            scan=command.scan,
            count=back.taken,
            missing=count - back.taken + expired,
            progress=back.standing.progress,
            stamps_required=template.stamps_required,
            goal_index=rules.next_goal(template, back.standing.progress),
            cycle=back.standing.cycle,
            carried=back.standing.carried,
            remainder_minor=remainder,
            credit_version=command.credit_version,
            goals_undone=back.undone,
            rewards_voided=tuple(reward.id for reward in voided),
            rewards_kept=tuple(kept),
            cancelled_by=command.cancelled_by,
            reason=command.reason,
        )
    )
    for reward in voided:
        story.tell(rewards.void(reward, command.at, command.reason, scan=command.scan))
    tell_release(story, template, command.at)
    return story


def _lapsed_now(story: Story, version: int) -> int:
    told = (event for event in story.events if isinstance(event, events.StampsExpired))
    return sum(count for event in told for credit, count in event.credits if credit == version)


def _worth(card: StampCard, command: commands.VoidStamps, expired: int) -> tuple[int, int]:
    """Answer (stamps to take back, remainder afterwards).

    Money is taken back as money, to the last minor unit, unless the card has moved since: another version may ask
    another price, so what is taken back then is the stamps that were given.
    """
    undone, rule = command.undone, command.template.per_amount
    count = undone.count - expired
    if rule is None or undone.amount_minor is None or rule.remainder is Overflow.DROP or command.moved:
        return count, card.remainder_minor
    credited = undone.amount_minor - (undone.withheld + undone.dropped) * rule.unit_minor
    left = card.remainder_minor - (credited - expired * rule.unit_minor)
    stamps = -(left // rule.unit_minor)
    return max(0, stamps), left % rule.unit_minor


def move_to_template(card: StampCard, command: commands.MoveToTemplate) -> Story:
    """Move a card to another template version; no card gets further from its reward unless forced."""
    old, new = command.old, command.template
    story = Story(card, command.means)
    tell_due(story, old, command.at)
    card = story.card
    restarts = new.after_last_goal is AfterLastGoal.RESTART
    moved = move(card.standing, old, new, full=card.full and restarts, held=card.held_for is not None)
    before = rules.stamps_missing(old, card.standing.progress) - card.standing.carried
    after = rules.stamps_missing(new, moved.standing.progress) - moved.standing.carried
    earns = any(crossing not in moved.standing.kept for crossing in moved.crossed)
    if after > before and not earns and not command.force:
        raise FurtherFromReward(before, after)
    carries = new.per_amount is not None and new.per_amount.remainder is Overflow.CARRY
    story.tell(
        events.TemplateChanged(
            at=command.at,
            template_id=command.template_id,
            template_version=command.template_version,
            template_name=new.name,
            template_version_before=card.template_version,
            progress_before=card.standing.progress,
            stamps_required_before=old.stamps_required,
            progress=moved.standing.progress,
            stamps_required=new.stamps_required,
            goal_index=rules.next_goal(new, moved.standing.progress),
            cycle=moved.standing.cycle,
            carried=moved.standing.carried,
            dropped=moved.dropped,
            base=moved.standing.base,
            kept=moved.standing.kept,
            remainder_minor=card.remainder_minor if carries else 0,
            expires_at=None if new.card_valid_for is None else card.issued_at + new.card_valid_for,
            stamps_lapse=new.stamps_valid_for is not None,
            forced=command.force,
        )
    )
    tell_goals(story, new, command.at, moved)
    return story
