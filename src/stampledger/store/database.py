"""The engine: opened, made safe, and its errors given our names."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import StaticPool

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

__all__ = ["Connection", "Engine", "is_memory", "open_engine", "prepare", "translated"]

BUSY_SECONDS = 10.0
DURABILITIES = {"full": 2, "normal": 1}  # SQLite's PRAGMA synchronous.


def open_engine(url: str, *, create: bool = True) -> Engine:
    """Make an engine for a database URL; a file that does not exist is only made where *create* allows it.

    Raises:
        NotALedger: There is no such file.
        InvalidInput: The URL is none, or names a database this release cannot use.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise InvalidInput("url", "(hidden)", "must be a database URL, like sqlite:///shop.db") from error
    if parsed.get_backend_name() != "sqlite":
        raise InvalidInput("url", parsed.drivername, "must be a sqlite URL in this release")
    options: dict[str, Any] = {"connect_args": {"timeout": BUSY_SECONDS, "check_same_thread": False}}
    if parsed.database in (None, "", ":memory:"):
        options["poolclass"] = StaticPool
    elif not create and not parsed.database.startswith("file:") and not Path(parsed.database).exists():
        raise NotALedger(f"there is no ledger at {parsed.database}")
    try:
        return create_engine(parsed, **options)
    except (ArgumentError, NoSuchModuleError, ImportError) as error:
        raise InvalidInput("url", parsed.drivername, "must name an installed database driver") from error


def is_memory(engine: Engine) -> bool:
    """Answer whether the database lives in memory, where durability has no meaning."""
    return engine.url.database in (None, "", ":memory:")


def prepare(connection: sqlite3.Connection, durability: str, *, memory: bool, ours: bool) -> None:
    """Make a connection safe, and see that it is: WAL, synchronous=FULL unless less was asked for by name.

    Raises:
        UnsafeDurability: The database would acknowledge what it may lose.
    """
    cursor = connection.cursor()
    with translated():
        if memory:
            return
        wanted = DURABILITIES[durability]
        if ours:
            cursor.execute(f"PRAGMA synchronous={wanted}")
            cursor.execute("PRAGMA secure_delete=ON")
            mode = cursor.execute("PRAGMA journal_mode").fetchone()[0]
            if mode != "wal" and not _read_only(connection):
                cursor.execute("PRAGMA journal_mode=WAL")
        mode = cursor.execute("PRAGMA journal_mode").fetchone()[0]
        synchronous = cursor.execute("PRAGMA synchronous").fetchone()[0]
        cursor.close()
    if mode != "wal" and not _read_only(connection):
        raise UnsafeDurability(f"the database is in journal mode {mode}; the ledger needs WAL")
    if synchronous < wanted:
        raise UnsafeDurability(
            f"the connection runs with synchronous={synchronous}, which may lose what it acknowledged; "
            "set PRAGMA synchronous=FULL, or open the ledger with durability='normal'"
        )


def _read_only(connection: sqlite3.Connection) -> bool:
    cursor = connection.cursor()
    try:
        if cursor.execute("PRAGMA query_only").fetchone()[0]:
            return True
        if connection.in_transaction:
            return False
        cursor.execute("BEGIN IMMEDIATE")
        cursor.execute("ROLLBACK")
    except sqlite3.OperationalError as error:
        return "readonly" in str(error)
    finally:
        cursor.close()
    return False


@contextmanager
def translated(*, committing: bool = False) -> Iterator[None]:
    """Let no driver's or SQLAlchemy's error out: each becomes one of ours."""
    try:
        yield
    except StampledgerError:
        raise
    except DBAPIError as error:
        raise _ours(error.orig or error, committing) from error
    except SQLAlchemyError as error:
        raise StorageError(f"the database layer failed: {type(error).__name__}") from error
    except sqlite3.Error as error:
        raise _ours(error, committing) from error


def _ours(error: BaseException, committing: bool) -> StampledgerError:
    name = getattr(error, "sqlite_errorname", "") or ""
    message = str(error)
    for prefix, make in _SQLITE:
        if name.startswith(prefix):
            return make(message)
    if "not a database" in message or "malformed" in message:
        return NotALedger(f"the file is not a database that can be read: {message}")
    if isinstance(error, sqlite3.ProgrammingError):
        return StorageError(f"the connection cannot be used: {message}")
    return OutcomeUnknown(message) if committing else StorageError(message)


_SQLITE: tuple[tuple[str, Callable[[str], StampledgerError]], ...] = (
    ("SQLITE_BUSY", lambda message: Conflict(f"another writer holds the database: {message}")),
    ("SQLITE_LOCKED", lambda message: Conflict(f"another writer holds the database: {message}")),
    ("SQLITE_CONSTRAINT", lambda message: Conflict(f"another writer was first: {message}")),
    ("SQLITE_FULL", lambda message: StorageFull(f"the disk is full: {message}")),
    ("SQLITE_READONLY", lambda message: StorageReadOnly(f"the database is read-only: {message}")),
    ("SQLITE_NOTADB", lambda message: NotALedger(f"the file is not a database: {message}")),
    ("SQLITE_CORRUPT", lambda message: NotALedger(f"the database file is damaged: {message}")),
    ("SQLITE_CANTOPEN", lambda message: StorageError(f"the database cannot be opened: {message}")),
)
