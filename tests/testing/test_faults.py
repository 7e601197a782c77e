"""
The fault injector, on every engine: what our own ledger makes of each fault, and the control, a shop's own tables that
nobody thought through, which each fault breaks.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from threading import Thread
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import DBAPIError

from stampledger import Ledger, OutcomeUnknown
from stampledger.testing import Fault, FaultNeverStruck, Faults, Shop, Supplies
from stampledger.testing.scenes import COFFEE_CARD
from tests.servers.database import Database

RECEIPTS = ("R-1", "R-2", "R-3")
TRIES = 20
SEEDS = range(3)

Strike = Callable[[Faults], AbstractContextManager[None]]

FAULTS: dict[Fault, Strike] = {
    Fault.DUPLICATE: lambda faults: faults.duplicate(),
    Fault.REORDER: lambda faults: faults.reorder(),
    Fault.CRASH_BEFORE_COMMIT: lambda faults: faults.crash_before_commit(skip=1),
    Fault.CRASH_AFTER_COMMIT: lambda faults: faults.crash_after_commit(),
    Fault.CLOCK_STEP: lambda faults: faults.clock_step(timedelta(hours=-2)),
}


class Till:
    """A till that sends a receipt until it is answered; it counts on the service to take it once."""

    def __init__(self, faults: Faults, send: Callable[[str], object]) -> None:
        self.faults = faults
        self.send = send

    def scan(self, *receipts: str) -> None:
        for receipt in receipts:
            self._until_answered(receipt)

    def _until_answered(self, receipt: str) -> None:
        for _ in range(TRIES):
            try:
                self.faults.deliver(self.send, receipt)
                return
            except (OutcomeUnknown, DBAPIError):
                continue
        raise AssertionError("no answer ever came")


class Kept:
    """The service on a ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.card: UUID = ledger.issue_card(ledger.publish_template("coffee", COFFEE_CARD)).card.id

    def scan(self, receipt: str) -> None:
        self.ledger.add_stamps(self.card, code=receipt, idempotency_key=receipt)

    def stamps(self) -> int:
        assert () == self.ledger.verify().faults
        recorded = [row.recorded_at for row in self.ledger.journal(limit=1_000)]
        assert sorted(recorded, reverse=True) == recorded
        return self.ledger.card(self.card).stamps_total


class Naive:
    """The same on two tables: a number that is counted up, and a log of it that is read by its times."""

    def __init__(self, engine: Engine, clock: Any) -> None:
        self.engine = engine
        self.clock = clock
        with engine.begin() as connection:
            connection.execute(text("CREATE TABLE purse (stamps INTEGER)"))
            connection.execute(text("CREATE TABLE log (told VARCHAR(40), stamps INTEGER)"))
            connection.execute(text("INSERT INTO purse VALUES (0)"))

    def scan(self, receipt: str) -> None:
        with self.engine.begin() as connection:
            connection.execute(text("UPDATE purse SET stamps = stamps + 1"))
        with self.engine.begin() as connection:
            told = dict(told=self.clock().isoformat(timespec="microseconds"))
            connection.execute(text("INSERT INTO log SELECT :told, stamps FROM purse"), told)

    def stamps(self) -> int:
        with self.engine.begin() as connection:
            latest = connection.execute(text("SELECT stamps FROM log ORDER BY told DESC, stamps DESC LIMIT 1"))
            return int(latest.scalar_one())


@pytest.fixture
def faults() -> Faults:
    return Faults()


@contextmanager
def on_a_ledger(faults: Faults, url: str) -> Iterator[Kept]:
    with faults.open(url, business="shop", **Supplies()) as ledger:
        yield Kept(ledger)


@contextmanager
def on_tables(faults: Faults, url: str) -> Iterator[Naive]:
    engine = create_engine(url)
    try:
        yield Naive(faults.engine(engine), faults.clock(Supplies().clock))
    finally:
        engine.dispose()


@pytest.mark.parametrize("fault", Fault)
def test_ledger(faults: Faults, database: Database, fault: Fault):
    """
    Whatever goes wrong once, each receipt gives its stamp once, and nothing is wrong in the Journal.
    """
    with on_a_ledger(faults, database.url) as service:
        till = Till(faults, service.scan)
        till.scan("R-0")

        with FAULTS[fault](faults):
            till.scan(*RECEIPTS)

        assert (4, [fault]) == (service.stamps(), faults.struck)


@pytest.mark.parametrize("fault", Fault)
def test_tables_of_ones_own(faults: Faults, database: Database, fault: Fault):
    """
    The control: the same fault leaves a naive service with a wrong number.
    """
    with on_tables(faults, database.url) as service:
        till = Till(faults, service.scan)
        till.scan("R-0")
        assert 1 == service.stamps()

        with FAULTS[fault](faults):
            till.scan(*RECEIPTS)

        assert [fault] == faults.struck
        assert 4 != service.stamps()


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///shop.db"], ids=["memory", "file"])
def test_at_random(url: str, tmp_path: Any, monkeypatch: pytest.MonkeyPatch):
    """
    Whatever goes wrong, and however often, the ledger counts right, where a naive service does not.
    """
    monkeypatch.chdir(tmp_path)
    outcomes = []
    for seed in SEEDS:
        counted = []
        for open_service in (on_a_ledger, on_tables):
            faults = Faults()
            where = url if url == "sqlite://" else f"{url}-{seed}-{open_service.__name__}"
            with open_service(faults, where) as service:
                with faults.at_random(seed, share=0.4):
                    Till(faults, service.scan).scan(*(f"R-{number}" for number in range(12)))
                counted.append(service.stamps())
            outcomes.extend(faults.struck)
        assert 12 == counted[0], f"seed {seed}"
        assert 12 != counted[1], f"seed {seed}"

    assert set(Fault) == set(outcomes)


def test_same_seed():
    """
    A seed strikes alike in every run, so that what it found can be looked at again.
    """
    told = []
    for _ in range(2):
        with Shop() as shop:
            till = Till(shop.faults, Kept(shop.ledger).scan)
            with shop.faults.at_random(7, share=0.5):
                till.scan(*map(str, range(9)))
            told.append((shop.faults.struck, [str(error) for error in shop.faults.unheard], shop.ledger.seq))

    assert told[0] == told[1]
    assert 3 <= len(told[0][0])


def test_crash_is_as_it_is(database: Database, faults: Faults):
    """
    A crash before the commit leaves nothing, one after it everything; both are OutcomeUnknown, and the next call works.
    """
    with on_a_ledger(faults, database.url) as service:
        with faults.crash_before_commit(), pytest.raises(OutcomeUnknown):
            service.scan("R-1")
        assert 0 == service.stamps()

        with faults.crash_after_commit(), pytest.raises(OutcomeUnknown):
            service.scan("R-1")
        assert 1 == service.stamps()

        assert service.ledger.add_stamps(service.card, code="R-1", idempotency_key="R-1").repeated


def test_order_and_stamp_together(database: Database, faults: Faults):
    """
    A transaction of one's own that a stamp has joined is cut off as a whole.
    """
    with on_a_ledger(faults, database.url) as service:
        engine = faults.engine(create_engine(database.url))
        with engine.begin() as connection:
            connection.execute(text("CREATE TABLE sale (receipt VARCHAR(20))"))

        def sell(receipt: str) -> None:
            with engine.begin() as connection:
                if database.kind == "sqlite":
                    connection.exec_driver_sql("PRAGMA synchronous=FULL")
                connection.execute(text("INSERT INTO sale VALUES (:receipt)"), dict(receipt=receipt))
                service.ledger.using(connection).add_stamps(service.card, code=receipt)

        with faults.crash_before_commit(), pytest.raises(DBAPIError):
            sell("R-1")
        with faults.crash_after_commit(), pytest.raises(DBAPIError):
            sell("R-2")
        engine.dispose()

        assert [("R-2",)] == database.sql("SELECT receipt FROM sale")
        assert ["R-2"] == [row.code for row in service.ledger.journal() if row.code]
        assert 1 == service.stamps()


@pytest.mark.parametrize("fault", Fault)
def test_fault_that_never_struck(faults: Faults, fault: Fault):
    """
    A block without the moment that its fault waits for fails: it would have tested nothing.
    """
    with on_a_ledger(faults, "sqlite://") as service, pytest.raises(FaultNeverStruck, match=fault):  # noqa: PT012
        with FAULTS[fault](faults):
            pass
        assert 0 == service.stamps()


def test_fault_strikes_once(faults: Faults):
    """
    Of a block's commands one is struck; what stands after the block is as if nothing had ever been wrong.
    """
    with on_a_ledger(faults, "sqlite://") as service:
        with faults.duplicate():
            first = service.ledger.add_stamps(service.card)
            second = service.ledger.add_stamps(service.card)
        third = service.ledger.add_stamps(service.card)

        assert (2, 3, 4) == (first.card.stamps_total, second.card.stamps_total, third.card.stamps_total)


def test_without_a_key_a_duplicate_counts(faults: Faults):
    """
    The injector does not protect anybody: without code and key the ledger takes a second delivery for a second visit.
    """
    with on_a_ledger(faults, "sqlite://") as service, faults.duplicate():
        assert 2 == service.ledger.add_stamps(service.card).card.stamps_total


@pytest.mark.parametrize("fault", [Fault.CRASH_BEFORE_COMMIT, Fault.CRASH_AFTER_COMMIT])
def test_threads_that_share_a_commit(database: Database, faults: Faults, fault: Fault):
    """
    Where the tills of several threads are cut off together, each learns of it, and sends again.
    """
    with on_a_ledger(faults, database.url) as service:
        tills = [Till(faults, service.scan) for _ in range(4)]
        scans = [Thread(target=till.scan, args=[f"R-{place}-{turn}" for turn in range(3)], daemon=True)
                 for place, till in enumerate(tills)]  # fmt: skip
        with FAULTS[fault](faults):
            for scan in scans:
                scan.start()
            for scan in scans:
                scan.join(60)

        assert (12, [fault]) == (service.stamps(), faults.struck)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_statement_that_commits_itself(database: Database, faults: Faults, after: bool):
    """
    In autocommit each statement that changes something is a commit; one that reads is none.
    """
    database.sql("CREATE TABLE sale (receipt VARCHAR(20))")
    engine = faults.engine(create_engine(database.url, isolation_level="AUTOCOMMIT"))
    with engine.connect() as connection:
        assert [] == connection.execute(text("SELECT * FROM sale")).all()

        with faults.crash_after_commit() if after else faults.crash_before_commit():
            assert [] == connection.execute(text("SELECT * FROM sale")).all()
            with pytest.raises(DBAPIError):
                connection.execute(text("INSERT INTO sale VALUES ('R-1')"))
    engine.dispose()

    assert after == bool(database.sql("SELECT * FROM sale"))
