"""Engines whose commits somebody stands beside: for tests of what is there when a connection breaks at that moment.

A connection is wrapped when the pool has made it, and stays the driver's in everything else. A commit is a COMMIT, the
driver's own, or a statement that changes something and is a transaction of its own.
"""

import re
from collections.abc import Callable
from typing import Any, NoReturn

from sqlalchemy import Engine, event

from stampledger.store.database import backend_of

Beside = Callable[[Callable[[], Any], Callable[[], NoReturn]], Any]

LOST = "the connection was lost"
LOST_NUMBER = 2013  # By which MariaDB's driver says so.
CHANGES = re.compile(
    r"\s*(INSERT|UPDATE|DELETE|WITH\b.*\b(INSERT INTO|UPDATE|DELETE FROM)\b)", re.IGNORECASE | re.DOTALL
)


def tap(engine: Engine, beside: Beside) -> Engine:
    """Let *beside* carry out every commit of the connections that an engine makes from now on, or cut it off.

    It is called with two functions: the one commits, the other breaks the connection and raises the driver's error;
    what was not committed is gone then.
    """
    line = _Line(engine, beside)

    @event.listens_for(engine, "connect")
    def wrap(connection: Any, record: Any) -> None:
        record.dbapi_connection = _Connection(connection, line)

    return engine


class _Line:
    """What the connections of one engine have in common."""

    def __init__(self, engine: Engine, beside: Beside) -> None:
        self._backend = backend_of(engine, None, "normal")
        self._beside = beside
        self._error: Any = engine.dialect.loaded_dbapi.OperationalError
        self._told = (LOST_NUMBER, LOST) if self._backend.name == "mariadb" else (LOST,)

    def execute(self, connection: Any, statement: Any, execute: Callable[[], Any]) -> Any:
        """Carry out a statement."""
        if not isinstance(statement, str) or not self._commits(connection, statement):
            return execute()
        return self._beside(execute, lambda: self._cut(connection))

    def commit(self, connection: Any) -> Any:
        """Carry out the driver's own commit."""
        if not self._backend.in_transaction(connection):
            return connection.commit()
        return self._beside(connection.commit, lambda: self._cut(connection))

    def _commits(self, connection: Any, statement: str) -> bool:
        if statement.lstrip()[:6].upper() == "COMMIT":
            return True
        alone = self._backend.in_autocommit(connection) and not self._backend.in_transaction(connection)
        return alone and CHANGES.match(statement) is not None

    def _cut(self, connection: Any) -> NoReturn:
        if self._backend.is_remote:
            connection.close()
        else:
            connection.rollback()  # A file does not hang up: its error is one of the disk.
        raise self._error(*self._told)


class _Wrapped:
    """The driver's object in everything but what a subclass says."""

    def __init__(self, raw: Any, line: _Line) -> None:
        object.__setattr__(self, "_raw", raw)
        object.__setattr__(self, "_line", line)

    _raw: Any
    _line: _Line

    def __getattr__(self, name: str) -> Any:
        return getattr(self._raw, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._raw, name, value)


class _Connection(_Wrapped):
    def cursor(self, *arguments: Any, **options: Any) -> "_Cursor":
        return _Cursor(self._raw.cursor(*arguments, **options), self._line)

    def commit(self) -> Any:
        return self._line.commit(self._raw)

    def execute(self, statement: Any, *arguments: Any, **options: Any) -> Any:
        return self._line.execute(self._raw, statement, lambda: self._raw.execute(statement, *arguments, **options))


class _Cursor(_Wrapped):
    def execute(self, statement: Any, *arguments: Any, **options: Any) -> Any:
        def execute() -> Any:
            return self._raw.execute(statement, *arguments, **options)

        return self._line.execute(self._raw.connection, statement, execute)

    def __iter__(self) -> Any:
        return iter(self._raw)

    def __enter__(self) -> "_Cursor":
        return self

    def __exit__(self, *exception: object) -> None:
        self._raw.close()
