"""A ledger under test: it proves itself, can be rebuilt, and never answers otherwise about the past.

What `LedgerMachine` stands on, and what a machine with a model of its own may stand on too.
"""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any, ClassVar, TypeVar
from uuid import UUID

import attrs
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from stampledger import events
from stampledger.ledger import Ledger
from stampledger.projections import Entry
from stampledger.testing.places import Place, memory
from stampledger.testing.supplies import Chance, Clock, Counted
from stampledger.testing.telling import LawBroken, broken, journal, sentence
from stampledger.values import Brand

M = TypeVar("M", bound="LedgerUnderTest")

ANSWERS_MAX = 40  # Past moments that are asked about again.


def law(function: Callable[[M], None]) -> Callable[[M], None]:
    """Make a method a law of its machine: it is held after every step, and its docstring is what a failure says."""

    @wraps(function)
    def held(machine: M) -> None:
        machine.hold(function)

    decorated: Callable[[M], None] = invariant()(held)
    return decorated


class LedgerUnderTest(RuleBasedStateMachine):
    """A ledger on the engine of your choice, whose clock, ids and chance are the same in every run."""

    place: ClassVar[Place] = memory()
    brand: ClassVar[Brand | None] = None

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.chance = Chance()
        self.ids = Counted()
        self.ledger = self.open()
        self.broken = False
        self.entries: list[Entry] = []  # The Journal so far.
        self.numbers: dict[UUID, int] = {}  # Of the cards.
        self._answers: list[tuple[int, UUID, Any]] = []

    def open(self) -> Ledger:
        """Open an empty ledger; override it to bring your own."""
        return self.place.opened(clock=self.clock, random=self.chance, ids=self.ids)

    def hold(self, function: Callable[[Any], None]) -> None:
        """Check one law; where it does not hold, say which and show the Journal.

        Raises:
            LawBroken: It does not hold.
        """
        self.catch_up()
        try:
            function(self)
        except LawBroken:
            raise
        except AssertionError as failure:
            self.broken = True
            raise broken(sentence(function), failure, self.journal()) from None

    def journal(self) -> str:
        """Answer the Journal so far as a table."""
        self.catch_up()
        told = [entry for entry in self.entries if not isinstance(entry.event, events.TemplatePublished)]
        return journal(told, self.numbers)

    def catch_up(self) -> list[Entry]:
        """Read what was recorded since, and answer it."""
        new = list(self.ledger.entries(after=len(self.entries)))
        for entry in new:
            if isinstance(entry.event, events.CardIssued | events.CardImported):
                self.numbers[entry.stream] = entry.event.number
        self.entries += new
        return new

    def remember(self, seq: int, card: UUID) -> None:
        """Ask about a moment now, to ask the same again at the end."""
        if len(self._answers) < ANSWERS_MAX:
            self._answers.append((seq, card, self._about(seq, card)))

    def _about(self, seq: int, card: UUID) -> Any:
        view = self.ledger.at(seq)
        return attrs.evolve(view.card(card), customer=None), len(view.history(card)), view.seq

    def teardown(self) -> None:
        """Prove the ledger once more, unless a law was broken already, and leave it."""
        try:
            for function in () if self.broken else (self.looks_back, self.proves_itself, self.rebuilds):
                self.hold(function)
        finally:
            self.leave()

    def leave(self) -> None:
        """Leave the ledger."""
        self.place.close(self.ledger)

    @staticmethod
    def looks_back(self: "LedgerUnderTest") -> None:
        """What was answered about a past moment never changes afterwards."""
        for seq, card, told in self._answers:
            assert told == self._about(seq, card), f"after entry {seq} the card was another one"

    @staticmethod
    def proves_itself(self: "LedgerUnderTest") -> None:
        """Every row, claim, draw and hash is what the Journal says."""
        faults = self.ledger.verify().faults
        assert not faults, "; ".join(fault.message for fault in faults)

    @staticmethod
    def rebuilds(self: "LedgerUnderTest") -> None:
        """Replaying everything gives the state that was stored."""
        before = [self.ledger.card(card) for card in self.numbers]
        self.ledger.rebuild()
        assert before == [self.ledger.card(card) for card in self.numbers], "rebuilt, a card is another one"

    # Time, and the ledger itself.

    @rule(hours=st.sampled_from((1, 6, 24, 24 * 31, -1, -7)))
    def wait(self, hours: int) -> None:
        """Let time pass, or set the clock back."""
        self.clock.wait(timedelta(hours=hours))

    @rule()
    def expire(self) -> None:
        """Record what has lapsed."""
        self.ledger.expire()

    @rule()
    def reopen(self) -> None:
        """Close the ledger and open it again: nothing is remembered but what was written."""
        self.ledger = self.place.reopened(self.ledger, clock=self.clock, random=self.chance, ids=self.ids)
