"""
eventsourcing's subscriptions and projection runners follow a ledger on any engine.
"""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from eventsourcing.persistence import Tracking
from eventsourcing.projection import ApplicationSubscription, Projection, ProjectionRunner
from eventsourcing.sqlite import SQLiteDatastore, SQLiteTrackingRecorder

from stampledger import Ledger, Scan, events
from stampledger.store.mapper import LedgerEvent
from stampledger.store.recorder import LedgerApplication
from tests.ledger.shop import coffee
from tests.servers.database import Database

SECONDS = 60.0  # Nothing here takes that long; whoever waits longer has missed something.


@pytest.fixture
def env(database: Database) -> dict[str, str]:
    return {"STAMPLEDGER_DB": database.url, "STAMPLEDGER_BUSINESS": "blue-cup"}


@pytest.fixture
def ledger(database: Database) -> Iterator[Ledger]:
    with Ledger.open(database.url, business="blue-cup") as ledger:
        yield ledger


@pytest.fixture
def cards(ledger: Ledger) -> list[Scan]:
    """Three cards, whose entries are 2 to 4."""
    template = ledger.publish_template("free-coffee", coffee())
    return [ledger.issue_card(template) for _ in range(3)]


def follow(app: LedgerApplication, count: int) -> list[Any]:
    """The first events of a subscription, which is given up after a while."""
    with ApplicationSubscription(app) as subscription:
        timer = threading.Timer(SECONDS, subscription.stop)
        timer.start()
        try:
            return list(islice(subscription, count))
        finally:
            timer.cancel()


def test_subscription_while_writing(ledger: Ledger, cards: list[Scan], database: Database, env: dict[str, str]):
    """
    A subscription gets every entry once, in the Journal's order, however many ledgers write meanwhile.
    """

    def stamp(card: Scan) -> None:
        with Ledger.open(database.url, business="blue-cup") as other:
            for _ in range(7):
                other.add_stamps(card.card.id)

    with LedgerApplication(env) as app, ThreadPoolExecutor(4) as threads:
        following = threads.submit(follow, app, 25)
        list(threads.map(stamp, cards))

        followed = following.result(SECONDS)

    assert list(range(1, 26)) == [tracking.notification_id for _, tracking in followed]
    assert list(ledger.entries()) == [found.entry for found, _ in followed]


class Stamps(SQLiteTrackingRecorder):
    """How many stamps each card was given, in the caller's own database, tracked in the same transaction."""

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

    def process_event(self, domain_event: Any, tracking: Tracking) -> None:
        assert isinstance(domain_event, LedgerEvent)
        assert isinstance(domain_event.event, events.StampAdded)
        self.view.add(domain_event.originator_id, domain_event.event.count, tracking)


def run(env: dict[str, str]) -> ProjectionRunner[LedgerApplication, Stamps]:
    return ProjectionRunner(
        application_class=LedgerApplication, projection_class=CountStamps, view_class=Stamps, env=env
    )


def test_projection(ledger: Ledger, cards: list[Scan], env: dict[str, str], tmp_path: Path):
    """
    A projection goes on where it was, by eventsourcing's own tracking, and counts nothing twice.
    """
    env |= {"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": str(tmp_path / "view.db")}
    one, two, three = (card.card.id for card in cards)
    ledger.add_stamps(one, 2)
    for expected in ({one: 2, two: 1}, {one: 2, two: 2, three: 1}):
        if three in expected:
            ledger.add_stamps(three)
        with run(env) as runner:
            last = ledger.add_stamps(two)
            runner.wait(last.id, timeout=SECONDS)
            assert expected == runner.projection.view.counts()
            assert last.id == runner.projection.view.max_tracking_id("LedgerApplication blue-cup")
