"""
An empty database for one test, on any of the engines.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
from sqlalchemy import Engine, create_engine
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool

from tests.servers.mariadb import MariaDB
from tests.servers.postgresql import PostgreSQL
from tests.servers.server import Server

SERVERS: dict[str, type[Server]] = {server.kind: server for server in (PostgreSQL, MariaDB)}
KINDS = ("sqlite", *SERVERS)

LEAVE_SECONDS = 30.0
OTHERS = {
    "postgresql": "SELECT count(*) - 1 FROM pg_stat_activity WHERE datname = current_database()",
    "mariadb": "SELECT count(*) - 1 FROM information_schema.processlist WHERE db = database()",
}


@attrs.frozen
class Database:
    """Where an empty database is."""

    kind: str
    address: URL
    server: Server | None = None  # None for SQLite, which has a file.
    file: Path | None = None

    @property
    def url(self) -> str:
        """What `Ledger.open` takes."""
        return self.address.render_as_string(hide_password=False)

    def url_with(self, **parts: Any) -> str:
        """The same with another port (of a proxy), password, username or host."""
        return self.address.set(**parts).render_as_string(hide_password=False)

    @contextmanager
    def engine(self, **options: Any) -> Iterator[Engine]:
        """An engine for the test's own tables, or to look into the library's; it keeps no connection."""
        engine = create_engine(self.address, **{"poolclass": NullPool, **options})
        try:
            yield engine
        finally:
            engine.dispose()

    def sql(self, *statements: str) -> list[Any]:
        """Do some statements in one transaction, past the library; answers the rows of the last."""
        rows: list[Any] = []
        with self.engine() as engine, engine.begin() as connection:
            for statement in statements:
                result = connection.exec_driver_sql(statement)
                rows = list(result) if result.returns_rows else []
        return rows

    def wait_until_left(self) -> None:
        """Wait until nobody else is connected: a server goes on for a moment with what a killed client has sent."""
        if self.kind == "sqlite":
            return
        until = time.monotonic() + LEAVE_SECONDS
        while others := self.sql(OTHERS[self.kind])[0][0]:
            assert time.monotonic() < until, f"{others} are still connected"
            time.sleep(0.02)


class Databases:
    """Makes databases, and starts a server when it is first needed."""

    def __init__(self) -> None:
        self._servers: dict[str, Server | Exception] = {}

    def server(self, kind: str) -> Server:
        """The running server of a kind.

        Raises:
            ServerMissing: There is none on this machine.
            ServerFailed: It does not start.
        """
        if kind not in self._servers:
            try:
                self._servers[kind] = SERVERS[kind]()
            except Exception as error:  # Once is enough to know that it does not start.
                self._servers[kind] = error
        server = self._servers[kind]
        if isinstance(server, Exception):
            raise server
        return server

    @contextmanager
    def fresh(self, kind: str, folder: Path) -> Iterator[Database]:
        """An empty database, which is dropped afterwards; SQLite's lies in the folder."""
        if kind == "sqlite":
            file = folder / "shop.db"
            yield Database(kind, URL.create("sqlite", database=str(file)), file=file)
            return
        server = self.server(kind)
        name = server.create_database()
        try:
            yield Database(kind, server.url(name), server)
        finally:
            server.drop_database(name)

    def close(self) -> None:
        """Stop the servers."""
        for server in self._servers.values():
            if isinstance(server, Server):
                server.stop()
        self._servers.clear()
