"""
What goes wrong at a database server is an error of ours by its name, which tells no secret; the next call works once
the cause is gone.
"""

import shutil
import subprocess
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pymysql
import pytest
from sqlalchemy import create_engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from stampledger import (
    BusinessNotFound,
    Conflict,
    InvalidInput,
    Ledger,
    OutcomeUnknown,
    StampledgerError,
    StorageError,
)
from stampledger.errors import (
    LoginRefused,
    NotALedger,
    RightsMissing,
    StatementTimedOut,
    StorageFull,
    StorageReadOnly,
    StorageUnreachable,
)
from stampledger.store.database import backend_of
from stampledger.store.session import Session
from tests.ledger.shop import coffee
from tests.servers.database import SERVERS, Database
from tests.servers.proxy import Proxy
from tests.servers.server import CONNECTIONS, HOST, PASSWORD, USER, Server

SECONDS = 60.0
SECRETS = (PASSWORD, "eight", "Anna Secret", "anna@secret.example")


@pytest.fixture
def ledger(served: Database) -> Iterator[Ledger]:
    with Ledger.open(served.url, business="blue-cup") as ledger:
        ledger.publish_template("free-coffee", coffee(1_000))
        yield ledger


@pytest.fixture
def card(ledger: Ledger) -> UUID:
    return ledger.issue_card("free-coffee").card.id


def told(error: BaseException) -> str:
    """All that a log would show of an error."""
    return "".join((str(error), repr(error), *traceback.format_exception(error)))


def refused(kind: type[StampledgerError], url: str, **options: Any) -> str:
    with pytest.raises(StampledgerError) as caught:
        Ledger.open(url, business="blue-cup", **options)
    shown = told(caught.value)
    assert kind is type(caught.value), shown
    assert not [secret for secret in SECRETS if secret in str(caught.value) + repr(caught.value)]
    assert PASSWORD not in shown
    return str(caught.value)


# Opening.


def test_unreachable(served: Database):
    """
    Nobody listens there.
    """
    refused(StorageUnreachable, served.url_with(port=1))


def test_unknown_host(served: Database):
    """
    There is no such host.
    """
    refused(StorageUnreachable, served.url_with(host="no-such-host.invalid"))


def test_wrong_password(served: Database):
    """
    The server does not let this user in.
    """
    refused(LoginRefused, served.url_with(password="Anna Secret"))


def test_unknown_user(served: Database):
    """
    The server knows no such user.
    """
    refused(LoginRefused, served.url_with(username="nobody_at_all"))


def test_unknown_database(served: Database):
    """
    The server has no such database, or does not say whether it has.
    """
    kinds = {"postgresql": StorageUnreachable, "mariadb": StorageUnreachable}
    refused(kinds[served.kind], served.url_with(database=f"{USER}_nothing"))


def test_user_without_rights(served: Database):
    """
    A user who may connect and no more is told so, at whatever it may not do; once it may, it works.
    """
    server = served.server
    assert server is not None
    name, database = f"guest_{served.address.database}"[-30:], served.address.database
    if served.kind == "postgresql":
        made = [f"CREATE ROLE {name} LOGIN PASSWORD '{PASSWORD}'"]
        granted = [f"GRANT {USER} TO {name}"]
        gone = [f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {name}", f"DROP ROLE {name}"]
    else:
        made = [
            f"CREATE USER {name}@'127.0.0.1' IDENTIFIED BY '{PASSWORD}'",
            f"GRANT SELECT ON {database}.* TO {name}@'127.0.0.1'",
        ]
        granted = [f"GRANT ALL ON {database}.* TO {name}@'127.0.0.1'"]
        gone = ["", f"DROP USER {name}@'127.0.0.1'"]
    url = served.url_with(username=name)
    server.as_admin(*made)
    try:
        refused(RightsMissing, url)
        with Ledger.open(served.url, business="blue-cup") as ledger:
            card = ledger.issue_card(ledger.publish_template("free-coffee", coffee())).card.id
        if served.kind == "postgresql":
            served.sql(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {name}")
        with Ledger.open(url, business="blue-cup", create=False) as guest:
            assert "0/8" == str(guest.progress(card))
            with pytest.raises(RightsMissing):
                guest.add_stamps(card)
            with pytest.raises(RightsMissing):
                guest.rebuild()
            server.as_admin(*granted)
            if served.kind == "mariadb":  # A connection keeps the rights it came with for its database.
                guest._store._writer._leave()
                guest._store.engine.dispose()
            assert "1/8" == str(guest.add_stamps(card).card.progress)
    finally:
        served.sql(*gone[:1]) if served.kind == "postgresql" else None
        server.as_admin(*gone[1:])


def test_empty_database_that_may_not_be_made(served: Database):
    """
    Who only wants to look finds no ledger, or none of this business, and makes nothing.
    """
    refused(NotALedger, served.url, create=False)
    with Ledger.open(served.url, business="red-cup"):
        refused(BusinessNotFound, served.url, create=False)


def test_too_many_connections(served: Database, ledger: Ledger, card: UUID):
    """
    A server that takes no more connections is not reachable, until it does again.
    """
    server, database = served.server, served.address.database
    assert server is not None
    with ExitStack() as held:
        if served.kind == "postgresql":
            server.as_admin(f"ALTER DATABASE {database} CONNECTION LIMIT 1")
            held.callback(server.as_admin, f"ALTER DATABASE {database} CONNECTION LIMIT -1")
        else:
            server.as_admin("SET GLOBAL max_connections = 10")
            held.callback(server.as_admin, f"SET GLOBAL max_connections = {CONNECTIONS}")
            guests = create_engine(served.url, poolclass=NullPool)
            with suppress(OperationalError):
                while True:
                    held.callback(guests.connect().close)
        refused(StorageUnreachable, served.url)
        ledger._store.engine.dispose()
        said = {failure(lambda: held.enter_context(ledger._store.reading())) for _ in range(2)}
        assert StorageUnreachable in map(type, said)  # On MariaDB there may be room for the one that was given back.
        ledger.add_stamps(card)  # The writer has its own.

    assert 1 == ledger.card(card).stamps_total


# Waiting.


HASTY = {
    "postgresql": "?options=-c%20statement_timeout%3D300%20-c%20lock_timeout%3D200",
    "mariadb": "?init_command=SET%20SESSION%20max_statement_time%3D0.3,innodb_lock_wait_timeout%3D1",
}
SLEEPY = {"postgresql": "SELECT pg_sleep(5)", "mariadb": "SELECT SLEEP(5)"}


def test_statement_past_its_deadline(served: Database):
    """
    A statement that takes longer than the URL allows is cancelled; the next one is carried out.
    """
    with Ledger.open(served.url + HASTY[served.kind], business="blue-cup") as ledger:
        card = ledger.issue_card(ledger.publish_template("free-coffee", coffee())).card.id

        def slow(session: Session) -> None:
            session.cursor.execute(SLEEPY[served.kind])
            session.cursor.fetchall()

        with pytest.raises(StatementTimedOut):
            ledger._store.write(slow)
        with pytest.raises(StatementTimedOut), ledger._store.reading() as session:
            slow(session)

        assert ("1/8", "1/8") == (str(ledger.add_stamps(card).card.progress), str(ledger.progress(card)))


def test_lock_past_its_deadline(served: Database, ledger: Ledger, card: UUID):
    """
    Who waits for another writer longer than the URL allows has a conflict, soon; afterwards it writes.
    """
    other = create_engine(served.url)
    with Ledger.open(served.url + HASTY[served.kind], business="blue-cup") as hasty, other.connect() as holder:
        ledger.using(holder).add_stamps(card)
        began = time.monotonic()
        with pytest.raises((Conflict, StatementTimedOut)):
            hasty.add_stamps(card)
        assert time.monotonic() - began < 5
        holder.commit()

        assert 2 == hasty.add_stamps(card).card.stamps_total
    other.dispose()


def test_lock_past_the_usual_deadline(served: Database, ledger: Ledger, card: UUID):
    """
    Where the URL says nothing a writer waits for ten seconds.
    """
    other = create_engine(served.url)
    with other.connect() as holder, Ledger.open(served.url, business="blue-cup") as patient:
        ledger.using(holder).add_stamps(card)
        began = time.monotonic()
        with pytest.raises(Conflict):
            patient.add_stamps(card)
        assert 9 < time.monotonic() - began < 15
    other.dispose()


# Servers that go away and come back.


def test_connections_are_cut_between_two_calls(served: Database):
    """
    Where the server was restarted between two calls, whoever reads and whoever writes connects again by itself.
    """
    engine = create_engine(served.url, pool_size=4)  # Without a ping before each use.
    with Ledger(engine, business="blue-cup") as ledger:
        card = ledger.issue_card(ledger.publish_template("free-coffee", coffee())).card.id
        for turn in range(2):
            connections = [engine.connect() for _ in range(4)]
            for connection in connections:
                connection.close()
            cut(served)

            if turn:
                assert "1/8" == str(ledger.progress(card))
                ledger._store.end()
            assert turn + 1 == ledger.add_stamps(card).card.stamps_total
            assert turn + 1 == ledger.card(card).stamps_total
            with engine.begin() as connection:
                assert ledger.using(connection).seq == ledger.seq
    engine.dispose()


def cut(database: Database) -> None:
    """End every connection to a database, as a restart does."""
    assert database.server is not None
    name = database.address.database
    if database.kind == "postgresql":
        database.server.as_admin(
            f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{name}'"
        )
        return
    for (number,) in database.server.as_admin(f"SELECT id FROM information_schema.processlist WHERE db = '{name}'"):
        with suppress(Exception):
            database.server.as_admin(f"KILL {number}")


@pytest.fixture
def own(served: Database) -> Iterator[Server]:
    """A server of the test's own, which it may stop and start."""
    server = SERVERS[served.kind]()
    try:
        yield server
    finally:
        server.stop()


def test_server_is_down_for_a_while(own: Server):
    """
    While the server is down every call says so by name, whatever it asks; when it is back the next call works.
    """
    address = own.url(own.create_database())
    with Proxy(own.port) as proxy:
        url = address.set(port=proxy.port).render_as_string(hide_password=False)
        with Ledger.open(url, business="blue-cup") as ledger:
            card = ledger.issue_card(ledger.publish_template("free-coffee", coffee())).card.id
            ledger.add_stamps(card)
            other = Ledger.open(url, business="blue-cup")
            engine = create_engine(url)
            calls: dict[str, Callable[[], object]] = {
                "write": lambda: ledger.add_stamps(card),
                "read": lambda: ledger.card(card),
                "list": lambda: ledger.cards(),
                "walk": lambda: list(ledger.entries()),
                "prove": lambda: ledger.verify(),
                "rebuild": lambda: ledger.rebuild(),
                "end": lambda: ledger._store.end(),
                "open": lambda: Ledger.open(url, business="blue-cup"),
                "close": lambda: other.close(),
            }

            own.halt()
            said = {name: failure(call) for name, call in calls.items()}

            unreachable = dict.fromkeys(calls, StorageUnreachable)
            assert {**unreachable, "close": None} == {name: error and type(error) for name, error in said.items()}
            assert not [error for error in said.values() if error and PASSWORD in told(error)]

            own.start()
            proxy._target = (HOST, own.port)
            assert "2/8" == str(ledger.add_stamps(card).card.progress)
            assert "2/8" == str(ledger.progress(card))
            with engine.begin() as connection:
                ledger.using(connection).add_stamps(card)
            assert ("3/8", ()) == (str(ledger.progress(card)), ledger.verify().faults)
            engine.dispose()


def failure(call: Callable[[], object]) -> BaseException | None:
    try:
        call()
    except Exception as error:
        return error
    return None


def test_cut_while_walking(served: Database):
    """
    A walk over the Journal that loses its connection goes on with another at its next batch, or names what happened.
    """
    assert served.server is not None
    with (
        Proxy(served.server.port) as proxy,
        Ledger.open(served.url_with(port=proxy.port), business="blue-cup") as ledger,
    ):
        ledger.issue_card(ledger.publish_template("free-coffee", coffee()))
        walk = ledger.entries()
        next(walk)
        proxy.cut_all()

        assert 1 == len(list(walk))
        proxy.cut(after=True, when=lambda sent: b"stampledger_journal" in sent)
        with pytest.raises(StorageUnreachable):
            list(ledger.entries())
        assert 2 == len(list(ledger.entries()))


# No room.


def test_disk_full(own: Server, tmp_path: Path):
    """
    Where the server's disk is full nothing is half written; the next call works once there is room again.
    """
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o777)
    mounted = ["mount", "-t", "tmpfs", "-o", "size=24m,mode=0777", "tmpfs", str(folder)]
    try:
        subprocess.run(mounted, check=True, capture_output=True, timeout=SECONDS)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("only root may mount a small file system")
    try:
        if own.kind == "postgresql":
            place = folder / "place"
            place.mkdir(mode=0o700)
            shutil.chown(place, own._account)
            own.as_admin(f"CREATE TABLESPACE small LOCATION '{place}'")
            own.as_admin(f"CREATE DATABASE stampledger_full OWNER {USER} TABLESPACE small")
        else:
            place = folder / "place"
            place.mkdir(mode=0o777)
            place.chmod(0o777)
            (own.folder / "data" / "stampledger_full").symlink_to(place)
        url = own.url("stampledger_full").render_as_string(hide_password=False)
        with Ledger.open(url, business="blue-cup") as ledger:
            card = ledger.issue_card(ledger.publish_template("free-coffee", coffee())).card.id
            ballast = folder / "ballast"
            with ballast.open("wb", buffering=0) as file, suppress(OSError):
                while file.write(b"x" * 4096):
                    pass
            written = fill(ledger, card)
            assert written == ledger.card(card).stamps_total

            ballast.unlink()
            ledger.add_stamps(card)
            assert (written + 1, ()) == (ledger.card(card).stamps_total, ledger.verify().faults)
    finally:
        own.stop()
        subprocess.run(["umount", "--lazy", str(folder)], check=True, timeout=SECONDS)


def fill(ledger: Ledger, card: UUID) -> int:
    """Stamp until there is no room; answer how often it worked."""
    for written in range(5_000):
        error = failure(lambda: ledger.add_stamps(card, code=f"R-{written}-{'x' * 150}"))  # noqa: B023
        if error is not None:
            assert (StorageFull, False) == (type(error), "xxx" in told(error))
            return written
    raise AssertionError("there is room without end")


# What each engine says, and what it is called here. Those that cannot be brought about are told by hand.


SAID: list[tuple[str, str | int, type[StampledgerError], type[StampledgerError]]] = [
    ("postgresql", "53100", StorageFull, StorageFull),
    ("postgresql", "40001", Conflict, Conflict),
    ("postgresql", "40P01", Conflict, Conflict),
    ("postgresql", "40003", StorageUnreachable, OutcomeUnknown),
    ("postgresql", "57P01", StorageUnreachable, OutcomeUnknown),
    ("postgresql", "08006", StorageUnreachable, OutcomeUnknown),
    ("postgresql", "25006", StorageReadOnly, StorageReadOnly),
    ("postgresql", "57014", StatementTimedOut, StatementTimedOut),
    ("postgresql", "25P02", StorageError, StorageError),
    ("postgresql", "22P02", StorageError, StorageError),
    ("mariadb", 1021, StorageFull, StorageFull),
    ("mariadb", 1114, StorageFull, StorageFull),
    ("mariadb", 1205, Conflict, Conflict),
    ("mariadb", 1213, Conflict, Conflict),
    ("mariadb", 2013, StorageUnreachable, OutcomeUnknown),
    ("mariadb", 1290, StorageReadOnly, StorageReadOnly),
    ("mariadb", 1969, StatementTimedOut, StatementTimedOut),
    ("mariadb", 1366, StorageError, OutcomeUnknown),
]


@pytest.mark.parametrize(("kind", "number", "named", "committing"), SAID)
def test_names(kind: str, number: str | int, named: type[Exception], committing: type[Exception]):
    """
    Every error has its name, and while committing only what says that nothing was committed is believed.
    """
    engine = create_engine(SERVERS[kind].url_at(1, database="nothing"))
    backend = backend_of(engine, None, "full")
    error: Exception
    if kind == "postgresql":
        error = psycopg.errors.lookup(str(number))("Key (name)=(Anna Secret) is wrong")
    else:
        error = pymysql.err.OperationalError(number, "Duplicate entry 'Anna Secret'")

    for kind_of_error, is_committing in ((named, False), (committing, True)):
        with pytest.raises(StampledgerError) as caught, backend.translated(committing=is_committing):
            raise error
        assert kind_of_error is type(caught.value)
        assert "Anna" not in told(caught.value)


# Text.


TEXTS = (
    "R-1",
    "r-1",
    "R-1 ",
    " R-1",
    "R-é",
    "R-e\u0301",
    "R-☕",
    "R-😀",
    "R-\u00df",
    "R-ss",
    "R-%",
    "R-_",
    "R-\\",
    "R-'",
    "R-?",
)


@pytest.mark.parametrize("odd", ["", "?charset=utf8mb4"])
def test_codes_are_what_they_are(database: Database, odd: str):
    """
    Codes that look alike are different codes: case, accents, spaces at the end and other planes of Unicode count.
    """
    with Ledger.open(database.url + (odd if database.kind == "mariadb" else ""), business="blue-cup") as ledger:
        card = ledger.issue_card(ledger.publish_template("free-coffee", coffee(1_000))).card.id
        for number, code in enumerate(TEXTS, 1):
            scan = ledger.add_stamps(card, code=code, idempotency_key=code, actor=code)
            assert (False, number) == (scan.repeated, scan.card.stamps_total)

        assert list(TEXTS) == [entry.code for entry in ledger.entries(after=2)]
        assert [1] * len(TEXTS) == [len(ledger.journal(code=code)) for code in TEXTS]
        assert () == ledger.verify().faults


@pytest.mark.parametrize("bad", ["R\0", "R\ud800", "\udfff", "x" * 100_000])
def test_text_that_cannot_be_stored(database: Database, bad: str):
    """
    Text that an engine could not store, or would store otherwise, is refused by name wherever it is given.
    """
    with Ledger.open(database.url, business="blue-cup") as ledger:
        card = ledger.issue_card(ledger.publish_template("free-coffee", coffee())).card.id
        calls: list[Callable[[], object]] = [
            lambda: ledger.add_stamps(card, code=bad),
            lambda: ledger.add_stamps(card, actor=bad),
            lambda: ledger.add_stamps(card, idempotency_key=bad),
            lambda: ledger.register_customer(name=bad),
            lambda: ledger.cards(search=bad),
            lambda: ledger.journal(search=bad),
            lambda: ledger.journal(code=bad),
            lambda: ledger.why(bad),
            lambda: ledger.redeem(redeem_code=bad, card=card),
        ]
        before = ledger.seq

        assert [InvalidInput] * len(calls) == [type(failure(call)) for call in calls]
        assert before == ledger.seq


@pytest.mark.parametrize("charset", ["latin1", "utf8mb3"])
def test_connection_that_speaks_less_than_unicode(mariadb: Database, charset: str):
    """
    A connection that would turn some names into question marks is not used.
    """
    refused(InvalidInput, f"{mariadb.url}?charset={charset}")


def test_database_that_holds_less_than_unicode(postgresql: Database):
    """
    Nor is a database that cannot hold every name.
    """
    assert postgresql.server is not None
    name = f"{postgresql.address.database}_latin"
    postgresql.server.as_admin(f"CREATE DATABASE {name} OWNER {USER} ENCODING 'LATIN1' TEMPLATE template0")
    try:
        refused(InvalidInput, postgresql.url_with(database=name))
    finally:
        postgresql.server.drop_database(name)
