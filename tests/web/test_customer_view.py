"""
What the customer saw: the page itself for staff, and then beside now, with what happened and what has changed since.
"""

import html
import re
from decimal import Decimal
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from stampledger import Ledger, Refused
from stampledger.render.languages import LANGUAGES
from tests.web.customers import style_hash, text_of
from tests.web.shop import MOUNTED, mounted, visitor

MIA, BEN, ZOE, JUN, BEANS = range(100001, 100006)
BAD_SCANS = ("1", "10", "52", "0", "9999999999", "-3")


def links(document: str) -> list[str]:
    """Where a page leads, as its addresses are below the office."""
    found = re.findall('(?:href|src)="([^"]+)"', document)
    return [html.unescape(address).removeprefix(MOUNTED) for address in found]


# The page itself.


def test_page_at_a_scan(client: TestClient):
    """
    Staff sees the very page the customer saw at a scan; without one, as it is when opened now.
    """
    at_scan, now = (text_of(client.get(f"/cards/{ZOE}/page{query}").text) for query in ("?scan=17&lang=en", "?lang=en"))

    assert "Stamps added: 6" in at_scan and "Congratulations!" in at_scan and "6/9" in at_scan
    assert "Stamps added" not in now and "0/9" in now and "Soup on the house" in now


def test_any_entry_means_its_scan(client: TestClient, ledger: Ledger):
    """
    Each entry of a card leads to the page after the whole scan it belongs to.
    """
    pages = {client.get(f"/cards/{JUN}/page?scan={seq}").text for seq in range(28, 33)}

    assert 1 == len(pages)
    assert ledger.at(32).customer_view(JUN).html() in pages


def test_page_as_of_the_moment_looked_at(client: TestClient):
    """
    While staff looks at the past, the page is that of the past, and later scans are not there yet.
    """
    assert "2/8" in text_of(client.get(f"/cards/{BEN}/page?at=30").text)
    assert 404 == client.get(f"/cards/{BEN}/page?at=30&scan=46").status_code
    assert 404 == client.get(f"/cards/{BEANS}/page?at=30").status_code


@pytest.mark.parametrize("page", ["page", "view"])
@pytest.mark.parametrize("scan", BAD_SCANS)
def test_scan_of_another_card(client: TestClient, page: str, scan: str):
    """
    A scan that is another card's, no card's or none is not found.
    """
    answer = client.get(f"/cards/{MIA}/{page}?scan={scan}")

    assert 404 == answer.status_code
    assert "Mia" not in answer.text


@pytest.mark.parametrize("page", ["page", "view"])
@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ("/cards/999999", 404),
        ("/cards/0", 404),
        ("/cards/mia", 404),
        ("/cards/99999999999999999999999", 404),
        (f"/cards/{MIA}/%3Cscript%3E", 404),
    ],
)
def test_unknown_card(client: TestClient, page: str, asked: str, status: int):
    """
    A card that is none is not found.
    """
    assert status == client.get(f"{asked}/{page}").status_code


@pytest.mark.parametrize(
    "asked",
    [f"/cards/{MIA}/page?scan=x", f"/cards/{MIA}/page?scan={9**40}", f"/cards/{MIA}/page?lang=tlh",
     f"/cards/{MIA}/view?scan=1.5",
     f"/cards/{MIA}/view?seen_in=tlh", f"/cards/{MIA}/view?lang=tlh"],
)  # fmt: skip
def test_what_is_no_scan_or_language(client: TestClient, asked: str):
    """
    What is no number or no language of ours is said to be wrong.
    """
    answer = client.get(asked)

    assert 400 == answer.status_code
    assert "must be" in answer.text


@pytest.mark.parametrize(
    ("own", "browser", "asked", "lang"),
    [("de", "fr", "ko", "ko"), ("de", "fr", None, "de"), (None, "fr", None, "fr"), (None, "xx", None, "en")],
)
def test_language_of_the_page(
    client: TestClient, ledger: Ledger, own: str | None, browser: str, asked: str | None, lang: str
):
    """
    The language asked for wins, then the customer's own, then the browser's, then English.
    """
    someone = ledger.register_customer(name="Someone", language=own)
    card = ledger.issue_card("coffee", customer=someone).card

    answer = client.get(
        f"/cards/{card.number}/page" + (f"?lang={asked}" if asked else ""), headers={"accept-language": browser}
    )

    assert LANGUAGES[lang].tag == answer.headers["content-language"]
    assert f'<html lang="{LANGUAGES[lang].tag}"' in answer.text


def test_policy_fits_the_document(client: TestClient):
    """
    The header lets through the document's own style and nothing else, and frames it only here.
    """
    answer = client.get(f"/cards/{ZOE}/page?scan=17")

    policy = dict(part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";"))
    assert style_hash(answer.text) == policy["style-src"]
    assert ("'none'", "'self'") == (policy["default-src"], policy["frame-ancestors"])
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert "no-store" == answer.headers["cache-control"]


# Then and now.


def test_then_and_now(client: TestClient, ledger: Ledger):
    """
    Two frames show the page then and the page now, each titled with its entries and its moment.
    """
    answer = client.get(f"/cards/{ZOE}/view?scan=17")
    shown = text_of(answer.text)

    frames = [html.unescape(source) for source in re.findall('<iframe[^>]* src="([^"]+)"', answer.text)]
    then, now = (client.get(frame.removeprefix(MOUNTED)).text for frame in frames)
    assert ledger.at(21).customer_view(ZOE).html() == then
    assert "0/9" in text_of(now) and "Stamps added" not in text_of(now)
    assert "Then Entries 17 to 21, 12 May 2026, 11:50" in shown
    assert "Now Entry 51, 12 May 2026" in shown


def test_what_changed_since(client: TestClient):
    """
    What lies between then and now is told in sentences.
    """
    shown = text_of(client.get(f"/cards/{ZOE}/view?scan=17").text)

    assert "6 stamps were taken back or have lapsed: 6/9 then, 0/9 now." in shown
    assert "The voucher “Free soup” was taken back." in shown
    assert "The voucher “Free cookie” was redeemed: 12 May 2026, 11:55." in shown
    assert "Nothing: the card is as it was then." in text_of(client.get(f"/cards/{BEN}/view?scan=50").text)


def test_sentence_that_begins_with_a_name_of_the_other_direction(client: TestClient):
    """
    A sentence runs in the page's own direction, whatever it begins with, and its full stop stands at its end.
    """
    html = client.get(f"/cards/{ZOE}/view?scan=17&lang=az").text

    (told,) = re.findall('<ul class="changes">(.*?)</ul>', html, re.DOTALL)
    sentences = re.findall("<li>(.*?)</li>", told)
    assert any(sentence.startswith("«\N{FIRST STRONG ISOLATE}Free soup") for sentence in sentences)
    assert "<bdi" not in told  # It would take the first letter's direction, as browsers look into isolates for it.


def test_what_happened(client: TestClient):
    """
    The scan's entries are told, with who did it, by which channel and with which code.
    """
    shown = text_of(client.get(f"/cards/{ZOE}/view?scan=17").text)

    assert "By whom till-1 Channel Receipt Code R-1003" in shown
    assert "17 Stamps added 6/9 18 Goal reached 3/9 19 Voucher issued Free cookie 20" in shown
    assert "This scan went through 6 stamps were added. The card stood at 6/9 then." in shown


def test_my_stamp_did_not_go_through(client: TestClient):
    """
    For a refused scan: the rule, the reason, what the customer was told, and the code's first use, all with links.
    """
    answer = client.get(f"/cards/{MIA}/view?scan=11")
    shown = text_of(answer.text)

    assert "This scan did not go through Code already used 2 stamps were asked for." in shown
    assert "The reason on record: the code R-1002 was already used on 2026-05-12 at 08:11 UTC (entry 10)" in shown
    assert "The customer was told: No stamp was added." in shown
    assert "The code was used first on 12 May 2026, 08:11 on card #100002: entry 10 , till-2" in shown
    assert f"/cards/{BEN}/view?scan=10" in links(answer.text)
    assert "/codes?code=R-1002" in links(answer.text)
    assert f"/cards/{MIA}" in links(answer.text)


def test_when_it_may_be_tried_again(client: TestClient):
    """
    Where waiting helps, the page says until when; where no time was set, it says that, too.
    """
    shown = text_of(client.get(f"/cards/{BEN}/view?scan=50").text)

    assert "This scan did not go through Daily limit 1 stamp was asked for." in shown
    assert "It may be tried again from 13 May 2026, 00:00." in shown


def test_refused_for_good(client: TestClient, ledger: Ledger):
    """
    Where time does not help, nobody is told to wait.
    """
    ledger.delete_card(MIA)
    with pytest.raises(Refused):
        ledger.add_stamps(MIA, 1, code="R-2000")

    assert "Waiting does not help" in text_of(client.get(f"/cards/{MIA}/view").text)


def test_stamps_taken_back_later(client: TestClient):
    """
    A scan that went through, whose stamps were taken back later, says so and leads there.
    """
    answer = client.get(f"/cards/{ZOE}/view?scan=17")

    assert "These stamps were taken back later, on 12 May 2026, 13:05: entry 35 , till-1" in text_of(answer.text)
    assert f"/cards/{ZOE}/view?scan=35" in links(answer.text)
    assert "taken back later" not in client.get(f"/cards/{BEN}/view?scan=10").text


def test_amount_below_the_price(client: TestClient, ledger: Ledger):
    """
    A receipt whose amount did not make a stamp went through, and brought none: both are said.
    """
    ledger.add_stamps(BEANS, amount=Decimal("0.50"), code="R-3000")

    shown = text_of(client.get(f"/cards/{BEANS}/view").text)

    assert "This scan went through, but brought no stamp" in shown
    assert "The amount was below the price of one stamp" in shown


def test_newest_scan(client: TestClient):
    """
    Without a scan, the newest of the card is shown; while looking at the past, the newest of then.
    """
    assert "Then Entry 50," in text_of(client.get(f"/cards/{BEN}/view").text)
    assert "Then Entries 43 to 44," in text_of(client.get(f"/cards/{BEN}/view?at=45").text)


def test_from_scan_to_scan(client: TestClient, ledger: Ledger):
    """
    The page leads to the card's scan before and the one after: through all of them, each once.
    """
    walked, next_one = [], "9"
    while next_one:
        page = client.get(f"/cards/{BEN}/view?scan={next_one}").text
        walked.append(int(next_one))
        (next_one,) = re.findall(r'rel="next" href="[^"]*scan=(\d+)', page) or [""]

    assert list(dict.fromkeys(row.scan for row in ledger.history(BEN))) == walked
    assert 'rel="prev"' not in client.get(f"/cards/{BEN}/view?scan=9").text


def test_looked_like_in_korean(client: TestClient):
    """
    The frames show the page in the language chosen, while the words around them stay the staff's own.
    """
    answer = client.get(f"/cards/{BEN}/view?scan=50&seen_in=ko&lang=en")

    frames = [address for address in links(answer.text) if "/page?" in address]
    assert frames and all("lang=ko" in frame for frame in frames)
    assert '<option value="ko" lang="ko" selected>' in answer.text
    assert "This scan did not go through" in answer.text
    assert 'lang="ko"' in client.get(frames[0]).text


def test_own_language_of_the_customer(client: TestClient, ledger: Ledger):
    """
    Unless another is chosen, the frames speak the customer's own language, which is marked as such.
    """
    someone = ledger.register_customer(name="Someone", language="th")
    card = ledger.issue_card("coffee", customer=someone).card

    answer = client.get(f"/cards/{card.number}/view?lang=en").text

    assert "the customer's language" in answer and 'lang="th" selected' in answer
    assert all("lang=th" in address for address in links(answer) if "/page?" in address)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_scan_in_every_language(client: TestClient, ledger: Ledger, lang: str):
    """
    Every scan of the day, on every card, has its two pages in every language.
    """
    for card in ledger.cards():
        for scan in dict.fromkeys(row.scan for row in ledger.history(card)):
            for page in ("view", "page"):
                answer = client.get(f"/cards/{card.number}/{page}?scan={scan}&lang={lang}")
                assert 200 == answer.status_code
                assert f'lang="{LANGUAGES[lang].tag}"' in answer.text


def test_text_of_others_is_text(client: TestClient, ledger: Ledger):
    """
    What somebody typed is text, wherever it stands.
    """
    hostile = "<script>alert(1)</script>"
    someone = ledger.register_customer(name=hostile)
    card = ledger.issue_card("coffee", customer=someone, actor=hostile).card
    scan = ledger.add_stamps(card, 1, code='R"><b>', actor=hostile)
    ledger.void_stamps(scan, reason=hostile, actor=hostile)

    page = client.get(f"/cards/{card.number}/view?scan={scan.id}").text

    assert "<script>alert" not in page and "<b>" not in page.replace("<b>These stamps", "")
    assert 3 <= page.count(html.escape(hostile))


def test_another_business(ledger: Ledger, tmp_path: Path):
    """
    A card's number at another business shows nothing of this one.
    """
    with Ledger.open(f"sqlite:///{tmp_path / 'demo.db'}", business="red-cup") as other:
        office = visitor(mounted(other))
        assert 404 == office.get(f"/cards/{MIA}/view").status_code
        assert 404 == office.get(f"/cards/{MIA}/page?scan=7").status_code


def test_nobody_is_let_in(ledger: Ledger):
    """
    Who is not let in sees no page of a customer.
    """
    stranger = visitor(mounted(ledger), login=None)

    for asked in (f"/cards/{MIA}/view", f"/cards/{MIA}/page", f"/cards/{MIA}/page?scan=7"):
        assert 403 == stranger.get(asked).status_code
