"""
What others do between a look and its append, which on PostgreSQL holds no lock: the clock, asked once the look
is over, lets another till be quicker. The controls are the same wishes one after the other.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from uuid import UUID

import pytest

from stampledger import CardTemplate, Goal, Ledger, Voucher
from stampledger.refusals import CodeAlreadyUsed, CustomerIsForgotten
from stampledger.values import CodeScope
from tests.ledger.shop import the
from tests.servers.database import Database

GOALS = (Goal(stamps=8, reward=Voucher(title="Coffee")),)


class Tills:
    """A slow till, and a quick one that does something while the slow one decides."""

    def __init__(self, url: str, stack: ExitStack) -> None:
        self.meanwhile: list[Callable[[], object]] = []
        self.quick = stack.enter_context(Ledger.open(url, business="shop"))
        self.slow = stack.enter_context(Ledger.open(url, business="shop", clock=self._clock))

    def _clock(self) -> datetime:
        if self.meanwhile:
            self.meanwhile.pop()()
        return datetime.now(UTC)

    def card(self, scope: CodeScope = CodeScope.BUSINESS, reusable: bool = False, customer: UUID | None = None) -> UUID:
        template = CardTemplate(name="Card", goals=GOALS, code_scope=scope, voided_code_reusable=reusable)
        published = self.quick.publish_template(f"{scope}{reusable}", template)
        card: UUID = the(self.quick.issue_card(published, customer=customer).subject)
        return card


@pytest.fixture
def tills(postgresql: Database) -> Iterator[Tills]:
    with ExitStack() as stack:
        yield Tills(postgresql.url, stack)


def credits(ledger: Ledger, code: str) -> int:
    return sum(entry.kind == "stamp_added" and entry.code == code for entry in ledger.entries())


@pytest.mark.parametrize("one_after_the_other", [True, False], ids=["control", "between"])
@pytest.mark.parametrize("slow", [CodeScope.BUSINESS, CodeScope.TEMPLATE, CodeScope.CARD])
@pytest.mark.parametrize("quick", [CodeScope.BUSINESS, CodeScope.TEMPLATE, CodeScope.CARD])
def test_code_of_two_scopes(tills: Tills, slow: CodeScope, quick: CodeScope, one_after_the_other: bool):
    """
    A code counts for two cards between look and append exactly where it counts for them one after the other.
    """
    cards = tills.card(slow), tills.card(quick)
    both = slow is CodeScope.CARD or (slow is CodeScope.TEMPLATE and quick is CodeScope.CARD)

    tills.meanwhile.append(lambda: tills.quick.add_stamps(cards[1], code="R-1"))
    if one_after_the_other:
        tills.meanwhile.pop()()
    try:
        tills.slow.add_stamps(cards[0], code="R-1")
    except CodeAlreadyUsed:
        assert not both
    else:
        assert both

    assert (2 if both else 1) == credits(tills.quick, "R-1")
    assert () == tills.quick.verify().faults


def test_voided_code_used_anew(tills: Tills):
    """
    A voided code is used anew by one of two tills.
    """
    cards = [tills.card(reusable=True) for _ in range(3)]
    tills.quick.void_stamps(tills.quick.add_stamps(cards[0], code="R-1"))

    tills.meanwhile.append(lambda: tills.quick.add_stamps(cards[1], code="R-1"))
    with pytest.raises(CodeAlreadyUsed):
        tills.slow.add_stamps(cards[2], code="R-1")

    assert 2 == credits(tills.quick, "R-1")
    assert () == tills.quick.verify().faults


def test_message_to_somebody_who_is_being_forgotten(tills: Tills):
    """
    Nothing is recorded to a person who was forgotten in between.
    """
    anna = the(tills.quick.register_customer(name="Anna").subject)
    card = tills.card(customer=anna)

    tills.meanwhile.append(lambda: tills.quick.forget_customer(anna))
    with pytest.raises(CustomerIsForgotten):
        tills.slow.send_message(card, "Hello Anna")

    assert "message_sent" not in [entry.kind for entry in tills.quick.entries()]
    assert () == tills.quick.verify().faults
