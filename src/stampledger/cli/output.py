"""What programs read: JSON and CSV on stdout, and files that are there whole or not at all."""

import base64
import csv
import io
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import IO, Any, BinaryIO, cast
from uuid import UUID

import attrs
import click

from stampledger.events import Event
from stampledger.journalfile.files import whole_file

RISKY = ("=", "+", "-", "@", "\t", "\r")  # A spreadsheet runs a cell that begins so.


# JSON.


def plain(value: object) -> Any:
    """Answer what JSON can say of a value: views as objects, moments in ISO 8601, amounts and ids as text."""
    if isinstance(value, Event):
        return {"kind": kind_of(value), **json.loads(body_of(value))}
    kind: Any = type(value)
    if attrs.has(kind):
        return {field.name: plain(getattr(value, field.name)) for field in attrs.fields(kind)}
    match value:
        case datetime():
            return iso(value)
        case date():
            return value.isoformat()
        case Enum():
            return value.value
        case UUID() | Decimal():
            return str(value)
        case timedelta():
            return value.total_seconds()
        case Mapping():
            return {str(key): plain(part) for key, part in value.items()}
        case str() | int() | None:
            return value
        case Sequence():
            return [plain(part) for part in value]
    raise AssertionError(f"JSON has no {type(value).__name__}")


def iso(at: datetime) -> str:
    """Write a moment in ISO 8601, in UTC."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def say_json(value: object) -> None:
    """Answer with one JSON document."""
    readable = (getattr(sys.stdout, "encoding", None) or "utf-8").lower().startswith("utf")
    click.echo(json.dumps(plain(value), ensure_ascii=not readable, indent=2))


def kind_of(event: Event) -> str:
    """Answer the name an event has on disk."""
    from stampledger import codec

    return codec.FACTS[type(event)][0]


def body_of(event: Event) -> str:
    """Answer an event's body as it is stored, a JSON object, with personal data in clear."""
    from stampledger import codec

    names = [field.name for field in attrs.fields(type(event)) if field.metadata.get("personal")]
    if not names:
        return codec.encode(event).decode()
    fields = json.loads(codec.encode(event, seal=lambda clear: clear))
    for name in names:
        if fields.get(name) is not None:
            fields[name] = json.loads(base64.b64decode(fields[name]))
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))


# CSV.


def say_csv(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Answer with CSV: a line of column names, then the rows."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([cell(value) for value in row])


def cell(value: object) -> str | int:
    """Answer what a cell holds: text that a spreadsheet does not run, several values joined."""
    match value:
        case None:
            return ""
        case int():
            return value
        case str():
            text = value
        case tuple():
            text = "; ".join(str(plain(part)) for part in value)
        case _:
            text = str(plain(value))
    return f"'{text}" if text.startswith(RISKY) else text


# Files.


@contextmanager
def written(path: str) -> Iterator[IO[str]]:
    """Write a file that is there whole or not at all; `-` is stdout.

    Raises:
        InvalidInput: The file is a database, or in no folder.
    """
    if path == "-":
        yield sys.stdout
        return
    with whole_file(path, "FILE") as file:
        text = io.TextIOWrapper(cast(BinaryIO, file), encoding="utf-8", newline="\n")
        try:
            yield text
        finally:
            text.detach()
