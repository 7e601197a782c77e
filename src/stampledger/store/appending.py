"""Writing: entries appended under the head, with the claims and live rows that follow, in one transaction."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import attrs

from stampledger import codec
from stampledger.aggregates import Aggregate, evolve
from stampledger.cards import StampCard
from stampledger.events import Event
from stampledger.projections import Entry
from stampledger.store.claims import claim
from stampledger.store.head import Head
from stampledger.store.history import Templates
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
    ) -> Recorded:
        """Append events to a stream and bring its rows up to date; *reclaims* says that a voided code is used anew."""
        session, origin = self.session, self.origin
        head = Head(session, origin.actor, origin.channel)
        if not self.entries:
            head.begin_scan(origin.now)
        recorded = codec.instant(head.recorded_at)
        number = stream.number if stream is not None else head.seq + 1
        version = stream.version if stream is not None else 0
        entries: list[Entry] = []
        state, scan = before, self.first or head.seq + 1
        for event in told:
            version += 1
            name = codec.name_of(type(event))
            code: str | None = getattr(event, "code", None)
            seal = session.sealer(self._subject(stream_id, before), stream_id) if codec.holds_personal(name) else None
            body = codec.encode(event, seal)
            place = len(self.entries) + len(entries)
            entry = Entry(
                seq=head.append(number, stream_id, version, name, place, codec.microseconds(event.at), code, body),
                scan=scan,
                stream=stream_id,
                version=version,
                kind=codec.short_name(name),
                event=event,
                recorded_at=recorded,
                actor=origin.actor,
                channel=origin.channel,
            )
            claim(session, self.templates, entry, state, reclaims)
            state = evolve(state, event)
            entries.append(entry)
        assert state is not None
        head.save()
        customer = stream.customer if stream is not None else customer_of(session, number, kind, state)
        row = StreamRow(number, stream_id, kind, version, head.seq, customer, None)
        save_rows(session, row, stream is None, before, state, entries, at_hand or {})
        self.entries.extend(entries)
        return Recorded(entries=tuple(entries), row=row, state=state)

    def _subject(self, stream_id: UUID, state: Aggregate | None) -> UUID:
        if isinstance(state, StampCard) and state.customer_id is not None:
            return state.customer_id
        return stream_id
