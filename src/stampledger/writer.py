"""A command's way: load, decide, record, commit.

Everything of one command happens in one transaction. A refused credit is a fact too: it is recorded, committed, and
then raised.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, TypedDict
from uuid import UUID
from zoneinfo import ZoneInfo

import attrs

from stampledger import checks, codec, events
from stampledger.aggregates import Aggregate
from stampledger.cards import StampCard
from stampledger.commands import Supplies
from stampledger.errors import CardNotFound, IdempotencyKeyReused, InvalidInput, Refused
from stampledger.events import Event
from stampledger.frozen import changed
from stampledger.lookup import EVERYTHING, Lookup, Moment
from stampledger.projections import Entry
from stampledger.refusals import VoucherIsRedeemed
from stampledger.sources import Clock, Drawn, Ids, Random, redeem_code
from stampledger.store import appending, history
from stampledger.store.head import PROVISIONAL
from stampledger.store.session import Hint, RewardRow, Scope, Session, StreamKind, StreamRow
from stampledger.store.store import Store
from stampledger.values import CardTemplate, Channel

EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)  # No till is older.
AHEAD_MAX = timedelta(days=1)  # How far a till's clock may run ahead of ours.


class Call(TypedDict, total=False):
    """What every write may carry beside its wish.

    The same *idempotency_key* with the same request answers the first result; with another it is an error.
    On a verb over many cards a key only guards against another request: run again, such a verb does what is missing.
    *occurred_at* is the till's own time, for scans that arrive late.
    """

    idempotency_key: str | None
    actor: str | None
    channel: Channel | str | None
    occurred_at: datetime | None


@attrs.frozen(kw_only=True, slots=False)
class Done:
    """What became of one command, before it is committed."""

    id: int
    entries: tuple[Entry, ...]
    subject: UUID | None
    repeated: bool
    refusal: Refused | None = None


@attrs.frozen(slots=False)
class Origin:
    """Where a command comes from: what a call said beside its wish, checked."""

    actor: str | None = None
    channel: str | None = None
    key: str | None = None  # The idempotency key.
    occurred_at: datetime | None = None

    @classmethod
    def of(cls, call: Call) -> "Origin":
        """Check what a call says.

        Raises:
            InvalidInput: It says what no write takes: a misspelt argument would be a write without the right one.
        """
        if not call.keys() <= _ARGUMENTS:
            unknown = min(call.keys() - _ARGUMENTS)
            known = f"is no argument of this verb, nor any of {sorted(_ARGUMENTS)}"
            raise InvalidInput(unknown, call.get(unknown), known)
        channel, at = call.get("channel"), call.get("occurred_at")
        return cls(
            _text(call.get("actor"), "actor"),
            None if channel is None else str(checks.choice(Channel, channel, "channel")),
            _text(call.get("idempotency_key"), "idempotency_key"),
            None if at is None else checks.instant(at, "occurred_at"),
        )


_ARGUMENTS = frozenset(Call.__annotations__)
_CHANNELS = {channel.value: channel.value for channel in Channel}


class Work:
    """One command at work inside a transaction: what it loads, may use, and records."""

    def __init__(self, writer: "Writer", session: Session, origin: Origin) -> None:
        self.session = session
        now = writer.clock()
        self.now: datetime = now
        self.occurred_at: datetime | None = None if origin.occurred_at is None else _occurred(origin.occurred_at, now)
        self.key: str | None = origin.key
        self.digest = b""  # Of the request, where there is a key.
        self.entries: list[Entry] = []
        self.repeats: tuple[Entry, ...] | None = None  # The first result, where this has been asked before.
        self.refusal: Refused | None = None
        self._writer = writer
        self._origin = origin
        self._look: Lookup | None = None
        self._means: Supplies | None = None

    @property
    def look(self) -> Lookup:
        """Find things as they are now."""
        if self._look is None:
            self._look = self._writer.lookup(self.session, self.now)
        return self._look

    @property
    def means(self) -> Supplies:
        """What a decision may give out."""
        if self._means is None:
            self._means = WorkSupplies(self._writer, self.session)
        return self._means

    def template(self, card: StampCard) -> CardTemplate:
        """Answer the template version a card is under."""
        return self._writer.store.templates.get(self.session, card.template_id, card.template_version)

    def at(self, latest: datetime | None = None) -> datetime:
        """When the command happens: the till's own time, else now, never before the latest its subject knows."""
        if self.occurred_at is not None:
            return self.occurred_at
        return self.now if latest is None or latest < self.now else latest

    def new_id(self) -> UUID:
        """Make a fresh id."""
        return self._writer.ids()

    def draw(self, below: int) -> int:
        """Draw a whole number."""
        return self._writer.random(below)

    def card(self, card: object) -> tuple[StreamRow, StampCard, dict[UUID, RewardRow]]:
        """Load a card as it is now, with the reward it is held for at hand."""
        row = self.session.stream(card) if type(card) is UUID else self.look.card_row(card)
        if row is None or row.kind is not StreamKind.CARD:
            raise CardNotFound(card)
        state = self.session.state(row)
        assert isinstance(state, StampCard)
        if state.held_for is None:
            return row, state, {}
        held = self.session.reward(state.held_for)
        return row, *at_hand(state, [] if held is None else [held])

    def record(
        self,
        row: StreamRow | None,
        stream_id: UUID,
        kind: StreamKind,
        before: Aggregate | None,
        told: Iterable[Event],
        rewards: dict[UUID, RewardRow] | None = None,
        reclaims: bool = False,
        after: Aggregate | None = None,
    ) -> None:
        """Record what was decided; nothing where nothing was. *after* is the state then, where it is known already."""
        if facts := tuple(told):
            appending.append(
                self.session,
                self._writer.store.templates,
                appending.Stream(stream_id, kind, row, before, after),
                facts,
                self.entries,
                (codec.microseconds(self.now), self._origin.actor, self._origin.channel),
                rewards or {},
                reclaims,
            )


Body = Callable[[Work], UUID | None]
Same = Callable[[tuple[Entry, ...]], bool]


class Writer:
    """Carries out commands on a store."""

    def __init__(self, store: Store, clock: Clock, random: Random, ids: Ids, keep_refusals: bool) -> None:
        self.store = store
        self.random = random
        self.ids = ids
        self.keep_refusals = keep_refusals
        self._clock = clock

    def clock(self) -> datetime:
        """Answer the time, in UTC."""
        now = checks.instant(self._clock(), "clock")
        return now if now.tzinfo is UTC else now.astimezone(UTC)

    def lookup(self, session: Session, now: datetime | None = None) -> Lookup:
        """Find things as they are now."""
        return Lookup(session, Moment(EVERYTHING, now or self.clock()), self.store.templates)

    def execute(
        self,
        call: Call,
        request: tuple[Any, ...],
        body: Body,
        same: Same | None = None,
        card: object = None,
        code: str | None = None,
    ) -> Done:
        """Carry out one command in a transaction of its own.

        *request* tells one wish from another, for idempotency keys; it holds nothing personal, which *same* compares
        with the first result instead. *body* does the work and answers its subject.

        Raises:
            StampledgerError: Whatever stands in its way; nothing is written then, but for a recorded refusal.
        """
        origin = Origin.of(call)
        hint, settle = None, None
        if isinstance(card, UUID):
            hint, settle = Hint(card, code, origin.key), settled
        done = self.store.write(lambda session: self.perform(session, origin, request, body, same), hint, settle)
        if done.refusal is not None:
            raise done.refusal
        return done

    def perform(
        self, session: Session, origin: Origin, request: tuple[Any, ...], body: Body, same: Same | None = None
    ) -> Done:
        """Carry out one command inside a transaction; a recorded refusal is answered, not raised."""
        work = Work(self, session, origin)
        if work.key is not None:
            work.digest = codec.request_digest(request)
            first = session.claim(Scope.KEY, work.key)
            if first is not None:
                return self._repeat(session, work.key, first, work.digest, same)
            refused = session.claim(Scope.REFUSED, work.key)
            if refused is not None and refused[1] != work.digest:
                raise _reused(work.key, refused[0])
        subject = body(work)
        entries = tuple(work.entries)
        if work.key is not None and work.refusal is None:
            told = work.repeats or entries
            seq = told[0].scan if told else -_number(session, subject)
            self.claim_key(session, (work.key, work.digest), seq)
        if work.repeats:
            return Done(id=work.repeats[0].scan, entries=work.repeats, subject=subject, repeated=True)
        return Done(
            id=entries[0].seq if entries else session.last_seq,
            entries=entries,
            subject=subject,
            repeated=not entries,
            refusal=work.refusal,
        )

    def _repeat(
        self, session: Session, key: str, first: tuple[int, bytes | None], digest: bytes, same: Same | None
    ) -> Done:
        seq, known = first
        entries = history.scan_entries(session, seq, EVERYTHING) if seq > 0 else ()
        if known != digest or not (same is None or same(entries)):
            raise _reused(key, seq)
        if seq > 0:
            return Done(id=seq, entries=entries, subject=entries[0].stream, repeated=True)
        return Done(id=session.last_seq, entries=(), subject=session.stream_by_number(-seq).id, repeated=True)

    def unclaimed_key(self, session: Session, key: str | None, digest: bytes) -> tuple[str, bytes] | None:
        """Answer (key, digest) where a request over many cards has still to claim its idempotency key.

        Raises:
            IdempotencyKeyReused: The key belongs to another request.
        """
        if key is None:
            return None
        first = session.claim(Scope.KEY, key)
        if first is not None and first[1] != digest:
            raise _reused(key, first[0])
        return None if first is not None else (key, digest)

    def claim_key(self, session: Session, key: tuple[str, bytes], seq: int) -> None:
        """Let an idempotency key stand for a scan; for none, by the negative number of the stream it is about."""
        session.add_claim(Scope.KEY, key[0], seq, key[1])


class WorkSupplies:
    """Supplies as they are asked for: most commands need no id, and few the time zone."""

    def __init__(self, writer: Writer, session: Session) -> None:
        self._writer = writer
        self._session = session

    @cached_property
    def ids(self) -> Drawn[UUID]:
        """Fresh ids."""
        return Drawn(self._writer.ids)

    @cached_property
    def redeem_codes(self) -> Drawn[str]:
        """Fresh redeem codes."""
        random = self._writer.random
        return Drawn(lambda: redeem_code(random))

    @cached_property
    def zone(self) -> ZoneInfo:
        """The time zone of the brand."""
        return ZoneInfo(self._writer.lookup(self._session).brand().time_zone)


def at_hand(card: StampCard, rows: Iterable[RewardRow]) -> tuple[StampCard, dict[UUID, RewardRow]]:
    """Put rewards at a card's hand."""
    held = {row.reward.id: row for row in rows}
    return attrs.evolve(card, rewards={reward: row.reward for reward, row in held.items()}), held


def holder_of(work: Work, reward: object) -> tuple[StreamRow, Aggregate, dict[UUID, RewardRow], UUID]:
    """Load the card or coupon that holds a reward, with the reward at hand.

    Raises:
        RewardNotFound: This business has no such reward.
    """
    found = work.look.reward_row(reward)
    row = work.session.stream_by_number(found.holder)
    state = work.session.state(row)
    if not isinstance(state, StampCard):
        return row, state, {found.reward.id: found}, found.reward.id
    held = None if state.held_for in (None, found.reward.id) else work.session.reward(state.held_for)
    return row, *at_hand(state, [found] if held is None else [found, held]), found.reward.id


def naming_the_winner(session: Session, refusal: VoucherIsRedeemed, row: RewardRow) -> VoucherIsRedeemed:
    """Say in a refusal by whom and in which entry the voucher was redeemed."""
    for entry in reversed(list(history.reward_entries(session, row, EVERYTHING))):
        if isinstance(entry.event, events.VoucherRedeemed):
            return attrs.evolve(refusal, redeemed_by=entry.actor, redeemed_seq=entry.seq)
    return refusal


def _reused(key: str, seq: int) -> IdempotencyKeyReused:
    return IdempotencyKeyReused("idempotency_key", key, "belongs to an earlier, different request", abs(seq))


def settled(done: Done, shift: int, recorded_at: int) -> Done:
    """Answer what was done with the numbers that the database has given."""

    def given(seq: int) -> int:
        return seq + shift if seq >= PROVISIONAL else seq

    at, refusal = codec.instant(recorded_at), done.refusal
    return changed(
        done,
        id=given(done.id),
        entries=tuple(
            changed(entry, seq=entry.seq + shift, scan=entry.scan + shift, recorded_at=at)
            if entry.seq >= PROVISIONAL
            else entry
            for entry in done.entries
        ),
        refusal=refusal if refusal is None or refusal.seq is None else attrs.evolve(refusal, seq=given(refusal.seq)),
    )


def _number(session: Session, subject: UUID | None) -> int:
    """Answer the number of the stream a wish was about that was true already; its negative is what its key claims."""
    row = None if subject is None else session.stream(subject)
    assert row is not None, "a wish that needs no entry is about something that exists"
    return row.number


def _text(value: object, field: str) -> str | None:
    return None if value is None else checks.text(value, field)


def _occurred(at: datetime, now: datetime) -> datetime:
    if not EARLIEST <= at <= now + AHEAD_MAX:
        raise InvalidInput("occurred_at", at, "must be from the year 1900 on, and not lie more than a day ahead")
    return at.astimezone(UTC)
