"""The connection that writes: transactions on it, begun anew where another writer was first."""

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Any, Protocol, TypeVar

from stampledger.errors import (
    Conflict,
    Corrupt,
    OutcomeUnknown,
    StampledgerError,
    StorageError,
    StorageReadOnly,
    StorageUnreachable,
)
from stampledger.sources import system_random
from stampledger.store.engines.backend import STALE_MAX, Backend
from stampledger.store.head import Head
from stampledger.store.plan import NeedsLock
from stampledger.store.session import Hint, Session
from stampledger.store.transaction import Place, Words

ATTEMPTS_MAX = 50
AT_ONCE_ATTEMPTS = 5
PAUSE_FIRST, PAUSE_MAX = 0.002, 0.2  # Seconds; each pause is drawn, up to twice as long as the one before might be.

_INHERITED: list[object] = []  # Connections of the process this one was forked from, kept from being closed.

T = TypeVar("T")
T_contra = TypeVar("T_contra", contravariant=True)


class Settle(Protocol[T]):
    """Answers a result with the numbers that the database has given."""

    def __call__(self, result: T, shift: int, recorded_at: int, /) -> T:
        """Add *shift* to every provisional number."""


class WriterConnection:
    """A connection of the ledger's own. Whoever uses it sees to it that nobody else does at the same time."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.place: Place
        self.forget: Callable[[], None] = lambda: None  # What is remembered of the server, when it may be another one.
        self._fairy: Any = None
        self.is_closed: bool = False
        self.may_have_committed: bool = False  # Whether the latest transaction may be there, should it be interrupted.
        self.connection: Any = None
        self._cursor: Any = None  # The one all transactions use: to open one for each costs as much as a statement.
        self._connect()
        with backend.translated():
            self.is_shared: bool = backend.is_shared(self.connection)
            if not self.is_shared:
                self._take()

    def _connect(self) -> None:
        self._fairy = self.backend.connect()
        self.connection = self._fairy.driver_connection
        self._cursor = self.connection.cursor()

    def _take(self) -> None:
        self._fairy.detach()  # The pool never sees what is set on it.
        self.backend.own(self.connection)

    def demand_open(self) -> None:
        """Refuse to go on once closed."""
        if self.is_closed:
            raise StorageError("the ledger is closed")

    def close(self) -> None:
        """Give the connection back, or close it where it is the ledger's own; it may be gone by now, unnoticed."""
        self.is_closed = True
        self._leave(is_gone=not self.is_shared)

    def abandon(self) -> None:
        """Leave the connection to the process this one was forked from; to close it here would close it there."""
        if not self.is_shared:
            _INHERITED.append((self._fairy, self.connection, self._cursor))
            self._fairy = self.connection = self._cursor = None

    def _leave(self, is_gone: bool = False) -> None:
        if self._fairy is not None:
            with contextlib.suppress(Exception):
                self._cursor.close()  # What it has not read to its end would keep a file open.
            with contextlib.suppress(Exception):
                (self.connection if is_gone else self._fairy).close()
            if is_gone:  # The pool would ask it to roll back, and log that it cannot.
                self._fairy.invalidate()
        self._fairy = self.connection = self._cursor = None

    @contextlib.contextmanager
    def reading(self) -> Iterator[Any]:
        """A cursor of this very connection, for a database that has but one."""
        self.demand_open()
        with self.backend.controlled(self.connection), contextlib.closing(self.connection.cursor()) as cursor:
            yield cursor

    # Transactions.

    def transact(self, task: Callable[[Session], T], words: Words, hint: Hint | None = None) -> T:
        """Carry out a task behind the head's lock, and commit it; again from its beginning where it met a conflict.

        Raises:
            Conflict: Others were first too often, or hold the database for too long.
            StorageError: The database cannot be written.
            OutcomeUnknown: It broke off while committing.
        """
        result: T = self._retried(self._locked, task, words, hint)
        return result

    def at_once(self, task: Callable[[Session], T], words: Words, hint: Hint | None, settle: Settle[T]) -> T:
        """Carry out a task and append it by one statement, without a lock while it is decided.

        A task that must read what it wrote, that is too much for one statement, or that others were quicker than
        several times, is carried out behind the lock.
        """
        for _ in range(AT_ONCE_ATTEMPTS):
            try:
                result: T = self._retried(self._appended, task, words, hint, settle)
                return result
            except NeedsLock:
                break
            except Conflict as conflict:
                if not conflict.taken:
                    raise
                time.sleep(PAUSE_FIRST * system_random(1_000) / 1_000)
        return self.transact(task, words, hint)

    def _retried(self, attempt: Callable[..., Any], *arguments: Any) -> Any:
        """Try, and try again where that may help. A key that is taken will stay so: behind the lock that is final."""
        deadline = time.monotonic() + self.backend.wait_seconds
        try:
            if self.connection is not None:
                return attempt(*arguments)
        except Conflict as conflict:
            if conflict.taken or self.backend.waits_by_itself or time.monotonic() > deadline:
                raise
        except StorageUnreachable:  # The connection is gone; it may have been so since the last time it was used.
            self._leave(is_gone=True)
        except (OutcomeUnknown, StorageError) as error:
            self._leave_broken(error)
            raise
        return self._again(deadline, attempt, *arguments)

    def _again(self, deadline: float, attempt: Callable[..., Any], *arguments: Any) -> Any:
        """Try once more and once more, with pauses that grow and are drawn, until a deadline."""
        self.demand_open()
        pause = PAUSE_FIRST
        for attempts_left in reversed(range(ATTEMPTS_MAX)):
            try:
                if self.connection is None:
                    self._reconnect()
                return attempt(*arguments)
            except Conflict as conflict:
                if conflict.taken or self.backend.waits_by_itself:
                    raise
                if attempts_left == 0 or time.monotonic() + pause > deadline:
                    raise
                time.sleep(pause * system_random(1_000) / 1_000)
                pause = min(2 * pause, PAUSE_MAX)
            except StorageUnreachable:
                self._leave(is_gone=True)
                raise
            except (OutcomeUnknown, StorageError) as error:
                self._leave_broken(error)
                raise
        raise AssertionError("the last attempt ends by an answer or an error")

    def _reconnect(self) -> None:
        """Take another connection from the pool, and another, where all that it has are gone.

        It may lead to another server, which knows less: what was remembered of the last one is forgotten.
        """
        self.forget()
        for is_last in (*(False,) * STALE_MAX, True):
            self._connect()
            try:
                with self.backend.translated():
                    if not self.is_shared:
                        self._take()
                self.backend.prepare(self.connection, ours=True)
                return
            except StorageUnreachable:
                self._leave(is_gone=True)
                if is_last:
                    raise
            except BaseException:  # A connection that was not made safe is not used.
                self._leave()
                raise

    def _leave_broken(self, error: StampledgerError) -> None:
        """Take another connection the next time, unless this one is seen to be sound.

        A server that can only be read may have been demoted, and the address lead to another one by now.
        """
        if self.is_shared or self.connection is None:
            return
        if isinstance(error, StorageReadOnly) and self.backend.is_remote:
            self._leave()
            return
        try:
            with contextlib.closing(self.connection.cursor()) as cursor:
                cursor.execute("SELECT 1")
                cursor.fetchone()
        except Exception:
            self._leave(is_gone=True)

    def _locked(self, task: Callable[[Session], T], words: Words, hint: Hint | None) -> T:
        with self.backend.controlled(self.connection):
            cursor, self.may_have_committed = self._cursor, False
            with self.backend.translated():
                self.backend.begin_writing(cursor)  # Where it cannot, there is a transaction that is not ours to end.
            try:
                session = Session(self.place, cursor, words, self._head(cursor), writes=True)
                if hint is not None:
                    session.fetch(hint)
                result = task(session)
                session.flush()
                self.may_have_committed = True
                cursor.execute("COMMIT")
            except BaseException as error:
                self._roll_back(cursor)
                self.backend.refuse(error, self.may_have_committed)
                raise
        if session.new_words:
            _remember(session, words)
        return result

    def _head(self, cursor: Any) -> Head | None:
        """Lock the head by itself, where beginning to write has not."""
        if not self.backend.locks_head:
            return None
        cursor.execute(self.place.sql.lock_head.sql, (self.place.business,))
        row = cursor.fetchone()
        if row is None:
            raise Corrupt(self.place.business_name, None, None, "the head of the Journal is missing")
        return Head(*row)

    def _appended(self, task: Callable[[Session], T], words: Words, hint: Hint | None, settle: Settle[T]) -> T:
        with self.backend.controlled(self.connection):
            session = Session(self.place, self._cursor, words, Head.provisional(), writes=True)
            self.may_have_committed = False
            try:
                if hint is not None:
                    session.fetch(hint)
                result = task(session)
                if not session.plan:
                    return result
                self.may_have_committed = True
                shift, recorded_at = self.backend.append(session)
            except BaseException as error:
                self.backend.refuse(error, self.may_have_committed)
                raise
        return settle(result, shift, recorded_at)

    def _roll_back(self, cursor: Any) -> None:
        with contextlib.suppress(Exception):
            if self.backend.in_transaction(cursor.connection):
                cursor.execute("ROLLBACK")


def _remember(session: Session, words: Words) -> None:
    for number, word in session.new_words:
        words.learn(number, word)
