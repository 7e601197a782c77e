"""A throw-away PostgreSQL server that keeps what it acknowledges, on a free port of this machine alone."""

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import time
from contextlib import AbstractContextManager
from importlib.util import find_spec
from pathlib import Path
from signal import SIGINT
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Self

STARTS_WITHIN = 60.0  # Seconds.
OPTIONS = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "max_connections": "200"}
OPTIONS |= {"shared_buffers": "512MB", "max_wal_size": "4GB", "unix_socket_directories": ""}


class Missing(Exception):
    """Something that is needed for a measure is not there; the sentence says what."""


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        newest = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: float(path.parts[4]))
        if not newest:
            raise Missing(f"PostgreSQL's {name} is not on this machine")
        found = str(newest[-1])
    return os.path.realpath(found)  # A server finds its own files beside its real path.


class Server(AbstractContextManager["Server"]):
    """A running server; it and its data go at the end."""

    def __init__(self) -> None:
        for package in ("psycopg", "psycopg_pool"):  # eventsourcing's module needs the second.
            if find_spec(package) is None:
                raise Missing(f"the package {package} is not installed")
        import psycopg

        self._connect, self._not_yet = psycopg.connect, psycopg.OperationalError
        initdb, postgres = _program("initdb"), _program("postgres")
        self._folder = TemporaryDirectory(prefix="stampledger-bench-postgresql-")
        self._password = secrets.token_hex(16)
        root = Path(self._folder.name)
        secret, data = root / "password", root / "data"
        secret.write_text(self._password)
        owner: dict[str, Any] = {}
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root.
            user = pwd.getpwnam("postgres")
            owner = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
            for path in (root, secret):
                os.chown(path, user.pw_uid, user.pw_gid)
        how = ["--username=bench", "--auth=scram-sha-256", f"--pwfile={secret}", "--encoding=UTF8", "--no-locale"]
        quiet: dict[str, Any] = {"cwd": root, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, **owner}
        subprocess.run([initdb, *how, str(data)], check=True, **quiet)
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        chosen = [f"--{name}={value}" for name, value in (OPTIONS | {"listen_addresses": "127.0.0.1"}).items()]
        command = [postgres, "-D", str(data), "-p", str(self.port), *chosen]
        # In a session of its own, so that Ctrl-C reaches us alone, and we stop it.
        self._process = subprocess.Popen(command, start_new_session=True, **quiet)
        try:
            self._wait()
        except BaseException:
            self.close()
            raise

    def _wait(self) -> None:
        deadline = time.monotonic() + STARTS_WITHIN
        while True:
            try:
                with self._connect(self.dsn("postgres")) as connection:
                    found = connection.execute("show server_version").fetchone()
                    self.version: str = str(found[0]).split()[0] if found else ""
                    return
            except self._not_yet as error:
                if time.monotonic() > deadline or self._process.poll() is not None:
                    raise Missing("PostgreSQL did not start") from error
                time.sleep(0.05)

    def dsn(self, database: str) -> str:
        """Answer how the driver connects to a database."""
        return f"postgresql://bench:{self._password}@127.0.0.1:{self.port}/{database}"

    def create(self, database: str) -> str:
        """Make an empty database, and answer how the driver connects to it."""
        with self._connect(self.dsn("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{database}"'.encode())
        return self.dsn(database)

    def close(self) -> None:
        """Stop the server, and leave nothing of it."""
        self._process.send_signal(SIGINT)
        try:
            self._process.wait(STARTS_WITHIN)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._folder.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def sqlalchemy_url(dsn: str) -> str:
    """Answer a driver's URL as SQLAlchemy, and so a ledger, takes it."""
    return dsn.replace("postgresql://", "postgresql+psycopg://", 1)
