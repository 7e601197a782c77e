"""
The Journal's live mode: what comes is shown, each entry once.
"""

import re
from html import unescape
from threading import Thread

import pytest
from starlette.testclient import TestClient

from stampledger import Ledger
from stampledger.web.journal_news import NEWS, SHOWN_MAX
from tests.web.links import HOST, hrefs, seqs
from tests.web.shop import MOUNTED, mounted, visitor

HTMX = {"hx-request": "true"}


def polled(html: str) -> str | None:
    """The address that a page asks for news, every other second."""
    found = re.search(r'<div id="live" hx-get="([^"]*)" hx-trigger="every 2s"', html)
    return None if found is None else unescape(found[1])


def watch(client: TestClient, start: str) -> str:
    asked = polled(client.get(start).text)
    assert asked is not None
    return asked


def test_nothing_new(client: TestClient):
    """
    Where nothing has come, nothing is sent, and the page asks the same again.
    """
    answer = client.get(HOST + watch(client, "/journal?live=1"), headers=HTMX)

    assert (204, b"") == (answer.status_code, answer.content)


def test_new_entries(ledger: Ledger, client: TestClient):
    """
    New rows come newest first, highlighted, together with what is told to those who do not see and what to ask next.
    """
    asked = watch(client, "/journal?live=1")
    first = ledger.register_customer(name="Ida").id
    ledger.register_customer(name="Uma")

    answer = client.get(HOST + asked, headers=HTMX).text
    assert [first + 1, first] == seqs(answer)
    assert 2 == answer.count('<tr class="fresh">')
    assert f"2 new entries, up to #{first + 1}." in answer
    assert 204 == client.get(HOST + (polled(answer) or ""), headers=HTMX).status_code


@pytest.mark.parametrize("narrowed", ["", "&search=Guest", "&kind=customer_registered&actor=till-1"])
def test_written_meanwhile(ledger: Ledger, client: TestClient, narrowed: str):
    """
    While somebody writes, whoever watches misses nothing that fits and sees nothing twice.
    """

    def write() -> None:
        for number in range(120):
            ledger.register_customer(name=f"Guest {number}", actor=f"till-{number % 3}")

    html = client.get(f"/journal?live=1{narrowed}").text
    asked, seen = polled(html), seqs(html)
    assert asked is not None
    writer = Thread(target=write)
    writer.start()
    rounds, more = 0, True
    while more:
        more = writer.is_alive()
        answer = client.get(HOST + asked, headers=HTMX)
        if answer.status_code == 200:
            seen = seqs(answer.text) + seen
            asked = polled(answer.text) or ""
            rounds += 1
    writer.join()

    fits = {
        "": range(32, 172),
        "&search=Guest": range(52, 172),
        "&kind=customer_registered&actor=till-1": [5, *range(53, 172, 3)],
    }
    assert sorted(fits[narrowed], reverse=True) == seen
    assert rounds > 1


def test_first_of_its_kind(ledger: Ledger, client: TestClient):
    """
    A list that is empty yet is watched too: what fits first appears in it.
    """
    html = client.get("/journal?live=1&search=Ida").text
    asked = polled(html)
    assert asked is not None and '<tbody id="rows">' in html and "No entry matches" not in html
    scan = ledger.register_customer(name="Ida")
    ledger.register_customer(name="Uma")

    assert [scan.id] == seqs(client.get(HOST + asked, headers=HTMX).text)


def test_away_for_long(ledger: Ledger, client: TestClient):
    """
    Where more came than is shown at once, none of it is, so that there is no gap: the page says so, and asks no more.
    """
    asked = watch(client, "/journal?live=1")
    for number in range(NEWS):
        ledger.register_customer(name=f"Guest {number}")
    assert NEWS == len(seqs(client.get(HOST + asked, headers=HTMX).text))
    ledger.register_customer(name="One more")

    answer = client.get(HOST + asked, headers=HTMX).text
    assert [] == seqs(answer)
    assert "Many more entries have come." in answer and f"{MOUNTED}/journal?live=1" in hrefs(answer)
    assert '<div id="live" hx-swap-oob="true"></div>' in answer


def test_open_for_days(ledger: Ledger, client: TestClient):
    """
    A page that is left open does not grow for ever.
    """
    asked = watch(client, "/journal?live=1").replace("shown=0", f"shown={SHOWN_MAX}")
    ledger.register_customer(name="Ida")

    assert "Many more entries have come." in client.get(HOST + asked, headers=HTMX).text


def test_where_it_is_offered(client: TestClient):
    """
    Live mode is offered on the first page of today's Journal alone; it is switched by links, which keep the filters.
    """
    today, live = client.get("/journal?search=ben").text, client.get("/journal?live=1&search=ben").text
    assert f"{MOUNTED}/journal?live=1&search=ben" in hrefs(today) and polled(today) is None
    assert "Stop live mode" in live and f"{MOUNTED}/journal?search=ben" in hrefs(live)

    for elsewhere in ("at=20&", "before=30&", "after=3&"):
        html = client.get(f"/journal?{elsewhere}live=1").text
        assert polled(html) is None and "ive mode" not in html


def test_search_meanwhile(client: TestClient):
    """
    A search in live mode goes on live, for what it found: its answer asks for the news of that, in its own place.
    """
    answer = client.get("/journal?live=1&search=ben", headers=HTMX)

    assert f"{MOUNTED}/journal/news?after=50&shown=0&search=ben" == polled(answer.text)
    assert f"{MOUNTED}/journal?live=1&search=ben" == answer.headers["hx-push-url"]
    assert ["told"] == re.findall(r'id="(\w+)"[^>]*hx-swap-oob', answer.text)


def test_without_a_script(client: TestClient):
    """
    A browser without scripts loads the page again every few seconds, in live mode alone.
    """
    refresh = '<noscript><meta http-equiv="refresh" content="10"></noscript>'

    assert refresh in client.get("/journal?live=1").text
    assert refresh not in client.get("/journal").text
    assert f"{MOUNTED}/journal?live=1&search=ben" == client.get("/journal/news?after=3&search=ben").headers["location"]


@pytest.mark.parametrize(
    "query", ["after=3&at=20", "", "after=abc", "after=-1", "after=3&shown=-1", "after=3&shown=9999"]
)
def test_bad_input(client: TestClient, query: str):
    """
    News of the past, or after no entry, cannot be asked for.
    """
    assert 400 == client.get(f"/journal/news?{query}", headers=HTMX).status_code


def test_signed_out(ledger: Ledger, client: TestClient):
    """
    Whoever is not let in any more gets no news.
    """
    asked = watch(client, "/journal?live=1")
    ledger.register_customer(name="Ida")

    answer = visitor(mounted(ledger), None).get(HOST + asked, headers=HTMX)
    assert 403 == answer.status_code
    assert "Ida" not in answer.text
