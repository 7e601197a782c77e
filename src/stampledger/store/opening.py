"""Opening a ledger: tables where there are none, the format they have, and the business's head.

Several processes may open an empty database at once: whoever comes second finds what the first one made.
"""

import contextlib
import time
from typing import TYPE_CHECKING, Any

from stampledger import codec
from stampledger.errors import (
    BusinessNotFound,
    Conflict,
    NotALedger,
    SchemaTooNew,
    SchemaTooOld,
)
from stampledger.sources import system_random
from stampledger.store import schema
from stampledger.store.engines.backend import Backend
from stampledger.store.statements import Statements

if TYPE_CHECKING:
    from stampledger.store.writing import WriterConnection

REBUILD = "rebuild"  # Beside the format: the rows that follow from the Journal are still to be made anew.
ATTEMPTS = 10
PAUSE_SECONDS = 0.05


def begin(backend: Backend, sql: Statements, writer: "WriterConnection", business: str, create: bool) -> int:
    """Answer the number of a business, made with the tables where that is allowed.

    Raises:
        NotALedger: The database holds no ledger.
        BusinessNotFound: It holds none of this business.
        SchemaTooNew: A newer release made the tables.
        SchemaTooOld: An older one did.
        StorageError: The database cannot be used.
    """
    connection = writer.connection
    with backend.controlled(connection):
        if not create:  # Before anything is set: a file that is none of ours stays as it is.
            with backend.translated(), contextlib.closing(connection.cursor()) as cursor:
                if not backend.has_table(cursor, sql.tables.meta.name):
                    raise NotALedger("the database holds no ledger")
        for attempt in range(ATTEMPTS):
            try:
                backend.prepare(connection, ours=True)
                with backend.translated(), contextlib.closing(connection.cursor()) as cursor:
                    return _begin(backend, sql, cursor, business, create)
            except Conflict:  # Another process opens it at this moment.
                if attempt == ATTEMPTS - 1:
                    raise
                time.sleep(PAUSE_SECONDS * (1 + system_random(4)))
    raise AssertionError("an attempt ends by an answer or an error")


def _begin(backend: Backend, sql: Statements, cursor: Any, business: str, create: bool) -> int:
    if format_of(backend, sql, cursor) is None:
        create_tables(backend, sql, cursor)
    demand_ready(backend, sql, cursor)
    found = _find(sql, cursor, business)
    if found is not None:
        return found
    if not create:
        raise BusinessNotFound(business)
    with transaction(backend, cursor):
        return _find(sql, cursor, business) or _add(sql, cursor, business)


def create_tables(backend: Backend, sql: Statements, cursor: Any) -> None:
    """Create what is missing, and write down its format last."""
    with transaction(backend, cursor):
        if format_of(backend, sql, cursor) is not None:
            return
        for statement in backend.creation(sql.tables):
            cursor.execute(statement)
        backend.make_searchable(cursor, sql.tables)
        cursor.execute(sql.add_meta.sql, ("format", schema.FORMAT))


def is_searchable(backend: Backend, sql: Statements, writer: "WriterConnection") -> bool:
    """Answer whether there is an index of customers' words."""
    connection = writer.connection
    with backend.controlled(connection), backend.translated(), contextlib.closing(connection.cursor()) as cursor:
        return backend.is_searchable(cursor, sql.tables)


def demand_ready(backend: Backend, sql: Statements, cursor: Any) -> None:
    """Refuse tables that this release cannot use as they are.

    Raises:
        StorageError: They are of another format or of none, or an upgrade was not finished.
    """
    demand_format(format_of(backend, sql, cursor))
    if is_unfinished(sql, cursor):
        upgrade = "run `stampledger db upgrade` again"
        raise SchemaTooOld(f"the upgrade to format {schema.FORMAT} was begun and not finished: {upgrade}")


def demand_format(found: int | None) -> None:
    """Refuse tables of another format.

    Raises:
        StorageError: They are of another format, or of none.
    """
    if found is None or found < 1:
        raise NotALedger("the database has the ledger's tables but not their format")
    if found > schema.FORMAT:
        raise SchemaTooNew(f"the tables have format {found}; this release knows up to {schema.FORMAT}")
    if found < schema.FORMAT:
        upgrade = "`stampledger db upgrade` brings them up to date"
        raise SchemaTooOld(f"the tables have format {found}; this release needs {schema.FORMAT}: {upgrade}")


def format_of(backend: Backend, sql: Statements, cursor: Any) -> int | None:
    """Answer the tables' format; None where there are none yet, or where somebody is still creating them."""
    if not backend.has_table(cursor, sql.tables.meta.name):
        return None
    cursor.execute(sql.meta.sql, sql.meta.arguments({"b_name": "format"}))
    row = cursor.fetchone()
    if row is None:
        if backend.creates_at_once:
            raise NotALedger("the database has the ledger's tables but not their format")
        return None
    return row[0] if isinstance(row[0], int) else 0


def is_unfinished(sql: Statements, cursor: Any) -> bool:
    """Answer whether an upgrade has still to make rows anew."""
    cursor.execute(sql.meta.sql, sql.meta.arguments({"b_name": REBUILD}))
    return cursor.fetchone() is not None


def _find(sql: Statements, cursor: Any, business: str) -> int | None:
    cursor.execute(sql.business.sql, sql.business.arguments({"b_name": business}))
    row = cursor.fetchone()
    return None if row is None else row[0]


def _add(sql: Statements, cursor: Any, business: str) -> int:
    cursor.execute(sql.next_business.sql, sql.next_business.arguments({}))
    number: int = cursor.fetchone()[0]
    genesis = codec.genesis(business)
    cursor.execute(sql.add_head.sql, (number, business, 0, 0, genesis, genesis))
    return number


@contextlib.contextmanager
def transaction(backend: Backend, cursor: Any) -> Any:
    """A transaction on a connection whose transactions begin and end where this library says."""
    backend.begin_writing(cursor)
    try:
        yield
        cursor.execute("COMMIT")
    except BaseException:
        with contextlib.suppress(Exception):
            if backend.in_transaction(cursor.connection):
                cursor.execute("ROLLBACK")
        raise
