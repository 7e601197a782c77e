"""
Cards from another system, out of a CSV file: all rows are checked first, each is imported once, every bad row is named.
"""

from io import StringIO
from typing import Any

import pytest

from stampledger import Batch, InvalidInput, InvalidRows, TemplateNotFound, events
from tests.ledger.shop import Shop, at, stamps, the

HEADER = "external_id,stamps,number,name,email,birthday,language,issued_at"
GOOD = f"""{HEADER}
A-1,5,,Anna,anna@example.com,1990-02-28,ko,2023-05-01T10:00:00+02:00
A-2,0,113772,,,,,
"A,3",7,,Bo,,,,
"""


def imported(shop: Shop, text: str, **options: Any) -> Batch:
    return shop.ledger.import_cards(StringIO(text), **{"source": "old", "template": "free-coffee", **options})


def test_opening_balances(shop: Shop):
    """
    Each row is a card with its progress, its number and its customer; the import is the way it came.
    """
    shop.template()

    batch = imported(shop, GOOD, actor="boss")

    cards = shop.ledger.cards(after=0).rows[::-1]
    assert (3, 5) == (len(batch.scans), batch.entries_count)
    assert [("A-2", 113_772), ("A-1", 113_773), ("A,3", 113_774)] == [
        (shop.ledger.history(card.id)[0].event.external_id, card.number)  # type: ignore[attr-defined]
        for card in cards
    ]
    assert ["0/8", "5/8", "7/8"] == [str(card.progress) for card in cards]
    anna = the(cards[1].customer)
    assert ("Anna", "anna@example.com", "ko") == (anna.name, anna.email, anna.language)
    assert {("boss", "import")} == {(row.actor, row.channel) for row in shop.ledger.journal(card=cards[0].id)}
    assert "2023-05-01 08:00:00+00:00" == str(cards[1].issued_at)
    assert () == shop.ledger.verify().faults


def test_imported_twice(shop: Shop):
    """
    A row is imported once per system and id; another system's ids are its own.
    """
    shop.template()
    imported(shop, GOOD)
    before = shop.head

    again = imported(shop, GOOD)
    more = imported(shop, GOOD + "A-4,1,,,,,,\n")

    assert again.repeated and 3 == again.skipped
    assert (1, 3, before + 1) == (len(more.scans), more.skipped, shop.head)
    assert 3 == len(imported(shop, GOOD.replace("113772", ""), source="older").scans)


def test_goal_after_an_import(shop: Shop):
    """
    An imported card goes on from its opening balance, and its first goal gives its reward.
    """
    shop.template()
    imported(shop, GOOD)

    scan = shop.ledger.add_stamps(113_774, 2)

    assert ["StampAdded", "GoalReached", "VoucherIssued"] == [type(event).__name__ for event in scan.events]
    assert "1/8" == str(scan.card.progress)


def test_dry_run(shop: Shop):
    """
    A dry run checks everything, says how many cards it would import, and writes nothing.
    """
    shop.template()
    imported(shop, "".join(GOOD.splitlines(keepends=True)[:2]))
    before = shop.dump()

    planned = imported(shop, GOOD, dry_run=True)

    assert planned.repeated and (2, 1, 0) == (planned.planned, planned.skipped, planned.entries_count)
    with pytest.raises(InvalidRows):
        imported(shop, GOOD + "A-9,99,,,,,,\n", dry_run=True)

    assert before == shop.dump()


def test_every_bad_row(shop: Shop):
    """
    Every bad row is named with its line, its column, its value and the reason, and nothing of the file is imported.
    """
    shop.template()
    imported(shop, GOOD)
    before = shop.dump()
    bad = f"""{HEADER}
B-1,8,,,,,,
B-2,x,,,,,,
,1,,,,,,
B-3,,,,,,,
B-4,1,113772,,,,,
B-5,1,0,,,,,
B-6,1,5,,,,,
B-7,1,5,,,,,
B-7,1,,,,,,
B-8,1,,Bo,bo-example,,,
B-9,1,,Bo,,29.02.1990,,
B-10,1,,,bo@example.com,,,
B-11,1,,Bo,,,no_language,
B-12,1,,,,,,yesterday
B-13,1
A-1,6,,,,,,
B-14,1,,Bo\x00,,,,
B-15,-1,,,,,,
"B
16",1,,,,,,
"""

    with pytest.raises(InvalidRows) as refused:
        imported(shop, bad)

    assert [
        (2, "stamps", "8", "must be from 0 to 7"),
        (3, "stamps", "x", "cannot be read as what this column holds"),
        (4, "external_id", "", "must not be empty"),
        (5, "stamps", "", "must not be empty"),
        (6, "number", "113772", "is another card's number"),
        (7, "number", "0", "must be from 1 to 1000000000000"),
        (9, "number", "5", "stands twice in the file"),
        (10, "external_id", "B-7", "stands twice in the file"),
        (11, "email", "bo-example", "must be an e-mail address"),
        (12, "birthday", "29.02.1990", "cannot be read as what this column holds"),
        (13, "name", "", "must not be empty where an e-mail or birthday is given"),
        (14, "language", "no_language", "must be a language tag, like en or pt-BR"),
        (15, "issued_at", "yesterday", "cannot be read as what this column holds"),
        (16, "(row)", "2", "must have 8 cells"),
        (17, "stamps", "6", "was imported before with another number of stamps"),
        (18, "name", "Bo\x00", "must not contain control characters or lone surrogates"),
        (19, "stamps", "-1", "must be from 0 to 7"),
        (21, "external_id", "B\n16", "must not contain control characters or lone surrogates"),
    ] == sorted((row.line, row.column, row.value, row.reason) for row in refused.value.rows)
    assert "line 2, stamps: must be from 0 to 7, not '8'" in str(refused.value)
    assert before == shop.dump()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "columns missing"),
        ("stamps\n1\n", "columns missing: .'external_id'"),
        ("external_id,stamps,colour\n", "unknown: .'colour'"),
        ("external_id,stamps,stamps\n", "each once"),
        ('external_id,stamps\n"1,2\n', "CSV file"),
        ("external_id,stamps\n" + "1" * 200_000 + ",2\n", "CSV file"),
    ],
)
def test_no_such_file(shop: Shop, text: str, reason: str):
    """
    A file that is none, or has other columns, is refused as a whole.
    """
    shop.template()
    before = shop.head

    with pytest.raises(InvalidInput, match=reason):
        imported(shop, text)

    assert before == shop.head


def test_files(shop: Shop, tmp_path):
    """
    A file is read by its path, with or without a byte order mark; one that is not there or not UTF-8 is named.
    """
    shop.template()
    (tmp_path / "good.csv").write_text(GOOD, encoding="utf-8-sig")
    (tmp_path / "bad.csv").write_bytes(b"external_id,stamps\n\xff,1\n")

    for name in ("none.csv", "bad.csv", "."):
        with pytest.raises(InvalidInput, match=r"cannot be read|UTF-8"):
            shop.ledger.import_cards(tmp_path / name, source="old", template="free-coffee")

    assert 3 == len(shop.ledger.import_cards(tmp_path / "good.csv", source="old", template="free-coffee").scans)
    assert 0 == len(shop.ledger.import_cards(str(tmp_path / "good.csv"), source="old", template="free-coffee").scans)


def test_unknown_template(shop: Shop):
    """
    Cards of an unknown template are not imported.
    """
    with pytest.raises(TemplateNotFound):
        imported(shop, GOOD)

    assert 0 == shop.head


def test_numbers_given_and_made(shop: Shop):
    """
    Numbers that are made for rows without one never take a number that another row brings.
    """
    shop.template()
    rows = "".join(f"M-{place},1,\nN-{place},1,{100_001 + place}\n" for place in range(300))

    batch = imported(shop, "external_id,stamps,number\n" + rows)

    assert 600 == len(batch.scans) == len({card.number for card in shop.ledger.cards(limit=1000)})
    assert {100_001 + place for place in range(300)} < {card.number for card in shop.ledger.cards(limit=1000)}


def test_interrupted_import_goes_on(shop: Shop):
    """
    An import that was interrupted is simply run again.
    """
    shop.template()
    rows = "external_id,stamps\n" + "".join(f"{number},{number % 8}\n" for number in range(450))

    def progress(done: int, total: int) -> None:
        if done >= 200:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        imported(shop, rows, progress=progress)
    rest = imported(shop, rows)

    assert (250, 200) == (len(rest.scans), rest.skipped)
    told = [entry.event for entry in shop.ledger.entries() if isinstance(entry.event, events.CardImported)]
    assert [str(number) for number in range(450)] == sorted((event.external_id for event in told), key=int)
    assert "1/8" == stamps(shop.ledger, 100_002)
    assert at() == told[0].at and "old" == told[0].source
