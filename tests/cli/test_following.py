"""
The Journal is followed as it is written: nothing is missed and nothing is shown twice, whoever is killed meanwhile.
"""

import csv
import io
import itertools
import json
import math
import random
import signal
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

from stampledger import FollowerAhead, Ledger, StorageUnreachable
from stampledger.cli import following
from stampledger.cli.following import followed
from stampledger.demo import BUSINESS
from stampledger.projections import JournalRow
from stampledger.testing import Clock
from tests.cli.screen import CTRL_C, sitting
from tests.cli.terminal import TIMEOUT_SECONDS, Terminal, process
from tests.engines.crew import CONTEXT, Crew, Start
from tests.ledger.shop import coffee
from tests.servers.database import SERVERS
from tests.servers.proxy import Proxy
from tests.servers.server import HOST, ServerMissing

QUICK = ("--interval", "0.05")
KILLS = 12
SECONDS = 60.0


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Ledger]:
    """A shop with one card that takes any number of stamps."""
    with Ledger.open(f"sqlite:///{tmp_path / 'shop.db'}", business="shop", clock=Clock()) as ledger:
        ledger.issue_card(ledger.publish_template("coffee", coffee(1_000)))
        yield ledger


def seqs(rows: tuple[JournalRow, ...]) -> list[int]:
    return [row.seq for row in rows]


@contextmanager
def begun(*options: str, directory: Path) -> Iterator["subprocess.Popen[str]"]:
    """Follow in a process of its own, which does not live for ever: a test that waits for its words fails then."""
    with process("journal", "--follow", *options, directory=directory, COLUMNS="120") as started:
        watch = threading.Timer(TIMEOUT_SECONDS, started.kill)
        watch.start()
        try:
            yield started
        finally:
            watch.cancel()
            started.kill()


def lines(started: "subprocess.Popen[str]", count: int) -> list[str]:
    """The next lines that a command says, as they come."""
    assert started.stdout is not None
    return [started.stdout.readline() for _ in range(count)]


def stopped(started: "subprocess.Popen[str]") -> tuple[int, str, str]:
    """End a command as Ctrl-C does; answers its code and the rest of what it said."""
    started.send_signal(signal.SIGINT)
    assert started.stdout is not None and started.stderr is not None
    out, err = started.stdout.read(), started.stderr.read()  # What was read of them before is theirs to know.
    return started.wait(TIMEOUT_SECONDS), out, err


# What is read.


def test_last_then_new(shop: Ledger):
    """
    First the last rows are read, oldest first, and then each time those that came since.
    """
    card = shop.cards()[0].id
    shop.add_stamps(card, code="R-1")
    found = followed(shop, 2, lambda: shop.add_stamps(card, 2))

    assert [[2, 3], [4], [5]] == [seqs(next(found)) for _ in range(3)]


@pytest.mark.parametrize("written", [1, 2, 3, 4, 7])
def test_more_than_a_page(shop: Ledger, monkeypatch: pytest.MonkeyPatch, written: int):
    """
    However much was written between two looks, all of it is read, page after page; a naive look at the last page
    misses what does not fit.
    """
    monkeypatch.setattr(following, "LIMIT_MAX", 3)
    card = shop.cards()[0].id
    seen: list[int] = []
    naive: list[int] = []

    def wait() -> None:
        assert len(seen) == 2, f"of {written} entries {len(seen) - 2} were read"
        naive.extend(row.seq for row in reversed(shop.journal(limit=3).rows))
        for _ in range(written):
            shop.add_stamps(card)

    for rows in followed(shop, 50, wait):
        seen += seqs(rows)
        if len(seen) == 2 + written:
            break
    naive += [row.seq for row in reversed(shop.journal(limit=3).rows) if row.seq not in naive]

    assert list(range(1, 3 + written)) == seen
    assert (written <= 3) == (seen == naive)


def test_nobody_was_asked_for(shop: Ledger):
    """
    What is not asked for is passed over, and not looked at again.
    """
    card = shop.cards()[0].id
    waits = 0

    def wait() -> None:
        nonlocal waits
        waits += 1
        if waits % 2:
            shop.add_stamps(card)
        else:
            shop.register_customer(name="Anna")

    found = followed(shop, 50, wait, kinds=("customer_registered",))

    assert [[], [4], [6]] == [seqs(next(found)) for _ in range(3)]
    assert 4 == waits


def test_shorter_journal(shop: Ledger, tmp_path: Path):
    """
    Where an older backup was restored, following says so, rather than wait for the numbers it has shown.
    """
    waits = iter([None])
    found = followed(shop, 50, lambda: next(waits))
    assert [1, 2] == seqs(next(found))
    with closing(sqlite3.connect(tmp_path / "shop.db")) as raw, raw:
        raw.execute("UPDATE stampledger_head SET seq = 1")

    with pytest.raises(FollowerAhead, match="stands at entry 2, and the Journal ends at 1"):
        next(found)


@pytest.mark.parametrize(
    "options",
    [
        ("--search", "MIA@"),
        ("--kind", "stamp_added", "--kind", "stamp_rejected"),
        ("--card", "#100003"),
        ("--template", "beans"),
        ("--actor", "kiosk"),
        ("--channel", "kiosk"),
        ("--code", "R-1003"),
        ("--since", "2026-05-12T15:30Z"),
        ("--limit", "3"),
        (),
    ],
    ids=repr,
)
def test_filters(terminal: Terminal, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]):
    """
    What is followed is what the same options show without it, the other way round.
    """
    monkeypatch.setattr(following, "pause", ctrl_c)
    page = terminal.run("journal", "--json", *options).json["rows"]

    answer = terminal.run("journal", "--follow", "--json", *options)

    assert (130, "") == (answer.code, answer.err)
    assert page[::-1] == [json.loads(line) for line in answer.out.splitlines()]
    assert 1 <= len(page) < 51


def ctrl_c(seconds: float) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--at", "5"), "does not go with --at"),
        (("--before", "5"), "does not go with --before"),
        (("--after", "0"), "does not go with --after"),
        (("--until", "2026-05-12T15:30Z"), "does not go with --until"),
        (("--interval", "0"), "--interval: must be seconds, from 0.05 to 3600, not 0.0"),
        (("--interval", "nan"), "must be seconds"),
        (("--interval", "1e9"), "must be seconds"),
        (("--kind", "stamp_lost"), "must be among"),
        (("--limit", "0"), "limit"),
    ],
)
def test_wrong_usage(terminal: Terminal, options: tuple[str, ...], said: str):
    """
    What following cannot be asked is wrong usage, said before anything is shown.
    """
    answer = terminal.run("journal", "--follow", *options)

    assert (2, "") == answer[:2]
    assert said in answer.err


# How it is shown.


def test_csv(terminal: Terminal, monkeypatch: pytest.MonkeyPatch):
    """
    In CSV the header comes once, before the rows.
    """
    monkeypatch.setattr(following, "pause", ctrl_c)

    answer = terminal.run("journal", "-f", "--csv", "--limit", "2")

    assert ["50", "51"] == [row["id"] for row in csv.DictReader(io.StringIO(answer.out))]


@pytest.mark.parametrize("width", [30, 40, 80, 109, 110, 120, 200])
def test_table(terminal: Terminal, monkeypatch: pytest.MonkeyPatch, width: int):
    """
    On a terminal of any width an entry fits, with nothing cut off: in columns, or in two lines.
    """
    monkeypatch.setattr(following, "pause", ctrl_c)
    monkeypatch.setenv("COLUMNS", str(width))

    answer = terminal.run("journal", "-f", "--limit", "60")

    assert (130, "following, times in UTC; Ctrl-C ends it\n") == (answer.code, answer.err)
    assert max(map(cell_len, answer.out.splitlines())) <= width
    assert "…" not in answer.out
    assert (width >= 110) == ("Date & Time" in answer.out)
    assert 51 == sum(line.split()[0].isdecimal() for line in answer.out.splitlines() if line[:5].strip())


def test_columns_stay(shop: Ledger, tmp_path: Path):
    """
    Rows that come later stand in the columns of those before, under one heading.
    """
    card = shop.cards()[0].id
    with begun(*QUICK, "--db", "shop.db", directory=tmp_path) as started:
        first = lines(started, 3)
        shop.add_stamps(card, code="R-7", actor="till-1")
        second = lines(started, 1)
        code, rest, _ = stopped(started)

    assert (130, "") == (code, rest)
    assert first[0].index("Type") == second[0].index("✅")
    assert first[0].index("Code") + 1 == second[0].index("R-7") + 1 + 1  # The icon before it is two cells wide.
    assert ["3", "✅", "stamp", "added"] == second[0].split()[:4]


# How it ends.


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_ctrl_c_at_a_terminal(played: Path, tmp_path: Path, form: tuple[str, ...]):
    """
    Ctrl-C ends it with 130, and nothing is said of that.
    """
    ledger = ("--db", str(played), "--business", BUSINESS)
    with sitting("journal", "--follow", *form, *ledger, directory=tmp_path, width=80) as seat:
        seat.arrived.wait_for("Birthday cake")
        seat.press(CTRL_C)
        found = seat.end()

    assert 130 == found.code
    assert "Traceback" not in found.text
    assert "interrupted" not in found.text


def test_ctrl_c_at_any_moment(shop: Ledger, tmp_path: Path):
    """
    Whatever it is doing just then, Ctrl-C ends it with 130 and no traceback, and every line it has said is whole.
    """
    card = shop.cards()[0].id
    chance = random.Random(5)
    for _ in range(6):
        with begun("--json", *QUICK, "--db", "shop.db", directory=tmp_path) as started:
            said = lines(started, 2)
            until = time.monotonic() + chance.uniform(0, 0.2)
            while time.monotonic() < until:
                shop.add_stamps(card)
            code, rest, err = stopped(started)

        assert (130, "") == (code, err)
        assert rest == "" or rest[-1] == "\n"
        assert [*map(json.loads, said), *map(json.loads, rest.splitlines())]


def test_closed_pipe(played: Path, tmp_path: Path):
    """
    When its reader goes away it ends too, though nothing is written any more.
    """
    with begun(
        "--json", "--interval", "3600", "--db", str(played), "--business", BUSINESS, directory=tmp_path
    ) as started:
        lines(started, 50)
        assert started.stdout is not None and started.stderr is not None
        started.stdout.close()
        code = started.wait(TIMEOUT_SECONDS)
        said = started.stderr.read()

    assert (141, "") == (code, said)


# While others write, and are killed.


def stamp(start: Start, pulse: Any, file: str, card: Any) -> None:
    """Stamp a card again and again, several stamps by one command now and then."""
    with Ledger.open(f"sqlite:///{file}", business="shop") as ledger:
        start()
        for number in itertools.count():
            ledger.add_stamps(card, 1 + number % 3)
            pulse.value += 1


def test_writers_are_killed(shop: Ledger, tmp_path: Path):
    """
    While writers write and are killed at any moment, every entry that is in the Journal is shown, once and in order.
    """
    card = shop.cards()[0].id
    chance = random.Random()
    file = str(tmp_path / "shop.db")
    with begun("--json", *QUICK, "--db", file, directory=tmp_path) as started:
        shown = lines(started, 2)
        for _ in range(KILLS):
            pulse = CONTEXT.Value("q", 0, lock=False)
            with Crew(stamp, [(pulse, file, card)] * 2) as crew:
                crew.go()
                until = time.monotonic() + SECONDS
                wanted = chance.randint(3, 30)
                while pulse.value < wanted:
                    assert time.monotonic() < until
                    time.sleep(0.001)
        last = shop.add_stamps(card, code="LAST").last
        shown += lines(started, last - len(shown))
        code, rest, err = stopped(started)

    assert (130, "", "") == (code, rest, err)
    found = [json.loads(line) for line in shown]
    assert list(range(1, last + 1)) == [row["seq"] for row in found]
    assert ("LAST", KILLS * 3 < last) == (found[-1]["code"], True)
    assert not shop.verify().faults


# While the database is away.


def test_database_is_away_for_a_moment(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """
    A database that does not answer is asked again until it does; that is said once, and once that it is over.
    """
    away: list[Exception | int] = [StorageUnreachable("gone"), StorageUnreachable("gone"), 7]
    waited: list[float] = []
    monkeypatch.setattr(following, "pause", waited.append)

    def ask() -> int:
        found = away.pop(0)
        if isinstance(found, Exception):
            raise found
        return found

    assert 7 == following._patiently(ask)
    said = "stampledger: gone; waiting for it (storage_unreachable)\nstampledger: the database answers again\n"
    assert ("", said) == capsys.readouterr()
    assert [0.1, 0.2] == waited


def test_database_stays_away(monkeypatch: pytest.MonkeyPatch):
    """
    Nobody waits for ever.
    """
    monkeypatch.setattr(following, "PATIENCE_SECONDS", -math.inf)

    with pytest.raises(StorageUnreachable):
        following._patiently(failing(StorageUnreachable("gone")))


def failing(error: Exception) -> Callable[[], None]:
    def ask() -> None:
        raise error

    return ask


@pytest.mark.parametrize("kind", SERVERS)
def test_server_is_restarted(kind: str, tmp_path: Path):
    """
    A server that is down for a while is waited for; nothing is missed, and nothing is shown twice.
    """
    try:
        server = SERVERS[kind]()
    except ServerMissing as missing:
        pytest.skip(str(missing))
    try:
        address = server.url(server.create_database())
        with Proxy(server.port) as proxy:
            url = address.set(port=proxy.port).render_as_string(hide_password=False)
            with Ledger.open(url, business="shop") as ledger:
                card = ledger.issue_card(ledger.publish_template("coffee", coffee(1_000))).card.id
                with begun("--json", *QUICK, "--db", url, directory=tmp_path) as started:
                    said = lines(started, 2)
                    server.halt()
                    assert started.stderr is not None
                    waiting = started.stderr.readline()
                    server.start()
                    proxy._target = (HOST, server.port)
                    ledger.add_stamps(card, code="R-1")
                    said += lines(started, 1)
                    code, rest, err = stopped(started)
    finally:
        server.stop()

    assert waiting.endswith("; waiting for it (storage_unreachable)\n")
    assert (130, "", "stampledger: the database answers again\n") == (code, rest, err)
    assert [1, 2, 3] == [json.loads(line)["seq"] for line in said]
