"""
MariaDB, with its own defaults where a shop would have them: its usual collation takes "r-1 " for "R-1", and its clock
shows the time of a place far from UTC.
"""

from contextlib import suppress
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from tests.servers.server import CONNECTIONS, HOST, PASSWORD, USER, Server, program


class MariaDB(Server):
    """The MariaDB of this machine."""

    kind = "mariadb"
    driver = "mariadb+pymysql"
    accounts = ("mysql",)
    stop_signal = "SIGTERM"
    admin = "administrator"

    def _install(self) -> None:
        _program("mariadbd")
        self._run(
            *(_program("mariadb-install-db"), "--no-defaults", f"--datadir={self.folder / 'data'}"),
            *("--auth-root-authentication-method=normal", "--skip-test-db"),
        )
        users = self.folder / "users.sql"
        users.write_text(
            f"CREATE OR REPLACE USER {self.admin}@'{HOST}' IDENTIFIED BY '{PASSWORD}';\n"
            f"GRANT ALL ON *.* TO {self.admin}@'{HOST}' WITH GRANT OPTION;\n"
            f"CREATE OR REPLACE USER {USER}@'{HOST}' IDENTIFIED BY '{PASSWORD}';\n"
            f"GRANT ALL ON `{USER}\\_%`.* TO {USER}@'{HOST}';\n"
        )
        users.chmod(0o644)

    def _command(self) -> list[str]:
        return [
            *(_program("mariadbd"), "--no-defaults", f"--datadir={self.folder / 'data'}", f"--tmpdir={self.folder}"),
            *(f"--bind-address={HOST}", f"--port={self.port}", f"--socket={self.folder / 'socket'}"),
            *(f"--pid-file={self.folder / 'pid'}", f"--init-file={self.folder / 'users.sql'}"),
            *("--skip-log-bin", "--skip-name-resolve", "--skip-performance-schema", f"--max-connections={CONNECTIONS}"),
            *("--innodb-buffer-pool-size=64M", "--innodb-log-file-size=64M", "--innodb-flush-log-at-trx-commit=1"),
            *("--character-set-server=utf8mb4", "--default-time-zone=+05:45"),
        ]

    def _prepare(self) -> None:
        """The users are made at each start."""

    def _create(self, name: str) -> list[str]:
        return [f"CREATE DATABASE {name}"]

    def _drop(self, name: str) -> list[str]:
        connected = self.as_admin(f"SELECT id FROM information_schema.processlist WHERE db = '{name}'")
        for row in connected:
            with suppress(DBAPIError):  # It may have gone by itself.
                self.as_admin(f"KILL {row[0]}")
        return [f"DROP DATABASE IF EXISTS {name}"]


def _program(name: str) -> str:
    return program(name, *map(Path, ("/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/mysql/bin")))
