"""One transaction: the rows of one business, read when they are asked for and written together."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Self
from uuid import UUID

import attrs

from stampledger import codec, privacy
from stampledger.aggregates import Aggregate, BrandState, Campaign, Coupon, Customer, PublishedTemplate
from stampledger.cards import StampCard
from stampledger.errors import Corrupt
from stampledger.rewards import IssuedReward
from stampledger.store.head import Head
from stampledger.store.kinds import Scope, StreamKind
from stampledger.store.plan import CardRow, Claimed, NeedsLock, RewardRow, StreamRow, put
from stampledger.store.transaction import DROPPING, Place, Transaction, Words

__all__ = ["CardRow", "Claimed", "RewardRow", "Scope", "Session", "StreamKind", "StreamRow"]

EVERYTHING = (1 << 62) - 1  # Beyond every entry.


STATES: Mapping[StreamKind, type[Aggregate]] = {
    StreamKind.CARD: StampCard,
    StreamKind.COUPON: Coupon,
    StreamKind.CUSTOMER: Customer,
    StreamKind.TEMPLATE: PublishedTemplate,
    StreamKind.CAMPAIGN: Campaign,
    StreamKind.BRAND: BrandState,
}


@attrs.frozen
class Hint:
    """What a command will look at first, so that it can be fetched at once."""

    card: UUID
    code: str | None = None
    key: str | None = None


class Session(Transaction):
    """The rows of one business, within one transaction: what is written here is seen here at once."""

    def __init__(self, place: Place, cursor: Any, words: Words, head: Head | None = None, writes: bool = False) -> None:
        super().__init__(place, cursor, words, head, writes)
        self._streams: dict[int, StreamRow] = {}
        self._numbers: dict[UUID, int] = {}
        self._claims: dict[tuple[int, str], Claimed | None] = {}
        self._codes: dict[str, dict[str, int]] = {}  # Claims of a code, by their keys.
        self._cards: dict[int, CardRow] = {}
        self._rewards: dict[UUID, RewardRow] = {}
        self._keys: dict[UUID, bytes | None] = {}
        self._last_number: int | None = None

    def absorb(self, child: Self) -> None:
        """Take over what a nested session has written."""
        super().absorb(child)
        for mine, theirs in (
            (self._streams, child._streams), (self._numbers, child._numbers), (self._claims, child._claims),
            (self._cards, child._cards), (self._rewards, child._rewards), (self._keys, child._keys),
        ):  # fmt: skip
            mine.update(theirs)  # type: ignore[arg-type]
        for code, keys in child._codes.items():
            self._codes.setdefault(code, {}).update(keys)
        self._last_number = child._last_number or self._last_number

    def forget(self) -> None:
        """Remember no row that was read or written; the database has them all."""
        assert not self.plan
        for known in (self._streams, self._numbers, self._claims, self._codes, self._cards, self._rewards, self._keys):
            known.clear()

    def fetch(self, hint: Hint) -> None:
        """Fetch what a command will look at first by one statement."""
        card, code, key = hint.card, hint.code, hint.key
        look = self.sql.first_looks[code is not None, key is not None]
        arguments: tuple[Any, ...] = (card.bytes,)
        if code is not None:
            arguments += (code, f"{code}\x0b")
        if key is not None:
            arguments += (key, key)
        self.cursor.execute(look.sql, (*arguments, self.business))
        rows = self.cursor.fetchall()
        if not rows:
            return
        first, root = rows[0], self._root()  # Which may know better: what is planned is not in the database.
        if root._head is None:
            root._head = Head(*first[:3])
        if first[3] is not None and first[3] not in root._streams:
            root._know(self._stream_row(first[3:10]))
        if code is not None and code not in root._codes:
            root._codes[code] = {row[10]: row[11] for row in rows if row[10] is not None}
        if key is not None:
            for place, scope in ((-4, Scope.KEY), (-2, Scope.REFUSED)):
                seq, digest = first[place], first[place + 1]
                root._claims.setdefault((int(scope), key), None if seq is None else (seq, digest))

    def expect(self, scope: Scope, keys: Sequence[str]) -> None:
        """Fetch together the claims that many commands will look at; of codes, those for templates and cards too."""
        of_codes, place = scope is Scope.CODE, int(scope)
        unknown = (
            key for key in dict.fromkeys(keys) if not (key in self._codes if of_codes else (place, key) in self._claims)
        )
        wanted = list(unknown)
        if not wanted:
            return
        more = {"b_end": "\x0b"} if of_codes else {}
        texts = self.backend.texts(wanted)
        statement = self.sql.claims_of_codes if of_codes else self.sql.claims_among
        rows = self.all(statement, b_scope=int(scope), b_texts=texts, **more)
        if of_codes:
            self._codes.update((code, {}) for code in wanted)
            for code, key, seq in rows:
                if key is not None:
                    self._codes[code][key] = seq
        else:
            for key, seq, digest in rows:
                self._claims[place, key] = None if seq is None else (seq, digest)

    def remember(
        self, streams: Iterable[Any], cards: Iterable[Any], keys: Mapping[UUID, bytes | None], rewards: Iterable[Any]
    ) -> None:
        """Remember rows that were fetched together; none of them is planned to be written."""
        for row in map(self._stream_row, streams):
            self._streams[row.number] = row
            self._numbers[row.id] = row.number
        self._cards.update((row[0], CardRow(*row[1:])) for row in cards)
        self._keys.update(keys)
        self._rewards.update((row.reward.id, row) for row in map(self.reward_row, rewards))

    def expect_streams(self, numbers: Sequence[int]) -> None:
        """Fetch together the streams that many commands will look at."""
        wanted = [number for number in dict.fromkeys(numbers) if number not in self._streams]
        if wanted:
            for row in self.all(self.sql.streams_among, b_numbers=self.backend.numbers(wanted)):
                self._know(self._stream_row(row))

    def _know(self, row: StreamRow) -> StreamRow:
        if self._writes:
            self._streams[row.number] = row
            self._numbers[row.id] = row.number
        return row

    # Streams and their states.

    def stream(self, stream_id: UUID) -> StreamRow | None:
        """Answer where a stream stands, by its id."""
        number = self._numbers.get(stream_id)
        if number is not None:
            return self._streams[number]
        if self._parent is not None:
            for session in self._line():
                number = session._numbers.get(stream_id)
                if number is not None:
                    return session._streams[number]
        row = self.fetch_one(self.sql.stream_by_id, {"b_id": stream_id.bytes})
        return None if row is None else self._know(self._stream_row(row))

    def stream_by_number(self, number: int) -> StreamRow:
        """Answer where a stream stands, by its number."""
        for session in self._line():
            known = session._streams.get(number)
            if known is not None:
                return known
        row = self.fetch_one(self.sql.stream_by_number, {"b_number": number})
        if row is None:
            raise Corrupt(self.business_name, None, number, "the stream that begins here is missing")
        return self._know(self._stream_row(row))

    def begin_stream(self, stream_id: UUID) -> None:
        """Note that a stream begins: nobody can have given it a key yet."""
        self._keys.setdefault(stream_id, None)

    def save_stream(self, row: StreamRow, is_new: bool) -> None:
        """Write where a stream stands now."""
        self._know(row)
        put(self.plan.streams, row.number, row, is_new)

    def _stream_row(self, row: Any) -> StreamRow:
        number, stream_id, kind, version, seq, customer, state = row
        try:
            return StreamRow(number, UUID(bytes=stream_id), _KINDS[kind], version, seq, customer, state)
        except (KeyError, TypeError, ValueError) as error:
            raise Corrupt(self.business_name, None, number, "the stream that begins here cannot be read") from error

    def state(self, row: StreamRow) -> Aggregate:
        """Answer the state of a stream's live row."""
        if row.state is None:
            raise Corrupt(self.business_name, row.id, row.seq, "the live row has no state: rebuild the ledger")
        if isinstance(row.state, STATES[row.kind]):
            return row.state
        if not isinstance(row.state, bytes):
            raise Corrupt(self.business_name, row.id, row.seq, "the state of the live row is of another type")
        state: Aggregate = self.load(STATES[row.kind], row.state, row.id, row.seq)
        return state

    def load(self, kind: type[Any], state: bytes, stream_id: UUID, seq: int) -> Any:
        """Read a stored state."""
        try:
            return codec.load_state(kind, state, self.unsealer(stream_id, stream_id) if kind is Customer else None)
        except (codec.Unreadable, privacy.Unsealable) as error:
            raise Corrupt(self.business_name, stream_id, seq, f"the stored state cannot be read: {error}") from error

    # Claims.

    def claim(self, scope: Scope, key: str) -> Claimed | None:
        """Answer (seq, digest) of what has happened under a key, or None."""
        place = (int(scope), key)
        for session in self._line():
            if place in session._claims:
                return session._claims[place]
        row: Claimed | None = self.fetch_one(self.sql.claim, {"b_scope": place[0], "b_key": key})
        if self._writes:
            self._claims[place] = row
        return row

    def claims_of_code(self, code: str) -> list[tuple[str, int]]:
        """Answer (key, seq) of the claims of a code: for the business, for a template, for a card."""
        if self._parent is not None:
            return sorted({**dict(self._parent.claims_of_code(code)), **self._codes.get(code, {})}.items())
        known = self._codes.get(code)
        if known is None:
            known = dict(self._code_rows(code))
            if self._writes:
                self._codes[code] = known
        return sorted(known.items()) if known else []

    def claims_written(self, code: str) -> list[tuple[str, int]]:
        """Answer (key, seq) of the claims of a code, when what is planned has been written."""
        self._settle()
        return self._code_rows(code)

    def _code_rows(self, code: str) -> list[tuple[str, int]]:
        statement, bounds = self.sql.claims_between, {"b_from": code, "b_to": f"{code}\x0b"}
        parameters = {"b_business": self.business, "b_scope": int(Scope.CODE), "b_limit": EVERYTHING, **bounds}
        self.cursor.execute(statement.sql, statement.arguments(parameters))
        rows: list[tuple[str, int]] = self.cursor.fetchall()
        return rows

    def add_claim(
        self, scope: Scope, key: str, seq: int, digest: bytes | None = None, anew: bool = False, asked_for: bool = True
    ) -> None:
        """Claim a key; *anew* where it is claimed already, and stands for another entry from now on.

        What is claimed with a code is remembered, unless nobody will have *asked_for* that in this transaction.
        """
        place = (int(scope), key)
        if scope is Scope.CODE and asked_for:
            code = key.partition("\n")[0]
            self.claims_of_code(code)
            self._codes.setdefault(code, {})[key] = seq
        self._claims[place] = (seq, digest)
        put(self.plan.claims, place, (seq, digest), not anew)

    def drop_claim(self, scope: Scope, key: str) -> None:
        """Let a key be free again."""
        self._claims[int(scope), key] = None
        self.defer(self.sql.drop_claim, (self.business, int(scope), key), DROPPING)

    def mention(self, code: str, seq: int) -> None:
        """Note one more entry that speaks of a code."""
        self.defer(self.sql.add_mention, (self.business, code, seq))

    # Cards.

    def card(self, number: int) -> CardRow | None:
        """Answer the row of a card, by its stream's number."""
        for session in self._line():
            known = session._cards.get(number)
            if known is not None:
                return known
        row = self.fetch_one(self.sql.card, {"b_stream": number})
        if row is None:
            return None
        card = CardRow(*row)
        if self._writes:
            self._cards[number] = card
        return card

    def save_card(self, stream: int, row: CardRow, is_new: bool) -> None:
        """Write the row of a card."""
        self._cards[stream] = row
        put(self.plan.cards, stream, row, is_new)
        if is_new:
            self._last_number = max(self.last_number(), row.number)

    def last_number(self) -> int:
        """Answer the highest card number given out; 0 where there is none."""
        for session in self._line():
            if session._last_number is not None:
                return session._last_number
        highest = self.fetch_one(self.sql.last_number, {})[0]
        self._last_number = highest or 0
        return self._last_number

    # Rewards.

    def reward(self, reward_id: UUID) -> RewardRow | None:
        """Answer a reward by its id."""
        for session in self._line():
            known = session._rewards.get(reward_id)
            if known is not None:
                return known
        row = self.fetch_one(self.sql.reward, {"b_id": reward_id.bytes})
        return None if row is None else self.reward_row(row)

    def save_reward(self, row: RewardRow, is_new: bool) -> None:
        """Write a reward."""
        self._rewards[row.reward.id] = row
        put(self.plan.rewards, row.reward.id, row, is_new)

    def rewards_of(self, holder: int, upto: int = EVERYTHING) -> list[RewardRow]:
        """Answer the rewards a card or coupon had been given up to an entry, in the order they were given."""
        return [self.reward_row(row) for row in self.all(self.sql.rewards_of, b_holder=holder, b_upto=upto)]

    def reward_row(self, row: Any) -> RewardRow:
        """Read a row of a statement over rewards."""
        reward_id, holder, issued_seq, seq, versions, state = row
        try:
            reward = codec.load_state(IssuedReward, state)
        except codec.Unreadable as error:
            raise Corrupt(
                self.business_name, UUID(bytes=reward_id), seq, f"a reward cannot be read: {error}"
            ) from error
        return RewardRow(holder, issued_seq, seq, versions, reward)

    # Seals.

    def subject_of(self, row: StreamRow) -> UUID:
        """Answer whose key seals what a stream says of a person: the card's customer, else the stream itself."""
        if row.customer is not None and row.customer != row.number:
            return self.stream_by_number(row.customer).id
        return row.id

    def sealer(self, subject: UUID, stream_id: UUID) -> codec.Seal:
        """Answer what seals for a stream with a person's key, which is made where there is none."""
        if self.head.is_provisional:  # Somebody may be forgetting this very person.
            raise NeedsLock
        key = self._key_of(subject)
        if key is None:
            key = self._keys[subject] = privacy.new_key(self._place.random)
            self.defer(self.sql.add_subject_key, (self.business, subject.bytes, key))
        return lambda plain: privacy.seal(key, stream_id, plain)

    def take_key(self, subject: UUID, key: bytes) -> None:
        """Keep a person's key that was brought along, where there is none."""
        if self._key_of(subject) is None:
            self._keys[subject] = key
            self.defer(self.sql.add_subject_key, (self.business, subject.bytes, key))

    def drop_key(self, subject: UUID) -> None:
        """Forget a person's key."""
        self._keys[subject] = None
        self.defer(self.sql.drop_subject_key, (self.business, subject.bytes), DROPPING)

    def sweep_words(self) -> None:
        """Let the index of customers' words keep nothing of those who are gone."""
        if self.searchable and self.sql.sweep_words is not None:
            self.defer(self.sql.sweep_words, (), DROPPING)

    def _key_of(self, subject: UUID) -> bytes | None:
        for session in self._line():
            if subject in session._keys:
                return session._keys[subject]
        row = self.fetch_one(self.sql.subject_key, {"b_subject": subject.bytes})
        key = None if row is None else row[0]
        if self._writes:
            self._keys[subject] = key
        return key

    def unsealer(self, subject: UUID, stream_id: UUID, seq: int = EVERYTHING) -> codec.Unseal:
        """Answer what opens a stream's seals with a person's key; without a key it answers None.

        *seq* is the entry that holds them: it may have been imported without its key, and the person has another now.
        """

        def unseal(sealed: bytes) -> bytes | None:
            key = self._key_of(subject)
            try:
                return None if key is None else privacy.unseal(key, stream_id, sealed)
            except privacy.Unsealable:
                if seq <= self.sealed_upto:
                    return None
                raise

        return unseal

    @property
    def sealed_upto(self) -> int:
        """The entry up to which the Journal was imported without the keys of persons; 0 where it was not."""
        claimed = self.claim(Scope.SEALED, "")
        return 0 if claimed is None else claimed[0]


_KINDS = {int(kind): kind for kind in StreamKind}
