"""
The example shops, each started as its users would, and what a test wants of them.
"""

import importlib
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import attrs
from starlette.testclient import TestClient

from stampledger import Ledger

PASSWORD = "only for this test"


class NoMoney(Exception):
    """The payment failed."""


def no_money(order: str) -> None:
    """Fail after everything else was done."""
    raise NoMoney(order)


@attrs.frozen
class Shop:
    """A shop that is open."""

    client: TestClient
    file: Path
    table: str
    sign_in: Callable[[TestClient], None]
    fail_to_pay: Callable[[], None]

    @contextmanager
    def ledger(self) -> Iterator[Ledger]:
        """Its ledger, opened beside it."""
        with Ledger.open(f"sqlite:///{self.file}", business="blue-cup", create=False) as ledger:
            yield ledger

    def orders(self) -> list[str]:
        """Its orders."""
        with closing(sqlite3.connect(self.file)) as connection:
            return [row[0] for row in connection.execute(f"SELECT number FROM {self.table} ORDER BY number")]

    def join(self, name: str = "Zoe") -> dict[str, Any]:
        """Somebody gets a card."""
        answer = self.client.post("/members", json={"name": name, "email": f"{name}@example.com".lower()})
        assert 201 == answer.status_code
        told: dict[str, Any] = answer.json()
        return told

    def order(self, number: str, card: int, coffees: int = 1) -> Any:
        """Somebody orders."""
        return self.client.post("/orders", json={"number": number, "card": card, "coffees": coffees})


def by_form(client: TestClient) -> None:
    """Sign in as a browser does by a form."""
    answer = client.post("/login", data={"name": "anna", "password": PASSWORD}, follow_redirects=False)
    assert 303 == answer.status_code


def by_dialogue(client: TestClient) -> None:
    """Sign in as a browser does by its own dialogue."""
    client.auth = ("anna", PASSWORD)


def by_django(client: TestClient) -> None:
    """Sign in by Django's own form, whose token comes with the page."""
    client.get("/login/")
    told = {"username": "anna", "password": PASSWORD, "csrfmiddlewaretoken": client.cookies["csrftoken"]}
    assert 302 == client.post("/login/", data=told, follow_redirects=False).status_code


@contextmanager
def made_by_factory(module: Any, folder: Path, sign_in: Callable[[TestClient], None]) -> Iterator[Shop]:
    """A shop that a function makes."""
    file, paying = folder / "shop.db", [module.paid]
    app = module.create_app(f"sqlite:///{file}", lambda order: paying[-1](order))
    with TestClient(app, raise_server_exceptions=False) as client:
        yield Shop(client, file, "orders", sign_in, lambda: paying.append(no_money))


@contextmanager
def starlette_shop(folder: Path, monkeypatch: Any) -> Iterator[Shop]:
    """The shop on Starlette."""
    module = importlib.import_module("examples.starlette_shop")
    monkeypatch.setitem(module.STAFF, "anna", PASSWORD)
    with made_by_factory(module, folder, by_form) as shop:
        yield shop


@contextmanager
def fastapi_shop(folder: Path, monkeypatch: Any) -> Iterator[Shop]:
    """The shop on FastAPI."""
    module = importlib.import_module("examples.fastapi_shop")
    monkeypatch.setitem(module.STAFF, "anna", PASSWORD)
    with made_by_factory(module, folder, by_dialogue) as shop:
        yield shop


@contextmanager
def django_shop(folder: Path, monkeypatch: Any) -> Iterator[Shop]:
    """The shop on Django, which has one set of settings in a process: each test gives it another file."""
    monkeypatch.setenv("SHOP_DATABASE", str(folder / "first.db"))
    zone = os.environ.get("TZ")
    asgi = importlib.import_module("examples.django_shop.asgi")
    os.environ.pop("TZ", None) if zone is None else os.environ.update(TZ=zone)  # Django sets it for the whole process.
    time.tzset()
    from django.conf import settings
    from django.contrib.auth.models import User
    from django.core.management import call_command
    from django.db import connections

    from examples.django_shop import stamps, views

    file = folder / "shop.db"
    stamps.ledger().close()  # Of the service that the import has made.
    stamps.ledger.cache_clear()
    settings.DATABASES["default"]["NAME"] = str(file)
    call_command("migrate", verbosity=0)
    User.objects.create_user("anna", password=PASSWORD, is_staff=True)
    User.objects.create_user("guest", password=PASSWORD)
    try:
        with TestClient(asgi.service(), raise_server_exceptions=False) as client:
            yield Shop(client, file, "shop_order", by_django, lambda: monkeypatch.setattr(views, "pay", no_money))
    finally:
        connections.close_all()
        stamps.ledger().close()
