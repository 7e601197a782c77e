"""
Somebody new at the back office: every link leads somewhere, a question is answered in three clicks, a form acts once.
"""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urljoin, urlsplit

import attrs
import pytest

from tests.browser.places import CARD, addresses
from tests.web.shop import MOUNTED


class Links(HTMLParser):
    """What a page leads to, draws with, and where it can be jumped to."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.drawn: list[str] = []
        self.places: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        if told.get("id"):
            self.places.add(str(told["id"]))
        if tag in ("a", "link") and told.get("href"):
            self.links.append(str(told["href"]))
        if tag in ("script", "img", "iframe") and told.get("src"):
            self.links.append(str(told["src"]))
        if tag == "use":
            self.drawn.append(str(told["href"]))


def kind_of(address: str) -> tuple[str, frozenset[str]]:
    """What makes two addresses alike: the same page, asked with the same parameters."""
    parts = urlsplit(address)
    return re.sub(r"\d+", "N", parts.path), frozenset(name for name, _ in parse_qsl(parts.query))


def walk(page, start: str) -> Iterator[tuple[str, str, int, Links]]:
    """Follow every kind of link from a page on; answers where each stood, its address, status and what is there."""
    waiting, seen = [("", start)], {kind_of(start)}
    while waiting:
        stood, address = waiting.pop(0)
        answer = page.request.get(address)
        is_page = "html" in answer.headers.get("content-type", "")
        found = Links(answer.text() if is_page else "")
        yield stood, address, answer.status, found
        for link in found.links:
            other = urljoin(answer.url, link)
            if kind_of(other) not in seen:
                seen.add(kind_of(other))
                waiting.append((address, other))


def test_every_link(settled, page):
    """
    Every link, style, script and picture leads to a page of ours that answers, below the mount; every icon is drawn.
    """
    icons: dict[str, set[str]] = {}
    wrong, paths = [], set()
    for stood, address, status, found in walk(page, settled("/")):
        paths.add(urlsplit(address).path)
        if status != 200 or not urlsplit(address).path.startswith(MOUNTED):
            wrong.append((stood, address, status))
        for link in found.links:
            target, _, place = link.partition("#")
            if not target and place and place not in found.places:
                wrong.append((address, link, 0))
        for use in found.drawn:
            file, _, icon = urljoin(address, use).partition("#")
            if file not in icons:
                icons[file] = Links(page.request.get(file).text()).places
            if icon not in icons[file]:
                wrong.append((address, use, 0))

    assert [] == wrong
    assert {urlsplit(settled(f"/cards/{CARD}{part}")).path for part in ("", "/view", "/history", "/message")} <= {
        re.sub(r"/cards/\d+", f"/cards/{CARD}", path) for path in paths
    }


def test_every_page_opens(settled, page):
    """
    Every page opens in a browser, which complains of nothing: no script, style or picture is refused or missing.
    """
    for address in addresses():
        answer = page.goto(settled(address))
        assert (200, 1) == (answer.status, page.locator("main, .page, body").first.count()), address


@attrs.define
class Mouse:
    """Clicks, and counts them."""

    clicks: int = 0

    def click(self, locator) -> None:
        self.clicks += 1
        locator.click()


@pytest.mark.parametrize("javascript", [True, False])
def test_stamp_that_did_not_go_through(settled, open_page, javascript):
    """
    "My stamp did not go through": from the Journal to the rule that refused a receipt, in three clicks at most.
    """
    page, mouse = open_page(javascript=javascript), Mouse()
    page.goto(settled("/journal"))

    mouse.click(page.get_by_role("link", name="Why did it not go through?"))
    mouse.click(page.get_by_role("searchbox"))
    page.keyboard.type("R-1009")
    mouse.click(page.get_by_role("button", name="Why?"))

    page.get_by_text("a day may bring at most 8 stamps").first.wait_for()
    assert 3 >= mouse.clicks


def test_from_the_refused_row(settled, page):
    """
    Who sees the refused row in the Journal is one click from the answer, and one from what the customer was told.
    """
    page.goto(settled("/journal?kind=stamp_rejected"))
    row = page.get_by_role("row").filter(has_text="R-1009")

    row.get_by_role("link", name="R-1009").click()
    page.get_by_text("a day may bring at most 8 stamps").first.wait_for()
    page.go_back()
    row.get_by_role("link", name=re.compile("Customer view")).click()
    page.get_by_role("heading", name=re.compile("Customer view")).wait_for()


@pytest.mark.parametrize("javascript", [True, False])
def test_double_click(office, open_page, javascript):
    """
    A form that is sent twice acts once, with and without JavaScript.
    """
    page = open_page(javascript=javascript)
    page.goto(office("/cards?search=zoe"))
    page.get_by_role("link", name=re.compile(CARD)).first.click()
    page.get_by_role("link", name="Add stamp").click()
    page.locator("#f-count").fill("2")

    page.locator("#panel form button:not(.small)").first.dblclick()

    page.get_by_text("Journal tells:").or_(page.get_by_text("was not done twice")).first.wait_for()
    assert "2/9" == str(office.ledger.card(int(CARD)).progress)
    assert () == office.ledger.verify().faults


def test_searching_as_one_types(settled, page):
    """
    With JavaScript the list follows what is typed; nothing needs to be sent.
    """
    page.goto(settled("/cards"))
    page.get_by_role("searchbox").first.press_sequentially("zoe")

    page.get_by_text("Ben").first.wait_for(state="hidden")
    assert page.get_by_text("Zoe").first.is_visible()


def test_live(office, page):
    """
    In live mode what others write appears by itself, on top.
    """
    page.goto(office("/journal"))
    page.get_by_role("link", name="Live mode").click()
    page.wait_for_load_state()

    office.ledger.add_stamps(int(CARD), code="R-LIVE", actor="till-9")

    page.locator("#rows tr").first.get_by_text("R-LIVE").wait_for()


def test_language_stays(settled, page):
    """
    Who chooses a language keeps it from page to page.
    """
    page.goto(settled("/journal"))
    page.get_by_role("link", name="Deutsch").click()
    page.locator("nav.places a").last.click()

    page.wait_for_url("**/cards?*lang=de*")
    assert "de" == page.locator("html").get_attribute("lang")


def test_looking_back(settled, page):
    """
    From an entry's number the whole page turns to that moment, says so, and there is a way back.
    """
    page.goto(settled("/journal"))
    page.get_by_role("link", name="#40", exact=True).click()
    page.get_by_role("status").filter(has_text="You are looking at the past").wait_for()
    assert page.locator("#rows tr").first.get_by_text("#40").is_visible()

    page.get_by_role("link", name="Back to now").click()
    page.locator("#rows tr").first.get_by_text("#51").wait_for()
