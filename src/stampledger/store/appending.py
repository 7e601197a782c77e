"""Writing: entries appended under the head, with the claims and live rows that follow, in one transaction."""

from collections.abc import Mapping, Sequence
from functools import reduce
from uuid import UUID

import attrs

from stampledger import codec
from stampledger.aggregates import Aggregate, evolve
from stampledger.cards import StampCard
from stampledger.events import Event
from stampledger.projections import Entry
from stampledger.store.claims import claim
from stampledger.store.history import Templates
from stampledger.store.plan import Appended
from stampledger.store.rows import customer_of, save_rows
from stampledger.store.session import RewardRow, Session, StreamKind, StreamRow


@attrs.frozen(kw_only=True, slots=False)
class Origin:
    """Where a command came from and when it was recorded."""

    now: int  # Microseconds since 1970.
    actor: str | None = None
    channel: str | None = None


@attrs.frozen(kw_only=True, slots=False)
class Recorded:
    """What was appended to one stream, and the stream after it."""

    entries: tuple[Entry, ...]
    row: StreamRow
    state: Aggregate


class Recording:
    """A scan: one command's worth of entries, as they are appended: places count on from stream to stream."""

    def __init__(self, session: Session, templates: Templates, origin: Origin) -> None:
        self.session = session
        self.templates = templates
        self.origin = origin
        self.entries: list[Entry] = []

    @property
    def first(self) -> int | None:
        """The seq of the first entry, by which the scan is known."""
        return self.entries[0].seq if self.entries else None

    def record(
        self,
        stream: StreamRow | None,
        stream_id: UUID,
        kind: StreamKind,
        before: Aggregate | None,
        told: Sequence[Event],
        at_hand: Mapping[UUID, RewardRow] | None = None,
        reclaims: bool = False,
        after: Aggregate | None = None,
    ) -> Recorded:
        """Append events to a stream and bring its rows up to date; *reclaims* says that a voided code is used anew.

        *after* is the state after the events, where the decision has told it already.
        """
        session, origin = self.session, self.origin
        head = session.head
        if not self.entries:
            head.begin_scan(origin.now)
        recorded_at = head.recorded_at
        recorded = codec.instant(recorded_at)
        number = stream.number if stream is not None else head.seq + 1
        version = stream.version if stream is not None else 0
        actor = None if origin.actor is None else session.word(origin.actor)
        channel = None if origin.channel is None else session.word(origin.channel)
        entries: list[Entry] = []
        scan, planned = self.first or head.seq + 1, session.plan.entries
        for event in told:
            version += 1
            head.seq = seq = head.seq + 1
            name = codec.name_of(type(event))
            code: str | None = getattr(event, "code", None)
            seal = session.sealer(self._subject(stream_id, before), stream_id) if codec.holds_personal(name) else None
            body = codec.encode(event, seal)
            place, at = len(self.entries) + len(entries), codec.microseconds(event.at)
            digest = codec.digest(stream_id, version, name, place, at, code, origin.actor, origin.channel, body)
            planned.append(
                Appended(
                    seq, number, version, session.word(name), place, recorded_at, at, code, actor, channel, body,
                    digest,
                )
            )  # fmt: skip
            entry = Entry(
                seq=seq,
                scan=scan,
                stream=stream_id,
                version=version,
                kind=codec.short_name(name),
                event=event,
                recorded_at=recorded,
                actor=origin.actor,
                channel=origin.channel,
            )
            claim(session, self.templates, entry, before, reclaims)
            entries.append(entry)
        state = after or reduce(evolve, told, before)
        assert state is not None
        customer = stream.customer if stream is not None else customer_of(session, number, kind, state)
        row = StreamRow(number, stream_id, kind, version, head.seq, customer, state)
        save_rows(session, row, stream is None, before, entries, at_hand or {})
        self.entries.extend(entries)
        return Recorded(entries=tuple(entries), row=row, state=state)

    def _subject(self, stream_id: UUID, state: Aggregate | None) -> UUID:
        if isinstance(state, StampCard) and state.customer_id is not None:
            return state.customer_id
        return stream_id
