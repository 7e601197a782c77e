"""
Files brought in from the command line: a till's receipts, and cards from another system.
"""

import os
import signal
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from stampledger.receipts import Columns
from tests.cli.terminal import Terminal, finished, process

HEADER = "receipt,customer,occurred_at,kind,amount_gbp"
DAY = (
    "R-1,ann,2026-05-12T08:00:00+00:00,sale,11.10",
    "R-2,bob,2026-05-12T08:05:00+00:00,sale,5.00",
    "R-3,ann,2026-05-12T09:00:00+00:00,sale,25.00",
    "C-3,ann,2026-05-12T10:00:00+00:00,cancellation,25.00",
    "C-9,cid,2026-05-12T11:00:00+00:00,cancellation,3.00",
)


def file_of(folder: Path, *rows: str, header: str = HEADER, name: str = "till.csv") -> str:
    path = folder / name
    path.write_text("\n".join((header, *rows)) + "\n", encoding="utf-8")
    return str(path)


@pytest.fixture
def shop(tmp_path: Path) -> Terminal:
    """A terminal where there is no ledger yet."""
    return Terminal(tmp_path / "shop.db")


def progress(shop: Terminal) -> dict[str, int]:
    found = shop.run("cards", "--limit", "1000", "--json").json
    return {row["customer"]["name"]: row["progress"]["stamps"] for row in found["rows"]}


# Receipts.


def test_out_of_the_box(shop: Terminal, tmp_path: Path):
    """
    A till's file needs nothing before it: template, customers and cards are made, and the counts add up.
    """
    answer = shop.run("import-receipts", file_of(tmp_path, *DAY))

    assert 0 == answer.code
    assert "5 read = 3 credited + 0 repeated + 0 refused + 1 voided + 1 unmatched" == answer.out.splitlines()[-1]
    assert "2 cards issued" in answer.out
    assert "" == answer.err
    assert {"ann": 1, "bob": 1} == progress(shop)
    assert 0 == shop.run("verify").code


def test_twice(shop: Terminal, tmp_path: Path):
    """
    The same file again changes nothing.
    """
    file = file_of(tmp_path, *DAY)
    shop.run("import-receipts", file)
    before = shop.run("export", "-").out

    counts = shop.run("import-receipts", file, "--json").json

    assert {
        "read": 5,
        "credited": 0,
        "repeated": 4,
        "refused": 0,
        "voided": 0,
        "unmatched": 1,
        "cards_issued": 0,
        "unmatched_codes": ["C-9"],
        "sales_only": False,
    } == counts
    assert before == shop.run("export", "-").out


def test_no_column_of_kinds(shop: Terminal, tmp_path: Path):
    """
    A file that cannot tell a cancellation from a sale is imported, and that is said.
    """
    file = file_of(tmp_path, "R-1,ann,2026-05-12T08:00Z", header="receipt,customer,occurred_at")

    answer = shop.run("import-receipts", file)

    assert 0 == answer.code
    assert "no column kind: every row taken as a sale" in answer.out.splitlines()
    assert "        1 card issued" in answer.out.splitlines()
    assert "no column" not in shop.run("import-receipts", file_of(tmp_path, *DAY)).out


def test_bad_amount_under_a_new_template(shop: Terminal, tmp_path: Path):
    """
    An amount that a new template could not credit is named before the template is made.
    """
    file = file_of(tmp_path, DAY[0], "R-2,bob,2026-05-12T08:05:00Z,sale,5.005")

    answer = shop.run("import-receipts", file, "--by-amount", "10.00")

    assert 2 == answer.code
    assert "line 3, amount_gbp: must have at most 2 decimals" in answer.err
    assert [] == shop.run("journal", "--json").json["rows"]


def test_by_amount(shop: Terminal, tmp_path: Path):
    """
    By amount, each full unit is a stamp and the rest is carried.
    """
    shop.run("import-receipts", file_of(tmp_path, *DAY[:3]), "--by-amount", "10.00", "--stamps", "5")

    card = shop.run("card", "100001", "--json").json
    assert {"stamps": 3, "required": 5} == card["progress"]
    assert 610 == card["remainder_minor"]


def test_mapped_columns(shop: Terminal, tmp_path: Path):
    """
    Columns and words are mapped by options.
    """
    file = file_of(
        tmp_path,
        "1,ann,2026-05-12T08:00Z,Verkauf,8.00",
        "2,ann,2026-05-12T08:01Z,Storno,8.00",
        header="Bon,Kunde,Zeit,Art,Betrag",
    )

    answer = shop.run(
        *("import-receipts", file, "--receipt-column", "Bon", "--customer-column", "Kunde", "--time-column", "Zeit"),
        *("--kind-column", "Art", "--amount-column", "Betrag", "--sale-word", "Verkauf"),
        *("--cancellation-word", "Storno", "--actor", "night"),
    )

    assert "2 read = 1 credited + 0 repeated + 0 refused + 1 voided + 0 unmatched" in answer.out
    assert 4 == len(shop.run("journal", "--actor", "night", "--json").json["rows"])


def test_documented_columns(shop: Terminal):
    """
    The defaults that the help names are those of the library.
    """
    text = shop.run("import-receipts", "--help").out
    columns = Columns()

    for name in (columns.receipt, columns.customer, columns.occurred_at, columns.kind, columns.amount):
        assert f"[default: {name}]" in text
    for word in (columns.sale, columns.cancellation):
        assert f"[default: {word}]" in text


def test_template_of_its_own(shop: Terminal, tmp_path: Path):
    """
    A new template has the goal and the voucher that were asked for.
    """
    sales = [f"R-{number},ann,2026-05-12T08:{number:02}Z,sale,1.00" for number in range(3)]

    shop.run("import-receipts", file_of(tmp_path, *sales), "--template", "tea", "--stamps", "3", "--reward", "A tea")

    card = shop.run("card", "100001", "--json").json
    assert ["A tea"] == [reward["title"] for reward in card["rewards"]]


@pytest.mark.parametrize(
    "options", [["--stamps", "9"], ["--reward", "Gold"], ["--by-amount", "10"]], ids=lambda options: options[0]
)
def test_another_template_than_there_is(shop: Terminal, tmp_path: Path, options: list[str]):
    """
    A template that is there is never quietly taken for another.
    """
    file = file_of(tmp_path, *DAY)
    shop.run("import-receipts", file)

    answer = shop.run("import-receipts", file, *options)

    assert 2 == answer.code
    assert options[0] in answer.err
    assert "stamp-card" in answer.err


def test_bad_rows(shop: Terminal, tmp_path: Path):
    """
    Every bad row is named with line and column; nothing of the file is written, not even a template.
    """
    file = file_of(tmp_path, DAY[0], "R-2,bob,yesterday,sale,5.00", "R-3,,2026-05-12T08:00Z,gift,5.00")

    answer = shop.run("import-receipts", file)

    assert 2 == answer.code
    assert "" == answer.out
    lines = answer.err.splitlines()
    assert lines[0].startswith("stampledger: file: 3 problems")
    assert lines[0].endswith("(invalid_rows)")
    assert [True, True, True] == [
        any(line.startswith(place) for line in lines[1:])
        for place in ("  line 3, occ", "  line 4, cus", "  line 4, kin")
    ]
    assert [] == shop.run("journal", "--json").json["rows"]


def test_many_bad_rows(shop: Terminal, tmp_path: Path):
    """
    A file of nothing but bad rows does not flood the terminal.
    """
    answer = shop.run("import-receipts", file_of(tmp_path, *("R-1,ann,never,sale,1" for _ in range(500))))

    assert 2 == answer.code
    assert 22 == len(answer.err.splitlines())


@pytest.mark.parametrize(
    ("content", "word"), [(b"\xff\xfe\x00", "UTF-8"), (b"a,b\n1,2\n", "columns"), (b"", "columns")], ids=repr
)
def test_no_such_file(shop: Terminal, tmp_path: Path, content: bytes, word: str):
    """
    A file of another kind is refused, and no template is made for it.
    """
    path = tmp_path / "till.csv"
    path.write_bytes(content)

    answer = shop.run("import-receipts", str(path))

    assert 2 == answer.code
    assert word in answer.err


def test_missing_file(shop: Terminal, tmp_path: Path):
    """
    A file that is not there is said so before any database is made.
    """
    answer = shop.run("import-receipts", str(tmp_path / "none.csv"))

    assert 2 == answer.code
    assert "cannot be read" in answer.err
    assert [] == list(tmp_path.iterdir())


def test_interrupted(tmp_path: Path):
    """
    Ctrl-C ends a long import with one sentence and 130; the ledger is sound, and the same command goes on.
    """
    rows = 6_000
    file = file_of(tmp_path, *(f"R-{row},c{row % 500},2026-05-12T08:00:00Z,sale,1.00" for row in range(rows)))
    started = process("import-receipts", file, "--db", "shop.db", directory=tmp_path)
    shop = Terminal(tmp_path / "shop.db")
    deadline = time.monotonic() + 30
    while _entries(shop) < 400:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    started.send_signal(signal.SIGINT)
    answer = finished(started)

    assert 130 == answer.code
    assert 1 == len(answer.err.splitlines())
    assert answer.err.endswith("(interrupted)\n")
    written = _entries(shop)
    assert 400 <= written < rows
    assert 0 == shop.run("verify").code
    again = shop.run("import-receipts", file, "--json").json
    assert rows == again["credited"] + again["repeated"]
    assert 0 < again["repeated"]
    assert 0 == shop.run("verify").code


def test_progress_bar(tmp_path: Path):
    """
    Long work shows on a terminal how far it is; what is piped on is the summary alone.
    """
    pty = pytest.importorskip("pty")
    file = file_of(tmp_path, *DAY)
    ours, theirs = pty.openpty()

    started = process("import-receipts", file, "--db", "shop.db", directory=tmp_path, stderr=theirs, TERM="xterm")
    answer = finished(started)
    os.close(theirs)
    with open(ours, "rb", buffering=0) as screen:
        shown = screen.read(65_536)

    assert b"Importing receipts" in shown
    assert b"5/5" in shown
    assert answer.out.startswith("        5 read\n")


def _entries(shop: Terminal) -> int:
    answer = shop.run("journal", "--limit", "1", "--json")
    rows: list[dict[str, Any]] = answer.json["rows"] if answer.code == 0 else []
    return rows[0]["seq"] if rows else 0


# Cards.

CARDS = (
    "external_id,stamps,number,name,email",
    "a-1,3,113772,Ann,ann@example.com",
    "a-2,0,113773,Bob,",
)


def cards_file(folder: Path, rows: Iterable[str] = CARDS) -> str:
    header, *rest = rows
    return file_of(folder, *rest, header=header, name="cards.csv")


@pytest.fixture
def coffee(shop: Terminal, tmp_path: Path) -> Terminal:
    """A ledger with a template."""
    shop.run("import-receipts", file_of(tmp_path, DAY[0]), "--template", "coffee")
    return shop


def test_import_cards(coffee: Terminal, tmp_path: Path):
    """
    Cards come over once, with number, stamps and person.
    """
    file = cards_file(tmp_path)

    first = coffee.run("import-cards", file, "--source", "old", "--template", "coffee")
    second = coffee.run("import-cards", file, "--source", "old", "--template", "coffee", "--json")

    assert "2 cards imported, 0 imported before\n" == first.out
    assert {"imported": 0, "repeated": 2, "entries": 0} == second.json
    assert {"stamps": 3, "required": 8} == coffee.run("card", "113772", "--json").json["progress"]


def test_import_one_card(coffee: Terminal, tmp_path: Path):
    """
    One card is said to be one; a dry run says what would be imported, and what was.
    """
    options = ("--source", "old", "--template", "coffee")

    first = coffee.run("import-cards", cards_file(tmp_path, CARDS[:2]), *options)
    planned = coffee.run("import-cards", cards_file(tmp_path), *options, "--dry-run")
    told = coffee.run("import-cards", cards_file(tmp_path), *options, "--dry-run", "--json")

    assert "1 card imported, 0 imported before\n" == first.out
    assert "1 card would be imported, 1 imported before; nothing was written\n" == planned.out
    assert {"imported": 0, "repeated": 1, "entries": 0, "planned": 1} == told.json


def test_import_cards_dry_run(coffee: Terminal, tmp_path: Path):
    """
    A dry run checks the file and writes nothing.
    """
    before = coffee.run("export", "-").out

    answer = coffee.run("import-cards", cards_file(tmp_path), "--source", "old", "--template", "coffee", "--dry-run")

    assert (0, "2 cards would be imported, 0 imported before; nothing was written\n") == answer[:2]
    assert before == coffee.run("export", "-").out


def test_import_cards_unknown_template(coffee: Terminal, tmp_path: Path):
    """
    No template is made up for imported cards.
    """
    answer = coffee.run("import-cards", cards_file(tmp_path), "--source", "old", "--template", "tea")

    assert (1, "", "stampledger: no card template 'tea' in this business (template_not_found)\n") == answer
