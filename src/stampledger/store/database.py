"""The engine: made from a URL, and known for what it is."""

import importlib
import os
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import StaticPool

from stampledger.errors import InvalidInput, NotALedger
from stampledger.store.engines.backend import DURABILITIES, WAIT_SECONDS, Backend

__all__ = ["Connection", "Engine", "backend_of", "open_engine"]

SQLITE_OPTIONS = {"uri", "timeout", "isolation_level", "detect_types", "check_same_thread", "cached_statements"}
EXTRAS = {"postgresql+psycopg": "postgres", "mariadb+pymysql": "mysql"}


def open_engine(url: str, *, create: bool = True) -> Engine:
    """Make an engine for a database URL; a file that does not exist is only made where *create* allows it.

    Raises:
        NotALedger: There is no such file.
        InvalidInput: The URL is none, or names a database this release cannot use.
    """
    try:
        parsed = make_url(url)
        backend = parsed.get_backend_name()
    except (ArgumentError, ValueError, TypeError, AttributeError):  # Its message may show a password.
        raise InvalidInput("url", "(hidden)", "must be a database URL, like sqlite:///shop.db") from None
    make = _ENGINES.get(backend)
    if make is None:
        wanted = "must begin with sqlite:, postgresql+psycopg: or mariadb+pymysql:"
        raise InvalidInput("url", parsed.drivername, wanted)
    try:
        return make(parsed, create)
    except (NoSuchModuleError, ImportError):
        extra = EXTRAS.get(parsed.drivername)
        install = "" if extra is None else f"; install stampledger[{extra}]"
        raise InvalidInput("url", parsed.drivername, f"must name an installed database driver{install}") from None
    except (SQLAlchemyError, ValueError, TypeError):
        raise InvalidInput("url", "(hidden)", "must be a URL that the driver understands") from None


def _sqlite(url: URL, create: bool) -> Engine:
    unknown = () if "uri" in url.query else tuple(url.query.keys() - SQLITE_OPTIONS)
    if unknown:
        raise InvalidInput("url", unknown[0], "has an option that only a file: URL with uri=true may have")
    arguments = {"timeout": WAIT_SECONDS} if "timeout" not in url.query else {}
    options: dict[str, Any] = {"connect_args": {**arguments, "check_same_thread": False}}
    file = url.database or ""
    if _names_memory(url):
        options["poolclass"] = StaticPool
    elif not create and not file.startswith("file:") and not os.path.exists(file):
        raise NotALedger(f"there is no ledger at {file}")
    return create_engine(url, **options)


def _names_memory(url: URL) -> bool:
    return (
        url.database in (None, "", ":memory:")
        or url.query.get("mode") == "memory"
        or str(url.database).startswith("file::memory:")
    )


def _server(driver: str) -> Callable[[URL, bool], Engine]:
    def make(url: URL, create: bool) -> Engine:
        if "+" not in url.drivername:
            url = url.set(drivername=driver)
        if url.drivername != driver:
            raise InvalidInput("url", url.drivername, f"must use the driver {driver}")
        waits = {} if "connect_timeout" in url.query else {"connect_timeout": int(WAIT_SECONDS)}
        return create_engine(url, connect_args=waits, pool_pre_ping=True)

    return make


_ENGINES: dict[str, Callable[[URL, bool], Engine]] = {
    "sqlite": _sqlite,
    "postgresql": _server("postgresql+psycopg"),
    "mariadb": _server("mariadb+pymysql"),
}

_BACKENDS = {
    ("sqlite", "pysqlite"): "sqlite:SQLite",
    ("postgresql", "psycopg"): "postgresql:PostgreSQL",
    ("mariadb", "pymysql"): "mariadb:MariaDB",
}


def backend_of(engine: Engine, schema_name: str | None, durability: str) -> Backend:
    """Answer how to use an engine.

    Raises:
        InvalidInput: It is none, or one of a kind this release cannot use.
    """
    if durability not in DURABILITIES:
        raise InvalidInput("durability", durability, f"must be one of {', '.join(DURABILITIES)}")
    if not isinstance(engine, Engine):
        raise InvalidInput("engine", type(engine).__name__, "must be an SQLAlchemy engine")
    place = _BACKENDS.get((engine.dialect.name, engine.dialect.driver))
    if place is None or engine.dialect.is_async:
        reason = "must be one for sqlite, postgresql+psycopg or mariadb+pymysql, and not async"
        raise InvalidInput("engine", f"{engine.dialect.name}+{engine.dialect.driver}", reason)
    module, _, name = place.partition(":")
    kind: type[Backend] = getattr(importlib.import_module(f"stampledger.store.engines.{module}"), name)
    return kind(engine, schema_name, durability)
