"""
Every word of the house has a label.
"""

from collections.abc import Callable
from enum import StrEnum

import pytest

from stampledger import refusals
from stampledger.codec import SHORT_NAMES
from stampledger.errors import Refused
from stampledger.events import RewardSource
from stampledger.projections import CardStatus
from stampledger.render import labels
from stampledger.render.words import Words
from stampledger.rewards import RewardKind, RewardStatus
from stampledger.values import Channel, Platform

ENUMS: list[tuple[labels.Labels, type[StrEnum], Callable[[Words, str], str]]] = [
    (labels.CARD_STATUSES, CardStatus, labels.card_status_label),
    (labels.REWARD_KINDS, RewardKind, labels.reward_kind_label),
    (labels.REWARD_STATUSES, RewardStatus, labels.reward_status_label),
    (labels.REWARD_SOURCES, RewardSource, labels.reward_source_label),
    (labels.CHANNELS, Channel, labels.channel_label),
    (labels.PLATFORMS, Platform, labels.platform_label),
]


def rules() -> set[str]:
    """The codes of all refusals."""
    found = {kind.code for kind in vars(refusals).values() if isinstance(kind, type) and issubclass(kind, Refused)}
    return found - {Refused.code}


def test_kinds_of_entries():
    """
    Every kind of entry has a label, and no label is of no kind.
    """
    assert set(SHORT_NAMES) == set(labels.KINDS)
    assert len(labels.KINDS) == len(set(labels.KINDS.values()))
    assert "Stempel hinzugefügt" == labels.kind_label(Words("de"), "stamp_added")


def test_rules():
    """
    Every rule that can say no has a label.
    """
    assert rules() == set(labels.RULES)
    assert "Tageslimit" == labels.rule_label(Words("de"), "daily_limit_reached")


@pytest.mark.parametrize(("table", "values", "say"), ENUMS)
def test_values_of_a_choice(table: labels.Labels, values: type[StrEnum], say: Callable[[Words, str], str]):
    """
    Every value of a choice has a label of its own.
    """
    assert set(values) == set(table)
    assert len(values) == len({say(Words("uk"), value) for value in values})


@pytest.mark.parametrize("say", labels.SAYINGS)
def test_value_without_a_label(say: Callable[[Words, str], str]):
    """
    What a later release or a shop has made up is shown as it is.
    """
    assert "our.own_thing" == say(Words("ko"), "our.own_thing")
