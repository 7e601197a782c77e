"""
Commands that only look: what they show, in each form, as of now and of then.
"""

import csv
import io
import re
from pathlib import Path

import pytest
from rich.cells import cell_len

from stampledger import codec
from stampledger.cli import tables
from tests.cli.terminal import Answer, Terminal

ZOE = "100003"
SCAN = "17"  # Zoe's six stamps, which reached two goals …
SCAN_END = "21"
COLUMNS = ["ID", "Type", "Date & Time", "Code", "Stamps", "Rewards", "Card Template", "User"]


def rows(answer: Answer) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.out)))


# The Journal.


def test_journal_table(terminal: Terminal):
    """
    The Journal has exactly the columns of the page "Card Events", newest first, each type with its icon.
    """
    answer = terminal.run("journal", "--card", ZOE, "--limit", "3")

    header, first, *_ = answer.out.splitlines()
    assert " ".join(COLUMNS) == " ".join(header.split())
    assert ["45", "🎁", "voucher", "issued", "2026-05-12", "15:00:00"] == first.split()[:6]
    assert "zoe@example.com" in answer.out
    assert "3 entries, times in UTC; older: --before 35\n" == answer.err


def test_every_kind_has_an_icon():
    """
    No type of entry is shown without an icon.
    """
    assert set(codec.SHORT_NAMES) == set(tables.ICONS)


def test_unknown_kind_has_a_sign():
    """
    A kind without an icon of its own is shown all the same.
    """
    assert "• card opened" == tables.kind("card_opened").plain


@pytest.mark.parametrize("width", ["80", "120", "200"])
def test_journal_fits_the_terminal(terminal: Terminal, monkeypatch: pytest.MonkeyPatch, width: str):
    """
    No line is wider than the terminal, and nothing of a cell is cut off.
    """
    monkeypatch.setenv("COLUMNS", width)

    answer = terminal.run("journal", "--limit", "100")

    assert max(map(cell_len, answer.out.splitlines())) <= int(width)
    assert "…" not in answer.out
    assert 9 == answer.out.count("mia@example.com")


def test_journal_json(terminal: Terminal):
    """
    JSON is one document: the rows with their events, and the cursors.
    """
    page = terminal.run("journal", "--code", "R-1003", "--json").json

    assert [35, 17] == [row["seq"] for row in page["rows"]]
    assert [None, None] == [page["next"], page["previous"]]
    added = page["rows"][1]
    assert {"stamps": 6, "required": 9} == added["progress"]
    assert "Zoe" == added["customer"]["name"]
    assert {"kind": "card.stamp_added.v1", "count": 6, "progress": 6, "stamps_required": 9, "goal_index": 2} == added[
        "event"
    ]
    assert "2026-05-12T11:50:00Z" == added["at"]


def test_journal_json_shows_personal_data(terminal: Terminal):
    """
    Whoever may read the Journal reads the people in it.
    """
    page = terminal.run("journal", "--kind", "customer_registered", "--search", "mia", "--json").json

    assert "1990-05-12" == page["rows"][0]["event"]["person"]["birthday"]


def test_journal_csv(terminal: Terminal):
    """
    CSV has one line a row, and a header that does not change with the terminal.
    """
    found = rows(terminal.run("journal", "--code", "R-1003", "--csv"))

    assert ["stamp_voided", "stamp_added"] == [row["type"] for row in found]
    assert ("17", "6/9", "Zoe", ZOE, "till-1", "receipt") == tuple(
        found[1][name] for name in ("id", "stamps", "user", "card", "actor", "channel")
    )


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--search", "MIA@"], 9),
        (["--kind", "stamp_added", "--kind", "stamp_rejected"], 10),
        (["--template", "beans"], 4),
        (["--actor", "kiosk"], 5),
        (["--channel", "kiosk"], 5),
        (["--since", "2026-05-12T15:30Z"], 2),
        (["--until", "2026-05-12T07:40+00:00"], 4),
        (["--card", f"#{ZOE}"], 11),
        (["--before", "10"], 9),
        (["--after", "50"], 1),
        (["--at", "12"], 12),
        (["--at", "2026-05-12T08:02:30Z"], 6),
    ],
)
def test_journal_filters(terminal: Terminal, options: list[str], expected: int):
    """
    Each filter of the library is an option.
    """
    page = terminal.run("journal", *options, "--limit", "1000", "--json").json

    assert expected == len(page["rows"])


def test_journal_pages(terminal: Terminal):
    """
    The cursors lead through the whole Journal, each entry once.
    """
    seqs: list[int] = []
    before: list[str] = []
    while True:
        page = terminal.run("journal", "--limit", "20", *before, "--json").json
        seqs += [row["seq"] for row in page["rows"]]
        if page["next"] is None:
            break
        before = ["--before", str(page["next"])]

    assert list(range(51, 0, -1)) == seqs


# Cards.


def test_cards(terminal: Terminal):
    """
    The issued cards are listed, the highest number first, with progress and platform.
    """
    answer = terminal.run("cards")

    assert ["#100005", "#100004", "#100003", "#100002", "#100001"] == [
        line.split()[0] for line in answer.out.splitlines()[1:] if line.startswith("#")
    ]
    assert "0/9" in answer.out
    assert "🍏 apple" in answer.out


def test_cards_search(terminal: Terminal):
    """
    Cards are found by a part of the e-mail, and listed as of a moment.
    """
    found = rows(terminal.run("cards", "--search", "zoe@", "--at", SCAN, "--csv"))

    assert [(ZOE, "6", "9", "apple")] == [
        (row["id"], row["progress"], row["stamps_required"], row["platform"]) for row in found
    ]


def test_card(terminal: Terminal):
    """
    A card is shown with its rewards as they stood at the moment asked about.
    """
    then = terminal.run("card", ZOE, "--at", SCAN_END)
    now = terminal.run("card", ZOE)

    assert "#100003 - Zoe" in then.out
    assert "6/9 • 66%" in then.out
    assert 2 == len(re.findall(r"active +goal", then.out))
    assert "0/9 • 0%" in now.out
    assert ["voided", "redeemed"] == [word for word in now.out.split() if word in ("voided", "redeemed")]


def test_card_by_id(terminal: Terminal):
    """
    A card is known by its number, with or without #, and by its id.
    """
    found = terminal.run("card", ZOE, "--json").json

    assert found == terminal.run("card", f"#{ZOE}", "--json").json
    assert found == terminal.run("card", found["id"], "--json").json
    assert ZOE == rows(terminal.run("card", ZOE, "--csv"))[0]["id"]


def test_history(terminal: Terminal):
    """
    A card's log is shown oldest first, with who wrote each entry.
    """
    answer = terminal.run("history", ZOE)
    found = terminal.run("history", ZOE, "--json").json

    assert [15, 16, 17, 18, 19, 20, 21, 22, 35, 36, 45] == [row["seq"] for row in found["rows"]]
    assert "till-1 (receipt)" in answer.out
    assert 11 == len(rows(terminal.run("history", ZOE, "--csv")))


# The customer's page, and why.


def test_view_at_a_scan(terminal: Terminal):
    """
    As of a scan, the page has that scan's popup and congratulation.
    """
    then = terminal.run("view", ZOE, "--at", SCAN_END)
    now = terminal.run("view", ZOE)

    assert "[ Stamps added: 6 ]" in then.out
    assert "Congratulations! You've unlocked your voucher!" in then.out
    assert "Stamps added" not in now.out
    assert 6 == terminal.run("view", ZOE, "--at", SCAN_END, "--json").json["stamps_added"]


def test_view_html(terminal: Terminal, tmp_path: Path):
    """
    The page is written as HTML, in the language asked for; - is stdout.
    """
    file = tmp_path / "page.html"

    answer = terminal.run("view", ZOE, "--at", SCAN_END, "--lang", "ko", "--html", str(file))

    assert (0, f"The page was written to {file}\n", "") == answer
    written = file.read_text(encoding="utf-8")
    assert 'lang="ko"' in written
    assert written == terminal.run("view", ZOE, "--at", SCAN_END, "--lang", "ko", "--html", "-").out


def test_why(terminal: Terminal):
    """
    What became of a code is told in sentences, and as data.
    """
    answer = terminal.run("why", "R-1002")

    assert "it gave 2 stamps" in answer.out
    assert "it was refused 2 stamps on card 100001 (code_already_used)" in answer.out
    assert [10, 11] == [entry["seq"] for entry in terminal.run("why", "R-1002", "--json").json["entries"]]


def test_explain(terminal: Terminal):
    """
    Why a voucher was given, and what became of it, is told in sentences.
    """
    vouchers = terminal.run("card", ZOE, "--json").json["rewards"]
    soup = next(voucher["id"] for voucher in vouchers if voucher["title"] == "Free soup")

    answer = terminal.run("explain", soup)

    assert "reached the goal of 6 stamps" in answer.out
    assert "was taken back because the stamps of scan 17 were voided" in answer.out
