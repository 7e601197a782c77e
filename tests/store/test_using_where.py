"""
Which connections a ledger writes on, where its tables lie, and that it leaves no trace on what is not its own.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, QueuePool, create_engine, event, text

from stampledger import CardNotFound, InvalidInput, Ledger, NotALedger, StorageError, UnsafeDurability
from tests.ledger.shop import coffee


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "shop.db"


@pytest.fixture
def engine(file: Path) -> Iterator[Engine]:
    """The shop's own engine, exactly as SQLAlchemy makes one."""
    engine = create_engine(f"sqlite:///{file}")
    yield engine
    engine.dispose()


@pytest.fixture
def ledger(engine: Engine) -> Iterator[Ledger]:
    with Ledger(engine, business="blue-cup") as ledger:
        yield ledger


def with_pragma(url: str, *statements: str) -> Engine:
    """An engine each of whose connections begins with some statements."""
    engine = create_engine(url)

    @event.listens_for(engine, "connect")
    def connected(raw: Any, _: object) -> None:
        for statement in statements:
            raw.execute(statement)

    return engine


def card_in(ledger: Ledger) -> UUID:
    return ledger.issue_card(ledger.publish_template("free-coffee", coffee())).card.id


# Connections that are refused.


@pytest.mark.parametrize("made", [{"isolation_level": "AUTOCOMMIT"}, {"connect_args": {"isolation_level": None}}])
def test_autocommit(engine: Engine, ledger: Ledger, made: dict[str, Any]):
    """
    A connection that commits each statement by itself cannot keep two things together.
    """
    card = card_in(ledger)
    other = create_engine(engine.url, **made)
    with other.connect() as connection:
        using = ledger.using(connection)
        with pytest.raises(InvalidInput, match="autocommit"):
            using.add_stamps(card)
    other.dispose()

    assert "0/8" == str(ledger.progress(card))
    assert () == ledger.verify().faults


def test_wrong_database(ledger: Ledger, tmp_path: Path):
    """
    A connection to another database is refused, even one that holds the same business.
    """
    other = create_engine(f"sqlite:///{tmp_path / 'other.db'}")
    Ledger(other, business="blue-cup").close()
    with other.connect() as connection, pytest.raises(InvalidInput, match="must be to the ledger's own database"):
        ledger.using(connection)
    other.dispose()


def test_wrong_database_in_memory():
    """
    Two databases in memory have the same URL and nothing else in common.
    """
    other = create_engine("sqlite://")
    Ledger(other, business="blue-cup").close()
    with Ledger.open("sqlite://", business="blue-cup") as ledger:
        connection = other.connect()
        with pytest.raises(InvalidInput, match="own database"):
            ledger.using(connection)
        connection.close()
    other.dispose()


def test_same_file_by_another_path(ledger: Ledger, file: Path, tmp_path: Path):
    """
    A database is known by its file, by whatever path it was opened.
    """
    card = card_in(ledger)
    (tmp_path / "link.db").symlink_to(file)
    for url in (f"sqlite:///{os.path.relpath(file)}", f"sqlite:///{tmp_path / 'link.db'}"):
        other = create_engine(url)
        with other.begin() as connection:
            ledger.using(connection).add_stamps(card)
        other.dispose()

    assert "2/8" == str(ledger.progress(card))


@pytest.mark.parametrize("value", [None, "sqlite:///shop.db", 7, create_engine("sqlite://")])
def test_no_connection(ledger: Ledger, value: Any):
    """
    What is no connection is named.
    """
    with pytest.raises(InvalidInput, match="SQLAlchemy connection"):
        ledger.using(value)


def test_unsafe_connection(engine: Engine, ledger: Ledger):
    """
    A connection that may lose what it commits is refused, unless the ledger was opened for no more than that.
    """
    hasty = with_pragma(str(engine.url), "PRAGMA synchronous=NORMAL")
    with hasty.connect() as connection:
        with pytest.raises(UnsafeDurability, match="synchronous"):
            ledger.using(connection)
        with Ledger(engine, business="blue-cup", durability="normal") as relaxed:
            relaxed.using(connection).register_customer(name="Anna")
    hasty.dispose()


def test_rollback_journal(file: Path):
    """
    A database without a write-ahead log is refused for writing.
    """
    with Ledger.open(f"sqlite:///{file}", business="blue-cup"):
        pass
    with closing(sqlite3.connect(file)) as raw:
        assert ("delete",) == raw.execute("PRAGMA journal_mode=DELETE").fetchone()
    engine = create_engine(f"sqlite:///{file}")

    with Ledger.open(f"sqlite:///file:{file}?mode=ro&uri=true", business="blue-cup") as ledger:
        connection = engine.connect()
        with pytest.raises(UnsafeDurability, match="delete"):
            ledger.using(connection)
        connection.close()
    engine.dispose()


# Where the tables lie.


def test_two_businesses_in_one_database(engine: Engine, ledger: Ledger):
    """
    Two businesses in one database see nothing of each other, and number their entries each from 1.
    """
    with Ledger(engine, business="red-cup") as other:
        mine, theirs = card_in(ledger), card_in(other)
        with engine.begin() as connection:
            ledger.using(connection).add_stamps(mine, code="R-1")
            other.using(connection).add_stamps(theirs, 2, code="R-1")

        assert ("1/8", "2/8") == (str(ledger.progress(mine)), str(other.progress(theirs)))
        assert [1, 2, 3] == [entry.seq for entry in ledger.entries()] == [entry.seq for entry in other.entries()]
        assert ([mine], [theirs]) == ([card.id for card in ledger.cards()], [card.id for card in other.cards()])
        for view, card in ((ledger, theirs), (other, mine)):
            with pytest.raises(CardNotFound):
                view.card(card)
            assert () == view.verify().faults


def test_prefix(engine: Engine, ledger: Ledger):
    """
    Tables with another prefix are another ledger in the same database.
    """
    with Ledger(engine, business="blue-cup", prefix="loyalty_") as other:
        card = card_in(other)
        with engine.begin() as connection:
            other.using(connection).add_stamps(card)

        assert (0, 3) == (ledger.seq, other.seq)
        assert () == other.verify().faults
    with Ledger(engine, business="blue-cup", prefix="loyalty_", create=False) as again:
        assert "1/8" == str(again.progress(card))
    with pytest.raises(NotALedger):
        Ledger(engine, business="blue-cup", prefix="others_", create=False)


def test_attached_schema(file: Path, tmp_path: Path):
    """
    The tables may lie in a database that the shop's own connections attach, and commit with the shop's rows.
    """
    engine = with_pragma(f"sqlite:///{file}", f"ATTACH '{tmp_path / 'loyalty.db'}' AS loyalty")
    with Ledger(engine, business="blue-cup", schema="loyalty") as ledger:
        card = card_in(ledger)
        with engine.begin() as connection:
            connection.execute(text("CREATE TABLE main.orders (receipt TEXT)"))
        with engine.begin() as connection:
            connection.execute(text("INSERT INTO orders VALUES ('R-1')"))
            ledger.using(connection).add_stamps(card, code="R-1")
        with suppress(ZeroDivisionError), engine.begin() as connection:
            connection.execute(text("INSERT INTO orders VALUES ('R-2')"))
            ledger.using(connection).add_stamps(card, code="R-2")
            raise ZeroDivisionError
        assert ("1/8", ()) == (str(ledger.progress(card)), ledger.verify().faults)
        assert 3 == ledger.rebuild()

    with Ledger(engine, business="blue-cup", schema="loyalty", create=False) as again:
        assert [3, 2, 1] == [row.seq for row in again.journal()]
    with closing(sqlite3.connect(file)) as raw:
        assert [("orders",)] == raw.execute("SELECT name FROM sqlite_master").fetchall()
    engine.dispose()


def test_attached_schema_that_is_unsafe(file: Path, tmp_path: Path):
    """
    It is the attached database that must keep what it acknowledges.
    """
    attach = f"ATTACH '{tmp_path / 'loyalty.db'}' AS loyalty"
    engine = with_pragma(f"sqlite:///{file}", attach)
    hasty = with_pragma(f"sqlite:///{file}", attach, "PRAGMA loyalty.synchronous=NORMAL")
    with Ledger(engine, business="blue-cup", schema="loyalty") as ledger:
        with hasty.connect() as connection, pytest.raises(UnsafeDurability):
            ledger.using(connection)
        with create_engine(f"sqlite:///{file}").connect() as connection, pytest.raises(InvalidInput, match="attached"):
            ledger.using(connection)
    engine.dispose()
    hasty.dispose()


@pytest.mark.parametrize("name", ["", "a b", 'a"; DROP TABLE orders; --', "a\0", "é", "\ud800", "x" * 10_000_000, 7])
@pytest.mark.parametrize("field", ["prefix", "schema"])
def test_name_that_is_none(engine: Engine, field: str, name: Any):
    """
    A prefix or a schema is a plain name.
    """
    options: dict[str, Any] = {field: name}
    with pytest.raises(InvalidInput, match=field):
        Ledger(engine, business="blue-cup", **options)


def test_schema_that_is_not_attached(engine: Engine):
    """
    A schema that no connection knows is named.
    """
    with pytest.raises(InvalidInput, match="must be attached"):
        Ledger(engine, business="blue-cup", schema="loyalty")


# What is not ours is left as it was.

SETTINGS = ("synchronous", "secure_delete", "query_only", "foreign_keys", "busy_timeout")


def settings(raw: Any) -> tuple[object, ...]:
    return (
        raw.isolation_level,
        raw.in_transaction,
        *(raw.execute(f"PRAGMA {name}").fetchone()[0] for name in SETTINGS),
    )


@pytest.mark.parametrize("isolation_level", ["", "IMMEDIATE", None])
def test_pooled_connections_are_left_alone(file: Path, isolation_level: str | None):
    """
    Whatever the ledger sets on connections of its own, those of the caller's pool come back as they were.
    """
    engine = with_pragma(f"sqlite:///{file}", "PRAGMA synchronous=EXTRA", "PRAGMA secure_delete=FAST")
    event.listen(engine, "connect", lambda raw, _: setattr(raw, "isolation_level", isolation_level))
    with engine.connect() as connection:
        before = settings(connection.connection.driver_connection)

    with Ledger(engine, business="blue-cup") as ledger:
        card = card_in(ledger)
        if isolation_level is not None:
            with engine.begin() as connection:
                ledger.using(connection).add_stamps(card)
        ledger.card(card)
        list(ledger.entries())
        ledger.verify()

    assert isinstance(engine.pool, QueuePool)
    pooled = [engine.raw_connection() for _ in range(engine.pool.checkedin())]
    assert [before] * len(pooled) == [settings(taken.driver_connection) for taken in pooled] != []
    for taken in pooled:
        taken.close()
    engine.dispose()


def test_pool_of_one(file: Path):
    """
    The ledger's writing connection is its own, and takes none of the caller's places in the pool.
    """
    engine = create_engine(f"sqlite:///{file}", pool_size=1, max_overflow=0, pool_timeout=0.2)
    with Ledger(engine, business="blue-cup") as ledger:
        card = card_in(ledger)
        with engine.begin() as connection:
            ledger.using(connection).add_stamps(card)
        assert "1/8" == str(ledger.progress(card))
    engine.dispose()


def test_closed_ledger_keeps_no_connection(engine: Engine):
    """
    After it is closed, a ledger neither reads nor writes; the caller's engine goes on.
    """
    ledger = Ledger(engine, business="blue-cup")
    ledger.close()
    ledger.close()

    for attempt in (ledger.verify, lambda: ledger.register_customer(name="Anna"), ledger.cards):
        with pytest.raises(StorageError, match="closed"):
            attempt()
    with engine.connect() as connection, pytest.raises(StorageError, match="closed"):
        ledger.using(connection)
    with engine.connect() as connection:
        assert 1 == connection.execute(text("SELECT 1")).scalar()


@pytest.mark.parametrize(("forget", "left"), [(True, False), (False, True)])
def test_forgotten_key_is_overwritten(file: Path, forget: bool, left: bool):
    """
    A person's key is gone from the file when they are forgotten on a connection that does not overwrite what it
    deletes. (A plain DELETE leaves it there, or this test would see nothing.)
    """
    engine = with_pragma(f"sqlite:///{file}", "PRAGMA secure_delete=OFF")
    with Ledger(engine, business="blue-cup") as ledger:
        anna = ledger.register_customer(name="Anna")
        with engine.begin() as connection:
            key = connection.execute(text("SELECT key FROM stampledger_subject_key")).scalar_one()
            if forget:
                ledger.using(connection).forget_customer(anna)
            else:
                connection.execute(text("DELETE FROM stampledger_subject_key"))
    with engine.connect() as connection:
        connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))

    assert left == (key in file.read_bytes())
    engine.dispose()
