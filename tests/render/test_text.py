"""
The page as text, and two of them beside each other.
"""

import re
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stampledger.errors import InvalidInput
from stampledger.render import compare, customer_page
from stampledger.render.languages import LANGUAGES
from stampledger.render.side_by_side import cells, wrapped
from stampledger.render.text import PANELS_MAX
from tests.render.pages import card, goal_reached, redeemed, refused, reward, view


def test_goal_reached():
    """
    The page as text holds what the page holds.
    """
    text = customer_page(goal_reached()).text()

    assert text == (
        "Blue Cup\n"
        "Free Coffee · #113772\n"
        "Anna\n"
        "\n"
        "[ Stamps added: 2 ]\n"
        "★ Congratulations! You've unlocked your voucher!\n"
        "\n"
        "■■■■■■■★  8/8\n"
        "  8: Free coffee ✓\n"
        "Next reward: Free coffee (8 to go)\n"
        "\n"
        "┌ Free coffee\n"
        "│ Any size, to drink here or to take away.\n"
        "│ Redeem code: FREECOFFEE\n"
        "└ Valid until: 11 June 2026\n"
        "\n"
        "┌ Free coffee\n"
        "│ Any size, to drink here or to take away.\n"
        "│ Redeem code: FREECOFFEE\n"
        "└ Redeemed at: 13 May 2026, 11:07\n"
        "\n"
        "Every stamp counts.\n"
        "As of: 12 May 2026, 11:07\n"
    )


def test_refused():
    """
    A refusal is told with its reason and when to try again.
    """
    text = customer_page(refused()).text()

    assert (
        "! No stamp was added\n"
        "  4 stamps a day are allowed; the next from 2026-05-12 22:00 UTC\n"
        "  Try again from: 13 May 2026, 00:00\n"
        "\n"
        "■■□□□□□☆  2/8\n"
    ) in text


def test_large_card():
    """
    A card too large for boxes shows a bar.
    """
    text = customer_page(view(card=card(437, 1000), goals=((1000, "Trip"),))).text()

    assert "■■■■■■■■□□□□□□□□□□□□  437/1,000" in text


def test_many_vouchers():
    """
    Of very many rewards the first are shown.
    """
    text = customer_page(view(vouchers=tuple(reward(number) for number in range(1, 1001)))).text()

    assert PANELS_MAX == text.count("┌")
    assert f"Earlier rewards not shown: {1000 - PANELS_MAX}" in text


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch):
    """
    The text needs nothing but the library; days are then as ISO 8601 has them.
    """
    for module in ("icu4py", "icu4py.messageformat", "jinja2", "zxingcpp"):
        monkeypatch.setitem(sys.modules, module, None)

    assert "Redeemed at: 2026-05-13, 11:07" in customer_page(view(vouchers=(redeemed(),))).text()


def gap(row: str, column: int) -> int:
    """Where the line between the columns stands in a row: not the first one, if a voucher's frame is in front of it."""
    return next(found.start() for found in re.finditer(" │( |$)", row) if column <= cells(row[: found.start()]))


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("width", [24, 60, 101])
def test_two_pages(lang: str, width: int):
    """
    Both columns are equally wide in every script, and no line leaves its column.
    """
    column = (width - 3) // 2

    rows = compare(customer_page(goal_reached(), lang), customer_page(refused(), lang), width).splitlines()

    assert all(column == cells(row[: gap(row, column)]) for row in rows)
    assert all(cells(row) <= 2 * column + 3 for row in rows)


def test_what_stands_in_the_columns():
    """
    Each column begins with the moment it shows; the first page stands first.
    """
    then, now = customer_page(view(), "ko"), customer_page(view(card=card(3)), "ko")

    rows = compare(then, now, 80).splitlines()

    moment = "기준: 2026년 5월 12일 11:07"
    assert f"{moment}{' ' * (38 - cells(moment))} │ {moment}" == rows[0]
    assert any("■■□□□□□☆  2/8" in row and "■■■□□□□☆  3/8" in row for row in rows)


def test_no_room_for_two_columns():
    """
    A width without room for two columns is refused.
    """
    with pytest.raises(InvalidInput, match="width: must be at least 24, not 23"):
        compare(customer_page(view()), customer_page(view()), 23)


@pytest.mark.parametrize(
    ("text", "width"), [("abc", 3), ("스탬프", 6), ("ร้านกาแฟ", 7), ("e\u0301", 1), ("\u2068ab\u2069", 2), ("مؤهور", 5)]
)
def test_cells(text: str, width: int):
    """
    Korean letters take two cells; marks above or below a letter, and invisible ones, take none.
    """
    assert width == cells(text)


@given(st.text(st.sampled_from("ab 커피ก้ำé́ \u2068"), max_size=60), st.integers(2, 12))
def test_wrapping(text: str, width: int):
    """
    Lines fit, and hold every letter in its order.
    """
    lines = list(wrapped(text, width))

    assert all(cells(line) <= width for line in lines)
    assert "".join(text.split()) == "".join("".join(lines).split())
