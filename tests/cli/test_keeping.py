"""
Commands about the whole ledger: it is proved, made anew, written out and read in; and a changed byte is found.
"""

import io
import json
import sqlite3
import sys
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
    The Journal is written as lines of JSON, oldest first, then the idempotency keys; the same to stdout.
    """
    file = tmp_path / "journal.jsonl"

    answer = terminal.run("export", str(file))

    assert (0, f"51 entries written to {file}\n") == answer[:2]
    assert "--with-keys" in answer.err
    told = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    entries = [line for line in told if line["line"] == "entry"]
    assert ["journal", "entry", "claim", "end"] == list(dict.fromkeys(line["line"] for line in told))
    assert list(range(1, 52)) == [line["seq"] for line in entries]
    added = entries[16]
    assert {
        "line": "entry",
        "seq": 17,
        "stream": added["stream"],
        "version": 3,
        "kind": "card.stamp_added.v1",
        "place": 0,
        "recorded_at": 1_778_586_600_000_000,
        "code": "R-1003",
        "actor": "till-1",
        "channel": "receipt",
        "body": {"count": 6, "progress": 6, "stamps_required": 9, "goal_index": 2},
        "hash": added["hash"],
    } == added
    assert (0, file.read_text(encoding="utf-8"), "") == terminal.run("export", "-")


def test_export_personal(terminal: Terminal):
    """
    Personal data leaves the ledger sealed; the keys that open it only when they are asked for.
    """
    without, with_keys = (terminal.run("export", "-", *flags).out for flags in ((), ("--with-keys",)))

    assert "zoe@example.com" not in without + with_keys
    assert '"line":"key"' not in without
    assert '"line":"key"' in with_keys


def test_export_of_a_moment(terminal: Terminal):
    """
    The Journal can be written as it was at any entry.
    """
    answer = terminal.run("export", "-", "--at", "12")

    told = [json.loads(line) for line in answer.out.splitlines()]
    assert list(range(1, 13)) == [line["seq"] for line in told if line["line"] == "entry"]
    assert told[0]["hash"] == told[12]["hash"]


def test_export_as_a_table(terminal: Terminal, tmp_path: Path):
    """
    For analysis the Journal is a Parquet file, without a name or an e-mail.
    """
    parquet = pytest.importorskip("pyarrow.parquet")
    file = tmp_path / "journal.parquet"

    answer = terminal.run("export", str(file), "--format", "parquet")

    assert (0, f"51 entries written to {file}\n", "") == answer
    row = parquet.read_table(file).slice(16, 1).to_pylist()[0]
    assert (17, "stamp_added", "R-1003", 100003, "Lunch card", 6) == tuple(
        row[name] for name in ("seq", "kind", "code", "card_number", "template_name", "count")
    )
    assert b"zoe@example.com" not in file.read_bytes()


def test_export_as_a_table_without_the_extra(terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """
    Whoever lacks what Parquet needs is told how to get it, and no file is left behind.
    """
    monkeypatch.setitem(sys.modules, "pyarrow", None)

    answer = terminal.run("export", str(tmp_path / "journal.parquet"), "--format", "parquet")

    assert 2 == answer.code
    assert "stampledger[analytics]" in answer.err
    assert [] == list(tmp_path.iterdir())


def test_export_over_the_ledger(database: Path):
    """
    An export does not overwrite the ledger it reads.
    """
    before = database.read_bytes()

    answer = Terminal(database, BUSINESS).run("export", str(database))

    assert 2 == answer.code
    assert "must not be a database" in answer.err
    assert before == database.read_bytes()


# Import.


@pytest.mark.parametrize("way", ["file", "stdin"])
def test_import(terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str):
    """
    An exported Journal goes into a new ledger, which then proves itself and exports the same bytes.
    """
    file, again = tmp_path / "journal.jsonl", tmp_path / "again.jsonl"
    terminal.run("export", str(file), "--with-keys")
    other = Terminal(tmp_path / "other.db", BUSINESS)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(file.read_bytes())))

    answer = other.run("import-journal", str(file) if way == "file" else "-")

    assert (0, "51 entries imported\n", "") == answer
    assert 0 == other.run("verify").code
    assert 0 == other.run("export", str(again), "--with-keys").code
    assert file.read_bytes() == again.read_bytes()
    assert {"entries": 0} == other.run("import-journal", str(file), "--json").json


def test_import_of_a_changed_file(terminal: Terminal, tmp_path: Path):
    """
    A file with a changed byte is refused by the number of its line, and ends with 2.
    """
    file = tmp_path / "journal.jsonl"
    terminal.run("export", str(file))
    file.write_bytes(file.read_bytes().replace(b'"code":"R-1003"', b'"code":"R-1004"', 1))
    other = Terminal(tmp_path / "other.db", BUSINESS)

    answer = other.run("import-journal", str(file))

    assert (2, "") == answer[:2]
    assert "  line 18, hash: must be " in answer.err
    assert "(invalid_rows)" in answer.err
    assert 0 == other.run("verify", "--json").json["entries"]


def test_import_of_another_business(terminal: Terminal, tmp_path: Path):
    """
    A Journal goes only into a business of its own name, which its chain begins with.
    """
    file = tmp_path / "journal.jsonl"
    terminal.run("export", str(file))

    answer = Terminal(tmp_path / "other.db", "red-cup").run("import-journal", str(file))

    assert 2 == answer.code
    assert "business: must be that of the ledger, red-cup" in answer.err


def test_import_of_no_file(tmp_path: Path):
    """
    A file that is not there makes no ledger.
    """
    answer = Terminal(tmp_path / "other.db", BUSINESS).run("import-journal", str(tmp_path / "none.jsonl"))

    assert 2 == answer.code
    assert "cannot be read (No such file or directory)" in answer.err
    assert [] == list(tmp_path.iterdir())
