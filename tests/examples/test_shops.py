"""
The example shops: their orders and stamps belong together, and the back office is behind the shop's own login.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.examples.shops import Shop, django_shop, fastapi_shop, starlette_shop

SHOPS = {"starlette": starlette_shop, "fastapi": fastapi_shop, "django": django_shop}


@pytest.fixture(params=SHOPS)
def shop(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    with SHOPS[request.param](tmp_path, monkeypatch) as shop:
        yield shop


def progress(shop: Shop, card: int) -> str:
    with shop.ledger() as ledger:
        assert () == ledger.verify().faults
        return str(ledger.card(card).progress)


def test_order_and_stamps(shop):
    """
    An order is there with its stamps, and answers how far the card is.
    """
    card = shop.join()["card"]

    answer = shop.order("A-1", card, 2)

    assert (201, {"progress": "2/8", "repeated": False}) == (answer.status_code, answer.json())
    assert (["A-1"], "2/8") == (shop.orders(), progress(shop, card))


def test_payment_that_fails(shop):
    """
    Where something fails after the stamps were given, neither they nor the order were ever there.
    """
    card = shop.join()["card"]
    shop.fail_to_pay()

    assert 500 == shop.order("A-1", card, 2).status_code

    assert ([], "0/8") == (shop.orders(), progress(shop, card))


def test_same_order_again(shop):
    """
    An order that is sent again, since its answer was lost, is one order and was stamped once.
    """
    card = shop.join()["card"]
    shop.order("A-1", card, 2)

    answer = shop.order("A-1", card, 2)

    assert {"progress": "2/8", "repeated": True} == answer.json()
    assert (["A-1"], "2/8") == (shop.orders(), progress(shop, card))


def test_order_without_stamps(shop):
    """
    Where a rule refuses the stamps the order stands, and the Journal says why there were none.
    """
    card = shop.join()["card"]
    with shop.ledger() as ledger:
        ledger.delete_card(card, reason="asked for it")

    answer = shop.order("A-1", card)

    assert "deleted" in answer.json()["refused"]
    assert ["A-1"] == shop.orders()
    with shop.ledger() as ledger:
        assert ("stamp_rejected", "order A-1") == next((row.kind, row.code) for row in ledger.journal(limit=1))


@pytest.mark.parametrize("page", ["/staff/stamps/", "/staff/stamps/journal", "/staff/stamps/cards"])
def test_not_signed_in(shop, page):
    """
    Who has not signed in sees nothing of the business, and is asked to.
    """
    shop.join("Zoe")

    answer = shop.client.get(page, follow_redirects=False)

    assert (answer.status_code, answer.headers.get("location")) in ((401, None), (303, "/login"), (303, "/login/"))
    assert "Zoe" not in answer.text


def test_signed_in(shop):
    """
    Who has signed in sees the Journal, and every link of it leads below the place where it is mounted.
    """
    shop.order("A-1", shop.join("Zoe")["card"])
    shop.sign_in(shop.client)

    answer = shop.client.get("/staff/stamps/journal")

    assert 200 == answer.status_code
    assert "order A-1" in answer.text and "anna" in answer.text
    links = re.findall(r'(?:href|src|action)="(/[^"#]*)', answer.text)
    assert links and all(link.startswith("/staff/stamps/") or link.startswith("/cards/") for link in links)
    style = next(link for link in links if link.split("?")[0].endswith(".css"))
    assert 200 == shop.client.get(style).status_code


def test_customers_page(shop):
    """
    The address that a new member is answered is that of the own card; nobody needs to sign in, nobody can guess it.
    """
    page = shop.join("Zoe")["page"]

    answer = shop.client.get(page)

    assert 200 == answer.status_code and "Coffee card" in answer.text
    assert 404 == shop.client.get(re.sub("key=.{8}", "key=00000000", page)).status_code
