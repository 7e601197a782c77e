"""What the customer saw: the page of a card at a scan, and beside it the page of now, with what lies between them."""

import attrs
from starlette.responses import HTMLResponse, Response

from stampledger import events
from stampledger.errors import CardNotFound
from stampledger.projections import JournalRow, changes
from stampledger.render import CustomerPage
from stampledger.render.changes import change_sentences
from stampledger.render.html import page_policy
from stampledger.render.languages import LANGUAGES, known_language, language
from stampledger.web.asking import Asked
from stampledger.web.moments import CardScan, beside, newest_scan, scan_of

FRAMED_BY_US = "; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"


def page(ask: Asked) -> Response:
    """Show the customer's page itself, at a scan with its popup, else as it looks when it is opened."""
    number, scan = _card(ask), ask.whole("scan")
    wished = ask.params.get("lang")
    view = ask.view if scan is None else ask.office.ledger.at(scan_of(ask.view, number, scan).last)
    shown = view.customer_view(number, lang=wished, browser=ask.request.headers.get("accept-language"))
    headers = {
        "Content-Security-Policy": page_policy() + FRAMED_BY_US,
        "Content-Language": LANGUAGES[shown.lang].tag,
        "Vary": "Accept-Language",
    }
    return HTMLResponse(shown.html(), headers=headers)


def then_and_now(ask: Asked) -> Response:
    """Show what the customer saw at a scan beside what the card shows now, and tell what lies between."""
    number, asked = _card(ask), ask.whole("scan")
    scan = newest_scan(ask.view, number) if asked is None else scan_of(ask.view, number, asked)
    seen_in = language(ask.params["seen_in"]) if "seen_in" in ask.params else None
    then = ask.office.ledger.at(scan.last).customer_view(number, lang=seen_in, browser=LANGUAGES[ask.lang].tag)
    now = ask.view.customer_view(number, lang=then.lang)
    earlier, later = beside(ask.view, number, scan)
    return ask.page(
        "card_view.html",
        number=number,
        scan=scan,
        then=then,
        now=now,
        changes=change_sentences(changes(then.view.card, now.view.card), ask.words, ask.zone.key),
        refused=_refused(ask, scan),
        voided=_voided(ask, number, scan),
        earlier=earlier,
        later=later,
        seen_in=seen_in,
        own=_own_language(then),
    )


@attrs.frozen(kw_only=True)
class RefusedScan:
    """A scan that did not go through, and the first use of its code, where that was the reason."""

    row: JournalRow
    event: events.StampRejected
    first: JournalRow | None


def _refused(ask: Asked, scan: CardScan) -> RefusedScan | None:
    for row in scan.rows:
        if isinstance(row.event, events.StampRejected):
            seq = row.event.first_seq
            found = ask.view.journal(after=seq - 1, limit=1) if seq is not None else ()
            return RefusedScan(row=row, event=row.event, first=next(iter(found), None))
    return None


def _voided(ask: Asked, number: int, scan: CardScan) -> JournalRow | None:
    """Answer the entry that took this scan's stamps back later, if one did."""
    if not any(isinstance(row.event, events.StampAdded) for row in scan.rows):
        return None
    after: int | None = scan.last
    while after is not None:
        page = ask.view.journal(card=number, kinds=["stamp_voided"], after=after)
        for row in page:
            if isinstance(row.event, events.StampVoided) and row.event.scan == scan.id:
                return row
        after = page.previous
    return None


def _own_language(then: CustomerPage) -> str | None:
    customer = then.view.card.customer
    return None if customer is None else known_language(customer.language)


def _card(ask: Asked) -> int:
    """Answer the number of the card that the address names.

    Raises:
        CardNotFound: It is no number.
    """
    told = ask.request.path_params["number"]
    if not (told.isascii() and told.isdigit() and len(told) < 20):
        raise CardNotFound(told)
    return int(told)
