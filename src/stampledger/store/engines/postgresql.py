"""PostgreSQL by psycopg 3: READ COMMITTED to write, REPEATABLE READ to read, set with each transaction.

A writer that takes the head's row lock first reads nothing that another writer may still change. One that does not
(see `at_once`) learns of a conflict by a unique key. No table locks, advisory locks or NOTIFY.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.pq import TransactionStatus
from psycopg.rows import tuple_row
from psycopg.types.numeric import Int8BinaryDumper
from sqlalchemy import ARRAY, BigInteger, String, any_, bindparam, func, literal_column
from sqlalchemy.sql import ColumnElement

from stampledger.errors import (
    Conflict,
    InvalidInput,
    LoginRefused,
    OutcomeUnknown,
    RightsMissing,
    StampledgerError,
    StatementTimedOut,
    StorageError,
    StorageFull,
    StorageReadOnly,
    StorageUnreachable,
    UnsafeDurability,
)
from stampledger.store.engines.at_once import AtOnce
from stampledger.store.engines.backend import WAIT_SECONDS, Backend
from stampledger.store.head import PROVISIONAL
from stampledger.store.schema import Schema

if TYPE_CHECKING:
    from stampledger.store.session import Session

COPY_FROM = 16  # Rows from which COPY is quicker than a prepared INSERT for each.


class PostgreSQL(Backend):
    """A PostgreSQL server, or one that speaks as it does."""

    name = "postgresql"
    appends_at_once = True
    _at_once: AtOnce | None = None

    def prepare(self, connection: Any, *, ours: bool) -> None:
        """See that a commit is acknowledged when it is on disk; bound the wait for another writer's lock.

        Raises:
            UnsafeDurability: The server or the connection may lose what it acknowledges.
            InvalidInput: Not every name can be stored.
        """
        with self.translated(), self.cursor(connection) as cursor:
            if ours:
                connection.adapters.register_dumper(int, Int8BinaryDumper)  # One prepared statement, however big it is.
                self._bound_waiting(cursor)
                cursor.execute("SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED")
            cursor.execute(f"SELECT {_SETTINGS}")
            fsync, synchronous, *encodings = cursor.fetchone()
            if self.durability == "full" and ours and synchronous == "off":
                cursor.execute("SET synchronous_commit = on")
                synchronous = "on"
        for encoding in encodings:
            if encoding != "UTF8":
                raise InvalidInput("encoding", encoding, "must be UTF8 of database and connection: names need it")
        if self.durability == "full" and "off" in (fsync, synchronous):
            raise UnsafeDurability(
                f"the server runs with fsync={fsync}, synchronous_commit={synchronous}, which may lose what it "
                "acknowledged; set both on, or open the ledger with durability='normal'"
            )

    def _bound_waiting(self, cursor: Any) -> None:
        cursor.execute("SELECT setting::bigint FROM pg_settings WHERE name = 'lock_timeout'")
        waited = cursor.fetchone()[0] / 1000
        if waited:  # By the URL's options, or for this user or database.
            self.wait_seconds: Any = min(waited, WAIT_SECONDS)
        cursor.execute(f"SET lock_timeout = {self.wait_seconds * 1000:.0f}")

    def identity(self, connection: Any) -> tuple[object, ...]:
        """Answer what tells one database from another: the server's address and the database's name."""
        info = connection.info
        return ("postgresql", info.host, info.hostaddr, info.port, info.dbname, self.schema_name)

    def connection_kind(self) -> type:
        """Answer the class of the driver's connections."""
        return psycopg.Connection

    def is_closed(self, connection: Any) -> bool:
        """Answer whether nothing can be asked of a connection any more."""
        return bool(connection.closed)

    def cursor(self, connection: Any) -> Any:
        """Answer a cursor whose rows are tuples, whatever those of the connection are by default."""
        return psycopg.Cursor(connection, row_factory=tuple_row)

    # Transactions.

    def controlled(self, connection: Any) -> AbstractContextManager[None]:
        """Begin and end transactions where this library says, and leave the connection as it was."""
        if connection.autocommit or connection.info.transaction_status != TransactionStatus.IDLE:
            return _NOTHING_TO_DO
        return _autocommit(connection)

    def own(self, connection: Any) -> None:
        """Let a connection of the ledger's own begin no transactions by itself."""
        connection.autocommit = True

    def in_transaction(self, connection: Any) -> bool:
        """Answer whether a transaction is under way."""
        return bool(connection.info.transaction_status in (TransactionStatus.INTRANS, TransactionStatus.INERROR))

    def in_autocommit(self, connection: Any) -> bool:
        """Answer whether each statement is a transaction of its own, unless one is begun by name."""
        return bool(connection.autocommit)

    def begin_writing(self, cursor: Any) -> None:
        """Begin; the head's lock comes next."""
        cursor.execute("BEGIN ISOLATION LEVEL READ COMMITTED")  # A standby takes READ WRITE for a feature it lacks.

    def begin_reading(self, cursor: Any) -> None:
        """Begin a snapshot."""
        cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")

    # Errors.

    def driver_errors(self) -> type[BaseException]:
        """Answer the class of all the driver's errors."""
        return psycopg.Error

    def ours(self, error: BaseException, committing: bool) -> StampledgerError:
        """Answer an error as one of ours: by its SQLSTATE, and without the row it shows."""
        assert isinstance(error, psycopg.Error)
        state = error.sqlstate
        said = error.diag.message_primary or ""
        if state is None:
            return _without_state(error, committing)
        if state in _CONFLICTS:
            return Conflict(f"another writer was first ({state}: {said})")
        if (state == "XX000" and "concurrently updated" in said) or state in ("42P07", "42710"):
            return Conflict("another process creates the tables")
        if state == "23505":
            return Conflict(f"another writer was first ({error.diag.constraint_name})", taken=True)
        if state in _UNREACHABLE or state[:2] == "08" or state == "40003":  # "Statement completion unknown."
            broken = f"the server broke off ({state}: {said})"
            return OutcomeUnknown(broken) if committing else StorageUnreachable(broken)
        if committing and error.diag.severity_nonlocalized in ("FATAL", "PANIC"):  # It may be there after recovery.
            return OutcomeUnknown(f"the server broke off ({state}: {said})")
        for prefix, kind, what in _ERRORS:
            if state.startswith(prefix):
                return kind(f"{what} ({state}: {said})")
        if state.startswith("22"):  # It would show the value.
            said = "a value cannot be stored"
        return StorageError(f"the database refuses the statement ({state}: {said})")

    # Tables and SQL.

    def append(self, session: "Session") -> tuple[int, int]:
        """Append what a session planned, by one statement."""
        if self._at_once is None:
            self._at_once = AtOnce(session)
        base, recorded_at = self._at_once.append(session)
        return base - PROVISIONAL, recorded_at

    def has_table(self, cursor: Any, name: str) -> bool:
        """Answer whether there is a table of a name."""
        quote = self.dialect.identifier_preparer.quote_identifier
        where = name if self.schema_name is None else f"{self.schema_name}.{name}"
        cursor.execute("SELECT to_regclass(%s)", (".".join(map(quote, where.split("."))),))
        return cursor.fetchone()[0] is not None

    def make_searchable(self, cursor: Any, tables: Schema) -> None:
        """Make the index, where the server has pg_trgm and lets this user have it."""
        if self.is_searchable(cursor, tables) or not _has_trigrams(cursor):
            return
        cursor.execute("SELECT nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = extnamespace WHERE " + _OURS)
        (where,) = cursor.fetchone()
        quoted = self.dialect.identifier_preparer.quote_identifier(where)
        cursor.execute(self._index_made(tables, f"{quoted}.gin_trgm_ops"))

    def searching(self, tables: Schema) -> list[str]:
        """Answer the statements that make the index, for whoever makes it by hand."""
        return ["CREATE EXTENSION IF NOT EXISTS pg_trgm", self._index_made(tables, "gin_trgm_ops")]

    def _index_made(self, tables: Schema, operators: str) -> str:
        prepare = self.dialect.identifier_preparer
        index, on = prepare.quote_identifier(_index_of(tables)), prepare.format_table(tables.customer)
        columns = ", ".join(f"{column} {operators}" for column in ("words", "former"))
        return f"CREATE INDEX {index} ON {on} USING gin ({columns}) WITH (gin_pending_list_limit = 256)"

    def is_searchable(self, cursor: Any, tables: Schema) -> bool:
        """Answer whether there is such an index, and it can be used."""
        quote = self.dialect.identifier_preparer.quote_identifier
        name = quote(_index_of(tables))
        if self.schema_name is not None:
            name = f"{quote(self.schema_name)}.{name}"
        cursor.execute("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)", (name,))
        found = cursor.fetchone()
        return found is not None and bool(found[0])

    def finding(self, tables: Schema, former: bool) -> str:
        """Answer the statement that finds customers by the index.

        What is found is laid down first: a limit would tempt the planner to read through the table instead.
        """
        on = self.dialect.identifier_preparer.format_table(tables.customer)
        held = " OR former LIKE :b_match" if former else ""
        found = f"SELECT stream, business FROM {on} WHERE words LIKE :b_match{held}"
        return (
            f"WITH found AS MATERIALIZED ({found}) SELECT stream FROM found WHERE business = :b_business LIMIT :b_limit"
        )

    def match(self, words: str) -> str | None:
        """Answer some words as a pattern for LIKE, where they have three letters in a row."""
        if _LETTERS.search(words) is None:
            return None
        return f"%{_WILDCARDS.sub(_ESCAPED, words)}%"

    def among(self, column: Any, name: str) -> ColumnElement[bool]:
        """Answer whether a number is in a list of any length, which is bound as one parameter."""
        chosen: ColumnElement[bool] = column == any_(bindparam(name, type_=ARRAY(BigInteger)))
        return chosen

    def numbers(self, numbers: Sequence[int]) -> object:
        """Answer a list of numbers as `among` takes it."""
        return list(numbers)

    def listed(self, name: str) -> Any:
        """Answer a list of texts, bound as one parameter, as a table with a column *value*."""
        return func.unnest(bindparam(name, type_=ARRAY(String))).table_valued("value").render_derived()

    def texts(self, texts: Sequence[str]) -> object:
        """Answer a list of texts as `listed` takes it."""
        return list(texts)

    def contains(self, column: Any, words: Any) -> ColumnElement[bool]:
        """Answer whether a text holds some words anywhere."""
        found: ColumnElement[bool] = func.strpos(column, words) > literal_column("0")
        return found

    def insert_many(self, cursor: Any, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
        """Insert many rows by COPY, where the statement inserts rows as they are."""
        if len(rows) < COPY_FROM or not statement.startswith("INSERT INTO "):
            cursor.executemany(statement, rows)
            return
        target = statement.removeprefix("INSERT INTO ").partition(" VALUES ")[0]
        with cursor.copy(f"COPY {target} FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)


_LETTERS = re.compile(r"[^\W_]{3}")
_WILDCARDS = re.compile(r"[\\%_]")
_ESCAPED = r"\\\g<0>"
_OURS = "extname = 'pg_trgm'"


def _index_of(tables: Schema) -> str:
    return f"ix_{tables.customer.name}_words"


def _has_trigrams(cursor: Any) -> bool:
    """Answer whether there is pg_trgm; it is installed where that is allowed, which a database's owner mostly is."""
    cursor.execute(f"SELECT 1 FROM pg_extension WHERE {_OURS}")
    if cursor.fetchone() is not None:
        return True
    cursor.execute("SELECT 1 FROM pg_available_extensions WHERE name = 'pg_trgm'")
    if cursor.fetchone() is None:
        return False
    cursor.execute("SAVEPOINT trigrams")
    try:
        cursor.execute("CREATE EXTENSION pg_trgm")
    except psycopg.Error as error:
        if error.sqlstate is None or error.sqlstate in _INSTALLED_MEANWHILE | _CONFLICTS:
            raise  # Another process opens the database too: next time it is there.
        cursor.execute("ROLLBACK TO SAVEPOINT trigrams")
        return False
    cursor.execute("RELEASE SAVEPOINT trigrams")
    return True


_INSTALLED_MEANWHILE = {"23505", "42710"}
_SETTINGS = ", ".join(
    f"current_setting('{name}', true)" for name in ("fsync", "synchronous_commit", "server_encoding", "client_encoding")
)
_CONFLICTS = {"40001", "40P01", "55P03"}
_UNREACHABLE = {"57P01", "57P02", "57P03", "57P05", "53300"}
_ERRORS: tuple[tuple[str, type[StorageError], str], ...] = (
    ("28", LoginRefused, "the server does not let this user in"),
    ("3D000", StorageUnreachable, "the server has no such database"),
    ("42501", RightsMissing, "the user has not the rights"),
    ("53100", StorageFull, "the server's disk is full"),
    ("53", StorageFull, "the server is out of resources"),
    ("25006", StorageReadOnly, "the database is read-only"),
    ("57014", StatementTimedOut, "the statement was cancelled"),
    ("25P03", StatementTimedOut, "the transaction was idle for too long"),
)


def _without_state(error: psycopg.Error, committing: bool) -> StampledgerError:
    """Answer an error that the server did not send: the connection's, or the driver's own."""
    if isinstance(error, psycopg.OperationalError):
        message = str(error)
        if "password" in message or "authentication" in message:
            return LoginRefused("the server does not let this user in")
        if 'FATAL:  database "' in message:
            return StorageUnreachable("the server has no such database")
        broken = "the connection to the server is lost, or cannot be made"
        return OutcomeUnknown(broken) if committing else StorageUnreachable(broken)
    failed = f"the driver cannot do it: {type(error).__name__}"
    return OutcomeUnknown(failed) if committing else StorageError(failed)


_NOTHING_TO_DO = nullcontext()


@contextmanager
def _autocommit(connection: Any) -> Iterator[None]:
    connection.autocommit = True
    try:
        yield
    finally:
        if not connection.closed:
            if connection.info.transaction_status != TransactionStatus.IDLE:
                connection.rollback()
            connection.autocommit = False
