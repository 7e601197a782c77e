"""
The back office without a mouse: everything is come to by the tabulator key, and every action can be done.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from playwright.sync_api import Page

from stampledger import Ledger
from stampledger.web.deeds import DEEDS
from tests.browser.looking import STOPS_MAX, unreachable
from tests.browser.places import CARD, addresses

FOCUSED = """() => {
  const at = document.activeElement;
  const label = (at.labels && at.labels[0] || at).textContent.trim().replace(/\\s+/g, " ");
  return {label, name: at.name || "", sends: at.type === "submit" && at.form.method === "post"};
}"""

# For each action: whose card, what opens it, and which keys are pressed in which of its fields.
BY_KEYS = {
    "stamp": (CARD, "Add stamp", {"count": "2"}),
    "void": ("100002", "Void", {"scan": "Space"}),
    "redeem": (CARD, "Redeem", {"voucher": "Soup"}),
    "reverse": ("100001", "Reverse Birthday cake", {}),
    "take-back": (CARD, "Take back Soup on the house", {}),
    "play": (CARD, "Play Lucky plate", None),
    "message": (CARD, "Send message", {"text": "See you soon"}),
    "coupon": (CARD, "Issue coupon", {"title": "A cup of tea"}),
    "delete": (CARD, "Delete", {}),
}


def test_everything_in_reach(settled, page):
    """
    On every page the tabulator key comes to whatever can be used, and one sees where it is.
    """
    found = {}
    for address in addresses():
        page.goto(settled(address))
        found[address] = unreachable(page)

    assert {} == {address: told for address, told in found.items() if told}


def tab_to(page: Page, wanted: Callable[[dict[str, Any]], bool]) -> None:
    """Press the tabulator key until what has the focus is as wanted."""
    for _ in range(STOPS_MAX):
        page.keyboard.press("Tab")
        at = page.evaluate(FOCUSED)
        if wanted(at):
            return
    raise AssertionError("not come to")


def named(name: str, at: dict[str, Any]) -> bool:
    return bool(at["name"] == name)


@pytest.mark.parametrize("action", DEEDS)
def test_every_action(office, page, action):
    """
    Every action on a card can be done with the keyboard alone, from the list of cards on.
    """
    number, opens, keys = BY_KEYS[action]
    if action == "play":
        earn_a_draw(office.ledger)
    before = office.ledger.seq
    page.goto(office("/cards"))

    tab_to(page, lambda at: f"#{number}" in at["label"])
    page.keyboard.press("Enter")
    page.locator("#panel").wait_for()
    tab_to(page, lambda at: at["label"].startswith(opens))
    page.keyboard.press("Enter")
    if keys is not None:
        page.locator("#panel .card-form").wait_for()
        for name, typed in keys.items():
            tab_to(page, partial(named, name))
            if typed == "Space":
                page.keyboard.press("Space")
            else:
                page.keyboard.press("ControlOrMeta+a")
                page.keyboard.type(typed)
        tab_to(page, lambda at: at["sends"])
        page.keyboard.press("Enter")

    page.get_by_text("Done. The Journal tells:").wait_for()
    assert before < office.ledger.seq
    assert "anna" == next(iter(office.ledger.journal(limit=1))).actor


def earn_a_draw(ledger: Ledger) -> None:
    """Zoe's card wins its prize draw."""
    ledger.add_stamps(int(CARD), 9)
