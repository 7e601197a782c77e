"""Many rows at once: executemany on SQLite, COPY on PostgreSQL. Events, receipts and the rows of their streams.

The rows are made beforehand. As many are kept at a time as lie in one file of a till.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import attrs

from bench.floors.one_stamp import BEGAN, BODY, HASH, connected

AT_ONCE = 20_000  # Events a transaction.
Rows = list[tuple[Any, ...]]


@attrs.frozen
class Amount:
    """How many rows of each kind."""

    events: int
    receipts: int
    streams: int

    def parts(self) -> Iterator[tuple[range, range, range]]:
        """Part the rows among transactions."""
        count = -(-self.events // AT_ONCE)
        for part in range(count):

            def share(of: int, part: int = part) -> range:
                return range(of * part // count, of * (part + 1) // count)

            yield share(self.events), share(self.receipts), share(self.streams)


class Making:
    """Makes rows that were never there before, whatever was made."""

    def __init__(self, amount: Amount) -> None:
        self._amount = amount
        self._round = 0

    def next(self) -> list[tuple[Rows, Rows, Rows]]:
        """Answer the rows of one import, a transaction's worth each."""
        amount, number = self._amount, self._round
        self._round += 1
        seqs, codes, numbers = (number * count + 1 for count in (amount.events, amount.receipts, amount.streams))
        return [
            (
                [
                    (1, seqs + n, numbers + n % amount.streams, n // amount.streams, 1, BEGAN + seqs + n, f"R-{n:07d}",
                     1, 1, BODY, HASH)
                    for n in events
                ],
                [(1, f"R-{codes + n:07d}", seqs + n) for n in receipts],
                [(1, numbers + n, (numbers + n).to_bytes(16, "big"), 1, seqs + n, BODY) for n in streams],
            )
            for events, receipts, streams in amount.parts()
        ]  # fmt: skip


ADD = (
    "INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    "INSERT INTO receipt VALUES (?, ?, ?)",
    "INSERT INTO stream VALUES (?, ?, ?, ?, ?, ?)",
)


class ExecuteMany:
    """The rows on SQLite."""

    def __init__(self, path: Path, amount: Amount, rounds: int, *, full: bool) -> None:
        self._connection: sqlite3.Connection = connected(path, full=full)
        making = Making(amount)
        self._ready = [making.next() for _ in range(rounds)]

    def write(self) -> None:
        """Write the rows of one import."""
        for kinds in self._ready.pop():
            self._connection.execute("BEGIN IMMEDIATE")
            for statement, rows in zip(ADD, kinds, strict=True):
                self._connection.executemany(statement, rows)
            self._connection.execute("COMMIT")

    def close(self) -> None:
        """Give the connection back."""
        self._connection.close()


CREATE = """
CREATE TABLE event (
    business int, seq bigint, stream bigint, version bigint, kind int, recorded_at bigint, code text, actor int,
    channel int, body bytea, hash bytea, PRIMARY KEY (business, seq), UNIQUE (business, stream, version)
);
CREATE TABLE receipt (business int, code text, seq bigint, PRIMARY KEY (business, code));
CREATE TABLE stream (
    business int, number bigint, id bytea, version bigint, seq bigint, state bytea, PRIMARY KEY (business, number),
    UNIQUE (business, id)
);
"""
TABLES = ("event", "receipt", "stream")
TYPES: Sequence[Sequence[str]] = (
    ("int4", "int8", "int8", "int8", "int4", "int8", "text", "int4", "int4", "bytea", "bytea"),
    ("int4", "text", "int8"),
    ("int4", "int8", "bytea", "int8", "int8", "bytea"),
)


class Copy:
    """The rows on PostgreSQL, in its binary format."""

    def __init__(self, dsn: str, amount: Amount, rounds: int) -> None:
        import psycopg

        self._connection = psycopg.connect(dsn)
        self._connection.execute(CREATE)
        self._connection.commit()
        making = Making(amount)
        self._ready = [making.next() for _ in range(rounds)]

    def write(self) -> None:
        """Write the rows of one import."""
        for kinds in self._ready.pop():
            cursor = self._connection.cursor()
            for table, types, rows in zip(TABLES, TYPES, kinds, strict=True):
                with cursor.copy(f"COPY {table} FROM STDIN (FORMAT BINARY)".encode()) as copy:
                    copy.set_types(types)
                    for row in rows:
                        copy.write_row(row)
            self._connection.commit()

    def close(self) -> None:
        """Give the connection back."""
        self._connection.close()
