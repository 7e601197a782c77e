"""The store of one business in one database: read in snapshots, written one transaction at a time."""

import contextlib
import os
import threading
import weakref
from collections.abc import Callable, Iterator
from typing import Any, Self, TypeVar

from sqlalchemy import Engine

from stampledger.checks import text
from stampledger.errors import InvalidInput, StorageUnreachable
from stampledger.sources import Random
from stampledger.store import bell, opening, prepared, schema
from stampledger.store.activity import KnownFigures
from stampledger.store.compiled import Statement
from stampledger.store.database import backend_of
from stampledger.store.engines.backend import SAVE, STALE_MAX, Backend
from stampledger.store.grouping import Group
from stampledger.store.history import Templates
from stampledger.store.joined import Joined, joined
from stampledger.store.session import Hint, Session
from stampledger.store.statements import Statements
from stampledger.store.transaction import Place, Words
from stampledger.store.writing import Settle, WriterConnection

T = TypeVar("T")


class Store:
    """Where a business's Journal is kept.

    One connection writes; the threads of a process share its commits (see `grouping`). Readers take connections of
    their own from the pool. A database in memory has one connection for all.
    """

    def __init__(
        self,
        engine: Engine,
        business: str,
        *,
        random: Random,
        durability: str = "full",
        prefix: str = schema.DEFAULT_PREFIX,
        schema_name: str | None = None,
        create: bool = True,
        owned: bool = False,
    ) -> None:
        self.backend: Backend = backend_of(engine, schema_name, durability)
        self.engine = engine
        self.business_name: str = text(business, "business")
        self.sql: Statements = prepared.statements(self.backend, prefix, schema_name)
        self.tables: schema.Schema = self.sql.tables
        self.templates: Templates = Templates()
        self.figures: KnownFigures = KnownFigures()
        self.words: Words = Words()
        self._owned = owned
        self._bound: Joined | None = None
        self._bound_lock = threading.RLock()
        self._unbound = self
        self._writer = WriterConnection(self.backend)
        self._writer.forget = self._forget
        _stores.add(self)
        self._group = Group(self._writer, self.words)
        try:
            number = opening.begin(self.backend, self.sql, self._writer, self.business_name, create)
            searchable = opening.is_searchable(self.backend, self.sql, self._writer)
            self.place: Place = Place(self.backend, self.sql, number, self.business_name, random, searchable)
            self.business = number
            self._writer.place = self.place
            self._identity = self.backend.identity(self._writer.connection)
            self.bell: bell.Bell = bell.of(self._identity, prefix, self.business_name)
        except BaseException:
            self.close()
            raise

    def after_fork(self) -> None:
        """Begin anew in a process that was forked: no connection and no lock of its parent is its own."""
        if self._bound is None and not self._writer.is_closed and not self._writer.is_shared:
            self._writer.abandon()
            self._group = Group(self._writer, self.words)
            self.engine.dispose(close=False)

    def _forget(self) -> None:
        self.words.forget()
        self.templates.forget()
        self.figures.forget()

    # Writing.

    def write(self, task: Callable[[Session], T], hint: Hint | None = None, settle: Settle[T] | None = None) -> T:
        """Carry out a task in a transaction that holds the head; committed at its end, rolled back on any error.

        A task may be carried out anew, where another writer was first, and by another thread of this process. With
        *settle* it may be given provisional numbers, and its result is settled once the database has given them.

        Raises:
            Conflict: Other writers were first too often, or hold the database for too long.
            StorageError: The database cannot be written.
            OutcomeUnknown: It broke off while committing.
        """
        if self._bound is not None:
            with self._writing_bound(self._bound, self.sql.touch_head, {}) as session:
                return task(session)
        result = self._group.write(task, hint, settle)
        if self.bell.waiting:
            self.bell.ring()
        return result

    def write_beside(self, task: Callable[[Session], T], touch: Statement, **row: Any) -> T:
        """Carry out a task that appends nothing; where rows have locks, nobody who appends waits for it.

        *touch* takes the lock of the row that it is about, where it joins the caller's own transaction.

        Raises:
            Conflict: Another writer was first.
            StorageError: The database cannot be written.
            OutcomeUnknown: It broke off while committing.
        """
        if self._bound is not None:
            with self._writing_bound(self._bound, touch, row) as session:
                return task(session)
        if self._writer.is_shared or not self.backend.locks_head:
            return self._group.write(task, None, None)
        with self._pooled(self.backend.begin_writing) as (cursor, _):
            try:
                result = task(Session(self.place, cursor, Words(), writes=True))
                with self.backend.translated(committing=True):
                    cursor.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(Exception):
                    cursor.execute("ROLLBACK")
                raise
        return result

    @contextlib.contextmanager
    def _writing_bound(self, bound: Joined, touch: Statement, row: dict[str, Any]) -> Iterator[Session]:
        """Write inside the caller's transaction: all of a task or, after an error, none of it."""
        with self._bound_lock, self.backend.translated(), contextlib.closing(self._bound_cursor(bound)) as cursor:
            is_saved = self.backend.save_first(cursor)
            try:
                found = {"b_business": self.business, **row}
                cursor.execute(touch.sql, touch.arguments(found))  # Takes the lock before anything is read.
                if not self.backend.in_transaction(cursor.connection):
                    raise InvalidInput("connection", "autocommit", "must be in a transaction of its own")
                if not is_saved:
                    cursor.execute(SAVE)
                    is_saved = True
                if touch is self.sql.touch_head:
                    self.backend.demand_fresh(cursor, self.sql, self.business)
                session = Session(self.place, cursor, Words(), writes=True)
                with self.backend.deleting_for_good(cursor):
                    yield session
                    session.flush()
                cursor.execute("RELEASE SAVEPOINT stampledger")
            except BaseException:
                if is_saved:
                    self._undo(bound, cursor)
                raise

    def _bound_cursor(self, bound: Joined) -> Any:
        self.templates = Templates()  # What the caller may have rolled back is not remembered.
        return bound.cursor()

    def _undo(self, bound: Joined, cursor: Any) -> None:
        """Take back what a command wrote. Where the database took back everything, the caller's side is told so too."""
        try:
            if self.backend.in_transaction(cursor.connection):
                cursor.execute("ROLLBACK TO SAVEPOINT stampledger")
                cursor.execute("RELEASE SAVEPOINT stampledger")
                return
        except self.backend.driver_errors():  # A deadlock took the savepoint with it.
            pass
        bound.rollback()

    # Reading.

    @contextlib.contextmanager
    def reading(self) -> Iterator[Session]:
        """A snapshot: everything read in it belongs to one moment."""
        if self._bound is not None and self._bound.closed:  # What was committed is there for everybody.
            with self._unbound.reading() as session:
                yield session
            return
        if self._bound is not None:
            with (
                self.backend.translated(),
                contextlib.closing(self._bound_cursor(self._bound)) as cursor,
                self.backend.snapshot(cursor),
            ):
                yield Session(self.place, cursor, Words())
            return
        if self._writer.is_shared:
            with self._group.alone(), self.backend.translated(), self._writer.reading() as cursor:
                settled = not self.backend.in_transaction(self._writer.connection)
                yield Session(self.place, cursor, self.words if settled else Words())
            return
        with self._pooled(self.backend.begin_reading) as (cursor, _):
            try:
                yield Session(self.place, cursor, self.words)
            finally:
                with contextlib.suppress(Exception):
                    self.backend.end_reading(cursor)

    def end(self) -> int:
        """Answer the Journal's last entry, as whoever waits for the next one asks: by one statement, no snapshot."""
        if self._bound is not None or self._writer.is_shared:
            with self.reading() as session:
                return session.end()[0]
        with self._pooled(lambda cursor: Session(self.place, cursor, self.words).end()[0]) as (_, seq):
            return seq

    @contextlib.contextmanager
    def _pooled(self, begin: Callable[[Any], T]) -> Iterator[tuple[Any, T]]:
        """A cursor of a connection from the pool, which does not get it back once it has failed.

        *begin* is the first to use it. Where it finds the connection gone, as all of a pool are once the server was
        restarted, it is given another.
        """
        self._writer.demand_open()
        for is_last in (*(False,) * STALE_MAX, True):
            fairy, has_begun = self.backend.connect(), False
            try:
                connection: Any = fairy.driver_connection
                with (
                    self.backend.translated(),
                    self.backend.controlled(connection),
                    contextlib.closing(connection.cursor()) as cursor,
                ):
                    begun = begin(cursor)
                    has_begun = True
                    yield cursor, begun
                return
            except BaseException as error:
                if isinstance(error.__context__, self.backend.driver_errors()):
                    fairy.invalidate()
                if has_begun or is_last or not isinstance(error, StorageUnreachable):
                    raise
            finally:
                if self._owned and self._writer.is_closed:  # While it was used; the pool is disposed of.
                    fairy.detach()
                fairy.close()

    # Inside the caller's own transaction.

    @property
    def is_bound(self) -> bool:
        """Whether it reads and writes inside the caller's transaction."""
        return self._bound is not None

    def bound_to(self, connection: object) -> Self:
        """Answer the same store, reading and writing inside the caller's transaction.

        Raises:
            InvalidInput: It is no connection, or belongs to another database.
            UnsafeDurability: The connection may lose what it commits.
        """
        found = joined(self.backend, self.engine, connection)
        self._writer.demand_open()
        with self.backend.translated():
            raw = found.raw
            if self.backend.identity(raw) != self._identity:
                raise InvalidInput("connection", "another database", "must be to the ledger's own database")
        self.backend.prepare(raw, ours=False)
        bound: Self = object.__new__(type(self))
        bound.__dict__.update(self.__dict__)
        bound._bound, bound._unbound = found, self._unbound
        bound._bound_lock = threading.RLock()
        return bound

    def close(self) -> None:
        """Give the connections back, once what is being written is; an engine that was opened here is disposed of.

        A bound store has none. Threads that still wait for their turn learn that the ledger is closed.
        """
        if self._bound is not None:
            return
        with self._group.alone():
            self._writer.close()
        if self._owned:
            self.engine.dispose()


_stores: "weakref.WeakSet[Store]" = weakref.WeakSet()


def _after_fork() -> None:
    for store in list(_stores):
        store.after_fork()


if hasattr(os, "register_at_fork"):  # Not on Windows.
    os.register_at_fork(after_in_child=_after_fork)
