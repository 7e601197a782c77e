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

from stampledger.cli.harmless import harmless
from stampledger.events import Event
from stampledger.journalfile.files import whole_file

RISKY = ("=", "+", "-", "@", "\t", "\r")  # A spreadsheet runs a cell that begins so.
# Orders to a terminal that JSON would let stand as they are: escaped, they say the same.
ESCAPED = {code: f"\\u{code:04x}" for code in (*range(0x7F, 0xA0), *range(0x2028, 0x202F))}

# Text.


def say(text: str, *, err: bool = False) -> None:
    """Say a line to whoever reads; names in it give a terminal no orders."""
    click.echo(harmless(text), err=err)


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
    click.echo(_json(value, indent=2))


def say_json_lines(values: Iterable[object]) -> None:
    """Answer with JSON documents, each on a line of its own, and at once."""
    sys.stdout.write("".join(f"{_json(value)}\n" for value in values))
    sys.stdout.flush()


def _json(value: object, indent: int | None = None) -> str:
    readable = (getattr(sys.stdout, "encoding", None) or "utf-8").lower().startswith("utf")
    return json.dumps(plain(value), ensure_ascii=not readable, indent=indent).translate(ESCAPED)


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
    say_csv_rows([columns, *rows])


def say_csv_rows(rows: Iterable[Sequence[object]]) -> None:
    """Answer with rows of CSV alone, at once."""
    csv.writer(sys.stdout, lineterminator="\n").writerows([cell(value) for value in row] for row in rows)
    sys.stdout.flush()


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
    shown = harmless(text)
    return f"'{shown}" if text.startswith(RISKY) else shown


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
