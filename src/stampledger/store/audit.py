"""The proof: everything stored, held against what the Journal says."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any
from uuid import UUID

import attrs

from stampledger import codec, events, rules
from stampledger.aggregates import Coupon, Customer, evolve
from stampledger.cards import StampCard
from stampledger.errors import Corrupt, StampledgerError
from stampledger.projections import Entry, Fault, Verification
from stampledger.rewards import reward_id
from stampledger.store import claims, rows
from stampledger.store.flushing import reward_due_at
from stampledger.store.history import CHECKPOINT_EVERY, Templates, entry_of
from stampledger.store.session import EVERYTHING, STATES, Scope, Session, StreamKind, StreamRow
from stampledger.store.told import Held, Told, is_sealed, stream_id_of, subject, well_typed

REPORT_EVERY = 2_000
FAULTS_MAX = 1_000

Report = Callable[[int, int], object]


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
        self.mentions = 0
        self.later: dict[
            tuple[Scope, str], tuple[int, int]
        ] = {}  # Codes claimed anew: by which entry, and after which scan.
        self.placements: dict[tuple[int, int], tuple[int, UUID, int]] = {}  # (card, since): (until, template, version).
        self.unread: dict[UUID, Entry] = {}  # Whose key is gone, and an entry it had sealed.
        self.checkpoints: dict[tuple[int, int], tuple[int, bytes]] = {}
        self.remembered: set[tuple[int, int]] = set()
        self.sealed_upto = session.sealed_upto

    def run(self, progress: Report | None) -> Verification:
        session = self.session
        head = session.end()
        self.checkpoints = {
            (stream, seq): (version, state) for stream, seq, version, state in session.all(session.sql.all_checkpoints)
        }
        seq, recorded_at, chain, place = 0, 0, codec.genesis(session.business_name), -1
        for row in session.each(session.sql.entries_after, "b_after", b_after=0, b_upto=EVERYTHING):
            stream = stream_id_of(row[2])
            if not well_typed(row):
                self._fault(stream, row[0], "entry", "has a value of another type than was written")
                self.streams.setdefault(row[1], Told(stream, since=row[0])).broken = True
                seq, place = row[0], place + 1
                continue
            if row[0] != seq + 1:
                self._fault(stream, row[0], "numbering", f"follows entry {seq}: {row[0] - seq - 1} are missing")
            elif row[6] != (place + 1 if row[7] == recorded_at else 0):  # Each scan has a moment of its own.
                self._fault(stream, row[0], "numbering", f"has place {row[6]} in its scan after place {place}")
            if row[7] < recorded_at:
                self._fault(stream, row[0], "numbering", "was recorded before the entry before it")
            chain = self._link(row, stream, chain)
            seq, recorded_at, place = row[0], row[7], row[6]
            self._entry(row, stream)
            if progress is not None and seq % REPORT_EVERY == 0:
                progress(seq, head[0])
        if (seq, recorded_at, chain) != head:
            self._fault(None, head[0], "chain", f"the head does not say what entry {seq}, the last one, says")
        for number, told in self.streams.items():
            self._scan_over(number, told)
        for stream_number, checkpoint_seq in self.checkpoints.keys() - self.remembered:
            of = self.streams.get(stream_number)
            self._fault(of.id if of else None, checkpoint_seq, "checkpoint", "belongs to no entry")
        for (scope, key), (at, _) in self.later.items():
            self._fault(None, at, "claim", f"claims {scope.name} {key!r} and does not speak of it")
        self._rows()
        if progress is not None:
            progress(head[0], head[0])
        return Verification(entries=seq, head=chain.hex(), faults=tuple(self.faults))

    def _fault(self, stream: UUID | None, seq: int | None, check: str, message: str) -> None:
        if len(self.faults) < FAULTS_MAX:
            told = message if seq is None else f"entry {seq} {message}"
            business = self.session.business_name
            self.faults.append(Fault(business=business, stream=stream, seq=seq, check=check, message=told))

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

    def _entry(self, row: Any, stream: UUID) -> None:
        seq, number, _, stream_kind, version = row[:5]
        told = self.streams.setdefault(number, Told(stream, since=seq))
        if row[6] == 0 or told.seq != seq - 1:
            self._scan_over(number, told)
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
            if self._canonical(row) and codec.encode(entry.event) != row[12]:
                self._fault(stream, seq, "entry", "is not in canonical form")
            self._drawn(entry)
            self._claimed(entry, told)
            if is_sealed(entry.event) and entry.seq > self.sealed_upto:
                self.unread.setdefault(subject(entry, told.state), entry)
            if not told.broken:
                self._evolve(entry, told, number)
        except StampledgerError as error:
            told.broken = True
            self._fault(stream, seq, "entry", getattr(error, "reason", str(error)))
        except (AssertionError, AttributeError, TypeError, ValueError, KeyError) as error:
            told.broken = True
            self._fault(stream, seq, "entry", f"does not follow from what came before: {error}")
        remembered = self.checkpoints.get((number, seq))
        if remembered and isinstance(told.state, StampCard) and not told.broken:
            self.remembered.add((number, seq))
            if remembered != (version, codec.dump_state(told.state)):
                self._fault(stream, seq, "checkpoint", "is not what replay gives")

    def _scan_over(self, number: int, told: Told) -> None:
        """Where a scan took a card past so many versions, its last entry must be remembered."""
        passed = told.version // CHECKPOINT_EVERY > told.before_scan // CHECKPOINT_EVERY
        told.before_scan = told.version
        card = isinstance(told.state, StampCard) and not told.broken
        if passed and card and (number, told.seq) not in self.remembered:
            self._fault(told.id, told.seq, "checkpoint", "should be remembered and is not")

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
            held = self.rewards.setdefault(about, Held(reward, number, [], []))
            held.reward = reward
            held.seqs.append(entry.seq)
            held.versions.append(entry.version)
        if isinstance(state, StampCard) and state.rewards:
            state = attrs.evolve(state, rewards={})
        if isinstance(entry.event, events.TemplateChanged) and isinstance(told.state, StampCard):
            under = told.state
            self.placements[number, told.since] = (entry.seq, under.template_id, under.template_version)
            told.since = entry.seq
        told.state = state

    def _canonical(self, row: Any) -> bool:
        """Answer whether an entry's body is what would be written today: of no older kind, and not sealed."""
        name = self.session.text(row[5]) or ""
        return name in codec.KINDS and not codec.holds_personal(name)

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
        mentioned = list(claims.mentions_of(entry, template))
        for scope, key in claims.claims_of(entry, told.state, template):
            claimed = self.session.claim(scope, key)
            if scope is Scope.CODE:
                self._code(entry, key)
            if scope is Scope.CODE and claimed is not None and claimed[0] > entry.seq:
                self.later[scope, key] = (claimed[0], entry.scan)
                mentioned.append(entry.code or "")
                continue
            self.claims += 1
            if self.later.get((scope, key), (0, 0))[0] == entry.seq:
                del self.later[scope, key]
            if claimed is None or claimed[0] != entry.seq:
                self._fault(entry.stream, entry.seq, "claim", f"does not hold its claim {scope.name} {key!r}")

        for code in mentioned:
            self.mentions += 1
            if self.session.one(self.session.sql.is_mentioned, b_code=code, b_seq=entry.seq) is None:
                self._fault(entry.stream, entry.seq, "claim", f"speaks of the code {code!r}, and no row says so")

    def _code(self, entry: Entry, key: str) -> None:
        """A code is claimed by itself, too, whatever its scope; and claimed anew only once its stamps were voided."""
        by_itself = self.session.claim(Scope.CODE, entry.code or "")
        if by_itself is None:
            self._fault(entry.stream, entry.seq, "claim", f"does not claim its code {entry.code!r} by itself")
        elif key != entry.code and by_itself[0] == entry.seq:
            self.claims += 1
        again, scan = self.later.get((Scope.CODE, key), (0, 0))
        if again == entry.seq:
            voided = self.session.claim(Scope.VOID, str(scan))
            if voided is None or voided[0] > entry.seq:
                self._fault(entry.stream, entry.seq, "claim", f"gives stamps anew for a code whose scan {scan} stands")

    # Row by row.

    def _rows(self) -> None:
        session = self.session
        seen: set[int] = set()
        after = -1
        while found := session.all(session.sql.streams, b_number=after, b_limit=1_000):
            for number, stream_id, kind, version, seq, customer, state in found:
                after = number
                seen.add(number)
                told = self.streams.get(number)
                if told is None:
                    self._fault(stream_id_of(stream_id), number, "stream", "begins a stream that has no entries")
                elif kind not in tuple(StreamKind):
                    self._fault(told.id, number, "stream", f"begins a stream of the unknown kind {kind}")
                elif not told.broken:
                    row = StreamRow(number, told.id, StreamKind(kind), version, seq, customer, state)
                    try:
                        self._stream(row, told)
                    except StampledgerError as error:
                        self._fault(row.id, row.seq, "state", getattr(error, "reason", str(error)))
        for number in self.streams.keys() - seen:
            self._fault(self.streams[number].id, number, "stream", "begins a stream that has no row")
        self._reward_rows()
        self._placement_rows()
        self._keys()
        self._strays()

    def _stream(self, row: StreamRow, told: Told) -> None:
        session = self.session
        if (row.version, row.seq) != (told.version, told.seq):
            self._fault(row.id, told.seq, "stream", f"is not where the live row stands (entry {row.seq})")
            return
        if row.kind is StreamKind.OTHER:
            return
        state = told.state
        assert state is not None
        if STATES[row.kind] is not type(state):
            self._fault(row.id, row.number, "stream", f"begins a stream that is no {row.kind.name}")
            return
        same = session.state(row) == state if isinstance(state, Customer) else row.state == codec.dump_state(state)
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
            if session.card(row.number) != expected:
                self._fault(row.id, row.seq, "card", "is not what the row in the list of cards says")
        if isinstance(state, Customer):
            columns = None if state.person is None else rows.customer_columns(state.person)
            if session.one(session.sql.customer, b_stream=row.number) != columns:
                self._fault(row.id, row.seq, "customer", "is not what the row in the list of customers says")

    def _reward_rows(self) -> None:
        session = self.session
        for told in session.each(session.sql.all_rewards, "b_after", b_after=b""):
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
            expected = (
                codec.dump_state(held.reward),
                held.holder,
                held.seqs[0],
                held.seqs[-1],
                ",".join(map(str, held.versions)),
            )
            columns = (held.reward.redeem_code, reward_due_at(held.reward))
            same = (told[5], row.holder, row.issued_seq, row.seq, row.versions) == expected
            if not same or tuple(told[6:]) != columns or stream_id_of(told[0]) != row.reward.id:
                self._fault(None, row.seq, "reward", f"is not what the row of reward {row.reward.id} says")
        for missing, held in self.rewards.items():
            if not self.streams[held.holder].broken:
                self._fault(self.streams[held.holder].id, held.seqs[-1], "reward", f"reward {missing} has no row")

    def _placement_rows(self) -> None:
        for card, since, until, template, version in self.session.all(self.session.sql.all_placements):
            expected = self.placements.pop((card, since), None)
            told = self.streams.get(template)
            if expected is None or told is None or expected != (until, told.id, version):
                self._fault(None, since, "card", "is not since when the row of a card's earlier template says")
        for (card, _), (until, _, _) in self.placements.items():
            if not self.streams[card].broken:
                self._fault(self.streams[card].id, until, "card", "moved the card, and no row tells from where")

    def _keys(self) -> None:
        """Whoever was forgotten has no key any more; everybody else's data can be read."""
        states = {told.id: told.state for told in self.streams.values()}
        forgotten = {stream for stream, state in states.items() if isinstance(state, Customer) and state.forgotten}
        for person, *_ in self.session.each(self.session.sql.all_keys, "b_after", b_after=b""):
            whose = stream_id_of(person)
            if whose in forgotten:
                self._fault(whose, None, "customer", "a key is kept of a customer who was forgotten")
            elif whose not in states:
                self._fault(None, None, "customer", "a key is kept of nobody")
        for person, entry in self.unread.items():
            if person not in forgotten:
                self._fault(entry.stream, entry.seq, "customer", "cannot be read, though nobody forgot the customer")

    def _begins(self, seq: object, scope: Scope) -> bool:
        """Answer whether an entry is there and begins its scan; a key for nothing written stands for a stream."""
        if not isinstance(seq, int):
            return False
        if seq < 0:
            return -seq in self.streams
        row = self.session.one(self.session.sql.entry, b_seq=seq)
        return row is not None and (row[6] == 0 or scope is Scope.REFUSED)

    def _strays(self) -> None:
        """Find rows that nothing in the Journal speaks of, and idempotency keys that stand for nothing."""
        session = self.session
        if session.claim(Scope.IMPORTING, "") is not None:
            self._fault(None, None, "claim", "an import of a file broke off, or is under way: import it again")
        for scope in (Scope.KEY, Scope.REFUSED):
            for key, seq, _ in session.each(session.sql.claims_after, "b_after", b_scope=int(scope), b_after=""):
                if not self._begins(seq, scope):
                    self._fault(None, seq, "claim", f"begins no scan, yet the idempotency key {key!r} stands for it")
        standing = sum(session.one(session.sql.count_claims, b_scope=int(scope))[0] for scope in claims.DERIVED)
        broken = any(told.broken for told in self.streams.values())
        extra = standing - self.claims
        if extra > 0 and not broken:
            self._fault(None, None, "claim", f"{extra} claims belong to no entry")
        extra = session.one(session.sql.count_mentions)[0] - self.mentions
        if extra > 0 and not broken:
            self._fault(None, None, "claim", f"{extra} mentions of a code belong to no entry")
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
