"""
The instruments: each finds what it is for on a page that has it, so that finding nothing means something.
"""

import pytest
from playwright.sync_api import Page

from tests.browser.looking import sticking_out, stops, unreachable, violations

PAGE = """<!DOCTYPE html><html lang="en"{root}><head><title>A page</title>
<meta name="viewport" content="width=device-width"><style>{style}</style></head>
<body><main><h1>A page</h1>{body}</main></body></html>"""


def shown(page: Page, body: str, *, style: str = "", root: str = "") -> None:
    page.set_content(PAGE.format(body=body, style=style, root=root))


def test_good_page(page):
    """
    On a page that has nothing to object to, nothing is found.
    """
    shown(page, '<p>Hello</p><p><a href="#x">A link</a> <button>Go</button></p><p id="x">There</p>')

    assert [] == violations(page) == sticking_out(page) == unreachable(page)


@pytest.mark.parametrize(
    ("rule", "body"),
    [
        ("image-alt", '<img src="data:," width="9" height="9">'),
        ("button-name", "<button></button>"),
        ("label", '<input type="text">'),
        ("color-contrast", '<p style="color: #bbb; background: #fff">Pale</p>'),
    ],
)
def test_violation(page, rule, body):
    """
    axe is really asked: what is known to be wrong is found.
    """
    shown(page, body)

    assert {rule} == {one.split(" ", 1)[0] for one in violations(page)}


@pytest.mark.parametrize("root", ["", ' dir="rtl"'])
def test_too_wide(page, root):
    """
    What is wider than the window is found in both directions, unless it scrolls in a box of its own.
    """
    wide = '<p class="wide">Wide</p>'
    style = ".wide { inline-size: 3000px } .box { overflow-x: auto }"
    shown(page, wide, style=style, root=root)

    assert sticking_out(page)

    shown(page, f'<div class="box" tabindex="0">{wide}</div>', style=style, root=root)

    assert [] == sticking_out(page)


def test_cut_off(page):
    """
    A word that does not fit into its box is found, though the page is not wider for it.
    """
    shown(page, '<p class="narrow">Stempelkartenaussteller</p>', style=".narrow { inline-size: 3em; overflow: hidden }")

    assert ['wider than its box: <p class="narrow"> Stempelkartenaussteller'] == sticking_out(page)


def test_order_of_stops(page):
    """
    The tabulator key is really pressed, and leads through a page in its order.
    """
    shown(page, '<a href="#a">One</a> <button tabindex="-1">Never</button> <label>Two <input name="two"></label>')

    assert ["<a> One", "<input> two"] == [stop.told for stop in stops(page)]


def test_out_of_reach(page):
    """
    What can only be reached with a mouse, or does not show that it is reached, is found.
    """
    shown(page, '<button class="plain">Unseen</button>', style="button:focus { outline: none }")

    assert ["not seen to have the focus: <button> Unseen"] == unreachable(page)

    shown(page, '<button onfocus="this.blur()">Shy</button>')

    assert ["passed over: <button> Shy"] == unreachable(page)
