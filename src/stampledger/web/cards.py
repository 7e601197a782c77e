"""The page "User stamp cards": the list of issued cards."""

from starlette.responses import Response

from stampledger.web.asking import Asked

ROWS = 25


def page(ask: Asked) -> Response:
    """Show a page of the cards."""
    rows = ask.view.cards(
        search=ask.params.get("search"), limit=ROWS, before=ask.whole("before"), after=ask.whole("after")
    )
    return ask.page("cards.html", rows=rows)
