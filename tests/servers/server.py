"""
A database server of the tests' own: made in a temporary folder, on a free port of the loopback, with a password.

It is as quick to start as an honest server can be: small caches, but every commit reaches the disk.
"""

import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar, Self

from sqlalchemy import Engine, create_engine
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

HOST = "127.0.0.1"
USER = "stampledger"
PASSWORD = "eight stamps"
START_SECONDS = 60.0
STOP_SECONDS = 30.0
LOOK_SECONDS = 0.02
ATTEMPTS = 3  # Another process may take the free port before the server does.
CONNECTIONS = 200

KEEPER = Path(__file__).with_name("keeper.py")


class ServerMissing(Exception):
    """There is no such server on this machine."""


class ServerFailed(Exception):
    """The server is there and does not start."""


class Server(ABC):
    """A running server, until it is stopped; databases are made on it and dropped again."""

    kind: ClassVar[str]
    driver: ClassVar[str]
    accounts: ClassVar[tuple[str, ...]]  # Who may run it where root may not, the first that exists.
    stop_signal: ClassVar[str]
    admin: ClassVar[str]
    admin_database: ClassVar[str | None] = None

    def __init__(self) -> None:
        self.port = 0
        self._account = self._find_account()
        self._keeper: subprocess.Popen[str] | None = None
        self._made = 0
        self.folder = Path(tempfile.mkdtemp(prefix=f"stampledger-{self.kind}-"))
        try:
            if self._account:
                os.chown(self.folder, pwd.getpwnam(self._account).pw_uid, -1)
            self._install()
            self.start()
            self._prepare()
        except BaseException:
            self.stop()
            raise

    # What each kind does in its own way.

    @abstractmethod
    def _install(self) -> None:
        """Make the data folder."""

    @abstractmethod
    def _command(self) -> list[str]:
        """The command that runs the server on `port`."""

    @abstractmethod
    def _prepare(self) -> None:
        """Make the user whom the tests come as."""

    @abstractmethod
    def _create(self, name: str) -> list[str]:
        """The statements that make a database that belongs to the tests' user."""

    @abstractmethod
    def _drop(self, name: str) -> list[str]:
        """The statements that drop a database, whoever is still connected."""

    # From here on all are alike.

    def start(self) -> None:
        """Start the server, for the first time or again after `kill` or `halt` (then on another port)."""
        for attempt in range(ATTEMPTS):
            self.port = free_port()
            self._keep()
            if self._is_ready():
                return
            self._end("halt")
            if attempt == ATTEMPTS - 1:
                raise ServerFailed(f"{self.kind} did not start; its log:\n{self.log()}")

    def kill(self) -> None:
        """End the server as a power cut does; `start` brings it back with what it had made durable."""
        self._end("kill")

    def halt(self) -> None:
        """End the server in good order; `start` brings it back."""
        self._end("halt")

    def stop(self) -> None:
        """End the server for good."""
        self._end("")
        shutil.rmtree(self.folder, ignore_errors=True)

    def log(self) -> str:
        """What the server has said, its end at least."""
        with suppress(OSError):
            return (self.folder / "log").read_text(errors="replace")[-10_000:]
        return "(none)"

    def create_database(self) -> str:
        """Make an empty database, with a name that was not used before."""
        self._made += 1
        name = f"{USER}_{os.getpid()}_{self._made}"
        self.as_admin(*self._create(name))
        return name

    def drop_database(self, name: str) -> None:
        """Drop a database, whoever is still connected to it."""
        self.as_admin(*self._drop(name))

    def url(self, database: str | None, **parts: Any) -> URL:
        """Where a database is for the tests' user; a password, a port, … of the test's choice take their place."""
        return self.url_at(self.port, database=database, **parts)

    @classmethod
    def url_at(cls, port: int, **parts: Any) -> URL:
        """The same for a port."""
        own: dict[str, Any] = dict(username=USER, password=PASSWORD, host=HOST, port=port)
        return URL.create(cls.driver, **own | parts)

    def as_admin(self, *statements: str) -> list[Any]:
        """Do what only the administrator may, each statement by itself; answers the rows of the last."""
        engine = self._admin_engine()
        rows: list[Any] = []
        with engine.connect() as connection:
            for statement in statements:
                result = connection.exec_driver_sql(statement)
                rows = list(result) if result.returns_rows else []
        engine.dispose()
        return rows

    def _admin_engine(self) -> Engine:
        url = self.url(self.admin_database, username=self.admin)
        return create_engine(
            url, poolclass=NullPool, isolation_level="AUTOCOMMIT", connect_args={"connect_timeout": 10}
        )

    def _find_account(self) -> str:
        if os.geteuid() != 0:
            return ""
        for account in (*self.accounts, "nobody"):
            with suppress(KeyError):
                return pwd.getpwnam(account).pw_name
        raise ServerMissing(f"{self.kind} does not run as root, and there is no user {' or '.join(self.accounts)}")

    def _run(self, *command: str) -> None:
        """Run a program of the server's to its end, as the server's user."""
        whose: dict[str, Any] = {}
        if self._account:
            whose = dict(user=self._account, group=pwd.getpwnam(self._account).pw_gid, extra_groups=[])
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=START_SECONDS,
            cwd=self.folder,
            **whose,
        )
        if done.returncode:
            raise ServerFailed(f"{' '.join(command)} failed:\n{done.stdout}\n{done.stderr}")

    def _keep(self) -> None:
        self._keeper = subprocess.Popen(
            [
                *(sys.executable, "-I", "-S", str(KEEPER)),
                *(self._account, self.stop_signal, str(self.folder), *self._command()),
            ],
            stdin=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def _is_ready(self) -> bool:
        """Wait until the server answers; false where it ended instead."""
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            assert self._keeper is not None
            if self._keeper.poll() is not None:
                return False
            if (self.folder / "log").exists() and self._answers():
                return True
            time.sleep(LOOK_SECONDS)
        return False

    def _answers(self) -> bool:
        try:
            self.as_admin("SELECT 1")
        except DBAPIError:
            return False
        return True

    def _end(self, order: str) -> None:
        keeper, self._keeper = self._keeper, None
        if keeper is None:
            return
        with suppress(OSError):
            keeper.communicate(f"{order}\n" if order else "", timeout=STOP_SECONDS)
        if keeper.poll() is None:
            keeper.kill()
            keeper.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind((HOST, 0))
        port: int = listening.getsockname()[1]
        return port


def program(name: str, *folders: Path) -> str:
    """Where a program is, in the folders given or on the path.

    Raises:
        ServerMissing: It is nowhere.
    """
    for folder in folders:
        if os.access(folder / name, os.X_OK):
            return str(folder / name)
    found = shutil.which(name)
    if found is None:
        raise ServerMissing(f"the program {name} is not on this machine")
    return found
