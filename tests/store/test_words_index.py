"""
The index of customers' words: it is made where a database can have one, kept by the database itself, and forgets.
"""

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from stampledger import Ledger
from stampledger.store.engines import sqlite, trigrams
from tests.ledger.shop import Shop, coffee, the
from tests.servers.database import Database

INDEX = "stampledger_customer_words"


def searchable(ledger: Ledger) -> bool:
    return ledger._store.place.searchable


def letters(shop: Shop) -> set[tuple[str, int]]:
    """What the index says: three letters, and the stream of a customer who has them."""
    raw = the(shop.raw)
    raw.execute(f"CREATE VIRTUAL TABLE IF NOT EXISTS temp.seen USING fts5vocab (main, {INDEX}, instance)")
    rows = raw.execute("SELECT term, doc FROM temp.seen").fetchall()
    assert {1} == {number >> trigrams.STREAM_BITS for _, number in rows} | {1}
    return {(term, number & (1 << trigrams.STREAM_BITS) - 1) for term, number in rows}


def triples(text: str) -> set[str]:
    return {text[place : place + 3] for place in range(len(text) - 2)}


def content(raw: Any) -> list[bytes]:
    """Everything the index holds, but for how often it was written."""
    return [block for (block,) in raw.execute(f"SELECT block FROM {INDEX}_data WHERE id > 10")]


def test_index_of_each_engine(database: Database):
    """
    SQLite and PostgreSQL have an index of customers' words; a ledger that is opened again knows of it.
    """
    for _ in range(2):
        with Ledger.open(database.url, business="blue-cup") as ledger:
            assert (database.kind != "mariadb") == searchable(ledger)


def test_index_follows_the_rows():
    """
    Whoever writes the customers' table writes the index with it, even past the library.
    """
    with Shop() as shop:
        anna = shop.customer("Anna", email="a@x.org")
        bo = shop.customer("Bo")
        numbers = [row[0] for row in shop.sql("SELECT stream FROM CUSTOMER ORDER BY stream")]
        expected = {(triple, numbers[0]) for triple in triples("anna\na@x.org\n")}
        expected |= {(triple, numbers[1]) for triple in triples("bo\n\n")}
        assert expected == letters(shop)

        shop.ledger.update_customer(bo, name="Bea")
        shop.sql("UPDATE CUSTOMER SET words = 'zoe', former = '' WHERE stream = ?", numbers[0])

        assert {(triple, numbers[0]) for triple in triples("zoe\n")} | {
            (triple, numbers[1]) for triple in triples("bea\n\n bo\n")
        } == letters(shop)
        shop.sql("DELETE FROM CUSTOMER")
        assert set() == letters(shop)
        shop.ledger.rebuild()
        assert triples("anna\na@x.org\n") <= {triple for triple, _ in letters(shop)}
        assert anna.subject is not None


def test_index_made_later():
    """
    An index that is made when there are customers already holds them all, and making it again changes nothing.
    """
    with Shop() as shop:
        shop.customer("Anna")
        store, before = shop.ledger._store, letters(shop)
        raw = the(shop.raw)
        raw.executescript(f"DROP TABLE temp.seen; DROP TABLE {INDEX}")
        for when in ("added", "changed", "dropped"):
            raw.execute(f"DROP TRIGGER {INDEX}_{when}")

        for _ in range(2):
            store.backend.make_searchable(raw.cursor(), store.tables)

        assert before == letters(shop)


def test_forgotten_in_the_index():
    """
    Of who is forgotten no letters are left in the index's own tables, neither of the last name nor of one before: it is
    as if they had never been. The control sees them in a row that is merely dropped.
    """
    with Shop() as shop, Shop() as other:
        for either in (shop, other):
            either.customer("Anna")
            either.customer("Bo")
        ottilie = shop.customer("Ottilie")
        shop.ledger.update_customer(ottilie, name="Quandt")
        other.ledger.rebuild()
        raw, dropped = the(shop.raw), sqlite3.connect(":memory:")
        raw.backup(dropped)
        dropped.execute("DELETE FROM stampledger_customer WHERE name = 'Quandt'")
        dropped.commit()

        shop.ledger.forget_customer(ottilie)

        assert content(other.raw) == content(raw)
        control = b"".join(content(dropped))
        assert b"ott" in control and b"qua" in control
        dropped.close()


def test_index_in_an_attached_file(tmp_path: Path):
    """
    The index lies beside its table, in the schema and under the prefix that were asked for.
    """
    from sqlalchemy import create_engine, event

    engine = create_engine("sqlite://")
    event.listen(engine, "connect", lambda raw, _: raw.execute(f"ATTACH '{tmp_path / 'shop.db'}' AS \"Select\""))
    with Ledger(engine, business="blue-cup", prefix="my_", schema="Select") as ledger:
        zoe = ledger.register_customer(name="Zoe")
        ledger.issue_card(ledger.publish_template("free-coffee", coffee()), customer=zoe)
        ledger.forget_customer(ledger.register_customer(name="Bo"))

        assert searchable(ledger) and 1 == len(ledger.cards(search="zoe"))
    engine.dispose()
    with sqlite3.connect(tmp_path / "shop.db") as raw:
        assert [("my_customer_words",)] == raw.execute(
            "SELECT name FROM sqlite_master WHERE name = 'my_customer_words'"
        ).fetchall()


@pytest.mark.parametrize("missing", ["module", "trigrams"])
def test_without_text_search(missing: str, monkeypatch: pytest.MonkeyPatch):
    """
    A SQLite that has no text search, or one without trigrams, keeps a ledger all the same; search finds what it should.
    """
    if missing == "module":
        monkeypatch.setattr(sqlite.SQLite, "_has_trigrams", lambda self, cursor: False)
    else:
        monkeypatch.setattr(trigrams, "SQLITE_MIN", (99,))
    with Shop() as shop:
        card = shop.card(customer=shop.customer("Anna"))
        bo = shop.customer("Bo")
        shop.ledger.update_customer(bo, name="Bea")
        shop.ledger.forget_customer(bo)

        assert not searchable(shop.ledger)
        assert [card] == [found.id for found in shop.ledger.cards(search="nna")]
        assert [] == shop.sql(f"SELECT name FROM sqlite_master WHERE name LIKE '{INDEX}%'")


def test_without_the_right_to_an_extension(postgresql: Database):
    """
    A user who may not install pg_trgm gets a ledger all the same; once somebody has installed it, a new one is indexed.
    """
    server, name = the(postgresql.server), postgresql.address.database
    server.as_admin(f"REVOKE CREATE ON DATABASE {name} FROM stampledger")
    with Ledger.open(postgresql.url, business="blue-cup") as ledger:
        zoe = ledger.register_customer(name="Zoe")
        ledger.issue_card(ledger.publish_template("free-coffee", coffee()), customer=zoe)

        assert not searchable(ledger) and 1 == len(ledger.cards(search="zoe"))

        store = ledger._store
        with postgresql.engine(isolation_level="AUTOCOMMIT") as engine, engine.connect() as connection:
            cursor = the(connection.connection.driver_connection).cursor()
            cursor.execute("BEGIN")
            store.backend.make_searchable(cursor, store.tables)
            assert not store.backend.is_searchable(cursor, store.tables)
            cursor.execute("ROLLBACK")
            server.as_admin(f"GRANT CREATE ON DATABASE {name} TO stampledger")
            cursor.execute("BEGIN")
            store.backend.make_searchable(cursor, store.tables)
            cursor.execute("COMMIT")
    with Ledger.open(postgresql.url, business="blue-cup") as ledger:
        assert searchable(ledger) and 1 == len(ledger.cards(search="zoe"))
