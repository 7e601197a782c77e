"""What the Journal tells of streams and rewards, for whoever holds the rows against it."""

from typing import Any
from uuid import UUID

import attrs

from stampledger import events
from stampledger.aggregates import Aggregate
from stampledger.cards import StampCard
from stampledger.projections import Entry
from stampledger.rewards import IssuedReward


@attrs.define
class Held:
    """A reward as the Journal tells it."""

    reward: IssuedReward
    holder: int
    seqs: list[int]
    versions: list[int]


@attrs.define
class Told:
    """A stream as the Journal tells it."""

    id: UUID
    state: Aggregate | None = None
    version: int = 0
    seq: int = 0
    since: int = 0  # The entry since which a card's template applies.
    before_scan: int = 0  # Its version when the latest scan began.
    broken: bool = False  # An entry of it cannot be read, so that nothing can be said of its rows.


def stream_id_of(stored: object) -> UUID:
    """Read an id; what is none cannot be right, whatever stands for it."""
    return UUID(bytes=stored) if isinstance(stored, bytes) and len(stored) == 16 else UUID(int=0)


def well_typed(row: Any) -> bool:
    """Whether an entry's columns hold what such columns hold; SQLite itself takes anything."""
    return all(isinstance(value, int) for value in (row[3], row[4], row[5], row[6], row[7])) and all(
        isinstance(value, bytes) for value in (row[12], row[13])
    )


def is_sealed(event: events.Event) -> bool:
    """Whether what an event holds of a person could not be read."""
    match event:
        case events.CustomerRegistered() | events.CustomerUpdated():
            return event.person is None
        case events.MessageSent():
            return event.text is None
    return False


def subject(entry: Entry, state: Aggregate | None) -> UUID:
    """Answer whose key seals what an entry holds of a person."""
    if isinstance(state, StampCard) and state.customer_id is not None:
        return state.customer_id
    return entry.stream
