"""The tables of a ledger database by themselves, whatever businesses are in it: made, upgraded, checked, told."""

import contextlib
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Self

from stampledger.errors import InvalidInput
from stampledger.store import opening, schema
from stampledger.store.database import Connection, Engine, backend_of, open_engine
from stampledger.store.engines import trigrams
from stampledger.store.engines.backend import Backend
from stampledger.store.migrations import checking, steps, upgrading
from stampledger.store.migrations.checking import Checked
from stampledger.store.migrations.upgrading import Report
from stampledger.store.statements import Statements
from stampledger.store.writing import WriterConnection


class Tables:
    """The tables under a prefix, in a schema where one is named. Close it, or use it as a context manager."""

    def __init__(
        self,
        engine: Engine,
        *,
        durability: str = "full",
        prefix: str = schema.DEFAULT_PREFIX,
        schema_name: str | None = None,
        owned: bool = False,
    ) -> None:
        self._engine = engine
        self._owned = owned
        self._backend = backend_of(engine, schema_name, durability)
        self._sql = Statements(schema.build(prefix, schema_name), self._backend)

    @classmethod
    def open(cls, url: str, *, create: bool = False, **options: Any) -> Self:
        """Answer the tables in the database of a URL; a SQLite file is only made where *create* allows it.

        Raises:
            NotALedger: There is no such file.
            InvalidInput: The URL is none, or names a database this release cannot use.
        """
        return cls(open_engine(url, create=create), owned=True, **options)

    def create(self) -> bool:
        """Create the tables where there are none, as opening a ledger does; answer whether they were created.

        Raises:
            SchemaTooOld: There are tables of an older format.
            SchemaTooNew: There are tables of a newer one.
            StorageError: The database cannot be used.
        """
        with self._cursor() as cursor:
            found = opening.format_of(self._backend, self._sql, cursor)
            if found is None:
                opening.create_tables(self._backend, self._sql, cursor)
            opening.demand_ready(self._backend, self._sql, cursor)
            return found is None

    def upgrade(self, progress: Report | None = None) -> tuple[int, int]:
        """Bring the tables to this release's format; answer (the format they had, the format they have).

        Raises:
            NotALedger: There are no tables.
            SchemaTooNew: A newer release made them.
            Corrupt: An entry cannot be read; where the engine can, everything is as it was.
            StorageError: The database cannot be used.
        """
        with self._cursor() as cursor:
            return upgrading.upgrade(self._sql, cursor, progress), schema.FORMAT

    def check(self) -> Checked:
        """Answer which format the tables have, and what of them is missing or not as it should be.

        Raises:
            NotALedger: There are no tables.
            StorageError: The database cannot be read.
        """
        with self._backend.translated(), self._engine.connect() as connection:
            return checking.check(self._sql, connection)

    def close(self) -> None:
        """Give back an engine that was opened here."""
        if self._owned:
            self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    @contextlib.contextmanager
    def _cursor(self) -> Iterator[Any]:
        """A cursor of a connection of our own, on which transactions begin and end where we say."""
        writer = WriterConnection(self._backend)
        try:
            with self._backend.controlled(writer.connection):
                self._backend.prepare(writer.connection, ours=True)
                with self._backend.translated(), contextlib.closing(writer.connection.cursor()) as cursor:
                    yield cursor
        finally:
            writer.close()


def upgrade_within(
    connection: Connection, number: int, *, prefix: str = schema.DEFAULT_PREFIX, schema_name: str | None = None
) -> None:
    """Take the step to a format inside the caller's transaction; where the tables have that format, do nothing.

    Raises:
        Corrupt: An entry cannot be read.
        StorageError: The database cannot be used.
    """
    backend = backend_of(connection.engine, schema_name, "full")
    sql = Statements(schema.build(prefix, schema_name), backend)
    with backend.translated(), contextlib.closing(connection.connection.cursor()) as cursor:
        upgrading.step(sql, cursor, number)


def names(prefix: str = schema.DEFAULT_PREFIX, schema_name: str | None = None) -> frozenset[str]:
    """Answer what the tables are called, with those of SQLite's index for search.

    Raises:
        InvalidInput: The prefix or the schema is no name.
    """
    tables = schema.build(prefix, schema_name)
    return frozenset([table.name for table in tables.metadata.sorted_tables] + trigrams.names_of(tables))


# As SQL, without a database.

ENGINES = {"sqlite": "sqlite://", "postgresql": "postgresql+psycopg://", "mariadb": "mariadb+pymysql://"}


def script(
    engine: str, *, since: int | None = None, prefix: str = schema.DEFAULT_PREFIX, schema_name: str | None = None
) -> str:
    """Answer the SQL that creates the tables on an engine, or upgrades those of an earlier format, for a DBA to run.

    After an upgrade the rows that follow from the Journal are still to be made anew, which is no work for SQL:
    `stampledger db upgrade` does that, and then needs no rights but to read and write rows.

    Raises:
        InvalidInput: There is no such engine or format, its driver is not installed, or a name is none.
    """
    if since is not None and not 1 <= since < schema.FORMAT:
        raise InvalidInput("since", since, f"must be an earlier format than {schema.FORMAT}")
    tables = schema.build(prefix, schema_name)
    backend = _backend(engine, schema_name)
    if since is None:
        statements = steps.creation(backend, tables)
    else:
        numbers = range(since + 1, schema.FORMAT + 1)
        statements = [statement for number in numbers for statement in steps.statements(number, backend, tables)]
    whole = ["BEGIN", *statements, "COMMIT"] if backend.creates_at_once else statements
    search = backend.searching(tables)
    remark = "-- An index for search, which finds the same without it, more slowly:\n" if search else ""
    return f"{_lines(whole)}{remark}{_lines(search)}"


def _lines(statements: list[str]) -> str:
    return "".join(f"{statement.strip()};\n" for statement in statements)


def step(engine: str, number: int, *, prefix: str = schema.DEFAULT_PREFIX, schema_name: str | None = None) -> list[str]:
    """Answer the statements of the step to a format.

    Raises:
        InvalidInput: There is no such engine, its driver is not installed, or a name is none.
    """
    return steps.statements(number, _backend(engine, schema_name), schema.build(prefix, schema_name))


def _backend(engine: str, schema_name: str | None) -> Backend:
    """Answer an engine's ways; nothing is connected to."""
    if engine not in ENGINES:
        raise InvalidInput("engine", engine, f"must be one of {', '.join(ENGINES)}")
    return backend_of(open_engine(ENGINES[engine]), schema_name, "full")
