"""
The fixtures that give a test an empty database; tests/conftest.py names this module as a plugin.

    database        one test for each engine: SQLite, PostgreSQL, MariaDB
    served          one test for each engine that is a server
    postgresql      a database of that engine
    mariadb         the same
    databases       makes further ones: `with databases.fresh("mariadb", tmp_path) as other`

Each pytest process has servers of its own, which start when they are first needed: that costs about half a second for
PostgreSQL and a whole one for MariaDB, and nothing is shared that one test could spoil for another process. Where a
server is not on the machine its tests are skipped, unless STAMPLEDGER_REQUIRE_SERVERS=1 says that it must be.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.database import KINDS, SERVERS, Database, Databases
from tests.servers.server import ServerMissing

REQUIRED = "STAMPLEDGER_REQUIRE_SERVERS"


@pytest.fixture(scope="session")
def databases() -> Iterator[Databases]:
    databases = Databases()
    try:
        yield databases
    finally:
        databases.close()


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest, databases: Databases, tmp_path: Path) -> Iterator[Database]:
    yield from given(databases, request.param, tmp_path)


@pytest.fixture(params=tuple(SERVERS))
def served(request: pytest.FixtureRequest, databases: Databases, tmp_path: Path) -> Iterator[Database]:
    yield from given(databases, request.param, tmp_path)


@pytest.fixture
def postgresql(databases: Databases, tmp_path: Path) -> Iterator[Database]:
    yield from given(databases, "postgresql", tmp_path)


@pytest.fixture
def mariadb(databases: Databases, tmp_path: Path) -> Iterator[Database]:
    yield from given(databases, "mariadb", tmp_path)


def given(databases: Databases, kind: str, folder: Path) -> Iterator[Database]:
    running(databases, kind)
    with databases.fresh(kind, folder) as database:
        yield database


def running(databases: Databases, kind: str) -> None:
    """Start what an engine needs; skip the test where it is not on this machine."""
    try:
        if kind in SERVERS:
            databases.server(kind)
    except ServerMissing as missing:
        unavailable(str(missing))


def unavailable(reason: str) -> None:
    if os.environ.get(REQUIRED) == "1":
        pytest.fail(f"{reason}, and {REQUIRED}=1 asks for it", pytrace=False)
    pytest.skip(reason)
