"""What went wrong, as a status and a page that says what to do next; nothing of ours leaks through it."""

import logging

from starlette.exceptions import HTTPException
from starlette.responses import Response

from stampledger.errors import (
    Conflict,
    Corrupt,
    InvalidInput,
    NotFound,
    OutcomeUnknown,
    Refused,
    StampledgerError,
    StorageError,
)
from stampledger.web.asking import Asked
from stampledger.web.forms import BodyTooLarge, ForgedForm

LOG = logging.getLogger("stampledger.web")

EXPECTED = (StampledgerError, HTTPException, ForgedForm, BodyTooLarge)
_RETRY = {"Retry-After": "2"}


def failed(ask: Asked, error: Exception) -> Response:
    """Answer the page of an error."""
    status, kind, told = _sorted(error)
    if status >= 500:
        LOG.error("%s answered %d", ask.request.url.path, status, exc_info=error)
    _forget_what_was_wrong(ask)
    response = ask.page("failure.html", status=status, kind=kind, told=told)
    response.headers.update(_RETRY if status == 503 else {})
    return response


def _sorted(error: Exception) -> tuple[int, str, str | None]:
    """Answer the status, what the page says by it, and the error's own sentence where it is for the person."""
    match error:
        case NotFound():
            return 404, "not_found", str(error)
        case InvalidInput():
            return 400, "invalid", str(error)
        case Refused():
            return 409, "refused", str(error)
        case OutcomeUnknown():
            return 503, "unknown", None
        case Conflict() | StorageError():
            return 503, "busy", None
        case Corrupt():
            return 500, "corrupt", None
        case ForgedForm():
            return 403, "forged", None
        case BodyTooLarge():
            return 413, "too_large", None
        case HTTPException(status_code=status):
            return status, "not_found" if status == 404 else "denied" if status in (401, 403) else "invalid", None
    return 500, "broken", None


def _forget_what_was_wrong(ask: Asked) -> None:
    """Let the page of the error be made in a language we have, and lead back to the present."""
    ask.params = {}
    ask.__dict__.pop("lang", None)
