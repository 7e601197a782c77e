"""What a transaction is about to write: kept until it is written together, many rows by one statement."""

from typing import Any, NamedTuple, TypeVar
from uuid import UUID

import attrs

from stampledger.aggregates import Aggregate
from stampledger.rewards import IssuedReward
from stampledger.store.compiled import Statement
from stampledger.store.kinds import StreamKind

K = TypeVar("K")
R = TypeVar("R")


class NeedsLock(Exception):
    """A command must read what it has just written, or write what only a holder of the head may: begin it anew so."""


class Appended(NamedTuple):
    """An entry that is about to be appended; its hash follows from the entries before it."""

    seq: int
    stream: int
    version: int
    kind: int
    place: int
    recorded_at: int
    at: int
    code: str | None
    actor: int | None
    channel: int | None
    body: bytes
    digest: bytes


@attrs.frozen(slots=False)
class StreamRow:
    """Where a stream stands. A row that was just written holds the state itself, one that was read its bytes."""

    number: int
    id: UUID
    kind: StreamKind
    version: int
    seq: int
    customer: int | None
    state: bytes | Aggregate | None


@attrs.frozen(slots=False)
class RewardRow:
    """A reward, who holds it, and its entries by the holder's versions."""

    holder: int
    issued_seq: int
    seq: int
    versions: str
    reward: IssuedReward


class CardRow(NamedTuple):
    """What lists and batches look a card up by."""

    number: int
    template: int  # The template's stream.
    template_version: int
    template_since: int
    due_at: int | None
    deleted: int


Claimed = tuple[int, bytes | None]  # (seq, digest)


class Plan:
    """Rows to be written, each with whether it is new."""

    __slots__ = ("cards", "claims", "deferred", "entries", "rank", "rewards", "streams")

    def __init__(self) -> None:
        self.entries: list[Appended] = []
        self.streams: dict[int, tuple[StreamRow, bool]] = {}
        self.claims: dict[tuple[int, str], tuple[Claimed, bool]] = {}
        self.cards: dict[int, tuple[CardRow, bool]] = {}
        self.rewards: dict[UUID, tuple[RewardRow, bool]] = {}
        self.deferred: dict[Statement, list[tuple[Any, ...]]] = {}  # Whatever else, by the statement that does it.
        self.rank: int = 0

    def __bool__(self) -> bool:
        return bool(self.entries or self.streams or self.claims or self.cards or self.rewards or self.deferred)

    def absorb(self, other: "Plan") -> None:
        """Take over what another plan was about to write, after this one's."""
        self.entries.extend(other.entries)
        put_all(self.streams, other.streams)
        put_all(self.claims, other.claims)
        put_all(self.cards, other.cards)
        put_all(self.rewards, other.rewards)
        for statement, rows in other.deferred.items():
            self.deferred.setdefault(statement, []).extend(rows)
        self.rank = max(self.rank, other.rank)


def put(rows: dict[K, tuple[R, bool]], key: K, row: R, is_new: bool) -> None:
    """Plan to write a row: one that is new and then changed is still new."""
    known = rows.get(key)
    rows[key] = (row, is_new or (known is not None and known[1]))


def put_all(rows: dict[K, tuple[R, bool]], others: dict[K, tuple[R, bool]]) -> None:
    """Plan to write rows."""
    for key, (row, is_new) in others.items():
        put(rows, key, row, is_new)
