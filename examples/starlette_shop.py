"""A shop on Starlette and SQLAlchemy: an order and its stamps are there together, or not at all.

    SHOP_PASSWORD=… uvicorn --factory examples.starlette_shop:create_app

Staff signs in at /login and finds the back office at /staff/stamps; customers' cards are below /cards.
"""

import os
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from urllib.parse import parse_qsl

from sqlalchemy import Column, Integer, MetaData, String, Table, create_engine, select
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route

from stampledger import CardTemplate, Goal, Ledger, Refused, Voucher
from stampledger.web import Staff, back_office, card_address, customer_pages

CARD = CardTemplate(name="Coffee card", goals=(Goal(stamps=8, reward=Voucher(title="Free coffee")),))
ORDERS = Table(
    "orders",
    MetaData(),
    Column("number", String(40), primary_key=True),
    Column("card", Integer, nullable=False),
    Column("coffees", Integer, nullable=False),
)
STAFF = {"anna": os.environ.get("SHOP_PASSWORD") or secrets.token_hex()}  # Without a password nobody comes in.
SECRET = os.environ.get("SHOP_SECRET", secrets.token_hex()).encode()  # A drawn one is good until the process ends.

Pay = Callable[[str], None]


def paid(order: str) -> None:
    """Take the money for an order; where that fails, there is no order."""


def create_app(url: str = "sqlite:///starlette_shop.db", pay: Pay = paid) -> Starlette:
    """Make the shop: its orders and the stamp cards' tables lie in one database."""
    engine = create_engine(url)
    ORDERS.metadata.create_all(engine)
    ledger = Ledger(engine, business="blue-cup")
    ledger.publish_template("coffee", CARD, idempotency_key="the first coffee card")
    signed_in: dict[str, str] = {}

    def take_order(number: str, card: int, coffees: int) -> dict[str, object]:
        with engine.begin() as connection:
            if connection.execute(select(ORDERS.c.card).where(ORDERS.c.number == number)).first() is None:
                connection.execute(ORDERS.insert().values(number=number, card=card, coffees=coffees))
            try:
                scan = ledger.using(connection).add_stamps(card, coffees, code=f"order {number}", actor="web shop")
                told: dict[str, object] = {"progress": str(scan.card.progress), "repeated": scan.repeated}
            except Refused as refusal:  # The order is good all the same; the Journal says why there was no stamp.
                told = {"refused": str(refusal)}
            pay(number)
        return told

    async def orders(request: Request) -> JSONResponse:
        wanted = await request.json()
        told = await run_in_threadpool(take_order, wanted["number"], wanted["card"], wanted["coffees"])
        return JSONResponse(told, 201)

    async def members(request: Request) -> JSONResponse:
        wanted = await request.json()

        def join() -> dict[str, object]:
            customer = ledger.register_customer(name=wanted["name"], email=wanted["email"])
            card = ledger.issue_card("coffee", customer=customer).card
            return {"card": card.number, "page": f"/cards/{card_address(SECRET, ledger.business, card)}"}

        return JSONResponse(await run_in_threadpool(join), 201)

    async def login(request: Request) -> Response:
        if request.method == "GET":
            return HTMLResponse(LOGIN)
        told = dict(parse_qsl((await request.body()).decode()))
        name, password = told.get("name", ""), told.get("password", "")
        if not secrets.compare_digest(STAFF.get(name, secrets.token_hex()).encode(), password.encode()):
            return HTMLResponse(LOGIN, 403)
        answer = RedirectResponse("/staff/stamps/", 303)
        session = secrets.token_urlsafe()
        signed_in[session] = name
        answer.set_cookie("staff", session, httponly=True, samesite="strict")
        return answer

    def authorize(request: Request) -> Staff | Response:
        name = signed_in.get(request.cookies.get("staff", ""))
        return RedirectResponse("/login", 303) if name is None else Staff(name)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        yield
        ledger.close()
        engine.dispose()

    return Starlette(
        routes=[
            Route("/orders", orders, methods=["POST"]),
            Route("/members", members, methods=["POST"]),
            Route("/login", login, methods=["GET", "POST"]),
            Mount("/staff/stamps", back_office(ledger, authorize=authorize, secret=SECRET, customers_at="/cards")),
            Mount("/cards", customer_pages(ledger, secret=SECRET)),
        ],
        lifespan=lifespan,
    )


LOGIN = """<!DOCTYPE html><html lang="en"><title>Sign in</title><h1>Sign in</h1>
<form method="post"><label>Name <input name="name"></label>
<label>Password <input name="password" type="password"></label> <button>Sign in</button></form></html>"""
