"""The page "Card Events": the Journal, newest first."""

from typing import Any

from starlette.responses import Response

from stampledger.paging import Page
from stampledger.projections import JournalRow
from stampledger.web.asking import Asked

ROWS = 25


def page(ask: Asked) -> Response:
    """Show a page of the Journal."""
    return ask.page("journal.html", rows=read(ask, limit=ROWS), filters=filters(ask))


def filters(ask: Asked) -> dict[str, Any]:
    """Answer what the rows are narrowed to, as `View.journal` takes it."""
    return {
        "search": ask.params.get("search"),
        "since": ask.instant("since"),
        "until": ask.instant("until", end=True),
        "code": ask.params.get("code"),
        "actor": ask.params.get("actor"),
        "channel": ask.params.get("channel"),
        "template": ask.params.get("template"),
        "kinds": ask.request.query_params.getlist("kind") or None,
    }


def read(ask: Asked, *, limit: int) -> Page[JournalRow]:
    """Read the rows that are asked for."""
    return ask.view.journal(**filters(ask), limit=limit, before=ask.whole("before"), after=ask.whole("after"))
