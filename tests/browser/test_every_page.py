"""
Every page, as those see it who hear it, who read from right to left, in the dark, or on a telephone.
"""

import pytest

from stampledger.render.languages import LANGUAGES
from tests.browser.looking import sticking_out, violations
from tests.browser.places import addresses, spoken

DESK, TELEPHONE = 1440, 360
LOOKS = [("en", "light", DESK), ("az", "dark", TELEPHONE)]
LONG = ("en", "de", "th", "az")  # Looked at in all states: long words, words without spaces, the other direction.
COLOURS = [("en", "dark"), ("az", "light")]  # What else there is: the same pages in other colours.


@pytest.mark.parametrize(("lang", "scheme", "width"), LOOKS)
def test_no_violation(settled, open_page, lang, scheme, width):
    """
    axe finds nothing on any page, in both directions.
    """
    page, found = open_page(width=width, scheme=scheme), {}
    for address in addresses():
        page.goto(settled(spoken(address, lang)))
        assert LANGUAGES[lang].direction == page.evaluate("() => getComputedStyle(document.body).direction")
        found[address] = violations(page)

    assert {} == {address: told for address, told in found.items() if told}


@pytest.mark.parametrize(("lang", "scheme"), COLOURS)
def test_colours(settled, open_page, lang, scheme):
    """
    Light and dark, every text stands out from what is behind it.
    """
    page, found = open_page(scheme=scheme), {}
    for address in addresses(brief=True):
        page.goto(settled(spoken(address, lang)))
        found[address] = violations(page, "color-contrast")

    assert {} == {address: told for address, told in found.items() if told}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_nothing_sticks_out(settled, open_page, lang):
    """
    On a telephone and at a desk nothing is wider than the window or its box, however long a language's words are.
    """
    page, found = open_page(), {}
    for address in addresses(brief=lang not in LONG):
        page.goto(settled(spoken(address, lang)))
        for width in (DESK, TELEPHONE):
            page.set_viewport_size({"width": width, "height": 900})
            found[address, width] = sticking_out(page)

    assert {} == {place: told for place, told in found.items() if told}
