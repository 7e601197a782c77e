"""Reading the past: entries, and states as they were at an entry."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from uuid import UUID

from stampledger import codec, privacy, rewards
from stampledger.aggregates import Aggregate, PublishedTemplate, evolve
from stampledger.cards import StampCard
from stampledger.errors import Corrupt, TemplateNotFound, UnknownEvent
from stampledger.events import Event, TemplatePublished
from stampledger.frozen import changed, made
from stampledger.projections import Entry
from stampledger.rewards import IssuedReward
from stampledger.store.session import RewardRow, Session, StreamKind, StreamRow
from stampledger.values import CardTemplate

VERSION = 4  # Its place in an entry's row.
BATCH = 500  # Entries read in one snapshot by whoever walks the whole Journal.
SCAN_BATCH = 16  # Entries of a scan fetched at a time; most have one or three.
CHECKPOINT_EVERY = (
    32  # Versions of a card between two remembered states: 12 bytes an event, where 64 take 4 and are slower.
)


def entry_of(session: Session, row: Any) -> Entry:
    """Read a row of the Journal.

    Raises:
        Corrupt: It cannot be read; the error names it.
    """
    seq, number, stream_id, stream_kind, version, kind, place, recorded_at, occurred_at = row[:9]
    code, actor, channel, body = row[9:13]
    stream = None
    name = session.text(kind) or ""
    try:
        stream = UUID(bytes=stream_id)
        unseal = None
        if codec.holds_personal(name):
            where = StreamRow(number, stream, StreamKind(stream_kind), version, seq, row[14], None)
            unseal = session.unsealer(session.subject_of(where), stream, seq)
        recorded = codec.instant(recorded_at)
        at = recorded if occurred_at is None else codec.instant(occurred_at)
        event = codec.decode(name, body, at, code, unseal)
        scan = seq - place
    except codec.UnknownKind as error:
        raise UnknownEvent(session.business_name, stream, seq, str(error)) from error
    except (codec.Unreadable, privacy.Unsealable, TypeError, ValueError) as error:
        raise Corrupt(session.business_name, stream, seq, str(error)) from error
    fields = dict(
        seq=seq,
        scan=scan,
        stream=stream,
        version=version,
        kind=codec.short_name(name),
        event=event,
        recorded_at=recorded,
        actor=session.text(actor),
        channel=session.text(channel),
    )
    return made(Entry, fields)


def entry_at(session: Session, seq: int) -> Entry | None:
    """Answer an entry by its number; None also where another application wrote it."""
    row = session.one(session.sql.entry, b_seq=seq)
    return None if row is None or row[3] == StreamKind.OTHER else entry_of(session, row)


def entries_between(session: Session, after: int, upto: int) -> Iterator[Entry]:
    """Yield the entries of (after, upto] in their order, in bounded memory; not those of other applications."""
    for row in session.each(session.sql.entries_after, "b_after", b_after=after, b_upto=upto):
        if row[3] != StreamKind.OTHER:
            yield entry_of(session, row)


def scan_entries(session: Session, scan: int, upto: int) -> tuple[Entry, ...]:
    """Answer the entries of one scan, known by its first, as far as they go up to *upto*."""
    found: list[Entry] = []
    after = scan - 1
    while True:
        rows = session.all(session.sql.entries_after, b_after=after, b_upto=upto, b_limit=SCAN_BATCH)
        for row in rows:
            seq, place = row[0], row[6]
            if seq - place != scan:
                return tuple(found)
            found.append(entry_of(session, row))
            after = seq
        if len(rows) < SCAN_BATCH:
            return tuple(found)


def stream_entries(session: Session, row: StreamRow, after: int, last: int, upto: int) -> Iterator[Entry]:
    """Yield a stream's entries with versions in (after, last], up to an entry of the Journal."""
    wanted = dict(b_stream=row.number, b_after=after, b_last=last, b_upto=upto)
    for found in session.each(session.sql.stream_entries, "b_after", VERSION, **wanted):
        yield entry_of(session, found)


def state_at(session: Session, row: StreamRow, upto: int) -> Aggregate | None:
    """Answer a stream's state as it was at an entry: its live row, or a checkpoint and what came after it.

    A card's rewards have rows of their own; they are not in its state here.
    """
    if row.number > upto:
        return None
    if row.seq <= upto:
        return session.state(row)
    state: Aggregate | None = None
    version = 0
    remembered = session.one(session.sql.checkpoint, b_stream=row.number, b_upto=upto)
    if remembered is not None:
        seq, version, stored = remembered
        state = session.load(StampCard, stored, row.id, seq)
    following = session.one(session.sql.next_checkpoint, b_stream=row.number, b_upto=upto)
    last = row.version if following is None else following[0]  # Else every later version would be looked at, too.
    for event in _stream_events(session, row, version, last, upto):
        state = without_rewards(evolve(state, event))
    return state


def _stream_events(session: Session, row: StreamRow, after: int, last: int, upto: int) -> Iterator[Event]:
    """Yield what changed a stream. A card's state has nothing personal in it: its events need no key and no entry."""
    if row.kind is not StreamKind.CARD:
        yield from (entry.event for entry in stream_entries(session, row, after, last, upto))
        return
    wanted = dict(b_stream=row.number, b_after=after, b_last=last, b_upto=upto)
    for seq, kind, at, code, body, _ in session.each(session.sql.stream_facts, "b_after", 5, **wanted):
        try:
            yield codec.decode(session.text(kind) or "", body, codec.instant(at), code)
        except codec.UnknownKind as error:
            raise UnknownEvent(session.business_name, row.id, seq, str(error)) from error
        except (codec.Unreadable, TypeError, ValueError) as error:
            raise Corrupt(session.business_name, row.id, seq, str(error)) from error


def without_rewards(state: Aggregate) -> Aggregate:
    """Answer a card without the rewards at hand."""
    if isinstance(state, StampCard) and state.rewards:
        return changed(state, rewards={})
    return state


def rewards_at(session: Session, holder: int, upto: int | None) -> list[IssuedReward]:
    """Answer a card's or coupon's rewards as they were at an entry; None is now."""
    if upto is None:
        return [row.reward for row in session.rewards_of(holder)]
    return [reward_at(session, row, upto) for row in session.rewards_of(holder, upto)]


def reward_at(session: Session, row: RewardRow, upto: int) -> IssuedReward:
    """Answer a reward as it was at an entry, from its own entries."""
    if row.seq <= upto:
        return row.reward
    reward: IssuedReward | None = None
    for entry in reward_entries(session, row, upto):
        reward = rewards.evolve_reward(reward, entry.event)
    assert reward is not None
    return reward


def reward_entries(session: Session, row: RewardRow, upto: int) -> Iterator[Entry]:
    """Yield a reward's own entries, up to an entry of the Journal."""
    for version in row.versions.split(","):
        found = session.one(session.sql.stream_entry, b_stream=row.holder, b_version=int(version))
        if found is None:
            raise Corrupt(session.business_name, None, None, f"an entry of reward {row.reward.id} is missing")
        entry = entry_of(session, found)
        if entry.seq > upto:
            return
        yield entry


class Templates:
    """Published template versions, remembered: they never change."""

    def __init__(self) -> None:
        self._known: dict[tuple[UUID, int], CardTemplate] = {}

    def forget(self) -> None:
        """Remember none."""
        self._known.clear()

    def get(self, session: Session, template_id: UUID, version: int) -> CardTemplate:
        """Answer a version of a template.

        Raises:
            TemplateNotFound: There is none.
        """
        known = self._known.get((template_id, version))
        if known is not None:
            return known
        row = session.stream(template_id)
        if row is None or row.kind is not StreamKind.TEMPLATE or not 1 <= version <= row.version:
            raise TemplateNotFound(f"{template_id} v{version}")
        state = session.state(row)
        assert isinstance(state, PublishedTemplate)
        template = state.template
        if version != row.version:
            found = session.one(session.sql.stream_entry, b_stream=row.number, b_version=version)
            event = entry_of(session, found).event
            assert isinstance(event, TemplatePublished)
            template = event.template
        self._known[template_id, version] = template
        return template


def replay(
    session: Session, handlers: Mapping[type[Event], Callable[[int, Any], object]], after: int, upto: int
) -> int:
    """Call handlers with (seq, event) in the Journal's order; answer the last seq looked at."""
    table: dict[int, tuple[codec.Reader | None, Callable[[int, Any], object]] | None] = {}
    last = after
    for seq, kind, at, code, body, _ in session.each(session.sql.bodies, "b_after", b_after=after, b_upto=upto):
        last = seq
        try:
            found = table[kind]
        except KeyError:
            name = session.text(kind) or ""
            handler = handlers.get(codec.KINDS.get(codec.present_name(name), Event))
            read = None if codec.holds_personal(name) else codec.reader(name)
            found = table[kind] = None if handler is None else (read, handler)
        if found is None:
            continue
        read, handler = found
        if read is None:  # Whose key opens it is told by the whole entry.
            entry = entry_at(session, seq)
            assert entry is not None
            handler(seq, entry.event)
            continue
        try:
            event = read(body, codec.instant(at), code)
        except codec.Unreadable as error:
            raise Corrupt(session.business_name, None, seq, str(error)) from error
        handler(seq, event)
    return last
