"""
The HTML page: what people typed stays text, nothing inline runs or styles, and its codes can be read.
"""

import base64
import hashlib
import re
import subprocess
import sys
from html.parser import HTMLParser
from typing import Any

import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st

from stampledger.projections import CustomerInfo, CustomerView
from stampledger.render import customer_page
from stampledger.render.html import PANELS_MAX
from stampledger.render.languages import LANGUAGES
from stampledger.rewards import RewardKind, RewardStatus
from stampledger.values import Brand
from tests.render.pages import AT, HOSTILE, card, goal_reached, redeemed, refused, reward, view

VOID = {"meta", "img", "path", "rect", "use"}


def shop_full() -> CustomerView:
    """A page with one of everything."""
    lottery = reward(3, kind=RewardKind.LOTTERY, status=RewardStatus.GRANTED, redeem_code=None)
    award = reward(4, kind=RewardKind.AWARD, status=RewardStatus.GRANTED, redeem_code=None)
    return goal_reached(
        stamps_voided=1,
        redeemed=(redeemed(2),),
        refusal="the card is full",
        retry_at=AT,
        lotteries=(lottery,),
        awards=(award,),
        goals=((3, "Cake"), (8, "Free coffee")),
    )


VIEWS = {
    "plain": view(),
    "goal reached": goal_reached(),
    "redeemed": view(redeemed=(redeemed(),), vouchers=(redeemed(),)),
    "refused": refused(),
    "full": shop_full(),
    "large": view(card=card(437, 1000), goals=((100, "Cake"), (1000, "Trip"))),
}


class Page(HTMLParser):
    """What a browser would find in a page."""

    def __init__(self, document: str):
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self.open: list[str] = []
        self.feed(document)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert tag == self.open.pop(), "every element is closed where it was opened"

    def handle_data(self, data: str) -> None:
        self.texts.append((self.open[-1] if self.open else "", data))

    def attributes(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for found, attributes in self.tags if found == tag]

    def text(self, tag: str | None = None) -> str:
        return "".join(data for found, data in self.texts if tag is None or tag == found)


def shapes(document: str, css_class: str) -> list[memoryview]:
    """The codes of a page, painted from their paths, four pixels a module."""
    scale = 4
    pictures = []
    for size, path in re.findall(
        rf'<svg class="{css_class}" viewBox="0 0 (\d+ \d+)".*?<path d="([^"]+)"', document, re.S
    ):
        width, height = (int(number) * scale for number in size.split())
        picture = bytearray(b"\xff" * width * height)
        for corner in re.findall(r"M(\d+) (\d+)h(\d+)v(\d+)h-\d+Z", path):
            left, top, wide, high = (int(number) * scale for number in corner)
            for row in range(top, top + high):
                picture[row * width + left : row * width + left + wide] = bytes(wide)
        pictures.append(memoryview(picture).cast("B", (height, width)))
    return pictures


@pytest.mark.parametrize("name", VIEWS)
@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_page_in_every_language(name: str, lang: str):
    """
    Every page is a whole document that says its language and direction.
    """
    document = customer_page(VIEWS[name], lang).html()
    page = Page(document)

    assert document.startswith("<!DOCTYPE html>")
    assert [] == page.open
    assert [{"lang": LANGUAGES[lang].tag, "dir": LANGUAGES[lang].direction}] == page.attributes("html")


@pytest.mark.parametrize("name", VIEWS)
def test_strict_policy(name: str):
    """
    Nothing runs, nothing is styled inline, nothing is loaded; the one style sheet is let through by its hash.
    """
    page = Page(customer_page(VIEWS[name]).html())

    styles = [data for tag, data in page.texts if tag == "style"]
    policy = next(meta["content"] for meta in page.attributes("meta") if "http-equiv" in meta)
    names = {name for _, attributes in page.tags for name in attributes}
    digest = base64.b64encode(hashlib.sha256("".join(styles).encode()).digest()).decode()
    assert f"default-src 'none'; img-src data: https:; style-src 'sha256-{digest}'" == policy
    assert 1 == len(page.attributes("style"))
    assert [] == [tag for tag, _ in page.tags if tag in {"script", "link", "iframe", "object", "form", "base"}]
    assert set() == {name for name in names if name == "style" or name.startswith("on")}
    assert set() == {"src"} & names


def test_policy_is_stated_before_the_style():
    """
    A policy holds only for what stands behind it.
    """
    document = customer_page(view()).html()

    assert document.index("Content-Security-Policy") < document.index("<style>")


def test_hostile_text():
    """
    Markup in any text that somebody typed comes out as text.
    """
    panel: dict[str, Any] = dict(title=HOSTILE, description=HOSTILE, redeem_code=HOSTILE[:25])
    page = Page(
        customer_page(
            view(
                brand=Brand(
                    name=HOSTILE, footer=HOSTILE, logo_url="https://example.com/\"><script>alert('x')</script>"
                ),
                card=card(template_name=HOSTILE, next_reward=HOSTILE, customer=CustomerInfo(id=AT_ID, name=HOSTILE)),
                goals=((3, HOSTILE), (8, HOSTILE)),
                refusal=HOSTILE,
                unlocked=(reward(**panel),),
                redeemed=(redeemed(2, **panel),),
                vouchers=(reward(**panel), redeemed(2, **panel)),
                awards=(reward(3, kind=RewardKind.AWARD, status=RewardStatus.GRANTED, **panel),),
                lotteries=(reward(4, kind=RewardKind.LOTTERY, status=RewardStatus.PLAYED, outcome=HOSTILE, **panel),),
            )
        ).html()
    )

    assert [] == page.attributes("script")
    assert 15 <= page.text().count(HOSTILE)
    assert set() == {name for _, attributes in page.tags for name in attributes if name.startswith("on")}


AT_ID = reward().id
PRINTABLE = st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=40).filter(str.strip)


@given(PRINTABLE, PRINTABLE)
def test_text_arrives_as_it_was_typed(name: str, title: str):
    """
    Whatever a card or a voucher is called, the page shows exactly that.
    """
    page = Page(customer_page(view(card=card(template_name=name), vouchers=(reward(title=title),))).html())

    texts = [data for tag, data in page.texts if tag == "bdi"]
    assert name in texts
    assert title in texts


def test_codes_can_be_read():
    """
    A scanner reads the voucher's id from the QR code, and the redeem code from the bar code.
    """
    document = customer_page(goal_reached()).html()

    (first, second), (bar, _) = shapes(document, "qr"), shapes(document, "barcode")

    assert [reward(1).id.urn] == [found.text for found in zxingcpp.read_barcodes(first)]
    assert [reward(2).id.urn] == [found.text for found in zxingcpp.read_barcodes(second)]
    assert [("FREECOFFEE", zxingcpp.BarcodeFormat.Code128)] == [
        (found.text, found.format) for found in zxingcpp.read_barcodes(bar)
    ]


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=64).filter(str.strip))
def test_any_redeem_code_can_be_drawn(redeem_code: str):
    """
    Any redeem code has a page, and whatever bar code is drawn says that very code.
    """
    document = customer_page(view(vouchers=(reward(redeem_code=redeem_code),))).html()

    # Read at full size only: in a reduced copy of so small a picture the reader sometimes sees a second, wrong code.
    pictures = shapes(document, "barcode")
    read = [found.text for lines in pictures for found in zxingcpp.read_barcodes(lines, try_downscale=False)]
    assert ([redeem_code] if len(redeem_code) <= 25 else []) == read


def test_redeem_code_no_bar_code_can_show():
    """
    A redeem code in Korean is shown in letters, without a bar code.
    """
    document = customer_page(view(vouchers=(reward(redeem_code="커피한잔"),))).html()

    assert "커피한잔" in Page(document).text("bdi")
    assert [] == shapes(document, "barcode")


def test_no_voucher():
    """
    A card without rewards has no part for them.
    """
    page = Page(customer_page(view()).html())

    assert "Your rewards" not in page.text()
    assert [] == [svg for svg in page.attributes("svg") if svg.get("class") == "qr"]


def test_confetti_only_for_a_reward():
    """
    Confetti falls when something was won, and only then.
    """
    assert 'class="confetti falling"' in customer_page(goal_reached()).html()
    assert 'class="confetti' not in customer_page(view(stamps_added=1)).html()


def test_card_of_a_thousand_stamps():
    """
    A very large card shows a bar, and its page stays small.
    """
    document = customer_page(view(card=card(437, 1000), goals=((100, "Cake"), (1000, "Trip")))).html()

    bar = {svg["class"]: svg for svg in Page(document).attributes("rect") if "bar-" in (svg.get("class") or "")}
    assert "437" == bar["bar-filled"]["width"]
    assert "98" == bar["bar-goal"]["x"]
    assert "437/1,000" in Page(document).text("bdi")
    assert [] == Page(document).attributes("ol")
    assert len(document) < 40_000


def test_a_thousand_vouchers():
    """
    A card that won a thousand vouchers shows the first of them, and says how many more there are.
    """
    document = customer_page(view(vouchers=tuple(reward(number) for number in range(1, 1001)))).html()

    assert PANELS_MAX == len(shapes(document, "qr"))
    assert f"Earlier rewards not shown: {1000 - PANELS_MAX}" in document


def test_logo():
    """
    A logo is shown where there is one, else the initials.
    """
    logo = Page(customer_page(view(brand=Brand(name="Blue Cup", logo_url="data:image/png;base64,AAAA"))).html())
    plain = Page(customer_page(view()).html())

    assert ["data:image/png;base64,AAAA"] == [image["src"] for image in logo.attributes("img")]
    assert [] == plain.attributes("img")
    assert "BC" in plain.text("span")


@pytest.mark.parametrize("missing", ["jinja2", "icu4py", "zxingcpp"])
def test_without_the_extra(missing: str, monkeypatch: pytest.MonkeyPatch):
    """
    Who lacks what pages need is told what to install; the page as text is there all the same.
    """
    monkeypatch.setitem(sys.modules, missing, None)
    page = customer_page(goal_reached())

    with pytest.raises(ImportError, match=rf"{missing}; run: pip install 'stampledger\[web\]'"):
        page.html()

    assert "Stamps added: 2" in page.text()


def test_the_extra_is_loaded_when_a_page_is_asked_for():
    """
    Importing the pages loads nothing that only pages need.
    """
    program = "import sys, stampledger.render; print(sorted({'icu4py', 'jinja2', 'zxingcpp'} & set(sys.modules)))"

    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True, timeout=60)

    assert "[]" == loaded.stdout.strip()
