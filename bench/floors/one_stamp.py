"""One stamp on SQLite: an event, a unique receipt and the head row in one transaction."""

import json
import sqlite3
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

CREATE = """
CREATE TABLE head (business INTEGER PRIMARY KEY, seq INTEGER, recorded_at INTEGER, hash BLOB) WITHOUT ROWID;
CREATE TABLE event (
    business INTEGER, seq INTEGER, stream INTEGER, version INTEGER, kind INTEGER, recorded_at INTEGER, code TEXT,
    actor INTEGER, channel INTEGER, body BLOB, hash BLOB, PRIMARY KEY (business, seq)
) WITHOUT ROWID;
CREATE UNIQUE INDEX event_stream ON event (business, stream, version);
CREATE TABLE receipt (business INTEGER, code TEXT, seq INTEGER, PRIMARY KEY (business, code)) WITHOUT ROWID;
CREATE TABLE stream (
    business INTEGER, number INTEGER, id BLOB, version INTEGER, seq INTEGER, state BLOB, PRIMARY KEY (business, number)
) WITHOUT ROWID;
CREATE UNIQUE INDEX stream_id ON stream (business, id);
INSERT INTO head VALUES (1, 0, 0, x'00');
"""
ADD_EVENT = "INSERT INTO event VALUES (1, ?, ?, ?, 1, ?, ?, 1, 1, ?, ?)"
ADD_RECEIPT = "INSERT INTO receipt VALUES (1, ?, ?)"
SET_HEAD = "UPDATE head SET seq = ?, recorded_at = ?, hash = ? WHERE business = 1"

BODY = json.dumps({"count": 1, "progress": 3, "stamps_required": 8, "cycle": 12}).encode()
HASH = sha256(BODY).digest()
BEGAN = 1_700_000_000_000_000  # Microseconds since 1970.


def connected(path: Path, *, full: bool, create: bool = True) -> sqlite3.Connection:
    """Open a database with those tables."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute(f"PRAGMA synchronous={'FULL' if full else 'NORMAL'}")
    if create:
        connection.executescript(CREATE)
    return connection


class Rows:
    """Writes the rows of one stamp after another, within the caller's transaction."""

    def __init__(self, execute: Callable[..., Any], cards: int) -> None:
        self._execute = execute
        self._cards = cards
        self._seq = 0

    def stamp(self) -> None:
        """Write the rows of one stamp."""
        seq = self._seq = self._seq + 1
        code, recorded_at = f"R-{seq:07d}", BEGAN + seq
        execute = self._execute
        execute(ADD_RECEIPT, (code, seq))
        execute(ADD_EVENT, (seq, seq % self._cards, seq // self._cards, recorded_at, code, BODY, HASH))
        execute(SET_HEAD, (seq, recorded_at, HASH))


class OneStamp:
    """A stamp a transaction."""

    def __init__(self, path: Path, cards: int, *, full: bool) -> None:
        self._connection = connected(path, full=full)
        self._execute = self._connection.cursor().execute
        self._rows = Rows(self._execute, cards)

    def stamp(self) -> None:
        """Write the rows of one stamp, and commit them."""
        self._execute("BEGIN IMMEDIATE")
        self._rows.stamp()
        self._execute("COMMIT")

    def close(self) -> None:
        """Give the connection back."""
        self._connection.close()
