"""
Threads that write at once share a commit: what one of them meets is nobody else's, and nobody waits for ever.
"""

import asyncio
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from stampledger import CardNotFound, Conflict, Ledger, OutcomeUnknown, StampledgerError, StorageError
from stampledger.refusals import CodeAlreadyUsed
from stampledger.store.grouping import Group
from stampledger.store.session import Session
from tests.ledger.shop import coffee
from tests.servers.database import Database

SECONDS = 120.0  # Nothing here takes a tenth of it; it is there to fail instead of hanging.


@pytest.fixture
def ledger(database: Database) -> Iterator[Ledger]:
    with Ledger.open(database.url, business="blue-cup") as ledger:
        ledger.publish_template("free-coffee", coffee(1_000))
        yield ledger


@pytest.fixture
def card(ledger: Ledger) -> UUID:
    return ledger.issue_card("free-coffee").card.id


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(40) as threads:
        yield threads


@pytest.fixture
def shared(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many tasks each shared transaction had: without this, these tests would not know that any was shared."""
    sizes: list[int] = []
    together = Group._together

    def counted(group: Group, tickets: list[Any]) -> None:
        sizes.append(len(tickets))
        together(group, tickets)

    monkeypatch.setattr(Group, "_together", counted)
    return sizes


@contextmanager
def busy(ledger: Ledger) -> Iterator[threading.Event]:
    """Somebody writes for as long as the block lasts, or until the event is set."""
    writing, done = threading.Event(), threading.Event()

    def write(_: Session) -> None:
        writing.set()
        done.wait(SECONDS)

    holder = threading.Thread(target=lambda: ledger._store.write(write))
    holder.start()
    assert writing.wait(SECONDS)
    try:
        yield done
    finally:
        done.set()
        holder.join(SECONDS)


def in_line(ledger: Ledger, count: int) -> None:
    """Wait until so many are in line."""
    deadline = time.monotonic() + SECONDS
    while len(ledger._store._group._line) < count:
        assert time.monotonic() < deadline
        time.sleep(0.001)


def lined_up(ledger: Ledger, threads: ThreadPoolExecutor, *tasks: Callable[[], Any]) -> list[Future[Any]]:
    """Let somebody write while tasks come into line one after the other, so that the first of them leads."""
    with busy(ledger):
        futures = []
        for place, task in enumerate(tasks, 1):
            futures.append(threads.submit(task))
            in_line(ledger, place)
    return futures


# What one of them meets.


def raising(error: BaseException) -> Callable[[Session], None]:
    def task(_: Session) -> None:
        raise error

    return task


def breaking_a_constraint(session: Session) -> None:
    session.defer(session.sql.add_word, (session.business, 1, "a word of a number that is taken"))


def asking_wrongly(session: Session) -> None:
    session.cursor.execute("SELECT nothing FROM nowhere")


def unbindable(session: Session) -> None:
    session.defer(session.sql.add_word, (session.business, 99, "\ud800"))


FAILURES: dict[str, tuple[Callable[[Session], None], type[BaseException]]] = {
    "raises": (raising(ZeroDivisionError()), ZeroDivisionError),
    "is refused": (raising(CardNotFound(7)), CardNotFound),
    "wants to end its thread": (raising(SystemExit()), SystemExit),
    "breaks a constraint": (breaking_a_constraint, Conflict),
    "asks wrongly": (asking_wrongly, StorageError),
    "cannot be bound": (unbindable, UnicodeEncodeError),
}


@pytest.mark.parametrize("place", [0, 2])
@pytest.mark.parametrize("failure", FAILURES)
def test_failing_neighbour(
    ledger: Ledger, card: UUID, threads: ThreadPoolExecutor, shared: list[int], failure: str, place: int
):
    """
    A task that fails, in whatever way, gets its own error, and all others are carried out, once.
    """
    task, kind = FAILURES[failure]
    tasks: list[Callable[[], Any]] = [partial(ledger.add_stamps, card, code=f"R-{n}") for n in range(4)]
    tasks.insert(place, lambda: ledger._store.write(task))

    futures = lined_up(ledger, threads, *tasks)

    failed = futures.pop(place)
    assert isinstance(failed.exception(SECONDS), kind)
    assert {1, 2, 3, 4} == {future.result(SECONDS).card.stamps_total for future in futures}
    assert 5 == max(shared)
    assert (4, ()) == (ledger.card(card).stamps_total, ledger.verify().faults)


def test_clock_that_raises(ledger: Ledger, card: UUID, threads: ThreadPoolExecutor, shared: list[int]):
    """
    A clock that fails for one of them fails for that one alone.
    """
    clock, failures = ledger._writer._clock, iter([ZeroDivisionError()])

    def failing_once() -> Any:
        for error in failures:
            raise error
        return clock()

    ledger._writer._clock = failing_once

    futures = lined_up(ledger, threads, *[lambda: ledger.add_stamps(card)] * 4)

    assert [ZeroDivisionError] == [type(f.exception(SECONDS)) for f in futures if f.exception(SECONDS)]
    assert (4, 3) == (max(shared), ledger.card(card).stamps_total)


def test_refused_neighbours(ledger: Ledger, card: UUID, threads: ThreadPoolExecutor, shared: list[int]):
    """
    A credit that is refused is recorded in the same commit, and raised to its own caller.
    """
    other = ledger.issue_card("free-coffee").card.id

    futures = lined_up(ledger, threads, *[partial(ledger.add_stamps, c, code="R-1") for c in (card, other, card)])

    first, again, refused = futures[0].result(SECONDS), futures[2].result(SECONDS), futures[1].exception(SECONDS)
    assert isinstance(refused, CodeAlreadyUsed)
    assert again.repeated
    assert [first.id, refused.seq] == [entry.seq for entry in ledger.entries()][-2:]
    assert (3, ()) == (max(shared), ledger.verify().faults)


# Interruptions.


def test_leader_is_interrupted(ledger: Ledger, card: UUID, threads: ThreadPoolExecutor, shared: list[int]):
    """
    A thread that is interrupted while it writes for others takes none of them with it: another writes for them.
    """
    interrupted = raising(KeyboardInterrupt())

    leader, *others = lined_up(
        ledger, threads, lambda: ledger._store.write(interrupted), *[lambda: ledger.add_stamps(card)] * 4
    )

    assert isinstance(leader.exception(SECONDS), KeyboardInterrupt)
    assert {1, 2, 3, 4} == {other.result(SECONDS).card.stamps_total for other in others}
    assert [5, 4] == shared
    assert () == ledger.verify().faults


def test_leader_is_interrupted_while_committing(
    ledger: Ledger, card: UUID, threads: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
):
    """
    Where it may have been committed, nobody writes it again: everybody learns that the outcome is not known.
    """
    transact = ledger._store._writer.transact
    calls = []

    def interrupted_afterwards(*arguments: Any) -> None:
        calls.append(transact(*arguments))
        if len(calls) == 1:
            raise KeyboardInterrupt

    with busy(ledger):
        monkeypatch.setattr(ledger._store._writer, "transact", interrupted_afterwards)
        futures = []
        for place in range(1, 4):
            futures.append(threads.submit(ledger.add_stamps, card))
            in_line(ledger, place)

    assert [KeyboardInterrupt, OutcomeUnknown, OutcomeUnknown] == [type(f.exception(SECONDS)) for f in futures]
    assert 3 == ledger.card(card).stamps_total


def test_interrupted_in_line(ledger: Ledger, card: UUID, threads: ThreadPoolExecutor):
    """
    Whoever is interrupted while waiting in line is not waited for: the next one leads, and the gate is not lost.
    """
    if threading.current_thread() is not threading.main_thread():
        pytest.skip("only the main thread can be interrupted")

    def interrupt() -> None:
        in_line(ledger, 1)
        time.sleep(0.05)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with busy(ledger):
            timer = threads.submit(interrupt)
            with pytest.raises(KeyboardInterrupt):
                ledger.add_stamps(card, code="gone")
            timer.result(SECONDS)
            later = threads.submit(ledger.add_stamps, card, code="later")
            in_line(ledger, 2)
    finally:
        signal.signal(signal.SIGINT, handler)

    assert "later" == later.result(SECONDS).entries[0].code
    assert 1 == threads.submit(lambda: ledger.card(card).stamps_total).result(SECONDS)
    assert 2 == threads.submit(lambda: ledger.add_stamps(card).card.stamps_total).result(SECONDS)


def test_writing_from_within(ledger: Ledger, card: UUID):
    """
    A task that writes to its own ledger would wait for itself, and is told so.
    """
    with pytest.raises(RuntimeError):
        ledger._store.write(lambda _: ledger.add_stamps(card))

    assert 1 == ledger.add_stamps(card).card.stamps_total


# All of them.


def test_stress(ledger: Ledger, threads: ThreadPoolExecutor, database: Database, shared: list[int]):
    """
    32 threads with 50 commands each, good and bad: each is answered once it is committed, and none is lost.
    """
    cards = [ledger.issue_card("free-coffee").card.id for _ in range(8)]
    start = threading.Barrier(32)

    def till(number: int) -> int:
        start.wait(SECONDS)
        added = 0
        for turn in range(50):
            card = cards[(number + turn) % 8]
            if turn % 10 == 7:
                with suppress(StampledgerError):
                    ledger.add_stamps(UUID(int=turn))
                continue
            if turn % 25 == 9:
                with suppress(ZeroDivisionError):
                    ledger._store.write(raising(ZeroDivisionError()))
                continue
            scan = ledger.add_stamps(card, code=f"R-{number}-{turn}", actor=f"till-{number}")
            assert turn % 5 or scan.id <= other.seq  # Somebody else sees it by now.
            added += 1
        return added

    with Ledger.open(database.url, business="blue-cup") as other:
        added = sum(threads.map(till, range(32), timeout=SECONDS))

    assert 32 * 43 == added == sum(ledger.card(card).stamps_total for card in cards)
    assert 1 < max(shared)
    assert () == ledger.verify().faults


def test_tasks_of_asyncio(ledger: Ledger, card: UUID):
    """
    Tasks of an event loop write in threads.
    """

    async def day() -> list[Any]:
        return await asyncio.gather(*[asyncio.to_thread(ledger.add_stamps, card, code=f"R-{n}") for n in range(40)])

    scans = asyncio.run(asyncio.wait_for(day(), SECONDS))

    assert list(range(1, 41)) == sorted(scan.card.stamps_total for scan in scans)


def test_closed_while_threads_wait(ledger: Ledger, card: UUID, threads: ThreadPoolExecutor, database: Database):
    """
    What is being written when the ledger is closed is written; whoever waits is told that it is closed.
    """
    with busy(ledger):
        before = [threads.submit(ledger.add_stamps, card) for _ in range(5)]
        in_line(ledger, 5)
        closing = threads.submit(ledger.close)
        in_line(ledger, 6)
        after = [threads.submit(ledger.add_stamps, card) for _ in range(5)]
        in_line(ledger, 11)
    closing.result(SECONDS)

    assert [None] * 5 == [future.exception(SECONDS) for future in before]
    assert ["the ledger is closed"] * 5 == [str(future.exception(SECONDS)) for future in after]
    with Ledger.open(database.url, business="blue-cup") as again:
        assert (5, ()) == (again.card(card).stamps_total, again.verify().faults)


def test_closed_under_load(ledger: Ledger, card: UUID, threads: ThreadPoolExecutor, database: Database):
    """
    The same without anybody looking when: what was acknowledged is there, and every thread ends.
    """

    def write() -> int:
        for written in range(10_000):
            try:
                ledger.add_stamps(card)
            except StorageError:
                return written
        raise AssertionError("it is not closed")

    futures = [threads.submit(write) for _ in range(16)]
    time.sleep(0.3)
    ledger.close()

    written = sum(future.result(SECONDS) for future in futures)
    with Ledger.open(database.url, business="blue-cup") as again:
        assert (written, ()) == (again.card(card).stamps_total, again.verify().faults)


def test_readers_of_memory_are_not_starved(threads: ThreadPoolExecutor):
    """
    In memory there is one connection: a reader takes its turn among those who write without a pause.
    """
    with Ledger.open("sqlite://", business="blue-cup") as ledger:
        card = ledger.issue_card(ledger.publish_template("free-coffee", coffee(1_000))).card.id
        done = threading.Event()

        def write() -> None:
            while not done.is_set():
                ledger.add_stamps(card)

        writing = [threads.submit(write) for _ in range(8)]
        looks = [threads.submit(lambda: ledger.card(card).stamps_total) for _ in range(10)]
        seen = [look.result(SECONDS) for look in looks]
        done.set()

        assert all(future.result(SECONDS) is None for future in writing)
        assert max(seen) <= ledger.card(card).stamps_total


def test_lone_caller_pays_nothing(tmp_path: Any):
    """
    Who writes alone makes one transaction of its own statements, without a savepoint.
    """
    with Ledger.open(f"sqlite:///{tmp_path / 'shop.db'}", business="blue-cup") as ledger:
        card = ledger.issue_card(ledger.publish_template("free-coffee", coffee())).card.id
        ledger.add_stamps(card, code="R-1")
        said: list[str] = []
        ledger._store._writer.connection.set_trace_callback(said.append)

        ledger.add_stamps(card, code="R-2")

    verbs = [statement.split()[0] for statement in said]
    assert ["BEGIN", "SELECT", "INSERT", "INSERT", "UPDATE", "UPDATE", "COMMIT"] == verbs


def test_closed_while_somebody_reads(ledger: Ledger, card: UUID):
    """
    What is being read when the ledger is closed is read to its end, and its connection closed then.
    """
    with ledger._store.reading() as session:
        ledger.close()
        assert session.end()[0] == 2
        raw = session.cursor.connection

    assert is_closed(raw)


def is_closed(raw: Any) -> bool:
    try:
        raw.cursor().execute("SELECT 1")
    except Exception:
        return True
    return False
