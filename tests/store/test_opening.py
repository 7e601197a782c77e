"""
Opening a ledger: what is asked for, what is found, and what it is refused for; nothing is written then.
"""

import os
import sqlite3
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, event

from stampledger import (
    BusinessNotFound,
    Conflict,
    InvalidInput,
    Ledger,
    NotALedger,
    SchemaTooNew,
    StampledgerError,
    StorageError,
    StorageFull,
    StorageReadOnly,
    UnsafeDurability,
)
from stampledger.store.database import BUSY_SECONDS
from tests.ledger.shop import coffee

SECONDS = 60.0
OPEN_FILES = Path("/proc/self/fd")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "shop.db"


def opened(file: Path | str, **options: Any) -> Ledger:
    return Ledger.open(f"sqlite:///{file}", **{"business": "blue-cup", **options})


@pytest.fixture
def kept(file: Path) -> Path:
    """The file of a ledger with a card in it, which is closed."""
    with opened(file) as ledger:
        ledger.issue_card(ledger.publish_template("free-coffee", coffee()))
    return file


def sql(file: Path, statement: str) -> list[Any]:
    with closing(sqlite3.connect(file)) as raw:
        rows = raw.execute(statement).fetchall()
        raw.commit()
        return rows


# Several at once.


def test_threads_open_an_empty_file(file: Path):
    """
    Whoever comes first makes the tables; all others find them, whatever they do at the same time.
    """
    for number in range(5):
        new = file.with_name(f"{number}.db")
        with ThreadPoolExecutor(6) as threads:
            faults = list(threads.map(Beginner(new, threading.Barrier(6)), ["blue-cup", "red-cup"] * 3))

        assert [0] * 6 == faults
        assert [("blue-cup", 3), ("red-cup", 3)] == sql(new, "SELECT name, seq FROM stampledger_head ORDER BY name")


class Beginner:
    """Opens a ledger together with others, and writes its first entries."""

    def __init__(self, file: Path, together: threading.Barrier) -> None:
        self.file = file
        self.together = together

    def __call__(self, business: str) -> int:
        self.together.wait(SECONDS)
        with opened(self.file, business=business) as ledger:
            ledger.register_customer(name="Anna")
            return len(ledger.verify().faults)


BEGIN = """
import sys
from stampledger import Ledger
print("ready", flush=True)
sys.stdin.readline()
with Ledger.open(sys.argv[1], business="blue-cup") as ledger:
    ledger.register_customer(name="Anna")
"""


def test_processes_open_an_empty_file(file: Path):
    """
    The same with processes.
    """
    run_together(BEGIN, 4, f"sqlite:///{file}")

    with opened(file) as ledger:
        assert (4, ()) == (ledger.seq, ledger.verify().faults)


def run_together(code: str, count: int, *arguments: str) -> list[str]:
    """Start processes, let them go at once, and answer what each of them said last."""
    running = [
        subprocess.Popen(
            [sys.executable, "-c", code, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(count)
    ]
    said = []
    try:
        for process in running:
            assert process.stdout is not None
            assert "ready\n" == process.stdout.readline()
        for process in running:
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()
        for process in running:
            out, errors = process.communicate(timeout=SECONDS)
            assert ("", 0) == (errors, process.returncode)
            said.append(out)
    finally:
        for process in running:
            process.kill()
            process.communicate()
    return said


STAMPS = """
import sys
from stampledger import Ledger
with Ledger.open(sys.argv[1], business="blue-cup") as ledger:
    print("ready", flush=True)
    sys.stdin.readline()
    print(*(ledger.add_stamps(int(sys.argv[2])).id for _ in range(100)))
"""


def test_processes_write_one_ledger(kept: Path):
    """
    Four processes that stamp one card lose no stamp, and no number is given twice or left out.
    """
    with opened(kept) as ledger:
        number = ledger.cards().rows[0].number
        ledger.move_to_template(ledger.publish_template("free-coffee", coffee(1_000)), force=True)
        head = ledger.seq

    said = run_together(STAMPS, 4, f"sqlite:///{kept}", str(number))

    seqs = sorted(int(seq) for line in said for seq in line.split())
    assert list(range(head + 1, head + 401)) == seqs
    with opened(kept) as ledger:
        assert ("400/1000", ()) == (str(ledger.progress(number)), ledger.verify().faults)


def test_threads_write_and_read_one_ledger(file: Path):
    """
    Eight threads stamp while others read: no number is missing, and each page a reader sees is of one moment.
    """
    with opened(file) as ledger, ThreadPoolExecutor(10) as threads:
        template = ledger.publish_template("free-coffee", coffee(50))
        cards = [ledger.issue_card(template).card.id for _ in range(4)]
        done = threading.Event()

        def write(which: int) -> list[int]:
            return [ledger.add_stamps(cards[(which + turn) % 4], actor=f"till-{which}").id for turn in range(100)]

        def read() -> int:
            looks = 0
            while not done.wait(0.01) or not looks:
                looks += 1
                view = ledger.card(cards[looks % 4])
                assert view.stamps_total // 50 == len(view.rewards)
                journal = [row.seq for row in ledger.journal(limit=20)]
                assert list(range(journal[0], journal[0] - len(journal), -1)) == journal
            return looks

        reading = [threads.submit(read) for _ in range(2)]
        writing = [threads.submit(write, which) for which in range(8)]
        scans = sorted(seq for written in writing for seq in written.result(SECONDS))
        done.set()

        assert 0 < min(look.result(SECONDS) for look in reading)
        assert 800 == len(set(scans))
        assert list(range(1, ledger.seq + 1)) == [entry.seq for entry in ledger.entries()]
        assert [200] * 4 == [ledger.card(card).stamps_total for card in cards]
        assert () == ledger.verify().faults


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
    sql(kept, "UPDATE stampledger_meta SET value = 2")

    with pytest.raises(SchemaTooNew, match=r"format 2.*up to 1"):
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
        "postgresql://anna:hunter2@db.example.com/shop",
        "postgresql+psycopg://anna:hunter2@db.example.com:99999/shop",
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
    raw = ledger._store._writer
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


# Closing.


@pytest.mark.skipif(not OPEN_FILES.exists(), reason="only Linux tells which files a process has open")
def test_closed_ledger_holds_no_file(kept: Path):
    """
    A closed ledger has closed its files, even if somebody still holds what they read with.
    """
    with opened(kept) as ledger:
        with ledger._store.writing() as writing, ledger._store.reading() as nested:
            assert (writing.one(writing.sql.streams, b_number=0, b_limit=9)) is not None
            assert (nested.one(nested.sql.streams, b_number=0, b_limit=9)) is not None
        with ledger._store.reading() as reading:
            assert (reading.one(reading.sql.streams, b_number=0, b_limit=9)) is not None
        assert open_files(kept)

    assert [] == open_files(kept)


def open_files(file: Path) -> list[str]:
    named = [os.readlink(found) for found in OPEN_FILES.iterdir() if found.exists()]
    return [name for name in named if name.startswith(str(file))]


# No room.


def test_disk_full(kept: Path):
    """
    Where there is no room, nothing is half written; the next call works once there is room again.
    """
    with opened(kept) as ledger:
        card = ledger.cards().rows[0].id
        raw = ledger._store._writer
        raw.execute(f"PRAGMA max_page_count={raw.execute('PRAGMA page_count').fetchone()[0] + 2}")
        written = fill(ledger, card)
        assert (f"{written % 8}/8", ()) == (str(ledger.progress(card)), ledger.verify().faults)

        raw.execute("PRAGMA max_page_count=1000000")
        ledger.add_stamps(card)

        assert (written + 1, ()) == (ledger.card(card).stamps_total, ledger.verify().faults)


def test_disk_really_full(tmp_path: Path):
    """
    The same on a small file system that is really full.
    """
    mounted = ["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", str(tmp_path)]
    try:
        subprocess.run(mounted, check=True, capture_output=True, timeout=SECONDS)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("only root may mount a small file system")
    try:
        with opened(tmp_path / "shop.db") as ledger:
            card = ledger.issue_card(ledger.publish_template("free-coffee", coffee())).card.id
            ballast = tmp_path / "ballast"
            ballast.write_bytes(b"x" * 150_000)
            written = fill(ledger, card)
            assert () == ledger.verify().faults

            ballast.unlink()
            ledger.add_stamps(card)
            assert (written + 1, ()) == (ledger.card(card).stamps_total, ledger.verify().faults)
    finally:
        subprocess.run(["umount", "--lazy", str(tmp_path)], check=True, timeout=SECONDS)


def fill(ledger: Ledger, card: Any) -> int:
    """Stamp until there is no room; answer how often it worked."""
    for written in range(5_000):
        try:
            ledger.add_stamps(card, code=f"R-{written}-{'x' * 100}")
        except StorageFull:
            return written
    raise AssertionError("there is room without end")


def test_disk_full_inside_a_transaction_of_the_callers(kept: Path):
    """
    SQLite ends the whole transaction then: what the caller wrote is taken back as well, and nothing is left to commit.
    """
    engine = create_engine(f"sqlite:///{kept}")
    sql(kept, "CREATE TABLE orders (receipt TEXT)")
    with Ledger(engine, business="blue-cup") as ledger, engine.connect() as connection:
        card = ledger.cards().rows[0].id
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
        connection.exec_driver_sql("INSERT INTO orders VALUES ('R-1')")
        using = ledger.using(connection)
        assert 1 <= fill(using, card)
        assert 0 == using.card(card).stamps_total
        connection.commit()

        assert [] == sql(kept, "SELECT receipt FROM orders")
        assert (2, ()) == (ledger.seq, ledger.verify().faults)
    engine.dispose()


# Locked by somebody else.


def test_locked(kept: Path):
    """
    Who finds the database locked waits as long as the URL says, and then has a conflict; reading is never locked out.
    """
    with opened(f"{kept}?timeout=0.1") as ledger, closing(sqlite3.connect(kept)) as other:
        card = ledger.cards().rows[0].id
        other.execute("BEGIN IMMEDIATE")
        began = time.monotonic()

        with pytest.raises(Conflict):
            ledger.add_stamps(card)
        with pytest.raises(Conflict):
            opened(f"{kept}?timeout=0.1", business="red-cup")
        assert 0.2 <= time.monotonic() - began < BUSY_SECONDS
        with opened(f"{kept}?timeout=0.1") as again:
            assert "0/8" == str(again.progress(card))

        other.rollback()
        assert "1/8" == str(ledger.add_stamps(card).card.progress)


def test_locked_for_a_moment(kept: Path):
    """
    A lock that is given up in time is waited for.
    """
    with opened(kept) as ledger, closing(sqlite3.connect(kept, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        timer = threading.Timer(0.2, other.rollback)
        timer.start()

        assert "1/8" == str(ledger.add_stamps(ledger.cards().rows[0]).card.progress)
        timer.join()
