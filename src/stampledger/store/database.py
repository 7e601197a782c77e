"""The engine: opened, made safe, and its errors given our names."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import SingletonThreadPool, StaticPool

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

__all__ = [
    "Connection",
    "Engine",
    "connect",
    "identity",
    "is_shared",
    "is_taken",
    "open_engine",
    "prepare",
    "quoted",
    "secure_delete",
    "translated",
]

BUSY_SECONDS = 10.0
DURABILITIES = {"full": 2, "normal": 1}  # SQLite's PRAGMA synchronous.
DRIVER_OPTIONS = {"uri", "timeout", "isolation_level", "detect_types", "check_same_thread", "cached_statements"}


def open_engine(url: str, *, create: bool = True) -> Engine:
    """Make an engine for a database URL; a file that does not exist is only made where *create* allows it.

    Raises:
        NotALedger: There is no such file.
        InvalidInput: The URL is none, or names a database this release cannot use.
    """
    try:
        parsed = make_url(url)
        backend = parsed.get_backend_name()
    except (ArgumentError, ValueError, TypeError, AttributeError):  # Its message may show a password.
        raise InvalidInput("url", "(hidden)", "must be a database URL, like sqlite:///shop.db") from None
    if backend != "sqlite":
        raise InvalidInput("url", parsed.drivername, "must be a sqlite URL in this release")
    unknown = () if "uri" in parsed.query else tuple(parsed.query.keys() - DRIVER_OPTIONS)
    if unknown:
        raise InvalidInput("url", unknown[0], "has an option that only a file: URL with uri=true may have")
    arguments = {"timeout": BUSY_SECONDS} if "timeout" not in parsed.query else {}
    options: dict[str, Any] = {"connect_args": {**arguments, "check_same_thread": False}}
    file = parsed.database or ""
    if _names_memory(parsed):
        options["poolclass"] = StaticPool
    elif not create and not file.startswith("file:") and not os.path.exists(file):
        raise NotALedger(f"there is no ledger at {file}")
    try:
        return create_engine(parsed, **options)
    except (NoSuchModuleError, ImportError):
        raise InvalidInput("url", parsed.drivername, "must name an installed database driver") from None
    except (SQLAlchemyError, ValueError, TypeError):
        raise InvalidInput("url", "(hidden)", "must be like sqlite:///shop.db, without a user or host") from None


def _names_memory(url: URL) -> bool:
    return (
        url.database in (None, "", ":memory:")
        or url.query.get("mode") == "memory"
        or str(url.database).startswith("file::memory:")
    )


def connect(engine: Engine) -> Any:
    """Take a connection from the engine's pool.

    Raises:
        StorageError: The database cannot be opened.
        InvalidInput: The driver cannot understand what it is to open.
    """
    with translated():
        try:
            return engine.raw_connection()
        except (TypeError, ValueError) as error:
            reason = f"cannot be understood by the driver ({type(error).__name__})"
            raise InvalidInput("url", "(hidden)", reason) from None


def quoted(schema: str | None) -> str:
    """Answer the name of a schema as SQL writes it; without one, that of the main database."""
    return '"' + (schema or "main").replace('"', '""') + '"'


def _file_of(connection: sqlite3.Connection, schema: str | None) -> str:
    """Answer the file a schema lives in; none for one in memory."""
    wanted = (schema or "main").lower()
    for _, name, file in connection.execute("PRAGMA database_list").fetchall():
        if name.lower() == wanted:
            return file or ""
    raise InvalidInput("schema", schema, "must be attached to every connection of the engine")


def identity(connection: sqlite3.Connection, schema: str | None) -> tuple[object, ...]:
    """Answer what tells one database from another, by whatever path it was opened."""
    file = _file_of(connection, schema)
    if not file:
        return ("memory", id(connection))
    try:
        found = Path(file).stat()
    except OSError:
        return ("file", file)
    return ("file", found.st_dev, found.st_ino)


def is_shared(engine: Engine, connection: sqlite3.Connection, schema: str | None) -> bool:
    """Answer whether there is but one connection for everybody, as to a database in memory."""
    return isinstance(engine.pool, StaticPool | SingletonThreadPool) or not _file_of(connection, schema)


def prepare(connection: sqlite3.Connection, durability: str, schema: str | None, *, ours: bool) -> None:
    """Make a connection safe, and see that it is: WAL, synchronous=FULL unless less was asked for by name.

    In memory there is nothing to keep.

    Raises:
        UnsafeDurability: The database would acknowledge what it may lose.
    """
    wanted = DURABILITIES[durability]
    where = quoted(schema)
    with translated():
        if not _file_of(connection, schema):
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
def secure_delete(cursor: Any, schema: str | None) -> Iterator[None]:
    """Let what is deleted be overwritten, on a connection that is not ours: a forgotten person's key must be gone."""
    pragma = f"PRAGMA {quoted(schema)}.secure_delete"
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


class _Translated(AbstractContextManager[None]):
    """A class rather than a generator, which would cost a microsecond each of the three times a command needs it."""

    def __init__(self, committing: bool) -> None:
        self._committing = committing

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        match error:
            case None | StampledgerError():
                return
            case DBAPIError():
                raise _ours(error.orig or error, self._committing) from error
            case SQLAlchemyError():
                raise StorageError(f"the database layer failed: {type(error).__name__}") from error
            case sqlite3.Error():
                raise _ours(error, self._committing) from error


_TRANSLATED = {committing: _Translated(committing) for committing in (False, True)}


def translated(*, committing: bool = False) -> AbstractContextManager[None]:
    """Let no driver's or SQLAlchemy's error out: each becomes one of ours."""
    return _TRANSLATED[committing]


def is_taken(error: StampledgerError) -> bool:
    """Answer whether a conflict is about a key that is there already, and not about a lock."""
    cause = getattr(error.__cause__, "orig", None) or error.__cause__
    return isinstance(cause, sqlite3.IntegrityError)


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
