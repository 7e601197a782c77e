"""
Servers that do not allow everything: users with few rights, databases that can only be read. What cannot be done is
named, and what can be done is done.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from stampledger import Ledger, NotALedger, RightsMissing, SchemaTooOld, StorageReadOnly
from stampledger.store.migrations.tables import Tables
from tests.ledger.shop import coffee
from tests.servers.database import Database
from tests.servers.postgresql import PostgreSQL
from tests.servers.server import PASSWORD, Server, ServerMissing
from tests.store.test_tables import by_hand

GUEST = "guest"
PUT_BACK = ("ALTER TABLE stampledger_head DROP COLUMN previous", "UPDATE stampledger_meta SET value = 1")
ROWS = "SELECT, INSERT, UPDATE, DELETE"


class Guest:
    """Somebody who may enter a database, and do there what was granted."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.url = database.url_with(username=GUEST)

    @property
    def name(self) -> str:
        return GUEST if self.database.kind == "postgresql" else f"{GUEST}@'127.0.0.1'"

    def grant(self, rights: str) -> None:
        """Give rights on whatever tables there are."""
        assert self.database.server is not None
        if self.database.kind == "postgresql":
            self.database.sql(f"GRANT {rights} ON ALL TABLES IN SCHEMA public TO {GUEST}")
        else:
            name = self.database.address.database
            self.database.server.as_admin(f"GRANT {rights} ON `{name}`.* TO {self.name}")

    def may(self, on_mariadb: str, on_postgresql: str) -> None:
        """Give rights on what there will be."""
        if self.database.kind == "mariadb":
            self.grant(on_mariadb)
        else:
            self.database.sql(f"GRANT {on_postgresql} ON SCHEMA public TO {GUEST}")

    def sql(self, *statements: str, username: str = GUEST) -> None:
        """Do some statements as the guest, or as somebody else."""
        engine = create_engine(self.database.address.set(username=username), poolclass=NullPool)
        with engine.begin() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)
        engine.dispose()


@pytest.fixture
def guest(served: Database) -> Iterator[Guest]:
    """A guest without rights."""
    server, guest = served.server, Guest(served)
    assert server is not None
    if served.kind == "postgresql":
        server.as_admin(f"CREATE ROLE {GUEST} LOGIN PASSWORD '{PASSWORD}'")
        yield guest
        guest.sql(f"DROP OWNED BY {GUEST}", username=server.admin)  # Whatever is the guest's goes with the guest.
        server.as_admin(f"DROP ROLE {GUEST}")
    else:
        server.as_admin(f"CREATE USER {guest.name} IDENTIFIED BY '{PASSWORD}'")
        guest.grant("SELECT")  # Without any right in it, a user may not even enter.
        yield guest
        server.as_admin(f"DROP USER {guest.name}")


@pytest.fixture
def kept(served: Database) -> Database:
    """A ledger with a card in it."""
    with Ledger.open(served.url, business="blue-cup") as ledger:
        ledger.issue_card(ledger.publish_template("free-coffee", coffee()))
    return served


# Rights.


def test_no_right_to_create(guest: Guest):
    """
    Who may not create tables is told so, and nothing is left behind.
    """
    with pytest.raises(RightsMissing):
        Ledger.open(guest.url, business="blue-cup")
    with pytest.raises(RightsMissing), Tables.open(guest.url, create=True) as tables:
        tables.create()

    with pytest.raises(NotALedger):
        Ledger.open(guest.url, business="blue-cup", create=False)
    with pytest.raises(NotALedger), Tables.open(guest.url) as tables:
        tables.check()
    with pytest.raises(NotALedger), Tables.open(guest.url) as tables:
        tables.upgrade()


def test_right_to_create(guest: Guest):
    """
    Who may create tables, and do as they like with the rows, needs no more to begin a ledger.
    """
    guest.may(f"{ROWS}, CREATE, INDEX", "CREATE")

    with Ledger.open(guest.url, business="blue-cup") as ledger:
        ledger.register_customer(name="Anna")
        assert () == ledger.verify().faults
    with Tables.open(guest.url) as tables:
        assert () == tables.check().faults


def test_right_to_upgrade(guest: Guest):
    """
    Who may also drop and change tables may upgrade them; on PostgreSQL it is for their owner.
    """
    guest.may(f"{ROWS}, CREATE, DROP, ALTER, INDEX", "CREATE")
    with Ledger.open(guest.url, business="blue-cup") as ledger:
        ledger.register_customer(name="Anna")
    guest.sql(*PUT_BACK)

    with Tables.open(guest.url) as tables:
        assert 1 == tables.upgrade()[0]

    with Ledger.open(guest.url, business="blue-cup") as ledger:
        assert () == ledger.verify().faults


def test_rights_on_rows_alone(kept: Database, guest: Guest):
    """
    Once the tables are there, no more is needed than to read, insert, change and delete rows.
    """
    guest.grant(ROWS)

    with Ledger.open(guest.url, business="blue-cup") as ledger:
        card = ledger.cards().rows[0].id
        assert "2/8" == str(ledger.add_stamps(card, 2, code="R-1").card.progress)
        ledger.register_customer(name="Anna")
        ledger.rebuild()
        assert () == ledger.verify().faults
    with Ledger.open(guest.url, business="red-cup") as ledger:
        assert 0 == ledger.seq


def test_right_to_read_alone(kept: Database, guest: Guest):
    """
    Who may only read can read and prove; whatever would write says why it cannot.
    """
    guest.grant("SELECT")

    with Ledger.open(guest.url, business="blue-cup", create=False) as ledger:
        card = ledger.cards().rows[0]
        assert ("0/8", ()) == (str(card.progress), ledger.verify().faults)
        for attempt in (lambda: ledger.add_stamps(card), lambda: ledger.register_customer(name="Anna"), ledger.rebuild):
            with pytest.raises(RightsMissing):
                attempt()
    with pytest.raises(RightsMissing):
        Ledger.open(guest.url, business="red-cup")


def test_no_right_to_upgrade(kept: Database, guest: Guest):
    """
    Who may not change tables cannot upgrade them; what was changed by hand is finished with rights on rows alone.
    """
    kept.sql(*PUT_BACK)
    guest.grant(ROWS)
    with pytest.raises(RightsMissing), Tables.open(guest.url) as tables:
        tables.upgrade()

    kept.sql(*by_hand(kept.kind, since=1))
    guest.grant(ROWS)
    with pytest.raises(SchemaTooOld, match="not finished"):
        Ledger.open(guest.url, business="blue-cup")
    with Tables.open(guest.url) as tables:
        tables.upgrade()

    with Ledger.open(guest.url, business="blue-cup") as ledger:
        assert () == ledger.verify().faults


# Databases that can only be read.


def read_only(url: str) -> None:
    """
    What can be read is read and proved; whatever would write says why it cannot.
    """
    with Ledger.open(url, business="blue-cup") as ledger:
        card = ledger.cards().rows[0]
        assert ("0/8", ()) == (str(card.progress), ledger.verify().faults)
        for attempt in (lambda: ledger.add_stamps(card), lambda: ledger.register_customer(name="Anna"), ledger.rebuild):
            with pytest.raises(StorageReadOnly):
                attempt()
    with pytest.raises(StorageReadOnly):
        Ledger.open(url, business="red-cup")
    with pytest.raises(StorageReadOnly):
        Ledger.open(url, business="blue-cup", prefix="loyal_")
    with Tables.open(url) as tables:
        assert () == tables.check().faults


def test_read_only_mariadb(mariadb: Database):
    """
    A replica of MariaDB can be read, and says that it cannot be written.
    """
    with Ledger.open(mariadb.url, business="blue-cup") as ledger:
        ledger.issue_card(ledger.publish_template("free-coffee", coffee()))
    assert mariadb.server is not None

    mariadb.server.as_admin("SET GLOBAL read_only = 1")
    try:
        read_only(mariadb.url)
    finally:
        mariadb.server.as_admin("SET GLOBAL read_only = 0")


@pytest.fixture
def own_server() -> Iterator[Server]:
    """A PostgreSQL of the test's own, since the whole of it is made a standby."""
    try:
        server = PostgreSQL()
    except ServerMissing as missing:
        pytest.skip(str(missing))
    yield server
    server.stop()


def test_standby_of_postgresql(own_server: Server):
    """
    A standby of PostgreSQL can be read, and says that it cannot be written.
    """
    url = own_server.url(own_server.create_database())
    with Ledger.open(url.render_as_string(hide_password=False), business="blue-cup") as ledger:
        ledger.issue_card(ledger.publish_template("free-coffee", coffee()))
    own_server.halt()
    Path(own_server.folder, "data", "standby.signal").touch()
    own_server.start()

    read_only(own_server.url(url.database).render_as_string(hide_password=False))
