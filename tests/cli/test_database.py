"""
Commands about the tables themselves: they are created, checked, brought up to date, and written down as SQL.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from stampledger.store.schema import FORMAT
from tests.cli.terminal import Answer, Terminal
from tests.store.formats.kept import restore


def run(file: Path, *arguments: str) -> Answer:
    return Terminal(file).run("db", *arguments)


def change(file: Path, statement: str) -> None:
    with closing(sqlite3.connect(file)) as raw:
        raw.executescript(statement)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "shop.db"


def test_help():
    """
    The list of commands names each of them, and each explains itself.
    """
    listed = Terminal().run("db", "--help")

    assert 0 == listed.code
    for command in ("create", "upgrade", "check", "sql"):
        assert f"\n  {command} " in listed.out
        assert 0 == Terminal().run("db", command, "--help").code


def test_create(file: Path):
    """
    The tables are created once; a business is not.
    """
    assert (0, f"Created the tables, format {FORMAT}\n", "") == run(file, "create")
    assert (0, f"The tables are there already, format {FORMAT}\n", "") == run(file, "create")

    answer = Terminal(file, "blue-cup").run("cards")
    assert (1, True) == (answer.code, "no business 'blue-cup'" in answer.err)


def test_names(file: Path):
    """
    Tables under another prefix are tables of their own.
    """
    run(file, "create", "--prefix", "loyal_")

    assert 0 == run(file, "check", "--prefix", "loyal_").code
    assert 4 == run(file, "check").code
    assert 2 == run(file, "check", "--prefix", "no name").code


def test_check(file: Path):
    """
    Sound tables are said to be so; what is missing is named, and ends with 1.
    """
    run(file, "create")
    sound = f"The tables are of format {FORMAT}; this release has format {FORMAT}\n"
    assert (0, sound, "") == run(file, "check")

    change(file, "DROP INDEX ix_stampledger_card_due; DROP TABLE stampledger_claim;")

    said = "stampledger: 2 faults in the tables (schema_faults)\n"
    told = "index ix_stampledger_card_due is missing\ntable stampledger_claim is missing\n"
    assert (1, sound + told, said) == run(file, "check")
    found = run(file, "check", "--json")
    assert (1, told.splitlines()) == (found.code, found.json["faults"])


def test_upgrade(file: Path):
    """
    An old file is not opened, checked as old, brought up to date, and then proved.
    """
    restore(1, file)
    shop = Terminal(file, "blue-cup")
    assert 4 == shop.run("cards").code
    assert 1 == run(file, "check").code

    assert (0, f"Brought from format 1 to format {FORMAT}\n", "") == run(file, "upgrade")
    assert (0, f"Up to date: format {FORMAT}\n", "") == run(file, "upgrade")

    assert 0 == run(file, "check").code
    assert 0 == shop.run("verify").code


def test_newer_tables(file: Path):
    """
    Tables of a newer release are left alone by every command.
    """
    run(file, "create")
    change(file, f"UPDATE stampledger_meta SET value = {FORMAT + 1};")

    for command, code in (("create", 4), ("upgrade", 4), ("check", 1)):
        answer = run(file, command)
        assert (code, True) == (answer.code, f"format {FORMAT + 1}" in answer.out + answer.err), command


@pytest.mark.parametrize("command", ["check", "upgrade"])
def test_no_database(file: Path, command: str):
    """
    Who only looks or upgrades makes no file.
    """
    assert 4 == run(file, command).code
    assert not file.exists()


def test_sql(file: Path):
    """
    The statements that are written down make the same tables; nothing is connected to for that.
    """
    written = Terminal().run("db", "sql", "--engine", "sqlite")
    change(file, written.out)

    assert (0, 0) == (written.code, run(file, "check").code)
    assert "BYTEA" in Terminal().run("db", "sql", "--engine", "postgresql").out


def test_sql_of_an_upgrade(file: Path):
    """
    Upgraded by hand, the rows are still to be made anew: until then no command opens the ledger.
    """
    restore(1, file)
    change(file, Terminal().run("db", "sql", "--engine", "sqlite", "--since", "1").out)
    shop = Terminal(file, "blue-cup")
    assert (4, 1) == (shop.run("cards").code, run(file, "check").code)

    assert 0 == run(file, "upgrade").code

    assert (0, 0) == (shop.run("verify").code, run(file, "check").code)


@pytest.mark.parametrize(
    "arguments",
    [
        ("--engine", "oracle"),
        (),
        ("--engine", "sqlite", "--since", str(FORMAT)),
        ("--engine", "sqlite", "--since", "0"),
    ],
)
def test_sql_of_nothing(arguments: tuple[str, ...]):
    """
    An unknown engine, or a format from which there is no step, is wrong usage.
    """
    assert 2 == Terminal().run("db", "sql", *arguments).code
