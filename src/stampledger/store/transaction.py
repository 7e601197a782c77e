"""One transaction for one business: statements, words, and what is planned to be written."""

from collections.abc import Iterator
from typing import Any, Self

import attrs

from stampledger.errors import Corrupt
from stampledger.sources import Random
from stampledger.store.compiled import Statement
from stampledger.store.engines.backend import Backend
from stampledger.store.flushing import write
from stampledger.store.head import Head
from stampledger.store.plan import NeedsLock, Plan
from stampledger.store.statements import Statements

BATCH = 2_000  # Rows fetched at a time.
CHANGING, DROPPING = 1, 2  # Ranks of what is deferred.


class Words:
    """Kinds, actors and channels by number; what is once written never changes, so it may be remembered."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}
        self.texts: dict[int, str] = {}

    def forget(self) -> None:
        """Remember none."""
        self.numbers.clear()
        self.texts.clear()

    def learn(self, number: int, text: str) -> None:
        """Remember a word."""
        self.numbers[text] = number
        self.texts[number] = text


@attrs.frozen(slots=False)
class Place:
    """Which business's rows, and in which database."""

    backend: Backend
    sql: Statements
    business: int
    business_name: str
    random: Random
    searchable: bool  # Whether there is an index of customers' words.


class Transaction:
    """Reads and writes of one transaction.

    What is written reaches the database when it is flushed: before a list is read, and at the end. A nested transaction
    is one command's among several: what it wrote is absorbed, or forgotten with it.
    """

    def __init__(self, place: Place, cursor: Any, words: Words, head: Head | None = None, writes: bool = False) -> None:
        self.sql: Statements = place.sql
        self.business: int = place.business
        self.business_name: str = place.business_name
        self.backend: Backend = place.backend
        self.searchable: bool = place.searchable
        self.cursor = cursor
        self.plan: Plan = Plan()
        self.new_words: list[tuple[int, str]] = []  # Remembered by the store once they are committed.
        self._place = place
        self._words = words
        self._head = head
        self._writes = writes  # Whoever only reads may read everything, and so remembers nothing.
        self._parent: Self | None = None

    # One command among several.

    def nested(self) -> Self:
        """Answer a transaction for one command, whose writes are seen here once they are absorbed."""
        child = type(self)(self._place, self.cursor, self._words, writes=True)
        child._parent = self
        head = self.head
        child._head = Head(head.seq, head.recorded_at, b"")
        return child

    def absorb(self, child: Self) -> None:
        """Take over what a nested transaction has written."""
        assert child._head is not None
        self.plan.absorb(child.plan)
        self.head.seq, self.head.recorded_at = child._head.seq, child._head.recorded_at
        self.new_words.extend(child.new_words)

    def demand_alone(self) -> None:
        """Refuse to be one of several: whoever flushes and forgets as it goes commits by itself."""
        if self._parent is not None:
            raise NeedsLock

    def _root(self) -> Self:
        """Answer the outermost transaction."""
        root = self
        while root._parent is not None:
            root = root._parent
        return root

    def _line(self) -> Iterator[Self]:
        """Yield this transaction and those around it."""
        found: Self | None = self
        while found is not None:
            yield found
            found = found._parent

    # Statements.

    def one(self, statement: Statement, **parameters: Any) -> Any:
        """Answer a statement's first row, or None."""
        self._settle()
        return self.fetch_one(statement, parameters)

    def all(self, statement: Statement, **parameters: Any) -> list[Any]:
        """Answer all rows of a statement."""
        self._settle()
        parameters["b_business"] = self.business
        self.cursor.execute(statement.sql, statement.arguments(parameters))
        rows: list[Any] = self.cursor.fetchall()
        return rows

    def run(self, statement: Statement, **parameters: Any) -> None:
        """Execute a statement for this business at once; not in a nested transaction, which could not take it back."""
        if self._parent is not None:
            raise NeedsLock
        self._settle()
        parameters["b_business"] = self.business
        self.cursor.execute(statement.sql, statement.arguments(parameters))

    def each(self, statement: Statement, key: str, place: int = 0, **parameters: Any) -> Iterator[Any]:
        """Yield the rows of a statement that pages by *key*, which is at a place of its rows, in bounded memory."""
        while True:
            rows = self.all(statement, b_limit=BATCH, **parameters)
            yield from rows
            if len(rows) < BATCH:
                return
            parameters[key] = rows[-1][place]

    def fetch_one(self, statement: Statement, parameters: dict[str, Any]) -> Any:
        """Answer a statement's first row, which nothing that is planned can change; or None."""
        parameters["b_business"] = self.business
        self.cursor.execute(statement.sql, statement.arguments(parameters))
        return self.cursor.fetchone()

    def _settle(self) -> None:
        """Let the database know what was written before it is asked for more than a row that is known here."""
        if self._parent is not None:
            if self.plan:
                raise NeedsLock
            self._parent._settle()
        elif self.plan:
            self.flush()

    # The head.

    @property
    def head(self) -> Head:
        """Where the Journal ends, for whoever appends to it."""
        if self._head is None:
            self._head = Head(*self.end())
        return self._head

    @property
    def last_seq(self) -> int:
        """The seq of the Journal's last entry, as far as it is known here."""
        return self.end()[0] if self._head is None or self._head.is_provisional else self._head.seq

    def end(self) -> tuple[int, int, bytes]:
        """Answer the Journal's last entry: (its seq, when it was recorded, its hash)."""
        row: tuple[int, int, bytes] | None = self.fetch_one(self.sql.head, {})
        if row is None:
            raise Corrupt(self.business_name, None, None, "the head of the Journal is missing")
        return row

    # Writing.

    def defer(self, statement: Statement, row: tuple[Any, ...], rank: int = 0) -> None:
        """Execute a statement when the rest is written; what adds comes before what changes, and what drops last."""
        if rank < self.plan.rank:
            self._settle()
        self.plan.rank = rank
        self.plan.deferred.setdefault(statement, []).append(row)

    def flush(self) -> None:
        """Write what is planned, and where the Journal ends after it."""
        assert self._parent is None
        if self._head is not None and self._head.is_provisional:
            raise NeedsLock
        plan = self.plan
        self.plan = Plan()
        if plan:
            write(self, plan)

    # Words.

    def word(self, text: str) -> int:
        """Answer a word's number, giving it one where it has none."""
        number = self._words.numbers.get(text)
        if number is None:
            number = self.known_word(text)
        if number is None:
            fresh = (number for session in self._line() for number, _ in session.new_words)
            number = 1 + max([*self._words.texts, *fresh], default=0)
            self.defer(self.sql.add_word, (self.business, number, text))
            self.new_words.append((number, text))
        return number

    def known_word(self, text: str) -> int | None:
        """Answer a word's number, or None where it has none."""
        number = self._words.numbers.get(text)
        if number is not None:
            return number
        for session in self._line():
            for new, known in session.new_words:
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
            text = next((new[number] for s in self._line() if number in (new := dict(s.new_words))), None)
        if text is None:
            self._learn()
            text = self._words.texts.get(number)
        if text is None:
            raise Corrupt(self.business_name, None, None, f"word {number} is missing")
        return text

    def _learn(self) -> None:
        self.cursor.execute(self.sql.words.sql, self.sql.words.arguments({"b_business": self.business}))
        for number, text in self.cursor.fetchall():
            if all(number != new for session in self._line() for new, _ in session.new_words):
                self._words.learn(number, text)
