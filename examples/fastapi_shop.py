"""A shop on FastAPI and SQLAlchemy's ORM: an order and its stamps are there together, or not at all.

    SHOP_PASSWORD=… uvicorn --factory examples.fastapi_shop:create_app

Staff signs in by the browser's own dialogue at /staff/stamps; customers' cards are below /cards.
"""

import base64
import binascii
import os
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import FastAPI
from pydantic import BaseModel, Field
from sqlalchemy import create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from starlette.requests import Request
from starlette.responses import Response

from stampledger import CardTemplate, Goal, Ledger, Refused, Voucher
from stampledger.web import Staff, back_office, card_address, customer_pages

CARD = CardTemplate(name="Coffee card", goals=(Goal(stamps=8, reward=Voucher(title="Free coffee")),))
STAFF = {"anna": os.environ.get("SHOP_PASSWORD") or secrets.token_hex()}  # Without a password nobody comes in.
SECRET = os.environ.get("SHOP_SECRET", secrets.token_hex()).encode()  # A drawn one is good until the process ends.

Pay = Callable[[str], None]


class Base(DeclarativeBase):
    """The shop's own tables."""


class Order(Base):
    """What somebody bought."""

    __tablename__ = "orders"
    number: Mapped[str] = mapped_column(primary_key=True)
    card: Mapped[int]
    coffees: Mapped[int]


class Wanted(BaseModel):
    """An order as the web shop sends it."""

    number: Annotated[str, Field(max_length=40)]
    card: int
    coffees: Annotated[int, Field(gt=0, le=20)]


class Member(BaseModel):
    """Somebody who would like a card."""

    name: str
    email: str


def paid(order: str) -> None:
    """Take the money for an order; where that fails, there is no order."""


def create_app(url: str = "sqlite:///fastapi_shop.db", pay: Pay = paid) -> FastAPI:
    """Make the shop: its orders and the stamp cards' tables lie in one database."""
    engine = create_engine(url)
    Base.metadata.create_all(engine)
    ledger = Ledger(engine, business="blue-cup")
    ledger.publish_template("coffee", CARD, idempotency_key="the first coffee card")

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        ledger.close()
        engine.dispose()

    app = FastAPI(title="Blue Cup", lifespan=lifespan)

    @app.post("/orders", status_code=201)
    def take_order(wanted: Wanted) -> dict[str, object]:
        with Session(engine) as session, session.begin():
            if session.get(Order, wanted.number) is None:
                session.add(Order(**wanted.model_dump()))
                session.flush()
            using = ledger.using(session.connection())
            try:
                scan = using.add_stamps(wanted.card, wanted.coffees, code=f"order {wanted.number}", actor="web shop")
                told: dict[str, object] = {"progress": str(scan.card.progress), "repeated": scan.repeated}
            except Refused as refusal:  # The order is good all the same; the Journal says why there was no stamp.
                told = {"refused": str(refusal)}
            pay(wanted.number)
        return told

    @app.post("/members", status_code=201)
    def join(member: Member) -> dict[str, object]:
        customer = ledger.register_customer(name=member.name, email=member.email)
        card = ledger.issue_card("coffee", customer=customer).card
        return {"card": card.number, "page": f"/cards/{card_address(SECRET, ledger.business, card)}"}

    app.mount("/staff/stamps", back_office(ledger, authorize=signed_in, secret=SECRET, customers_at="/cards"))
    app.mount("/cards", customer_pages(ledger, secret=SECRET))
    return app


def signed_in(request: Request) -> Staff | Response:
    """Let in whoever the browser's dialogue was told a right password by."""
    scheme, _, told = request.headers.get("authorization", "").partition(" ")
    try:
        name, _, password = base64.b64decode(told if scheme.lower() == "basic" else "").decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        name = password = ""
    if secrets.compare_digest(STAFF.get(name, secrets.token_hex()).encode(), password.encode()):
        return Staff(name)
    return Response("Sign in", 401, {"WWW-Authenticate": 'Basic realm="Blue Cup"'})
