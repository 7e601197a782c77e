"""One transaction: rows read and written by the constant statements, for one business."""

from collections.abc import Iterator, Mapping
from enum import IntEnum
from typing import Any
from uuid import UUID

import attrs

from stampledger import codec, privacy
from stampledger.aggregates import Aggregate, BrandState, Campaign, Coupon, Customer, PublishedTemplate
from stampledger.cards import StampCard
from stampledger.errors import Corrupt
from stampledger.rewards import IssuedReward
from stampledger.sources import Random
from stampledger.store.statements import Statement, Statements

BATCH = 1_000  # Rows fetched at a time.
EVERYTHING = (1 << 62) - 1  # Beyond every entry.


class StreamKind(IntEnum):
    """What a stream is, as stored."""

    OTHER = 0  # Written by eventsourcing, unknown to us.
    CARD = 1
    COUPON = 2
    CUSTOMER = 3
    TEMPLATE = 4
    CAMPAIGN = 5
    BRAND = 6


STATES: Mapping[StreamKind, type[Aggregate]] = {
    StreamKind.CARD: StampCard,
    StreamKind.COUPON: Coupon,
    StreamKind.CUSTOMER: Customer,
    StreamKind.TEMPLATE: PublishedTemplate,
    StreamKind.CAMPAIGN: Campaign,
    StreamKind.BRAND: BrandState,
}


class Scope(IntEnum):
    """What may happen once, as stored."""

    CODE = 1  # A code that gave stamps.
    KEY = 2  # An idempotency key.
    TEMPLATE = 3  # A template's key.
    CAMPAIGN = 4  # A campaign's key.
    BRAND = 5  # The brand: there is one.
    REFERENCE = 6  # The caller's own id of a customer.
    IMPORTED = 7  # A card's id in the system it came from.
    SENT = 8  # A campaign on a card.
    BIRTHDAY = 9  # A year on a card.
    VOID = 10  # A scan that was voided.
    MENTION = 11  # Further entries that speak of a code.
    REFUSED = 12  # An idempotency key whose request was refused and recorded.


@attrs.frozen(slots=False)
class StreamRow:
    """Where a stream stands."""

    number: int
    id: UUID
    kind: StreamKind
    version: int
    seq: int
    customer: int | None
    state: bytes | None


@attrs.frozen(slots=False)
class RewardRow:
    """A reward, who holds it, and its entries."""

    holder: int
    issued_seq: int
    seq: int
    seqs: str
    reward: IssuedReward


class Words:
    """Kinds, actors and channels by number; what is once written never changes, so it may be remembered."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}
        self.texts: dict[int, str] = {}

    def learn(self, number: int, text: str) -> None:
        """Remember a word."""
        self.numbers[text] = number
        self.texts[number] = text


class Session:
    """The rows of one business, within one transaction."""

    def __init__(
        self, cursor: Any, statements: Statements, business: int, business_name: str, words: Words, random: Random
    ) -> None:
        self.sql = statements
        self.business = business
        self.business_name = business_name
        self._cursor = cursor
        self._words = words
        self._random = random
        self.new_words: list[tuple[int, str]] = []  # Remembered by the store once they are committed.

    # Statements.

    def run(self, statement: Statement, **parameters: Any) -> None:
        """Execute a statement for this business."""
        parameters["b_business"] = self.business
        self._cursor.execute(statement.sql, statement.arguments(parameters))

    def one(self, statement: Statement, **parameters: Any) -> Any:
        """Answer a statement's first row, or None."""
        parameters["b_business"] = self.business
        return self._cursor.execute(statement.sql, statement.arguments(parameters)).fetchone()

    def all(self, statement: Statement, **parameters: Any) -> list[Any]:
        """Answer all rows of a statement."""
        parameters["b_business"] = self.business
        rows: list[Any] = self._cursor.execute(statement.sql, statement.arguments(parameters)).fetchall()
        return rows

    def add(self, statement: Statement, **values: Any) -> None:
        """Insert a row for this business."""
        values["business"] = self.business
        self._cursor.execute(statement.sql, statement.arguments(values))

    def each(self, statement: Statement, **parameters: Any) -> Iterator[Any]:
        """Iterate over the rows of a statement by a cursor of its own, in bounded memory."""
        parameters["b_business"] = self.business
        cursor = self._cursor.connection.cursor()
        try:
            cursor.execute(statement.sql, statement.arguments(parameters))
            while rows := cursor.fetchmany(BATCH):
                yield from rows
        finally:
            cursor.close()

    # Words.

    def word(self, text: str | None) -> int | None:
        """Answer a word's number, giving it one where it has none."""
        if text is None:
            return None
        number = self._words.numbers.get(text)
        if number is None:
            number = self.known_word(text)
        if number is None:
            number = 1 + max([*self._words.texts, *(number for number, _ in self.new_words)], default=0)
            self.add(self.sql.add_word, number=number, text=text)
            self.new_words.append((number, text))
        return number

    def known_word(self, text: str) -> int | None:
        """Answer a word's number, or None where it has none."""
        number = self._words.numbers.get(text)
        if number is not None:
            return number
        for new, known in self.new_words:
            if known == text:
                return new
        self._learn()
        return self._words.numbers.get(text)

    def text(self, number: int | None) -> str | None:
        """Answer the word of a number."""
        if number is None:
            return None
        text = self._words.texts.get(number)
        if text is None:
            text = dict(self.new_words).get(number)
        if text is None:
            self._learn()
            text = self._words.texts.get(number)
        if text is None:
            raise Corrupt(self.business_name, None, None, f"word {number} is missing")
        return text

    def _learn(self) -> None:
        fresh = {number for number, _ in self.new_words}
        for number, text in self.all(self.sql.words):
            if number not in fresh:
                self._words.learn(number, text)

    # Streams and their states.

    def stream(self, stream_id: UUID) -> StreamRow | None:
        """Answer where a stream stands, by its id."""
        row = self.one(self.sql.stream_by_id, b_id=stream_id.bytes)
        return None if row is None else self._stream_row(row)

    def stream_by_number(self, number: int) -> StreamRow:
        """Answer where a stream stands, by its number."""
        row = self.one(self.sql.stream_by_number, b_number=number)
        if row is None:
            raise Corrupt(self.business_name, None, number, "the stream that begins here is missing")
        return self._stream_row(row)

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
        state: Aggregate = self.load(STATES[row.kind], row.state, row.id, row.seq)
        return state

    def load(self, kind: type[Any], state: bytes, stream_id: UUID, seq: int) -> Any:
        """Read a stored state."""
        try:
            return codec.load_state(kind, state, self.unsealer(stream_id, stream_id) if kind is Customer else None)
        except (codec.Unreadable, privacy.Unsealable) as error:
            raise Corrupt(self.business_name, stream_id, seq, f"the stored state cannot be read: {error}") from error

    # Claims.

    def claim(self, scope: Scope, key: str) -> tuple[int, bytes | None] | None:
        """Answer (seq, digest) of what has happened under a key, or None."""
        row: tuple[int, bytes | None] | None = self.one(self.sql.claim, b_scope=int(scope), b_key=key)
        return row

    # Rewards.

    def reward(self, reward_id: UUID) -> RewardRow | None:
        """Answer a reward by its id."""
        row = self.one(self.sql.reward, b_id=reward_id.bytes)
        return None if row is None else self.reward_row(row)

    def rewards_of(self, holder: int, upto: int = EVERYTHING) -> list[RewardRow]:
        """Answer the rewards a card or coupon had been given up to an entry, in the order they were given."""
        return [self.reward_row(row) for row in self.all(self.sql.rewards_of, b_holder=holder, b_upto=upto)]

    def reward_row(self, row: Any) -> RewardRow:
        """Read a row of a statement over rewards."""
        reward_id, holder, issued_seq, seq, seqs, state = row
        try:
            reward = codec.load_state(IssuedReward, state)
        except codec.Unreadable as error:
            raise Corrupt(
                self.business_name, UUID(bytes=reward_id), seq, f"a reward cannot be read: {error}"
            ) from error
        return RewardRow(holder, issued_seq, seq, seqs, reward)

    # Seals.

    def subject_of(self, row: StreamRow) -> UUID:
        """Answer whose key seals what a stream says of a person: the card's customer, else the stream itself."""
        if row.customer is not None and row.customer != row.number:
            return self.stream_by_number(row.customer).id
        return row.id

    def sealer(self, subject: UUID, stream_id: UUID) -> codec.Seal:
        """Answer what seals for a stream with a person's key, which is made where there is none."""
        row = self.one(self.sql.subject_key, b_subject=subject.bytes)
        if row is None:
            key = privacy.new_key(self._random)
            self.add(self.sql.add_subject_key, subject=subject.bytes, key=key)
        else:
            key = row[0]
        return lambda plain: privacy.seal(key, stream_id, plain)

    def unsealer(self, subject: UUID, stream_id: UUID) -> codec.Unseal:
        """Answer what opens a stream's seals with a person's key; without a key it answers None."""

        def unseal(sealed: bytes) -> bytes | None:
            row = self.one(self.sql.subject_key, b_subject=subject.bytes)
            return None if row is None else privacy.unseal(row[0], stream_id, sealed)

        return unseal


_KINDS = {int(kind): kind for kind in StreamKind}
