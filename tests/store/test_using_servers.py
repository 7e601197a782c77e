"""
A ledger in the caller's own transactions on a server: their isolation, their settings and their deadlocks.
"""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, Engine, create_engine, text

from stampledger import CardNotFound, Conflict, InvalidInput, Ledger, StorageError
from stampledger.store.session import Session
from tests.ledger.shop import coffee
from tests.servers.database import Database

SECONDS = 60.0
LEVELS = ("READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE")
SHOWN = {"postgresql": "SHOW transaction_isolation", "mariadb": "SELECT @@tx_isolation"}
SETTINGS = {
    "postgresql": "SELECT name, setting FROM pg_settings WHERE source = 'session' ORDER BY name",
    "mariadb": "SELECT @@autocommit, @@tx_isolation, @@tx_read_only, @@sql_mode, @@innodb_lock_wait_timeout",
}


@pytest.fixture
def engine(served: Database) -> Iterator[Engine]:
    """The shop's own engine with one connection in its pool, beside the one the ledger takes out."""
    engine = create_engine(served.url, pool_size=1, max_overflow=0, pool_timeout=SECONDS)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE sale (receipt VARCHAR(20) PRIMARY KEY)"))
    yield engine
    engine.dispose()


@pytest.fixture
def ledger(served: Database) -> Iterator[Ledger]:
    with Ledger.open(served.url, business="blue-cup") as ledger:
        ledger.publish_template("free-coffee", coffee(1_000))
        yield ledger


@pytest.fixture
def card(ledger: Ledger) -> UUID:
    return ledger.issue_card("free-coffee").card.id


def sell(connection: Connection, receipt: str) -> None:
    connection.execute(text("INSERT INTO sale VALUES (:receipt)"), {"receipt": receipt})


def sold(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return list(connection.execute(text("SELECT receipt FROM sale ORDER BY receipt")).scalars())


# Isolation.


def strict(database: Database) -> str:
    """A URL whose connections are SERIALIZABLE unless told otherwise."""
    if database.kind == "postgresql":
        return f"{database.url}?options=-c%20default_transaction_isolation%3Dserializable"
    return f"{database.url}?init_command=SET%20SESSION%20tx_isolation%3D'SERIALIZABLE'"


def test_isolation_is_our_own(served: Database):
    """
    A ledger writes at READ COMMITTED and reads a snapshot, whatever the server's or the user's default is.
    """
    engine = create_engine(strict(served))
    with engine.connect() as connection:  # The control: the default is another.
        assert "SERIALIZABLE" == connection.exec_driver_sql(SHOWN[served.kind]).scalar_one().upper()

    with Ledger(engine, business="blue-cup") as ledger:

        def level(session: Session) -> str:
            if served.kind == "postgresql":
                session.cursor.execute("SHOW transaction_isolation")
                return str(session.cursor.fetchone()[0]).upper()
            assert served.server is not None
            session.cursor.execute("SELECT CONNECTION_ID()")
            [number] = session.cursor.fetchone()
            running = (
                f"SELECT trx_isolation_level FROM information_schema.innodb_trx WHERE trx_mysql_thread_id={number}"
            )
            for _ in range(50):  # The server shows what ran a moment ago.
                if shown := served.server.as_admin(running):
                    return str(shown[0][0])
                time.sleep(0.1)
            raise AssertionError("the server does not show the transaction")

        written = ledger._store.write(level)
        with ledger._store.reading() as session:
            session.end()
            read = level(session)

    assert ("READ COMMITTED", "REPEATABLE READ") == (written, read)
    engine.dispose()


def test_strict_default(served: Database):
    """
    Where SERIALIZABLE is the default, several writers are as right, and as little in each other's way.
    """
    with (
        Ledger.open(strict(served), business="blue-cup") as one,
        Ledger.open(strict(served), business="blue-cup") as two,
    ):
        card = one.issue_card(one.publish_template("free-coffee", coffee(1_000))).card.id
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(lambda n: (one, two)[n % 2].add_stamps(card, code=f"R-{n}"), range(60), timeout=SECONDS))

        assert (60, ()) == (one.card(card).stamps_total, two.verify().faults)


@pytest.mark.parametrize("options", [{}, {"isolation_level": "AUTOCOMMIT"}, {"isolation_level": "SERIALIZABLE"}])
def test_connection_comes_back_as_it_was(served: Database, options: dict[str, Any]):
    """
    A connection of the caller's pool comes back as it was, whether reading went well or not.
    """
    engine = create_engine(served.url, pool_size=1, max_overflow=0, **options)
    with Ledger(engine, business="blue-cup") as ledger:
        before = state(engine, served)
        card = ledger.issue_card(ledger.publish_template("free-coffee", coffee())).card.id
        ledger.add_stamps(card)

        ledger.card(card)
        ledger._store.end()
        with pytest.raises(CardNotFound):
            ledger.card(7)
        with pytest.raises(ZeroDivisionError), ledger._store.reading():
            raise ZeroDivisionError
        assert before == state(engine, served)

        with pytest.raises(StorageError), ledger._store.reading() as session:
            session.cursor.execute("SELECT nothing FROM nowhere")
        assert before[1:] == state(engine, served)[1:]  # What failed was closed, and is another connection now.
        assert "1/8" == str(ledger.progress(card))
    engine.dispose()


def state(engine: Engine, database: Database) -> tuple[Any, ...]:
    with engine.connect() as connection:
        raw: Any = connection.connection.driver_connection
        mode = raw.autocommit if database.kind == "postgresql" else raw.get_autocommit()
        level = getattr(raw, "isolation_level", None)
        settings = [tuple(row) for row in connection.exec_driver_sql(SETTINGS[database.kind])]
        return id(raw), mode, level, settings, connection.exec_driver_sql(SHOWN[database.kind]).scalar_one()


# Together.


@pytest.mark.parametrize("level", LEVELS)
def test_together_at_every_level(engine: Engine, ledger: Ledger, card: UUID, level: str):
    """
    An order and its stamp commit together and are rolled back together, whatever the caller's isolation.
    """
    with engine.connect().execution_options(isolation_level=level) as connection:
        using = ledger.using(connection)
        for receipt in ("R-1", "R-2", "R-3"):
            sell(connection, receipt)
            using.add_stamps(card, code=receipt)
            if receipt == "R-2":
                connection.rollback()
            else:
                connection.commit()

    assert (["R-1", "R-3"], 2, ()) == (sold(engine), ledger.card(card).stamps_total, ledger.verify().faults)


@pytest.mark.parametrize("level", LEVELS)
def test_caller_began_before_another_writer(engine: Engine, ledger: Ledger, card: UUID, level: str):
    """
    A caller who has read before somebody else wrote has a conflict, unless it reads what is committed; its
    transaction stays usable, and begun anew it succeeds.
    """
    with engine.connect().execution_options(isolation_level=level) as connection:
        sell(connection, "R-1")
        connection.execute(text("SELECT receipt FROM sale")).all()
        ledger.add_stamps(card, code="first")
        using = ledger.using(connection)
        if level == "READ COMMITTED":
            assert 2 == using.add_stamps(card, code="R-1").card.stamps_total
        elif level == "SERIALIZABLE" and engine.dialect.name == "mariadb":
            using.add_stamps(card, code="R-1")  # It locks what it reads, and so reads what is committed.
        else:
            with pytest.raises(Conflict):
                using.add_stamps(card, code="R-1")
            sell(connection, "R-2")
            connection.rollback()
            sell(connection, "R-1")
            using.add_stamps(card, code="R-1")
        connection.commit()

    assert (["R-1"], 2, ()) == (sold(engine), ledger.card(card).stamps_total, ledger.verify().faults)


def test_autocommit_is_refused(served: Database, ledger: Ledger, card: UUID):
    """
    A connection in autocommit has no transaction to join, and nothing is written on it.
    """
    engine = create_engine(served.url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection, pytest.raises(InvalidInput):
        ledger.using(connection).add_stamps(card)
    engine.dispose()

    assert 0 == ledger.card(card).stamps_total


def test_caller_waits_too_long(served: Database, engine: Engine, ledger: Ledger, card: UUID):
    """
    A caller who waits too long for another writer, by its own setting, has a conflict and keeps what it did before.
    """
    waiting = {
        "postgresql": "SET LOCAL lock_timeout = '100ms'",
        "mariadb": "SET SESSION innodb_lock_wait_timeout = 1",
    }
    other = create_engine(served.url)
    with other.connect() as holder, engine.connect() as connection:
        ledger.using(holder).add_stamps(card)
        sell(connection, "R-1")
        connection.exec_driver_sql(waiting[served.kind])
        with pytest.raises(Conflict):
            ledger.using(connection).add_stamps(card)
        sell(connection, "R-2")
        connection.commit()
        holder.rollback()
    other.dispose()

    assert (["R-1", "R-2"], 0) == (sold(engine), ledger.card(card).stamps_total)


def test_caller_has_failed_already(served: Database, engine: Engine, ledger: Ledger, card: UUID):
    """
    PostgreSQL takes no more statements after one that failed: that is no conflict, and the ledger says what it is.
    """
    with engine.connect() as connection:
        sell(connection, "R-1")
        with pytest.raises(Exception, match="R-1"):
            sell(connection, "R-1")
        if served.kind == "postgresql":
            with pytest.raises(StorageError, match="25P02"):
                ledger.using(connection).add_stamps(card)
        else:
            ledger.using(connection).add_stamps(card)
        connection.rollback()

    assert 0 == ledger.card(card).stamps_total


def test_two_businesses_in_opposite_order(served: Database, ledger: Ledger, card: UUID):
    """
    Callers who write two businesses in opposite order may deadlock: one goes on, the other has a conflict.
    """
    engine = create_engine(served.url)
    with Ledger.open(served.url, business="red-cup") as red:
        other = red.issue_card(red.publish_template("free-coffee", coffee())).card.id
        met = threading.Barrier(2)

        def sell_both(first: tuple[Ledger, UUID], second: tuple[Ledger, UUID]) -> str:
            try:
                with engine.begin() as connection:
                    first[0].using(connection).add_stamps(first[1])
                    met.wait(SECONDS)
                    second[0].using(connection).add_stamps(second[1])
            except Conflict:
                return "conflict"
            return "done"

        with ThreadPoolExecutor(2) as threads:
            one = threads.submit(sell_both, (ledger, card), (red, other))
            two = threads.submit(sell_both, (red, other), (ledger, card))
            said = sorted((one.result(SECONDS), two.result(SECONDS)))

        assert ["conflict", "done"] == said
        assert (1, 1) == (ledger.card(card).stamps_total, red.card(other).stamps_total)
    engine.dispose()


# Where the tables are.


def test_schema_and_prefix(postgresql: Database):
    """
    In a schema and under a prefix of the caller's choice a ledger works as anywhere.
    """
    postgresql.sql("CREATE SCHEMA loyalty")
    engine = create_engine(postgresql.url)
    with Ledger(engine, business="blue-cup", schema="loyalty", prefix="card_") as ledger:
        card = ledger.issue_card(ledger.publish_template("free-coffee", coffee())).card.id
        with engine.begin() as connection:
            ledger.using(connection).add_stamps(card, 8, code="R-1")

        assert ("8/8", ()) == (str(ledger.progress(card)), ledger.verify().faults)
    places = postgresql.sql("SELECT DISTINCT schemaname FROM pg_tables WHERE tablename LIKE 'card\\_%%'")
    assert ["loyalty"] == [place for (place,) in places]
    engine.dispose()


def test_prefix(served: Database):
    """
    Two ledgers under two prefixes share a database and nothing else.
    """
    for prefix in ("one_", "two_"):
        with Ledger.open(served.url, business="blue-cup", prefix=prefix) as ledger:
            ledger.issue_card(ledger.publish_template("free-coffee", coffee()))

            assert (2, ()) == (ledger.seq, ledger.verify().faults)
