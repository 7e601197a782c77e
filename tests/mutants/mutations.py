"""
Mistakes made on purpose, one at a time, in the modules that decide: where, what stands there, and what is put instead.

Each is one that a person could make. What stands there must be found exactly once, so that a mutation cannot quietly
miss its place when the module changes.
"""

from typing import NamedTuple


class Mutation(NamedTuple):
    """One mistake."""

    file: str
    old: str
    new: str


MUTATIONS = (
    # Counting.
    Mutation("rules.py", "cycles = (total - 1) // size", "cycles = total // size"),
    Mutation(
        "rules.py", "return 0 if progress < goals[0].stamps else 1", "return 0 if progress <= goals[0].stamps else 1"
    ),
    Mutation("rules.py", "return bisect_right([goal.stamps", "return bisect_left([goal.stamps"),
    Mutation(
        "rules.py", "return template.goals[index].stamps - progress", "return template.goals[-1].stamps - progress"
    ),
    Mutation(
        "rules.py",
        "return divmod(amount_minor + remainder_minor, unit_minor)",
        "return amount_minor // unit_minor, remainder_minor",
    ),
    # Time.
    Mutation(
        "rules.py",
        "year, month = divmod(day.year * 12 + day.month - 1 + months, 12)",
        "year, month = divmod(day.year * 12 + day.month + months, 12)",
    ),
    Mutation(
        "rules.py",
        "return start_of_day(voucher.valid_until + timedelta(days=1), zone)",
        "return start_of_day(voucher.valid_until, zone)",
    ),
    Mutation("rules.py", "return at.astimezone(zone).date()", "return at.date()"),
    # Limits.
    Mutation(
        "rules.py",
        "return max(0, limit - used.get(today, 0)), start_of_day(later, zone)",
        "return max(0, limit + 1 - used.get(today, 0)), start_of_day(later, zone)",
    ),
    Mutation("rules.py", "window = timedelta(hours=24)", "window = timedelta(hours=23)"),
    Mutation("rules.py", "return max(0, room(at)), retry_at", "return max(0, limit - used(at)), retry_at"),
    # Chance.
    Mutation("rules.py", "if draw < reached:", "if draw <= reached:"),
    # Moving along the line.
    Mutation("standing.py", "end = (before // size + 1) * size", "end = (before // size) * size"),
    Mutation(
        "standing.py",
        "stops = template.after_last_goal is not AfterLastGoal.RESTART or template.overflow is Overflow.DROP",
        "stops = template.after_last_goal is not AfterLastGoal.RESTART",
    ),
    Mutation("standing.py", "holds = fills and crossed[-1] not in standing.kept", "holds = fills"),
    Mutation(
        "standing.py",
        "return Advance(changed(moved, carried=beyond), crossed, held=True)",
        "return Advance(moved, crossed, held=True)",
    ),
    Mutation("standing.py", "from_carried = min(standing.carried, count)", "from_carried = 0"),
    Mutation("standing.py", "after = max(0, before - (count - from_carried))", "after = max(0, before - count)"),
    Mutation(
        "standing.py", "if low < cycles * size + goal.stamps <= high:", "if low <= cycles * size + goal.stamps < high:"
    ),
    Mutation(
        "standing.py",
        "in _crossed(standing, template, after, before) if crossing not in standing.kept),",
        "in _crossed(standing, template, after, before)),",
    ),
    Mutation("standing.py", "cycle = standing.cycle + 1 if full else standing.cycle", "cycle = standing.cycle"),
    # Crediting and taking back.
    Mutation(
        "stamping.py",
        "if template.after_last_goal is AfterLastGoal.CLOSE and card.full:",
        "if template.after_last_goal is AfterLastGoal.CLOSE and not card.full:",
    ),
    Mutation(
        "stamping.py",
        "same_count = earned_by_amount or (use.count or 1) == (command.count or 1)",
        "same_count = earned_by_amount or True",
    ),
    Mutation(
        "stamping.py", "if not (use.same_card and same_amount and same_count):", "if not (same_amount and same_count):"
    ),
    Mutation("stamping.py", "return count, remainder if carries else 0", "return count, remainder"),
    Mutation(
        "stamping.py",
        "if limits.interval is not None and any(abs(when - at) < limits.interval",
        "if limits.interval is not None and any(abs(when - at) <= limits.interval",
    ),
    Mutation("stamping.py", "return min((count, *(left for left, _ in rooms)))", "return count"),
    Mutation("stamping.py", "count=count - moved.dropped,", "count=count,"),
    Mutation("stamping.py", "rewarded = (cycle, stamps) not in kept", "rewarded = True"),
    Mutation(
        "stamping.py",
        "holds = moved.held and (cycle, stamps) == moved.crossed[-1]",
        "holds = moved.held and (cycle, stamps) == moved.crossed[0]",
    ),
    Mutation(
        "stamping.py", "while held := _held_and_over(story.card, at):", "if held := _held_and_over(story.card, at):"
    ),
    Mutation(
        "stamping.py",
        "return credit.live > 0 and credit.expires_at is not None and at >= credit.expires_at",
        "return credit.live > 0 and credit.expires_at is not None and at > credit.expires_at",
    ),
    Mutation(
        "stamping.py",
        'elif why == "redeemed" and template.redeemed_on_void is OnVoid.REFUSE:',
        'elif why == "expired" and template.redeemed_on_void is OnVoid.REFUSE:',
    ),
    Mutation(
        "stamping.py",
        "    for reward in voided:\n        story.tell(rewards.void(reward",
        "    for reward in voided[1:]:\n        story.tell(rewards.void(reward",
    ),
    Mutation(
        "stamping.py",
        "    tell_release(story, template, command.at)\n    return story\n\n\ndef _lapsed_now",
        "    return story\n\n\ndef _lapsed_now",
    ),
    Mutation(
        "stamping.py", "return max(0, stamps), left % rule.unit_minor", "return max(0, stamps), card.remainder_minor"
    ),
    Mutation(
        "stamping.py",
        "if after > before and not earns and not command.force:",
        "if after > before and earns and not command.force:",
    ),
    # What events make of a card.
    Mutation(
        "cards.py",
        "stamps_total=card.stamps_total - event.count,\n        held_for=card.held_for if same_place else None,",
        "stamps_total=card.stamps_total,\n        held_for=card.held_for if same_place else None,",
    ),
    Mutation("cards.py", "held_for=card.held_for if same_place else None,", "held_for=card.held_for,"),
    Mutation(
        "cards.py",
        "still = (crossing for crossing in card.standing.kept if crossing not in event.goals_undone)",
        "still = card.standing.kept",
    ),
    Mutation("cards.py", "rest = 0 if progress >= stamps_required else progress", "rest = progress"),
    Mutation(
        "cards.py",
        "return self.expires_at is not None and at >= self.expires_at",
        "return self.expires_at is not None and at > self.expires_at",
    ),
    Mutation("cards.py", "again = isinstance(event, events.LotteryPlayed) and event.try_again", "again = False"),
    # Rewards.
    Mutation(
        "rewards.py",
        "return RewardStatus.EXPIRED if at >= self.expires_at else RewardStatus.ACTIVE",
        "return RewardStatus.EXPIRED if at > self.expires_at else RewardStatus.ACTIVE",
    ),
    Mutation(
        "rewards.py", "status=RewardStatus.GRANTED if again else RewardStatus.PLAYED,", "status=RewardStatus.PLAYED,"
    ),
    Mutation(
        "rewards.py",
        "return changed(reward, status=RewardStatus.ACTIVE, redeemed_at=None, settled_at=None)",
        "return changed(reward, status=RewardStatus.REDEEMED, redeemed_at=None, settled_at=None)",
    ),
    Mutation("rewards.py", 'return "policy" if template.rewards_kept_on_void else None', "return None"),
    Mutation(
        "rewards.py",
        "    if voucher.status is not RewardStatus.REDEEMED:\n        raise VoucherNotRedeemed(voucher.title)\n",
        "",
    ),
    Mutation("rewards.py", "over_at = max(voucher.expires_at, voucher.issued_at)", "over_at = voucher.issued_at"),
    # Deciding.
    Mutation(
        "aggregates.py",
        "expires_at = None if template.card_valid_for is None else command.at + template.card_valid_for",
        "expires_at = None if template.card_valid_for is None else command.at",
    ),
    Mutation(
        "aggregates.py",
        "if card.expires_at is not None and card.expired_at(command.at) and not card.expired:",
        "if card.expires_at is not None and card.expired_at(command.at):",
    ),
    Mutation(
        "aggregates.py",
        "    stamping.tell_release(story, command.template, command.at)\n    return story\n\n\ndef _reward_of",
        "    return story\n\n\ndef _reward_of",
    ),
    Mutation(
        "aggregates.py",
        "due = [reward for reward in story.card.rewards.values() if rewards.expiry_due(reward, command.at)]",
        "due = [reward for reward in card.rewards.values() if reward.expires_at]",
    ),
    Mutation(
        "aggregates.py", "        raise CardIsDeleted()\n    match command:", "        return ()\n    match command:"
    ),
)
