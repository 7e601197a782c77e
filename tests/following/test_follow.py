"""
A follower reads the Journal on from where it stopped, on any engine.
"""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, create_engine, event, text

from stampledger import Conflict, EntryBatch, FollowerAhead, InvalidInput, Ledger, StorageError, UnknownEvent
from tests.ledger.shop import coffee
from tests.servers.database import Database

SECONDS = 20.0  # Nothing here takes that long; whoever waits longer has missed something.


@pytest.fixture
def engine(database: Database) -> Iterator[Engine]:
    """The caller's own engine, and its own table."""
    engine = create_engine(database.address)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE seen (seq BIGINT)"))
    yield engine
    engine.dispose()


@pytest.fixture
def ledger(database: Database) -> Iterator[Ledger]:
    with Ledger.open(database.url, business="blue-cup") as ledger:
        yield ledger


@pytest.fixture
def card(ledger: Ledger) -> UUID:
    """A card, which is the second entry."""
    return ledger.issue_card(ledger.publish_template("free-coffee", coffee())).card.id


def seqs(entries: Any) -> list[int]:
    return [entry.seq for entry in entries]


def see(engine: Engine, batch: EntryBatch) -> None:
    """Handle a batch, exactly once."""
    with engine.begin() as connection:
        for entry in batch:
            connection.execute(text("INSERT INTO seen VALUES (:seq)"), {"seq": entry.seq})
        batch.done(connection)


def wait_for(is_so: Callable[[], bool]) -> None:
    until = time.monotonic() + SECONDS
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.01)


def seen(engine: Engine) -> list[int]:
    with engine.connect() as connection:
        return list(connection.execute(text("SELECT seq FROM seen ORDER BY seq")).scalars())


# Going on.


def test_going_on(ledger: Ledger, card: UUID):
    """
    A follower begins with the first entry; another time, it goes on after the last one.
    """
    assert [1, 2] == seqs(ledger.follow("analytics", wait=0))
    ledger.add_stamps(card)

    assert [3] == seqs(ledger.follow("analytics", wait=0))
    assert [] == seqs(ledger.follow("analytics", wait=0))
    assert list(ledger.entries()) == list(ledger.follow(wait=0))
    assert {"analytics": 3} == ledger.followers()


def test_left_early(ledger: Ledger, card: UUID):
    """
    An entry is done with when the next one is asked for: the one at which the loop was left comes again.
    """
    for entry in ledger.follow("analytics"):
        if entry.seq == 2:
            break

    assert {"analytics": 1} == ledger.followers()
    assert [2] == seqs(ledger.follow("analytics", wait=0))


def test_handling_fails(ledger: Ledger, card: UUID):
    """
    What could not be handled comes again.
    """

    def handle() -> None:
        for batch in ledger.follow("analytics").batches(limit=1):
            assert 1 == batch.seq, "the second cannot be handled"

    with pytest.raises(AssertionError, match="second"):
        handle()

    assert [2] == seqs(ledger.follow("analytics", wait=0))


def test_followers_are_strangers(ledger: Ledger, card: UUID, database: Database):
    """
    Each name has a position of its own, in each business.
    """
    with Ledger.open(database.url, business="red-cup") as other:
        other.register_customer(name="Anna")

        assert [1, 2] == seqs(ledger.follow("analytics", wait=0))
        assert [1] == seqs(other.follow("analytics", wait=0))
        assert [1, 2] == seqs(ledger.follow("mailer", wait=0))
        assert ({"analytics": 2, "mailer": 2}, {"analytics": 1}) == (ledger.followers(), other.followers())


def test_from_now_on(ledger: Ledger, card: UUID):
    """
    Whoever is new may begin after any entry; once a position is kept, that is what counts.
    """
    assert [] == seqs(ledger.follow("analytics", after=ledger.seq, wait=0))
    ledger.add_stamps(card)
    ledger.add_stamps(card)

    assert [3, 4] == seqs(ledger.follow("analytics", after=ledger.seq, wait=0))
    assert [4] == seqs(ledger.follow(after=3, wait=0))


def test_batches(ledger: Ledger, card: UUID):
    """
    Batches are as large as there are entries, up to the limit, and never empty.
    """
    for _ in range(5):
        ledger.add_stamps(card)

    batches = list(ledger.follow("analytics", wait=0).batches(limit=3))

    assert [[1, 2, 3], [4, 5, 6], [7]] == [seqs(batch) for batch in batches]
    assert [(3, 3), (6, 3), (7, 1)] == [(batch.seq, len(batch)) for batch in batches]
    assert {"analytics": 7} == ledger.followers()


def test_some_kinds(ledger: Ledger, card: UUID):
    """
    A follower may want some kinds only; its position moves past all others.
    """
    follower = ledger.follow("stamps", kinds=["stamp_added"], wait=0)
    assert ([], 2) == (seqs(follower), follower.seq)

    ledger.add_stamps(card, 9)
    batches = list(follower.batches())

    assert [["stamp_added"]] == [[entry.kind for entry in batch] for batch in batches]
    assert follower.seq == batches[0].seq == ledger.seq > batches[0].entries[-1].seq


def test_rare_kind(ledger: Ledger, card: UUID, monkeypatch: pytest.MonkeyPatch):
    """
    Looking for what is rare goes on in steps, and so does the position meanwhile.
    """
    monkeypatch.setattr("stampledger.store.following.LOOKED_THROUGH_MAX", 4)
    monkeypatch.setattr("stampledger.following.PASSED_OVER_MAX", 4)
    for _ in range(9):
        ledger.register_customer(name="Anna")
    ledger.add_stamps(card)
    follower = ledger.follow("stamps", kinds=["stamp_added"], wait=0)

    for entry in follower:
        assert (12, 8) == (entry.seq, follower.seq)
    assert 12 == follower.seq


# Exactly once.


def test_own_rows_and_position(ledger: Ledger, card: UUID, engine: Engine):
    """
    Rows and position are there together, or not at all.
    """
    for batch in ledger.follow("mine", wait=0).batches(limit=1):
        see(engine, batch)
    ledger.add_stamps(card)
    (batch,) = islice(ledger.follow("mine").batches(), 1)
    with engine.connect() as connection:
        connection.execute(text("INSERT INTO seen VALUES (3)"))
        batch.done(connection)
        connection.rollback()
    assert ([1, 2], {"mine": 2}) == (seen(engine), ledger.followers())

    see(engine, batch)
    assert ([1, 2, 3], {"mine": 3}) == (seen(engine), ledger.followers())


def test_two_with_one_batch(ledger: Ledger, card: UUID, engine: Engine):
    """
    Of two who handle the same entries under one name, one is told that it was too late; its rows are not there.
    """
    one, two = ledger.follow("mine").batches(), ledger.follow("mine").batches()
    first, second = next(one), next(two)
    see(engine, first)
    with pytest.raises(Conflict, match="'mine' does not stand at entry 0 any more"):
        see(engine, second)

    assert ([1, 2], {"mine": 2}) == (seen(engine), ledger.followers())
    with pytest.raises(Conflict):
        see(engine, first)  # Nor is it counted twice by whoever was first.
    assert [1, 2] == seen(engine)


def test_two_that_take_turns(ledger: Ledger, card: UUID):
    """
    Whoever follows entry by entry learns of another one under its name when it moves on.
    """
    one, two = iter(ledger.follow("mine")), iter(ledger.follow("mine"))
    assert (1, 1) == (next(one).seq, next(two).seq)
    assert 2 == next(one).seq

    with pytest.raises(Conflict):
        next(two)
    assert {"mine": 1} == ledger.followers()


def test_rollback_that_nobody_noticed(ledger: Ledger, card: UUID, engine: Engine):
    """
    Whoever rolls back and goes on all the same is stopped at the next batch, before anything is left out.
    """
    batches = ledger.follow("mine", wait=0).batches(limit=1)
    with engine.connect() as connection:
        next(batches).done(connection)
        connection.rollback()
        batch = next(batches)
        assert 2 == batch.seq
        with pytest.raises(Conflict):
            batch.done(connection)

    assert {"mine": 0} == ledger.followers()


def test_nobody_waits_for_a_follower(ledger: Ledger, card: UUID, engine: Engine, database: Database):
    """
    A transaction in which a follower has moved on holds up nobody who writes. (SQLite has one writer at a time.)
    """
    if database.kind == "sqlite":
        pytest.skip("one writer at a time")
    batch = next(ledger.follow("mine").batches())
    with engine.begin() as connection, ThreadPoolExecutor(1) as threads:
        batch.done(connection)
        stamped = threads.submit(ledger.add_stamps, card)

        assert 3 == stamped.result(SECONDS).id
        assert {"mine": 0} == ledger.followers()
    assert {"mine": 2} == ledger.followers()


def test_both_ways_in_one_process(ledger: Ledger, card: UUID, engine: Engine):
    """
    Who writes in a transaction of their own is not held up by a thread that waits for this very transaction.
    """
    batch = next(ledger.follow("mine").batches())
    with ThreadPoolExecutor(1) as threads:
        with engine.begin() as connection:
            connection.execute(text("INSERT INTO seen VALUES (1)"))
            stamped = threads.submit(ledger.add_stamps, card)
            time.sleep(0.2)  # By now it waits, where there is one writer at a time.
            began = time.monotonic()
            batch.done(connection)
            took = time.monotonic() - began
        assert 3 == stamped.result(SECONDS).id

    assert took < 5
    assert ([1], {"mine": 2}) == (seen(engine), ledger.followers())


def test_rows_in_another_database(ledger: Ledger, card: UUID, tmp_path: Any):
    """
    Whose rows lie elsewhere keeps the position there, beside them.
    """
    elsewhere = create_engine(f"sqlite:///{tmp_path / 'elsewhere.db'}")
    with elsewhere.begin() as connection:
        connection.execute(text("CREATE TABLE total (entries INTEGER, seq INTEGER)"))
        connection.execute(text("INSERT INTO total VALUES (0, 0)"))

    for _ in range(2):
        with elsewhere.connect() as connection:
            after = connection.execute(text("SELECT seq FROM total")).scalar_one()
        for batch in ledger.follow(after=after, wait=0).batches(limit=2):
            with elsewhere.begin() as connection:
                connection.execute(
                    text("UPDATE total SET entries = entries + :count, seq = :seq"),
                    {"count": len(batch), "seq": batch.seq},
                )
        ledger.add_stamps(card)

    with elsewhere.connect() as connection:
        assert (3, 3) == tuple(connection.execute(text("SELECT * FROM total")).one())
    elsewhere.dispose()
    assert {} == ledger.followers()


def test_connection_to_another_database(ledger: Ledger, card: UUID, tmp_path: Any):
    """
    A position is not moved in another database than the ledger's, nor where every statement commits itself.
    """
    elsewhere = create_engine(f"sqlite:///{tmp_path / 'elsewhere.db'}")
    batch = next(ledger.follow("mine").batches())
    with elsewhere.connect() as connection, pytest.raises(InvalidInput, match="ledger's own database"):
        batch.done(connection)
    elsewhere.dispose()

    assert {"mine": 0} == ledger.followers()


def test_autocommit(ledger: Ledger, card: UUID, engine: Engine):
    """
    Where every statement commits by itself, rows and position are not together: that is refused, and nothing moved.
    """
    batch = next(ledger.follow("mine").batches())
    with (
        engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection,
        pytest.raises(InvalidInput, match="transaction"),
    ):
        batch.done(connection)

    assert {"mine": 0} == ledger.followers()


# Waiting.


def test_own_process_wakes(ledger: Ledger, card: UUID):
    """
    Who follows in the process that writes need not wait for the next look.
    """
    follower = ledger.follow(after=2, wait=SECONDS, poll=10 * SECONDS)
    followed = iter(follower)
    with ThreadPoolExecutor(1) as threads:
        for seq in (3, 4):
            following = threads.submit(next, followed)
            with pytest.raises(TimeoutError):
                following.result(0.3)
            ledger.add_stamps(card)

            assert seq == following.result(SECONDS).seq


def test_transaction_of_others_is_seen_by_looking(ledger: Ledger, card: UUID, engine: Engine):
    """
    What another process or the caller's own transaction writes is seen at the next look, and not before its commit.
    """
    following = iter(ledger.follow(after=2, wait=SECONDS, poll=0.05))
    with ThreadPoolExecutor(1) as threads, engine.connect() as connection:
        found = threads.submit(next, following)
        ledger.using(connection).add_stamps(card)
        with pytest.raises(TimeoutError):
            found.result(0.3)
        connection.commit()

        assert 3 == found.result(SECONDS).seq


def test_waiting_holds_nothing(ledger: Ledger, card: UUID):
    """
    While a follower waits, or its caller is at work, it has no connection; a look is one statement.
    """
    pool: Any = ledger._store.engine.pool
    before = pool.checkedout()
    follower = ledger.follow("analytics", wait=5, poll=0.2)
    entries = iter(follower)
    assert 1 == next(entries).seq
    assert before == pool.checkedout()

    taken: list[float] = []
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(list, entries)
        wait_for(lambda: {"analytics": 2} == ledger.followers())
        event.listen(pool, "checkout", lambda *_: taken.append(time.monotonic()))
        for _ in range(40):
            assert pool.checkedout() <= before + 1
            time.sleep(0.025)
        held = [pool.checkedout() for _ in range(100)]
        follower.stop()
        assert [2] == seqs(waiting.result(SECONDS))

    assert before in held
    assert 2 <= len(taken) <= 10  # Looks of a second, twice as long apart each time until they are 0.2 seconds apart.


def test_waiting_for_a_while(ledger: Ledger, card: UUID):
    """
    A follower may wait for so long; what it does not want does not count.
    """
    follower = ledger.follow("stamps", kinds=["stamp_added"], wait=0.6)
    with ThreadPoolExecutor(1) as threads:
        following = threads.submit(list, follower)
        while not following.done():
            ledger.register_customer(name="Anna")

        assert [] == following.result(SECONDS)


def test_stop(ledger: Ledger, card: UUID):
    """
    A loop ends when it is told so by another thread: while it waits, or after the entry at hand.
    """
    waiting, busy = ledger.follow("waiting", wait=SECONDS), ledger.follow("busy")
    with ThreadPoolExecutor(1) as threads:
        following = threads.submit(list, waiting)
        threading.Timer(0.2, waiting.stop).start()
        assert [1, 2] == seqs(following.result(SECONDS))
    for entry in busy:
        busy.stop()
        assert 1 == entry.seq

    assert {"waiting": 2, "busy": 1} == ledger.followers()
    assert frozenset() == ledger._store.bell.waiting


def test_closed(ledger: Ledger, card: UUID):
    """
    A follower of a ledger that is closed ends with an error.
    """
    following = iter(ledger.follow("analytics"))
    next(following)
    ledger.close()

    with pytest.raises(StorageError, match="closed"):
        next(following)


# Resetting.


def test_reset(ledger: Ledger, card: UUID):
    """
    A follower may be sent back, or on; a loop that is under way ends with a conflict.
    """
    follower = ledger.follow("analytics", wait=0)
    assert [1, 2] == seqs(follower)
    follower.reset()
    assert [1, 2] == seqs(follower)
    follower.reset(1)
    entries = iter(follower)
    assert 2 == next(entries).seq
    follower.reset(0)

    with pytest.raises(Conflict):
        next(entries)
    assert 0 == follower.seq


def test_forget(ledger: Ledger, card: UUID):
    """
    A follower that is forgotten leaves nothing behind; under its name another one may begin.
    """
    follower = ledger.follow("analytics", wait=0)
    assert [1, 2] == seqs(follower)
    follower.forget()

    assert {} == ledger.followers()
    assert [1, 2] == seqs(follower)


def test_older_backup(ledger: Ledger, card: UUID, database: Database):
    """
    A follower that knows more than the Journal is told so: it does not wait for other entries with the same numbers.
    """
    list(ledger.follow("analytics", wait=0))
    database.sql("UPDATE stampledger_follower SET seq = 9")

    with pytest.raises(FollowerAhead, match="'analytics' stands at entry 9, and the Journal ends at 2") as told:
        list(ledger.follow("analytics"))
    assert ("analytics", 9, 2) == (told.value.name, told.value.seq, told.value.head)
    with pytest.raises(FollowerAhead, match="a follower stands at entry 9"):
        list(ledger.follow(after=9))
    with pytest.raises(FollowerAhead):
        list(ledger.follow("new", after=9))
    with pytest.raises(FollowerAhead):
        ledger.follow("analytics").reset(3)
    assert {"analytics": 9} == ledger.followers()
    ledger.follow("analytics").reset(2)
    assert [] == seqs(ledger.follow("analytics", wait=0))


def test_entry_that_cannot_be_read(ledger: Ledger, card: UUID, database: Database):
    """
    What comes before an entry of a newer release is followed, and the follower stops there.
    """
    ledger.add_stamps(card)
    ledger.add_stamps(card)
    database.sql("UPDATE stampledger_word SET text = 'card.stamp_added.v9' WHERE text = 'card.stamp_added.v1'")
    with Ledger.open(database.url, business="blue-cup") as newer:
        entries = iter(newer.follow("analytics"))
        assert [1, 2] == seqs(islice(entries, 2))

        with pytest.raises(UnknownEvent):
            next(entries)
        assert {"analytics": 2} == newer.followers()


# What is refused.


@pytest.mark.parametrize(
    ("field", "options"),
    [
        ("name", {"name": ""}),
        ("name", {"name": "a\nb"}),
        ("kinds", {"kinds": ["stamp_lost"]}),
        ("kinds", {"kinds": "stamp_added"}),
        ("after", {"after": -1}),
        ("wait", {"wait": -1}),
        ("wait", {"wait": True}),
        ("wait", {"wait": float("nan")}),
        ("poll", {"poll": 0}),
        ("poll", {"poll": None}),
    ],
)
def test_bad_follower(ledger: Ledger, field: str, options: dict[str, Any]):
    """
    What cannot be followed is refused by name.
    """
    with pytest.raises(InvalidInput) as refused:
        ledger.follow(**options)

    assert field == refused.value.field


def test_no_name(ledger: Ledger, card: UUID, engine: Engine):
    """
    Without a name there is no position to be moved, reset or forgotten; nor is there one in another's transaction.
    """
    follower = ledger.follow(wait=0)
    batch = next(follower.batches())

    for attempt in (batch.done, follower.reset, follower.forget):
        with pytest.raises(InvalidInput, match="name"):
            attempt()
    for limit in (0, 10_001, "1"):
        with pytest.raises(InvalidInput, match="limit"):
            follower.batches(limit)  # type: ignore[arg-type]
    with engine.connect() as connection, pytest.raises(InvalidInput, match="outside of a transaction"):
        ledger.using(connection).follow("analytics")


def test_in_memory():
    """
    A database in memory is followed like any other.
    """
    with Ledger.open("sqlite://", business="blue-cup") as ledger:
        ledger.register_customer(name="Anna")

        assert [1] == seqs(ledger.follow("analytics", wait=0))
        assert {"analytics": 1} == ledger.followers()


def test_forgotten_customer(ledger: Ledger):
    """
    A follower sees a customer's data until the customer is forgotten, and a fact without it from then on.
    """
    anna = ledger.register_customer(name="Anna")
    named = [entry.event for entry in ledger.follow(wait=0)]
    ledger.forget_customer(anna)
    unnamed = [entry.event for entry in ledger.follow(wait=0)]

    assert "Anna" in str(named[0])
    assert "Anna" not in str(unnamed)
