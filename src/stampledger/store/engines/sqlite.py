"""SQLite: one file in WAL mode, one writer at a time, who holds the write lock from the beginning."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Index, Table, bindparam, func, literal_column, select
from sqlalchemy.pool import SingletonThreadPool, StaticPool
from sqlalchemy.sql import ColumnElement

from stampledger.errors import (
    Conflict,
    InvalidInput,
    NotALedger,
    OutcomeUnknown,
    StampledgerError,
    StorageError,
    StorageFull,
    StorageReadOnly,
    UnsafeDurability,
)
from stampledger.store.engines import trigrams
from stampledger.store.engines.backend import SAVE, Backend
from stampledger.store.schema import Schema

_SYNCHRONOUS = {"full": 2, "normal": 1}


class SQLite(Backend):
    """Transactions begin IMMEDIATE: with the write lock, so that whatever they read stays true until they commit."""

    name = "sqlite"
    paramstyle = "qmark"
    waits_by_itself = True
    is_remote = False
    locks_head = False  # The file is.

    def prepare(self, connection: Any, *, ours: bool) -> None:
        """Use WAL, and synchronous=FULL unless less was asked for by name. In memory there is nothing to keep.

        Raises:
            UnsafeDurability: The database would acknowledge what it may lose.
        """
        wanted = _SYNCHRONOUS[self.durability]
        where = self._quoted
        with self.translated():
            if not self._file_of(connection):
                return
            writable = True
            if ours:
                connection.execute(f"PRAGMA {where}.synchronous={wanted}")
                connection.execute(f"PRAGMA {where}.secure_delete=ON")
                writable = _use_wal(connection, where)
            mode = connection.execute(f"PRAGMA {where}.journal_mode").fetchone()[0]
            synchronous = connection.execute(f"PRAGMA {where}.synchronous").fetchone()[0]
        if mode != "wal" and writable:
            raise UnsafeDurability(f"the database is in journal mode {mode}; the ledger needs WAL")
        if synchronous < wanted:
            raise UnsafeDurability(
                f"the connection runs with synchronous={synchronous}, which may lose what it acknowledged; "
                "set PRAGMA synchronous=FULL, or open the ledger with durability='normal'"
            )

    def identity(self, connection: Any) -> tuple[object, ...]:
        """Answer what tells one database from another, by whatever path it was opened."""
        file = self._file_of(connection)
        if not file:
            return ("memory", id(connection))
        try:
            found = Path(file).stat()
        except OSError:
            return ("file", file)
        return ("file", found.st_dev, found.st_ino)

    def is_shared(self, connection: Any) -> bool:
        """Answer whether there is but one connection for everybody, as to a database in memory."""
        return isinstance(self.engine.pool, StaticPool | SingletonThreadPool) or not self._file_of(connection)

    def connection_kind(self) -> type:
        """Answer the class of the driver's connections."""
        return sqlite3.Connection

    def is_closed(self, connection: Any) -> bool:
        """Answer whether nothing can be asked of a connection any more."""
        try:
            connection.total_changes  # noqa: B018
        except sqlite3.ProgrammingError:
            return True
        return False

    def cursor(self, connection: Any) -> Any:
        """Answer a cursor whose rows are tuples, whatever those of the connection are by default."""
        cursor = connection.cursor()
        cursor.row_factory = None
        return cursor

    @property
    def _quoted(self) -> str:
        """The name of the schema as SQL writes it; without one, that of the main database."""
        return '"' + (self.schema_name or "main").replace('"', '""') + '"'

    def _file_of(self, connection: sqlite3.Connection) -> str:
        """Answer the file the schema lives in; none for one in memory."""
        wanted = (self.schema_name or "main").lower()
        for _, name, file in connection.execute("PRAGMA database_list").fetchall():
            if name.lower() == wanted:
                return file or ""
        raise InvalidInput("schema", self.schema_name, "must be attached to every connection of the engine")

    # Transactions.

    def controlled(self, connection: Any) -> AbstractContextManager[None]:
        """Begin and end transactions where this library says, and leave the connection as it was.

        A transaction that is under way is somebody's: to change the driver's mode would commit it.
        """
        if connection.isolation_level is None or connection.in_transaction:
            return _NOTHING_TO_DO
        return _without_driver_transactions(connection)

    def own(self, connection: Any) -> None:
        """Let a connection of the ledger's own begin no transactions by itself."""
        connection.isolation_level = None

    def in_transaction(self, connection: Any) -> bool:
        """Answer whether a transaction is under way."""
        return bool(connection.in_transaction)

    def in_autocommit(self, connection: Any) -> bool:
        """Answer whether each statement is a transaction of its own, unless one is begun by name."""
        return connection.isolation_level is None

    def save_first(self, cursor: Any) -> bool:
        """Set the savepoint where a transaction is under way: elsewhere it would be one itself, and end with it."""
        if not self.in_transaction(cursor.connection):
            return False  # The driver begins one before it writes.
        cursor.execute(SAVE)
        return True

    def begin_writing(self, cursor: Any) -> None:
        """Begin with the write lock."""
        cursor.execute("BEGIN IMMEDIATE")

    def begin_reading(self, cursor: Any) -> None:
        """Begin a snapshot."""
        cursor.execute("BEGIN")

    def snapshot(self, cursor: Any) -> AbstractContextManager[None]:
        """Let all reads be of one moment on a connection whose driver begins no transaction to read."""
        return _snapshot(cursor)

    def deleting_for_good(self, cursor: Any) -> AbstractContextManager[None]:
        """Let what is deleted be overwritten, on a connection that is not ours."""
        return _secure_delete(cursor, self._quoted)

    # Errors.

    def driver_errors(self) -> type[BaseException]:
        """Answer the class of all the driver's errors."""
        return sqlite3.Error

    def ours(self, error: BaseException, committing: bool) -> StampledgerError:
        """Answer an error as one of ours."""
        name = getattr(error, "sqlite_errorname", "") or ""
        message = str(error)
        for prefix, make in _ERRORS:
            if name.startswith(prefix):
                return make(message)
        if "not a database" in message or "malformed" in message:
            return NotALedger(f"the file is not a database that can be read: {message}")
        if isinstance(error, sqlite3.ProgrammingError):
            return StorageError(f"the connection cannot be used: {message}")
        return OutcomeUnknown(message) if committing else StorageError(message)

    # Tables and SQL.

    def has_table(self, cursor: Any, name: str) -> bool:
        """Answer whether there is a table of a name."""
        cursor.execute(f"SELECT 1 FROM {self._quoted}.sqlite_master WHERE name = ?", (name,))
        return cursor.fetchone() is not None

    def make_searchable(self, cursor: Any, tables: Schema) -> None:
        """Make the index, where this SQLite has its text search."""
        if self._has_trigrams(cursor) and not self.has_table(cursor, trigrams.name_of(tables)):
            for statement in trigrams.creation(tables, self._quoted):
                cursor.execute(statement)

    def is_searchable(self, cursor: Any, tables: Schema) -> bool:
        """Answer whether there is such an index, and it can be used."""
        return self._has_trigrams(cursor) and self.has_table(cursor, trigrams.name_of(tables))

    def _has_trigrams(self, cursor: Any) -> bool:
        cursor.execute("SELECT 1 FROM pragma_module_list WHERE name = 'fts5'")
        return cursor.fetchone() is not None and sqlite3.sqlite_version_info >= trigrams.SQLITE_MIN

    def searching(self, tables: Schema) -> list[str]:
        """Answer the statements that make the index, for whoever makes it by hand."""
        return trigrams.creation(tables, self._quoted)

    def search_faults(self, cursor: Any, tables: Schema) -> list[str]:
        """Answer what is not right about the index, where there is one: a missing trigger lets it fall behind."""
        if not self.has_table(cursor, trigrams.name_of(tables)):
            return []
        triggers = trigrams.triggers_of(tables)
        return [f"trigger {trigger} is missing" for trigger in triggers if not self.has_table(cursor, trigger)]

    def finding(self, tables: Schema, former: bool) -> str:
        """Answer the statement that finds customers by the index."""
        return trigrams.finding(tables, self._quoted, former)

    def match(self, words: str) -> str | None:
        """Answer some words as `finding` takes them."""
        return trigrams.match(words)

    def sweeping(self, tables: Schema) -> str | None:
        """Answer the statement that wipes what the index still holds of customers who are gone."""
        return trigrams.sweeping(tables, self._quoted)

    def by_index(self, statement: str, table: Table, index: Index) -> str:
        """Answer a statement that comes by a table's rows by one of its indexes: SQLite would walk all of them."""
        name = f"FROM {self.dialect.identifier_preparer.format_table(table)} "
        assert name in statement
        return statement.replace(name, f"{name}INDEXED BY {index.name} ", 1)

    def among(self, column: Any, name: str) -> ColumnElement[bool]:
        """Answer whether a number is in a list of any length, which is bound as one parameter."""
        chosen: ColumnElement[bool] = column.in_(select(func.json_each(bindparam(name)).table_valued("value").c.value))
        return chosen

    def listed(self, name: str) -> Any:
        """Answer a list of texts, bound as one parameter, as a table with a column *value*."""
        return func.json_each(bindparam(name)).table_valued("value")

    def rare(self, condition: ColumnElement[bool]) -> ColumnElement[bool]:
        """Answer a condition that is true of so few rows that an index of it is the way to them.

        Without statistics SQLite takes every business for ten rows, and would look through all of them.
        """
        told: ColumnElement[bool] = func.likelihood(condition, literal_column("0.000001"))
        return told

    def contains(self, column: Any, words: Any) -> ColumnElement[bool]:
        """Answer whether a text holds some words anywhere."""
        found: ColumnElement[bool] = func.instr(column, words) > literal_column("0")
        return found


_ERRORS: tuple[tuple[str, Callable[[str], StampledgerError]], ...] = (
    ("SQLITE_BUSY", lambda message: Conflict(f"another writer holds the database: {message}")),
    ("SQLITE_LOCKED", lambda message: Conflict(f"another writer holds the database: {message}")),
    ("SQLITE_CONSTRAINT", lambda message: Conflict(f"another writer was first: {message}", taken=True)),
    ("SQLITE_FULL", lambda message: StorageFull(f"the disk is full: {message}")),
    ("SQLITE_READONLY", lambda message: StorageReadOnly(f"the database is read-only: {message}")),
    ("SQLITE_NOTADB", lambda message: NotALedger(f"the file is not a database: {message}")),
    ("SQLITE_CORRUPT", lambda message: NotALedger(f"the database file is damaged: {message}")),
    ("SQLITE_CANTOPEN", lambda message: StorageError(f"the database cannot be opened: {message}")),
)

_NOTHING_TO_DO = nullcontext()


@contextmanager
def _without_driver_transactions(connection: Any) -> Iterator[None]:
    before = connection.isolation_level
    connection.isolation_level = None
    try:
        yield
    finally:
        connection.isolation_level = before


@contextmanager
def _snapshot(cursor: Any) -> Iterator[None]:
    connection = cursor.connection
    if connection.in_transaction:
        yield
        return
    changes = connection.total_changes
    cursor.execute("BEGIN")
    try:
        yield
    finally:
        if connection.total_changes == changes and connection.in_transaction:  # Else the caller has written meanwhile.
            with suppress(sqlite3.Error):
                cursor.execute("ROLLBACK")


def _use_wal(connection: sqlite3.Connection, where: str) -> bool:
    """Change to WAL, once for all; answer whether the database can be written at all."""
    if connection.execute(f"PRAGMA {where}.journal_mode").fetchone()[0] == "wal":
        return True
    if connection.execute("PRAGMA query_only").fetchone()[0]:
        return False
    try:
        connection.execute(f"PRAGMA {where}.journal_mode=WAL")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorname.startswith("SQLITE_READONLY"):
            return False
        raise
    return True


@contextmanager
def _secure_delete(cursor: Any, schema: str) -> Iterator[None]:
    pragma = f"PRAGMA {schema}.secure_delete"
    before = _SECURE_DELETE[cursor.execute(pragma).fetchone()[0]]
    if before == "ON":
        yield
        return
    cursor.execute(f"{pragma}=ON").fetchall()
    try:
        yield
    finally:
        with suppress(sqlite3.Error):
            cursor.execute(f"{pragma}={before}").fetchall()


_SECURE_DELETE = {0: "OFF", 1: "ON", 2: "FAST"}
