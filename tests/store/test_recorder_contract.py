"""
The contract of recorders, which is public, on a ledger's recorder: on every engine, and in SQLite's memory.
"""

import unittest
from pathlib import Path

import pytest

from stampledger.sources import system_random
from stampledger.store.database import open_engine
from stampledger.store.recorder import LedgerAggregateRecorder, LedgerRecorder
from stampledger.store.store import Store
from stampledger.testing import contract
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


class AggregateRecorder(OnADatabase, contract.AggregateRecorderContract):
    def create_recorder(self) -> LedgerAggregateRecorder:
        return LedgerAggregateRecorder(self.open())


class ApplicationRecorder(OnADatabase, contract.ApplicationRecorderContract):
    def create_recorder(self) -> LedgerRecorder:
        return LedgerRecorder(self.open())


class InsertedTogether(OnADatabase, contract.InsertedTogetherContract):
    def create_recorder(self) -> LedgerRecorder:
        return LedgerRecorder(self.open())


class Journal(OnADatabase, contract.JournalContract):
    def create_recorder(self) -> LedgerRecorder:
        return LedgerRecorder(self.open())


class AggregateRecorderInMemory(InMemory, AggregateRecorder):
    """The same, in memory."""


class ApplicationRecorderInMemory(InMemory, ApplicationRecorder):
    """The same, in memory."""


class InsertedTogetherInMemory(InMemory, InsertedTogether):
    """The same, in memory."""


class JournalInMemory(InMemory, Journal):
    """The same, in memory."""


class AggregateRecorderOnPostgreSQL(OnPostgreSQL, AggregateRecorder):
    """The same, on PostgreSQL."""


class ApplicationRecorderOnPostgreSQL(OnPostgreSQL, ApplicationRecorder):
    """The same, on PostgreSQL."""


class InsertedTogetherOnPostgreSQL(OnPostgreSQL, InsertedTogether):
    """The same, on PostgreSQL."""


class JournalOnPostgreSQL(OnPostgreSQL, Journal):
    """The same, on PostgreSQL."""


class AggregateRecorderOnMariaDB(OnMariaDB, AggregateRecorder):
    """The same, on MariaDB."""


class ApplicationRecorderOnMariaDB(OnMariaDB, ApplicationRecorder):
    """The same, on MariaDB."""


class InsertedTogetherOnMariaDB(OnMariaDB, InsertedTogether):
    """The same, on MariaDB."""


class JournalOnMariaDB(OnMariaDB, Journal):
    """The same, on MariaDB."""


del OnADatabase, InMemory, OnPostgreSQL, OnMariaDB  # They are no test cases of their own.
