"""
The pages for customers: an address that cannot be guessed shows one card, and everything else is answered alike.
"""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from stampledger import InvalidInput, Ledger
from stampledger.render.languages import LANGUAGES
from stampledger.web import card_address, customer_pages
from tests.web.asgi import call
from tests.web.customers import address, customer, style_hash, text_of
from tests.web.shop import MOUNTED, SECRET, mounted, visitor

MIA, BEN, ZOE, JUN, BEANS = range(100001, 100006)
KEYS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEF-._~"


def test_own_card(ledger: Ledger):
    """
    The address of a card shows it, in the language of the address, without anybody being let in.
    """
    answer = customer(ledger).get(address(ledger, ZOE, "ko"))

    assert 200 == answer.status_code
    assert 'lang="ko"' in answer.text and "#100003" in answer.text and "Soup on the house" in answer.text
    assert "ko" == answer.headers["content-language"]


def test_card_as_of_a_scan(ledger: Ledger):
    """
    With a scan, the page is that of then, with its popup; any entry of the scan means it.
    """
    visiting = customer(ledger)

    at_scan = text_of(visiting.get(address(ledger, ZOE, "en", 17)).text)
    assert "Stamps added: 6" in at_scan and "Free soup" in at_scan and "6/9" in at_scan
    assert at_scan == text_of(visiting.get(address(ledger, ZOE, "en", 20)).text)
    assert "Stamps added" not in text_of(visiting.get(address(ledger, ZOE, "en")).text)


def test_refused_scan(ledger: Ledger):
    """
    A scan that did not go through shows what the customer was told.
    """
    told = text_of(customer(ledger).get(address(ledger, BEN, "en", 50)).text)

    assert "No stamp was added" in told
    assert "Try again from: 13 May 2026, 00:00" in told


@pytest.mark.parametrize(
    ("own", "browser", "path", "lang"),
    [
        ("de", "fr", "ko", "ko"),
        ("de", "fr", None, "de"),
        (None, "fr;q=0.5, uk", None, "uk"),
        (None, "xx", None, "en"),
        (None, None, None, "en"),
        (None, "fr", "KO-kr", "ko"),
    ],
)
def test_language(ledger: Ledger, own: str | None, browser: str | None, path: str | None, lang: str):
    """
    The address's language wins, then the customer's own, then the browser's, then English.
    """
    someone = ledger.register_customer(name="Someone", language=own)
    card = ledger.issue_card("coffee", customer=someone).card
    asked = card_address(SECRET, ledger.business, card)

    answer = customer(ledger, **({"accept-language": browser} if browser else {})).get(
        f"/{path}/{asked}" if path else f"/{asked}"
    )

    assert LANGUAGES[lang].tag == answer.headers["content-language"]
    assert f'<html lang="{LANGUAGES[lang].tag}" dir="{LANGUAGES[lang].direction}">' in answer.text


def test_language_that_is_none(ledger: Ledger):
    """
    A language we do not speak is said to be one, with the page's address in each that we do; the card is not shown.
    """
    visiting = customer(ledger, **{"accept-language": "de"})
    asked = address(ledger, MIA)

    answer = visiting.get(f"/tlh{asked}")

    assert 404 == answer.status_code
    assert "Mia" not in answer.text
    for lang in LANGUAGES:
        assert f'href="../../{lang}{asked}"'.replace("&", "&amp;") in answer.text
    assert 200 == visiting.get(f"/ko{asked}").status_code


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/tlh/{card}/card", "key=" + "a" * 2_000),
        ("/tlh/{card}/card", "a=1&" * 10_000),
        ("/tlh/no-card/card", "key=a"),
        ("/tlh/\ud800/card", ""),
        ("/{card}/card", "x" * 10_000),
    ],
    ids=["long key", "many parameters", "no card", "no text", "long"],
)
def test_nothing_comes_back(ledger: Ledger, path: str, query: str):
    """
    What a stranger sends is neither repeated to them, nor read on when it is longer than any address of ours.
    """
    pages = customer_pages(ledger, secret=SECRET)
    usual = call(pages, "/no-card/card", mounted="")

    assert usual == call(pages, path.format(card=ledger.card(MIA).id), query.encode(), mounted="")


@pytest.mark.parametrize("query", [b"key=\xff\xfe", b"\xc3", b"scan=1&key=%ff&key=b&evil=1"])
def test_language_that_is_none_with_a_query_that_is_none(ledger: Ledger, query: bytes):
    """
    The addresses in our languages carry a key and a scan, whatever was sent as such, and nothing else.
    """
    pages = customer_pages(ledger, secret=SECRET)

    status, page = call(pages, f"/tlh/{ledger.card(MIA).id}/card", query, mounted="")

    assert 404 == status and b"../../ko/" in page and b"evil" not in page


# What cannot be guessed.


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=settings().max_examples // 2)
@given(data=st.data())
def test_any_other_address(ledger: Ledger, data: st.DataObject):
    """
    An address with any one character of its key or card changed, taken out or put in shows nothing.
    """
    visiting = customer(ledger)
    asked = address(ledger, MIA)
    head = asked.index("/card?key=")
    part = st.sampled_from([*range(1, head), *range(head + len("/card?key="), len(asked))])
    place, letter = data.draw(part), data.draw(st.sampled_from(KEYS))
    kind = data.draw(st.sampled_from(["change", "insert", "delete"]))
    rest = asked[place:] if kind == "insert" else asked[place + 1 :]
    changed = asked[:place] + ("" if kind == "delete" else letter) + rest

    assert (200 if changed == asked else 404) == visiting.get(changed).status_code


def test_everything_wrong_is_answered_alike(ledger: Ledger):
    """
    A wrong key, no key, an unknown card, what is no card, another card's key and scan: one answer, letter for letter.
    """
    visiting = customer(ledger)
    mia, ben = address(ledger, MIA, "en"), address(ledger, BEN, "en")
    path, key = mia.split("?")
    answers = [
        visiting.get(asked)
        for asked in (
            path,
            f"{path}?key=",
            f"{path}?key={'0' * 40}",
            f"{path}?key=é",
            f"{path}?{ben.split('?')[1]}",
            f"{path.replace(str(ledger.card(MIA).id), str(ledger.card(MIA).template_id))}?{key}",
            f"{path.upper().replace('/EN/', '/en/').replace('/CARD', '/card')}?{key}",
            f"/en/00000000-0000-7000-8000-000000000000/card?{key}",
            f"/en/100001/card?{key}",
            f"{mia}&scan=10",
            f"{mia}&scan=1",
            f"{mia}&scan=52",
            f"{mia}&scan=0",
            f"{mia}&scan=-7",
            f"{mia}&scan=",
            f"{mia}&scan=7x",
            f"{mia}&scan=٧",
            f"{mia}&scan={'9' * 60}",
            "/",
            "/en",
            f"/en/{ledger.card(MIA).id}",
            "/robots.txt",
        )
    ]

    assert {404} == {answer.status_code for answer in answers}
    assert 1 == len({answer.content for answer in answers})
    assert not {"Mia", "Blue Cup", "Ben", "scan", "key"} & set(text_of(answers[0].text).split())
    assert 200 == visiting.get(f"{mia}&scan=7").status_code


def test_another_business(ledger: Ledger):
    """
    An address is of one business: its key opens nothing at another, and another secret makes other keys.
    """
    card = ledger.card(MIA)
    visiting = customer(ledger)

    assert 404 == visiting.get("/" + card_address(SECRET, "red-cup", card)).status_code
    assert 404 == visiting.get("/" + card_address(SECRET[::-1], ledger.business, card)).status_code
    assert 200 == visiting.get("/" + card_address(SECRET, ledger.business, card)).status_code


def test_secret_too_short(ledger: Ledger):
    """
    A secret that could be guessed is refused, and not repeated.
    """
    for secret in (b"", b"fifteen letters", "a text of sixteen letters or more"):
        with pytest.raises(InvalidInput) as refused:
            customer_pages(ledger, secret=secret)  # type: ignore[arg-type]
        assert "letters" not in str(refused.value)
    with pytest.raises(InvalidInput):
        card_address(b"short", ledger.business, ledger.card(MIA))
    with pytest.raises(InvalidInput):
        card_address(SECRET, ledger.business, ledger.card(MIA), "tlh")


# Cards that are not as usual.


def test_forgotten_customer(ledger: Ledger):
    """
    Once forgotten, a customer's address still shows the card, at any of its scans, and the name nowhere.
    """
    visiting = customer(ledger)
    now, then = address(ledger, MIA, "en"), address(ledger, MIA, "en", 7)
    assert "Mia" in visiting.get(now).text

    ledger.forget_customer(ledger.card(MIA).customer)  # type: ignore[arg-type]

    for asked in (now, then):
        answer = visiting.get(asked)
        assert 200 == answer.status_code
        assert "Mia" not in answer.text and "#100001" in answer.text


def test_deleted_card(ledger: Ledger):
    """
    A deleted card says that it is no longer in use; what it was is still there at its scans.
    """
    asked, then = address(ledger, MIA, "en"), address(ledger, MIA, "en", 7)

    ledger.delete_card(MIA)

    assert "This card is no longer in use." in customer(ledger).get(asked).text
    assert "Stamps added: 1" in customer(ledger).get(then).text


def test_card_of_nobody(ledger: Ledger):
    """
    A card that was given out without a name has its address, too.
    """
    card = ledger.issue_card("coffee").card

    answer = customer(ledger).get(address(ledger, card.number))

    assert 200 == answer.status_code
    assert f"#{card.number}" in answer.text


# What the browser is told.


def test_headers(ledger: Ledger):
    """
    No answer is kept, framed, found by search engines or named to other sites; nothing runs, one style is let through.
    """
    visiting = customer(ledger)
    for asked in (address(ledger, MIA), "/nothing", f"/tlh{address(ledger, MIA)}"):
        answer = visiting.get(asked)
        policy = dict(part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";"))
        assert {"'none'"} == {policy[name] for name in ("default-src", "base-uri", "form-action", "frame-ancestors")}
        assert style_hash(answer.text) == policy["style-src"]
        assert "unsafe" not in answer.headers["content-security-policy"]
        assert "no-store" == answer.headers["cache-control"]
        assert "no-referrer" == answer.headers["referrer-policy"]
        assert "noindex" == answer.headers["x-robots-tag"]
        assert "nosniff" == answer.headers["x-content-type-options"]
        assert "DENY" == answer.headers["x-frame-options"]
        assert "set-cookie" not in answer.headers


def test_head(ledger: Ledger):
    """
    HEAD answers as GET does, without the page; other methods do nothing.
    """
    visiting = customer(ledger)
    for asked in (address(ledger, MIA), "/nothing"):
        got, head = visiting.get(asked), visiting.head(asked)
        assert (got.status_code, dict(got.headers)) == (head.status_code, dict(head.headers))
        assert b"" == head.content
        assert 405 == visiting.post(asked).status_code


@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_card_in_the_browsers_language(ledger: Ledger, lang: str):
    """
    That there is no card is said in the language of the browser.
    """
    answer = customer(ledger, **{"accept-language": LANGUAGES[lang].tag}).get("/nothing")

    assert 404 == answer.status_code
    assert LANGUAGES[lang].tag == answer.headers["content-language"]
    assert f'<html lang="{LANGUAGES[lang].tag}" dir="{LANGUAGES[lang].direction}">' in answer.text


def test_database_gone(ledger: Ledger, tmp_path: Path):
    """
    Where the ledger cannot be read, the customer is asked to try again and learns nothing of it.
    """
    asked = address(ledger, MIA)
    ledger.close()
    (tmp_path / "demo.db").unlink()
    (tmp_path / "demo.db").mkdir()

    answer = customer(ledger).get(asked)

    assert (503, "2") == (answer.status_code, answer.headers.get("retry-after"))
    assert "sqlite" not in answer.text.lower()
    assert style_hash(answer.text) in answer.headers["content-security-policy"]


def test_link_of_the_office(ledger: Ledger):
    """
    Where the office knows the customers' domain, staff is led to the customer's own page, which opens.
    """
    office = visitor(mounted(ledger, customers_at="http://my.example/my/"))
    visiting: TestClient = customer(ledger)

    page = office.get("/cards/100003/view?scan=17").text

    at_scan = f"http://my.example/my{address(ledger, ZOE, scan=17)}".replace("&", "&amp;")
    assert at_scan in page
    assert f"http://my.example/my{address(ledger, ZOE)}".replace("&", "&amp;") in office.get("/cards/100003").text
    assert "Stamps added: 6" in visiting.get(address(ledger, ZOE, scan=17)).text
    assert "my.example" not in visitor(mounted(ledger)).get("/cards/100003/view?scan=17").text


@pytest.mark.parametrize(
    ("at", "found"), [("/my", "/sub/my"), ("/my/", "/sub/my"), ("/", "/sub"), ("//my.example", "//my.example")]
)
def test_link_behind_a_proxy(ledger: Ledger, at: str, found: str):
    """
    A customer's page that lies on the same site is below the path of the proxy before both.
    """
    office = TestClient(mounted(ledger, customers_at=at), root_path="/sub", headers={"x-login": "anna"})

    page = office.get(f"/sub{MOUNTED}/cards/100003").text

    assert f'href="{found}{address(ledger, ZOE)}"'.replace("&", "&amp;") in page
