"""What programs read: JSON and CSV on stdout, and files that are there whole or not at all."""

import csv
import io
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import IO, BinaryIO, cast

import click

from stampledger.cli.harmless import harmless
from stampledger.journalfile.files import whole_file
from stampledger.render.cells import cell
from stampledger.render.plain import plain

# Orders to a terminal that JSON would let stand as they are: escaped, they say the same.
ESCAPED = {code: f"\\u{code:04x}" for code in (*range(0x7F, 0xA0), *range(0x2028, 0x202F))}

# Text.


def say(text: str, *, err: bool = False) -> None:
    """Say a line to whoever reads; names in it give a terminal no orders."""
    click.echo(harmless(text), err=err)


# JSON.


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


# CSV.


def say_csv(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Answer with CSV: a line of column names, then the rows."""
    say_csv_rows([columns, *rows])


def say_csv_rows(rows: Iterable[Sequence[object]]) -> None:
    """Answer with rows of CSV alone, at once."""
    csv.writer(sys.stdout, lineterminator="\n").writerows([harmless_cell(value) for value in row] for row in rows)
    sys.stdout.flush()


def harmless_cell(value: object) -> str | int:
    """Answer what a cell holds: text that neither a spreadsheet nor a terminal runs."""
    held = cell(value)
    return harmless(held) if isinstance(held, str) else held


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
