"""
A process that is forked from one with an open ledger shares no connection with it.
"""

import os
from contextlib import ExitStack
from uuid import UUID

import pytest
from sqlalchemy import create_engine

from stampledger import Ledger
from tests.ledger.shop import coffee, the
from tests.servers.database import Database

STAMPS = 60


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.parametrize("own_engine", [False, True], ids=["by URL", "by an engine"])
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_forked(database: Database, own_engine: bool):
    """
    Parent and child write at once, each on a card of its own, and each gets its own answers.
    """
    with ExitStack() as stack:
        if own_engine:
            engine = create_engine(database.address)
            stack.callback(engine.dispose)
            ledger = stack.enter_context(Ledger(engine, business="shop"))
        else:
            ledger = stack.enter_context(Ledger.open(database.url, business="shop"))
        template = ledger.publish_template("coffee", coffee(1_000))
        cards: list[UUID] = [the(ledger.issue_card(template).subject) for _ in range(2)]
        assert 0 == ledger.card(cards[0]).stamps_total  # A connection of the pool, too, is there to be inherited.

        child = os.fork()
        if child == 0:
            os._exit(0 if stamped(ledger, cards[1], "child") else 1)
        mine = stamped(ledger, cards[0], "parent")
        _, status = os.waitpid(child, 0)

        assert (True, 0) == (mine, os.waitstatus_to_exitcode(status))
        assert [STAMPS, STAMPS] == [ledger.card(card).stamps_total for card in cards]
        assert () == ledger.verify().faults


def stamped(ledger: Ledger, card: UUID, who: str) -> bool:
    """Whether every answer was about the card and the code that was asked for."""
    try:
        scans = [ledger.add_stamps(card, code=f"{who}-{number}") for number in range(STAMPS)]
        return [scan.entries[0].code for scan in scans] == [f"{who}-{number}" for number in range(STAMPS)]
    except BaseException:
        return False
