"""The page that tells what became of a code: why the stamp did not go through."""

from starlette.responses import Response

from stampledger.web.asking import Asked
from stampledger.web.journal import shown
from stampledger.web.narrowing import SEARCH_LENGTH_MAX, Narrowing

ROWS = 100  # More than any code was ever tried, but a page has an end.


def page(ask: Asked) -> Response:
    """Show what a code did, or which rule said no; without a code, the field for one."""
    code = ask.params.get("code")
    if code is None:
        return ask.page("codes.html", code=None, code_length_max=SEARCH_LENGTH_MAX)
    answer = ask.view.why(code)
    rows = ask.view.journal(code=code, limit=ROWS)
    values = shown(ask, Narrowing(code=code), rows)
    return ask.page("codes.html", code=code, answer=answer, code_length_max=SEARCH_LENGTH_MAX, **values)
