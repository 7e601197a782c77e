"""
The database on each server that the tests of the ledger use one after the other.
"""

from contextlib import ExitStack
from pathlib import Path

from sqlalchemy import Engine, inspect
from sqlalchemy.pool import QueuePool

from tests.servers.database import Database, Databases
from tests.servers.fixtures import running


class Kept:
    """A database on each server, made once and emptied for each test: that is ten times quicker than a fresh one."""

    def __init__(self, databases: Databases, folder: Path, stack: ExitStack) -> None:
        self._databases = databases
        self._folder = folder
        self._stack = stack
        self._kept: dict[str, tuple[Database, Engine]] = {}
        self._tables: dict[str, list[str]] = {}

    def emptied(self, kind: str) -> Database:
        running(self._databases, kind)
        if kind not in self._kept:
            database = self._stack.enter_context(self._databases.fresh(kind, self._folder))
            self._kept[kind] = database, self._stack.enter_context(database.engine(poolclass=QueuePool))
        database, engine = self._kept[kind]
        if not self._tables.get(kind):
            names = inspect(engine).get_table_names()
            self._tables[kind] = [name for name in names if name.startswith("stampledger_")]
        with engine.begin() as connection:
            for name in self._tables[kind]:
                if name != "stampledger_meta":
                    connection.exec_driver_sql(f"DELETE FROM {name}")
        return database
