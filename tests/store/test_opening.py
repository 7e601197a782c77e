"""
Opening a ledger: what is asked for, what is found, and what it is refused for; nothing is written then.
"""

import os
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, event

from stampledger import (
    BusinessNotFound,
    InvalidInput,
    Ledger,
    NotALedger,
    SchemaTooNew,
    StampledgerError,
    StorageError,
    StorageReadOnly,
    UnsafeDurability,
)
from tests.store.files import opened, sql

# What is found there.


@pytest.mark.parametrize(
    "content",
    [b"receipt,stamps\nR-1,1\n" * 100, b"\0" * 4096, b"SQLite format 3\0" + b"\xff" * 4080, os.urandom(8192)],
    ids=["csv", "zeros", "header", "noise"],
)
def test_not_a_database(file: Path, content: bytes):
    """
    A file that is something else is named as that, and left as it is.
    """
    file.write_bytes(content)

    with pytest.raises(NotALedger):
        opened(file)

    assert content == file.read_bytes()


def test_somebody_elses_database(file: Path):
    """
    A database with other tables becomes a ledger as well where that was asked for, and not otherwise.
    """
    sql(file, "CREATE TABLE orders (receipt TEXT)")

    with pytest.raises(NotALedger, match="holds no ledger"):
        opened(file, create=False)
    assert [("orders",)] == sql(file, "SELECT name FROM sqlite_master")
    with opened(file) as ledger:
        assert () == ledger.verify().faults


@pytest.mark.parametrize("value", ["NULL", "'new'", "0", "-1", "1.5"])
def test_format_that_is_none(kept: Path, value: str):
    """
    Tables whose format cannot be told are not touched.
    """
    sql(kept, "DROP TABLE stampledger_meta")
    sql(kept, "CREATE TABLE stampledger_meta (name TEXT PRIMARY KEY, value)")
    sql(kept, f"INSERT INTO stampledger_meta VALUES ('format', {value})")

    with pytest.raises(NotALedger, match="format"):
        opened(kept)


def test_newer_format(kept: Path):
    """
    Tables of a newer release are not touched; the error names both formats.
    """
    sql(kept, "UPDATE stampledger_meta SET value = 3")

    with pytest.raises(SchemaTooNew, match=r"format 3.*up to 2"):
        opened(kept, business="red-cup")

    assert [("blue-cup",)] == sql(kept, "SELECT name FROM stampledger_head")


def test_truncated_file(kept: Path):
    """
    A file that lost its end is named as damaged, when it is opened or when the missing part is asked for.
    """
    kept.write_bytes(kept.read_bytes()[:8192])

    with pytest.raises(StampledgerError), opened(kept) as ledger:
        list(ledger.entries())


def test_place_that_cannot_be_opened(tmp_path: Path):
    """
    A folder, or a file in a folder that is not there, cannot be opened.
    """
    for place in (tmp_path, tmp_path / "nowhere" / "shop.db", Path(f"{tmp_path}/{'x' * 10_000}")):
        with pytest.raises(StorageError, match="cannot be opened"):
            opened(place)


def test_file_that_is_not_there(file: Path):
    """
    Who does not want a ledger to be made gets none, and no file either.
    """
    for place in (file, Path(f"{file}{'x' * 10_000}")):
        with pytest.raises(NotALedger, match="no ledger at"):
            opened(place, create=False)

    assert not file.exists()


def test_unknown_business(kept: Path):
    """
    A business that is not there is made where that was asked for, and not otherwise.
    """
    with pytest.raises(BusinessNotFound, match="red-cup"):
        opened(kept, business="red-cup", create=False)
    assert [("blue-cup",)] == sql(kept, "SELECT name FROM stampledger_head")


# What is asked for.


@pytest.mark.parametrize("business", ["", " ", "a\0b", "a\nb", "\ud800", "x" * 201, "x" * 10_000_000, None, 7, b"a"])
def test_name_of_a_business(file: Path, business: Any):
    """
    A business has a printable name, or nothing is made.
    """
    with pytest.raises(InvalidInput, match="business"):
        opened(file, business=business)

    assert not file.exists()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "shop.db",
        "hunter2",
        "://",
        "postgresql+psycopg2://anna:hunter2@h/shop",
        "postgresql+asyncpg://anna:hunter2@h/shop",
        "mysql://anna:hunter2@h/shop",
        "sqlite://anna:hunter2@h/shop.db",
        "sqlite+hunter2:///shop.db",
        "sqlite+aiosqlite:///shop.db",
        "nonsense://anna:hunter2@h",
        "anna:hunter2@h:port/shop",
        "postgresql://anna:hunter2@h:port/shop",
        "sqlite:///shop.db?timeout=hunter2",
        "sqlite:///shop.db?mode=ro",
        "sqlite:///shop.db?password=hunter2",
        "sqlite:///a\0b.db",
        "sqlite:///\ud800.db",
        "x" * 10_000_000,
        None,
        7,
        b"sqlite://",
        ["sqlite://"],
    ],
)
def test_url_that_is_none(url: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """
    A URL that leads nowhere is an error in the call, which shows no password, not even in a traceback.
    """
    monkeypatch.chdir(tmp_path)

    with pytest.raises(InvalidInput) as raised:
        Ledger.open(url, business="blue-cup")

    told = "".join(traceback.format_exception(raised.value, limit=0)).replace(str(url)[:100], "")
    assert "hunter2" not in str(raised.value).replace("sqlite+hunter2", "")
    assert "anna" not in told
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize("engine", [None, "sqlite://", 7])
def test_engine_that_is_none(engine: Any):
    """
    What is no engine is named.
    """
    with pytest.raises(InvalidInput, match="engine"):
        Ledger(engine, business="blue-cup")


# Durability.


def pragmas(ledger: Ledger) -> tuple[str, int]:
    """What the connection that writes promises."""
    raw = ledger._store._writer.connection
    return raw.execute("PRAGMA journal_mode").fetchone()[0], raw.execute("PRAGMA synchronous").fetchone()[0]


def test_full_durability(file: Path):
    """
    Unless less is asked for by name, whatever is acknowledged is on disk: a write-ahead log, synchronous=FULL.
    """
    with opened(file) as ledger:
        assert ("wal", 2) == pragmas(ledger)
    with opened(file, durability="normal") as ledger:
        assert ("wal", 1) == pragmas(ledger)
    with opened(file) as ledger:
        assert ("wal", 2) == pragmas(ledger)


def test_engine_that_is_in_a_hurry(file: Path):
    """
    An engine whose connections are set to less is set right for what the ledger writes.
    """
    engine = create_engine(f"sqlite:///{file}")
    event.listen(engine, "connect", lambda raw, _: raw.execute("PRAGMA synchronous=OFF"))

    with Ledger(engine, business="blue-cup") as ledger:
        assert ("wal", 2) == pragmas(ledger)
    engine.dispose()


def test_file_system_without_wal(file: Path):
    """
    Where there can be no write-ahead log, the ledger is not opened.
    """
    with pytest.raises(UnsafeDurability, match="journal mode delete"):
        opened(f"file:{file}?vfs=unix-dotfile&uri=true")


@pytest.mark.parametrize("durability", ["", "FULL", "off", None, 2, [], {}])
def test_durability_that_is_none(file: Path, durability: Any):
    """
    A durability is one of two words.
    """
    with pytest.raises(InvalidInput, match="durability"):
        opened(file, durability=durability)


# Not to be written.


@pytest.fixture(params=["closed", "open"])
def beside(kept: Path, request: pytest.FixtureRequest) -> Iterator[None]:
    """Whether somebody else has the ledger open for writing."""
    if request.param == "open":
        with opened(kept):
            yield
    else:
        yield


def read_only(file: Path, how: str) -> Engine:
    if how == "mode":
        return create_engine(f"sqlite:///file:{file}?mode=ro&uri=true")
    engine = create_engine(f"sqlite:///{file}")
    event.listen(engine, "connect", lambda raw, _: raw.execute("PRAGMA query_only=ON"))
    return engine


@pytest.mark.parametrize("how", ["mode", "query_only"])
@pytest.mark.usefixtures("beside")
def test_read_only(kept: Path, how: str):
    """
    A database that cannot be written can be read and proved; whatever would write says why it cannot.
    """
    engine = read_only(kept, how)
    with Ledger(engine, business="blue-cup") as ledger:
        card = ledger.cards().rows[0]
        assert ("0/8", ()) == (str(card.progress), ledger.verify().faults)
        for attempt in (lambda: ledger.add_stamps(card), lambda: ledger.register_customer(name="Anna"), ledger.rebuild):
            with pytest.raises(StorageReadOnly):
                attempt()
    with pytest.raises(StorageReadOnly):
        Ledger(engine, business="red-cup")
    engine.dispose()

    with opened(kept) as ledger:
        assert (2, ()) == (ledger.seq, ledger.verify().faults)


@pytest.mark.parametrize("how", ["mode", "query_only"])
def test_read_only_and_empty(file: Path, how: str):
    """
    Where there is no ledger and none can be made, this is said.
    """
    sql(file, "CREATE TABLE orders (receipt TEXT)")
    engine = read_only(file, how)

    with pytest.raises(StorageReadOnly):
        Ledger(engine, business="blue-cup")
    engine.dispose()
