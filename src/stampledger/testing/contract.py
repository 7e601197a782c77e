"""For whoever writes a store of their own, or sets one up unlike ours: what has to hold, as test cases to inherit.

    from stampledger.testing import contract

    class OurJournal(contract.JournalContract):
        def create_recorder(self):
            return OurRecorder(...)

    class OurLedger(contract.LedgerContract):
        def open_ledger(self, **options):
            return Ledger(our_engine(), business="contract", **options)

Import the module, not the classes: a test runner takes every class it finds for a test. They are `unittest` cases, and
run under pytest as well.
"""

import threading
from abc import ABC, abstractmethod
from collections import Counter
from contextlib import suppress
from datetime import timedelta
from typing import Any
from unittest import TestCase
from uuid import UUID

from stampledger.errors import IdempotencyKeyReused, StampledgerError
from stampledger.ledger import Ledger
from stampledger.refusals import CodeAlreadyUsed, DailyLimitReached, VoucherIsRedeemed
from stampledger.store.contract import (
    AggregateRecorderContract,
    ApplicationRecorderContract,
    InsertedTogetherContract,
    JournalContract,
)
from stampledger.testing.scenes import COFFEE_CARD
from stampledger.testing.supplies import Supplies
from stampledger.values import CardTemplate, Goal, Limits, Voucher

__all__ = [
    "AggregateRecorderContract",
    "ApplicationRecorderContract",
    "InsertedTogetherContract",
    "JournalContract",
    "LedgerContract",
]

THREADS, STAMPS, SECONDS = 4, 6, 60
LIMITED = CardTemplate(name="Limited", goals=(Goal(stamps=3, reward=Voucher(title="Cake")),), limits=Limits(per_day=2))


class LedgerContract(TestCase, ABC):
    """What a ledger keeps to, wherever it lies."""

    @abstractmethod
    def open_ledger(self, **options: Any) -> Ledger:
        """Open the ledger of a business, with a clock, chance and ids; empty the first time a test asks for it.

        Called again in the same test it opens the same one, beside the first or after that was closed.
        """

    def setUp(self) -> None:
        """Open the ledger."""
        super().setUp()
        self.supplies = Supplies()
        self.ledger = self._opened()
        self._others: list[Ledger] = []

    def _opened(self) -> Ledger:
        ledger = self.open_ledger(**self.supplies)
        self.addCleanup(ledger.close)
        return ledger

    def _card(self, template: CardTemplate = COFFEE_CARD) -> UUID:
        return self.ledger.issue_card(self.ledger.publish_template(template.name, template)).card.id

    def tearDown(self) -> None:
        """Whatever a test did, the Journal is sound afterwards, and what is shown follows from it."""
        verified = self._opened().verify()
        self.assertEqual((), verified.faults)
        super().tearDown()

    def test_opened_again(self) -> None:
        """What was acknowledged is there for whoever opens the ledger next, and for whoever has it open beside."""
        beside = self._opened()
        card = self._card()
        self.ledger.add_stamps(card, 8, code="R-1")

        told = [row.seq for row in self.ledger.journal()], str(self.ledger.progress(card))
        self.ledger.close()

        self.assertEqual(([5, 4, 3, 2, 1], "8/8"), told)
        for ledger in (beside, self._opened()):
            self.assertEqual(told, ([row.seq for row in ledger.journal()], str(ledger.progress(card))))

    def test_same_request_twice(self) -> None:
        """A request sent again with its key answers as the first time; another one with that key is an error."""
        card = self._card()
        first = self.ledger.add_stamps(card, idempotency_key="K-1")

        again = self._opened().add_stamps(card, idempotency_key="K-1")
        with self.assertRaises(IdempotencyKeyReused):
            self.ledger.add_stamps(card, 2, idempotency_key="K-1")

        self.assertEqual((first.id, True, "1/8"), (again.id, again.repeated, str(self.ledger.progress(card))))

    def test_code_is_good_once(self) -> None:
        """Of many who use the same codes at once, on cards of their own, one has each."""
        cards = [self._card() for _ in range(THREADS)]
        refused: list[str] = []

        def scan(ledger: Ledger, number: int) -> None:
            for turn in range(STAMPS):
                try:
                    ledger.add_stamps(cards[number], code=f"R-{turn}")
                except CodeAlreadyUsed as refusal:
                    refused.append(refusal.used)

        self._at_once(scan)

        self.assertEqual(STAMPS, sum(self.ledger.card(card).stamps_total for card in cards))
        self.assertEqual({f"R-{turn}": THREADS - 1 for turn in range(STAMPS)}, Counter(refused))

    def test_stamps_at_once(self) -> None:
        """Stamps that many add to one card at once are all there, numbered without a hole."""
        card = self._card()
        before = self.ledger.seq

        self._at_once(lambda ledger, number: [ledger.add_stamps(card) for _ in range(STAMPS)])

        view = self.ledger.card(card)
        goals = THREADS * STAMPS // 8
        self.assertEqual((THREADS * STAMPS, goals), (view.stamps_total, len(view.rewards)))
        numbers = [row.seq for row in self.ledger.journal(limit=1_000)]
        self.assertEqual(list(range(before + THREADS * STAMPS + 2 * goals, 0, -1)), numbers)

    def test_limit_at_once(self) -> None:
        """A day's limit lets through what it allows, also where many ask at once; each refusal is recorded."""
        card = self._card(LIMITED)
        refused: list[int | None] = []

        def scan(ledger: Ledger, number: int) -> None:
            try:
                ledger.add_stamps(card)
            except DailyLimitReached as refusal:
                refused.append(refusal.seq)

        self._at_once(scan)

        rejected = {row.seq for row in self.ledger.journal() if row.kind == "stamp_rejected"}
        self.assertEqual(2, self.ledger.card(card).stamps_total)
        self.assertEqual((THREADS - 2, rejected), (len(refused), set(refused)))

    def test_voucher_at_once(self) -> None:
        """A voucher is used once, however many try."""
        card = self._card()
        voucher = self.ledger.add_stamps(card, 8).card.rewards[0].id
        used: list[int] = []

        def use(ledger: Ledger, number: int) -> None:
            with suppress(VoucherIsRedeemed):
                used.append(ledger.redeem(voucher).id)

        self._at_once(use)

        self.assertEqual([row.seq for row in self.ledger.journal() if row.kind == "voucher_redeemed"], used)
        self.assertEqual(1, len(used))

    def test_past(self) -> None:
        """Every moment is answered later as it was answered then."""
        card, told = self._card(), []
        for turn in range(6):
            self.supplies.clock.wait(timedelta(hours=5))
            scan = self.ledger.add_stamps(card, 1 + turn, code=f"R-{turn}")
            told.append((scan, str(self.ledger.progress(card)), len(self.ledger.rewards(card))))
        self.ledger.void_stamps(told[1][0])
        self.ledger.delete_card(card)

        ledger = self._opened()
        for scan, progress, rewards in told:
            view = ledger.at(scan)
            self.assertEqual((progress, rewards), (str(view.progress(card)), len(view.rewards(card))))

    def test_failed_command_leaves_nothing(self) -> None:
        """What cannot be done changes nothing, and the next command is carried out."""
        card = self._card()
        before = self.ledger.seq

        with self.assertRaises(StampledgerError):
            self.ledger.void_stamps("R-9")

        self.assertEqual(before, self.ledger.seq)
        self.assertEqual(before + 1, self.ledger.add_stamps(card).id)

    def test_rebuilt(self) -> None:
        """What is shown can be made anew from the Journal, and is the same."""
        card = self._card()
        self.ledger.add_stamps(card, 11, code="R-1")
        self.ledger.redeem(self.ledger.rewards(card)[0].id)
        shown = self.ledger.card(card)

        self.ledger.rebuild()

        self.assertEqual(shown, self.ledger.card(card))

    def test_followed(self) -> None:
        """A follower is given every entry once, in order, also when it stops in between and others write."""
        card = self._card()
        read: list[int] = []
        for _ in range(3):
            self._at_once(lambda ledger, number: [ledger.add_stamps(card) for _ in range(2)])
            read.extend(entry.seq for entry in self.ledger.follow("contract", wait=0))

        self.assertEqual(list(range(1, self.ledger.seq + 1)), read)

    def _at_once(self, task: Any) -> None:
        """Carry out a task in threads at once, two of them on one ledger and the others on one of their own."""
        self._others = self._others or [self._opened() for _ in range(THREADS - 2)]
        ledgers = [self.ledger, self.ledger, *self._others]
        errors: list[BaseException] = []
        together = threading.Barrier(THREADS)

        def carry_out(number: int) -> None:
            try:
                together.wait(SECONDS)
                task(ledgers[number], number)
            except BaseException as error:
                errors.append(error)

        threads = [threading.Thread(target=carry_out, args=(number,), daemon=True) for number in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(SECONDS)
        if errors:
            raise errors[0]
