"""
eventsourcing's own test cases for recorders, on a ledger's recorder: in a file (WAL, synchronous=FULL) and in memory.
"""

import contextlib
import io
import tempfile
import unittest
from pathlib import Path

from eventsourcing.tests import persistence as contract

from stampledger.sources import system_random
from stampledger.store.database import open_engine
from stampledger.store.recorder import LedgerAggregateRecorder, LedgerRecorder
from stampledger.store.store import Store


class InFile(unittest.TestCase):
    """A ledger in a file of its own for each recorder."""

    def setUp(self) -> None:
        super().setUp()
        self.enterContext(contextlib.redirect_stdout(io.StringIO()))  # The test cases print how fast they were.
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))

    @property
    def url(self) -> str:
        return f"sqlite:///{self.folder / 'shop.db'}"

    def open(self) -> Store:
        store = Store(open_engine(self.url), "blue-cup", random=system_random, owned=True)
        self.addCleanup(store.close)
        return store


class InMemory(InFile):
    @property
    def url(self) -> str:
        return "sqlite://"


class AggregateRecorder(InFile, contract.AggregateRecorderTestCase):
    def create_recorder(self) -> LedgerAggregateRecorder:
        return LedgerAggregateRecorder(self.open())


class ApplicationRecorder(InFile, contract.ApplicationRecorderTestCase[LedgerRecorder]):
    def create_recorder(self) -> LedgerRecorder:
        return LedgerRecorder(self.open())

    def test_insert_subscribe(self) -> None:
        self.optional_test_insert_subscribe()


class NonInterleavingNotificationIDs(InFile, contract.NonInterleavingNotificationIDsBaseCase):
    def create_recorder(self) -> LedgerRecorder:
        return LedgerRecorder(self.open())


class AggregateRecorderInMemory(InMemory, AggregateRecorder):
    """The same, in memory."""


class ApplicationRecorderInMemory(InMemory, ApplicationRecorder):
    """The same, in memory."""


class NonInterleavingNotificationIDsInMemory(InMemory, NonInterleavingNotificationIDs):
    """The same, in memory."""


del InFile, InMemory  # They are no test cases of their own.
