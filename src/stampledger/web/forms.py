"""Forms: each acts once, and only for whom it was shown to.

A form carries a key, which is the idempotency key of its command, so that a double click acts once; and a token, the
key signed for this business and this member of staff, which no other site can make.
"""

import asyncio
import hashlib
import hmac
import re
import secrets
import time
from urllib.parse import parse_qsl

import attrs
from starlette.exceptions import HTTPException
from starlette.requests import Request

from stampledger.errors import InvalidInput

BODY_BYTES_MAX = 64 * 1024
BODY_SECONDS_MAX = 30
FIELDS_MAX = 100
AGE_SECONDS_MAX = 12 * 60 * 60
SKEW_SECONDS_MAX = 60  # By how much the clocks of two machines that serve the same pages may differ.
WHOLE = re.compile(r"[+-]?[0-9]{1,18}")  # Eighteen digits fit into every database's whole number.
MEDIA_TYPE = "application/x-www-form-urlencoded"
KEY_PREFIX = "web:"


@attrs.frozen
class Ticket:
    """What a form carries beside its fields."""

    key: str
    token: str = attrs.field(repr=False)


class Tickets:
    """The tickets of one business's forms, signed with a secret that all its processes share."""

    def __init__(self, secret: bytes, business: str) -> None:
        self._secret = secret
        self._business = business

    def issue(self, actor: str) -> Ticket:
        """Make the ticket of one form."""
        key = f"{int(time.time()):x}-{secrets.token_hex(12)}"
        return Ticket(key, self._token(key, actor))

    def redeem(self, actor: str, fields: "Fields") -> str:
        """Answer the idempotency key of a form that was sent.

        Raises:
            ForgedForm: The token is not that of a form shown to this member of staff, or too old.
        """
        key, token = fields.get("key") or "", fields.get("token") or ""
        if not hmac.compare_digest(self._token(key, actor).encode(), token.encode(errors="replace")):
            raise ForgedForm
        made, _, _ = key.partition("-")  # Ours, as the token proves; so it is a number.
        if not -SKEW_SECONDS_MAX <= time.time() - int(made, 16) <= AGE_SECONDS_MAX:
            raise ForgedForm
        return KEY_PREFIX + key

    def _token(self, key: str, actor: str) -> str:
        told = "\0".join(("form", self._business, actor, key)).encode(errors="replace")
        return hmac.new(self._secret, told, hashlib.sha256).hexdigest()


class ForgedForm(Exception):
    """A form that we did not show to whoever sends it, or long ago."""


class BodyTooLarge(Exception):
    """A form larger than any of ours."""


class Fields(dict[str, str]):
    """The fields of a form, each once; text that is empty counts as not given."""

    def text(self, name: str) -> str | None:
        """Answer a field's text."""
        return self.get(name, "").strip() or None

    def whole(self, name: str) -> int | None:
        """Answer a field's whole number.

        Raises:
            InvalidInput: It is none.
        """
        told = self.text(name)
        if told is None:
            return None
        if WHOLE.fullmatch(told) is None:
            raise InvalidInput(name, told, "must be a whole number of at most 18 digits")
        return int(told)


async def read_fields(request: Request) -> Fields:
    """Read a form that was sent, as far as any of ours reaches, and as long as anybody needs to send one.

    Raises:
        BodyTooLarge: It is larger.
        InvalidInput: It is no form, or has a field twice.
        HTTPException: It is of another type (415), or does not arrive (408).
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != MEDIA_TYPE:
        raise HTTPException(415)
    announced = request.headers.get("content-length", "0")
    if not announced.isdecimal() or int(announced[:20]) > BODY_BYTES_MAX:
        raise BodyTooLarge
    try:
        async with asyncio.timeout(BODY_SECONDS_MAX):
            body = await _body(request)
    except TimeoutError:
        raise HTTPException(408) from None
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=FIELDS_MAX, errors="strict")
    except ValueError:
        raise InvalidInput("form", body[:80], "must be an URL-encoded form") from None
    fields = Fields(pairs)
    if len(fields) < len(pairs):
        raise InvalidInput("form", body[:80], "must have every field once")
    return fields


async def _body(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_BYTES_MAX:
            raise BodyTooLarge
    return body


def from_elsewhere(request: Request) -> bool:
    """Whether a browser says that another site sent the request; browsers that say nothing rely on the token alone."""
    return request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none")
