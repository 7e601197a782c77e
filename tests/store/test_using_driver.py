"""
A ledger inside a transaction that SQLAlchemy knows nothing of: on the driver's own connection, as another ORM has one.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pymysql
import pytest
from psycopg.rows import dict_row
from pymysql.cursors import DictCursor

from stampledger import CardNotFound, InvalidInput, Ledger, StorageError, UnsafeDurability, refusals
from tests.ledger.shop import coffee
from tests.servers.database import Database


def driver_connection(database: Database) -> Any:
    """A connection as unlike those of the ledger as another ORM may make it: its rows are no tuples."""
    if database.kind == "sqlite":
        connection = sqlite3.connect(str(database.file))
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA synchronous=FULL")
        return connection
    if database.kind == "postgresql":
        told = database.address.translate_connect_args(username="user", database="dbname")
        told |= {**database.address.query, "cursor_factory": psycopg.ClientCursor, "row_factory": dict_row}
        return psycopg.connect(**told)
    told = database.address.translate_connect_args(username="user")
    return pymysql.connect(**told, **database.address.query, cursorclass=DictCursor)


@pytest.fixture
def ledger(database: Database) -> Iterator[Ledger]:
    database.sql("CREATE TABLE sale (receipt VARCHAR(20) PRIMARY KEY)")
    with Ledger.open(database.url, business="blue-cup") as ledger:
        yield ledger


@pytest.fixture
def connection(database: Database, ledger: Ledger) -> Iterator[Any]:
    connection = driver_connection(database)
    yield connection
    with suppress(pymysql.Error):  # It cannot be closed twice.
        connection.close()


@pytest.fixture
def card(ledger: Ledger) -> UUID:
    return ledger.issue_card(ledger.publish_template("free-coffee", coffee())).card.id


def order(connection: Any, receipt: str) -> None:
    with closing(connection.cursor()) as cursor:
        cursor.execute(f"INSERT INTO sale VALUES ('{receipt}')")


def state(database: Database, ledger: Ledger, card: UUID) -> tuple[list[str], str]:
    """The orders and the card, as everybody else sees them."""
    assert () == ledger.verify().faults
    receipts = [row[0] for row in database.sql("SELECT receipt FROM sale ORDER BY receipt")]
    return receipts, str(ledger.progress(card))


def test_commit_together(database: Database, connection: Any, ledger: Ledger, card: UUID):
    """
    With the caller's commit both are there; before it, nobody else sees either.
    """
    order(connection, "R-1")
    scan = ledger.using(connection).add_stamps(card, code="R-1")
    assert "1/8" == str(scan.card.progress)
    assert ([], "0/8") == state(database, ledger, card)

    connection.commit()

    assert (["R-1"], "1/8") == state(database, ledger, card)


def test_roll_back_together(database: Database, connection: Any, ledger: Ledger, card: UUID):
    """
    With the caller's rollback neither was ever there, and the connection can be used again.
    """
    order(connection, "R-1")
    ledger.using(connection).add_stamps(card, code="R-1")
    connection.rollback()
    assert ([], "0/8") == state(database, ledger, card)

    order(connection, "R-1")
    ledger.using(connection).add_stamps(card, code="R-1")
    connection.commit()

    assert (["R-1"], "1/8") == state(database, ledger, card)


def test_savepoint_of_the_callers(database: Database, connection: Any, ledger: Ledger, card: UUID):
    """
    A savepoint of the caller's takes back what the ledger wrote since, and no more.
    """
    order(connection, "R-1")
    ledger.using(connection).add_stamps(card, code="R-1")
    with closing(connection.cursor()) as cursor:
        cursor.execute("SAVEPOINT callers")
        order(connection, "R-2")
        ledger.using(connection).add_stamps(card, code="R-2")
        cursor.execute("ROLLBACK TO SAVEPOINT callers")
    connection.commit()

    assert (["R-1"], "1/8") == state(database, ledger, card)


def test_error_inside(database: Database, connection: Any, ledger: Ledger, card: UUID):
    """
    A command that cannot be carried out, or is refused, leaves the caller's rows in place and the transaction usable.
    """
    ledger.add_stamps(ledger.issue_card("free-coffee"), code="R-1")
    order(connection, "R-1")
    using = ledger.using(connection)
    with pytest.raises(refusals.CodeAlreadyUsed):
        using.add_stamps(card, code="R-1")
    with pytest.raises(CardNotFound):
        using.add_stamps(UUID(int=7), code="R-2")
    using.add_stamps(card, code="R-3")
    connection.commit()

    assert (["R-1"], "1/8") == state(database, ledger, card)


def test_connection_that_is_closed(database: Database, connection: Any, ledger: Ledger, card: UUID):
    """
    What was committed can be looked at when the connection is gone; writing needs one.
    """
    using = ledger.using(connection)
    scan = using.add_stamps(card, 8)
    connection.commit()
    connection.close()

    assert ("8/8", 1) == (str(scan.card.progress), len(scan.card.vouchers))
    with pytest.raises(StorageError):
        using.add_stamps(card)


def test_autocommit(database: Database, connection: Any, ledger: Ledger, card: UUID):
    """
    A connection that commits each statement by itself is refused; with a transaction begun by name it is not.
    """
    if database.kind == "sqlite":
        connection.isolation_level = None
    elif database.kind == "postgresql":
        connection.autocommit = True
    else:
        connection.autocommit(True)

    with pytest.raises(InvalidInput, match="autocommit"):
        ledger.using(connection).add_stamps(card)
    assert ([], "0/8") == state(database, ledger, card)
    with closing(connection.cursor()) as cursor:
        cursor.execute("BEGIN")
        order(connection, "R-1")
        ledger.using(connection).add_stamps(card)
        cursor.execute("COMMIT")

    assert (["R-1"], "1/8") == state(database, ledger, card)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_connection_that_may_lose(database: Database, connection: Any, ledger: Ledger, tmp_path: Path):
    """
    A driver's connection is held to the same promises, and to the same database.
    """
    connection.execute("PRAGMA synchronous=NORMAL")
    with pytest.raises(UnsafeDurability, match="synchronous=1"):
        ledger.using(connection)
    with closing(sqlite3.connect(tmp_path / "other.db")) as other, pytest.raises(InvalidInput, match="own database"):
        ledger.using(other)
    with pytest.raises(InvalidInput, match=r"the driver's own, sqlite3\.Connection"):
        ledger.using("shop.db")
