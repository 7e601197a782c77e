"""
Whatever a name is made of, it is only shown: no command lets it give the terminal an order, on a screen or in a pipe.
"""

import csv
import io
import json
import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stampledger import InvalidInput, Ledger
from stampledger.cli import tables
from stampledger.cli.harmless import harmless
from stampledger.cli.output import ESCAPED, harmless_cell
from tests.cli import strangers
from tests.cli.screen import STYLE, shown
from tests.cli.strangers import ORDERS, open_shop
from tests.cli.terminal import Terminal

SHOWN = "␛[31mSoup␛]0;owned␇�2J␛[8m"
TURNS = "\u2028\u2029\u202a\u202b\u202c\u202d\u202e"
ALLOWED = "\r\n\t"

LOOKING = (
    ("journal", "--limit", "100"),
    ("journal", "--limit", "100", "--csv"),
    ("journal", "--limit", "100", "--json"),
    ("cards",),
    ("cards", "--csv"),
    ("cards", "--json"),
    ("card", "{turned}"),
    ("card", "{turned}", "--csv"),
    ("card", "{turned}", "--json"),
    ("history", "{turned}"),
    ("history", "{turned}", "--csv"),
    ("history", "{turned}", "--json"),
    ("view", "{turned}"),
    ("view", "{turned}", "--json"),
    ("view", "{turned}", "--at", "39", "--now"),
    ("why", "R-turned"),
    ("why", "R-turned", "--json"),
    ("explain", "{voucher}"),
    ("explain", "{voucher}", "--json"),
)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A shop of strangers, their card numbers, and a voucher whose title is made of orders."""
    file = tmp_path_factory.mktemp("strangers") / "shop.db"
    names = {who: str(number) for who, number in open_shop(file).items()}
    card = Terminal(file, strangers.BUSINESS).run("card", names["turned"], "--json").json
    names["voucher"] = next(reward["id"] for reward in card["rewards"] if reward["title"] == ORDERS)
    return file, names


def orders(text: str) -> list[str]:
    """What of a text a terminal would obey."""
    return [
        letter for letter in text if (unicodedata.category(letter) == "Cc" and letter not in ALLOWED) or letter in TURNS
    ]


@pytest.mark.parametrize("arguments", [*LOOKING, ("verify",)], ids=" ".join)
def test_in_a_pipe(shop: tuple[Path, dict[str, str]], arguments: tuple[str, ...]):
    """
    What a command writes holds no order, though it may be shown on a terminal by whoever reads it.
    """
    file, names = shop

    answer = Terminal(file, strangers.BUSINESS).run(*(argument.format(**names) for argument in arguments))

    assert answer.code in (0, 3), answer.err
    assert [] == orders(answer.out + answer.err)


@pytest.mark.parametrize("width", [40, 120])
@pytest.mark.parametrize("arguments", LOOKING, ids=" ".join)
def test_on_a_screen(shop: tuple[Path, dict[str, str]], arguments: tuple[str, ...], width: int):
    """
    What arrives at a terminal holds no orders but the colours of the command's own.
    """
    file, names = shop
    ledger = ("--db", str(file), "--business", strangers.BUSINESS)

    found = shown(*(argument.format(**names) for argument in arguments), *ledger, width=width)

    assert found.code in (0, 3), found.raw
    assert [] == orders(STYLE.sub("", found.raw))
    assert "\x1b[8m" not in found.raw


def test_orders_are_there(shop: tuple[Path, dict[str, str]]):
    """
    The shop's words are such that the tests above mean something; they are shown, and not left out.
    """
    file, names = shop
    terminal = Terminal(file, strangers.BUSINESS)

    page = terminal.run("journal", "--card", names["turned"], "--json").json

    assert {ORDERS} <= {title for row in page["rows"] for title in row["rewards"]}
    assert {ORDERS} <= {row["actor"] for row in page["rows"]}
    assert orders(strangers.STRANGERS["turned"])
    for command in ("card", "history", "view"):
        assert SHOWN in terminal.run(command, names["turned"]).out.replace("\n", ""), command
    assert "Mallory" in terminal.run("cards").out


def test_orders_are_refused(tmp_path: Path):
    """
    Such words get into a ledger only past the library, which takes none of them.
    """
    with Ledger.open(f"sqlite:///{tmp_path / 'shop.db'}", business="shop") as ledger, pytest.raises(InvalidInput):
        ledger.register_customer(name=ORDERS)


def test_markup(shop: tuple[Path, dict[str, str]]):
    """
    A name that looks like the markup of the drawings is shown as it is.
    """
    file, names = shop
    terminal = Terminal(file, strangers.BUSINESS)
    name = strangers.STRANGERS["markup"]

    for command in (
        ("card", names["markup"]),
        ("view", names["markup"]),
        ("cards",),
        ("journal", "--search", "markup"),
    ):
        assert name in re.sub(r"\s+", " ", terminal.run(*command).out), command
    drawn = shown("card", names["markup"], "--db", str(file), "--business", strangers.BUSINESS, width=80)
    assert name in drawn.text


def test_error(terminal: Terminal):
    """
    What somebody typed is no order in the sentence that refuses it.
    """
    for arguments in (
        ("why", ORDERS),
        ("card", ORDERS),
        ("journal", "--template", ORDERS),
        ("journal", "--at", ORDERS),
    ):
        answer = terminal.run(*arguments)

        assert 0 != answer.code
        assert [] == orders(answer.err)


@given(st.text())
def test_any_text(text: str):
    """
    Text that gives no orders stays what it is, but for what turns the direction; any other becomes such text.
    """
    told = harmless(text)

    assert [] == orders(told.replace("\n", "").replace("\t", ""))
    assert "\r" not in told
    assert told == harmless(told)
    if not orders(text) and "\r" not in text:
        assert text == told
    assert told.translate(dict.fromkeys(range(0x2066, 0x206A))) == tables.words(text).plain


@given(st.text())
def test_any_json(text: str):
    """
    What JSON escapes for the terminal's sake, it says all the same.
    """
    written = json.dumps(text, ensure_ascii=False).translate(ESCAPED)

    assert [] == orders(written)
    assert text == json.loads(written)


@given(st.text())
def test_any_cell(text: str):
    """
    A cell of CSV gives no orders, and is one cell.
    """
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow([harmless_cell(text), "end"])

    assert [] == orders(out.getvalue())
    assert "end" == next(csv.reader(io.StringIO(out.getvalue(), newline="")))[1]
