"""The store of one business in one database: opened safely, read in snapshots, written one transaction at a time."""

import contextlib
import threading
from collections.abc import Iterator
from typing import Any, Self

from sqlalchemy import Connection, Engine

from stampledger import codec
from stampledger.checks import text
from stampledger.errors import BusinessNotFound, InvalidInput, NotALedger, SchemaTooNew
from stampledger.sources import Random
from stampledger.store import database, schema
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
        if durability not in database.DURABILITIES:
            raise InvalidInput("durability", durability, f"must be one of {', '.join(database.DURABILITIES)}")
        if engine.dialect.name != "sqlite":
            raise InvalidInput("engine", engine.dialect.name, "must be one of sqlite in this release")
        self.engine = engine
        self.business_name = text(business, "business")
        self.tables = schema.build(prefix, schema_name)
        self.templates = Templates()
        self.words = Words()
        self._random = random
        self._durability = durability
        self._memory = database.is_memory(engine)
        self._owned = owned
        self._lock = threading.RLock()
        self._bound: Connection | None = None
        self.sql = Statements(self.tables, engine.dialect)
        with translated():
            fairy: Any = engine.raw_connection()
        self._fairy: Any = fairy
        writer: Any = fairy.driver_connection
        self._writer: Any = writer
        self._isolation_level = writer.isolation_level
        try:
            with _ours(writer):
                database.prepare(writer, self._durability, memory=self._memory, ours=True)
                self.business = self._begin_business(create)
            if not self._memory:  # The connection is this store's alone until it is given back.
                writer.isolation_level = None
        except BaseException:
            self._fairy.invalidate()
            raise

    # Opening.

    def _begin_business(self, create: bool) -> int:
        with translated(), self._lock:
            cursor = self._writer.cursor()
            if not self._has_tables(cursor):
                if not create:
                    raise NotALedger("the database holds no ledger")
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

    def _has_tables(self, cursor: Any) -> bool:
        name = self.tables.meta.name
        return cursor.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (name,)).fetchone() is not None

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
        if row is None or not isinstance(row[0], int):
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
        with self._lock, _ours(self._writer):
            cursor = self._writer.cursor()
            with translated():
                cursor.execute("BEGIN IMMEDIATE")
            session = self._session(cursor)
            try:
                with translated():
                    yield session
            except BaseException:
                _roll_back(cursor)
                raise
            try:
                with translated(committing=True):
                    cursor.execute("COMMIT")
            except BaseException:
                _roll_back(cursor)
                raise
            self._remember(session)

    @contextlib.contextmanager
    def _writing_bound(self, connection: Connection) -> Iterator[Session]:
        """Write inside the caller's transaction: all of a command or, after an error, none of it."""
        with self._lock, translated():
            if not connection.in_transaction():
                connection.begin()
            cursor: Any = connection.connection.cursor()
            session = self._session(cursor)
            session.run(self.sql.touch_head)  # Takes the write lock before anything is read.
            if not cursor.connection.in_transaction:
                raise InvalidInput("connection", "autocommit", "must be in a transaction of its own")
            cursor.execute("SAVEPOINT stampledger")
            try:
                yield session
            except BaseException:
                cursor.execute("ROLLBACK TO stampledger")
                cursor.execute("RELEASE stampledger")
                raise
            cursor.execute("RELEASE stampledger")

    @contextlib.contextmanager
    def reading(self) -> Iterator[Session]:
        """A snapshot: everything read in it belongs to one moment."""
        if self._bound is not None:
            with translated():
                yield self._session(self._bound.connection.cursor())
            return
        if self._memory or self._writing_here():
            with self._lock, translated(), _ours(self._writer):
                yield self._session(self._writer.cursor())
            return
        with translated():
            fairy = self.engine.raw_connection()
        try:
            connection: Any = fairy.driver_connection
            with translated(), _ours(connection):
                cursor = connection.cursor()
                cursor.execute("BEGIN")
                try:
                    yield self._session(cursor)
                finally:
                    _roll_back(cursor)
        finally:
            fairy.close()

    def _writing_here(self) -> bool:
        """Whether this very thread is inside `writing`: it must see what it has written."""
        if not self._lock.acquire(blocking=False):
            return False
        try:
            return bool(self._writer.in_transaction)
        finally:
            self._lock.release()

    def bound_to(self, connection: Connection) -> Self:
        """Answer the same store, reading and writing inside the caller's transaction.

        Raises:
            InvalidInput: The connection belongs to another database.
            UnsafeDurability: The connection may lose what it commits.
        """
        if connection.engine.url != self.engine.url and connection.engine is not self.engine:
            raise InvalidInput("connection", connection.engine.url.database, "must be to the ledger's own database")
        raw: Any = connection.connection.driver_connection
        database.prepare(raw, self._durability, memory=self._memory, ours=False)
        bound: Self = object.__new__(type(self))
        bound.__dict__.update(self.__dict__)
        bound._bound = connection
        bound.templates = Templates()
        bound._lock = threading.RLock()
        return bound

    def _session(self, cursor: Any) -> Session:
        words = self.words if self._bound is None else Words()  # What the caller may roll back is not remembered.
        return Session(cursor, self.sql, self.business, self.business_name, words, self._random)

    def _remember(self, session: Session) -> None:
        for number, word in session.new_words:
            self.words.learn(number, word)

    def close(self) -> None:
        """Give the connections back; an engine that was opened here is disposed of."""
        with self._lock:
            if self._fairy is not None:
                self._writer.isolation_level = self._isolation_level
                self._fairy.close()
                self._fairy = None
            if self._owned:
                self.engine.dispose()


@contextlib.contextmanager
def _ours(connection: Any) -> Iterator[None]:
    """Begin and end transactions where this library says, and leave the connection as it was."""
    before = connection.isolation_level
    if before is None:
        yield
        return
    connection.isolation_level = None
    try:
        yield
    finally:
        connection.isolation_level = before


def _roll_back(cursor: Any) -> None:
    with contextlib.suppress(Exception):
        if cursor.connection.in_transaction:
            cursor.execute("ROLLBACK")
