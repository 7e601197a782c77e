"""The page "Card Events": the Journal, newest first."""

from typing import Any

from starlette.responses import RedirectResponse, Response

from stampledger.paging import Page
from stampledger.projections import JournalRow
from stampledger.render import labels
from stampledger.render.remarks import remarks
from stampledger.web.asking import Asked
from stampledger.web.narrowing import SEARCH_LENGTH_MAX, Narrowing, channels, chips, filters, groups, narrowing

ROWS = 20  # So that a page stays below 30 KB in the languages that take three bytes a letter.


def page(ask: Asked) -> Response:
    """Show a page of the Journal; to htmx only its rows, and what leads on from them."""
    narrowed = narrowing(ask)
    seen = ask.view.seq  # Before the rows are read: what comes later is news.
    rows = read(ask, narrowed, limit=ROWS)
    values = {
        "chips": chips(ask, narrowed),
        "newest": rows[0].seq if rows else seen,
        "told_at": _local(ask),
        **shown(ask, narrowed, rows),
    }
    if ask.fragment:
        response = ask.page("journal_events.html", **values)
        response.headers["HX-Push-Url"] = ask.link("journal", live=1 if values["live"] else None, **narrowed.parts)
        return response
    fields = filter_fields(ask) if ask.params.get("filter") == "1" else {"groups": ()}
    return ask.page("journal.html", search_length_max=SEARCH_LENGTH_MAX, **fields, **values)


def filter_page(ask: Asked) -> Response:
    """Show the filter's fields: to htmx alone, else together with the Journal."""
    narrowed = narrowing(ask)
    if not ask.fragment:
        return RedirectResponse(ask.link("journal", filter=1, **narrowed.parts), 303)
    return ask.page("journal_filter.html", narrowed=narrowed, search_length_max=SEARCH_LENGTH_MAX, **filter_fields(ask))


def filter_fields(ask: Asked) -> dict[str, Any]:
    """Answer what there is to choose from."""
    return {"groups": groups(ask), "channels": channels(ask), "templates": ask.view.templates()}


def read(ask: Asked, narrowed: Narrowing, *, limit: int) -> Page[JournalRow]:
    """Read the rows that are asked for."""
    told = filters(ask, narrowed)
    return ask.view.journal(**told, limit=limit, before=ask.whole("before"), after=ask.whole("after"))


def shown(ask: Asked, narrowed: Narrowing, rows: Page[JournalRow]) -> dict[str, Any]:
    """Answer what the rows of the Journal are drawn from."""
    first = "before" not in ask.params and "after" not in ask.params
    return {
        "rows": rows,
        "narrowed": narrowed,
        "parts": narrowed.parts,
        "may_live": first and ask.moment is None,  # The past brings nothing new.
        "live": first and ask.moment is None and ask.params.get("live") == "1",
        "labels": labels,
        "remarks": remarks,
        "icons": ask.asset("icons.svg"),
        "mixed": ask.words.mixed,
    }


def _local(ask: Asked) -> str | None:
    """Answer the moment asked about as a field for it holds it: in the business's zone."""
    if ask.moment is None:
        return None
    return f"{ask.view.moment.at.astimezone(ask.zone):%Y-%m-%dT%H:%M:%S}"
