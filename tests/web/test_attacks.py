"""
What an attacker may send: every answer is a page of ours with the right status, and nothing of ours is in it.
"""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import anyio
import attrs
import pytest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount
from starlette.testclient import TestClient
from starlette.types import ASGIApp

from stampledger import InvalidInput, Ledger
from stampledger.web import Staff, back_office, forms
from stampledger.web import app as web_app
from stampledger.web import customers as web_customers
from stampledger.web.asking import Asked, Office
from stampledger.web.forms import Fields, ForgedForm, Tickets
from stampledger.web.headers import HEADERS
from stampledger.web.paths import PATHS
from tests.web.shop import MOUNTED, SECRET, authorize, mounted, visitor

NOW = 1_800_000_000
SPOILT = "the spoilt page's own secret"
FORM = {"content-type": "application/x-www-form-urlencoded"}


def rename(ask: Asked) -> Response:
    """The smallest action: the brand takes another name."""
    key = ask.office.tickets.redeem(ask.staff.actor if ask.staff else "", ask.fields)
    brand = attrs.evolve(ask.office.ledger.brand(), name=ask.fields.text("name") or "")
    scan = ask.office.ledger.set_brand(brand, idempotency_key=key, actor=ask.staff.actor if ask.staff else None)
    return RedirectResponse(ask.link("journal", done=scan.id), 303)


def spoilt(ask: Asked) -> Response:
    """A page with a bug."""
    raise RuntimeError(SPOILT)


@pytest.fixture
def client(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> TestClient:
    """A back office with one action more, and one page that fails."""
    monkeypatch.setitem(PATHS, "rename", "/rename")
    monkeypatch.setitem(PATHS, "spoilt", "/spoilt/{part}")
    monkeypatch.setitem(web_app.ACTIONS, "rename", rename)
    monkeypatch.setitem(web_app.PAGES, "spoilt", spoilt)
    return visitor(mounted(ledger))


def ticket(ledger: Ledger, actor: str = "anna") -> dict[str, str]:
    return attrs.asdict(Tickets(SECRET, ledger.business).issue(actor))


# Forms.


def test_double_click(client: TestClient, ledger: Ledger):
    """
    The same form sent twice acts once, and answers the same both times; the next form of that page acts again.
    """
    form = {**ticket(ledger), "name": "Green Cup"}
    before = ledger.seq

    first, second = (client.post("/rename", data=form) for _ in range(2))
    third = client.post("/rename", data={**ticket(ledger), "name": "Red Cup"})

    assert [303, 303, 303] == [first.status_code, second.status_code, third.status_code]
    assert f"{MOUNTED}/journal?done={before + 1}" == first.headers["location"] == second.headers["location"]
    assert (before + 2, "Red Cup") == (ledger.seq, ledger.brand().name)


def test_key_used_for_something_else(client: TestClient, ledger: Ledger):
    """
    A form's key acts for what it was first sent with, and for nothing else.
    """
    form = ticket(ledger)
    client.post("/rename", data={**form, "name": "Green Cup"})

    answer = client.post("/rename", data={**form, "name": "Red Cup"})

    assert (400, "Green Cup") == (answer.status_code, ledger.brand().name)


@pytest.mark.parametrize(
    "changed",
    [
        {"token": ""},
        {"token": "0" * 64},
        {"token": "é"},
        {"key": ""},
        {"key": "zzz-1"},
        {"key": "\0"},
        {"key": "9" * 5_000},
    ],
    ids=repr,
)
def test_forged_form(client: TestClient, ledger: Ledger, changed: dict[str, str]):
    """
    A key or token that was not made here is refused before it is looked into.
    """
    before = ledger.seq

    answer = client.post("/rename", data={**ticket(ledger), "name": "Green Cup", **changed})

    assert (403, before) == (answer.status_code, ledger.seq)
    assert "not valid any more" in answer.text


def test_somebody_elses_form(client: TestClient, ledger: Ledger):
    """
    A form shown to one member of staff acts for nobody else, nor does one of another business.
    """
    other = attrs.asdict(Tickets(SECRET, "another-business").issue("anna"))

    statuses = [
        client.post("/rename", data=form | {"name": "X"}).status_code for form in (ticket(ledger, "bob"), other)
    ]

    assert [403, 403] == statuses


@pytest.mark.parametrize(
    ("later", "valid"),
    [(0, True), (12 * 3600, True), (12 * 3600 + 1, False), (-60, True), (-61, False), (10**9, False)],
)
def test_age_of_a_form(monkeypatch: pytest.MonkeyPatch, later: int, valid: bool):
    """
    A form is good for half a day, and on a machine whose clock is a little behind.
    """
    tickets = Tickets(SECRET, "shop")
    monkeypatch.setattr(time, "time", lambda: NOW)
    form = Fields(attrs.asdict(tickets.issue("anna")))

    monkeypatch.setattr(time, "time", lambda: NOW + later)

    if valid:
        assert f"web:{form['key']}" == tickets.redeem("anna", form)
    else:
        with pytest.raises(ForgedForm):
            tickets.redeem("anna", form)


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"name=a&name=b", "application/x-www-form-urlencoded", 400),
        (b"name=%ff%fe", "application/x-www-form-urlencoded", 400),
        ("näme=ä".encode(), "application/x-www-form-urlencoded", 400),
        (b"&".join(b"f%d=" % n for n in range(101)), "application/x-www-form-urlencoded", 400),
        (b"name=a", "application/x-www-form-urlencoded; charset=utf-7", 403),
        (b"name=a", "text/plain", 415),
        (b"name=a", "", 415),
        (b'{"name": "a"}', "application/json", 415),
        (b"--x\r\n\r\n--x--", "multipart/form-data; boundary=x", 415),
        (b"name=" + b"a" * 64 * 1024, "application/x-www-form-urlencoded", 413),
    ],
)
def test_no_form(client: TestClient, ledger: Ledger, body: bytes, kind: str, status: int):
    """
    What is not a form of ours has a status of its own, and changes nothing.
    """
    before = ledger.seq

    answer = client.post("/rename", content=body, headers={"content-type": kind})

    assert (status, before) == (answer.status_code, ledger.seq)
    assert "<!DOCTYPE html>" in answer.text


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_another_site(client: TestClient, ledger: Ledger, site: str):
    """
    A form that a browser says another site sent is refused though everything in it is right.
    """
    form = {**ticket(ledger), "name": "Green Cup"}

    answer = client.post("/rename", data=form, headers={"sec-fetch-site": site})

    assert (403, "Blue Cup") == (answer.status_code, ledger.brand().name)
    assert 303 == client.post("/rename", data=form, headers={"sec-fetch-site": "same-origin"}).status_code


def test_guest(ledger: Ledger, client: TestClient):
    """
    One that may only look changes nothing, however the form was come by.
    """
    answer = client.post("/rename", data={**ticket(ledger, "guest"), "name": "X"}, headers={"x-login": "guest"})

    assert (403, "Blue Cup") == (answer.status_code, ledger.brand().name)


# Bodies that are too large, or never end.


async def post(app: ASGIApp, parts: list[bytes], headers: dict[str, str], *, wait: float = 0) -> tuple[int, int]:
    """Send a body part by part, and answer the status and how many parts were asked for."""
    taken, statuses = 0, []

    async def receive() -> dict[str, Any]:
        nonlocal taken
        if wait:
            await anyio.sleep(wait)
        if taken == len(parts):
            return {"type": "http.disconnect"}
        taken += 1
        return {"type": "http.request", "body": parts[taken - 1], "more_body": True}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    scope = {
        "type": "http",
        "method": "POST",
        "path": f"{MOUNTED}/rename",
        "query_string": b"",
        "headers": [(key.encode(), value.encode()) for key, value in {"x-login": "anna", **FORM, **headers}.items()],
        "root_path": "",
        "scheme": "http",
        "http_version": "1.1",
        "server": ("shop.example", 80),
        "client": ("192.0.2.1", 1),
    }
    await app(scope, receive, send)
    return statuses[0], taken


def test_body_announced_too_large(client: TestClient):
    """
    A body that says it is too large is not read at all.
    """
    assert (413, 0) == anyio.run(post, client.app, [b"x"] * 9, {"content-length": "65537"})
    assert (413, 0) == anyio.run(post, client.app, [b"x"] * 9, {"content-length": "9" * 5_000})


def test_body_too_large_bit_by_bit(client: TestClient):
    """
    A body that does not say how large it is is read no further than ours reach.
    """
    assert (413, 5) == anyio.run(post, client.app, [b"x" * 16 * 1024] * 99, {})


def test_slow_body(client: TestClient, monkeypatch: pytest.MonkeyPatch):
    """
    A body that does not come is given up.
    """
    monkeypatch.setattr(forms, "BODY_SECONDS_MAX", 0.05)

    async def slow() -> tuple[int, int]:
        return await post(client.app, [b"x"] * 99, {}, wait=0.02)

    status, taken = anyio.run(slow)
    assert 408 == status
    assert taken < 99


def test_visitor_gone(client: TestClient, caplog: pytest.LogCaptureFixture):
    """
    One that goes away in the middle of a form is no failure of ours.
    """
    status, _ = anyio.run(post, client.app, [b"x"], {})

    assert (400, []) == (status, caplog.records)


# Addresses.


def test_long_query(client: TestClient):
    """
    More than eight kilobytes of parameters are not read.
    """
    assert 200 == client.get("/journal", params={"x": "a" * 8_190}).status_code
    assert 414 == client.get("/journal", params={"x": "a" * 8_191}).status_code


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "FOO"])
@pytest.mark.parametrize("path", ["/", "/journal", "/static/office.css", "/no/such/page"])
def test_other_methods(client: TestClient, method: str, path: str):
    """
    A page is looked at, no more; what was sent is not repeated.
    """
    answer = client.request(method, path, headers={"x-probe": "repeated?"})

    assert 405 == answer.status_code
    assert "repeated?" not in answer.text
    assert HEADERS["Content-Security-Policy"] == answer.headers["content-security-policy"]


def test_head(client: TestClient):
    """
    HEAD answers as GET does, without the page.
    """
    seen, asked = client.get("/cards"), client.head("/cards")

    assert (200, "") == (asked.status_code, asked.text)
    assert seen.headers["content-type"] == asked.headers["content-type"]


@pytest.mark.parametrize(
    "file",
    ["../app.py", "..%2fapp.py", "%2e%2e/app.py", "..%5capp.py", "%2fetc/passwd", "a%00b", "", ".", "x" * 5_000],
)
def test_files_elsewhere(client: TestClient, file: str):
    """
    Only what lies in the folder of styles and scripts is given out.
    """
    answer = client.get(f"/static/{file}")

    assert 404 == answer.status_code
    assert "import" not in answer.text
    assert "root:" not in answer.text


def test_static_files(client: TestClient):
    """
    A file may be kept for ever, since its address changes with it; a kept one is asked about by its hash.
    """
    first = client.get("/static/office.css")
    again = client.get("/static/office.css", headers={"if-none-match": first.headers["etag"]})

    assert "public, max-age=31536000, immutable" == first.headers["cache-control"]
    assert (304, b"") == (again.status_code, again.content)
    assert "no-store" == client.get("/static/none.css").headers["cache-control"]


@pytest.mark.parametrize(
    ("root_path", "expected"),
    [
        ("//evil.example/office", "/evil.example/office"),
        ("/\\evil.example", "/%5Cevil.example"),
        ('/a b/"><script>', "/a%20b/%22%3E%3Cscript%3E"),
        ("/50%", "/50%25"),
        ("/café", "/caf%C3%A9"),
        ("/\udcff", "/%3F"),
        ("/a/", "/a"),
        ("/", ""),
        ("", ""),
    ],
)
def test_odd_mount_path(ledger: Ledger, root_path: str, expected: str):
    """
    Links stay on this site and inside their quotes, whatever the path this is mounted at.
    """
    client = TestClient(
        back_office(ledger, authorize=authorize),
        root_path=root_path,
        headers={"x-login": "anna"},
        follow_redirects=False,
    )

    html = client.get("/journal").text

    assert f'<a href="{expected}/cards">' in html
    assert f'href="{expected}/static/office.css' in html


def test_mount_path_without_its_slash(ledger: Ledger):
    """
    The mount path itself leads to the front page, by an address that holds no name a visitor could choose.
    """
    made = back_office(ledger, authorize=authorize, secret=SECRET)
    inner = TestClient(made, root_path="/shop", follow_redirects=False, headers={"host": "evil.example"})

    answer = inner.get("http://evil.example/shop")

    assert (307, "/shop/") == (answer.status_code, answer.headers["location"])
    assert 404 == inner.get("/shop/a%0ab").status_code


def test_forwarded_headers(client: TestClient):
    """
    What a visitor says of where the pages are is not believed.
    """
    plain = client.get("/journal").text
    forwarded = client.get(
        "/journal",
        headers={
            "x-forwarded-host": "evil.example",
            "x-forwarded-prefix": "//evil.example",
            "x-forwarded-proto": "javascript",
            "forwarded": "host=evil.example",
            "x-original-url": "/evil",
            "host": "evil.example",
        },
    ).text

    assert plain == forwarded


# Failures.


@contextmanager
def logged(caplog: pytest.LogCaptureFixture, times: int) -> Iterator[None]:
    caplog.clear()
    with caplog.at_level(logging.ERROR):
        yield
    assert times == len(caplog.records)


def test_bug(client: TestClient, caplog: pytest.LogCaptureFixture):
    """
    A bug is a page of ours that tells nothing of it; the log has it, once.
    """
    with logged(caplog, 1):
        answer = client.get("/spoilt/part")

    assert 500 == answer.status_code
    assert "Something went wrong" in answer.text
    assert SPOILT not in answer.text and "RuntimeError" not in answer.text
    assert SPOILT in caplog.text
    assert HEADERS["Content-Security-Policy"] == answer.headers["content-security-policy"]


def test_log_line_of_ones_own(client: TestClient, caplog: pytest.LogCaptureFixture):
    """
    An address cannot write lines into the log.
    """
    with logged(caplog, 1):
        client.get("/spoilt/a%0dERROR%20forged")

    assert "forged" in caplog.records[0].getMessage()
    assert "\r" not in caplog.records[0].getMessage()


@pytest.mark.parametrize("wrong", ["raises", "answers", "actor", "later"])
def test_door_that_fails(ledger: Ledger, caplog: pytest.LogCaptureFixture, wrong: str):
    """
    A function that should know who may come in, and fails, lets nobody in and tells nobody why.
    """

    def stumble(request: Request) -> Any:
        match wrong:
            case "raises":
                raise RuntimeError("user=admin password=hunter2")
            case "answers":
                return {"password": "hunter2"}
            case "actor":
                return Staff("hunter2" * 99)

        async def later() -> Any:
            raise KeyError("hunter2")

        return later()

    with logged(caplog, 1):
        answer = visitor(mounted(ledger, authorize=stumble)).get("/journal")

    assert 500 == answer.status_code
    assert "hunter2" not in answer.text
    assert "Blue Cup" not in answer.text


@pytest.mark.parametrize(
    ("status", "headers"),
    [(401, {"WWW-Authenticate": "Basic"}), (429, {"Retry-After": "9"}), (303, {"Location": "/in"})],
)
def test_door_with_its_own_answer(ledger: Ledger, status: int, headers: dict[str, str]):
    """
    A service may turn somebody away by raising, with a status and headers of its own.
    """

    def turn_away(request: Request) -> None:
        raise HTTPException(status, headers=headers)

    answer = visitor(mounted(ledger, authorize=turn_away)).get("/journal")

    assert status == answer.status_code
    assert headers.items() <= {name: answer.headers.get(name) for name in headers}.items()


def test_broken_database(ledger: Ledger, client: TestClient, caplog: pytest.LogCaptureFixture):
    """
    A database that fails is a page that says so, without a word of the database.
    """
    with ledger._store.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE stampledger_journal RENAME TO gone")

    with logged(caplog, 1):
        answer = client.get("/journal")

    assert answer.status_code in (500, 503)
    for leak in ("gone", "SELECT", "sqlite", "demo.db", "no such table", "Traceback"):
        assert leak not in answer.text


def test_closed_ledger(ledger: Ledger, client: TestClient):
    """
    A ledger that was closed answers or refuses; it does not leave the visitor without a page.
    """
    ledger.close()

    answer = client.get("/journal")

    assert "<!DOCTYPE html>" in answer.text


@pytest.mark.parametrize("secret", [b"short", "text of sixteen letters", b"x" * 15])
def test_weak_secret(ledger: Ledger, secret: Any):
    """
    A secret that is none is refused where the back office is made, and not repeated.
    """
    with pytest.raises(InvalidInput, match="at least 16") as refused:
        back_office(ledger, secret=secret)

    assert str(secret) not in str(refused.value)


def test_mounted_deep(ledger: Ledger):
    """
    A mount path that a visitor chooses a part of cannot lead elsewhere either.
    """
    app = Starlette(routes=[Mount("/{tenant:path}/office", back_office(ledger, authorize=authorize))])
    client = TestClient(app, "http://shop.example", headers={"x-login": "anna"})

    html = client.get("http://shop.example//evil.example/office/journal").text

    assert 'href="//' not in html
    assert 'action="//' not in html


def test_secrets_out_of_sight(ledger: Ledger):
    """
    What a tracker of errors notes of our objects holds no secret.
    """
    door = web_customers.Door(ledger, SECRET)
    tickets = Tickets(SECRET, ledger.business)
    ticket = tickets.issue("anna")
    office = Office(ledger, authorize, tickets, SECRET)

    shown = repr((door, office, tickets, ticket))

    assert SECRET.decode() not in shown and ticket.token not in shown
