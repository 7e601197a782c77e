"""
eventsourcing's subscriptions, projection runners and notification log on a ledger, while it is written to.
"""

import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from eventsourcing import persistence
from eventsourcing.application import Application
from eventsourcing.dispatch import singledispatchmethod
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import StoredEvent, Tracking
from eventsourcing.projection import ApplicationSubscription, Projection, ProjectionRunner
from eventsourcing.sqlite import SQLiteDatastore, SQLiteTrackingRecorder

from stampledger import Ledger, Scan, events
from stampledger.sources import new_id, system_random
from stampledger.store import database, recorder
from stampledger.store.mapper import ForeignEvent, LedgerEvent, LedgerMapper
from stampledger.store.recorder import LedgerApplication, LedgerRecorder
from stampledger.store.store import Store
from tests.ledger.shop import coffee

SECONDS = 20.0  # Nothing here takes that long; whoever waits longer has missed something.


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'shop.db'}"


@pytest.fixture
def env(url: str) -> dict[str, str]:
    return {"STAMPLEDGER_DB": url, "STAMPLEDGER_BUSINESS": "blue-cup", "STAMPLEDGER_DURABILITY": "normal"}


@pytest.fixture
def ledger(url: str) -> Iterator[Ledger]:
    with Ledger.open(url, business="blue-cup", durability="normal") as ledger:
        yield ledger


@pytest.fixture
def template(ledger: Ledger) -> Scan:
    return ledger.publish_template("free-coffee", coffee())


def stored(version: int, topic: str = "tills:Opened") -> StoredEvent:
    return StoredEvent(originator_id=UUID(int=1), originator_version=version, topic=topic, state=b"{}")


# Events.


def test_every_entry_as_an_event(ledger: Ledger, template: Scan, env: dict[str, str]):
    """
    A follower gets the ledger's own facts, with everything their entries say, personal data included.
    """
    anna = ledger.register_customer(name="Anna", email="anna@example.com", birthday=date(1990, 2, 28))
    card = ledger.issue_card(template, customer=anna)
    ledger.add_stamps(card, 9, code="R-1", actor="till-1", channel="receipt")

    with LedgerApplication(env) as app:
        followed = [app.mapper.to_domain_event(entry) for entry in app.recorder.select_notifications(None, 100)]

    assert list(ledger.entries()) == [found.entry for found in followed if isinstance(found, LedgerEvent)]
    assert [1, 1, 1, 2, 3, 4] == [found.originator_version for found in followed]


def test_personal_data_stays_sealed(ledger: Ledger, env: dict[str, str]):
    """
    Notifications carry personal data sealed; it is read where the store is, and never again once forgotten.
    """
    anna = ledger.register_customer(name="Anna Blume")
    with LedgerApplication(env) as app:
        (notification,) = app.recorder.select_notifications(None, 1)

        assert b"Anna" not in notification.state
        assert "Anna Blume" == _name(app.mapper.to_domain_event(notification))
        assert None is _name(LedgerMapper().to_domain_event(notification))
        ledger.forget_customer(anna)
        assert None is _name(app.mapper.to_domain_event(notification))


def _name(found: Any) -> str | None:
    assert isinstance(found.event, events.CustomerRegistered)
    return None if found.event.person is None else found.event.person.name


def test_another_applications_event_is_not_read(ledger: Ledger, env: dict[str, str]):
    """
    Nothing that a row names is imported: an unknown event is handed on as the bytes it is.
    """
    with LedgerApplication(env) as app:
        app.recorder.insert_events([stored(0, "antigravity:fly")])

        found = app.mapper.to_domain_event(app.recorder.select_events(UUID(int=1))[0])

        expected = ForeignEvent(originator_id=UUID(int=1), originator_version=0, topic="antigravity:fly", state=b"{}")
        assert expected == found
        assert stored(0, "antigravity:fly") == app.mapper.to_stored_event(found)
    assert "antigravity" not in sys.modules


@pytest.mark.parametrize(
    ("topic", "state"),
    [
        ("card.stamp_added.v2", b'[1, 1, 0, null, null, null, null]\n{"count":1}'),
        ("card.stamp_added.v1", b"{}"),
        ("card.stamp_added.v1", b'[1, 1, 0, null, null, null, null]\n{"cuont":1}'),
        ("card.stamp_added.v1", b'[1, 1, 1e99, null, null, null, null]\n{"count":1}'),
        ("customer.registered.v1", b'[1, 1, 0, null, null, null, null]\n{"person":"AAAA"}'),
    ],
)
def test_event_that_cannot_be_read(ledger: Ledger, topic: str, state: bytes):
    """
    A follower stops at a fact it cannot read, such as a newer release's, instead of passing it over.
    """
    anna = ledger.register_customer(name="Anna").subject
    assert anna is not None
    event = StoredEvent(originator_id=anna, originator_version=1, topic=topic, state=state)

    with pytest.raises(persistence.MapperDeserialisationError, match=f"{topic}, version 1 of stream {anna}"):
        LedgerMapper(store=ledger._store).to_domain_event(event)


def test_facts_are_recorded_by_verbs(ledger: Ledger, template: Scan, env: dict[str, str]):
    """
    A fact of the ledger's cannot be saved through eventsourcing.
    """
    with LedgerApplication(env) as app:
        fact = app.mapper.to_domain_event(app.recorder.select_notifications(None, 1)[0])

        with pytest.raises(persistence.NotSupportedError, match="verbs"):
            app.save(fact)


# Subscriptions.


def follow(app: LedgerApplication, count: int, **options: Any) -> list[Any]:
    """The first events of a subscription, which is given up after a while."""
    with ApplicationSubscription(app, **options) as subscription:
        timer = threading.Timer(SECONDS, subscription.stop)
        timer.start()
        try:
            return list(islice(subscription, count))
        finally:
            timer.cancel()


def test_subscription_while_writing(ledger: Ledger, template: Scan, env: dict[str, str]):
    """
    A subscription gets every entry once, in the Journal's order, however many threads write meanwhile.
    """
    with LedgerApplication(env) as app, ThreadPoolExecutor(5) as threads:
        following = threads.submit(follow, app, 101)
        cards = [ledger.issue_card(template) for _ in range(4)]
        for card in cards:
            threads.submit(lambda card: [ledger.add_stamps(card) for _ in range(20)], card)

        followed = following.result(SECONDS)

    assert list(range(1, 102)) == [tracking.notification_id for _, tracking in followed]
    assert list(islice(ledger.entries(), 101)) == [found.entry for found, _ in followed]
    assert {"LedgerApplication blue-cup"} == {tracking.application_name for _, tracking in followed}


def test_subscription_to_topics(ledger: Ledger, template: Scan, env: dict[str, str]):
    """
    A subscription may want some kinds only, from some entry on.
    """
    card = ledger.issue_card(template)
    ledger.add_stamps(card, 8)
    ledger.add_stamps(card)

    with LedgerApplication(env) as app:
        followed = follow(app, 1, topics=["card.stamp_added.v1", "card.never_heard_of.v1"], gt=3)

        assert [6] == [found.entry.seq for found, _ in followed]


def test_own_process_wakes_a_subscription(ledger: Ledger, template: Scan, env: dict[str, str], monkeypatch: Any):
    """
    Who follows in the process that writes need not wait for the next look at the database.
    """
    monkeypatch.setattr(recorder, "POLL_SECONDS", 10 * SECONDS)
    with LedgerApplication(env) as app, ThreadPoolExecutor(1) as threads, app.recorder.subscribe(gt=1) as subscription:
        following = threads.submit(next, subscription, None)
        with pytest.raises(TimeoutError):
            following.result(0.2)  # By now it has looked, found nothing, and waits.
        ledger.issue_card(template)

        try:
            found = following.result(SECONDS)
        finally:
            subscription.stop()
        assert found is not None and 2 == found.id


def test_other_processes_are_followed(ledger: Ledger, template: Scan, url: str, env: dict[str, str], monkeypatch: Any):
    """
    What another process writes is seen by looking again. Without looking it is not: the bell is not heard that far.
    """
    code = (
        "import sys; from stampledger import Ledger; ledger = Ledger.open(sys.argv[1], business='blue-cup', "
        "durability='normal'); ledger.issue_card('free-coffee'); ledger.close()"
    )

    def write() -> None:
        subprocess.run([sys.executable, "-c", code, url], timeout=60, check=True)

    with LedgerApplication(env) as app, ThreadPoolExecutor(1) as threads:
        following = threads.submit(follow, app, 2)
        write()
        assert 2 == len(following.result(SECONDS))

        monkeypatch.setattr(recorder, "POLL_SECONDS", 10 * SECONDS)
        with app.recorder.subscribe(gt=2) as deaf:
            missed = threads.submit(next, deaf, None)
            write()
            with pytest.raises(TimeoutError):
                missed.result(0.3)
            deaf.stop()
            assert None is missed.result(SECONDS)


def test_subscription_to_a_ledger_that_breaks(ledger: Ledger, template: Scan, env: dict[str, str]):
    """
    An error while following reaches whoever waits for the next event.
    """
    with LedgerApplication(env) as app:
        assert isinstance(app.recorder, LedgerRecorder)
        with app.recorder.subscribe() as subscription:
            assert 1 == next(subscription).id
            app.recorder.store.close()

            with pytest.raises(persistence.OperationalError, match="closed"):
                next(subscription)
        assert frozenset() == app.recorder.store.bell.waiting


def test_uncommitted_entries_are_not_followed(ledger: Ledger, template: Scan, env: dict[str, str]):
    """
    A follower sees what is committed, and nothing that was rolled back.
    """
    engine = database.open_engine(env["STAMPLEDGER_DB"])
    with LedgerApplication(env) as app, engine.connect() as connection:
        ledger.using(connection).issue_card(template)
        assert 1 == app.recorder.max_notification_id()
        connection.rollback()
        ledger.using(connection).register_customer(name="Anna")
        connection.commit()

        followed = follow(app, 2)

    engine.dispose()
    assert ["template_published", "customer_registered"] == [found.entry.kind for found, _ in followed]


def test_notification_log(ledger: Ledger, template: Scan, env: dict[str, str]):
    """
    eventsourcing's notification log presents the Journal in sections.
    """
    for _ in range(12):
        ledger.issue_card(template)

    with LedgerApplication(env) as app:
        section = app.notification_log["1,10"]

        assert (10, "11,20") == (len(section.items), section.next_id)


# Projections.


class Stamps(SQLiteTrackingRecorder):
    """How many stamps each card was given, in a database of its own, tracked in the same transaction."""

    def __init__(self, datastore: SQLiteDatastore, **options: Any) -> None:
        super().__init__(datastore, **options)
        self.create_table_statements.append("CREATE TABLE IF NOT EXISTS stamps (card TEXT PRIMARY KEY, count INTEGER)")

    def add(self, card: UUID, count: int, tracking: Tracking) -> None:
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)
            cursor.execute(
                "INSERT INTO stamps VALUES (?, ?) ON CONFLICT (card) DO UPDATE SET count = count + excluded.count",
                (str(card), count),
            )

    def counts(self) -> dict[UUID, int]:
        with self.datastore.transaction(commit=False) as cursor:
            cursor.execute("SELECT card, count FROM stamps")
            return {UUID(card): count for card, count in cursor.fetchall()}


class CountStamps(Projection[Stamps]):
    """Counts the stamps of each card."""

    topics = ("card.stamp_added.v1",)

    @singledispatchmethod
    def process_event(self, domain_event: Any, tracking: Tracking) -> None:
        raise NotImplementedError(domain_event)

    @process_event.register
    def _(self, domain_event: LedgerEvent, tracking: Tracking) -> None:
        assert isinstance(domain_event.event, events.StampAdded)
        self.view.add(domain_event.originator_id, domain_event.event.count, tracking)


def run(env: dict[str, str]) -> ProjectionRunner[LedgerApplication, Stamps]:
    return ProjectionRunner(
        application_class=LedgerApplication, projection_class=CountStamps, view_class=Stamps, env=env
    )


def test_projection(ledger: Ledger, template: Scan, env: dict[str, str], tmp_path: Path):
    """
    A projection follows the ledger as it is written to; stopped and started, it goes on where it was.
    """
    env |= {"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": str(tmp_path / "view.db")}
    cards = [ledger.issue_card(template) for _ in range(3)]
    ledger.add_stamps(cards[0], 2)
    with run(env) as runner:
        for card in cards * 5:
            last = ledger.add_stamps(card)
        runner.wait(last.id, timeout=SECONDS)
        assert {cards[0].subject: 7, cards[1].subject: 5, cards[2].subject: 5} == runner.projection.view.counts()

    ledger.add_stamps(cards[1], 3)
    with run(env) as runner:
        last = ledger.add_stamps(cards[2], 3)
        runner.wait(last.id, timeout=SECONDS)
        assert {cards[0].subject: 7, cards[1].subject: 8, cards[2].subject: 8} == runner.projection.view.counts()


# An application of one's own in the same Journal.


class Till(Aggregate):
    def __init__(self, name: str) -> None:
        self.name = name
        self.open = False

    @event("Opened")
    def start(self) -> None:
        self.open = True


def test_application_of_ones_own(ledger: Ledger, template: Scan, env: dict[str, str]):
    """
    An eventsourcing application may keep its aggregates in the same Journal, with eventsourcing's own mapper.
    """
    env |= {
        "PERSISTENCE_MODULE": "stampledger.store.recorder",
        "MAPPER_TOPIC": "eventsourcing.persistence:Mapper",
    }
    with Application[UUID](env=env) as app:
        till = Till("till-1")
        till.start()
        (first, second) = app.save(till)
        ledger.issue_card(template)
        again: Till = app.repository.get(till.id)

    assert (2, 3) == (first.notification.id, second.notification.id)
    assert ("till-1", True, 2) == (again.name, again.open, again.version)
    assert () == ledger.verify().faults


def test_recorders_of_one_journal_conflict(url: str, ledger: Ledger):
    """
    Of two applications that write the same version of a stream, one wins, and the other is told so.
    """
    stores = [Store(database.open_engine(url), "blue-cup", random=system_random) for _ in range(2)]
    with closing(stores[0]), closing(stores[1]), ThreadPoolExecutor(2) as threads:
        for version in range(20):
            ids = [new_id(), new_id()]
            outcomes = [
                threads.submit(LedgerRecorder(store).insert_events, [StoredEvent(mine, 0, "a:B", b""), stored(version)])
                for store, mine in zip(stores, ids, strict=True)
            ]
            errors = [outcome.exception(SECONDS) for outcome in outcomes]

            assert [True, False] == sorted((error is None for error in errors), reverse=True)
            assert persistence.IntegrityError in [type(error) for error in errors]
    assert (40, ()) == (ledger.seq, ledger.verify().faults)
