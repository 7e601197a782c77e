"""What follows from entries, however they come: streams carried on, and the rows and claims that tell of them."""

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import Any
from uuid import UUID

from stampledger import codec
from stampledger.aggregates import evolve
from stampledger.cards import StampCard
from stampledger.errors import Corrupt, InvalidInput, NotFound
from stampledger.frozen import changed
from stampledger.projections import Entry
from stampledger.rewards import GIVES, reward_id
from stampledger.store.claims import claim
from stampledger.store.fetching import fetch_rewards
from stampledger.store.history import Templates, entry_of
from stampledger.store.rows import customer_of, save_rows
from stampledger.store.session import STATES, RewardRow, Session, StreamKind, StreamRow

BATCH = 4_000  # Entries whose rows are written together.

IMPOSSIBLE = (AssertionError, AttributeError, KeyError, TypeError, ValueError, InvalidInput, NotFound)


def whole_scans(rows: Iterator[Any], place: Callable[[Any], int]) -> Iterator[list[Any]]:
    """Yield entries in batches that part no scan; *place* answers an entry's place in its scan."""
    batch: list[Any] = []
    for row in rows:
        if len(batch) >= BATCH and place(row) == 0:
            yield batch
            batch = []
        batch.append(row)
    if batch:
        yield batch


def fold(session: Session, templates: Templates, rows: Sequence[Any], again: bool = False) -> None:
    """Plan the rows and claims that follow from whole scans, given as rows of the Journal.

    Their streams have been fetched; the rewards they are about are fetched here, so that none has to be looked for by
    itself. *again* says that the streams have rows already.

    Raises:
        Corrupt: An entry cannot be read, or does not follow from what came before.
    """
    ours = [row for row in rows if row[3] != StreamKind.OTHER]
    sealed = {kind for kind in {row[5] for row in ours} if codec.holds_personal(session.text(kind) or "")}
    read = {row[0]: entry_of(session, row) for row in ours if row[5] not in sealed}
    touched = (reward_id(entry.event) for entry in read.values() if type(entry.event) not in GIVES)
    fetch_rewards(session, {about.bytes for about in touched if about is not None})
    for _, group in groupby(ours, lambda row: (row[0] - row[6], row[1])):
        told = list(group)
        stream = _stream(session, told[0])
        entries = [read.get(row[0]) or entry_of(session, (*row[:14], stream.customer)) for row in told]
        try:
            _carry_on(session, templates, stream, entries, again)
        except IMPOSSIBLE as error:
            reason = f"does not follow from what came before: {str(error) or type(error).__name__}"
            raise Corrupt(session.business_name, stream.id, entries[-1].seq, reason) from error


def _stream(session: Session, row: Any) -> StreamRow:
    """Answer where an entry's stream stands before it."""
    seq, number, stream_id, kind = row[:4]
    if number == seq:
        return StreamRow(number, UUID(bytes=stream_id), StreamKind(kind), 0, 0, None, None)
    stream = session.stream_by_number(number)
    if stream.seq >= seq:
        raise Corrupt(session.business_name, stream.id, seq, "belongs to a stream that does not begin")
    return stream


def _carry_on(session: Session, templates: Templates, row: StreamRow, entries: Sequence[Entry], again: bool) -> None:
    """Carry a stream on by entries of one scan; a card has only those rewards at hand that they are about."""
    before = state = session.state(row) if row.version else None
    at_hand: dict[UUID, RewardRow] = {}
    for entry in entries:
        event = entry.event
        about = reward_id(event)
        if about is not None and about not in at_hand and type(event) not in GIVES:
            held = session.reward(about)
            if held is not None:
                at_hand[about] = held
                if isinstance(state, StampCard):
                    state = changed(state, rewards={**state.rewards, about: held.reward})
        claim(session, templates, entry, state, reclaims=True, told_again=True)
        state = evolve(state, event)
    assert isinstance(state, STATES[row.kind]), f"it makes a {type(state).__name__} of a {row.kind.name}"
    last = entries[-1]
    customer = row.customer if row.version else customer_of(session, row.number, row.kind, state)
    after = StreamRow(row.number, row.id, row.kind, last.version, last.seq, customer, state)
    save_rows(session, after, before is None, before, entries, at_hand, again)
