"""
The kit itself: what it supplies never varies, and what it draws is interesting often enough for the laws to see it.
"""

import re
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import stampledger.testing as kit
from stampledger import events
from stampledger.aggregates import decide, decide_customer, replay
from stampledger.commands import RegisterCustomer
from stampledger.testing import (
    START,
    STARTS,
    ZONES,
    Clock,
    Kind,
    Moment,
    NumberedCodes,
    NumberedIds,
    Outcome,
    Till,
    Wish,
    customers,
    histories,
    stories,
    templates,
    wishes,
)
from stampledger.values import CardTemplate, Person
from tests.core.shop import coffee, progress

# In how many of a hundred runs a case has to come up, at least. A law whose case is rarer than this is half checked.
OFTEN = {
    "a goal hit exactly": 30,
    "an overflow into the next cycle": 10,
    "several goals crossed by one credit": 5,
    "a goal undone by a void": 8,
    "a void after a redemption": 2,
    "a voucher redeemed": 8,
    "a voucher refused": 10,
    "an amount with a remainder": 5,
    "stamps lapsed": 12,
    "a credit refused by a limit": 12,
    "a credit cut by a limit": 4,
    "a held card": 4,
    "a closed card": 2,
    "a lottery granted": 12,
    "a clock that steps back": 20,
    "a clock that stands still": 70,
    "a leap day": 8,
}

# The same of whole histories, whose wishes are told as small stories: docs/testing.md states these.
WHOLE = {
    "a goal hit exactly": 50,
    "an overflow into the next cycle": 14,
    "several goals crossed by one credit": 7,
    "a goal undone by a void": 38,
    "a void after a redemption": 12,
    "a used voucher whose stamps are voided": 5,
    "a voucher redeemed": 20,
    "a voucher refused": 16,
    "the very instant something lapses": 18,
    "the moment before something lapses": 11,
    "stamps lapsed": 9,
    "a credit refused by a limit": 19,
    "a credit cut by a limit": 5,
    "a held card": 8,
    "a lottery granted": 15,
    "a lottery played": 3,
    "a leap day": 6,
}


def cases(till: Till, template: CardTemplate, asked: list[Wish]) -> set[str]:
    """Which of the interesting cases one run has come upon."""
    seen: set[str] = set()
    size, redeemed = template.goals[-1].stamps, False
    for wish in asked:
        seen.add(
            {Moment.BACK: "a clock that steps back", Moment.STILL: "a clock that stands still"}.get(wish.moment, "")
        )
        edge = till.next_edge()
        outcome = till.perform(wish)
        if edge is not None and till.clock() in (edge, edge - timedelta(microseconds=1)):
            seen.add(
                "the very instant something lapses" if till.clock() == edge else "the moment before something lapses"
            )
        seen.add("a leap day" if (till.clock().month, till.clock().day) == (2, 29) else "")
        if outcome is None:
            continue
        code = "" if outcome.refusal is None else outcome.refusal.code
        seen.add("a credit refused by a limit" if code.endswith(("_limit_reached", "interval_not_over")) else "")
        seen.add("a held card" if code == "card_is_held" or till.card.held_for else "")
        seen.add("a closed card" if code == "card_is_closed" else "")
        seen.add("a voucher refused" if code.startswith("voucher_is_") else "")
        goals = [told for told in outcome.events if isinstance(told, events.GoalReached)]
        seen.add("several goals crossed by one credit" if len(goals) > 1 else "")
        for told in outcome.events:
            match told:
                case events.StampAdded():
                    seen.add("a goal hit exactly" if told.progress in [goal.stamps for goal in template.goals] else "")
                    over = told.cycle > outcome.before.standing.cycle and outcome.before.standing.progress < size
                    seen.add("an overflow into the next cycle" if over or told.dropped or told.carried else "")
                    seen.add("an amount with a remainder" if told.remainder_minor else "")
                    seen.add("a credit cut by a limit" if told.withheld else "")
                case events.StampVoided():
                    seen.add("a goal undone by a void" if told.goals_undone else "")
                    seen.add("a void after a redemption" if redeemed else "")
                    used = any(row.reason == "redeemed" for row in told.rewards_kept)
                    seen.add("a used voucher whose stamps are voided" if used else "")
                case events.VoucherRedeemed():
                    redeemed = True
                    seen.add("a voucher redeemed")
                case events.StampsExpired():
                    seen.add("stamps lapsed")
                case events.LotteryGranted():
                    seen.add("a lottery granted")
                case events.LotteryPlayed():
                    seen.add("a lottery played")
    return seen - {""}


def test_interesting_cases_come_up_often():
    """
    Every case that the laws are about is drawn in a good share of the runs.
    """
    counted: Counter[str] = Counter()
    runs = 0

    @settings(max_examples=500, derandomize=True, database=None)
    @given(templates(), st.sampled_from(ZONES), wishes())
    def draw(template: CardTemplate, zone: str, asked: list[Wish]) -> None:
        nonlocal runs
        runs += 1
        counted.update(cases(Till(template, zone), template, asked))

    draw()

    rare = {case: 100 * counted[case] / runs for case, share in OFTEN.items() if 100 * counted[case] < share * runs}
    assert {} == rare, {case: round(100 * counted[case] / runs, 1) for case in OFTEN}


def test_interesting_cases_of_whole_histories():
    """
    Whole histories come upon what laws are mostly broken by far more often than single wishes do.
    """
    counted: Counter[str] = Counter()
    runs = 0

    @settings(max_examples=500, derandomize=True, database=None)
    @given(templates(), st.sampled_from(ZONES), st.sampled_from(STARTS), stories())
    def draw(template: CardTemplate, zone: str, begun: datetime, asked: list[Wish]) -> None:
        nonlocal runs
        runs += 1
        counted.update(cases(Till(template, zone, begun), template, asked))

    draw()

    rare = {case: 100 * counted[case] / runs for case, share in WHOLE.items() if 100 * counted[case] < share * runs}
    assert {} == rare, {case: round(100 * counted[case] / runs, 1) for case in WHOLE}


def test_rates_are_stated():
    """
    The documentation states the rates that are held here.
    """
    page = (Path(__file__).parents[2] / "docs/testing.md").read_text(encoding="utf-8")

    assert WHOLE == {case: int(share) for case, share in re.findall(r"^\| ([\w ]+?) +\| +(\d+) % \|$", page, re.M)}


@given(histories())
def test_history_replays(till: Till):
    """
    A history is whole: its events alone make the card it has come to.
    """
    assert till.card == replay(till.history)
    assert len(till.history) == len(till.life.templates)


@given(asked=kit.commands())
def test_command_is_decided_alike(asked: Outcome):
    """
    A command that was drawn is decided as it was, by the card it was asked of.
    """
    if asked.refusal is None:
        assert asked.events == decide(asked.before, asked.command)
    else:
        with pytest.raises(type(asked.refusal)):
            decide(asked.before, asked.command)


@given(customers())
def test_customers_can_be_registered(person: Person):
    """
    Customers are such as a ledger takes.
    """
    (told,) = decide_customer(None, RegisterCustomer(at=START, person=person))

    assert events.CustomerRegistered(at=START, person=person) == told


def test_public_names():
    """
    The kit offers what it says it offers.
    """
    assert sorted(kit.__all__) == sorted(set(kit.__all__))
    assert all(getattr(kit, name).__doc__ for name in kit.__all__ if callable(getattr(kit, name)))


def test_supplies_never_vary():
    """
    The same index of the same decision gives the same id and code; another decision gives others.
    """
    ids = [NumberedIds(decision)[index] for decision in range(3) for index in range(3)]

    assert ids == [NumberedIds(decision)[index] for decision in range(3) for index in range(3)]
    assert 9 == len(set(ids))
    assert UUID(int=(1 << 64) + 2) == NumberedIds(0)[2]
    assert "D4-1" == NumberedCodes(4)[1]


def test_clock_stands_still():
    """
    Time passes when a test says so, forwards or back.
    """
    clock = Clock()

    assert START == clock() == clock()
    assert START + timedelta(hours=1) == clock.wait(timedelta(hours=1))
    assert START == clock.wait(-timedelta(hours=1))


def test_fork():
    """
    What happens on one fork of a till does not happen on the other.
    """
    till = Till(coffee(8))
    till.add(2)
    other = till.fork()
    other.clock.wait(timedelta(days=1))
    other.add(3)

    assert ("2/8", "5/8") == (progress(till), progress(other))
    assert (1, 2) == (len(till.credits), len(other.credits))
    assert START == till.clock()


@pytest.mark.parametrize("kind", Kind)
def test_wish_about_nothing(kind: Kind):
    """
    A wish about a reward or credit that does not exist is no outcome rather than an error.
    """
    outcome = Till(coffee(8)).perform(Wish(kind, 3))

    about = {Kind.VOID, Kind.REDEEM, Kind.REVERSE, Kind.TAKE_BACK, Kind.PLAY}
    assert (kind in about) == (outcome is None)


def test_edge_is_met_exactly():
    """
    A wish at the edge is fulfilled at the very instant at which something lapses, or a microsecond before.
    """
    till = Till(coffee(8, stamps_valid_for=timedelta(days=3)))
    till.add()

    till.perform(Wish(Kind.EXPIRE, moment=Moment.ALMOST))
    assert ("1/8", START + timedelta(days=3, microseconds=-1)) == (progress(till), till.clock())
    till.perform(Wish(Kind.EXPIRE, moment=Moment.EDGE))
    assert ("0/8", START + timedelta(days=3)) == (progress(till), till.clock())
