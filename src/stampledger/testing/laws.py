"""The laws of stamps and goals: what holds for every template and whatever was asked of a card.

Each law reads one card's life and is an AssertionError where it does not hold. It reckons by the naive model of `life`
or by the events alone, never by the rules it judges. `LAWS` holds them all, also those of rewards.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import attrs

from stampledger import events
from stampledger.aggregates import replay
from stampledger.cards import StampCard
from stampledger.events import Event
from stampledger.testing.life import Crossing, Life, goals_reached, laid_out, standing_rewards, taken_back_by_hand
from stampledger.testing.prizes import REWARD_LAWS
from stampledger.testing.telling import broken, history, sentence
from stampledger.values import AfterLastGoal, CardTemplate, CodeScope, OverCap, Overflow

Law = Callable[[Life], None]


def check(life: Life, *laws: Law) -> None:
    """Hold a card's life against laws, or against all.

    Raises:
        LawBroken: One does not hold; its message ends with the card's Journal.
    """
    for law in laws or LAWS:
        try:
            law(life)
        except AssertionError as failure:
            raise broken(sentence(law), failure, history(life.history)) from None


def progress_stays_on_the_card(life: Life) -> None:
    """Progress is never below nothing and never above the goal, and stamps wait beside a held card only."""
    for state, template in zip(life.states, life.templates, strict=True):
        assert state.stamps_required == template.goals[-1].stamps, "the card asks for other stamps than its template"
        assert 0 <= state.standing.progress <= state.stamps_required, f"progress is {state.standing.progress}"
        assert state.standing.cycle >= 1 and state.standing.carried >= 0 and state.stamps_total >= 0
    between = _tells_on(life.history[-1])  # Only a whole command leaves nothing to be told.
    assert between or life.card.held_for is not None or life.card.standing.carried == 0, "stamps wait for nothing"


def _tells_on(event: Event) -> bool:
    return isinstance(event, events.StampAdded | events.GoalReached | events.CycleStarted)


def entries_are_understood_alone(life: Life) -> None:
    """An entry says how the card stands after it, so that a row of the Journal never has to be reckoned out."""
    for told, state, template in zip(life.history, life.states, life.templates, strict=True):
        if isinstance(told, _MOVES):
            here = (state.standing.cycle, state.standing.progress, state.standing.carried)
            carried = state.standing.carried if isinstance(told, events.StampsExpired) else told.carried
            assert (told.cycle, told.progress, carried) == here, f"the entry says otherwise than the card: {here}"
            reached = sum(goal.stamps <= told.progress for goal in template.goals)
            assert told.goal_index == reached == state.goal_index, f"the next goal is {reached}"
            assert told.stamps_required == template.goals[-1].stamps == state.stamps_required


_MOVES = events.StampAdded | events.StampVoided | events.StampsExpired | events.CycleStarted | events.TemplateChanged


def replay_gives_the_card(life: Life) -> None:
    """All events give the card, and so do a kept state and the events after it; its version counts them."""
    assert replay(life.history) == life.card, "replayed, the card is another one"
    middle = len(life.history) // 2
    rest = Life(history=life.history[: middle + 1], states=[life.states[middle]], templates=[life.template])
    for event in life.history[middle + 1 :]:
        rest.tell(event, life.template)
    assert rest.card == life.card, "from a checkpoint on, the card is another one"
    assert [state.version for state in life.states] == list(range(1, len(life.history) + 1))


def no_stamp_is_lost_or_made(life: Life) -> None:
    """What was added and neither taken back nor lapsed is what stands, stamp for stamp."""
    first, changed = life.history[0], life.told(events.TemplateChanged)
    begun = first.progress if isinstance(first, events.CardImported) else 0
    added = sum(credit.count for credit in life.told(events.StampAdded))
    voided = sum(void.count for void in life.told(events.StampVoided))
    lapsed = sum(lapse.count for lapse in life.told(events.StampsExpired))
    stands = begun + added - voided - lapsed - sum(move.dropped for move in changed)
    assert stands == life.card.stamps_total, f"{stands} stamps stand, the card says {life.card.stamps_total}"
    lost = any(start.count != before for start, before in _released(life))
    if changed or lapsed or lost or life.template.overflow is Overflow.DROP or _tells_on(life.history[-1]):
        return
    standing, size = life.card.standing, life.template.goals[-1].stamps
    on_line = (standing.cycle - 1) * size + standing.progress + standing.carried
    assert stands == on_line, f"{stands} stamps stand, and {on_line} are on the card"
    if life.template.after_last_goal is AfterLastGoal.RESTART:
        assert laid_out(stands, size) == (standing.cycle, standing.progress)


def _released(life: Life) -> list[tuple[events.CycleStarted, int]]:
    """Answer each new cycle of a held card, with the stamps that had left what waited."""
    befores = [life.states[0], *life.states]
    return [
        (event, before.standing.carried - event.carried)
        for event, before in zip(life.history, befores, strict=False)
        if isinstance(event, events.CycleStarted)
    ]


def stamps_lie_one_after_another(life: Life) -> None:
    """A credit leads where laying down its stamps one by one leads, and reaches the goals passed on the way."""
    for place, event in enumerate(life.history):
        if not isinstance(event, events.StampAdded | events.CycleStarted) or place == 0:
            continue
        before, template = life.states[place - 1], life.templates[place]
        pile = event.count + event.dropped if isinstance(event, events.StampAdded) else before.standing.carried
        assert before.held_for is None, "stamps were added to a card that waits for its reward to be used"
        cycle, on_card, passed, left, held = _laid(before, template, pile)
        after = (event.cycle, event.progress)
        assert (cycle, on_card) == after, f"{pile} more stamps lead to {(cycle, on_card)}, the entry says {after}"
        waiting = left if held and template.overflow is Overflow.CARRY else 0
        assert event.carried == waiting, f"{waiting} stamps have to wait, the entry says {event.carried}"
        if isinstance(event, events.StampAdded):
            assert event.dropped == left - waiting, f"{left - waiting} stamps are beyond the last goal"
        _check_goals(life, place, passed, before.standing.kept)


def _laid(before: StampCard, template: CardTemplate, pile: int) -> tuple[int, int, list[Crossing], int, bool]:
    """Lay a pile of stamps on a card; answer (cycle, progress, goals passed, stamps left over, held)."""
    cycle, on_card = before.standing.cycle, before.standing.progress
    places = [goal.stamps for goal in template.goals]
    after_last, passed, filled, held = template.after_last_goal, list[Crossing](), False, False
    while pile and not held and not (filled and template.overflow is Overflow.DROP):
        if on_card == places[-1]:
            if after_last is AfterLastGoal.CLOSE:
                break
            cycle, on_card = cycle + 1, 0
        on_card, pile = on_card + 1, pile - 1
        if on_card in places:
            passed.append((cycle, on_card))
        filled = on_card == places[-1]
        held = filled and after_last is AfterLastGoal.HOLD and (cycle, on_card) not in before.standing.kept
    return cycle, on_card, passed, pile, held


def _check_goals(life: Life, place: int, passed: list[Crossing], kept: tuple[Crossing, ...]) -> None:
    told = []
    for event in life.history[place + 1 :]:
        if isinstance(event, events.GoalReached):
            told.append(event)
        elif not isinstance(event, events.Granted) or event.source is not events.RewardSource.GOAL:
            break
    if place + 1 == len(life.history) and passed:
        return  # Told up to here: the goals come with the next event.
    said = [((goal.cycle, goal.stamps), goal.rewarded) for goal in told]
    wanted = [(crossing, crossing not in kept) for crossing in passed]
    assert said == wanted, f"the goals passed are {passed}, those told of are {[goal for goal, _ in said]}"


def stamps_are_lifted_from_the_top(life: Life) -> None:
    """Stamps that go are those that wait, then the latest on the card, then those of the cycle before."""
    for place, event in enumerate(life.history[1:], start=1):
        if not isinstance(event, events.StampVoided | events.StampsExpired):
            continue
        before, size = life.states[place - 1].standing, event.stamps_required
        cycle, on_card, waiting, undone = before.cycle, before.progress, before.carried, list[Crossing]()
        places = {goal.stamps for goal in life.templates[place].goals}
        for _ in range(event.count):
            if waiting:
                waiting -= 1
                continue
            if on_card in places and (cycle, on_card) not in before.kept:
                undone.append((cycle, on_card))
            on_card -= 1
            if on_card == 0 and cycle > before.base + 1:
                cycle, on_card = cycle - 1, size
        carried = life.states[place].standing.carried
        there = (event.cycle, event.progress, carried)
        assert (cycle, on_card, waiting) == there, f"{event.count} stamps less lead to {(cycle, on_card, waiting)}"
        told = event.goals_undone if isinstance(event, events.StampVoided) else event.kept
        assert life.moved or sorted(told) == sorted(undone), f"{undone} are no longer reached, {told} are named"


def each_goal_gives_once(life: Life) -> None:
    """Each goal of each cycle that is reached has exactly one reward; one no longer reached has none but a kept one."""
    stand = standing_rewards(life.history, life.rewards)
    twice = [crossing for crossing, count in stand.items() if count > 1]
    assert not twice, f"the goals {twice} have given twice"
    if life.moved or _tells_on(life.history[-1]) or isinstance(life.history[0], events.CardImported):
        return
    standing, places = life.card.standing, [goal.stamps for goal in life.template.goals]
    reached = set(goals_reached((standing.cycle - 1) * places[-1] + standing.progress, places))
    by_hand = taken_back_by_hand(life.history, life.rewards)
    granted = _where_given(life)
    excused = {granted[gone] for gone in by_hand if gone in granted}
    kept = {
        *((row.cycle, row.goal_stamps) for void in life.told(events.StampVoided) for row in void.rewards_kept),
        *(crossing for lapse in life.told(events.StampsExpired) for crossing in lapse.kept),
    }
    assert reached <= set(stand) | excused, f"{sorted(reached - set(stand) - excused)} are reached and gave nothing"
    assert set(stand) <= reached | kept, f"the rewards of {sorted(set(stand) - reached - kept)} are no longer earned"


def _where_given(life: Life) -> dict[object, Crossing]:
    return {
        reward.id: (reward.cycle, reward.goal_stamps)
        for reward in life.rewards
        if reward.cycle is not None and reward.goal_stamps is not None
    }


def amounts_are_worth_their_stamps(life: Life) -> None:
    """An amount earns a stamp for each full price in it and in what had remained, to the last minor unit."""
    for place, event in enumerate(life.history[1:], start=1):
        before, template = life.states[place - 1], life.templates[place]
        if isinstance(event, events.StampAdded) and not event.bonus:
            rule = template.per_amount
            if rule is None or event.amount_minor is None:
                assert before.remainder_minor == event.remainder_minor, "money remained where none was earned by"
                continue
            carries, unit = rule.remainder is Overflow.CARRY, rule.unit_minor
            money = event.amount_minor + (before.remainder_minor if carries else 0)
            worth = event.count + event.dropped + event.withheld
            assert money - money % unit == worth * unit, f"{money} earn {money // unit} stamps, not {worth}"
            assert event.remainder_minor == (money % unit if carries else 0), f"{money % unit} remain"
        if isinstance(event, events.StampVoided):
            _check_money_back(life, place, event)


def _check_money_back(life: Life, place: int, void: events.StampVoided) -> None:
    before, rule = life.states[place - 1], life.templates[place].per_amount
    credit = life.history[void.credit_version - 1]
    since = life.history[void.credit_version : place]
    assert isinstance(credit, events.StampAdded), "the void is of no credit"
    if any(isinstance(event, events.TemplateChanged | events.StampsExpired) for event in since):
        return
    taken = void.count + void.missing
    if rule is None or credit.amount_minor is None or rule.remainder is Overflow.DROP:
        assert taken == credit.count, f"{credit.count} stamps had been given, {taken} are taken back"
        assert void.remainder_minor == before.remainder_minor, "money is taken back that had earned nothing"
        return
    if life.states[void.credit_version - 2].remainder_minor >= rule.unit_minor:
        return  # It remained from a version with a higher price: not this amount has bought those stamps.
    money = credit.amount_minor - (credit.withheld + credit.dropped) * rule.unit_minor
    value = taken * rule.unit_minor + before.remainder_minor
    assert value - money == void.remainder_minor, f"{money} have to be taken back, stamps and remainder together"
    assert 0 <= void.remainder_minor < rule.unit_minor


def limits_are_kept(life: Life) -> None:
    """No scan, no day, no 24 hours and no interval holds more stamps than the template allows."""
    counted: list[tuple[int, datetime, int]] = []
    for place, event in enumerate(life.history):
        limits = life.templates[place].limits
        if isinstance(event, events.StampVoided):
            counted = [credit for credit in counted if credit[0] != event.credit_version]
        if not isinstance(event, events.StampAdded) or event.bonus:
            continue
        given = event.count + event.dropped
        assert event.withheld == 0 or limits.over_cap is OverCap.GRANT, "a credit was cut where it had to be refused"
        if limits.per_scan is not None:
            assert given <= limits.per_scan, f"{given} stamps by one scan"
        near = [when for _, when, _ in counted if limits.interval and abs(when - event.at) < limits.interval]
        assert not near or given == 0, f"{near} are closer than {limits.interval}"
        if not event.count or (life.moved and not event.limited):  # An earlier version may have had no limits.
            continue
        counted.append((place + 1, event.at, event.count))
        if limits.per_day is not None:
            _check_day(counted, event.at, limits.per_day, life.zone)
        ends = [end for _, end, _ in counted if event.at <= end < event.at + timedelta(hours=24)]
        for end in ends if limits.per_24_hours is not None else ():
            window = [count for _, when, count in counted if end - timedelta(hours=24) < when <= end]
            assert limits.per_24_hours is None or sum(window) <= limits.per_24_hours, f"24 hours hold {sum(window)}"
    if life.moved:
        return
    limits = life.template.limits
    remembers = bool(limits.per_day or limits.per_24_hours or limits.interval)
    assert all(credit.limited == remembers for credit in life.told(events.StampAdded) if not credit.bonus)


def _check_day(counted: list[tuple[int, datetime, int]], at: datetime, limit: int, zone: str) -> None:
    here = ZoneInfo(zone)
    today = sum(count for _, when, count in counted if when.astimezone(here).date() == at.astimezone(here).date())
    assert today <= limit, f"{today} stamps on one day"


def what_has_lapsed_is_gone(life: Life) -> None:
    """No stamp is credited or taken back beside stamps whose time is over, and none lapses before its time."""
    first = life.history[0]
    for place, event in enumerate(life.history[1:], start=1):
        before, template = life.states[place - 1], life.templates[place]
        if isinstance(event, events.StampAdded):
            span = template.stamps_valid_for
            assert event.expires_at == (None if span is None else event.at + span), "stamps lapse at another time"
            assert not before.expired_at(event.at), "stamps were added to a card whose time is over"
            assert first.at <= event.at or event.bonus, "stamps were added before the card was given out"
        if isinstance(event, events.StampAdded | events.StampVoided):
            due = [credit.version for credit in before.credits if credit.live and _over(credit.expires_at, event.at)]
            assert not due, f"the stamps of the entries {due} had lapsed before"
        if isinstance(event, events.StampsExpired):
            expiries = {credit.version: credit for credit in before.credits}
            for version, count in event.credits:
                assert 0 < count <= expiries[version].live, f"{count} stamps of the entry {version} lapsed"
                assert _over(expiries[version].expires_at, event.at), f"the entry {version} lapsed before its time"
            lost = (
                (before.standing.cycle - event.cycle) * event.stamps_required
                + before.standing.progress
                - event.progress
            )
            assert event.count == sum(count for _, count in event.credits) == lost, f"the card lost {lost} stamps"


def _over(expires_at: datetime | None, at: datetime) -> bool:
    return expires_at is not None and expires_at <= at


def a_code_is_good_once(life: Life) -> None:
    """A code credits a card once, unless the template lets it, or its stamps were taken back and it is good again."""
    given: dict[str, int] = {}
    for place, event in enumerate(life.history, start=1):
        reusable = life.templates[place - 1].voided_code_reusable
        if isinstance(event, events.StampVoided) and event.code and event.missing == 0 and reusable:
            given.pop(event.code, None)
        if isinstance(event, events.StampAdded) and event.code:
            many = life.templates[place - 1].code_scope is CodeScope.MANY
            assert many or event.code not in given, f"{event.code} was used by the entry {given.get(event.code)}"
            given[event.code] = place


def a_void_is_once(life: Life) -> None:
    """A credit is taken back once, never more than it gave, and what could not be taken back is told."""
    undone: set[int] = set()
    for place, void in enumerate(life.history):
        if not isinstance(void, events.StampVoided):
            continue
        credit = life.history[void.credit_version - 1]
        assert isinstance(credit, events.StampAdded), "the void is of no credit"
        assert void.credit_version not in undone, f"the entry {void.credit_version} was taken back twice"
        undone.add(void.credit_version)
        before = life.states[place - 1]
        assert void.count >= 0 and void.missing >= 0 and void.code == credit.code
        assert void.count == before.stamps_total - life.states[place].stamps_total
        assert void.missing == 0 or void.progress == 0 or _lapsed_or_moved(life, void, place), "stamps could be taken"


def _lapsed_or_moved(life: Life, void: events.StampVoided, place: int) -> bool:
    since = life.history[void.credit_version : place]
    return any(isinstance(event, events.TemplateChanged | events.StampsExpired) for event in since)


def a_card_ends(life: Life) -> None:
    """A card's time is what its template says, and nothing is done to a deleted card."""
    first, template = life.history[0], life.templates[0]
    assert isinstance(first, events.CardIssued | events.CardImported)
    span = template.card_valid_for
    assert first.expires_at == (None if span is None else first.at + span), "the card's time is another one"
    places = [place for place, event in enumerate(life.history) if isinstance(event, events.CardDeleted)]
    after = life.history[places[0] + 1 :] if places else []
    assert all(isinstance(event, events.StampRejected) for event in after), "something was done to a deleted card"
    over = life.told(events.CardExpired)
    assert all(event.at == life.card.expires_at for event in over if not life.moved) and (life.moved or len(over) < 2)


def a_move_takes_nothing(life: Life) -> None:
    """A new template version removes no reward, counts every stamp, and gives no goal a second time."""
    for place, event in enumerate(life.history):
        if not isinstance(event, events.TemplateChanged):
            continue
        before, after = life.states[place - 1], life.states[place]
        assert attrs.asdict(after, recurse=False)["rewards"] == before.rewards, "a reward changed with the version"
        kept = before.stamps_total - event.dropped
        assert after.stamps_total == kept, "stamps were lost by the move"
        on_card = before.standing.progress + before.standing.carried
        begun = before.full and after.standing.cycle > before.standing.cycle and after.standing.base > 0
        rest = before.standing.carried if begun and after.standing.base == before.standing.cycle else on_card
        size = after.stamps_required
        now = (after.standing.cycle - 1 - after.standing.base) * size + after.standing.progress + after.standing.carried
        assert now == rest - event.dropped, f"{rest} stamps were on the card, and {now} are now"


LAWS: tuple[Law, ...] = (
    progress_stays_on_the_card,
    entries_are_understood_alone,
    replay_gives_the_card,
    no_stamp_is_lost_or_made,
    stamps_lie_one_after_another,
    stamps_are_lifted_from_the_top,
    each_goal_gives_once,
    amounts_are_worth_their_stamps,
    limits_are_kept,
    what_has_lapsed_is_gone,
    a_code_is_good_once,
    a_void_is_once,
    a_card_ends,
    a_move_takes_nothing,
    *REWARD_LAWS,
)
