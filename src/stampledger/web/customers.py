"""The pages for customers: each sees the own card, at an address that nobody can guess."""

import hmac
import logging
from urllib.parse import urlencode
from uuid import UUID

import attrs
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from stampledger.errors import Conflict, NotFound, StampledgerError, StorageError
from stampledger.ledger import Ledger
from stampledger.render import CustomerPage
from stampledger.render.html import notice_html, page_policy
from stampledger.render.languages import DEFAULT_LANGUAGE, LANGUAGES, known_language, preferred
from stampledger.web.addresses import card_key, checked_secret
from stampledger.web.headers import HEADERS, SafeHeaders
from stampledger.web.moments import scan_of

LOG = logging.getLogger("stampledger.web")

NOT_FRAMED = "; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
QUERY_BYTES_MAX = 1024  # Of an address that we make, whatever a messenger has hung on to it; more is not read.
STATUSES = {"not_found": 404, "language": 404, "busy": 503, "broken": 500}


def customer_pages(ledger: Ledger, *, secret: bytes) -> Starlette:
    """Make the pages that customers open themselves: /ko/…/card in a language, /…/card in the customer's own.

    Mount it where customers come in; nobody needs to be let in, since an address (see `card_address`) carries a key
    that only the secret makes. A key that is wrong, a card that is unknown and a scan of another card are all answered
    alike. It needs no lifespan; the ledger stays the caller's, who closes it.

    Args:
        ledger: The business's ledger.
        secret: What the addresses were made with, at least 16 bytes.

    Raises:
        InvalidInput: The secret is too short.
    """
    door = Door(ledger, checked_secret(secret))

    async def answer(request: Request) -> Response:
        return await run_in_threadpool(door.answer, request)

    headers = {
        **HEADERS,
        "Content-Security-Policy": page_policy() + NOT_FRAMED,
        "Referrer-Policy": "no-referrer",  # The address is the key.
        "Vary": "Accept-Language",
        "X-Frame-Options": "DENY",
        "X-Robots-Tag": "noindex",
    }
    return Starlette(
        routes=[
            Route("/{lang}/{card_id}/card", answer),
            Route("/{card_id}/card", answer),
            Route("/{rest:path}", answer),
        ],
        middleware=[Middleware(SafeHeaders, headers=headers)],
    )


@attrs.frozen
class Door:
    """Whoever knows the key of a card sees its page."""

    ledger: Ledger
    secret: bytes = attrs.field(repr=False)

    def answer(self, request: Request) -> Response:
        """Answer a request: a page, or that there is none."""
        if len(request.scope["query_string"]) > QUERY_BYTES_MAX:
            return _notice(request, "not_found")
        wished: str | None = request.path_params.get("lang")
        lang = known_language(wished)
        if wished is not None and lang is None:
            return _notice(request, "language" if _is_id(_card(request)) else "not_found")
        try:
            page = self.page(request, lang)
        except (Conflict, StorageError) as error:
            LOG.error("a customer's page could not be read", exc_info=error)
            return _notice(request, "busy")
        except StampledgerError as error:
            LOG.error("a customer's page could not be made", exc_info=error)
            return _notice(request, "broken")
        if page is None:
            return _notice(request, "not_found")
        return HTMLResponse(page.html(), headers={"Content-Language": LANGUAGES[page.lang].tag})

    def page(self, request: Request, lang: str | None) -> CustomerPage | None:
        """Find the page that an address names, if the key is right."""
        browser = request.headers.get("accept-language")
        page = self._now(_card(request), lang, browser)
        key = card_key(self.secret, self.ledger.business, page.view.card) if page else ""
        if not hmac.compare_digest(key.encode(), request.query_params.get("key", "").encode()) or page is None:
            return None
        told = request.query_params.get("scan")
        if told is None:
            return page
        try:
            scan = scan_of(self.ledger, page.view.card.number, _seq(told))
        except NotFound:
            return None
        return self.ledger.at(scan.last).customer_view(page.view.card.number, lang=lang, browser=browser)

    def _now(self, card: str, lang: str | None, browser: str | None) -> CustomerPage | None:
        try:
            # A card has one address: its id spelt otherwise is none.
            return self.ledger.customer_view(UUID(card), lang=lang, browser=browser) if _is_id(card) else None
        except NotFound:
            return None


def _card(request: Request) -> str:
    return str(request.path_params.get("card_id", ""))


def _is_id(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


def _seq(text: str) -> int:
    """Read the number of a scan; 0, which none has, where it is no number."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else 0


def _notice(request: Request, kind: str) -> Response:
    """Say that there is no page, in the language of the browser."""
    lang = preferred(request.headers.get("accept-language")) or DEFAULT_LANGUAGE
    languages = {}
    if kind == "language":
        told = urlencode([(name, value) for name, value in request.query_params.items() if name in ("key", "scan")])
        place = f"{_card(request)}/card" + (f"?{told}" if told else "")
        languages = {other: f"../../{other}/{place}" for other in LANGUAGES}
    headers = {"Content-Language": LANGUAGES[lang].tag} | ({"Retry-After": "2"} if kind == "busy" else {})
    return HTMLResponse(notice_html(lang, kind=kind, languages=languages), STATUSES[kind], headers)
