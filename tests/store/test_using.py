"""
A ledger inside the caller's own transaction: an order and its stamp are there together, or not at all.
"""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from stampledger import CardNotFound, Conflict, InvalidInput, Ledger, StorageError, refusals
from stampledger.events import StampRejected
from tests.ledger.shop import coffee
from tests.servers.database import Database

ON_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def engine(database: Database) -> Iterator[Engine]:
    """The shop's own engine, exactly as SQLAlchemy makes one, and its own table."""
    engine = create_engine(database.url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE sale (receipt VARCHAR(20) PRIMARY KEY)"))
    yield engine
    engine.dispose()


@pytest.fixture
def ledger(engine: Engine) -> Iterator[Ledger]:
    with Ledger(engine, business="blue-cup") as ledger:
        yield ledger


@pytest.fixture
def card(ledger: Ledger) -> UUID:
    return ledger.issue_card(ledger.publish_template("free-coffee", coffee())).card.id


def order(connection: Connection, receipt: str) -> None:
    connection.execute(text("INSERT INTO sale VALUES (:receipt)"), {"receipt": receipt})


def orders(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return list(connection.execute(text("SELECT receipt FROM sale ORDER BY receipt")).scalars())


def stamps(ledger: Ledger, card: UUID) -> str:
    assert () == ledger.verify().faults
    return str(ledger.progress(card))


# Together or not at all.


def test_commit_together(engine: Engine, ledger: Ledger, card: UUID):
    """
    With the caller's commit both are there; before it, nobody else sees either.
    """
    with engine.begin() as connection:
        order(connection, "R-1")
        scan = ledger.using(connection).add_stamps(card, code="R-1")
        assert "1/8" == str(ledger.using(connection).progress(card))
        assert ([], "0/8") == (orders(engine), stamps(ledger, card))

    assert (["R-1"], "1/8") == (orders(engine), stamps(ledger, card))
    assert "1/8" == str(scan.card.progress)


def test_commit_as_you_go(engine: Engine, ledger: Ledger, card: UUID):
    """
    The same with a connection that is committed by hand, and used again.
    """
    with engine.connect() as connection:
        for receipt in ("R-1", "R-2"):
            order(connection, receipt)
            ledger.using(connection).add_stamps(card, code=receipt)
            connection.commit()

    assert (["R-1", "R-2"], "2/8") == (orders(engine), stamps(ledger, card))


def test_stamp_first(engine: Engine, ledger: Ledger, card: UUID):
    """
    The ledger may be the one that begins the transaction; it is the caller's all the same.
    """
    with engine.connect() as connection:
        ledger.using(connection).add_stamps(card, code="R-1")
        order(connection, "R-1")
        connection.rollback()
        ledger.using(connection).add_stamps(card, code="R-2")
        order(connection, "R-2")
        connection.commit()

    assert (["R-2"], "1/8") == (orders(engine), stamps(ledger, card))


def test_roll_back_together(engine: Engine, ledger: Ledger, card: UUID):
    """
    With the caller's rollback neither was ever there, and their numbers are given anew.
    """
    with suppress(ZeroDivisionError), engine.begin() as connection:
        order(connection, "R-1")
        gone = ledger.using(connection).add_stamps(card, code="R-1", actor="till-9")
        raise ZeroDivisionError

    assert ([], "0/8") == (orders(engine), stamps(ledger, card))
    assert gone.id == ledger.add_stamps(card, code="R-1", actor="till-8").id


def test_no_commit(engine: Engine, ledger: Ledger, card: UUID):
    """
    Nothing is committed here: a connection that is closed without a commit has written nothing.
    """
    with engine.connect() as connection:
        order(connection, "R-1")
        ledger.using(connection).add_stamps(card, code="R-1")

    assert ([], "0/8") == (orders(engine), stamps(ledger, card))


def test_savepoint_of_the_callers(engine: Engine, ledger: Ledger, card: UUID):
    """
    A savepoint of the caller's takes back what the ledger wrote since, and no more.
    """
    with engine.begin() as connection:
        using = ledger.using(connection)
        using.add_stamps(card, code="R-1")
        with suppress(ZeroDivisionError), connection.begin_nested():
            order(connection, "R-2")
            using.add_stamps(card, code="R-2", actor="till-2")
            raise ZeroDivisionError
        order(connection, "R-1")
        using.add_stamps(card, code="R-3", actor="till-2")

    assert (["R-1"], "2/8") == (orders(engine), stamps(ledger, card))


def test_session_of_the_orm(engine: Engine, ledger: Ledger, card: UUID):
    """
    A session of SQLAlchemy's ORM lends its connection.
    """
    with Session(engine) as session:
        session.execute(text("INSERT INTO sale VALUES ('R-1')"))
        ledger.using(session.connection()).add_stamps(card, code="R-1")
        session.commit()

    assert (["R-1"], "1/8") == (orders(engine), stamps(ledger, card))


@ON_SQLITE
def test_transactions_begun_by_an_event(engine: Engine, ledger: Ledger, card: UUID):
    """
    An engine that begins each transaction itself, as SQLAlchemy's documentation shows, works alike.
    """

    @event.listens_for(engine, "connect")
    def connected(raw: Any, _: object) -> None:
        raw.isolation_level = None

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN")

    engine.dispose()
    with suppress(ZeroDivisionError), engine.begin() as connection:
        ledger.using(connection).add_stamps(card)
        raise ZeroDivisionError
    with engine.begin() as connection:
        order(connection, "R-1")
        ledger.using(connection).add_stamps(card)

    assert (["R-1"], "1/8") == (orders(engine), stamps(ledger, card))


def test_in_memory():
    """
    In memory there is one connection for all, and it is the caller's as well.
    """
    with Ledger.open("sqlite://", business="blue-cup") as ledger:
        card = ledger.issue_card(ledger.publish_template("free-coffee", coffee())).card.id
        engine = ledger._store.engine
        with engine.connect() as connection:
            ledger.using(connection).add_stamps(card)
            assert "1/8" == str(ledger.progress(card))  # A read must not commit what is under way.
            with pytest.raises(StorageError):
                ledger.add_stamps(card)
            connection.rollback()
            assert "0/8" == stamps(ledger, card)
            ledger.using(connection).add_stamps(card)
            connection.commit()

        assert "1/8" == stamps(ledger, card)


def test_scan_after_the_connection_is_closed(engine: Engine, ledger: Ledger, card: UUID):
    """
    What a command answered can be looked at when the transaction is over; writing needs a transaction.
    """
    with engine.begin() as connection:
        using = ledger.using(connection)
        scan = using.add_stamps(card, 8)

    assert ("8/8", 1) == (str(scan.card.progress), len(scan.card.vouchers))
    with pytest.raises(StorageError):
        using.add_stamps(card)


# Errors inside the transaction.


def test_refused_and_committed(engine: Engine, ledger: Ledger, card: UUID):
    """
    A refused credit is recorded in the caller's transaction and raised; who commits keeps order and refusal.
    """
    ledger.add_stamps(ledger.issue_card("free-coffee"), code="R-1")

    with engine.begin() as connection:
        order(connection, "R-1")
        with pytest.raises(refusals.CodeAlreadyUsed) as refused:
            ledger.using(connection).add_stamps(card, code="R-1")

    assert (["R-1"], "0/8") == (orders(engine), stamps(ledger, card))
    last = list(ledger.entries())[-1]
    assert isinstance(last.event, StampRejected)
    assert last.seq == refused.value.seq


def test_refused_and_rolled_back(engine: Engine, ledger: Ledger, card: UUID):
    """
    Who lets the refusal end the transaction has neither the order nor the refusal on record.
    """
    head = ledger.add_stamps(ledger.issue_card("free-coffee"), code="R-1").last

    def sell() -> None:
        with engine.begin() as connection:
            order(connection, "R-1")
            ledger.using(connection).add_stamps(card, code="R-1")

    with pytest.raises(refusals.CodeAlreadyUsed):
        sell()
    assert ([], head) == (orders(engine), ledger.seq)


def test_error_before_anything_is_written(engine: Engine, ledger: Ledger, card: UUID):
    """
    A command that cannot be carried out leaves the caller's rows in place, and the transaction usable.
    """
    with engine.begin() as connection:
        using = ledger.using(connection)
        order(connection, "R-1")
        with pytest.raises(CardNotFound):
            using.add_stamps(UUID(int=7), code="R-1")
        with pytest.raises(InvalidInput):
            using.add_stamps(card, 0)
        using.add_stamps(card, code="R-1")
        order(connection, "R-2")

    assert (["R-1", "R-2"], "1/8") == (orders(engine), stamps(ledger, card))


@ON_SQLITE
def test_error_halfway(engine: Engine, ledger: Ledger, card: UUID):
    """
    A command that breaks off halfway is taken back as a whole; the caller's rows before and after it stay.
    """
    with engine.begin() as connection:
        forbid_rewards(connection, "ABORT")
    with engine.begin() as connection:
        using = ledger.using(connection)
        order(connection, "R-1")
        using.add_stamps(card, code="R-1")
        with pytest.raises(Conflict):
            using.add_stamps(card, 7, code="R-2", actor="till-2")
        using.add_stamps(card, code="R-3", actor="till-3")
        order(connection, "R-3")

    assert (["R-1", "R-3"], "2/8") == (orders(engine), stamps(ledger, card))


@ON_SQLITE
def test_database_takes_everything_back(engine: Engine, ledger: Ledger, card: UUID):
    """
    Where the database itself ends the transaction, what comes after cannot be committed without what came before.
    """
    with engine.begin() as connection:
        forbid_rewards(connection, "ROLLBACK")

    def sell() -> None:
        with engine.begin() as connection:
            order(connection, "R-1")
            with suppress(Conflict):
                ledger.using(connection).add_stamps(card, 8, code="R-1")
            order(connection, "R-2")

    with pytest.raises(SQLAlchemyError):
        sell()
    assert ([], "0/8") == (orders(engine), stamps(ledger, card))


def forbid_rewards(connection: Connection, how: str) -> None:
    """Let the database refuse to write a reward, which follows entries that were written already."""
    connection.execute(
        text(
            "CREATE TRIGGER no_rewards BEFORE INSERT ON stampledger_reward "
            f"BEGIN SELECT RAISE({how}, 'no rewards today'); END"
        )
    )


@ON_SQLITE
def test_ledger_and_caller_wait_for_each_other(engine: Engine, card: UUID):
    """
    While the caller's transaction holds the database, other writers wait, and then give up with a name.
    """
    hasty = create_engine(engine.url.update_query_dict({"timeout": "0.05"}))
    with Ledger(hasty, business="blue-cup") as other, engine.connect() as connection:
        other.using(connection).add_stamps(card)
        with pytest.raises(Conflict):
            other.add_stamps(card)
        connection.commit()

        other.add_stamps(card)
        assert "2/8" == stamps(other, card)
    hasty.dispose()


# What was rolled back is not remembered.


def test_words_that_were_rolled_back(engine: Engine, ledger: Ledger, card: UUID):
    """
    A word that a rollback took away is written anew, not referred to by its old number.
    """
    with engine.connect() as connection:
        using = ledger.using(connection)
        for _ in range(2):  # The second command reads the words that the first has written.
            using.add_stamps(card, actor="till-9")
        connection.rollback()
        using.add_stamps(card, actor="till-9")
        connection.commit()

    with Ledger(engine, business="blue-cup") as again:  # It knows no word by heart.
        assert "1/8" == stamps(again, card)
        assert ["till-9"] == [row.actor for row in again.journal(limit=1)]


def test_template_that_was_rolled_back(engine: Engine, ledger: Ledger, card: UUID):
    """
    A template version that a rollback took away may be published anew, and is then the new one everywhere.
    """
    with engine.connect() as connection:
        using = ledger.using(connection)
        assert "0/5" == str(using.issue_card(using.publish_template("free-coffee", coffee(5))).card.progress)
        connection.rollback()
        again = using.publish_template("free-coffee", coffee(6))
        assert "0/6" == str(using.issue_card(again).card.progress)
        connection.commit()

    assert "0/6" == str(ledger.issue_card("free-coffee").card.progress)
    assert () == ledger.verify().faults


# Reading inside the transaction.


@ON_SQLITE
def test_read_is_of_one_moment(engine: Engine, ledger: Ledger, card: UUID):
    """
    A read inside a transaction is of one moment, though the driver begins none to read.
    """
    written: list[object] = []

    def between(statement: str) -> None:
        if "stampledger_reward" in statement and not written:
            written.append(ledger.add_stamps(card, 8))

    with engine.connect() as connection:
        raw: Any = connection.connection.driver_connection
        raw.set_trace_callback(between)
        view = ledger.using(connection).card(card)
        raw.set_trace_callback(None)

        assert 1 == len(written)
        assert ("0/8", ()) == (str(view.progress), view.rewards)
        assert 1 == len(ledger.using(connection).card(card).rewards)  # The moment is over with the read.


def test_caller_writes_while_reading(engine: Engine, ledger: Ledger, card: UUID):
    """
    What the caller writes while entries are read is the caller's to commit.
    """
    with engine.begin() as connection:
        for entry in ledger.using(connection).entries():
            order(connection, f"E-{entry.seq}")

    assert ["E-1", "E-2"] == orders(engine)
