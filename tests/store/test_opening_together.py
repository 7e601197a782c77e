"""
A ledger that several have open at once, that has no room left, or that somebody else has locked.
"""

import os
import sqlite3
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine

from stampledger import Conflict, Ledger, StorageFull
from stampledger.store.engines.backend import WAIT_SECONDS
from stampledger.store.session import Session
from tests.ledger.shop import coffee
from tests.store.files import opened, sql

SECONDS = 60.0
OPEN_FILES = Path("/proc/self/fd")


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


# Closing.


@pytest.mark.skipif(not OPEN_FILES.exists(), reason="only Linux tells which files a process has open")
def test_closed_ledger_holds_no_file(kept: Path):
    """
    A closed ledger has closed its files, even if somebody still holds what they read with.
    """
    with opened(kept) as ledger:
        sessions = []

        def fail(session: Session) -> None:
            assert session.one(session.sql.streams, b_number=0, b_limit=9) is not None
            sessions.append(session)
            ledger._store._writer.connection.rollback()  # As the database does by itself when it is full.
            raise ZeroDivisionError

        with suppress(ZeroDivisionError):
            ledger._store.write(fail)
        with ledger._store.reading() as session:
            assert session.one(session.sql.streams, b_number=0, b_limit=9) is not None
            sessions.append(session)
        assert [] != open_files(kept)

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
        raw = ledger._store._writer.connection
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
        assert 0.2 <= time.monotonic() - began < WAIT_SECONDS
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
