"""A connection of the caller's, whose transaction is joined: SQLAlchemy's, or the driver's own."""

from contextlib import suppress
from typing import Any

import attrs
from sqlalchemy import Connection, Engine

from stampledger.errors import InvalidInput
from stampledger.store.engines.backend import Backend


@attrs.frozen
class Joined:
    """A connection of the caller's. Its transaction is begun and ended by the caller."""

    backend: Backend
    connection: Any
    is_sqlalchemy: bool

    @property
    def raw(self) -> Any:
        """The driver's connection."""
        return self.connection.connection.driver_connection if self.is_sqlalchemy else self.connection

    @property
    def closed(self) -> bool:
        """Whether nothing can be asked of it any more."""
        if self.is_sqlalchemy:
            return bool(self.connection.closed)
        return self.backend.is_closed(self.connection)

    def cursor(self) -> Any:
        """Answer a cursor. SQLAlchemy is told that a transaction begins; the driver begins it."""
        if self.is_sqlalchemy and not self.connection.in_transaction():
            self.connection.begin()
        return self.backend.cursor(self.raw)

    def rollback(self) -> None:
        """Tell the caller's side that the database has taken everything back."""
        if self.is_sqlalchemy:
            self.connection.rollback()
            return
        with suppress(self.backend.driver_errors()):  # A driver may leave that to its own block.
            self.connection.rollback()


def joined(backend: Backend, engine: Engine, connection: object) -> Joined:
    """Take a connection for one that can be joined.

    Raises:
        InvalidInput: It is none, or of another kind of database.
    """
    if isinstance(connection, Connection):
        if connection.dialect.name != engine.dialect.name:
            raise InvalidInput("connection", connection.dialect.name, "must be to the ledger's own database")
        return Joined(backend, connection, True)
    kind = backend.connection_kind()
    if isinstance(connection, kind):
        return Joined(backend, connection, False)
    wanted = f"{kind.__module__.partition('.')[0]}.{kind.__name__}"
    told = type(connection).__name__
    raise InvalidInput("connection", told, f"must be an SQLAlchemy connection, or the driver's own, {wanted}")
