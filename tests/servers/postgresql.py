"""
PostgreSQL. Its clock shows the time of a place far from UTC, because nothing that is kept may depend on that.
"""

from pathlib import Path

from tests.servers.server import CONNECTIONS, HOST, PASSWORD, USER, Server, program

DEBIAN = Path("/usr/lib/postgresql")


class PostgreSQL(Server):
    """The newest PostgreSQL of this machine."""

    kind = "postgresql"
    driver = "postgresql+psycopg"
    accounts = ("postgres",)
    stop_signal = "SIGINT"  # "Fast": without waiting for those who are connected.
    admin = "administrator"
    admin_database = "postgres"

    def _install(self) -> None:
        secret = self.folder / "secret"
        secret.write_text(PASSWORD)
        secret.chmod(0o644)  # The folder is its own user's alone.
        self._run(
            *(_program("initdb"), "--pgdata", str(self.folder / "data"), "--username", self.admin, "--no-sync"),
            *("--auth", "scram-sha-256", "--pwfile", str(secret), "--encoding", "UTF8", "--locale", "C"),
        )

    def _command(self) -> list[str]:
        settings = {
            "listen_addresses": HOST,
            "port": self.port,
            "unix_socket_directories": "",
            "max_connections": CONNECTIONS,
            "shared_buffers": "32MB",
            "max_wal_size": "512MB",
            "fsync": "on",
            "synchronous_commit": "on",
            "timezone": "Asia/Kathmandu",
        }
        options = [option for name, value in settings.items() for option in ("-c", f"{name}={value}")]
        return [_program("postgres"), "-D", str(self.folder / "data"), *options]

    def _prepare(self) -> None:
        self.as_admin(f"CREATE ROLE {USER} LOGIN PASSWORD '{PASSWORD}'")

    def _create(self, name: str) -> list[str]:
        return [f"CREATE DATABASE {name} OWNER {USER}"]

    def _drop(self, name: str) -> list[str]:
        return [f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"]


def _program(name: str) -> str:
    """Debian keeps each version in a folder of its own; the newest comes first."""
    versions = sorted(DEBIAN.glob("*/bin"), key=lambda folder: float(folder.parent.name), reverse=True)
    return program(name, *versions)
