"""
The gate of a back office that is served by itself: the token, the cookie made of it, and the names it answers to.
"""

import hmac
import re
import time
from collections.abc import Sequence
from typing import TypedDict, Unpack

import pytest
from starlette.testclient import TestClient

from stampledger import InvalidInput, Ledger
from stampledger.web import Staff, gate, serving
from stampledger.web.gate import COOKIE_SECONDS_MAX, Gate, name_to_answer
from tests.web.shop import SECRET

TOKEN = "a-token-of-sixteen-letters-or-more"
COOKIE = "stampledger"
NOW = 1_800_000_000


class Options(TypedDict, total=False):
    """How a service is told to answer."""

    secret: bytes
    hosts: Sequence[str]
    any_address: bool
    root_path: str


def keeper(business: str = "blue-cup", token: str = TOKEN, secure: bool = False) -> Gate:
    return Gate(token, Staff("office"), business, secure=secure)


def browser(
    ledger: Ledger, *, base: str = "http://127.0.0.1:8000", secure: bool = False, **options: Unpack[Options]
) -> TestClient:
    app = serving.service(ledger, keeper(ledger.business, secure=secure), **options)
    return TestClient(app, base, follow_redirects=False)


def test_first_visit(ledger: Ledger):
    """
    The address with the token gives the browser a cookie and leads to the same address without the token.
    """
    client = browser(ledger)

    answer = client.get(f"/journal?search=%C3%A4%26b&token={TOKEN}&kind=a&kind=b")

    assert 303 == answer.status_code
    assert "/journal?search=%C3%A4%26b&kind=a&kind=b" == answer.headers["location"]
    assert "no-referrer" == answer.headers["referrer-policy"]
    cookie = answer.headers["set-cookie"]
    assert {"HttpOnly", "Path=/", "SameSite=strict", f"Max-Age={COOKIE_SECONDS_MAX}"} == set(cookie.split("; ")[1:])
    assert TOKEN not in cookie


def test_next_visits(ledger: Ledger):
    """
    Who has the cookie is let in everywhere, under the login the service was started with.
    """
    client = browser(ledger)
    client.get(f"/?token={TOKEN}")

    for page in ("/", "/journal", "/cards"):
        answer = client.get(page)
        assert 200 == answer.status_code
        assert "<bdi>office</bdi>" in answer.text


@pytest.mark.parametrize("told", ["", "wrong", TOKEN[:-1], TOKEN + "x", TOKEN.upper(), "é", "%00", "%ff"])
def test_wrong_token(ledger: Ledger, told: str):
    """
    A wrong token lets nobody in, also not who has a cookie, and the page says which address to open.
    """
    client = browser(ledger)
    assert 403 == client.get(f"/?token={told}").status_code
    client.get(f"/?token={TOKEN}")

    answer = client.get(f"/?token={told}")

    assert 403 == answer.status_code
    assert "set-cookie" not in answer.headers
    assert "Open the address that was shown" in answer.text
    assert "Blue Cup" not in answer.text


@pytest.mark.parametrize("page", ["/", "/journal", "/cards", "/no/such/page"])
def test_without_a_token(ledger: Ledger, page: str):
    """
    Without token or cookie there is nothing to see.
    """
    answer = browser(ledger).get(page)

    assert 403 == answer.status_code
    assert "Blue Cup" not in answer.text


def test_forged_cookie(ledger: Ledger):
    """
    The token itself is no cookie; nor is a cookie with another time, of another business or token, or of no shape.
    """
    made = keeper()._cookie(f"{NOW:x}")
    later = made.replace(f"{NOW:x}", f"{NOW + 1:x}")
    others = [keeper("red-cup")._cookie(f"{NOW:x}"), keeper(token=TOKEN + "!")._cookie(f"{NOW:x}")]

    for cookie in (TOKEN, later, *others, "", ".", "zz.", f"zz.{made}", made.upper(), made[:-1], "9" * 4_000):
        client = browser(ledger)
        client.cookies.set(COOKIE, cookie)
        assert 403 == client.get("/journal").status_code


@pytest.mark.parametrize(("later", "status"), [(COOKIE_SECONDS_MAX - 1, 200), (COOKIE_SECONDS_MAX + 2, 403)])
def test_old_cookie(ledger: Ledger, monkeypatch: pytest.MonkeyPatch, later: int, status: int):
    """
    A cookie ends by itself, whatever a browser that keeps it longer thinks.
    """
    cookie = keeper()._cookie(f"{int(time.time()) - later:x}")
    client = browser(ledger)
    client.cookies.set(COOKIE, cookie)

    assert status == client.get("/journal").status_code


def test_token_is_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch):
    """
    How long a wrong token takes does not tell how much of it is right.
    """
    compared = []
    real = hmac.compare_digest

    def compare(one: bytes, other: bytes) -> bool:
        compared.append(one)
        return real(one, other)

    monkeypatch.setattr(hmac, "compare_digest", compare)

    assert not gate._same("told", TOKEN)
    assert [b"told"] == compared


@pytest.mark.parametrize("token", ["", "short", "x" * 15, "ü" * 20, "x" * 20 + "\n"])
def test_weak_token(token: str):
    """
    A token that could be guessed, or typed into no address, is refused and not repeated.
    """
    with pytest.raises(InvalidInput) as refused:
        keeper(token=token)

    assert token == "" or token not in str(refused.value)


def test_token_stays_out_of_sight():
    """
    The gate's own repr, which may land in a log, does not show the token.
    """
    assert TOKEN not in repr(keeper())


@pytest.mark.parametrize(
    ("base", "secure", "expected"),
    [
        ("http://127.0.0.1", False, False),
        ("http://127.0.0.1:8000", True, True),
        ("https://localhost", False, True),
    ],
)
def test_cookie_over_https(ledger: Ledger, base: str, secure: bool, expected: bool):
    """
    Where the browser comes by https, the cookie goes over nothing else; what a visitor says of it is not believed.
    """
    answer = browser(ledger, base=base, secure=secure).get(f"/?token={TOKEN}", headers={"x-forwarded-proto": "https"})

    assert expected == ("Secure" in answer.headers["set-cookie"].split("; "))


@pytest.mark.parametrize("stripped", [True, False], ids=["proxy takes it off", "proxy leaves it on"])
def test_below_a_path(ledger: Ledger, stripped: bool):
    """
    Below a path, cookie and links stay below it, whether or not the proxy leaves it in the address.
    """
    client = browser(ledger, root_path="/my office")
    before = "" if stripped else "/my%20office"

    answer = client.get(f"{before}/cards?token={TOKEN}")
    client.cookies.set(COOKIE, client.cookies.get(COOKIE) or "")
    html = client.get(f"{before}/journal").text

    assert "/my%20office/cards" == answer.headers["location"]
    assert "Path=/my%20office" in answer.headers["set-cookie"].split("; ")
    assert '<a href="/my%20office/cards">' in html
    assert 200 == client.get(re.findall(r'href="/my%20office(/static/office.css[^"]*)"', html)[0]).status_code


def test_redirect_stays_here(ledger: Ledger):
    """
    An address that begins like another site's leads nowhere else.
    """
    app = browser(ledger)

    answer = app.get(f"http://127.0.0.1:8000//evil.example/%2e%2e?token={TOKEN}")

    assert answer.headers["location"].startswith("/evil.example/")


# Names.


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost", "LOCALHOST:1", "[::1]:8000", "office.example:443"])
def test_own_names(ledger: Ledger, host: str):
    """
    It answers to this machine's own names, and to those it was told.
    """
    client = browser(ledger, hosts=["office.example"])

    assert 403 == client.get("/journal", headers={"host": host}).status_code


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8000",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "127.0.0.1@evil.example",
        "evil.example#127.0.0.1",
        "192.0.2.1",
        "0.0.0.0:8000",
        "[::1",
        "[::1].evil.example",
        "[::1]evil.example:1",
        "::1",
        "",
        " ",
        "office.example.",
    ],
)
@pytest.mark.parametrize("path", ["/", "/journal", "/static/office.css", "/no"])
def test_names_of_others(ledger: Ledger, host: str, path: str):
    """
    A name that a foreign site has given our address is answered by nothing: not even a browser with the cookie is.
    """
    client = browser(ledger, hosts=["office.example"])
    client.get(f"/?token={TOKEN}")

    answer = client.get(path, headers={"host": host})

    assert 400 == answer.status_code
    assert not host.strip() or host not in answer.text


@pytest.mark.parametrize("host", ["", ":80", "evil.example:x", "a:b:c", "[::1"])
def test_name_that_is_none(ledger: Ledger, host: str):
    """
    What is no name is not answered to, though a name that is none was told.
    """
    assert 400 == browser(ledger, hosts=[""]).get("/journal", headers={"host": host}).status_code


@pytest.mark.parametrize(
    ("told", "host"),
    [
        ("2001:DB8:0:0::7", "[2001:db8::7]:8000"),
        ("[2001:db8::7]", "[2001:db8::7]"),
        ("192.0.2.7", "192.0.2.7:8000"),
        ("Shop.example:443", "shop.example"),
        ("shop.example", "SHOP.example:443"),
    ],
)
def test_name_to_answer(ledger: Ledger, told: str, host: str):
    """
    A name or address that was told is answered to however a browser says it.
    """
    client = browser(ledger, hosts=[name_to_answer(told)])

    assert 403 == client.get("/journal", headers={"host": host}).status_code
    assert 400 == client.get("/journal", headers={"host": "evil.example:x"}).status_code


def test_every_address(ledger: Ledger):
    """
    Who listens at every address is come to by any of them, but by no name it was not told.
    """
    client = browser(ledger, any_address=True)

    assert 403 == client.get("/journal", headers={"host": "192.0.2.1:8000"}).status_code
    assert 403 == client.get("/journal", headers={"host": "[2001:db8::1]"}).status_code
    assert 400 == client.get("/journal", headers={"host": "evil.example"}).status_code


def test_two_names_at_once(ledger: Ledger):
    """
    A request with two names has none.
    """
    answer = browser(ledger).get("/journal", headers=[("host", "127.0.0.1"), ("host", "evil.example")])

    assert 400 == answer.status_code


@pytest.mark.parametrize("root_path", ["", "/office"])
def test_customers_pages(ledger: Ledger, root_path: str):
    """
    A card leads to its customer's own page, which needs no token, and is found again after a restart with the secret.
    """
    client = browser(ledger, secret=SECRET, root_path=root_path)
    client.get(f"{root_path}/?token={TOKEN}")
    panel = client.get(f"{root_path}/cards/100002").text
    address = re.search(rf'href="({root_path}/c/[^"]*)"', panel)
    assert address is not None

    restarted = browser(ledger, secret=SECRET, root_path=root_path)
    another = browser(ledger, secret=SECRET[::-1], root_path=root_path)

    page = restarted.get(address[1])
    assert 200 == page.status_code and "#100002" in page.text
    assert 404 == another.get(address[1]).status_code
    assert 403 == restarted.get(f"{root_path}/cards/100002").status_code
