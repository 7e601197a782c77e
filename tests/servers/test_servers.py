"""
The servers that tests run on: empty databases, honest settings, and nothing left behind.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy.exc import DBAPIError

from tests.servers.database import SERVERS, Database, Databases
from tests.servers.fixtures import unavailable
from tests.servers.postgresql import PostgreSQL
from tests.servers.server import Server, ServerFailed, ServerMissing, program

SECONDS = 60.0


def test_empty_database(database: Database):
    """
    A test gets a database with nothing in it, and may make tables.
    """
    database.sql("CREATE TABLE orders (receipt VARCHAR(20))", "INSERT INTO orders VALUES ('R-1')")

    assert [("R-1",)] == database.sql("SELECT receipt FROM orders")


@pytest.mark.parametrize("turn", [1, 2])
def test_nothing_is_left_for_the_next_test(database: Database, turn: int):
    """
    What one test makes the next one does not find.
    """
    database.sql(f"CREATE TABLE orders (turn_{turn} INTEGER)")


def test_database_that_is_in_use_is_dropped(databases: Databases, served: Database, tmp_path: Path):
    """
    A connection that a test forgot, in the middle of a transaction, does not keep its database.
    """
    with databases.fresh(served.kind, tmp_path) as other:
        other.sql("CREATE TABLE orders (receipt VARCHAR(20))")
        with other.engine() as engine:
            forgotten = engine.connect()
            forgotten.exec_driver_sql("INSERT INTO orders VALUES ('R-1')")

    with pytest.raises(DBAPIError):
        other.sql("SELECT 1")
    forgotten.invalidate()


def test_wrong_password(served: Database):
    """
    The password is asked for, so that a test of a wrong one means something.
    """
    wrong = Database(served.kind, served.address.set(password="wrong"))

    with pytest.raises(DBAPIError, match=r"(?i)password|denied"):
        wrong.sql("SELECT 1")


def test_commits_reach_the_disk(postgresql: Database, mariadb: Database):
    """
    What is measured and killed here is as durable as in production.
    """
    assert [("on", "on")] == postgresql.sql("SELECT current_setting('fsync'), current_setting('synchronous_commit')")
    assert [(1,)] == mariadb.sql("SELECT @@innodb_flush_log_at_trx_commit")


def test_settings_that_nothing_may_depend_on(postgresql: Database, mariadb: Database):
    """
    The servers' clocks show another place's time, and MariaDB compares text loosely: as it may be in a shop.
    """
    assert [("Asia/Kathmandu",)] == postgresql.sql("SELECT current_setting('timezone')")
    assert [("+05:45", 1)] == mariadb.sql("SELECT @@time_zone, 'r-1 ' = 'R-1'")


@pytest.mark.parametrize("kind", SERVERS)
def test_killed_and_started_again(databases: Databases, kind: str, tmp_path: Path):
    """
    A server that was killed comes back with what was committed, and without what was not.
    """
    with own(kind) as server:
        database = Database(kind, server.url(server.create_database()))
        database.sql("CREATE TABLE orders (receipt VARCHAR(20))")
        database.sql("INSERT INTO orders VALUES ('R-1')")
        with database.engine() as engine:
            open_ = engine.connect()
            open_.exec_driver_sql("INSERT INTO orders VALUES ('R-2')")

            server.kill()
            with pytest.raises(DBAPIError):
                database.sql("SELECT 1")
            open_.invalidate()
        server.start()

        again = Database(kind, database.address.set(port=server.port))
        assert [("R-1",)] == again.sql("SELECT receipt FROM orders")
    assert not server.folder.exists()


def own(kind: str) -> Server:
    """A server that this test may ill-treat."""
    try:
        return SERVERS[kind]()
    except ServerMissing as missing:
        unavailable(str(missing))
        raise


STARTED = """
import sys, time
from tests.servers.database import SERVERS
server = SERVERS[sys.argv[1]]()
print(server.folder, server.port, flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGINT])
@pytest.mark.parametrize("kind", SERVERS)
def test_whoever_started_it_is_killed(databases: Databases, kind: str, ending: signal.Signals):
    """
    A server ends with the process that started it, even a killed one, and its folder goes as well.
    """
    own(kind).stop()
    starter = subprocess.Popen(
        [sys.executable, "-c", STARTED, kind], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert starter.stdout is not None
    folder, port = starter.stdout.readline().split()
    assert Path(folder).exists()

    starter.send_signal(ending)
    starter.communicate(timeout=SECONDS)

    until = time.monotonic() + SECONDS
    while Path(folder).exists() and time.monotonic() < until:
        time.sleep(0.05)
    assert not Path(folder).exists()
    with pytest.raises(DBAPIError):
        Database(kind, SERVERS[kind].url_at(int(port))).sql("SELECT 1")


def test_server_that_does_not_start():
    """
    A server that fails says why, in its own words, and leaves nothing.
    """
    own("postgresql").stop()
    made: list[Path] = []

    class Broken(PostgreSQL):
        def _command(self) -> list[str]:
            made.append(self.folder)
            return [*super()._command(), "-c", "shared_buffers=lots"]

    with pytest.raises(ServerFailed, match="invalid value for parameter"):
        Broken()

    assert not made[0].exists()


def test_server_that_is_not_there(monkeypatch: pytest.MonkeyPatch):
    """
    Without its programs a test is skipped, with the reason; where servers are required it fails.
    """
    monkeypatch.setenv("PATH", os.devnull)
    with pytest.raises(ServerMissing, match="no-such-server is not on this machine"):
        program("no-such-server")

    monkeypatch.delenv("STAMPLEDGER_REQUIRE_SERVERS", raising=False)
    with pytest.raises(pytest.skip.Exception, match="not here"):
        unavailable("not here")
    monkeypatch.setenv("STAMPLEDGER_REQUIRE_SERVERS", "1")
    with pytest.raises(pytest.fail.Exception, match="not here"):
        unavailable("not here")
