"""
The contract of a ledger, on each engine; and that both contracts see what they are there for.
"""

import unittest
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from eventsourcing.persistence import Notification, StoredEvent
from eventsourcing.popo import POPOApplicationRecorder

from stampledger import Ledger, Scan
from stampledger.store.database import open_engine
from stampledger.testing import contract
from tests.servers.database import Databases
from tests.servers.fixtures import running


class OnADatabase(contract.LedgerContract):
    kind = "sqlite"
    databases: Databases
    folder: Path

    @pytest.fixture(autouse=True)
    def _on(self, databases: Databases, tmp_path: Path) -> None:
        self.databases, self.folder = databases, tmp_path
        running(databases, self.kind)

    def setUp(self) -> None:
        self.url = self.enterContext(self.databases.fresh(self.kind, self.folder)).url
        super().setUp()

    def open_ledger(self, **options: Any) -> Ledger:
        return Ledger.open(self.url, business="contract", **options)


class OnPostgreSQL(OnADatabase):
    """The same, on PostgreSQL."""

    kind = "postgresql"


class OnMariaDB(OnADatabase):
    """The same, on MariaDB."""

    kind = "mariadb"


# Stores that do not keep to it.


class Numbered(POPOApplicationRecorder):
    """A Journal as it is kept in many a table: a number is drawn, and lost where the insert fails."""

    def __init__(self) -> None:
        super().__init__()
        self.lost = 0

    def insert_events(self, stored_events: Sequence[StoredEvent], **options: Any) -> Sequence[int] | None:
        try:
            ids = super().insert_events(stored_events, **options)
        except Exception:
            self.lost += 1
            raise
        return [number + self.lost for number in ids or ()]

    def select_notifications(self, *arguments: Any, **options: Any) -> Sequence[Notification]:
        told = super().select_notifications(*arguments, **options)
        return [
            Notification(
                id=one.id + self.lost,
                originator_id=one.originator_id,
                originator_version=one.originator_version,
                topic=one.topic,
                state=one.state,
            )
            for one in told
        ]


class Forgetful(Ledger):
    """A ledger that takes every code and every key for a new one, as a table without a unique index does."""

    def add_stamps(self, *arguments: Any, code: Any = None, idempotency_key: Any = None, **options: Any) -> Scan:
        return super().add_stamps(*arguments, **options)


def failed(case: type[unittest.TestCase], *names: str) -> list[str]:
    """The tests of a case that fail, of all or of those named."""
    names = names or tuple(unittest.defaultTestLoader.getTestCaseNames(case))
    results = {name: unittest.TestResult() for name in names}
    for name, result in results.items():
        case(name).run(result)
    return [name for name, result in results.items() if not result.wasSuccessful()]


def test_recorder_that_loses_numbers():
    """
    The control: a store whose numbers have holes fails, and the same one without that fault does not.
    """

    class Sound(contract.JournalContract):
        def create_recorder(self) -> Any:
            return POPOApplicationRecorder()

    class Leaky(contract.JournalContract):
        def create_recorder(self) -> Any:
            return Numbered()

    assert [] == failed(Sound)
    assert "test_failed_insert_leaves_no_trace" in failed(Leaky)


def test_ledger_that_forgets(tmp_path: Path):
    """
    The control: a ledger without codes and keys fails where the contract asks for them, and nowhere else.
    """
    seen = ["test_code_is_good_once", "test_same_request_twice"]

    class Leaky(contract.LedgerContract):
        def setUp(self) -> None:
            self.engine = open_engine(f"sqlite:///{tmp_path / self._testMethodName}.db")
            self.addCleanup(self.engine.dispose)
            super().setUp()

        def open_ledger(self, **options: Any) -> Ledger:
            return Forgetful(self.engine, business="contract", **options)

    assert seen == failed(Leaky, *seen, "test_failed_command_leaves_nothing", "test_past")


@pytest.mark.parametrize("case", [contract.LedgerContract, contract.JournalContract])
def test_contract_itself_is_no_test(case: type[unittest.TestCase]):
    """
    A contract has to be told what it is about; by itself it cannot be run.
    """
    with pytest.raises(TypeError, match="abstract"):
        case("run")
