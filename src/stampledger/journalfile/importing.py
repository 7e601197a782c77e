"""A Journal's file read into an empty business, as it was: the same entries, numbers, times and hashes.

The file is read to its end and checked first. Then it is written some thousand entries a transaction; an import that
was interrupted goes on where the ledger ends, when it is given the same file again.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import dropwhile, takewhile
from typing import Any
from uuid import UUID

from stampledger import codec
from stampledger.codec.lines import ClaimLine, Ending, EntryLine, Heading, Line, PersonKey
from stampledger.errors import Conflict, Corrupt, InvalidInput
from stampledger.journalfile.checking import START, Checked, File, Position, Report, check
from stampledger.journalfile.files import Source, opened
from stampledger.sources import system_random
from stampledger.store.fetching import fetch_streams
from stampledger.store.folding import fold, whole_scans
from stampledger.store.history import Templates
from stampledger.store.kinds import Scope, StreamKind
from stampledger.store.plan import Appended, StreamRow
from stampledger.store.session import Session
from stampledger.store.store import Store

Numbered = tuple[int, Any]  # (the line's number, what it says).
Write = Callable[[Session, Sequence[Numbered]], None]

ORDER: tuple[type[Line], ...] = (Heading, PersonKey, EntryLine, ClaimLine, Ending)
_SCOPES = {"key": Scope.KEY, "refused": Scope.REFUSED}


def import_journal(store: Store, source: Source, progress: Report | None) -> int:
    """Write a Journal's file into a business that is empty, or holds its beginning; answer how many entries were new.

    Raises:
        InvalidInput: The file cannot be read, or is another business's; or the ledger holds something else.
        InvalidRows: A line is not what was exported; nothing was written.
        UnknownEvent: An entry is of a kind that this release does not know; nothing was written.
    """
    with opened(source) as (readable, name):
        file = File(name, readable)
        with store.reading() as session:
            head, sealed = session.end(), session.sealed_upto
        checked = check(file, store.business_name, head, progress)
        heading = checked.heading
        without_keys = sealed == head[0] and heading.sealed == heading.seq
        if head[0] and sealed != heading.sealed and not without_keys:
            reason = "must be exported with keys, or without, as the beginning was that the ledger holds"
            raise InvalidInput("file", name, reason)
        token = bytes(system_random(256) for _ in range(16))
        store.write(partial(_begin, head=head[0], heading=heading, token=token))
        _Import(store, file, checked, head[0], token).run(progress)
    return checked.heading.seq - head[0]


def _begin(session: Session, head: int, heading: Heading, token: bytes) -> None:
    """Note which entries come without keys; leave nothing of an import that broke off before its first entry.

    What is claimed while it is under way is its token: of two imports the one that began first can go no further.
    """
    session.demand_alone()
    _demand_end(session, head)
    session.run(session.sql.drop_claims, b_scope=int(Scope.IMPORTING))
    session.add_claim(Scope.IMPORTING, "", heading.seq, token)
    sealed = heading.sealed
    if head == 0:
        session.run(session.sql.drop_subject_keys)
        for scope in (Scope.KEY, Scope.REFUSED):
            session.run(session.sql.drop_claims, b_scope=int(scope))
    session.run(session.sql.drop_claims, b_scope=int(Scope.SEALED))
    if sealed:
        session.add_claim(Scope.SEALED, "", sealed)


def _demand_end(session: Session, seq: int) -> None:
    if session.head.seq != seq:
        raise InvalidInput("business", session.business_name, "must be written by nobody else while it is imported")


class _Import:
    def __init__(self, store: Store, file: File, checked: Checked, begun: int, token: bytes) -> None:
        self._token = token
        self._store = store
        self._file = file
        self._checked = checked
        self._seq = begun
        self._goes_on = begun > 0  # Then some of the idempotency keys are there, too.
        self._templates = Templates()  # The store's own remember what was committed.

    def run(self, progress: Report | None) -> None:
        last = self._checked.heading.seq
        for batch in self._batches(PersonKey, START):
            self._write(self._add_keys, batch)
        for batch in self._batches(EntryLine, self._checked.entries):
            self._write(self._add_entries, batch)
            self._seq = batch[-1][1].seq
            if progress is not None:
                progress(last + self._seq, 2 * last)
        for batch in self._batches(ClaimLine, self._checked.claims):
            self._write(self._add_claims, batch)
        self._store.write(self._end)

    def _end(self, session: Session) -> None:
        self._demand_token(session)
        session.drop_claim(Scope.IMPORTING, "")

    def _demand_token(self, session: Session) -> None:
        session.demand_alone()
        claimed = session.claim(Scope.IMPORTING, "")
        if claimed is None or claimed[1] != self._token:
            reason = "must be imported into by nobody else: another import has begun since"
            raise InvalidInput("business", session.business_name, reason)

    def _batches(self, kind: type[Line], start: Position) -> Iterator[list[Numbered]]:
        """Yield a kind's lines, which stand together; *start* is at the first of them, or before."""
        found = ((number, line) for number, _, line in self._file.lines(start))
        rank = ORDER.index(kind)
        wanted = dropwhile(lambda told: ORDER.index(type(told[1])) < rank, found)
        return whole_scans(takewhile(lambda told: type(told[1]) is kind, wanted), _place)

    def _write(self, write: Write, batch: Sequence[Numbered]) -> None:
        self._store.write(lambda session: write(session, batch))

    def _add_keys(self, session: Session, told: Sequence[Numbered]) -> None:
        self._demand_token(session)
        _demand_end(session, self._seq)
        fetch_streams(session, [line.subject.bytes for _, line in told])
        for _, line in told:
            session.take_key(line.subject, line.key)

    def _add_claims(self, session: Session, told: Sequence[Numbered]) -> None:
        self._demand_token(session)
        if self._goes_on:
            for name, scope in _SCOPES.items():
                session.expect(scope, [line.key for _, line in told if line.scope == name])
        for _, line in told:
            scope, claimed = _SCOPES[line.scope], (line.seq, line.digest)
            earlier = session.claim(scope, line.key) if self._goes_on else None
            if earlier != claimed:
                session.add_claim(scope, line.key, *claimed, anew=earlier is not None)

    def _add_entries(self, session: Session, told: Sequence[Numbered]) -> None:
        self._demand_token(session)
        _demand_end(session, self._seq)
        (first, _), (_, last) = told[0], told[-1]
        rows = _Rows(session, [line for _, line in told])
        session.head.seq, session.head.recorded_at = last.seq, last.recorded_at
        try:
            fold(session, self._templates, rows.made)
            with session.backend.translated():
                session.flush()
        except Corrupt as error:
            line = first + (error.seq or last.seq) - last.seq + len(told) - 1
            self._file.refuse(line, "body", "", error.reason, error)
        except Conflict as error:
            if not error.taken:
                raise
            self._file.refuse(
                first, "line", "", f"or one up to line {told[-1][0]} claims what is claimed already", error
            )
        if session.head.chain.hex() != last.hash:
            self._file.refuse(told[-1][0], "hash", last.hash, "is not what was read before: the file was changed")


def _place(numbered: Numbered) -> int:
    line = numbered[1]
    return line.place if isinstance(line, EntryLine) else 0


class _Rows:
    """Entries planned to be appended, and as rows of the Journal."""

    def __init__(self, session: Session, told: Sequence[EntryLine]) -> None:
        self.made: list[Any] = []
        self._session = session
        self._streams: dict[str, tuple[int, bytes, StreamKind]] = {}
        others: dict[int, tuple[StreamRow, bool]] = {}
        ids = {stream: UUID(stream) for stream in {line.stream for line in told}}
        fetch_streams(session, {stream.bytes for stream in ids.values()})
        for line in told:
            number, stream_id, kind = self._streams.get(line.stream) or self._stream(line, ids[line.stream])
            is_other = kind is StreamKind.OTHER
            body = line.data if is_other else bytes(line.body)
            assert body is not None
            self._add(line, number, stream_id, kind, body)
            if is_other:
                earlier, is_new = others.get(number, (None, number == line.seq))
                if earlier is None and not is_new:
                    earlier = session.stream_by_number(number)
                version = max(line.version, earlier.version if earlier is not None else 0)
                others[number] = StreamRow(number, ids[line.stream], kind, version, line.seq, None, None), is_new
        for row, is_new in others.values():
            session.save_stream(row, is_new)

    def _stream(self, line: EntryLine, stream_id: UUID) -> tuple[int, bytes, StreamKind]:
        if line.begins is not None:
            found = line.seq, stream_id.bytes, StreamKind[line.begins.upper()]
        else:
            row = self._session.stream(stream_id)
            assert row is not None, stream_id
            found = row.number, stream_id.bytes, row.kind
        self._streams[line.stream] = found
        return found

    def _add(self, line: EntryLine, number: int, stream_id: bytes, kind: StreamKind, body: bytes) -> None:
        session, recorded_at, occurred_at = self._session, line.recorded_at, line.occurred_at
        at = recorded_at if occurred_at is None else occurred_at
        seq, version, place, code, actor, channel = (
            line.seq, line.version, line.place, line.code, line.actor, line.channel,
        )  # fmt: skip
        digest = codec.digest(line.stream, version, line.kind, place, at, code, actor, channel, body)
        words = [None if word is None else session.word(word) for word in (actor, channel, line.kind)]
        said, way, name = words
        assert name is not None
        session.plan.entries.append(
            Appended(seq, number, version, name, place, recorded_at, at, code, said, way, body, digest)
        )
        self.made.append(
            (
                seq,
                number,
                stream_id,
                kind,
                version,
                name,
                place,
                recorded_at,
                occurred_at,
                code,
                said,
                way,
                body,
                None,
                None,
            )
        )
