"""The options that commands share: which ledger, as of when, in which form; and the ledger they name."""

import functools
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import attrs
import click

from stampledger.errors import InvalidInput

if TYPE_CHECKING:
    from stampledger.ledger import Ledger
    from stampledger.view import View

DATABASE = "stampledger.db"
BUSINESS = "shop"

F = TypeVar("F", bound=Callable[..., Any])


@attrs.frozen
class Target:
    """The ledger a command is about, and the moment."""

    database: str
    business: str
    at: str | None = None

    @property
    def url(self) -> str:
        """The database as a URL; a path is a SQLite file's.

        Raises:
            InvalidInput: The path holds a question mark, which begins a URL's options.
        """
        if "://" in self.database:
            return self.database
        if "?" in self.database or not self.database:
            raise InvalidInput("--db", self.database, "must be a path without a question mark, or a database URL")
        return f"sqlite:///{self.database}"

    @property
    def file(self) -> Path | None:
        """The file of a SQLite database; None for another database, or one in memory."""
        found = re.fullmatch(r"sqlite(?:\+\w+)?:///([^?]*)(?:\?.*)?", self.url)
        return Path(found[1]) if found and found[1] not in ("", ":memory:") and "file:" not in found[1] else None

    @contextmanager
    def writing(self, **options: Any) -> Iterator["Ledger"]:
        """Open the ledger, and make it where there is none."""
        from stampledger.ledger import Ledger

        with Ledger.open(self.url, business=self.business, **options) as ledger:
            yield ledger

    @contextmanager
    def existing(self) -> Iterator["Ledger"]:
        """Open the ledger that must be there already: no file, table or business is made.

        Raises:
            NotALedger: There is no such database.
            BusinessNotFound: There is no such business in it.
        """
        with self.writing(create=False) as ledger:
            yield ledger

    @contextmanager
    def viewing(self) -> Iterator["View"]:
        """Open the ledger for reading, as of the moment asked about."""
        with self.existing() as ledger:
            yield ledger if self.at is None else ledger.at(moment(self.at))


def moment(text: str) -> int | datetime:
    """Read a moment: a seq, or an ISO 8601 time with its zone.

    Raises:
        InvalidInput: It is neither.
    """
    told = text.strip().removeprefix("#")
    if told.isdecimal() and told.isascii():
        return int(told[:20])
    at = instant(told, "--at")
    assert at is not None
    return at


def instant(text: str | None, field: str) -> datetime | None:
    """Read an ISO 8601 time with its zone.

    Raises:
        InvalidInput: It is none, or has no zone.
    """
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        raise InvalidInput(field, text, "must be a time like 2026-05-12T18:00Z") from None
    if at.utcoffset() is None:
        raise InvalidInput(field, text, "must have a zone, like 2026-05-12T18:00Z or 2026-05-12T20:00+02:00")
    return at


def card_of(text: str) -> int | str:
    """Read which card is meant: its number, with or without #, or its id."""
    told = text.strip().removeprefix("#")
    return int(told[:20]) if told.isdecimal() and told.isascii() else told


def on_ledger(command: F) -> Callable[..., Any]:
    """Give a command its ledger: the options --db and --business, as one argument *target*."""

    @click.option(
        "--db",
        default=DATABASE,
        envvar="STAMPLEDGER_DB",
        show_default=True,
        show_envvar=True,
        help="The database: a path or a URL.",
    )
    @click.option(
        "--business",
        default=BUSINESS,
        envvar="STAMPLEDGER_BUSINESS",
        show_default=True,
        show_envvar=True,
        help="The business in it.",
    )
    @functools.wraps(command)
    def called(db: str, business: str, **more: Any) -> Any:
        return command(target=Target(db, business, more.pop("at", None)), **more)

    return called


def as_of(command: F) -> Callable[..., Any]:
    """Let a command be asked about a past moment; stands above `on_ledger`."""
    return click.option("--at", metavar="ID|TIME", help="As of an entry, or of a time with its zone.")(command)


def in_json(command: F) -> Callable[..., Any]:
    """Let a command answer with one JSON document."""
    return click.option("--json", "as_json", is_flag=True, help="Answer with one JSON document.")(command)


def in_csv(command: F) -> Callable[..., Any]:
    """Let a command answer with CSV; cells that a spreadsheet would run are defused with an apostrophe."""
    return click.option("--csv", "as_csv", is_flag=True, help="Answer with CSV.")(command)


def paged(command: F) -> Callable[..., Any]:
    """Let a list be leafed through."""
    command = click.option("--after", type=int, metavar="ID", help="The page of newer rows than this one.")(command)
    command = click.option("--before", type=int, metavar="ID", help="The page of older rows than this one.")(command)
    return click.option("--limit", type=int, default=50, show_default=True, help="Rows a page.")(command)
