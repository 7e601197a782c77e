"""What went wrong, as a status and a page that says what to do next; nothing of ours leaks through it."""

import logging

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse, Response

from stampledger.errors import (
    Conflict,
    Corrupt,
    InvalidInput,
    NotFound,
    OutcomeUnknown,
    Refused,
    StorageError,
)
from stampledger.render.languages import known_language
from stampledger.web.access import TokenWanted
from stampledger.web.asking import Asked
from stampledger.web.forms import BodyTooLarge, ForgedForm

_KINDS = {401: "denied", 403: "denied", 404: "not_found", 413: "too_large", 414: "too_large"}

LOG = logging.getLogger("stampledger.web")

_RETRY = {"Retry-After": "2"}


def failed(ask: Asked, error: Exception) -> Response:
    """Answer the page of an error, whatever it is; one that is not the visitor's goes into the log, once."""
    status, kind, told = _sorted(error)
    if status >= 500:
        LOG.error("%s %r answered %d", ask.request.method, ask.request.scope["path"], status, exc_info=error)
    headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
    if status < 400:  # A service's way to say "look there".
        return Response(status_code=status, headers=headers)
    response = _page(ask, status, kind, told)
    response.headers.update(headers | (_RETRY if status == 503 else {}))
    return response


def _page(ask: Asked, status: int, kind: str, told: str | None) -> Response:
    _forget_what_was_wrong(ask)
    try:
        return ask.page("failure.html", status=status, kind=kind, told=told)
    except Exception:
        LOG.exception("the page of the failure failed too")
        return PlainTextResponse("Something went wrong.", status)


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
        case ClientDisconnect():
            return 400, "invalid", None
        case TokenWanted():
            return 403, "token", None
        case HTTPException(status_code=status):
            return status, _KINDS.get(status, "broken" if status >= 500 else "invalid"), None
    return 500, "broken", None


def _forget_what_was_wrong(ask: Asked) -> None:
    """Let the page of the error be made in a language we have, such as the one asked for, and lead back to now."""
    lang = known_language(ask.params.get("lang"))
    ask.params = {} if lang is None else {"lang": lang}
    ask.__dict__.pop("lang", None)
