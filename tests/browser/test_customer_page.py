"""
The customer's page, as a telephone shows it: its codes can be read off the screen and off paper, and nothing is cut.
"""

from io import BytesIO
from typing import Literal

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Locator, Page

from stampledger.projections import CustomerInfo, CustomerView
from stampledger.render import customer_page
from stampledger.render.html import notice_html
from stampledger.render.languages import LANGUAGES
from stampledger.rewards import RewardKind, RewardStatus
from stampledger.values import Brand
from tests.browser.conftest import OpenPage
from tests.browser.looking import sticking_out, unreachable, violations
from tests.browser.served import Served
from tests.render.pages import AT, card, goal_reached, redeemed, refused, reward, view

LONG = "Donaudampfschifffahrtsgesellschaftskapitän"
DRAW = reward(30, kind=RewardKind.LOTTERY, status=RewardStatus.GRANTED, redeem_code=None, title="Lucky plate")
GIFT = reward(31, kind=RewardKind.AWARD, status=RewardStatus.GRANTED, redeem_code=None, title="Topping")
MANY = tuple(reward(number, redeem_code=f"CODE{number:03}") for number in range(1, 25))

VIEWS: dict[str, CustomerView] = {
    "plain": view(card=card(2, 8, expires_at=AT)),
    "won": goal_reached(lotteries=(DRAW,), awards=(GIFT,), redeemed=(redeemed(2),)),
    "refused": refused(refusal_rule="daily_limit_reached", refusal_limit=4),
    "full": view(card=card(17, 30), goals=((10, "Cake"), (20, "Pie"), (30, "Trip")), vouchers=MANY),
    "large": view(card=card(437, 1000), goals=((100, "Cake"), (1000, "Trip"))),
    "long": goal_reached(
        brand=Brand(name=f"{LONG} {LONG}", footer=LONG * 3),
        card=card(7, 9, template_name=LONG, customer=CustomerInfo(id=reward().id, name=LONG * 2), next_reward=LONG * 2),
        goals=((3, LONG), (6, "x"), (9, LONG * 3)),
        vouchers=(
            reward(title=LONG * 2, description=LONG * 5, redeem_code="W" * 25),
            redeemed(9, redeem_code="x" * 64),
        ),
    ),
}

READ = [
    (zxingcpp.BarcodeFormat.QRCode, reward().id.urn),
    (zxingcpp.BarcodeFormat.Code128, "FREECOFFEE"),
]


def read_from(place: Page | Locator) -> list[tuple[zxingcpp.BarcodeFormat, str]]:
    """What a scanner reads off the pixels of a page, or of a part of it."""
    picture = Image.open(BytesIO(place.screenshot())).convert("L")
    found = zxingcpp.read_barcodes(picture)
    return sorted(((one.format, one.text) for one in found), key=lambda one: one[1] != READ[0][1])


@pytest.mark.parametrize("width", [360, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_codes_on_the_screen(open_page: OpenPage, width: int, scheme: Literal["light", "dark"]):
    """
    A scanner reads the QR code and the bar code off the screen, light or dark, on a telephone or a desk.
    """
    page = open_page(width=width, scheme=scheme, login=None)
    page.set_content(customer_page(goal_reached()).html())

    assert READ == read_from(page.locator(".voucher.fresh"))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_codes_in_every_language(open_page: OpenPage, lang: str):
    """
    Codes are the same in every language: nothing of them is mirrored where lines begin at the right.
    """
    page = open_page(width=360, login=None)
    page.set_content(customer_page(goal_reached(), lang).html())

    assert READ == read_from(page.locator(".voucher.fresh"))


def test_codes_on_paper(open_page: OpenPage):
    """
    Printed from a dark telephone, codes are black on white, and read.
    """
    page = open_page(scheme="dark", login=None)
    page.set_content(customer_page(goal_reached()).html())
    page.emulate_media(media="print")

    voucher = page.locator(".voucher.fresh")
    shades = Image.open(BytesIO(voucher.screenshot())).convert("L").getcolors() or []
    usual = sorted(shades, reverse=True)[:2]
    assert {0, 255} == {shade for _, shade in usual}
    assert READ == read_from(voucher)
    assert "none" == page.locator(".confetti.falling").evaluate("one => getComputedStyle(one).display")


def test_pages_of_paper(open_page: OpenPage):
    """
    A card with 24 vouchers is printed two beside each other: three rows a sheet, not a voucher a sheet.
    """
    page = open_page(login=None)
    page.set_content(customer_page(VIEWS["full"]).html())

    sheets = page.pdf(format="A4").count(b"/Type /Page\n")

    assert 1 < sheets <= 9


@pytest.mark.parametrize("width", [360, 1440])
@pytest.mark.parametrize("lang", LANGUAGES)
def test_nothing_sticks_out(open_page: OpenPage, lang: str, width: int):
    """
    Whatever the card, and in every language, nothing is wider than a small telephone, or a desk's screen.
    """
    page = open_page(width=width, login=None)
    for shown in VIEWS.values():
        page.set_content(customer_page(shown, lang).html())
        assert [] == sticking_out(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("lang", ["en", "az"])
def test_for_everybody(open_page: OpenPage, lang: str, scheme: Literal["light", "dark"]):
    """
    Nobody is kept out: axe finds nothing, in both directions, light and dark.
    """
    page = open_page(width=360, scheme=scheme, login=None)
    for shown in VIEWS.values():
        page.set_content(customer_page(shown, lang).html())
        assert [] == violations(page)


@pytest.mark.parametrize("lang", ["en", "az"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_card(open_page: OpenPage, lang: str, scheme: Literal["light", "dark"]):
    """
    Where there is no card, that is told as well as everything else.
    """
    page = open_page(width=360, scheme=scheme, login=None)
    for kind in ("not_found", "language", "busy", "broken"):
        page.set_content(notice_html(lang, kind=kind, languages=dict.fromkeys(LANGUAGES, "there")))
        assert [] == sticking_out(page) + violations(page) + unreachable(page)


def test_confetti(open_page: OpenPage):
    """
    Confetti falls for whoever won, but not for those who asked for less motion.
    """
    page = open_page(width=360, login=None)
    page.set_content(customer_page(goal_reached()).html())
    falling = page.locator(".confetti.falling")

    assert not falling.is_visible()
    page.emulate_media(reduced_motion="no-preference")
    assert falling.is_visible()
    assert "fall" == falling.locator("rect").first.evaluate("one => getComputedStyle(one).animationName")


# Then and now.


@pytest.mark.parametrize(("card_number", "scan"), [(100001, 7), (100003, 17)])
def test_two_telephones(open_page: OpenPage, settled: Served, card_number: int, scan: int):
    """
    Both frames show their page, styled, beside each other on a desk; nothing is complained of.
    """
    page = open_page()
    page.goto(settled(f"/cards/{card_number}/view?scan={scan}"))

    then, now = page.frame_locator(".then iframe"), page.frame_locator(".now iframe")
    assert "Stamps added:" in then.locator(".popups").inner_text()
    assert 0 == now.locator(".popups").count()
    assert "flex" == then.locator("body").evaluate("body => getComputedStyle(body).display")
    left, right = (page.locator(f".{name} iframe").bounding_box() for name in ("then", "now"))
    assert left and right and left["y"] == right["y"] and left["x"] + left["width"] < right["x"]


def test_one_telephone_after_the_other(open_page: OpenPage, settled: Served):
    """
    On a telephone one of the two is shown, and the other at a tap, also without JavaScript.
    """
    page = open_page(width=360, javascript=False)
    page.goto(settled("/cards/100003/view?scan=17"))

    assert (True, False) == (page.locator(".then").is_visible(), page.locator(".now").is_visible())
    page.locator("label[for=show-now]").click()
    assert (False, True) == (page.locator(".then").is_visible(), page.locator(".now").is_visible())


@pytest.mark.parametrize("width", [360, 1100, 1440])
@pytest.mark.parametrize("lang", ["en", "az", "de"])
@pytest.mark.parametrize("asked", ["/cards/100001/view?scan=11", "/cards/100003/view?scan=17"])
def test_then_and_now_for_everybody(open_page: OpenPage, settled: Served, asked: str, lang: str, width: int):
    """
    Then and now keep nobody out, at any width, in both directions, by the keyboard alone.
    """
    page = open_page(width=width, lang=lang, scheme="dark" if width == 360 else "light")
    page.goto(settled(f"{asked}&lang={lang}"))

    assert [] == sticking_out(page) + violations(page) + unreachable(page)


def test_read_in_korean(open_page: OpenPage, settled: Served):
    """
    Another language is chosen for the page the customer saw, and for nothing else.
    """
    page = open_page()
    page.goto(settled("/cards/100002/view?scan=50"))
    page.select_option("#seen_in", "ko")
    page.get_by_role("button", name="Show").click()
    page.wait_for_url("**seen_in=ko**")

    assert "ko" == page.frame_locator(".then iframe").locator("html").get_attribute("lang")
    assert page.get_by_role("heading", name="This scan did not go through").is_visible()
