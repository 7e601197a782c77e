"""Where a card stands on the line of its stamps, and how it moves along it.

Moving forward crosses goals, moving back undoes them; what that means for rewards is decided elsewhere. Cycles are
counted over the card's whole life. *base* is the number of cycles completed under earlier template versions: the line
on which places are counted begins there anew, since an earlier version may have had another size.
"""

from typing import NamedTuple

import attrs

from stampledger import rules
from stampledger.frozen import changed
from stampledger.values import AfterLastGoal, CardTemplate, Overflow

Crossing = tuple[int, int]  # (cycle, the goal: how many stamps it takes), the same in every template version.


@attrs.frozen(kw_only=True, slots=False)
class Standing:
    """Progress within a cycle, and what waits beside it."""

    cycle: int = 1
    progress: int = 0
    carried: int = 0  # Stamps that wait until a held card is released.
    base: int = 0
    # Goals not to be rewarded again, in their order: the reward stayed when it was undone, or another version gave it.
    kept: tuple[Crossing, ...] = ()

    def place(self, size: int) -> int:
        """Answer the card's place on the line, without what is carried."""
        return (self.cycle - 1 - self.base) * size + self.progress


class Advance(NamedTuple):
    """A move forward: where it led, the goals it crossed and what was dropped on the way."""

    standing: Standing
    crossed: tuple[Crossing, ...] = ()
    dropped: int = 0
    held: bool = False  # The last goal was crossed, and the card now waits for its reward to be used.


class Retreat(NamedTuple):
    """A move back: where it led, how many stamps it took and the goals whose rewards are no longer earned."""

    standing: Standing
    taken: int
    undone: tuple[Crossing, ...]


def advance(standing: Standing, template: CardTemplate, count: int) -> Advance:
    """Move a card that is not held forward by *count* stamps, by the template's policies."""
    size = template.stamps_required
    before = standing.place(size)
    wanted = before + count
    end = (before // size + 1) * size  # Of the cycle the next stamp belongs to.
    if template.after_last_goal is AfterLastGoal.CLOSE:
        end = size
    if wanted < end:  # As most credits do, it asks nothing more of the policies.
        return Advance(_placed(standing, wanted, size), _crossed(standing, template, before, wanted))
    stops = template.after_last_goal is not AfterLastGoal.RESTART or template.overflow is Overflow.DROP
    after = min(wanted, end) if stops else wanted
    moved, crossed = _placed(standing, after, size), _crossed(standing, template, before, after)
    fills = template.after_last_goal is AfterLastGoal.HOLD and count > 0 and after == end
    holds = fills and crossed[-1] not in standing.kept
    beyond = wanted - after
    if not fills or template.overflow is Overflow.DROP:
        return Advance(moved, crossed, dropped=beyond, held=holds)
    if holds:
        return Advance(changed(moved, carried=beyond), crossed, held=True)
    # The reward of this full card had been kept by a void: there is nothing new to wait for.
    further = advance(moved, template, beyond)
    return further._replace(crossed=crossed + further.crossed)


def release(standing: Standing, template: CardTemplate) -> Advance:
    """Let go of a held card: what it carried begins the next cycle."""
    return advance(changed(standing, carried=0), template, standing.carried)


def retreat(standing: Standing, template: CardTemplate, count: int) -> Retreat:
    """Move a card back by *count* stamps, first those that wait, never behind the start of its template version."""
    size = template.stamps_required
    before = standing.place(size)
    from_carried = min(standing.carried, count)
    after = max(0, before - (count - from_carried))
    return Retreat(
        standing=_placed(changed(standing, carried=standing.carried - from_carried), after, size),
        taken=from_carried + before - after,
        undone=(
            *(crossing for crossing in _crossed(standing, template, after, before) if crossing not in standing.kept),
            *_unseen(standing, template, after, before),
        ),
    )


def move(standing: Standing, old: CardTemplate, new: CardTemplate, *, full: bool, held: bool = False) -> Advance:
    """Carry a card's progress, and what waits beside it, over to another template version.

    Goals of the new version at or below the progress are reached by the move, unless the same number of stamps has
    earned its reward in this cycle, under whichever version. A *full* card that may go on begins the next cycle; one
    that is *held* and as full under the new version waits on.
    """
    cycle = standing.cycle + 1 if full else standing.cycle
    before = tuple(crossing for crossing in standing.kept if crossing[0] >= cycle)
    goals = () if full else tuple((cycle, goal.stamps) for goal in old.goals if goal.stamps <= standing.progress)
    reached = {*goals, *_unseen(standing, old, 0, 0 if full else standing.place(old.stamps_required))}
    given = tuple(dict.fromkeys((*before, *goals)))
    last = (cycle, new.stamps_required)
    open_to = tuple(crossing for crossing in given if not (held and crossing == last))
    count = standing.carried if full else standing.progress + standing.carried
    moved = advance(Standing(base=cycle - 1, cycle=cycle, kept=open_to), new, count)
    places = {goal.stamps for goal in old.goals}
    lost = {crossing for crossing in before if crossing[1] in places}
    still = {crossing for crossing in moved.crossed if crossing in reached}
    return moved._replace(
        standing=changed(
            moved.standing, kept=tuple(crossing for crossing in given if crossing in lost or crossing not in still)
        ),
        crossed=tuple(crossing for crossing in moved.crossed if crossing not in still),
        held=moved.held and moved.crossed[-1] not in still,
    )


def _placed(standing: Standing, place: int, size: int) -> Standing:
    """Answer the standing at a place of its line."""
    cycles, progress = rules.position(place, size)
    return changed(standing, cycle=standing.base + cycles + 1, progress=progress)


def _unseen(standing: Standing, template: CardTemplate, low: int, high: int) -> tuple[Crossing, ...]:
    """Answer the goals of earlier versions whose places lie in (low, high], and which this version does not have."""
    goals = {goal.stamps for goal in template.goals}
    size = template.stamps_required
    return tuple(
        (cycle, stamps)
        for cycle, stamps in standing.kept
        if stamps not in goals and low < (cycle - 1 - standing.base) * size + stamps <= high
    )


def _crossed(standing: Standing, template: CardTemplate, low: int, high: int) -> tuple[Crossing, ...]:
    """Answer the goals whose places lie in (low, high], in order."""
    size = template.stamps_required
    crossed: list[Crossing] = []
    for cycles in range(low // size, (high - 1) // size + 1):
        for goal in template.goals:
            if low < cycles * size + goal.stamps <= high:
                crossed.append((standing.base + cycles + 1, goal.stamps))
    return tuple(crossed)
