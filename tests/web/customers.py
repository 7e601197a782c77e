"""
Customers of the shop, who open their cards with nothing but an address; and what a browser finds in an answer.
"""

import base64
import hashlib
import html
import re

from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from stampledger import Ledger
from stampledger.web import card_address, customer_pages
from tests.web.shop import SECRET

MY = "/my"  # Where the customers' pages are mounted.


def customer(ledger: Ledger, **headers: str) -> TestClient:
    """A customer's browser."""
    pages = Starlette(routes=[Mount(MY, customer_pages(ledger, secret=SECRET))])
    return TestClient(pages, f"http://my.example{MY}", headers=headers, follow_redirects=False)


def address(ledger: Ledger, card: int, lang: str | None = None, scan: int | None = None) -> str:
    """The address of a card, as the shop gives it out."""
    return "/" + card_address(SECRET, ledger.business, ledger.card(card), lang, scan)


def style_hash(document: str) -> str:
    """The hash of the style that stands in a document, as a policy names it."""
    (style,) = re.findall("<style>(.*?)</style>", document, re.DOTALL)
    return f"'sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}'"


def text_of(document: str) -> str:
    """What a page says, without its marks and styles, in one line."""
    shown = re.sub("<(style|svg).*?</\\1>|<[^>]+>", " ", document, flags=re.DOTALL)
    return " ".join(html.unescape(shown).split())
