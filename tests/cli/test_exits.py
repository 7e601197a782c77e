"""
What goes wrong ends with the right exit code and one sentence, never with a traceback, and creates nothing.
"""

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from stampledger.demo import BUSINESS
from tests.cli.terminal import SOURCES, Terminal, finished, process

LOOKING = (
    ("journal",),
    ("cards",),
    ("card", "100003"),
    ("history", "100003"),
    ("view", "100003"),
    ("why", "R-1"),
    ("explain", "019e1b6e-b260-7001-a37b-8fd7cea2c89b"),
    ("verify",),
    ("rebuild",),
    ("export", "-"),
)


@pytest.mark.parametrize("arguments", LOOKING, ids=lambda found: found[0])
def test_missing_database(tmp_path: Path, arguments: tuple[str, ...]):
    """
    A command that looks makes no database, and says which one is missing.
    """
    answer = Terminal(tmp_path / "none.db").run(*arguments)

    assert (4, "") == answer[:2]
    assert answer.err.startswith(f"stampledger: there is no ledger at {tmp_path / 'none.db'}")
    assert answer.err.endswith("(not_a_ledger)\n")
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize("arguments", LOOKING, ids=lambda found: found[0])
def test_missing_business(database: Path, arguments: tuple[str, ...]):
    """
    A command that looks makes no business, and says which one is missing.
    """
    terminal = Terminal(database, "nobody")

    answer = terminal.run(*arguments)

    assert (1, "") == answer[:2]
    assert answer.err.startswith("stampledger: no business 'nobody' in this database")
    assert answer == terminal.run(*arguments)


@pytest.mark.parametrize(
    ("arguments", "code", "ending"),
    [
        (("card", "5"), 1, "(card_not_found)"),
        (("card", "9" * 30), 1, "(card_not_found)"),
        (("card", "somebody"), 1, "(card_not_found)"),
        (("journal", "--template", "gone"), 1, "(template_not_found)"),
        (("journal", "--at", "99"), 1, "(scan_not_found)"),
        (("explain", "019e1b6e-b260-7001-a37b-8fd7cea2c89b"), 1, "(reward_not_found)"),
        (("journal", "--at", "noon"), 2, "(invalid_input)"),
        (("journal", "--at", "2026-05-12T12:00"), 2, "(invalid_input)"),
        (("journal", "--since", "2026-05-12"), 2, "(invalid_input)"),
        (("journal", "--limit", "0"), 2, "(invalid_input)"),
        (("journal", "--kind", "stamp_lost"), 2, "(invalid_input)"),
        (("journal", "--before", "1", "--after", "1"), 2, "(invalid_input)"),
        (("journal", "--code", "a\0b"), 2, "(invalid_input)"),
        (("journal", "--search", "x" * 1_000_000), 2, "(invalid_input)"),
        (("cards", "--platform", "fridge"), 2, "(invalid_input)"),
        (("view", "100003", "--lang", "tlh"), 2, "(invalid_input)"),
        (("view", "100003", "--html", "no/such/folder.html"), 2, "(invalid_input)"),
        (("why", "\udcff"), 2, "(invalid_input)"),
    ],
)
def test_refused_argument(terminal: Terminal, arguments: tuple[str, ...], code: int, ending: str):
    """
    What the library refuses is one short sentence that ends with the error's stable code.
    """
    answer = terminal.run(*arguments)

    assert (code, "") == answer[:2]
    assert answer.err.startswith("stampledger: ")
    assert answer.err.endswith(f"{ending}\n")
    assert 1 == answer.err.count("\n")
    assert len(answer.err) < 1_500


@pytest.mark.parametrize(
    "arguments", [("nothing",), ("journal", "--nothing"), ("card",), ("journal", "--limit", "many"), ()], ids=repr
)
def test_wrong_usage(terminal: Terminal, arguments: tuple[str, ...]):
    """
    A command line that is none ends with 2, and says how it is used.
    """
    answer = Terminal().run(*arguments)

    assert 2 == answer.code
    assert "Usage: stampledger" in answer.err


@pytest.mark.parametrize(
    ("url", "code", "absent"),
    [
        ("mysql://shop:secret@host/db", 2, "secret"),
        ("nonsense://shop:secret@host/db", 2, "secret"),
        ("sqlite://shop:secret@/db", 4, "secret"),
        ("shop.db?secret", 2, "\n\n"),
        ("", 2, "\n\n"),
    ],
)
def test_wrong_url(url: str, code: int, absent: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """
    A database that cannot be used is refused, and what its URL keeps secret stays so.
    """
    monkeypatch.chdir(tmp_path)

    answer = Terminal(url).run("journal")

    assert code == answer.code
    assert absent not in answer.err
    assert "Traceback" not in answer.err
    assert [] == list(tmp_path.iterdir())


def test_not_a_database(tmp_path: Path):
    """
    A file of another kind is left alone.
    """
    file = tmp_path / "notes.txt"
    file.write_text("not a database, but long enough to be taken for one " * 50)

    answer = Terminal(file).run("journal")

    assert 4 == answer.code
    assert answer.err.endswith("(not_a_ledger)\n")


def test_somebody_elses_database(tmp_path: Path):
    """
    A database without a ledger gets none by being looked at.
    """
    file = tmp_path / "other.db"
    connection = sqlite3.connect(file)
    connection.execute("CREATE TABLE mine (x)")
    connection.close()

    answer = Terminal(file).run("journal")

    assert 4 == answer.code
    assert answer.err.endswith("(not_a_ledger)\n")
    connection = sqlite3.connect(file)
    assert [("mine",)] == connection.execute("SELECT name FROM sqlite_master").fetchall()
    connection.close()


def test_environment(played: Path, monkeypatch: pytest.MonkeyPatch):
    """
    The ledger can be named by the environment.
    """
    monkeypatch.setenv("STAMPLEDGER_DB", f"sqlite:///{played}")
    monkeypatch.setenv("STAMPLEDGER_BUSINESS", BUSINESS)

    assert 51 == Terminal().run("verify", "--json").json["entries"]


# The process around it.


def test_closed_pipe(played: Path, tmp_path: Path):
    """
    A reader that goes away early (| head) is no error to speak of.
    """
    with process("export", "-", "--db", str(played), "--business", BUSINESS, directory=tmp_path) as started:
        assert started.stdout is not None and started.stderr is not None
        started.stdout.close()
        said = started.stderr.read()

    assert (141, "") == (started.returncode, said)


@pytest.mark.parametrize("arguments", [("journal",), ("journal", "--json"), ("why", "R-1003")])
def test_full_disk(played: Path, tmp_path: Path, arguments: tuple[str, ...]):
    """
    Output that cannot be written is a sentence and 4.
    """
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "stampledger", *arguments, "--db", str(played), "--business", BUSINESS],
            stdout=full,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(SOURCES)},
            timeout=60,
            check=False,
        )

    assert 4 == done.returncode
    assert done.stderr.endswith(b"(output_failed)\n")
    assert 1 == done.stderr.count(b"\n")


def test_terminal_without_the_letters(played: Path, tmp_path: Path):
    """
    A terminal that lacks icons gets question marks rather than an error.
    """
    answer = finished(
        process(
            *("journal", "--limit", "1", "--db", str(played), "--business", BUSINESS),
            directory=tmp_path,
            PYTHONIOENCODING="ascii",
        )
    )

    assert 0 == answer.code
    assert "? voucher redeemed" in answer.out
