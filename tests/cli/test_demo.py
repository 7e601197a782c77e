"""
The demonstration shows what it promises, is the same each time, and can be run again.
"""

from pathlib import Path

import pytest
from rich.cells import cell_len

from stampledger.demo import BUSINESS, OPENING, Outcome, Supplies, play, rows
from stampledger.ledger import Ledger
from tests.cli.terminal import Answer, Terminal, finished, process

SHOWN = {
    "a card is issued": "card issued 0/8",
    "stamps by receipt": "stamp Mia coffee R-1001 1",
    "a retried receipt": "repeated: answered as entry 10 was",
    "a refused receipt": "refused: the code R-1002 was already used",
    "a limit": "refused: a day may bring at most 8 stamps",
    "several goals at once": "stamp added 6/9, goal reached 3/9, voucher issued Free cookie, goal reached 6/9",
    "a voucher is redeemed": "voucher redeemed Free cookie",
    "a second redemption is refused": "refused: the voucher Free coffee was already redeemed",
    "a lottery is granted": "lottery granted Lucky plate",
    "a lottery is played": "lottery played Lucky plate: ",
    "a birthday": "birthday reached, voucher issued Birthday cake",
    "a campaign": "campaign sent, voucher issued Cake, two for one",
    "a coupon": "voucher issued Soup on the house",
    "a void that leaves what was redeemed": "stamp voided 0/9 Free cookie (redeemed)",
    "a void that takes a voucher back": "voucher voided Free soup",
    "the Journal": "ID Type Date & Time Code Stamps Rewards Card Template User",
    "a history": "The history of card #100003, Zoe's",
    "what was seen then": "[ Stamps added: 6 ]",
    "what is seen now": "│ └ Redeemed at: 12 May 2026, 11:55",
    "why": "it was refused 2 stamps on card 100001 (code_already_used)",
    "verify": "verify: 51 entries, chained and replayed: no fault.",
}


def squeezed(text: str) -> str:
    return " ".join(text.split())


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Answer:
    """What `make demo` prints, in a process of its own."""
    directory = tmp_path_factory.mktemp("demo")
    return finished(
        process(
            "demo", "--db", "demo.db", "--out", "page.html", directory=directory, COLUMNS="200", TMPDIR=str(directory)
        )
    )


@pytest.mark.parametrize("wanted", SHOWN.values(), ids=SHOWN)
def test_shows(shown: Answer, wanted: str):
    """
    Everything the demonstration promises is in what it prints.
    """
    assert wanted in squeezed(shown.out)


def test_ends_well(shown: Answer):
    """
    It ends with 0 and says nothing on stderr.
    """
    assert (0, "") == (shown.code, shown.err)


@pytest.mark.parametrize("width", ["80", "120"])
def test_fits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, width: str):
    """
    Nothing but an address or a hash is wider than a usual terminal, and nothing is cut off.
    """
    monkeypatch.setenv("COLUMNS", width)
    monkeypatch.chdir(tmp_path)

    answer = Terminal().run("demo", "--db", "demo.db")

    too_long = [line for line in answer.out.splitlines() if cell_len(line) > int(width)]
    assert [True] * len(too_long) == [line.startswith(("verify:", "  export", "The page")) for line in too_long]
    assert "…" not in answer.out


def test_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """
    Run again on the same database, it writes nothing and shows the same ledger.
    """
    monkeypatch.chdir(tmp_path)
    first = Terminal().run("demo", "--db", "demo.db")
    page = (tmp_path / "customer.html").read_bytes()

    second = Terminal().run("demo", "--db", "demo.db")

    assert (0, 0) == (first.code, second.code)
    assert first.out.split("The Journal")[1] == second.out.split("The Journal")[1]
    assert page == (tmp_path / "customer.html").read_bytes()


def test_default_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """
    Without options it works in a new folder each time, and says where; no other file is touched.
    """
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.chdir(tmp_path)

    answers = [Terminal().run("demo") for _ in range(2)]

    folders = sorted(tmp_path.iterdir())
    assert 2 == len(folders)
    for folder in folders:
        assert {"shop.db", "customer.html"} == {path.name for path in folder.iterdir()}
        assert any(str(folder / "customer.html") in answer.out for answer in answers)


def test_same_to_the_last_byte(played: Path, shown: Answer):
    """
    The day is the same on every machine: even the chain's head.
    """
    head = Terminal(played, BUSINESS).run("verify", "--json").json["head"]

    assert f"Head {head}" in shown.out


def test_interrupted_day(tmp_path: Path):
    """
    A day that broke off goes on, and ends as one that did not.
    """
    supplies = Supplies(OPENING)
    with Ledger.open(
        f"sqlite:///{tmp_path / 'shop.db'}",
        business=BUSINESS,
        clock=supplies.clock,
        random=supplies.random,
        ids=supplies.id,
    ) as ledger:
        day = play(ledger, supplies)
        for _ in range(20):
            next(day)

        steps = list(play(ledger, supplies))

        assert len(list(rows())) == len(steps)
        assert {Outcome.DONE} == {step.outcome for step in steps if step.row.verb == "void"}
        assert 51 == ledger.seq
        assert () == ledger.verify().faults


def test_somebody_elses_ledger(tmp_path: Path):
    """
    The day is not played into a real shop's ledger.
    """
    path = tmp_path / "shop.db"
    with Ledger.open(f"sqlite:///{path}", business=BUSINESS) as ledger:
        ledger.register_customer(name="Real")

    answer = Terminal().run("demo", "--db", str(path))

    assert 2 == answer.code
    assert "must be empty, or hold this very day" in answer.err
    assert 1 == len(Terminal(path, BUSINESS).run("journal", "--json").json["rows"])


def test_environment_is_left_alone(tmp_path: Path, database: Path, monkeypatch: pytest.MonkeyPatch):
    """
    The demonstration never goes into the ledger that the environment names.
    """
    monkeypatch.setenv("STAMPLEDGER_DB", str(tmp_path / "real.db"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    assert 0 == Terminal().run("demo").code
    assert not (tmp_path / "real.db").exists()
