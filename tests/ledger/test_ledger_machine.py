"""
The kit's machine on every place a ledger can be kept in: the laws hold there, and a ledger that breaks one is seen.
"""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import rule, run_state_machine_as_test

from stampledger import (
    AfterLastGoal,
    BirthdayGift,
    Brand,
    CardTemplate,
    Goal,
    Ledger,
    Limits,
    OverCap,
    PerAmount,
    Voucher,
)
from stampledger.testing import LawBroken, LedgerMachine, file, law, memory, server
from tests.ledger.kept import Kept
from tests.ledger.shop import LUCK
from tests.servers.database import SERVERS

QUICK = Voucher(title="Small coffee", valid_for=timedelta(hours=6))

SOON = settings(max_examples=60, stateful_step_count=5, deadline=None, phases=(Phase.generate,))


class Machine(LedgerMachine):
    """Programmes that differ in what matters to a ledger."""

    brand = Brand(name="Blue Cup", time_zone="America/New_York")
    templates = (
        CardTemplate(name="Coffee", goals=(Goal(stamps=2, reward=QUICK), Goal(stamps=5, reward=LUCK))),
        CardTemplate(
            name="Cake",
            goals=(Goal(stamps=3, reward=QUICK),),
            after_last_goal=AfterLastGoal.HOLD,
            stamps_valid_for=timedelta(days=1),
            birthday=BirthdayGift(stamps=1),
        ),
        CardTemplate(
            name="Lunch",
            goals=(Goal(stamps=4, reward=Voucher(title="Lunch", valid_months=1)),),
            per_amount=PerAmount(amount=Decimal(10)),
            limits=Limits(per_day=5, over_cap=OverCap.GRANT),
        ),
    )


def work(machine: type[LedgerMachine], share: int) -> None:
    few = settings(max_examples=max(3, settings().max_examples // share), stateful_step_count=25, deadline=None)
    run_state_machine_as_test(machine, settings=few)


@pytest.mark.parametrize("kept_in", [memory, file])
def test_laws_hold(kept_in: Any):
    """
    Every law holds in memory and in a file.
    """

    class Here(Machine):
        place = kept_in()

    work(Here, 10)


@pytest.mark.parametrize("kind", sorted(SERVERS))
def test_on_a_server(kept: Kept, kind: str):
    """
    The same on a server, whose URL is all that is given.
    """
    url = kept.emptied(kind).url

    class OnAServer(Machine):
        place = server(url)

    work(OnAServer, 100)


def test_broken_law_is_told():
    """
    What a subclass asks for is asked, and a law of its own that does not hold is told with the Journal.
    """

    class Generous(LedgerMachine):
        @rule(card=LedgerMachine.cards)
        def give(self, card: UUID) -> None:
            """Five stamps at once."""
            self.attempt(self.ledger.add_stamps, card, 5, code="GIFT")

        @law
        def nobody_is_given_five(self) -> None:
            """Nobody is given five stamps at once."""
            assert "GIFT" not in [entry.code for entry in self.entries]

    with pytest.raises(LawBroken, match=r"Nobody is given five stamps at once\.(.|\n)*stamp added +GIFT"):
        run_state_machine_as_test(Generous, settings=SOON)


def test_broken_ledger_is_seen():
    """
    A ledger that does twice what it is told twice breaks the machine.
    """

    class Forgetful(LedgerMachine):
        def open(self) -> Ledger:
            ledger = super().open()
            honest = ledger.add_stamps
            named = {"idempotency_key": None}
            ledger.add_stamps = lambda *given, **more: honest(*given, **{**more, **named})  # type: ignore[method-assign]
            return ledger

    with pytest.raises(AssertionError, match="sent twice, it was done twice"):
        run_state_machine_as_test(Forgetful, settings=SOON)
