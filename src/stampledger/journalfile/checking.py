"""A Journal's file read to its end, and every hash made again, before anything of it is written."""

import hashlib
from collections.abc import Callable, Iterator
from typing import IO, NamedTuple, NoReturn
from uuid import UUID

import attrs

from stampledger import codec
from stampledger.codec import lines
from stampledger.codec.lines import ClaimLine, Ending, EntryLine, Heading, Line, PersonKey
from stampledger.errors import InvalidInput, InvalidRows, RowProblem, UnknownEvent

LINE_MAX = 1 << 26  # Bytes; no line of ours is nearly as long.
REPORT_EVERY = 2_000

Report = Callable[[int, int], object]


@attrs.frozen
class File:
    """A Journal's file: what it is called in messages, and its lines."""

    name: str
    file: IO[bytes]

    def lines(self, start: "Position") -> Iterator[tuple[int, bytes, Line]]:
        """Yield (its number, its bytes, what it says) of each line from a position on.

        Raises:
            InvalidRows: One is none.
        """
        self.file.seek(start.offset)
        number = start.lines
        while text := self.file.readline(LINE_MAX):
            number += 1
            if not text.endswith(b"\n"):
                self.refuse(number, "line", text[-40:].decode(errors="replace"), "must end: the file breaks off here")
            try:
                yield number, text, lines.read(text)
            except lines.NoLine as error:
                self.refuse(number, "line", text[:80].decode(errors="replace"), f"cannot be read: {error}", error)

    def refuse(
        self, line: int, column: str, value: object, reason: str, cause: BaseException | None = None
    ) -> NoReturn:
        """Say what is wrong with a line.

        Raises:
            InvalidRows: Always.
        """
        problem = RowProblem(line, column, str(value), reason)
        raise InvalidRows("file", self.name, "is no Journal that can be imported", [problem]) from cause


class Position(NamedTuple):
    """A place between two lines of a file."""

    offset: int
    lines: int  # Before it.


START = Position(0, 0)


@attrs.frozen
class Checked:
    """A file that is sound; where the entries begin in it that are still to be written, and the idempotency keys."""

    heading: Heading
    entries: Position
    claims: Position


def check(file: File, business: str, head: tuple[int, int, bytes], progress: Report | None) -> Checked:
    """Read a file to its end. What a ledger has of it already must be the same.

    Beside one batch of lines, what is held in memory is one number for each stream.

    Raises:
        InvalidRows: A line is not what was exported; the error names it.
        InvalidInput: The file is another business's, or the ledger holds something else.
        UnknownEvent: An entry is of a kind that this release does not know.
    """
    found = file.lines(START)
    number, text, heading = next(found, (1, b"", None))
    if not isinstance(heading, Heading):
        file.refuse(number, "line", text[:80].decode(errors="replace"), "must be a Journal's first one")
    _accept(file, heading, business, head)
    state = _Reading(file, heading, business, head)
    state.count(text)
    for number, text, told in found:
        match told:
            case EntryLine():
                state.entry(number, told)
                if progress is not None and told.seq % REPORT_EVERY == 0:
                    progress(told.seq, 2 * heading.seq)
            case PersonKey():
                state.key(number, told)
            case ClaimLine():
                state.claim(number, told)
            case Ending():
                state.end(number, told)
                if next(found, None) is not None:
                    file.refuse(number + 1, "line", "", "must not follow the last one")
                return Checked(heading, state.entries, state.claims)
            case Heading():
                file.refuse(number, "line", "journal", "must be the first one")
        state.count(text)
        if isinstance(told, EntryLine):
            state.after_entry(head)
    file.refuse(number + 1, "line", "", "is missing: the file breaks off here")


def _accept(file: File, heading: Heading, business: str, head: tuple[int, int, bytes]) -> None:
    if heading.format != lines.FORMAT:
        file.refuse(1, "format", heading.format, f"must be {lines.FORMAT}, which is what this release knows")
    if heading.business != business:
        reason = f"must be that of the ledger, {business}, because the chain begins with it"
        raise InvalidInput("business", heading.business, reason)
    if heading.genesis != codec.genesis(business).hex():
        file.refuse(1, "genesis", heading.genesis, "must be the hash of the business's name")
    if heading.sealed > heading.seq:
        file.refuse(1, "sealed", heading.sealed, f"must be an entry of the file, up to {heading.seq}")
    if heading.seq < head[0]:
        raise _is_another(business, head[0])


def _is_another(business: str, seq: int) -> InvalidInput:
    reason = f"must be empty, or hold the beginning of this very file; it has {seq} entries of its own"
    return InvalidInput("business", business, reason)


class _Reading:
    """How far a file has been read, and what must come next."""

    def __init__(self, file: File, heading: Heading, business: str, head: tuple[int, int, bytes]) -> None:
        self.entries, self.claims = START, START
        self._file = file
        self._heading = heading
        self._business = business
        self._head = head
        self._read, self._lines, self._sum = 0, 0, hashlib.sha256()
        self._seq, self._recorded_at, self._place = 0, 0, -1
        self._chain = codec.genesis(business)
        self._versions: dict[str, int] = {}  # Of each stream; another application's has none.
        self._subject = b""
        self._claim = ("", b"")

    def count(self, text: bytes) -> None:
        """Take a line's bytes into the sum."""
        self._read += len(text)
        self._lines += 1
        self._sum.update(text)

    def after_entry(self, head: tuple[int, int, bytes]) -> None:
        """Let the writing begin after the entry that the ledger ends with."""
        if self._seq == head[0]:
            if self._chain != head[2]:
                raise _is_another(self._business, self._seq)
            self.entries = Position(self._read, self._lines)
        if self._seq == self._heading.seq:
            self.claims = Position(self._read, self._lines)

    def key(self, number: int, told: PersonKey) -> None:
        """Take a person's key."""
        if self._seq or self._claim[0]:
            self._file.refuse(number, "line", "key", "must stand before the first entry")
        if told.subject.bytes <= self._subject:
            self._file.refuse(number, "subject", told.subject, "must come in order, each once")
        self._subject = told.subject.bytes

    def claim(self, number: int, told: ClaimLine) -> None:
        """Take an idempotency key."""
        self._demand_all(number)
        claim = (told.scope, told.key.encode())
        if claim <= self._claim:
            self._file.refuse(number, "key", told.key, "must come in order, each once")
        if not 0 < abs(told.seq) <= self._seq:
            self._file.refuse(number, "seq", told.seq, f"must stand for an entry, up to {self._seq}")
        self._claim = claim

    def end(self, number: int, told: Ending) -> None:
        """Take the last line."""
        self._demand_all(number)
        if told.lines != self._lines:
            self._file.refuse(number, "lines", told.lines, f"must be {self._lines}, the lines before it")
        if told.sha256 != self._sum.hexdigest():
            self._file.refuse(number, "sha256", told.sha256, "must be that of all lines before it: one was changed")

    def _demand_all(self, number: int) -> None:
        heading = self._heading
        if (self._seq, self._chain.hex()) != (heading.seq, heading.hash):
            self._file.refuse(number, "line", "", f"must be entry {self._seq + 1} of {heading.seq}, which is missing")
        if self._seq and self._recorded_at != heading.recorded_at:
            self._file.refuse(1, "recorded_at", heading.recorded_at, "must be when the last entry was recorded")

    # Entries.

    def entry(self, number: int, told: EntryLine) -> None:
        """Take an entry: it must be the next one, and its hash must follow from the hash before."""
        refuse = self._file.refuse
        if self._claim[0]:
            refuse(number, "line", "entry", "must stand before the idempotency keys")
        if told.seq != self._seq + 1 or told.seq > self._heading.seq:
            refuse(number, "seq", told.seq, f"must be {self._seq + 1}, up to {self._heading.seq}")
        if told.recorded_at < self._recorded_at:
            refuse(number, "recorded_at", told.recorded_at, "must not be before that of the entry before")
        place = self._place + 1 if told.recorded_at == self._recorded_at else 0
        if told.place != place:
            refuse(number, "place", told.place, f"must be {place}")
        if place and self._seq == self._head[0] and self._seq:
            refuse(number, "place", place, "must be 0, since the ledger's own entries end here")
        at = told.recorded_at
        if told.occurred_at is not None:
            at = told.occurred_at
            if at == told.recorded_at:
                refuse(number, "occurred_at", at, "must be left out where it is recorded_at")
        is_other = self._is_other(number, told)
        body = told.data if is_other else self._readable(number, told, at)
        if body is None or (is_other and bytes(told.body)):
            refuse(number, "data", None, "must be there, and no body, where the stream is another application's")
        for column, word in (("code", told.code), ("actor", told.actor), ("channel", told.channel)):
            if word is not None and "\0" in word:
                refuse(number, column, word, "must not contain control characters")
        digest = codec.digest(
            told.stream, told.version, told.kind, told.place, at, told.code, told.actor, told.channel, body
        )
        self._chain = codec.link(self._chain, told.seq, told.recorded_at, digest)
        if self._chain.hex() != told.hash:
            refuse(number, "hash", told.hash, f"must be {self._chain.hex()}: the entry, or one before, was changed")
        self._seq, self._recorded_at, self._place = told.seq, told.recorded_at, place

    def _is_other(self, number: int, told: EntryLine) -> bool:
        """Take an entry's place in its stream; answer whether it is another application's."""
        refuse, version = self._file.refuse, self._versions.get(told.stream)
        if version is None:
            if told.begins is None:
                refuse(number, "begins", None, "must be there where a stream begins")
            if not _is_id(told.stream):
                refuse(number, "stream", told.stream, "must be a UUID, with hyphens and in lower case")
            version = -1 if told.begins == "other" else 0
        elif told.begins is not None:
            refuse(number, "begins", told.begins, "must be left out: the stream has begun")
        if version < 0:
            if codec.is_reserved(told.kind) or "\0" in told.kind:
                refuse(number, "kind", told.kind, "must not be one of the ledger's own, or contain control characters")
        else:
            version += 1
            if told.version != version:
                refuse(number, "version", told.version, f"must be {version}")
        self._versions[told.stream] = version
        return version < 0

    def _readable(self, number: int, told: EntryLine, at: int) -> bytes:
        """Answer an entry's body, which this release can read."""
        body = bytes(told.body)
        if told.data is not None:
            self._file.refuse(number, "data", "", "must be left out where the stream is one of the ledger's own")
        try:
            codec.decode(told.kind, body, codec.instant(at), told.code)
        except codec.UnknownKind as error:
            raise UnknownEvent(self._business, UUID(told.stream), told.seq, f"line {number}: {error}") from error
        except codec.Unreadable as error:
            self._file.refuse(number, "body", body[:80].decode(errors="replace"), str(error), error)
        return body


def _is_id(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
