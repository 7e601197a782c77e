"""
The tables on every engine: created, checked, written down as SQL, and upgraded, also where that is interrupted.

No server has ever held format 1. A ledger of today is put back to what that step begins with, so that the step, which
is the same statements on every engine but for their dialect, has rows to carry over.
"""

import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import MetaData, select

from stampledger import Ledger, NotALedger, SchemaTooNew, SchemaTooOld, StorageError
from stampledger.store.migrations import steps
from stampledger.store.migrations.tables import Tables, script
from stampledger.store.schema import FORMAT
from stampledger.testing import Clock
from tests.ledger.days import LONG_DAY, Day
from tests.servers.database import Database

WISHES = 60
EARLIER = (
    "DROP TABLE stampledger_customer",
    "ALTER TABLE stampledger_head DROP COLUMN previous",
    "DROP TABLE stampledger_mention",
    "DROP TABLE stampledger_follower",
    "UPDATE stampledger_meta SET value = 1",
)


def checked(database: Database, **options: Any) -> tuple[str, ...]:
    with Tables.open(database.url, **options) as tables:
        return tables.check().faults


def create(database: Database, **options: Any) -> bool:
    with Tables.open(database.url, create=True, **options) as tables:
        return tables.create()


def upgrade(database: Database, progress: Any = None) -> tuple[int, int]:
    with Tables.open(database.url) as tables:
        return tables.upgrade(progress)


def by_hand(kind: str, since: int | None = None) -> list[str]:
    """The statements that are written down, as somebody runs them one by one."""
    told = [statement.strip() for statement in script(kind, since=since).split(";\n")]
    return [statement for statement in told if statement not in ("", "BEGIN", "COMMIT")]


def rows(database: Database) -> dict[str, list[Any]]:
    """Every row of every table, in the order of its key; not those in which SQLite keeps its index of words."""
    with database.engine() as engine, engine.connect() as connection:
        found = MetaData()
        found.reflect(connection)
        return {
            table.name: [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key))]
            for table in found.sorted_tables
            if not table.name.startswith("stampledger_customer_words")
        }


@pytest.fixture
def filled(database: Database) -> dict[str, list[Any]]:
    """A ledger of two businesses, and all its rows."""
    for business in ("blue-cup", "red-cup"):
        clock = Clock()
        with Ledger.open(database.url, business=business, clock=clock) as ledger:
            shop: Any = SimpleNamespace(ledger=ledger, clock=clock)
            day = Day(shop)
            for wish in LONG_DAY[:WISHES]:
                day.wish(*wish)
    return rows(database)


def put_back(database: Database) -> None:
    database.sql(EARLIER[0])
    if database.kind == "sqlite":  # Whose index of words is a table too.
        database.sql("DROP TABLE stampledger_customer_words")
    database.sql(*EARLIER[1:])


# Created.


def test_created_once(database: Database):
    """
    The tables are created where there are none, and are then those that opening a ledger would have made.
    """
    assert [True, False] == [create(database), create(database)]

    assert () == checked(database)
    with pytest.raises(NotALedger):
        checked(database, prefix="loyal_")
    with Ledger.open(database.url, business="blue-cup") as ledger:
        assert 0 == ledger.seq


def test_created_by_hand(database: Database):
    """
    The statements that are written down for an engine make the same tables.
    """
    database.sql(*by_hand(database.kind))

    assert () == checked(database)
    with Tables.open(database.url) as tables:
        assert (database.kind != "mariadb") == tables.check().searchable
    assert not create(database)


def test_created_in_a_schema(postgresql: Database):
    """
    Where a schema is named the tables are in it, and nowhere else.
    """
    postgresql.sql("CREATE SCHEMA cards")

    assert create(postgresql, schema_name="cards", prefix="loyal_")

    assert () == checked(postgresql, schema_name="cards", prefix="loyal_")
    with pytest.raises(NotALedger):
        checked(postgresql, prefix="loyal_")


# Checked.

CHANGES: dict[str, str | dict[str | None, str | None]] = {
    "table stampledger_claim is missing": "DROP TABLE stampledger_claim",
    "column stampledger_word.text is missing": "ALTER TABLE stampledger_word RENAME COLUMN text TO said",
    "index ix_stampledger_card_due is missing": {
        "mariadb": "DROP INDEX ix_stampledger_card_due ON stampledger_card",
        None: "DROP INDEX ix_stampledger_card_due",
    },
    "index ix_stampledger_stream_id is over (business, kind)": {
        "mariadb": "ALTER TABLE stampledger_stream DROP INDEX ix_stampledger_stream_id, "
        "ADD INDEX ix_stampledger_stream_id (business, kind)",
        None: "DROP INDEX ix_stampledger_stream_id; CREATE INDEX ix_stampledger_stream_id "
        "ON stampledger_stream (business, kind)",
    },
    "table stampledger_subject_key has the key (business), not (business, subject)": {
        "postgresql": "ALTER TABLE stampledger_subject_key DROP CONSTRAINT stampledger_subject_key_pkey, "
        "ADD PRIMARY KEY (business)",
        "mariadb": "ALTER TABLE stampledger_subject_key DROP PRIMARY KEY, ADD PRIMARY KEY (business)",
        "sqlite": "DROP TABLE stampledger_subject_key; CREATE TABLE stampledger_subject_key "
        "(business INTEGER NOT NULL PRIMARY KEY, subject BLOB NOT NULL, key BLOB NOT NULL)",
    },
    "column stampledger_word.text is VARCHAR(9)": {
        "postgresql": 'ALTER TABLE stampledger_word ALTER COLUMN text TYPE VARCHAR(9) COLLATE "C"',
        "mariadb": "ALTER TABLE stampledger_word MODIFY COLUMN text VARCHAR(9) CHARACTER SET utf8mb4 "
        "COLLATE utf8mb4_nopad_bin NOT NULL",
        "sqlite": "DROP TABLE stampledger_word; CREATE TABLE stampledger_word (business INTEGER NOT NULL, "
        "number INTEGER NOT NULL, text VARCHAR(9) NOT NULL, PRIMARY KEY (business, number))",
    },
    "column stampledger_journal.hash may be empty": {
        "postgresql": "ALTER TABLE stampledger_journal ALTER COLUMN hash DROP NOT NULL",
        "mariadb": "ALTER TABLE stampledger_journal MODIFY COLUMN hash VARBINARY(32)",
        "sqlite": "PRAGMA writable_schema=ON; UPDATE sqlite_master SET "
        "sql = replace(sql, 'hash BLOB NOT NULL', 'hash BLOB') WHERE name = 'stampledger_journal'",
    },
    "column stampledger_head.name may have the same value twice": {
        "postgresql": "ALTER TABLE stampledger_head DROP CONSTRAINT stampledger_head_name_key",
        "mariadb": "ALTER TABLE stampledger_head DROP INDEX name",
        "sqlite": "DROP TABLE stampledger_head; CREATE TABLE stampledger_head (business INTEGER NOT NULL, "
        "name VARCHAR(200) NOT NULL, seq BIGINT NOT NULL, recorded_at BIGINT NOT NULL, hash BLOB NOT NULL, "
        "previous BLOB NOT NULL, PRIMARY KEY (business))",
    },
    "COLLATE": {
        "postgresql": 'ALTER TABLE stampledger_claim ALTER COLUMN key TYPE VARCHAR(520) COLLATE "POSIX"',
        "mariadb": "ALTER TABLE stampledger_claim MODIFY COLUMN `key` VARCHAR(520) CHARACTER SET utf8mb4 "
        "COLLATE utf8mb4_general_ci NOT NULL",
        "sqlite": None,
    },
    "trigger stampledger_customer_words_changed is missing": {
        "sqlite": "DROP TRIGGER stampledger_customer_words_changed",
    },
    "does not tell the format": "DELETE FROM stampledger_meta",
    "format 1; this release needs": "UPDATE stampledger_meta SET value = 1",
    "this release knows up to": f"UPDATE stampledger_meta SET value = {FORMAT + 1}",
    "an upgrade was not finished": "INSERT INTO stampledger_meta VALUES ('rebuild', 1)",
}


@pytest.mark.parametrize("fault", CHANGES)
def test_what_is_not_right(database: Database, fault: str):
    """
    Whatever of the tables is missing, or is not as it should be, is named.
    """
    change = CHANGES[fault]
    statement = change if isinstance(change, str) else change.get(database.kind, change.get(None))
    if statement is None:
        pytest.skip("this engine has no such thing")
    create(database)

    database.sql(*statement.split("; "))

    assert [True] == [fault in told for told in checked(database)]


# Upgraded.


def test_step(database: Database, filled: dict[str, list[Any]]):
    """
    A step and the making anew leave every row as if it had always been of the new format.
    """
    put_back(database)
    with pytest.raises(SchemaTooOld):
        Ledger.open(database.url, business="blue-cup")

    assert (1, FORMAT) == upgrade(database)

    assert filled == rows(database)
    assert () == checked(database)
    for business in ("blue-cup", "red-cup"):
        with Ledger.open(database.url, business=business, create=False) as ledger:
            assert () == ledger.verify().faults


def test_step_that_is_interrupted(database: Database, filled: dict[str, list[Any]], monkeypatch: pytest.MonkeyPatch):
    """
    Interrupted after any of its statements, a step is taken anew. Where the engine can, nothing had changed.
    """
    put_back(database)
    before = rows(database)
    with Tables.open(database.url) as tables:
        whole = steps.statements(2, tables._backend, tables._sql.tables)

    for count in range(0, len(whole), 3):
        with monkeypatch.context() as patch:
            patch.setattr(steps, "statements", lambda *_, count=count: [*whole[:count], "not a statement"])
            with pytest.raises(StorageError):
                upgrade(database)
        assert database.kind == "mariadb" or before == rows(database), whole[count - 1]

    assert (1, FORMAT) == upgrade(database)
    assert filled == rows(database)


class PowerCut(BaseException):
    """Whatever ends a process in the middle."""


def test_making_anew_that_is_interrupted(database: Database, filled: dict[str, list[Any]]):
    """
    Interrupted while rows are made anew, an upgrade is run again; until then nobody opens the ledger.
    """
    put_back(database)

    def cut(done: int, total: int) -> None:
        if done > total // 2:
            raise PowerCut

    with pytest.raises(PowerCut):
        upgrade(database, cut)
    with pytest.raises(SchemaTooOld):
        Ledger.open(database.url, business="blue-cup")

    assert FORMAT == upgrade(database)[1]
    assert filled == rows(database)


def test_two_upgrades_at_once(database: Database, filled: dict[str, list[Any]]):
    """
    Whoever comes second waits, and finds nothing left to do.
    """
    put_back(database)
    together = threading.Barrier(2)

    def begin(_: int) -> int:
        together.wait(10)
        return upgrade(database)[1]

    with ThreadPoolExecutor(2) as threads:
        assert [FORMAT, FORMAT] == list(threads.map(begin, range(2)))

    assert filled == rows(database)
    assert () == checked(database)


def test_nothing_to_upgrade(database: Database, filled: dict[str, list[Any]]):
    """
    Up to date, newer, or no ledger at all: nothing is touched.
    """
    assert (FORMAT, FORMAT) == upgrade(database)
    assert filled == rows(database)

    database.sql(f"UPDATE stampledger_meta SET value = {FORMAT + 1}")
    newer = rows(database)
    for attempt in (upgrade, create):
        with pytest.raises(SchemaTooNew):
            attempt(database)
    assert newer == rows(database)

    with pytest.raises(NotALedger), Tables.open(database.url, prefix="loyal_") as tables:
        tables.upgrade()
