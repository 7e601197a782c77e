"""MariaDB by PyMySQL: READ COMMITTED to write, behind the head's row lock; a consistent snapshot to read."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pymysql
from pymysql.constants import SERVER_STATUS
from sqlalchemy import column as value_column
from sqlalchemy import func, literal_column, text
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
from stampledger.store.engines.backend import WAIT_SECONDS, Backend
from stampledger.store.statements import Statements


class MariaDB(Backend):
    """A MariaDB server, alone or in a Galera cluster."""

    name = "mariadb"
    creates_at_once = False

    def prepare(self, connection: Any, *, ours: bool) -> None:
        """See that a commit is acknowledged when it is on disk; bound the wait for another writer's lock.

        Raises:
            UnsafeDurability: The server may lose what it acknowledges.
            InvalidInput: Not every name can be stored.
        """
        with self.translated(), self.cursor(connection) as cursor:
            if ours:
                waiting = "innodb_lock_wait_timeout"
                cursor.execute(f"SET SESSION {waiting} = LEAST(@@{waiting}, {WAIT_SECONDS:.0f})")
                cursor.execute(f"SELECT @@{waiting}")
                self.wait_seconds: float = max(float(cursor.fetchone()[0]), 1.0)
                cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
            cursor.execute("SELECT @@innodb_flush_log_at_trx_commit, @@sql_mode, @@character_set_client")
            flush, mode, characters = cursor.fetchone()
            if ours and "STRICT_" not in mode:
                cursor.execute("SET SESSION sql_mode = CONCAT(@@sql_mode, ',STRICT_ALL_TABLES')")
        if characters != "utf8mb4":
            raise InvalidInput("charset", characters, "must be utf8mb4 of the connection: names need it")
        if self.durability == "full" and flush != 1:
            raise UnsafeDurability(
                f"the server runs with innodb_flush_log_at_trx_commit={flush}, which may lose what it acknowledged; "
                "set it to 1, or open the ledger with durability='normal'"
            )

    def identity(self, connection: Any) -> tuple[object, ...]:
        """Answer what tells one database from another: the server's address and the database's name."""
        database = connection.db.decode() if isinstance(connection.db, bytes) else connection.db
        return ("mariadb", connection.host, connection.port, database, self.schema_name)

    def connection_kind(self) -> type:
        """Answer the class of the driver's connections."""
        kind: type = pymysql.connections.Connection
        return kind

    def is_closed(self, connection: Any) -> bool:
        """Answer whether nothing can be asked of a connection any more."""
        return not connection.open

    def cursor(self, connection: Any) -> Any:
        """Answer a cursor whose rows are tuples, whatever those of the connection are by default."""
        return connection.cursor(pymysql.cursors.Cursor)

    # Transactions.

    def own(self, connection: Any) -> None:
        """Let a connection of the ledger's own begin no transactions by itself."""
        connection.autocommit(True)

    def in_transaction(self, connection: Any) -> bool:
        """Answer whether a transaction is under way."""
        return bool(connection.server_status & SERVER_STATUS.SERVER_STATUS_IN_TRANS)

    def in_autocommit(self, connection: Any) -> bool:
        """Answer whether each statement is a transaction of its own, unless one is begun by name."""
        return bool(connection.get_autocommit())

    def demand_fresh(self, cursor: Any, sql: Statements, business: int) -> None:
        """See that the caller's transaction did not begin to read before the latest writer committed.

        At REPEATABLE READ, which is this engine's default, it would read what was true then: a lock changes nothing.

        Raises:
            Conflict: It did.
        """
        cursor.execute(sql.lock_head.sql, (business,))
        locked = cursor.fetchone()
        cursor.execute(sql.head.sql, sql.head.arguments({"b_business": business}))
        if locked != cursor.fetchone():
            raise Conflict("another writer was first, after this transaction began to read: roll it back, begin anew")

    def begin_writing(self, cursor: Any) -> None:
        """Begin; the head's lock comes next."""
        cursor.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
        cursor.execute("START TRANSACTION READ WRITE")

    def begin_reading(self, cursor: Any) -> None:
        """Begin a snapshot."""
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        cursor.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")

    # Errors.

    def driver_errors(self) -> type[BaseException]:
        """Answer the class of all the driver's errors."""
        kind: type[BaseException] = pymysql.Error
        return kind

    def ours(self, error: BaseException, committing: bool) -> StampledgerError:
        """Answer an error as one of ours: by its number, and without the row it shows."""
        number = error.args[0] if error.args and isinstance(error.args[0], int) else None
        if number in _CONFLICTS:
            return Conflict(f"another writer was first ({number})")
        if number in _TAKEN:
            return Conflict(f"another writer was first ({number}: a key is there already)", taken=True)
        if number in _UNREACHABLE or isinstance(error, pymysql.err.InterfaceError):
            broken = f"the connection to the server is lost, or cannot be made ({number})"
            return OutcomeUnknown(broken) if committing else StorageUnreachable(broken)
        for numbers, kind, what in _ERRORS:
            if number in numbers:
                return kind(f"{what} ({number})")
        refused = f"the database refuses the statement ({number or type(error).__name__})"
        return OutcomeUnknown(refused) if committing else StorageError(refused)

    # Tables and SQL.

    def has_table(self, cursor: Any, name: str) -> bool:
        """Answer whether there is a table of a name."""
        cursor.execute(
            "SELECT 1 FROM information_schema.tables WHERE table_schema = COALESCE(%s, DATABASE()) AND table_name = %s",
            (self.schema_name, name),
        )
        return cursor.fetchone() is not None

    @contextmanager
    def alone(self, cursor: Any) -> Iterator[None]:
        """See that nobody else changes the tables meanwhile: here every change of a table ends a transaction.

        Raises:
            Conflict: Somebody else does.
        """
        lock = "SHA1(CONCAT('stampledger ', DATABASE()))"
        cursor.execute(f"SELECT GET_LOCK({lock}, {WAIT_SECONDS:.0f})")
        if cursor.fetchone()[0] != 1:
            raise Conflict("somebody else changes the tables")
        try:
            yield
        finally:
            with suppress(pymysql.Error):
                cursor.execute(f"SELECT RELEASE_LOCK({lock})")

    def among(self, column: Any, name: str) -> ColumnElement[bool]:
        """Answer whether a number is in a list of any length, which is bound as one parameter."""
        numbers = text(f"SELECT n.value FROM JSON_TABLE(:{name}, '$[*]' COLUMNS (value BIGINT PATH '$')) n")
        chosen: ColumnElement[bool] = column.in_(numbers.columns(value_column("value")))
        return chosen

    def listed(self, name: str) -> Any:
        """Answer a list of texts, bound as one parameter, as a table with a column *value*."""
        kind = "VARCHAR(520) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin"
        texts = text(f"SELECT n.value FROM JSON_TABLE(:{name}, '$[*]' COLUMNS (value {kind} PATH '$')) n")
        return texts.columns(value_column("value")).subquery()

    def contains(self, column: Any, words: Any) -> ColumnElement[bool]:
        """Answer whether a text holds some words anywhere."""
        found: ColumnElement[bool] = func.locate(words, column) > literal_column("0")
        return found


_CONFLICTS = {1205, 1213, 1020, 1412, 3572}
_TAKEN = {1062, 1586}
_UNREACHABLE = {0, 1040, 1053, 1203, 1226, 1927, 2002, 2003, 2006, 2013, 2055, 1047}
_ERRORS: tuple[tuple[frozenset[int], type[StorageError], str], ...] = (
    (frozenset({1045, 1698, 1130}), LoginRefused, "the server does not let this user in"),
    (frozenset({1049}), StorageUnreachable, "the server has no such database"),
    (frozenset({1044, 1142, 1143, 1227, 1370}), RightsMissing, "the user has not the rights"),
    (frozenset({1021, 1114, 1041, 1037, 3}), StorageFull, "the server's disk is full"),
    (frozenset({1290, 1792, 1836}), StorageReadOnly, "the database is read-only"),
    (frozenset({1969, 3024, 1317}), StatementTimedOut, "the statement was cancelled"),
)
