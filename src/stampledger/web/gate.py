"""The gate of a back office that no service stands in front of: a token in the first address, a cookie from then on.

The token is whatever `stampledger serve` printed. The cookie is made from it and from the time, so that who reads the
one cannot make the other, and a cookie that was copied ends by itself.
"""

import hashlib
import hmac
import re
import time
from collections.abc import Collection
from ipaddress import ip_address

import attrs
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from stampledger.errors import InvalidInput
from stampledger.web.access import Staff, TokenWanted
from stampledger.web.mounting import here, root

PARAMETER = "token"
TOKEN_LENGTH_MIN = 16
COOKIE_SECONDS_MAX = 30 * 24 * 60 * 60
_HOST = re.compile(r"(?:\[([0-9a-f:.]+)\]|([^:\[\]]+))(?::[0-9]*)?")
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def _long_enough(gate: "Gate", attribute: "attrs.Attribute[str]", value: str) -> None:
    if len(value) < TOKEN_LENGTH_MIN or not value.isascii() or not value.isprintable():
        raise InvalidInput("token", "…", f"must have at least {TOKEN_LENGTH_MIN} plain characters")


@attrs.frozen
class Gate:
    """Lets in whoever has the token, as one member of staff."""

    token: str = attrs.field(validator=_long_enough, repr=False)
    staff: Staff
    business: str
    cookie: str = "stampledger"
    secure: bool = False  # Whether the browser comes by https though we are spoken to by http.

    def authorize(self, request: Request) -> Staff | Response:
        """Let a browser in by its cookie; by the token in the address, it is given one and sent on without the token.

        Raises:
            TokenWanted: It has neither.
        """
        told = request.query_params.get(PARAMETER)
        if told is not None:
            if not _same(told, self.token):
                raise TokenWanted
            return self._welcome(request)
        if not self._knows(request.cookies.get(self.cookie, "")):
            raise TokenWanted
        return self.staff

    def _welcome(self, request: Request) -> Response:
        kept = [(name, value) for name, value in request.query_params.multi_items() if name != PARAMETER]
        response = RedirectResponse(here(request.scope, kept), 303, {"Referrer-Policy": "no-referrer"})
        response.set_cookie(
            self.cookie,
            self._cookie(f"{int(time.time()):x}"),
            max_age=COOKIE_SECONDS_MAX,
            path=root(request.scope) or "/",
            secure=self.secure or request.scope["scheme"] == "https",
            httponly=True,
            samesite="strict",
        )
        return response

    def _knows(self, cookie: str) -> bool:
        made, _, _ = cookie.partition(".")
        if not _same(cookie, self._cookie(made)):
            return False
        return time.time() - int(made, 16) <= COOKIE_SECONDS_MAX  # Made by us, so it is a number.

    def _cookie(self, made: str) -> str:
        told = "\0".join(("cookie", self.business, made)).encode(errors="replace")
        return f"{made}.{hmac.new(self.token.encode(), told, hashlib.sha256).hexdigest()}"


def _same(told: str, expected: str) -> bool:
    return hmac.compare_digest(told.encode(errors="replace"), expected.encode(errors="replace"))


class KnownHosts:
    """Answers to names of ours only.

    Else any site could give its own name the address of this machine, and its pages would pass in the browser for ours
    ("DNS rebinding"). *literals* answers to every plain address too: none of them can be given away like a name.
    """

    def __init__(self, app: ASGIApp, names: Collection[str], literals: bool = False) -> None:
        self.app = app
        self._names = {name.lower() for name in names if name}
        self._literals = literals

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on a request to a name of ours."""
        if scope["type"] == "http" and not self._known(Headers(scope=scope).getlist("host")):
            told = "This back office does not answer to that name; `stampledger serve --allowed-host` lets it.\n"
            await PlainTextResponse(told, 400, {"Cache-Control": "no-store"})(scope, receive, send)
            return
        await self.app(scope, receive, send)

    def _known(self, told: list[str]) -> bool:
        if len(told) != 1:
            return False
        name = host_name(told[0])
        return name in self._names or (self._literals and is_address(name))


class BelowRoot:
    """Serves below a path, whether or not a proxy leaves that path in the addresses it passes on."""

    def __init__(self, app: ASGIApp, path: str) -> None:
        self.app = app
        self._path = path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with its whole path."""
        if self._path and scope["type"] == "http":
            asked = scope["path"]
            if asked != self._path and not asked.startswith(f"{self._path}/"):
                asked = self._path + asked
            scope = {**scope, "root_path": self._path, "path": asked}
        await self.app(scope, receive, send)


def host_name(told: str) -> str:
    """Answer the name of a Host header, without its port; nothing where it is none."""
    found = _HOST.fullmatch(told.strip().lower())
    return "" if found is None else found[1] or found[2]


def name_to_answer(told: str) -> str:
    """Answer the name that browsers will say of one that was told, whose way of writing an address is but one.

    Raises:
        InvalidInput: It is none.
    """
    try:
        return str(ip_address(told.strip("[]").partition("%")[0]))
    except ValueError:
        name = host_name(told)
    if not name:
        raise InvalidInput("--allowed-host", told, "must be a name, like shop.example")
    return name


def is_address(name: str) -> bool:
    """Whether a name is a plain address."""
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
