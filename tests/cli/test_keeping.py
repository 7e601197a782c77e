"""
Commands about the whole ledger: it is proved, made anew and written out; and a changed byte is found.
"""

import json
import sqlite3
from pathlib import Path

import pytest

from stampledger.demo import BUSINESS
from tests.cli.terminal import Terminal


def change(database: Path, statement: str) -> None:
    connection = sqlite3.connect(database)
    connection.execute(statement)
    connection.commit()
    connection.close()


FLIP = """UPDATE stampledger_journal SET body = CAST(replace(CAST(body AS TEXT), '"count":6', '"count":7') AS BLOB)
          WHERE seq = 17"""


# Verify and rebuild.


def test_verify(terminal: Terminal):
    """
    A sound ledger is said to be so, with the chain's head.
    """
    answer = terminal.run("verify")
    found = terminal.run("verify", "--json").json

    assert (0, f"51 entries verified, no fault. Head {found['head']}\n", "") == answer
    assert (51, []) == (found["entries"], found["faults"])


def test_verify_changed_byte(database: Path):
    """
    A changed byte of one entry is a fault that names business, stream and seq, and ends with 3.
    """
    change(database, FLIP)
    terminal = Terminal(database, BUSINESS)

    answer = terminal.run("verify")
    found = terminal.run("verify", "--json")

    assert 3 == answer.code
    assert "chain: entry 17 is not what was written" in answer.out
    assert answer.err.endswith("(corrupt)\n")
    assert 3 == found.code
    assert any((17, "chain") == (fault["seq"], fault["check"]) for fault in found.json["faults"])


@pytest.mark.parametrize(
    "arguments", [("journal",), ("history", "100003"), ("export", "-"), ("rebuild",)], ids=lambda found: found[0]
)
def test_unreadable_entry(database: Path, arguments: tuple[str, ...]):
    """
    A command that meets an entry nobody can read stops with 3, and names it.
    """
    change(database, "UPDATE stampledger_journal SET body = X'00' WHERE seq = 17")

    answer = Terminal(database, BUSINESS).run(*arguments)

    assert 3 == answer.code
    assert "entry 17" in answer.err
    assert answer.err.endswith("(corrupt)\n")


def test_rebuild(database: Path):
    """
    A changed live row is found, and made anew from the Journal.
    """
    change(database, "UPDATE stampledger_card SET number = 100099 WHERE number = 100003")
    terminal = Terminal(database, BUSINESS)
    assert 3 == terminal.run("verify").code

    answer = terminal.run("rebuild")

    assert (0, "Everything was made anew from 51 entries\n", "") == answer
    assert 0 == terminal.run("verify").code
    assert {"entries": 51} == terminal.run("rebuild", "--json").json


# Export.


def test_export(terminal: Terminal, tmp_path: Path):
    """
    The Journal is written as JSON Lines, oldest first, every entry with its event.
    """
    file = tmp_path / "journal.jsonl"

    answer = terminal.run("export", str(file))

    assert (0, f"51 entries written to {file}\n", "") == answer
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert list(range(1, 52)) == [line["seq"] for line in lines]
    added = lines[16]
    assert {
        "seq": 17,
        "scan": 17,
        "stream": added["stream"],
        "version": 3,
        "kind": "card.stamp_added.v1",
        "recorded_at": "2026-05-12T11:50:00Z",
        "occurred_at": "2026-05-12T11:50:00Z",
        "code": "R-1003",
        "actor": "till-1",
        "channel": "receipt",
        "body": {"count": 6, "progress": 6, "stamps_required": 9, "goal_index": 2},
    } == added
    assert file.read_text(encoding="utf-8") == terminal.run("export", "-").out


def test_export_personal(terminal: Terminal):
    """
    Personal data leaves the ledger only when that is asked for.
    """
    without = terminal.run("export", "-").out
    with_people = terminal.run("export", "-", "--personal").out

    assert "zoe@example.com" not in without
    assert '"body":{"person":null}' in without
    assert '"email":"zoe@example.com"' in with_people


def test_export_of_a_moment(terminal: Terminal):
    """
    Any stretch of the Journal can be written: after one entry, up to a moment.
    """
    answer = terminal.run("export", "-", "--after", "10", "--at", "12")

    assert [11, 12] == [json.loads(line)["seq"] for line in answer.out.splitlines()]


def test_export_over_the_ledger(database: Path):
    """
    An export does not overwrite the ledger it reads.
    """
    before = database.read_bytes()

    answer = Terminal(database, BUSINESS).run("export", str(database))

    assert 2 == answer.code
    assert "must not be a database" in answer.err
    assert before == database.read_bytes()
