"""The connection that writes: transactions on it, begun anew where another writer was first."""

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Any, Protocol, TypeVar

from stampledger.errors import Conflict, Corrupt, OutcomeUnknown, StorageError, StorageUnreachable
from stampledger.sources import system_random
from stampledger.store.engines.backend import WAIT_SECONDS, Backend
from stampledger.store.head import Head
from stampledger.store.plan import NeedsLock
from stampledger.store.session import Hint, Session
from stampledger.store.transaction import Place, Words

ATTEMPTS_MAX = 50
PAUSE_FIRST, PAUSE_MAX = 0.002, 0.2  # Seconds; each pause is drawn, up to twice as long as the one before might be.

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
        self._fairy: Any = None
        self._is_closed = False
        self.connection: Any = None
        self._connect()
        with backend.translated():
            self.is_shared = backend.is_shared(self.connection)
            if not self.is_shared:
                self._take()

    def _connect(self) -> None:
        self._fairy = self.backend.connect()
        self.connection = self._fairy.driver_connection

    def _take(self) -> None:
        self._fairy.detach()  # The pool never sees what is set on it.
        self.backend.own(self.connection)

    def demand_open(self) -> None:
        """Refuse to go on once closed."""
        if self._is_closed:
            raise StorageError("the ledger is closed")

    def close(self) -> None:
        """Give the connection back."""
        self._is_closed = True
        self._leave()

    def _leave(self) -> None:
        if self._fairy is not None:
            with contextlib.suppress(Exception):
                self._fairy.close()
        self._fairy = self.connection = None

    @contextlib.contextmanager
    def reading(self) -> Iterator[Any]:
        """A cursor of this very connection, for a database that has but one."""
        self.demand_open()
        with self.backend.controlled(self.connection), contextlib.closing(self.connection.cursor()) as cursor:
            yield cursor

    # Transactions.

    def transact(self, work: Callable[[Session], T], words: Words) -> T:
        """Do some work behind the head's lock, and commit it; again from its beginning where it met a conflict.

        Raises:
            Conflict: Others were first too often, or hold the database for too long.
            StorageError: The database cannot be written.
            OutcomeUnknown: It broke off while committing.
        """
        return self._retried(lambda: self._locked(work, words))

    def at_once(self, work: Callable[[Session], T], words: Words, hint: Hint | None, settle: Settle[T]) -> T:
        """Do some work and append it by one statement, without a lock while it is decided.

        Work that must read what it wrote, or that is too much for one statement, is done behind the lock instead.
        """
        try:
            return self._retried(lambda: self._appended(work, words, hint, settle))
        except NeedsLock:
            return self.transact(work, words)

    def _retried(self, attempt: Callable[[], T]) -> T:
        self.demand_open()
        deadline, pause, reconnected = time.monotonic() + WAIT_SECONDS, PAUSE_FIRST, False
        for attempts_left in reversed(range(ATTEMPTS_MAX)):
            try:
                if self.connection is None:
                    reconnected = True
                    self._reconnect()
                return attempt()
            except Conflict:
                if attempts_left == 0 or self.backend.waits_by_itself or time.monotonic() + pause > deadline:
                    raise
                time.sleep(pause * system_random(1_000) / 1_000)
                pause = min(2 * pause, PAUSE_MAX)
            except StorageUnreachable:  # The connection is gone; it may have been so since the last time it was used.
                self._leave()
                if reconnected:
                    raise
            except (OutcomeUnknown, StorageError):
                self._leave_broken()
                raise
        raise AssertionError("the last attempt ends by an answer or an error")

    def _reconnect(self) -> None:
        self._connect()
        with self.backend.translated():
            if not self.is_shared:
                self._take()
        self.backend.prepare(self.connection, ours=True)

    def _leave_broken(self) -> None:
        """Take another connection the next time, unless this one is seen to be sound."""
        if self.is_shared or self.connection is None:
            return
        try:
            with contextlib.closing(self.connection.cursor()) as cursor:
                cursor.execute("SELECT 1")
                cursor.fetchone()
        except Exception:
            self._leave()

    def _locked(self, work: Callable[[Session], T], words: Words) -> T:
        backend, connection = self.backend, self.connection
        with backend.controlled(connection):
            with backend.translated():
                cursor = connection.cursor()
                backend.begin_writing(cursor)
            try:
                with backend.translated():
                    session = self._session(cursor, words)
                    result = work(session)
                    session.flush()
                with backend.translated(committing=True):
                    cursor.execute("COMMIT")
            except BaseException:
                self._roll_back(cursor)
                raise
            finally:
                cursor.close()  # Whoever still holds the session does not hold the file open with it.
        _remember(session, words)
        return result

    def _session(self, cursor: Any, words: Words) -> Session:
        sql = self.place.sql
        head = None
        if self.backend.locks_head:
            cursor.execute(sql.lock_head.sql, (self.place.business,))
            row = cursor.fetchone()
            if row is None:
                raise Corrupt(self.place.business_name, None, None, "the head of the Journal is missing")
            head = Head(*row)
        return Session(self.place, cursor, words, head, writes=True)

    def _appended(self, work: Callable[[Session], T], words: Words, hint: Hint | None, settle: Settle[T]) -> T:
        backend, connection = self.backend, self.connection
        with backend.controlled(connection), contextlib.closing(connection.cursor()) as cursor:
            session = Session(self.place, cursor, words, Head.provisional(), writes=True)
            with backend.translated():
                if hint is not None:
                    session.fetch(hint)
                result = work(session)
            if not session.plan:
                return result
            with backend.translated(committing=True):
                shift, recorded_at = backend.append(session)
        return settle(result, shift, recorded_at)

    def _roll_back(self, cursor: Any) -> None:
        with contextlib.suppress(Exception):
            if self.backend.in_transaction(cursor.connection):
                cursor.execute("ROLLBACK")


def _remember(session: Session, words: Words) -> None:
    for number, word in session.new_words:
        words.learn(number, word)
