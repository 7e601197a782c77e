"""Every live row and every claim made anew, from the Journal alone."""

from collections.abc import Callable, Iterator
from uuid import UUID

import attrs

from stampledger.aggregates import Aggregate, Coupon, evolve
from stampledger.cards import StampCard
from stampledger.errors import Corrupt
from stampledger.projections import Entry
from stampledger.rewards import reward_id
from stampledger.store.claims import DERIVED, claim
from stampledger.store.history import Templates, entry_of
from stampledger.store.rows import customer_of, save_rows
from stampledger.store.session import RewardRow, Session, StreamKind, StreamRow

BATCH = 2_000  # Entries whose rows are written together.


def rebuild(session: Session, templates: Templates, progress: Callable[[int, int], object] | None = None) -> int:
    """Make every live row and every claim that follows from the Journal anew; answer how many entries were read.

    Claims of idempotency keys are no part of the Journal and stay as they are.
    """
    for clear in session.sql.clear.values():
        session.run(clear)
    for scope in DERIVED:
        session.run(session.sql.drop_claims, b_scope=int(scope))
    last = session.last_seq
    states: dict[int, Aggregate] = {}
    done = written = 0
    for entries, number in _groups(session, last):
        row = session.stream_by_number(number)
        before = state = states.get(number)
        rewards: dict[UUID, RewardRow] = {}
        for entry in entries:
            about = reward_id(entry.event)
            held = None if about is None else session.reward(about)
            if held is not None and isinstance(state, StampCard) and held.reward.id not in rewards:
                rewards[held.reward.id] = held
                state = attrs.evolve(state, rewards={**state.rewards, held.reward.id: held.reward})
            elif held is not None and isinstance(state, Coupon):
                rewards[held.reward.id] = held
            try:
                claim(session, templates, entry, state, reclaims=True)
                state = evolve(state, entry.event)
            except (AssertionError, AttributeError) as error:
                reason = f"does not follow from what came before: {error}"
                raise Corrupt(session.business_name, entry.stream, entry.seq, reason) from error
        assert state is not None
        entry = entries[-1]
        customer = customer_of(session, number, row.kind, state)
        row = StreamRow(number, row.id, row.kind, entry.version, entry.seq, customer, state)
        save_rows(session, row, before is None, before, entries, rewards, again=True)
        states[number] = attrs.evolve(state, rewards={}) if isinstance(state, StampCard) else state
        done = entry.seq
        if progress is not None:
            progress(done, last)
        if done - written >= BATCH:
            session.flush()
            session.forget()
            written = done
    session.sweep_words()
    return last


def _groups(session: Session, last: int) -> Iterator[tuple[list[Entry], int]]:
    """Yield the entries that were appended to one stream by one scan, with the stream's number."""
    after, group, current = 0, list[Entry](), 0
    while rows := session.all(session.sql.entries_after, b_after=after, b_upto=last, b_limit=BATCH):
        for row in rows:
            after = row[0]
            if row[3] == StreamKind.OTHER:  # Nothing of ours follows from it.
                continue
            entry = entry_of(session, row)
            if group and (entry.scan != group[0].scan or row[1] != current):
                yield group, current
                group = []
            group.append(entry)
            current = row[1]
    if group:
        yield group, current
