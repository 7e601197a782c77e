"""What one database engine does in its own way: transactions, errors, and the few pieces of SQL that differ."""

import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar

from sqlalchemy import Dialect, Engine, Index, Table
from sqlalchemy.exc import DBAPIError, SQLAlchemyError, TimeoutError
from sqlalchemy.schema import CreateIndex, CreateTable
from sqlalchemy.sql import ColumnElement

from stampledger.errors import InvalidInput, StampledgerError, StorageError
from stampledger.store.schema import Schema

if TYPE_CHECKING:
    from stampledger.store.session import Session
    from stampledger.store.statements import Statements

WAIT_SECONDS = 10.0  # How long a writer waits for others, in the database and in retries together.
STALE_MAX = 100  # Connections of a pool that are found gone, one after the other, before that is an error.
SAVE = "SAVEPOINT stampledger"  # Within the caller's own transaction.
DURABILITIES = ("full", "normal")


class Backend(ABC):
    """One engine, for one ledger.

    Connections here are those of the driver. Transactions are begun and ended by statements of our own.
    """

    name: ClassVar[str]
    appends_at_once: ClassVar[bool] = False  # Whether a command can be appended by one statement, without a lock first.

    def __init__(self, engine: Engine, schema_name: str | None, durability: str) -> None:
        self.engine = engine
        self.schema_name = schema_name
        self.durability = durability
        self.wait_seconds = WAIT_SECONDS  # What the URL says takes its place, where it is less.
        kind: Any = type(engine.dialect)
        self.dialect: Dialect = kind(paramstyle=self.paramstyle)
        self._translated = {committing: _Translated(self, committing) for committing in (False, True)}

    paramstyle: ClassVar[str] = "format"
    locks_head: ClassVar[bool] = True  # Whether the head's row is locked by itself, once a transaction has begun.
    is_remote: ClassVar[bool] = True  # Whether it is a server, which another may take the place of.
    waits_by_itself: ClassVar[bool] = False  # Whether a conflict means that the database has waited long enough.
    creates_at_once: ClassVar[bool] = True  # Whether tables are created in a transaction, all or none.

    # Connections.

    def connect(self) -> Any:
        """Take a connection from the engine's pool.

        Raises:
            StorageError: The database cannot be opened.
            InvalidInput: The driver cannot understand what it is to open.
        """
        try:
            with self.translated():
                return self.engine.raw_connection()
        except (TypeError, ValueError) as error:
            reason = f"cannot be understood by the driver ({type(error).__name__})"
            raise InvalidInput("url", "(hidden)", reason) from None

    @abstractmethod
    def prepare(self, connection: Any, *, ours: bool) -> None:
        """Make a connection safe, and see that it is.

        Raises:
            UnsafeDurability: The database would acknowledge what it may lose.
        """

    @abstractmethod
    def identity(self, connection: Any) -> tuple[object, ...]:
        """Answer what tells one database from another, by whatever name it was opened."""

    def is_shared(self, connection: Any) -> bool:
        """Answer whether there is but one connection for everybody, as to a database in memory."""
        return False

    @abstractmethod
    def connection_kind(self) -> type:
        """Answer the class of the driver's connections."""

    @abstractmethod
    def is_closed(self, connection: Any) -> bool:
        """Answer whether nothing can be asked of a connection any more."""

    @abstractmethod
    def cursor(self, connection: Any) -> Any:
        """Answer a cursor whose rows are tuples, whatever those of the connection are by default."""

    # Transactions.

    def controlled(self, connection: Any) -> AbstractContextManager[None]:
        """Begin and end transactions where this library says, and leave the connection as it was."""
        return nullcontext()

    @abstractmethod
    def own(self, connection: Any) -> None:
        """Let a connection of the ledger's own begin no transactions by itself."""

    @abstractmethod
    def in_transaction(self, connection: Any) -> bool:
        """Answer whether a transaction is under way."""

    @abstractmethod
    def begin_writing(self, cursor: Any) -> None:
        """Begin a transaction that will write."""

    @abstractmethod
    def begin_reading(self, cursor: Any) -> None:
        """Begin a transaction in which every read is of one moment."""

    def end_reading(self, cursor: Any) -> None:
        """End a transaction that only read."""
        cursor.execute("ROLLBACK")

    # Within the caller's own transaction.

    def save_first(self, cursor: Any) -> bool:
        """Set the savepoint before anything else is done; answer whether that was possible.

        Raises:
            InvalidInput: The connection is in autocommit.
        """
        if self.in_autocommit(cursor.connection) and not self.in_transaction(cursor.connection):
            raise InvalidInput("connection", "autocommit", "must be in a transaction of its own")
        cursor.execute(SAVE)
        return True

    @abstractmethod
    def in_autocommit(self, connection: Any) -> bool:
        """Answer whether each statement is a transaction of its own, unless one is begun by name."""

    def demand_fresh(self, cursor: Any, sql: "Statements", business: int) -> None:  # noqa: B027
        """See that what the caller's transaction reads is what it has locked, where an engine may let these differ.

        Raises:
            Conflict: Another writer was first.
        """

    def snapshot(self, cursor: Any) -> AbstractContextManager[None]:
        """Let all reads be of one moment, as far as the caller's own transaction allows."""
        return nullcontext()

    def deleting_for_good(self, cursor: Any) -> AbstractContextManager[None]:
        """Let what is deleted be overwritten: a forgotten person's key must be gone."""
        return nullcontext()

    # Errors.

    def translated(self, *, committing: bool = False) -> AbstractContextManager[None]:
        """Let no driver's or SQLAlchemy's error out: each becomes one of ours."""
        return self._translated[committing]

    def refuse(self, error: BaseException, committing: bool) -> None:
        """Raise one of our errors in the place of the driver's or SQLAlchemy's; let others pass.

        Theirs would show in a traceback what was bound: names, addresses, codes.
        """
        if isinstance(error, StampledgerError):
            return
        if isinstance(error, DBAPIError):
            raise self.ours(error.orig or error, committing) from None
        if isinstance(error, TimeoutError):
            raise StorageError("no connection of the engine's pool came free in time") from None
        if isinstance(error, SQLAlchemyError):
            raise StorageError(f"the database layer failed: {type(error).__name__}") from None
        if isinstance(error, self.driver_errors()):
            raise self.ours(error, committing) from None

    @abstractmethod
    def driver_errors(self) -> type[BaseException]:
        """Answer the class of all the driver's errors."""

    @abstractmethod
    def ours(self, error: BaseException, committing: bool) -> StampledgerError:
        """Answer one of the driver's errors as one of ours, without a value that was bound."""

    # Tables.

    @abstractmethod
    def has_table(self, cursor: Any, name: str) -> bool:
        """Answer whether there is a table of a name."""

    def creation(self, tables: Schema) -> list[str]:
        """Answer the statements that create the tables and indexes that are not there yet."""
        statements: list[str] = []
        for table in tables.metadata.sorted_tables:
            statements.append(str(CreateTable(table, if_not_exists=True).compile(dialect=self.dialect)))
            statements.extend(
                str(CreateIndex(index, if_not_exists=True).compile(dialect=self.dialect))
                for index in sorted(table.indexes, key=lambda index: str(index.name))
            )
        return statements

    # The index of customers' words, which finds a part of a name or an e-mail without reading every customer.

    def make_searchable(self, cursor: Any, tables: Schema) -> None:
        """Make the index, within the transaction under way, unless it is there or this database can have none."""
        return None

    def is_searchable(self, cursor: Any, tables: Schema) -> bool:
        """Answer whether there is such an index; without one, search finds the same by reading every customer."""
        return False

    def searching(self, tables: Schema) -> list[str]:
        """Answer the statements that make the index, for whoever makes it by hand."""
        return []

    def search_faults(self, cursor: Any, tables: Schema) -> list[str]:
        """Answer what is not right about the index, where there is one."""
        return []

    def finding(self, tables: Schema, former: bool) -> str:
        """Answer the statement that finds customers by the index: those whose words hold *b_words*, or held them.

        It takes b_business, b_words, b_match (see `match`) and b_limit, and answers numbers of streams.
        """
        raise NotImplementedError

    def match(self, words: str) -> str | None:
        """Answer some words as `finding` takes them; None where the index cannot help to find them."""
        return None

    def sweeping(self, tables: Schema) -> str | None:
        """Answer the statement that wipes from the index what it still holds of customers who are gone."""
        return None

    def alone(self, cursor: Any) -> AbstractContextManager[None]:
        """See that nobody else changes the tables meanwhile, where a transaction does not see to it.

        Raises:
            Conflict: Somebody else does.
        """
        return nullcontext()

    # Pieces of SQL.

    def append(self, session: "Session") -> tuple[int, int]:
        """Append what a session planned with provisional numbers, by one statement that commits itself.

        Answers (what its numbers are short of the true ones, when it was recorded).

        Raises:
            NeedsLock: It is more than one statement can do.
        """
        raise NotImplementedError

    def by_index(self, statement: str, table: Table, index: Index) -> str:
        """Answer a statement that comes by a table's rows by one of its indexes, where the planner has to be told."""
        return statement

    @abstractmethod
    def among(self, column: Any, name: str) -> ColumnElement[bool]:
        """Answer whether a number is in a list of any length, which is bound as one parameter."""

    def rare(self, condition: ColumnElement[bool]) -> ColumnElement[bool]:
        """Answer a condition that is true of so few rows that an index of it is the way to them."""
        return condition

    def numbers(self, numbers: Sequence[int]) -> object:
        """Answer a list of numbers as `among` takes it: as a JSON array, where the driver binds no lists."""
        return json.dumps(list(numbers))

    @abstractmethod
    def listed(self, name: str) -> Any:
        """Answer a list of texts, bound as one parameter, as a table with a column *value*."""

    def texts(self, texts: Sequence[str]) -> object:
        """Answer a list of texts as `listed` takes it: as a JSON array, where the driver binds no lists."""
        return json.dumps(list(texts))

    @abstractmethod
    def contains(self, column: Any, words: Any) -> ColumnElement[bool]:
        """Answer whether a text holds some words anywhere."""

    def insert_many(self, cursor: Any, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
        """Insert or change many rows by one statement."""
        cursor.executemany(statement, rows)


class _Translated(AbstractContextManager[None]):
    """A class rather than a generator, which would cost a microsecond each of the three times a command needs it."""

    def __init__(self, backend: Backend, committing: bool) -> None:
        self._backend = backend
        self._committing = committing

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is not None:
            self._backend.refuse(error, self._committing)
