"""
Whatever people call themselves is text: on every page, in a browser, with nothing run and nothing drawn of it.
"""

import unicodedata
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Dialog, Page
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Route

from stampledger import Brand, CardTemplate, Goal, InvalidInput, Ledger, Refused, Voucher
from stampledger.values import Person
from stampledger.web import app as web_app
from stampledger.web.paths import PATHS
from tests.browser.served import Served, serving
from tests.web.shop import MOUNTED, mounted
from tests.web.xss import EMAILS, HOSTILE

LISTS = ("journal", "cards")
NAMES = [text for text in HOSTILE if not any(unicodedata.category(letter) in ("Cc", "Cs") for letter in text)]

# What no page of ours has, and every successful attempt makes.
FOREIGN = """() => {
    const odd = [...document.querySelectorAll(
        'script:not([src^="/"]), style:not(head > style:only-of-type), iframe[srcdoc], object, embed, base, marquee,' +
        'math, audio, video, animate, img[src="x"], link:not([href^="/"]), [hx-trigger="load"], [style]')]
    const armed = [...document.querySelectorAll('*')].filter(one => one.getAttributeNames().some(
        name => name.startsWith('on') || name.startsWith('hx-on')
            || /^\\s*javascript:/i.test(one.getAttribute(name)) && name !== 'value' && name !== 'title'))
    return [...odd, ...armed].map(one => one.outerHTML.slice(0, 200))
}"""
SHOWN = "() => document.documentElement.textContent"


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A shop whose customers, codes, reasons, messages, templates, vouchers and brand are all attempts."""
    url = f"sqlite:///{tmp_path_factory.mktemp('hostile') / 'shop.db'}"
    with Ledger.open(url, business="hostile") as ledger:
        ledger.set_brand(Brand(name=NAMES[0], footer=NAMES[7]))
        for number, text in enumerate(NAMES):
            other = NAMES[number - 1]
            gift = Voucher(title=text, description=other)
            ledger.publish_template(f"t-{number}", CardTemplate(name=text, goals=(Goal(stamps=1, reward=gift),)))
            customer = ledger.register_customer(name=text, email=email(number))
            card = ledger.issue_card(f"t-{number}", customer=customer).card
            scan = ledger.add_stamps(card, code=text, actor=text)
            ledger.send_message(card, text, channels=["email"])
            if number:
                with pytest.raises(Refused):
                    ledger.add_stamps(card, code=other)
            if number % 3 == 0:
                ledger.void_stamps(scan, reason=text)
        with serving(mounted(ledger)) as origin:
            yield Served(ledger, origin)


def email(number: int) -> str | None:
    """An attempt that passes for an e-mail address; None where this one does not."""
    try:
        return Person(name="x", email=EMAILS[number % len(EMAILS)]).email
    except InvalidInput:
        return None


def dialogs(page: Page) -> list[str]:
    """What dialogs the page opens from now on; each is closed."""
    opened: list[str] = []

    def close(dialog: Dialog) -> None:
        opened.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", close)
    return opened


def addresses(ledger: Ledger) -> list[str]:
    """Every page there is, of every tenth card where it is a card's."""
    numbers = [row.number for row in ledger.cards(limit=200)][::10]
    found = []
    for name in sorted(web_app.PAGES):
        if "{action}" not in PATHS[name] and "csv" not in name and "news" not in name:
            path = PATHS[name]
            found += [path.replace("{number}", str(number)) for number in numbers] if "{" in path else [path]
    return found


def harmless(page: Page, opened: list[str]) -> None:
    """Nothing was made of the text."""
    page.wait_for_load_state("load")
    assert [] == page.evaluate(FOREIGN), page.url
    assert [] == opened, page.url


def test_every_page(hostile: Served, page: Page, complaints: list[str]):
    """
    No page opens a dialog, has an element made of somebody's name, or makes the browser enforce its policy.
    """
    opened = dialogs(page)

    for path in addresses(hostile.ledger):
        answer = page.goto(hostile(path))
        assert answer is not None and answer.status == 200, path
        harmless(page, opened)

    assert [] == complaints


@pytest.mark.parametrize("name", LISTS)
def test_lists_show_the_text(hostile: Served, page: Page, complaints: list[str], name: str):
    """
    Through all pages of a list, what is shown is exactly what was given.
    """
    opened, shown = dialogs(page), ""
    page.goto(hostile(PATHS[name]))

    for _ in range(100):
        harmless(page, opened)
        shown += page.evaluate(SHOWN)
        older = page.locator("a[rel=next]")
        if older.count() == 0:
            break
        older.first.click()

    if name == "cards":
        assert [] == [text for text in NAMES if text not in shown]
    assert NAMES[0] in shown  # The brand.
    assert str(77 * 7777) not in shown
    assert [] == complaints


@pytest.mark.parametrize("path", ["/journal", "/cards"])
def test_search(hostile: Served, page: Page, complaints: list[str], path: str):
    """
    A word that is searched stands in its field, or in the sentence that refuses it, and nowhere as more than text.
    """
    opened = dialogs(page)

    for text in HOSTILE[:: 2 if path == "/journal" else 9]:
        answer = page.goto(hostile(f"{path}?search={quote(text)}"))
        assert answer is not None
        if answer.status == 200 and path == "/journal":
            field = page.locator("input[name=search]").first
            assert text.replace("\n", "").replace("\r", "") == field.input_value()  # A field has one line.
        elif answer.status != 200:
            complaints.clear()  # The browser names every status from 400 on.
        harmless(page, opened)

    assert [] == complaints


@pytest.mark.parametrize("field", ["at", "lang", "since", "before", "kind"])
def test_refusals(hostile: Served, page: Page, complaints: list[str], field: str):
    """
    A sentence that quotes what it refuses quotes it as text.
    """
    opened = dialogs(page)

    for text in HOSTILE[::17]:
        page.goto(hostile(f"/journal?{field}={quote(text)}"))
        complaints[:] = [line for line in complaints if "the server responded with a status of 4" not in line]
        harmless(page, opened)

    assert [] == complaints


def test_control(page: Page, complaints: list[str]):
    """
    Put into a page as they are, and without a policy, the same names do what they are meant to, and are seen doing it.
    """
    html = "<!DOCTYPE html><title>control</title>" + "\n".join(NAMES[:40])
    with serving(Starlette(routes=[Route(MOUNTED, lambda request: HTMLResponse(html))])) as origin:
        opened = dialogs(page)
        page.goto(f"{origin}{MOUNTED}", wait_until="commit")
        page.wait_for_timeout(1_500)

        assert len(opened) >= 5
        assert len(page.evaluate(FOREIGN)) >= 5
        page.goto("about:blank")  # Whatever it still fetches is no more waited for.
    complaints.clear()


@pytest.mark.parametrize("text", [text for text in HOSTILE if text not in NAMES], ids=repr)
def test_not_even_text(text: str, tmp_path: Path):
    """
    What holds a control character never becomes a name.
    """
    with Ledger.open(f"sqlite:///{tmp_path / 'shop.db'}", business="shop") as ledger, pytest.raises(InvalidInput):
        ledger.register_customer(name=text)
