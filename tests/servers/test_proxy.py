"""
The wire that can be cut: the drivers see an error, and the database tells what really happened.
"""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import psycopg
import pymysql
import pytest

from tests.servers.database import Database
from tests.servers.proxy import Proxy, commits

SECONDS = 10.0


@pytest.fixture
def proxy(served: Database) -> Iterator[Proxy]:
    assert served.server is not None
    served.sql("CREATE TABLE orders (receipt VARCHAR(20))")
    with Proxy(served.server.port) as proxy:
        yield proxy


def connected(database: Database, port: int, *, autocommit: bool = False) -> Any:
    """The driver itself, without SQLAlchemy."""
    place = database.address
    if database.kind == "postgresql":
        return psycopg.connect(
            host=place.host, port=port, user=place.username, password=place.password, dbname=place.database,
            autocommit=autocommit, connect_timeout=10,
        )  # fmt: skip
    return pymysql.connect(
        host=place.host, port=port, user=place.username, password=place.password or "", database=place.database,
        autocommit=autocommit, connect_timeout=10,
    )  # fmt: skip


LOST = (psycopg.OperationalError, pymysql.OperationalError)


def orders(database: Database) -> list[str]:
    return [row[0] for row in database.sql("SELECT receipt FROM orders ORDER BY receipt")]


def test_passes_on(served: Database, proxy: Proxy):
    """
    A wire that is left alone changes nothing, however long the answer.
    """
    with closing(connected(served, proxy.port)) as raw, closing(raw.cursor()) as cursor:
        cursor.execute("INSERT INTO orders VALUES ('R-1')")
        raw.commit()
        cursor.execute("SELECT repeat('x', 1000000)")

        assert 1_000_000 == len(cursor.fetchone()[0])
    assert ["R-1"] == orders(served)
    assert 1 == sum(map(commits, proxy.sent))


@pytest.mark.parametrize("after", [True, False], ids=["after", "before"])
def test_cut_at_the_commit(served: Database, proxy: Proxy, after: bool):
    """
    Cut after the commit, it has happened although the client saw an error; cut before, it has not.
    """
    with closing(connected(served, proxy.port)) as raw:
        raw.cursor().execute("INSERT INTO orders VALUES ('R-1')")
        cut = proxy.cut(after=after, when=commits)

        with pytest.raises(LOST):
            raw.commit()

        assert cut.done.wait(SECONDS)
    assert (["R-1"] if after else []) == orders(served)


@pytest.mark.parametrize("after", [True, False], ids=["after", "before"])
def test_cut_at_a_statement_that_commits_by_itself(served: Database, proxy: Proxy, after: bool):
    """
    The same where nothing that is sent has the word COMMIT in it.
    """
    with closing(connected(served, proxy.port, autocommit=True)) as raw:
        cut = proxy.cut(after=after)

        with pytest.raises(LOST):
            raw.cursor().execute("INSERT INTO orders VALUES ('R-1')")

        assert cut.done.wait(SECONDS)
    assert (["R-1"] if after else []) == orders(served)


def test_cut_later(served: Database, proxy: Proxy):
    """
    What comes before the chosen moment goes through, and so does what comes on a new wire.
    """
    with closing(connected(served, proxy.port, autocommit=True)) as raw:
        proxy.cut(after=False, when=lambda sent: b"INSERT" in sent, skip=2)

        for number in (1, 2):
            raw.cursor().execute(f"INSERT INTO orders VALUES ('R-{number}')")
        with pytest.raises(LOST):
            raw.cursor().execute("INSERT INTO orders VALUES ('R-3')")

    with closing(connected(served, proxy.port, autocommit=True)) as raw:
        raw.cursor().execute("INSERT INTO orders VALUES ('R-4')")
    assert ["R-1", "R-2", "R-4"] == orders(served)


def test_cut_all(served: Database, proxy: Proxy):
    """
    Every wire can be cut at once, as when a switch is turned off; what was not committed is gone.
    """
    with closing(connected(served, proxy.port)) as raw:
        raw.cursor().execute("INSERT INTO orders VALUES ('R-1')")
        proxy.cut_all()

        with pytest.raises(LOST):
            raw.commit()

    assert [] == orders(served)
