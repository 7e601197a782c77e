"""
eventsourcing's own test cases for recorders, on a ledger's recorder: on every engine, and in SQLite's memory.
"""

import contextlib
import io
import unittest
from pathlib import Path

import pytest
from eventsourcing.tests import persistence as contract

from stampledger.sources import system_random
from stampledger.store.database import open_engine
from stampledger.store.recorder import LedgerAggregateRecorder, LedgerRecorder
from stampledger.store.store import Store
from tests.servers.database import Databases
from tests.servers.fixtures import running


class OnADatabase(unittest.TestCase):
    """A ledger in an empty database for each recorder."""

    kind = "sqlite"
    databases: Databases
    folder: Path

    @pytest.fixture(autouse=True)
    def _on(self, databases: Databases, tmp_path: Path) -> None:
        self.databases, self.folder = databases, tmp_path
        running(databases, self.kind)

    def setUp(self) -> None:
        super().setUp()
        self.enterContext(contextlib.redirect_stdout(io.StringIO()))  # The test cases print how fast they were.
        self.url = self.enterContext(self.databases.fresh(self.kind, self.folder)).url

    def open(self) -> Store:
        store = Store(open_engine(self.url), "blue-cup", random=system_random, owned=True)
        self.addCleanup(store.close)
        return store


class InMemory(OnADatabase):
    def setUp(self) -> None:
        super().setUp()
        self.url = "sqlite://"


class OnPostgreSQL(OnADatabase):
    kind = "postgresql"


class OnMariaDB(OnADatabase):
    kind = "mariadb"


class AggregateRecorder(OnADatabase, contract.AggregateRecorderTestCase):
    def create_recorder(self) -> LedgerAggregateRecorder:
        return LedgerAggregateRecorder(self.open())


class ApplicationRecorder(OnADatabase, contract.ApplicationRecorderTestCase[LedgerRecorder]):
    def create_recorder(self) -> LedgerRecorder:
        return LedgerRecorder(self.open())

    def test_insert_subscribe(self) -> None:
        self.optional_test_insert_subscribe()


class NonInterleavingNotificationIDs(OnADatabase, contract.NonInterleavingNotificationIDsBaseCase):
    def create_recorder(self) -> LedgerRecorder:
        return LedgerRecorder(self.open())


class AggregateRecorderInMemory(InMemory, AggregateRecorder):
    """The same, in memory."""


class ApplicationRecorderInMemory(InMemory, ApplicationRecorder):
    """The same, in memory."""


class NonInterleavingNotificationIDsInMemory(InMemory, NonInterleavingNotificationIDs):
    """The same, in memory."""


class AggregateRecorderOnPostgreSQL(OnPostgreSQL, AggregateRecorder):
    """The same, on PostgreSQL."""


class ApplicationRecorderOnPostgreSQL(OnPostgreSQL, ApplicationRecorder):
    """The same, on PostgreSQL."""


class NonInterleavingNotificationIDsOnPostgreSQL(OnPostgreSQL, NonInterleavingNotificationIDs):
    """The same, on PostgreSQL."""


class AggregateRecorderOnMariaDB(OnMariaDB, AggregateRecorder):
    """The same, on MariaDB."""


class ApplicationRecorderOnMariaDB(OnMariaDB, ApplicationRecorder):
    """The same, on MariaDB."""


class NonInterleavingNotificationIDsOnMariaDB(OnMariaDB, NonInterleavingNotificationIDs):
    """The same, on MariaDB."""


del OnADatabase, InMemory, OnPostgreSQL, OnMariaDB  # They are no test cases of their own.
