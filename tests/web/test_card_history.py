"""
A card's history: its log as a table, and the card as it was after each entry.
"""

import re

import pytest
from starlette.testclient import TestClient

from stampledger import Ledger
from tests.web.shop import MOUNTED, mounted, visitor
from tests.web.test_cards import address, words

PICTURE = {"HX-Request": "true", "HX-Target": "picture"}


def entries(html: str) -> list[int]:
    """The entries of the table, in its order."""
    return [int(seq) for seq in re.findall(r'data-label="Entry"><a [^>]*>(\d+)</a>', html)]


def test_log(client: TestClient, ledger: Ledger):
    """
    Everything that happened to the card is told, newest first or oldest first.
    """
    log = [row.seq for row in ledger.history(100003)]

    html = client.get("/cards/100003/history").text
    turned = client.get(f"http://shop.example{address(html, 'Oldest first')}").text

    assert log[::-1] == entries(html)
    assert log == entries(turned)
    assert "Stamps taken back 0/9 Free cookie (redeemed)" in words(html)


def test_each_entry_leads_on(client: TestClient):
    """
    Each entry leads to what the customer saw, and into the Journal as of then.
    """
    html = client.get("/cards/100003/history").text

    assert f'href="{MOUNTED}/cards/100003/view?scan=17"' in html
    assert f'href="{MOUNTED}/journal?at=19"' in html


def test_card_after_each_entry(client: TestClient, ledger: Ledger):
    """
    At each step the card is shown as it was after that entry: its stamps, its boxes, its rewards.
    """
    for step, row in enumerate(ledger.history(100003), 1):
        then = ledger.at(row.seq).card(100003)

        html = client.get(f"/cards/100003/history?step={step}", headers=PICTURE).text

        assert "<html" not in html and f'data-step="{step}"' in html
        assert f"After entry {row.seq}: " in html
        assert f"{then.progress.stamps} / 9 •" in words(html)
        assert then.progress.stamps == html.count('class="box full')
        for reward in then.rewards:
            assert reward.title in html
        assert len(then.rewards) == html.count("<li>")


def test_slider(client: TestClient):
    """
    The slider goes over all entries, says which one it stands at, and is a form where there is no script.
    """
    html = client.get("/cards/100003/history?step=3").text

    assert 'type="range" id="step" name="step" min="1" max="11" value="3"' in html
    assert 'aria-valuetext="3 of 11: Stamps added, 12 May 2026, 11:50"' in html
    assert f'<form class="panel scrub" id="scrub" action="{MOUNTED}/cards/100003/history" method="get"' in html
    assert '<button class="unscripted">Show</button>' in html
    assert address(html, "Previous").startswith(f"{MOUNTED}/cards/100003/history?step=2")
    assert address(html, "Next").startswith(f"{MOUNTED}/cards/100003/history?step=4")


def test_ends(client: TestClient):
    """
    Before the first entry and after the last one there is none.
    """
    first = client.get("/cards/100003/history?step=1").text
    last = client.get("/cards/100003/history?step=11").text

    assert 'id="step-back"' not in first and 'id="step-on"' in first
    assert 'id="step-on"' not in last and 'id="step-back"' in last


def test_thousand_entries(client: TestClient, ledger: Ledger):
    """
    A long log is paged, and the slider still goes over all of it.
    """
    for _ in range(1_000 - len(ledger.history(100005))):
        ledger.send_message(100005, "Hello")
    log = [row.seq for row in ledger.history(100005)]

    first = client.get("/cards/100005/history?order=oldest").text
    second = client.get(f"http://shop.example{address(first, 'Newer')}").text
    last = client.get("/cards/100005/history?order=oldest&page=20").text

    assert 'max="1000" value="1000"' in first
    assert log[:50] == entries(first) and log[50:100] == entries(second) and log[-50:] == entries(last)
    assert ">Newer</a>" not in last
    assert f"After entry {log[499]}: " in client.get("/cards/100005/history?step=500", headers=PICTURE).text


def test_past(client: TestClient):
    """
    As of a past moment the log ends there.
    """
    html = client.get("/cards/100003/history?at=18").text

    assert [18, 17, 16, 15] == entries(html)
    assert 'max="4"' in html and "You are looking at the past" in html


def test_other_language(client: TestClient):
    """
    The language is carried on by every link and by the slider's form.
    """
    html = client.get("/cards/100003/history?lang=de").text

    assert '<input type="hidden" name="lang" value="de">' in html
    assert f'href="{MOUNTED}/cards/100003/view?lang=de&amp;scan=17"' in html


def test_readers_may_look(ledger: Ledger):
    """
    Who may only look sees the history.
    """
    assert 200 == visitor(mounted(ledger), "guest").get("/cards/100003/history").status_code


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("step=0", 400),
        ("step=12", 400),
        ("step=-1", 400),
        ("step=" + "9" * 40, 400),
        ("step=x", 400),
        ("page=2", 400),
        ("page=x", 400),
        ("order=random", 400),
        ("at=14", 404),
    ],
)
def test_bad_addresses(client: TestClient, ledger: Ledger, query: str, status: int):
    """
    A step, page or order that is none is told so.
    """
    before = ledger.seq

    answer = client.get(f"/cards/100003/history?{query}")

    assert status == answer.status_code and f'href="{MOUNTED}/journal"' in answer.text
    assert before == ledger.seq
