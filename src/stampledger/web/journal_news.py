"""What the Journal's live mode asks for every other second: the entries since the last that it shows."""

from starlette.responses import RedirectResponse, Response

from stampledger import checks
from stampledger.errors import InvalidInput
from stampledger.web.asking import Asked
from stampledger.web.journal import ROWS, read, shown
from stampledger.web.narrowing import narrowing

NEWS = 3 * ROWS  # Rows at once; who was away for longer than they took to come loads the page again.
SHOWN_MAX = 20 * ROWS  # Rows added to one page, which else would grow for as long as it is open.


def page(ask: Asked) -> Response:
    """Answer the rows after an entry, none twice and none left out; where they are too many, that they are."""
    narrowed = narrowing(ask)
    if not ask.fragment:  # Opened as if it were a page, which it is a part of.
        return RedirectResponse(ask.link("journal", live=1, **narrowed.parts), 303)
    if ask.moment is not None:
        raise InvalidInput("at", ask.params["at"], "must not be given: the past brings nothing new")
    if "after" not in ask.params:
        raise InvalidInput("after", None, "must be the last entry that is shown")
    already = checks.whole(ask.whole("shown") or 0, "shown", 0, SHOWN_MAX)
    rows = read(ask, narrowed, limit=NEWS)
    if not rows:
        return Response(status_code=204)
    values = shown(ask, narrowed, rows)
    count = already + len(rows)
    too_many = rows.previous is not None or count > SHOWN_MAX
    return ask.page("journal_news.html", **values, newest=rows[0].seq, shown=count, too_many=too_many)
