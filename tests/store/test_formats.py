"""
The formats that were released: opened by this release, brought up to date, and asked what was asked then.
"""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from stampledger import Corrupt, Ledger, SchemaTooNew, SchemaTooOld, codec
from stampledger.store import rebuilding
from stampledger.store.migrations.tables import Tables, script
from stampledger.store.schema import FORMAT
from tests.store.formats import make
from tests.store.formats.kept import answered, expected, restore

KINDS_AT_FIRST = 31
OLD = tuple(range(1, FORMAT))
Reported = list[tuple[int, int]]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "shop.db"


def sql(file: Path, *statements: str) -> list[Any]:
    with closing(sqlite3.connect(file)) as raw:
        rows = [raw.execute(statement).fetchall() for statement in statements][-1]
        raw.commit()
        return rows


def dump(file: Path) -> list[str]:
    with closing(sqlite3.connect(file)) as raw:
        return list(make.dump(raw))


def schema(file: Path) -> set[Any]:
    return set(sql(file, "SELECT type, name, tbl_name, sql FROM sqlite_master"))


def fresh(file: Path) -> Path:
    with Tables.open(f"sqlite:///{file}", create=True) as tables:
        tables.create()
    return file


def upgrade(file: Path, progress: Callable[[int, int], object] | None = None) -> tuple[int, int]:
    with Tables.open(f"sqlite:///{file}") as tables:
        return tables.upgrade(progress)


# As it was kept.


@pytest.mark.parametrize("number", [*OLD, FORMAT])
def test_kept_format_is_sound(file: Path, number: int):
    """
    What is kept was a sound ledger to the release that wrote it, with entries of every kind there was.
    """
    restore(number, file)

    kinds = {kind for (kind,) in sql(file, "SELECT text FROM stampledger_word") if codec.is_reserved(kind)}
    assert KINDS_AT_FIRST <= len(kinds)
    assert number == sql(file, "SELECT value FROM stampledger_meta WHERE name = 'format'")[0][0]
    assert [[], []] == [business["faults"] for business in expected(number).values()]


def test_present_format(file: Path):
    """
    A file of the present format answers as it did when it was kept.
    """
    restore(FORMAT, file)

    assert expected(FORMAT) == answered(file, FORMAT)


@pytest.mark.parametrize("number", OLD)
@pytest.mark.parametrize("create", [True, False])
def test_old_format_is_not_opened(file: Path, number: int, create: bool):
    """
    A file of an older format is left as it is; the error names the command that brings it up to date.
    """
    before = dump(restore(number, file))

    with pytest.raises(SchemaTooOld, match="stampledger db upgrade"):
        Ledger.open(f"sqlite:///{file}", business="blue-cup", create=create)

    assert before == dump(file)


# Upgraded.


@pytest.mark.parametrize("number", OLD)
def test_upgrade(file: Path, number: int):
    """
    After an upgrade everything is proved, and every question is answered as by the release that wrote the file.
    """
    restore(number, file)
    reported: Reported = []

    assert (number, FORMAT) == upgrade(file, lambda *done: reported.append(done))

    assert expected(number) == answered(file, number)
    total = sum(business["entries"] for business in expected(number).values())
    assert (total, total) == reported[-1]
    assert reported == sorted(reported)


@pytest.mark.parametrize("number", OLD)
def test_upgraded_schema(file: Path, tmp_path: Path, number: int):
    """
    An upgraded file has the very tables of a fresh one, and is found to be right.
    """
    upgrade(restore(number, file))

    assert schema(fresh(tmp_path / "fresh.db")) == schema(file)
    with Tables.open(f"sqlite:///{file}") as tables:
        assert (FORMAT, ()) == (tables.check().format, tables.check().faults)


@pytest.mark.parametrize("number", OLD)
def test_upgraded_ledger_goes_on(file: Path, number: int):
    """
    What was known before is known after: a receipt is not counted twice, a key is answered as the first time.
    """
    upgrade(restore(number, file))

    with Ledger.open(f"sqlite:///{file}", business="blue-cup") as ledger:
        card = ledger.cards(search="kim").rows[0]
        assert ledger.add_stamps(card.id, 2, code="L-3", idempotency_key="till-1/L-3").repeated
        ledger.add_stamps(card.id, code="after")
        assert () == ledger.verify().faults


def test_head_before_its_latest_scan(file: Path, tmp_path: Path):
    """
    An upgraded head knows the hash before its latest scan, as if it had always done so.
    """
    restore(1, file)
    other = restore(2, tmp_path / "other.db")
    upgrade(file)

    heads = "SELECT name, seq, hash, previous FROM stampledger_head ORDER BY name"
    assert sql(other, heads) == sql(file, heads)


def test_upgrade_when_up_to_date(file: Path):
    """
    Where there is nothing to do, nothing is done.
    """
    before = dump(restore(FORMAT, file))

    assert (FORMAT, FORMAT) == upgrade(file)
    assert before == dump(file)


def test_newer_format(file: Path):
    """
    A file of a newer release is not touched, neither by opening nor by an upgrade.
    """
    restore(FORMAT, file)
    sql(file, f"UPDATE stampledger_meta SET value = {FORMAT + 1} WHERE name = 'format'")
    before = dump(file)

    with pytest.raises(SchemaTooNew, match=f"format {FORMAT + 1}"):
        Ledger.open(f"sqlite:///{file}", business="blue-cup")
    with pytest.raises(SchemaTooNew, match=f"format {FORMAT + 1}"):
        upgrade(file)

    assert before == dump(file)


@pytest.mark.parametrize("number", OLD)
def test_beside_tables_of_others(file: Path, number: int):
    """
    Whatever else is in the database stays as it is.
    """
    restore(number, file)
    sql(
        file,
        "CREATE TABLE customer (id INTEGER PRIMARY KEY, name TEXT NOT NULL)",
        "CREATE TABLE stampledger_notes (card INTEGER REFERENCES customer, note TEXT)",
        "CREATE INDEX notes_of ON stampledger_notes (card)",
        "CREATE TRIGGER noted AFTER INSERT ON customer BEGIN INSERT INTO stampledger_notes VALUES (new.id, 'new'); END",
        "INSERT INTO customer VALUES (7, 'Anna')",
    )
    theirs = "SELECT sql FROM sqlite_master WHERE tbl_name IN ('customer', 'stampledger_notes') ORDER BY name"
    before = sql(file, theirs)

    upgrade(file)

    assert before == sql(file, theirs)
    assert [(7, "Anna", "new")] == sql(file, "SELECT id, name, note FROM customer JOIN stampledger_notes ON card = id")
    assert expected(number) == answered(file, number)


# Interrupted.


class PowerCut(BaseException):
    """Whatever ends a process in the middle."""


@pytest.mark.parametrize("number", OLD)
@pytest.mark.parametrize("entries", [1, 150, 280])
def test_interrupted(file: Path, number: int, entries: int):
    """
    An upgrade that was interrupted has changed nothing, and is run again.
    """
    before = dump(restore(number, file))

    def cut(done: int, total: int) -> None:
        if done >= entries:
            raise PowerCut

    with pytest.raises(PowerCut):
        upgrade(file, cut)
    assert before == dump(file)

    upgrade(file)
    assert expected(number) == answered(file, number)


@pytest.mark.parametrize("number", OLD)
def test_unreadable_entry(file: Path, number: int):
    """
    A Journal that cannot be read is not upgraded: the error names the entry, and the file is as it was.
    """
    restore(number, file)
    sql(file, "UPDATE stampledger_journal SET body = X'00' WHERE seq = 17")
    before = dump(file)

    with pytest.raises(Corrupt, match="entry 17"):
        upgrade(file)

    assert before == dump(file)


@pytest.mark.parametrize("number", OLD)
def test_by_hand(file: Path, number: int):
    """
    Who runs the printed statements by hand has the rows made anew by the command; until then nobody opens the ledger.
    """
    restore(number, file)
    with closing(sqlite3.connect(file)) as raw:
        raw.executescript(script("sqlite", since=number))

    with pytest.raises(SchemaTooOld, match=r"not finished.*stampledger db upgrade"):
        Ledger.open(f"sqlite:///{file}", business="blue-cup")
    assert (FORMAT, FORMAT) == upgrade(file)
    assert expected(number) == answered(file, number)


def test_rows_that_are_not_made_anew(file: Path, monkeypatch: pytest.MonkeyPatch):
    """
    A control: without the rows being made anew, the proof fails.
    """
    monkeypatch.setattr(rebuilding, "rebuild", lambda *_: 0)
    upgrade(restore(1, file))

    with Ledger.open(f"sqlite:///{file}", business="blue-cup") as ledger:
        assert {"card", "customer"} <= {fault.check for fault in ledger.verify().faults}
