"""The lines of a Journal's file: one JSON object each, written and read the same on every machine.

A file begins with a `Heading` and ends with an `Ending`; between them stand the keys of persons, the entries and the
idempotency keys, in this order. An entry's body stands in its line as it is stored, byte for byte, since the chain is
over these bytes. What these lines say is a promise, as everything on disk is; `docs/journal-format.md` tells it.
"""

from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta, Raw, Struct

from stampledger.errors import shown

FORMAT = 1
MOST = (1 << 62) - 1

Kind = Literal["other", "card", "coupon", "customer", "template", "campaign", "brand"]
Number = Annotated[int, Meta(ge=0, le=MOST)]
Moment = Annotated[int, Meta(ge=-2_208_988_800_000_000, lt=253_402_300_800_000_000)]  # From the year 1900 to 9999.
Word = Annotated[str, Meta(min_length=1, max_length=200)]
Body = Raw
NOTHING = Body(b"")


class Heading(Struct, tag="journal", tag_field="line", forbid_unknown_fields=True, frozen=True):
    """What the file holds, and where the Journal ends in it."""

    format: int
    business: Word
    genesis: str
    seq: Number
    recorded_at: Annotated[int, Meta(ge=-MOST, le=MOST)]
    hash: str
    sealed: Number  # Up to this entry, what is sealed and has no key here can be read by nobody any more.


class PersonKey(Struct, tag="key", tag_field="line", forbid_unknown_fields=True, frozen=True):
    """The key that seals what the Journal says of a person."""

    subject: UUID
    key: Annotated[bytes, Meta(min_length=64, max_length=64)]


class EntryLine(
    Struct, tag="entry", tag_field="line", forbid_unknown_fields=True, omit_defaults=True, kw_only=True, gc=False
):
    """An entry; *body* is one of the ledger's own, *data* the bytes of another application's."""

    seq: Annotated[int, Meta(ge=1, le=MOST)]
    stream: str
    begins: Kind | None = None  # What kind of stream begins with this entry.
    version: Number
    kind: Word
    place: Number
    recorded_at: Moment
    occurred_at: Moment | None = None
    code: Word | None = None
    actor: Word | None = None
    channel: Word | None = None
    body: Body = NOTHING
    data: bytes | None = None
    hash: str


class ClaimLine(Struct, tag="claim", tag_field="line", forbid_unknown_fields=True, frozen=True):
    """An idempotency key: of a request that was carried out, or of one that was refused."""

    scope: Literal["key", "refused"]
    key: Annotated[str, Meta(min_length=1, max_length=520)]
    seq: Annotated[int, Meta(ge=-MOST, le=MOST)]  # Below zero: the stream that begins there, where nothing was written.
    digest: Annotated[bytes, Meta(min_length=16, max_length=16)] | None


class Ending(Struct, tag="end", tag_field="line", forbid_unknown_fields=True, frozen=True):
    """How many lines there are before this one, and the SHA-256 of all their bytes."""

    lines: Number
    sha256: str


Line = Heading | PersonKey | EntryLine | ClaimLine | Ending

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Line).decode


class NoLine(ValueError):
    """Bytes are no line of a Journal's file."""


def written(line: Line) -> bytes:
    """Answer a line's bytes, with its line feed."""
    return _encode(line) + b"\n"


def read(line: bytes) -> Line:
    """Answer what a line says.

    Raises:
        NoLine: It is none.
    """
    try:
        told: Line = _decode(line)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise NoLine(shown(str(error))) from error
    return told
