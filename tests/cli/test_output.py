"""
What programs read: cells no spreadsheet runs, JSON that says everything, files that are whole or not there.
"""

import json
import sqlite3
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest

from stampledger.cli import output
from stampledger.errors import InvalidInput
from stampledger.ledger import Ledger
from stampledger.render.cells import cell
from stampledger.render.plain import plain
from stampledger.values import Platform
from tests.cli.terminal import Terminal


@pytest.mark.parametrize("start", [*"=+-@\t\r", *"＝＋－＠"])
def test_risky_cell(start: str):
    """
    A cell that a spreadsheet would run as a formula begins with an apostrophe.
    """
    assert f"'{start}1+1" == cell(f"{start}1+1")
    assert f"'{start}a; b" == cell((f"{start}a", "b"))


@pytest.mark.parametrize("end", [";", "\n", "\r\n"])
def test_cell_within_a_cell(end: str):
    """
    Where a spreadsheet parts cells by semicolons, what follows one begins a cell, and is not run either.
    """
    assert f"Tea{end}'=1+1{end}'@x{end}y" == cell(f"Tea{end}=1+1{end}@x{end}y")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, ""),
        (-5, -5),
        ("a=b", "a=b"),
        ("", ""),
        (("x", "y"), "x; y"),
        (Platform.APPLE, "apple"),
        (date(2026, 5, 12), "2026-05-12"),
        (datetime(2026, 5, 12, 8, tzinfo=UTC), "2026-05-12T08:00:00Z"),
    ],
)
def test_plain_cell(value: object, expected: object):
    """
    Any other cell holds the value, and nothing else.
    """
    assert expected == cell(value)


def test_risky_customer(tmp_path: Path):
    """
    A customer whose name is a formula cannot reach a spreadsheet by way of any list.
    """
    path = tmp_path / "shop.db"
    with Ledger.open(f"sqlite:///{path}", business="shop") as ledger:
        ledger.register_customer(name='=HYPERLINK("http://x.example")', email="eve@example.com")

    answer = Terminal(path).run("journal", "--csv")

    assert "\"'=HYPERLINK(" in answer.out
    assert ",=" not in answer.out


def test_plain_values():
    """
    JSON says moments, amounts and ids as text, and spans in seconds.
    """
    values = (UUID(int=1), Decimal("12.50"), timedelta(days=1), date(2026, 5, 12), Platform.WEB, {"a": (True, None)})

    assert [
        "00000000-0000-0000-0000-000000000001",
        "12.50",
        86400.0,
        "2026-05-12",
        "web",
        {"a": [True, None]},
    ] == json.loads(json.dumps(plain(values)))


def test_unfinished_file(tmp_path: Path):
    """
    A file whose writing fails is as it was before, and nothing is left beside it.
    """
    file = tmp_path / "page.html"
    file.write_text("before")

    def fail() -> None:
        with output.written(str(file)) as out:
            out.write("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()

    assert "before" == file.read_text()
    assert [file] == list(tmp_path.iterdir())


def test_database_is_never_overwritten(tmp_path: Path):
    """
    A page or an export does not take the place of a database, by whatever name.
    """
    path = tmp_path / "shop.db"
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE t (x)")
    database.close()
    link = tmp_path / "link"
    link.symlink_to(path)

    for name in (path, link):
        with pytest.raises(InvalidInput), output.written(str(name)):
            pass

    assert path.read_bytes().startswith(b"SQLite format 3\0")
