"""
The Journal as a file: what the page shows, all of it, of one moment.
"""

import csv
import io
from typing import Any

import pytest
from starlette.testclient import TestClient

from stampledger import JournalRow, Ledger, Page, View
from stampledger.render.cells import JOURNAL_COLUMNS
from stampledger.web import journal_csv
from tests.web.asgi import call
from tests.web.shop import mounted, visitor

NEWEST = 51


def table(body: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(body.decode("utf-8-sig"))))


def exported(client: TestClient, query: str = "") -> list[list[str]]:
    answer = client.get(f"/journal.csv?{query}")
    assert 200 == answer.status_code
    return table(answer.content)


def ids(rows: list[list[str]]) -> list[int]:
    return [int(row[0]) for row in rows[1:]]


def test_everything(client: TestClient, monkeypatch: pytest.MonkeyPatch):
    """
    The file has every entry, newest first, however many pieces it is made of, under the columns of the command line.
    """
    whole = exported(client)
    assert list(JOURNAL_COLUMNS) == whole[0]
    assert list(range(NEWEST, 0, -1)) == ids(whole)
    ben = dict(zip(whole[0], whole[NEWEST - 46 + 1], strict=True))
    assert ("stamp_added", "R-1008", "8/8", "Ben", "100002") == tuple(
        ben[name] for name in ("type", "code", "stamps", "user", "card")
    )

    monkeypatch.setattr(journal_csv, "ROWS", 5)
    assert whole == exported(client)


def test_how_it_is_sent(client: TestClient):
    """
    Spreadsheets know by its first bytes that it is UTF-8; it is saved under a name that says what it is, up to where.
    """
    answer = client.get("/journal.csv")

    assert answer.content.startswith(b"\xef\xbb\xbfid,type,")
    assert "text/csv; charset=utf-8" == answer.headers["content-type"]
    assert 'attachment; filename="blue-cup-card-events-51.csv"' == answer.headers["content-disposition"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("search=ben&kind=stamp_added", [46, 39, 38, 10]),
        ("at=20&kind=stamp_added&kind=voucher_issued", [19, 17, 13, 10, 7]),
        ("template=beans", [39, 38, 37, 4]),
        ("search=zzz", []),
    ],
)
def test_what_is_shown(client: TestClient, query: str, expected: list[int]):
    """
    It is narrowed as the page is, and of the same moment.
    """
    assert expected == ids(exported(client, query))


@pytest.mark.parametrize("query", ["since=yesterday", "kind=stamp_stolen", "search=%00", "at=garbage"])
def test_bad_input(client: TestClient, query: str):
    """
    What cannot be asked for is a page that says so, not an empty file.
    """
    answer = client.get(f"/journal.csv?{query}")

    assert 400 == answer.status_code
    assert answer.headers["content-type"].startswith("text/html")


def test_formulas(ledger: Ledger, client: TestClient):
    """
    Text that a spreadsheet would run begins with an apostrophe, whoever it came from.
    """
    for start in (*"=+-@＝", "x;="):
        ledger.register_customer(name=f"{start}cmd|' /C calc'!A0", actor=f"{start}login")

    cells = [cell for row in exported(client, "search=calc")[1:] for cell in row]
    assert 6 == sum("calc" in cell for cell in cells)
    assert not [cell for cell in cells if cell.startswith(tuple("=+-@＝")) or ";=" in cell]
    assert "'=login" in cells


def test_written_meanwhile(ledger: Ledger, monkeypatch: pytest.MonkeyPatch):
    """
    What is written while the file is made is not in it and shifts nothing: no row is twice there, none is missing, and
    a name that changes is the earlier one throughout.
    """
    monkeypatch.setattr(journal_csv, "ROWS", 4)
    ben = ledger.card(100002).customer
    assert ben is not None
    pieces = 0

    def write(piece: bytes) -> bool:
        nonlocal pieces
        pieces += 1
        ledger.update_customer(ben.id, name=f"Ben the {pieces}.")
        return True

    status, body = call(mounted(ledger), "/journal.csv", taken=write)

    assert 200 == status
    assert list(range(NEWEST, 0, -1)) == ids(table(body))
    assert {"Ben"} == {row[7] for row in table(body) if row[7].startswith("Ben")}
    assert pieces > 13 and NEWEST + pieces == ledger.seq


def test_hung_up(ledger: Ledger, monkeypatch: pytest.MonkeyPatch):
    """
    Where the client hangs up, the work ends: nothing more is read for nobody.
    """
    monkeypatch.setattr(journal_csv, "ROWS", 1)
    reads, pieces, read = 0, 0, View.journal

    def counted(view: View, **told: Any) -> Page[JournalRow]:
        nonlocal reads
        reads += 1
        return read(view, **told)

    def take_three(piece: bytes) -> bool:
        nonlocal pieces
        pieces += 1
        return pieces < 3

    monkeypatch.setattr(View, "journal", counted)
    call(mounted(ledger), "/journal.csv", taken=take_three)

    assert 3 <= pieces < 10 and reads < 10


def test_only_the_head(ledger: Ledger):
    """
    Who asks for the head of the file alone has no Journal read for it.
    """
    assert (200, b"") == call(mounted(ledger), "/journal.csv", method="HEAD")


def test_only_let_in(ledger: Ledger):
    """
    The file is for staff alone, as the page is.
    """
    assert 403 == visitor(mounted(ledger), None).get("/journal.csv").status_code
