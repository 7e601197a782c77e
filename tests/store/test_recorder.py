"""
A ledger as eventsourcing's application sequence: what other applications may store in its Journal, and what not.
"""

import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from eventsourcing import persistence
from eventsourcing.persistence import StoredEvent
from sqlalchemy import create_engine, event

from stampledger import Ledger, ScanNotFound
from stampledger.sources import new_id, system_random
from stampledger.store import database
from stampledger.store.recorder import LedgerAggregateRecorder, LedgerFactory, LedgerRecorder
from stampledger.store.store import Store
from stampledger.testing import Clock
from tests.ledger.shop import coffee

TILL = UUID(int=1)  # A stream of another application.


def stored(version: int = 0, stream: Any = TILL, topic: Any = "tills:Opened", state: Any = b"{}") -> StoredEvent:
    return StoredEvent(originator_id=stream, originator_version=version, topic=topic, state=state)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "shop.db"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ledger(file: Path, clock: Clock) -> Iterator[Ledger]:
    with Ledger.open(f"sqlite:///{file}", business="blue-cup", durability="normal", clock=clock) as ledger:
        yield ledger


@pytest.fixture
def recorder(file: Path, ledger: Ledger, clock: Clock) -> Iterator[LedgerRecorder]:
    """A recorder beside the ledger, with a store of its own."""
    with closing(Store(database.open_engine(f"sqlite:///{file}"), "blue-cup", random=system_random)) as store:
        yield LedgerRecorder(store, clock)


def tamper(file: Path, statement: str, *values: object) -> None:
    """Change a row behind everybody's back."""
    with closing(sqlite3.connect(str(file))) as raw:
        assert 1 == raw.execute(statement, values).rowcount
        raw.commit()


# One Journal, two writers.


def test_one_chain(ledger: Ledger, recorder: LedgerRecorder):
    """
    Entries of another application lie in the ledger's own chain: numbered without a hole, and proved with it.
    """
    template = ledger.publish_template("free-coffee", coffee())
    first = recorder.insert_events([stored(0), stored(1)])
    card = ledger.issue_card(template)
    second = recorder.insert_events([stored(2), stored(7)])

    assert ([2, 3], 4, [5, 6]) == (first, card.id, second)
    assert [1, 2, 3, 4, 5, 6] == [entry.id for entry in recorder.select_notifications(None, 10)]
    assert (6, ()) == (ledger.verify().entries, ledger.verify().faults)


@pytest.mark.parametrize(
    ("statement", "value", "checks"),
    [
        ("UPDATE stampledger_journal SET body = ? WHERE seq = 2", b"[]", ["chain"]),
        ("UPDATE stampledger_journal SET version = ? WHERE seq = 2", 5, ["chain", "stream"]),
        ("UPDATE stampledger_word SET text = ? WHERE text = 'tills:Opened'", "tills:Closed", ["chain"]),
        ("UPDATE stampledger_stream SET version = ? WHERE number = 2", 9, ["stream"]),
        ("UPDATE stampledger_stream SET seq = ? WHERE number = 2", 1, ["stream"]),
    ],
)
def test_another_applications_entry_is_tampered_with(
    ledger: Ledger, recorder: LedgerRecorder, file: Path, statement: str, value: object, checks: list[str]
):
    """
    The proof covers another application's entries exactly as it covers our own.
    """
    ledger.publish_template("free-coffee", coffee())
    recorder.insert_events([stored()])
    assert () == ledger.verify().faults

    tamper(file, statement, value)

    with Ledger.open(f"sqlite:///{file}", business="blue-cup", durability="normal") as again:
        assert checks == [fault.check for fault in again.verify().faults]


def test_own_stream_called_another_applications(ledger: Ledger, file: Path):
    """
    A card that is passed off as another application's stream, which the proof would not replay, is found out.
    """
    ledger.issue_card(ledger.publish_template("free-coffee", coffee()))

    tamper(file, "UPDATE stampledger_stream SET kind = 0 WHERE number = 2")

    assert "ledger's own" in " ".join(fault.message for fault in ledger.verify().faults)


def test_versions_are_the_applications_own(ledger: Ledger, recorder: LedgerRecorder):
    """
    Another application numbers its streams as it likes: from 0, with gaps, and later ones first.
    """
    recorder.insert_events([stored(5), stored(0)])
    recorder.insert_events([stored(3)])

    assert [0, 3, 5] == [entry.originator_version for entry in recorder.select_events(TILL)]
    assert [5, 3] == [entry.originator_version for entry in recorder.select_events(TILL, gt=0, desc=True)]
    assert [3] == [entry.originator_version for entry in recorder.select_events(TILL, gt=0, lte=4, limit=1)]
    assert () == ledger.verify().faults


def test_the_ledgers_reads_leave_others_out(ledger: Ledger, recorder: LedgerRecorder, clock: Clock):
    """
    What another application stores is not the shop's business: no read shows it, none stumbles over it.
    """
    card = ledger.issue_card(ledger.publish_template("free-coffee", coffee())).card.id
    recorder.insert_events([stored(0)])
    ledger.add_stamps(card, code="R-1", idempotency_key="k-1")
    clock.wait(timedelta(hours=1))
    (foreign,) = recorder.insert_events([stored(1)]) or ()

    assert [4, 2, 1] == [row.seq for row in ledger.journal()]
    assert [1, 2, 4] == [entry.seq for entry in ledger.entries()]
    assert [2, 4] == [row.seq for row in ledger.history(card)]
    assert (4, True) == (ledger.add_stamps(card, code="R-1", idempotency_key="k-1").id, True)
    assert foreign == ledger.at(clock()).seq
    assert "1/8" in ledger.at(clock()).customer_view(card).text()
    with pytest.raises(ScanNotFound):
        ledger.at(foreign)


def test_rebuild_beside_others(ledger: Ledger, recorder: LedgerRecorder):
    """
    A rebuild makes the ledger's rows anew and leaves the streams of others as they are.
    """
    card = ledger.issue_card(ledger.publish_template("free-coffee", coffee())).card.id
    recorder.insert_events([stored(0), stored(1)])
    ledger.add_stamps(card)
    recorder.insert_events([stored(2)])

    assert 6 == ledger.rebuild()

    assert () == ledger.verify().faults
    assert [0, 1, 2] == [entry.originator_version for entry in recorder.select_events(TILL)]
    assert "1/8" == str(ledger.progress(card))


def test_other_business(ledger: Ledger, recorder: LedgerRecorder, file: Path):
    """
    Each business has a sequence of its own: nothing of another one's is numbered in it, or read from it.
    """
    recorder.insert_events([stored(0)])
    with closing(Store(database.open_engine(f"sqlite:///{file}"), "red-cup", random=system_random)) as store:
        other = LedgerRecorder(store)

        assert None is other.max_notification_id()
        assert [1] == other.insert_events([stored(0)])
        assert [] == other.select_notifications(2, 10)
    assert [1] == [entry.id for entry in recorder.select_notifications(None, 10)]


def test_no_events(recorder: LedgerRecorder):
    """
    Nothing to insert is no error, and begins no transaction.
    """
    assert [] == recorder.insert_events([])
    assert None is LedgerAggregateRecorder(recorder.store).insert_events([])
    assert None is recorder.max_notification_id()


# What is refused.


def test_the_ledgers_own_stream(ledger: Ledger, recorder: LedgerRecorder):
    """
    A card's entries are written by the ledger's verbs alone, since its rows follow from them.
    """
    card = ledger.issue_card(ledger.publish_template("free-coffee", coffee())).card.id

    with pytest.raises(persistence.NotSupportedError, match="use the ledger's verbs"):
        recorder.insert_events([stored(0), stored(2, stream=card)])

    assert 2 == recorder.max_notification_id()


@pytest.mark.parametrize("topic", ["card.stamp_added.v1", "card.stamp_added.v2", "voucher.given_away.v10"])
def test_the_ledgers_own_topic(recorder: LedgerRecorder, topic: str):
    """
    A name that is the ledger's, in this release or a later one, is nobody else's.
    """
    with pytest.raises(persistence.NotSupportedError, match=re.escape(topic)):
        recorder.insert_events([stored(topic=topic)])


@pytest.mark.parametrize(
    ("what", "value"),
    [
        ("stream", "1"),
        ("stream", None),
        ("version", -1),
        ("version", True),
        ("version", 1.5),
        ("version", 1 << 63),
        ("topic", ""),
        ("topic", "a\0b"),
        ("topic", "\ud800"),
        ("topic", "x" * 10_000_000),
        ("topic", None),
        ("state", "{}"),
        ("state", None),
    ],
)
def test_event_that_cannot_be_stored(recorder: LedgerRecorder, what: str, value: Any):
    """
    Bad input is named before anything is written.
    """
    with pytest.raises(persistence.DataError):
        recorder.insert_events([stored(0, stream=new_id()), stored(**{"version": 1, what: value})])

    assert None is recorder.max_notification_id()


def test_text_as_an_id(recorder: LedgerRecorder):
    """
    Streams are known by UUIDs.
    """
    with pytest.raises(persistence.DataError, match="must be a UUID"):
        recorder.select_events("till-1")


def test_snapshots_and_tracking(ledger: Ledger, recorder: LedgerRecorder, file: Path):
    """
    What a ledger does not keep is refused by name, with what to do instead.
    """
    factory = LedgerFactory({"STAMPLEDGER_DB": f"sqlite:///{file}", "STAMPLEDGER_BUSINESS": "blue-cup"})

    with pytest.raises(persistence.NotSupportedError, match="snapshots"):
        factory.aggregate_recorder("snapshots")
    with pytest.raises(persistence.NotSupportedError, match="PERSISTENCE_MODULE"):
        factory.tracking_recorder()
    with pytest.raises(persistence.NotSupportedError):
        factory.process_recorder()
    with pytest.raises(persistence.NotSupportedError, match="tracking"):
        recorder.insert_events([stored()], tracking=persistence.Tracking("tills", 1))


# eventsourcing's names for what can go wrong.


def test_locked_database(file: Path, ledger: Ledger):
    """
    A lock is no conflict between events: it is an operational error, and passes.
    """
    engine = database.open_engine(f"sqlite:///{file}?timeout=0.05")
    with closing(Store(engine, "blue-cup", random=system_random)) as store, closing(sqlite3.connect(file)) as other:
        other.execute("BEGIN IMMEDIATE")

        with pytest.raises(persistence.OperationalError) as raised:
            LedgerRecorder(store).insert_events([stored()])

        assert not isinstance(raised.value, persistence.IntegrityError)
        other.rollback()
        assert [1] == LedgerRecorder(store).insert_events([stored()])


def test_read_only_database(file: Path, ledger: Ledger):
    """
    A database that cannot be written can be followed.
    """
    ledger.publish_template("free-coffee", coffee())
    engine = create_engine(f"sqlite:///{file}")
    event.listen(engine, "connect", lambda raw, _: raw.execute("PRAGMA query_only=ON"))
    with closing(Store(engine, "blue-cup", random=system_random, create=False)) as store:
        recorder = LedgerRecorder(store)

        assert 1 == len(recorder.select_notifications(None, 10))
        with pytest.raises(persistence.OperationalError, match="read-only"):
            recorder.insert_events([stored()])
    engine.dispose()


def test_closed(recorder: LedgerRecorder):
    """
    A closed ledger says so, for reading and for writing.
    """
    recorder.store.close()

    for attempt in (recorder.max_notification_id, lambda: recorder.insert_events([stored()])):
        with pytest.raises(persistence.OperationalError, match="closed"):
            attempt()


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("DELETE FROM stampledger_word WHERE number = 1", "word 1 is missing"),
        ("UPDATE stampledger_stream SET id = 'x'", "entry 1: its stream has no id"),
        ("UPDATE stampledger_stream SET id = x'00'", "entry 1: its stream has no id"),
        ("UPDATE stampledger_journal SET body = 5", "entry 1: its place or its body"),
        ("UPDATE stampledger_journal SET place = 'x'", "entry 1: its place or its body"),
    ],
)
def test_entry_that_was_not_written(ledger: Ledger, recorder: LedgerRecorder, file: Path, statement: str, named: str):
    """
    What cannot be what was written is an internal error that names it.
    """
    ledger.publish_template("free-coffee", coffee())

    tamper(file, statement)

    with pytest.raises(persistence.InternalError, match=named):
        recorder.select_notifications(None, 10)


@pytest.mark.parametrize(
    ("env", "named"),
    [
        ({}, "STAMPLEDGER_DB"),
        ({"STAMPLEDGER_DB": "sqlite://"}, "STAMPLEDGER_BUSINESS"),
    ],
)
def test_setting_is_missing(env: dict[str, str], named: str):
    """
    A factory that does not know which ledger to open names the setting.
    """
    with pytest.raises(persistence.InfrastructureFactoryError, match=named):
        LedgerFactory(env).application_recorder()


@pytest.mark.parametrize(
    ("setting", "value", "kind"),
    [
        ("STAMPLEDGER_DB", "mysql://u:secret@h/db", persistence.DataError),
        ("STAMPLEDGER_DURABILITY", "none", persistence.DataError),
        ("STAMPLEDGER_PREFIX", "a b", persistence.DataError),
        ("STAMPLEDGER_SCHEMA", "nowhere", persistence.DataError),
        ("CREATE_TABLE", "no", persistence.OperationalError),
    ],
)
def test_setting_is_wrong(setting: str, value: str, kind: type[Exception]):
    """
    A setting that leads to no ledger is an error of eventsourcing's, without a password in it.
    """
    env = {"STAMPLEDGER_DB": "sqlite://", "STAMPLEDGER_BUSINESS": "blue-cup", setting: value}

    with pytest.raises(kind) as raised:
        LedgerFactory(env).application_recorder()

    assert "secret" not in str(raised.value)


def test_import_is_quick():
    """
    Who keeps stamps does not wait for eventsourcing to be imported.
    """
    code = (
        "import sys; from stampledger import Ledger; print(*(name for name in sys.modules if 'eventsourcing' in name))"
    )

    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)

    assert "" == ran.stdout.strip()
