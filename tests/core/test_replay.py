"""
What the card is follows from its events alone, and neither deciding nor folding changes anything but the answer.
"""

import copy
from functools import reduce

import attrs
from hypothesis import event, given
from hypothesis import strategies as st

from stampledger import events
from stampledger.aggregates import decide, decided, evolve, replay
from stampledger.cards import StampCard, evolve_card
from stampledger.commands import CardCommand
from stampledger.errors import Refused, StampledgerError
from stampledger.testing import ZONES, Outcome, Till, Wish, check, laws, templates, wishes
from stampledger.values import CardTemplate
from tests.core.shop import sentence

zones = st.sampled_from(ZONES)


def worked(template: CardTemplate, zone: str, asked: list[Wish]) -> Till:
    till = Till(template, zone)
    for wish in asked:
        till.perform(wish)
    return till


@given(templates(), zones, wishes())
def test_replay(template: CardTemplate, zone: str, asked: list[Wish]):
    """
    Replaying all events gives the state the card had come to step by step, and so does every beginning of them.
    """
    till = worked(template, zone, asked)

    for count, state in enumerate(till.states, start=1):
        assert state == replay(till.history[:count])


@given(templates(), zones, wishes())
def test_pure(template: CardTemplate, zone: str, asked: list[Wish]):
    """
    Deciding twice answers the same twice, folding twice gives the same twice, and neither touches the card.
    """
    till = Till(template, zone)
    for wish in asked:
        outcome = till.perform(wish)
        if outcome is None:
            continue
        before = copy.deepcopy(outcome.before)

        first, second = answer(outcome.before, outcome.command), answer(outcome.before, outcome.command)

        assert first == second == answered(outcome)
        assert before == outcome.before
        if outcome.events:
            assert evolve(outcome.before, outcome.events[0]) == evolve(before, outcome.events[0])
            assert before == outcome.before


@given(templates(), zones, wishes())
def test_decided(template: CardTemplate, zone: str, asked: list[Wish]):
    """
    The card that comes with a decision is the one its events make, whichever rewards were at hand.
    """
    till = Till(template, zone)
    assert decided(None, till.asked) == (tuple(till.history), till.card)
    for wish in asked:
        outcome = till.perform(wish)
        if outcome is None:
            continue
        for at_hand in (outcome.before.rewards, {}):
            card = attrs.evolve(outcome.before, rewards=at_hand)
            try:
                told, after = decided(card, outcome.command)
            except StampledgerError:
                continue

            assert decide(card, outcome.command) == told
            assert reduce(evolve_card, told, card) == after


def answer(card: StampCard, command: CardCommand) -> object:
    try:
        return decide(card, command)
    except StampledgerError as refusal:
        return sentence(refusal)


def answered(outcome: Outcome) -> object:
    return outcome.events if outcome.refusal is None else sentence(outcome.refusal)


@given(templates(), zones, wishes())
def test_refused_command(template: CardTemplate, zone: str, asked: list[Wish]):
    """
    A refused command changes nothing, can be read aloud, and has the code of its rule.
    """
    till = Till(template, zone)
    for wish in asked:
        outcome = till.perform(wish)
        if outcome is None or not isinstance(outcome.refusal, Refused):
            continue
        event(outcome.refusal.code)

        assert outcome.before == till.card
        assert str(outcome.refusal)
        assert outcome.refusal.code not in ("error", "refused")


@given(templates(), zones, wishes())
def test_events_understood_alone(template: CardTemplate, zone: str, asked: list[Wish]):
    """
    An event says how the card stands after it, so that a row of the Journal never has to be computed; the card's
    version counts its events.
    """
    till = worked(template, zone, asked)

    check(till.life, laws.entries_are_understood_alone, laws.replay_gives_the_card)


@given(templates(), zones, wishes())
def test_ids(template: CardTemplate, zone: str, asked: list[Wish]):
    """
    No two rewards have one id, also where one command gives several.
    """
    till = worked(template, zone, asked)

    granted = [told for told in till.history if isinstance(told, events.Granted)]
    assert len(granted) == len(till.rewards)
