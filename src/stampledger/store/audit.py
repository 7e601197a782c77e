"""The proof: everything stored, held against what the Journal says."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any
from uuid import UUID

import attrs

from stampledger import codec, events, rules
from stampledger.aggregates import Aggregate, Coupon, Customer, evolve
from stampledger.cards import StampCard
from stampledger.errors import Corrupt
from stampledger.projections import Entry, Fault, Verification
from stampledger.rewards import IssuedReward, reward_id
from stampledger.store import claims, rows
from stampledger.store.history import Templates, entry_of
from stampledger.store.session import Scope, Session, StreamKind, StreamRow

REPORT_EVERY = 2_000
FAULTS_MAX = 1_000

Report = Callable[[int, int], object]


@attrs.define
class Held:
    """A reward as the Journal tells it."""

    reward: IssuedReward
    holder: int
    seqs: list[int]


@attrs.define
class Told:
    """A stream as the Journal tells it."""

    id: UUID
    state: Aggregate | None = None
    version: int = 0
    seq: int = 0
    since: int = 0  # The entry since which a card's template applies.
    broken: bool = False  # An entry of it cannot be read, so that nothing can be said of its rows.


def verify(session: Session, templates: Templates, progress: Report | None = None) -> Verification:
    """Check a business's ledger from its first entry to its last row."""
    return _Audit(session, templates).run(progress)


class _Audit:
    def __init__(self, session: Session, templates: Templates) -> None:
        self.session = session
        self.templates = templates
        self.faults: list[Fault] = []
        self.streams: dict[int, Told] = {}
        self.rewards: dict[UUID, Held] = {}
        self.claims = 0

    def run(self, progress: Report | None) -> Verification:
        session = self.session
        head = session.one(session.sql.head)
        if head is None:
            raise Corrupt(session.business_name, None, None, "the head of the Journal is missing")
        checkpoints = {
            (stream, seq): (version, state) for stream, seq, version, state in session.all(session.sql.all_checkpoints)
        }
        seq, recorded_at, chain, place = 0, 0, codec.genesis(session.business_name), 0
        for row in session.each(session.sql.entries_after, b_after=0, b_upto=1 << 62, b_limit=1 << 62):
            stream = UUID(bytes=row[2])
            if row[0] != seq + 1:
                self._fault(stream, row[0], "numbering", f"follows entry {seq}: {row[0] - seq - 1} are missing")
            elif row[6] not in (0, place + 1):
                self._fault(stream, row[0], "numbering", f"has place {row[6]} in its scan after place {place}")
            if row[7] < recorded_at:
                self._fault(stream, row[0], "numbering", "was recorded before the entry before it")
            chain = self._link(row, stream, chain)
            seq, recorded_at, place = row[0], row[7], row[6]
            self._entry(row, stream, checkpoints)
            if progress is not None and seq % REPORT_EVERY == 0:
                progress(seq, head[0])
        if (seq, recorded_at, chain) != head:
            self._fault(None, head[0], "chain", f"the head does not say what entry {seq}, the last one, says")
        for stream_number, checkpoint_seq in checkpoints:
            told = self.streams.get(stream_number)
            self._fault(told.id if told else None, checkpoint_seq, "checkpoint", "belongs to no entry")
        self._rows()
        if progress is not None:
            progress(head[0], head[0])
        return Verification(entries=seq, head=chain.hex(), faults=tuple(self.faults))

    def _fault(self, stream: UUID | None, seq: int | None, check: str, message: str) -> None:
        if len(self.faults) < FAULTS_MAX:
            self.faults.append(
                Fault(
                    business=self.session.business_name, stream=stream, seq=seq, check=check,
                    message=f"{check}: {'entry ' + str(seq) + ' ' if seq is not None else ''}{message}",
                )
            )  # fmt: skip

    # Entry by entry.

    def _link(self, row: Any, stream: UUID, chain: bytes) -> bytes:
        """Check an entry's hash; go on from the stored one, so that each fault is told once."""
        seq, _, _, _, version, kind, place, recorded_at, occurred_at, code, actor, channel, body, stored = row[:14]
        try:
            texts = [self.session.text(number) for number in (kind, actor, channel)]
            at = recorded_at if occurred_at is None else occurred_at
            entry_digest = codec.digest(stream, version, texts[0] or "", place, at, code, texts[1], texts[2], body)
            right = codec.link(chain, seq, recorded_at, entry_digest) == stored
        except (Corrupt, TypeError, ValueError, OverflowError) as error:
            self._fault(stream, seq, "chain", f"cannot be hashed: {error}")
            return bytes(stored)
        if not right:
            self._fault(stream, seq, "chain", "is not what was written: its hash differs")
        return bytes(stored)

    def _entry(self, row: Any, stream: UUID, checkpoints: dict[tuple[int, int], Any]) -> None:
        seq, number, _, stream_kind, version = row[:5]
        told = self.streams.setdefault(number, Told(stream, since=seq))
        if stream_kind == StreamKind.OTHER:  # Another application's: it numbers as it likes.
            told.version, told.seq = max(version, told.version), seq
            with suppress(Corrupt):  # The chain has told already of a word that is missing.
                if codec.is_reserved(self.session.text(row[5]) or ""):
                    self._fault(stream, seq, "entry", "is the ledger's own, in a stream of another application")
            return
        if version != told.version + 1:
            self._fault(stream, seq, "numbering", f"has version {version} of its stream after {told.version}")
        told.version, told.seq = version, seq
        try:
            entry = entry_of(self.session, row)
            if not codec.holds_personal(codec.name_of(type(entry.event))) and codec.encode(entry.event) != row[12]:
                self._fault(stream, seq, "entry", "is not in canonical form")
            self._drawn(entry)
            self._claimed(entry, told)
            if not told.broken:
                self._evolve(entry, told, number)
        except Corrupt as error:
            told.broken = True
            self._fault(stream, seq, "entry", error.reason)
        except (AssertionError, AttributeError, TypeError, ValueError, KeyError) as error:
            told.broken = True
            self._fault(stream, seq, "entry", f"does not follow from what came before: {error}")
        remembered = checkpoints.pop((number, seq), None)
        replayed = told.state if isinstance(told.state, StampCard) and not told.broken else None
        if remembered and replayed and remembered != (version, codec.dump_state(replayed)):
            self._fault(stream, seq, "checkpoint", "is not what replay gives")

    def _evolve(self, entry: Entry, told: Told, number: int) -> None:
        """Carry the stream on; a card gets the one reward at hand that the entry is about."""
        about = reward_id(entry.event)
        state = told.state
        if isinstance(state, StampCard) and about in self.rewards:
            state = attrs.evolve(state, rewards={about: self.rewards[about].reward})
        state = evolve(state, entry.event)
        if about is not None:
            assert isinstance(state, StampCard | Coupon)
            reward = state.rewards[about] if isinstance(state, StampCard) else state.voucher
            held = self.rewards.setdefault(about, Held(reward, number, []))
            held.reward = reward
            held.seqs.append(entry.seq)
        if isinstance(state, StampCard) and state.rewards:
            state = attrs.evolve(state, rewards={})
        if isinstance(entry.event, events.TemplateChanged):
            told.since = entry.seq
        told.state = state

    def _drawn(self, entry: Entry) -> None:
        event = entry.event
        if not isinstance(event, events.LotteryPlayed):
            return
        if sum(event.percentages) != 100 or not 0 <= event.draw < rules.DRAW_TOTAL:
            self._fault(entry.stream, entry.seq, "draw", "was not made from shares that sum to exactly 100")
        elif rules.drawn_variant(event.draw, event.percentages) != event.variant:
            self._fault(entry.stream, entry.seq, "draw", f"does not give variant {event.variant}")

    def _claimed(self, entry: Entry, told: Told) -> None:
        template = None
        if isinstance(told.state, StampCard) and entry.code is not None:
            template = self.templates.get(self.session, told.state.template_id, told.state.template_version)
        for scope, key in claims.claims_of(entry, told.state, template):
            self.claims += 1
            claimed = self.session.claim(scope, key)
            later = scope is Scope.CODE and claimed is not None and claimed[0] > entry.seq
            if claimed is None or (claimed[0] != entry.seq and not later):
                self._fault(entry.stream, entry.seq, "claim", f"does not hold its claim {scope.name} {key!r}")

    # Row by row.

    def _rows(self) -> None:
        session = self.session
        seen: set[int] = set()
        after = -1
        while found := session.all(session.sql.streams, b_number=after, b_limit=1_000):
            for number, stream_id, kind, version, seq, customer, state in found:
                after = number
                seen.add(number)
                row = StreamRow(number, UUID(bytes=stream_id), StreamKind(kind), version, seq, customer, state)
                told = self.streams.get(number)
                if told is None:
                    self._fault(row.id, number, "stream", "begins a stream that has no entries")
                elif not told.broken:
                    self._stream(row, told)
        for number in self.streams.keys() - seen:
            self._fault(self.streams[number].id, number, "stream", "begins a stream that has no row")
        self._reward_rows()
        self._strays()

    def _stream(self, row: StreamRow, told: Told) -> None:
        session = self.session
        if (row.version, row.seq) != (told.version, told.seq):
            self._fault(row.id, told.seq, "stream", f"is not where the live row stands (entry {row.seq})")
            return
        if row.kind is StreamKind.OTHER:
            return
        try:
            same = session.state(row) == told.state
        except Corrupt as error:
            self._fault(row.id, row.seq, "state", error.reason)
            return
        state = told.state
        assert state is not None
        if not same:
            self._fault(row.id, row.seq, "state", "is not what the live row says: replay gives another state")
        if row.customer != rows.customer_of(session, row.number, row.kind, state):
            self._fault(row.id, row.seq, "state", "is about another customer than the live row says")
        if isinstance(state, StampCard):
            expected = (
                state.number,
                rows.number_of(session, state.template_id),
                state.template_version,
                told.since,
                rows.due_at(state),
                int(state.deleted_at is not None),
            )
            if session.one(session.sql.card, b_stream=row.number) != expected:
                self._fault(row.id, row.seq, "card", "is not what the row in the list of cards says")
        if isinstance(state, Customer):
            columns = None if state.person is None else rows.customer_columns(state.person)
            if session.one(session.sql.customer, b_stream=row.number) != columns:
                self._fault(row.id, row.seq, "customer", "is not what the row in the list of customers says")
            if state.person is None and not state.forgotten:
                self._fault(row.id, row.seq, "customer", "cannot be read, though nobody forgot the customer")

    def _reward_rows(self) -> None:
        session = self.session
        for told in session.each(session.sql.all_rewards):
            try:
                row = session.reward_row(told[:6])
            except Corrupt as error:
                self._fault(None, error.seq, "reward", error.reason)
                self.rewards.pop(UUID(bytes=told[0]), None)
                continue
            held = self.rewards.pop(row.reward.id, None)
            if held is None:
                self._fault(None, row.seq, "reward", f"reward {row.reward.id} is in no entry")
                continue
            expected = (held.reward, held.holder, held.seqs[0], held.seqs[-1], ",".join(map(str, held.seqs)))
            columns = (held.reward.redeem_code, rows.reward_due_at(held.reward))
            if (row.reward, row.holder, row.issued_seq, row.seq, row.seqs) != expected or tuple(told[6:]) != columns:
                self._fault(None, row.seq, "reward", f"is not what the row of reward {row.reward.id} says")
        for missing, held in self.rewards.items():
            if not self.streams[held.holder].broken:
                self._fault(self.streams[held.holder].id, held.seqs[-1], "reward", f"reward {missing} has no row")

    def _strays(self) -> None:
        """Find rows that nothing in the Journal speaks of."""
        session = self.session
        standing = sum(session.one(session.sql.count_claims, b_scope=int(scope))[0] for scope in claims.DERIVED)
        broken = any(told.broken for told in self.streams.values())
        extra = standing - self.claims
        if extra > 0 and not broken:
            self._fault(None, None, "claim", f"{extra} claims belong to no entry")
        counted = {
            "card": sum(isinstance(told.state, StampCard) for told in self.streams.values()),
            "customer": sum(
                isinstance(told.state, Customer) and told.state.person is not None for told in self.streams.values()
            ),
        }
        for check, expected in counted.items():
            found = session.one(session.sql.counts[check])[0]
            if found != expected and not broken:
                self._fault(None, None, check, f"{found} rows stand where the Journal has {expected}")
