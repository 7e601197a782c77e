"""The Journal written as lines of JSON: the same bytes from every engine, and again after an import."""

import hashlib
from collections.abc import Callable, Iterable
from typing import IO, Any
from uuid import UUID

from stampledger import codec
from stampledger.codec import lines
from stampledger.codec.lines import Body, ClaimLine, Ending, EntryLine, Heading, Line, PersonKey
from stampledger.errors import Corrupt
from stampledger.privacy import KEY_BYTES
from stampledger.store.kinds import Scope, StreamKind
from stampledger.store.session import Session
from stampledger.store.store import Store

BATCH = 2_000  # Entries read in one snapshot: nobody waits for whoever takes them slowly.

Report = Callable[[int, int], object]

_KINDS = {int(kind): kind.name.lower() for kind in StreamKind}
_SCOPES: tuple[Scope, ...] = (Scope.KEY, Scope.REFUSED)


def export(store: Store, out: IO[bytes], upto: int, with_keys: bool, progress: Report | None) -> int:
    """Write the Journal up to an entry; answer how many entries were written. The chain is checked on the way.

    Raises:
        Corrupt: An entry is not what was written.
    """
    file = _File(out)
    with store.reading() as session:
        heading = _heading(session, upto, with_keys)
        assert not with_keys or heading.seq == session.end()[0], "the keys of those forgotten since are gone"
        file.write([heading])
        if with_keys:
            file.write(_keys(session, heading.seq))
    chain, seq = codec.genesis(store.business_name), 0
    while seq < heading.seq:
        with store.reading() as session:
            rows = session.all(session.sql.entries_after, b_after=seq, b_upto=heading.seq, b_limit=BATCH)
            if not rows:
                raise Corrupt(store.business_name, None, seq + 1, f"entry {seq + 1} is missing")
            batch: list[Line] = []
            for row in rows:
                seq += 1
                entry, chain = _entry(session, row, seq, chain)
                batch.append(entry)
        file.write(batch)
        if progress is not None:
            progress(seq, heading.seq)
    if chain.hex() != heading.hash:
        raise Corrupt(store.business_name, None, seq, f"the head does not say what entry {seq}, the last one, says")
    with store.reading() as session:
        file.write(_claims(session, heading.seq))
    file.end()
    return seq


class _File:
    """What has been written, counted and summed up."""

    def __init__(self, out: IO[bytes]) -> None:
        self._out = out
        self._lines = 0
        self._sum = hashlib.sha256()

    def write(self, told: Iterable[Line]) -> None:
        some: list[bytes] = []
        for line in told:
            some.append(lines.written(line))
            if len(some) == BATCH:
                self._write(some)
                some = []
        self._write(some)

    def _write(self, some: list[bytes]) -> None:
        text = b"".join(some)
        self._out.write(text)
        self._sum.update(text)
        self._lines += len(some)

    def end(self) -> None:
        self._out.write(lines.written(Ending(self._lines, self._sum.hexdigest())))


def _heading(session: Session, upto: int, with_keys: bool) -> Heading:
    seq, recorded_at, chain = session.end()
    genesis = codec.genesis(session.business_name)
    if upto < seq:
        row = session.one(session.sql.entry, b_seq=upto)
        if upto > 0 and row is None:
            raise Corrupt(session.business_name, None, upto, f"entry {upto} is missing")
        seq, recorded_at, chain = (upto, row[7], row[13]) if upto > 0 else (0, 0, genesis)
    return Heading(
        format=lines.FORMAT,
        business=session.business_name,
        genesis=genesis.hex(),
        seq=seq,
        recorded_at=recorded_at,
        hash=chain.hex(),
        sealed=min(session.sealed_upto, seq) if with_keys else seq,
    )


def _keys(session: Session, upto: int) -> Iterable[PersonKey]:
    for subject, key, number in session.each(session.sql.all_keys, "b_after", b_after=b""):
        if number is None or number > upto:
            continue
        if not isinstance(key, bytes) or len(key) != KEY_BYTES:
            raise Corrupt(session.business_name, UUID(bytes=subject), None, "the key of a person is none")
        yield PersonKey(UUID(bytes=subject), key)


def _entry(session: Session, row: Any, expected: int, chain: bytes) -> tuple[EntryLine, bytes]:
    """Answer an entry's line, and its hash."""
    seq, number, stream_id, stream_kind, version, kind, place, recorded_at, occurred_at = row[:9]
    code, actor, channel, body, stored = row[9:14]
    if seq != expected:
        raise Corrupt(session.business_name, None, expected, f"entry {expected} is missing")
    try:
        stream = str(UUID(bytes=stream_id))
        name, told_actor, told_channel = session.text(kind) or "", session.text(actor), session.text(channel)
        at = recorded_at if occurred_at is None else occurred_at
        digest = codec.digest(stream, version, name, place, at, code, told_actor, told_channel, body)
        right = codec.link(chain, seq, recorded_at, digest) == stored
        begins = _KINDS[stream_kind] if number == seq else None
    except (TypeError, ValueError, OverflowError, KeyError) as error:
        raise Corrupt(session.business_name, None, seq, f"entry {seq} cannot be hashed: {error}") from error
    if not right:
        raise Corrupt(
            session.business_name, UUID(stream), seq, f"entry {seq} is not what was written: its hash differs"
        )
    line = EntryLine(
        seq=seq,
        stream=stream,
        begins=begins,  # type: ignore[arg-type]
        version=version,
        kind=name,
        place=place,
        recorded_at=recorded_at,
        occurred_at=occurred_at,
        code=code,
        actor=told_actor,
        channel=told_channel,
        hash=stored.hex(),
    )
    if stream_kind == StreamKind.OTHER:
        line.data = body
    else:
        line.body = Body(body)
    return line, stored


def _claims(session: Session, upto: int) -> Iterable[ClaimLine]:
    """Yield the idempotency keys. They have no moment of their own, so that a past moment goes without them."""
    if upto < session.last_seq:
        return
    for scope in _SCOPES:
        told = "key" if scope is Scope.KEY else "refused"
        for key, seq, digest in session.each(session.sql.claims_after, "b_after", b_scope=int(scope), b_after=""):
            if 0 < abs(seq) <= upto:
                yield ClaimLine(told, key, seq, digest)  # type: ignore[arg-type]
