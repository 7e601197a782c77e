"""Writing: entries appended under the head, with the claims and live rows that follow, in one transaction."""

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import NamedTuple
from uuid import UUID

from stampledger import codec
from stampledger.aggregates import Aggregate, evolve
from stampledger.cards import StampCard
from stampledger.events import Event
from stampledger.frozen import made
from stampledger.projections import Entry
from stampledger.store.claims import claim
from stampledger.store.history import Templates
from stampledger.store.plan import Appended
from stampledger.store.rows import customer_of, save_rows
from stampledger.store.session import RewardRow, Session, StreamKind, StreamRow


class Stream(NamedTuple):
    """What is appended to: a stream as it stands, or one that begins."""

    id: UUID
    kind: StreamKind
    row: StreamRow | None
    before: Aggregate | None
    after: Aggregate | None  # The events, where the decision has told it already.


def append(
    session: Session,
    templates: Templates,
    stream: Stream,
    told: Sequence[Event],
    scan: list[Entry],
    origin: tuple[int, str | None, str | None],
    at_hand: Mapping[UUID, RewardRow],
    reclaims: bool,
) -> None:
    """Append events to a stream as further entries of a scan, and bring its rows up to date.

    *origin* is (when, by whom, by which channel); *reclaims* says that a voided code is used anew.
    """
    stream_id, kind, row, before, after = stream
    now, actor, channel = origin
    head = session.head
    if not scan:
        head.begin_scan(now)
    recorded_at = head.recorded_at
    recorded = codec.instant(recorded_at)
    number, version = (head.seq + 1, 0) if row is None else (row.number, row.version)
    if row is None:
        session.begin_stream(stream_id)
    actor_number = None if actor is None else session.word(actor)
    channel_number = None if channel is None else session.word(channel)
    first, begun = scan[0].seq if scan else head.seq + 1, len(scan)
    for event in told:
        version += 1
        head.seq = seq = head.seq + 1
        name, short, has_code, is_personal = codec.FACTS[type(event)]
        code: str | None = event.code if has_code else None  # type: ignore[attr-defined]
        body = codec.encode(event, session.sealer(_subject(stream_id, before), stream_id) if is_personal else None)
        place, at = len(scan), codec.microseconds(event.at)
        digest = codec.digest(stream_id, version, name, place, at, code, actor, channel, body)
        session.plan.entries.append(
            Appended(
                seq, number, version, session.word(name), place, recorded_at, at, code, actor_number, channel_number,
                body, digest,
            )
        )  # fmt: skip
        fields = dict(
            seq=seq, scan=first, stream=stream_id, version=version, kind=short, event=event, recorded_at=recorded,
            actor=actor, channel=channel,
        )  # fmt: skip
        entry = made(Entry, fields)
        scan.append(entry)
        claim(session, templates, entry, before, reclaims)
    state = after or reduce(evolve, told, before)
    assert state is not None
    customer = row.customer if row is not None else customer_of(session, number, kind, state)
    now_stands = StreamRow(number, stream_id, kind, version, head.seq, customer, state)
    save_rows(session, now_stands, row is None, before, scan[begun:], at_hand)


def _subject(stream_id: UUID, state: Aggregate | None) -> UUID:
    if isinstance(state, StampCard) and state.customer_id is not None:
        return state.customer_id
    return stream_id
