"""The store of one business in one database: opened safely, read in snapshots, written one transaction at a time."""

import contextlib
import threading
from collections.abc import Iterator
from typing import Any, Self

from sqlalchemy import Connection, Engine

from stampledger import codec
from stampledger.checks import text
from stampledger.errors import BusinessNotFound, InvalidInput, NotALedger, SchemaTooNew, StorageError
from stampledger.sources import Random
from stampledger.store import bell, database, schema
from stampledger.store.database import translated
from stampledger.store.history import Templates
from stampledger.store.session import Session, Words
from stampledger.store.statements import Statements


class Store:
    """Where a business's Journal is kept.

    One connection writes, guarded by a lock, so that the threads of a process queue up in it rather than in the
    database; readers take connections of their own from the pool. A database in memory has one connection for all.
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
        if durability not in tuple(database.DURABILITIES):
            raise InvalidInput("durability", durability, f"must be one of {', '.join(database.DURABILITIES)}")
        if not isinstance(engine, Engine):
            raise InvalidInput("engine", type(engine).__name__, "must be an SQLAlchemy engine")
        if engine.dialect.name != "sqlite" or engine.dialect.is_async:
            raise InvalidInput("engine", engine.dialect.name, "must be one of sqlite in this release, and not async")
        self.engine = engine
        self.business_name = text(business, "business")
        self.tables = schema.build(prefix, schema_name)
        self.templates = Templates()
        self.words = Words()
        self._random = random
        self._durability = durability
        self._schema_name = schema_name
        self._owned = owned
        self._lock = threading.RLock()
        self._bound: Connection | None = None
        self._unbound = self
        self.sql = Statements(self.tables, engine.dialect)
        self._fairy: Any = database.connect(engine)
        self._writer: Any = self._fairy.driver_connection
        try:
            self._shared = database.is_shared(engine, self._writer, schema_name)
            if not self._shared:
                self._fairy.detach()  # The connection is this store's alone; the pool never sees what is set on it.
            with _ours(self._writer):
                if not create:  # Before anything is set: a file that is none of ours stays as it is.
                    self._demand_tables()
                database.prepare(self._writer, self._durability, schema_name, ours=True)
                self.business = self._begin_business(create)
            if not self._shared:
                self._writer.isolation_level = None
            self.bell = bell.of(database.identity(self._writer, schema_name), prefix, self.business_name)
        except BaseException:
            self.close()
            raise

    # Opening.

    def _begin_business(self, create: bool) -> int:
        with translated(), self._lock:
            cursor = self._writer.cursor()
            if not self._has_tables(cursor):
                self._create_tables()
            self._check_format(cursor)
            found = self._find_business(cursor)
            if found is not None:
                return found
            if not create:
                raise BusinessNotFound(self.business_name)
            cursor.execute("BEGIN IMMEDIATE")
            try:
                found = self._find_business(cursor) or self._add_business(cursor)
                cursor.execute("COMMIT")
            except BaseException:
                _roll_back(cursor)
                raise
            return found

    def _demand_tables(self) -> None:
        with translated():
            if not self._has_tables(self._writer.cursor()):
                raise NotALedger("the database holds no ledger")

    def _has_tables(self, cursor: Any) -> bool:
        found = f"SELECT 1 FROM {database.quoted(self._schema_name)}.sqlite_master WHERE name = ?"
        return cursor.execute(found, (self.tables.meta.name,)).fetchone() is not None

    def _create_tables(self) -> None:
        cursor = self._writer.cursor()
        cursor.execute("BEGIN IMMEDIATE")
        try:
            if not self._has_tables(cursor):
                for statement in schema.creation(self.tables, self.engine.dialect):
                    cursor.execute(statement)
                add = self.sql.add_meta
                cursor.execute(add.sql, add.arguments({"name": "format", "value": schema.FORMAT}))
            cursor.execute("COMMIT")
        except BaseException:
            _roll_back(cursor)
            raise

    def _check_format(self, cursor: Any) -> None:
        row = cursor.execute(self.sql.meta.sql, self.sql.meta.arguments({"b_name": "format"})).fetchone()
        if row is None or not isinstance(row[0], int) or row[0] < 1:
            raise NotALedger("the database has the ledger's tables but not their format")
        if row[0] > schema.FORMAT:
            raise SchemaTooNew(f"the tables have format {row[0]}; this release knows up to {schema.FORMAT}")

    def _find_business(self, cursor: Any) -> int | None:
        statement = self.sql.business
        row = cursor.execute(statement.sql, statement.arguments({"b_name": self.business_name})).fetchone()
        return None if row is None else row[0]

    def _add_business(self, cursor: Any) -> int:
        number: int = cursor.execute(self.sql.next_business.sql, self.sql.next_business.arguments({})).fetchone()[0]
        values = {
            "business": number,
            "name": self.business_name,
            "seq": 0,
            "recorded_at": 0,
            "hash": codec.genesis(self.business_name),
        }
        cursor.execute(self.sql.add_head.sql, self.sql.add_head.arguments(values))
        return number

    # Using.

    @contextlib.contextmanager
    def writing(self) -> Iterator[Session]:
        """A transaction that holds the head; committed at the end, rolled back on any error.

        Raises:
            Conflict: Another process holds the database for too long.
            StorageError: The database cannot be written.
            OutcomeUnknown: It broke off while committing.
        """
        if self._bound is not None:
            with self._writing_bound(self._bound) as session:
                yield session
            return
        with self._lock, _ours(self._open_writer()):
            with translated():
                cursor = self._writer.cursor()
                cursor.execute("BEGIN IMMEDIATE")
            session = self._session(cursor)
            try:
                with translated():
                    yield session
                with translated(committing=True):
                    cursor.execute("COMMIT")
            except BaseException:
                _roll_back(cursor)
                raise
            finally:
                cursor.close()  # Whoever still holds the session does not hold the file open with it.
            self._remember(session)
        if self.bell.waiting:
            self.bell.ring()

    @contextlib.contextmanager
    def _writing_bound(self, connection: Connection) -> Iterator[Session]:
        """Write inside the caller's transaction: all of a command or, after an error, none of it."""
        with self._lock, translated():
            cursor = self._bound_cursor(connection)
            session = self._session(cursor)
            session.run(self.sql.touch_head)  # Takes the write lock before anything is read.
            if not cursor.connection.in_transaction:
                raise InvalidInput("connection", "autocommit", "must be in a transaction of its own")
            cursor.execute("SAVEPOINT stampledger")
            try:
                with database.secure_delete(cursor, self._schema_name):
                    yield session
                cursor.execute("RELEASE stampledger")
            except BaseException:
                self._undo(connection, cursor)
                raise
            finally:
                cursor.close()

    def _bound_cursor(self, connection: Connection) -> Any:
        self.templates = Templates()  # What the caller may have rolled back is not remembered.
        if not connection.in_transaction():
            connection.begin()
        return connection.connection.cursor()

    def _undo(self, connection: Connection, cursor: Any) -> None:
        """Take back what a command wrote. Where the database took back everything, SQLAlchemy is told so too."""
        if cursor.connection.in_transaction:
            cursor.execute("ROLLBACK TO stampledger")
            cursor.execute("RELEASE stampledger")
        else:
            connection.rollback()

    @contextlib.contextmanager
    def reading(self) -> Iterator[Session]:
        """A snapshot: everything read in it belongs to one moment."""
        if self._bound is not None and self._bound.closed:  # What was committed is there for everybody.
            with self._unbound.reading() as session:
                yield session
            return
        if self._bound is not None:
            with translated(), contextlib.closing(self._bound_cursor(self._bound)) as cursor, _snapshot(cursor):
                yield self._session(cursor)
            return
        if self._shared or self._writing_here():
            with (
                self._lock,
                translated(),
                _ours(self._open_writer()),
                contextlib.closing(self._writer.cursor()) as cursor,
            ):
                yield self._session(cursor, settled=not self._writer.in_transaction)
            return
        self._open_writer()
        fairy = database.connect(self.engine)
        try:
            connection: Any = fairy.driver_connection
            with translated(), _ours(connection):
                cursor = connection.cursor()
                cursor.execute("BEGIN")
                try:
                    yield self._session(cursor)
                finally:
                    _roll_back(cursor)
                    cursor.close()
        finally:
            fairy.close()

    def _open_writer(self) -> Any:
        if self._writer is None:
            raise StorageError("the ledger is closed")
        return self._writer

    def _writing_here(self) -> bool:
        """Whether this very thread is inside `writing`: it must see what it has written."""
        if not self._lock.acquire(blocking=False):
            return False
        try:
            return bool(self._open_writer().in_transaction)
        finally:
            self._lock.release()

    def bound_to(self, connection: Connection) -> Self:
        """Answer the same store, reading and writing inside the caller's transaction.

        Raises:
            InvalidInput: The connection belongs to another database.
            UnsafeDurability: The connection may lose what it commits.
        """
        if not isinstance(connection, Connection):
            raise InvalidInput("connection", type(connection).__name__, "must be an SQLAlchemy connection")
        if connection.dialect.name != self.engine.dialect.name:
            raise InvalidInput("connection", connection.dialect.name, "must be to the ledger's own database")
        with translated():
            raw: Any = connection.connection.driver_connection
            if database.identity(raw, self._schema_name) != database.identity(self._open_writer(), self._schema_name):
                raise InvalidInput("connection", connection.engine.url.database, "must be to the ledger's own database")
        database.prepare(raw, self._durability, self._schema_name, ours=False)
        bound: Self = object.__new__(type(self))
        bound.__dict__.update(self.__dict__)
        bound._bound, bound._unbound = connection, self._unbound
        bound._lock = threading.RLock()
        return bound

    def _session(self, cursor: Any, settled: bool = True) -> Session:
        """Answer a session; what a transaction may still roll back is not *settled*, and so not remembered."""
        words = self.words if settled and self._bound is None else Words()
        return Session(cursor, self.sql, self.business, self.business_name, words, self._random)

    def _remember(self, session: Session) -> None:
        for number, word in session.new_words:
            self.words.learn(number, word)

    def close(self) -> None:
        """Give the connections back (a bound store has none); an engine that was opened here is disposed of."""
        if self._bound is not None:
            return
        with self._lock:
            if self._fairy is not None:
                self._fairy.close()
            self._fairy = self._writer = None
            if self._owned:
                self.engine.dispose()


def _ours(connection: Any) -> contextlib.AbstractContextManager[None]:
    """Begin and end transactions where this library says, and leave the connection as it was.

    A transaction that is under way is somebody's: to change the driver's mode would commit it.
    """
    if connection.isolation_level is None or connection.in_transaction:
        return _NOTHING_TO_DO
    return _without_driver_transactions(connection)


_NOTHING_TO_DO = contextlib.nullcontext()


@contextlib.contextmanager
def _without_driver_transactions(connection: Any) -> Iterator[None]:
    before = connection.isolation_level
    connection.isolation_level = None
    try:
        yield
    finally:
        connection.isolation_level = before


@contextlib.contextmanager
def _snapshot(cursor: Any) -> Iterator[None]:
    """Let all reads be of one moment on a connection whose driver begins no transaction to read."""
    connection = cursor.connection
    if connection.in_transaction:
        yield
        return
    changes = connection.total_changes
    cursor.execute("BEGIN")
    try:
        yield
    finally:
        if connection.total_changes == changes:  # Otherwise the caller has written meanwhile: it is theirs now.
            _roll_back(cursor)


def _roll_back(cursor: Any) -> None:
    with contextlib.suppress(Exception):
        if cursor.connection.in_transaction:
            cursor.execute("ROLLBACK")
