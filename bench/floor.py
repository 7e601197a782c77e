"""The floor: the same rows by the raw driver, and nothing else.

A stamp is an event, a unique receipt and the head row in one transaction. Bodies and hashes are there beforehand;
nothing is read, decided or encoded.
"""

import json
import sqlite3
from hashlib import sha256
from pathlib import Path

CREATE = """
CREATE TABLE head (business INTEGER PRIMARY KEY, seq INTEGER, recorded_at INTEGER, hash BLOB) WITHOUT ROWID;
CREATE TABLE event (
    business INTEGER, seq INTEGER, stream INTEGER, version INTEGER, kind INTEGER, recorded_at INTEGER, code TEXT,
    actor INTEGER, channel INTEGER, body BLOB, hash BLOB, PRIMARY KEY (business, seq)
) WITHOUT ROWID;
CREATE UNIQUE INDEX event_stream ON event (business, stream, version);
CREATE TABLE receipt (business INTEGER, code TEXT, seq INTEGER, PRIMARY KEY (business, code)) WITHOUT ROWID;
INSERT INTO head VALUES (1, 0, 0, x'00');
"""
ADD_EVENT = "INSERT INTO event VALUES (1, ?, ?, ?, 1, ?, ?, 1, 1, ?, ?)"
ADD_RECEIPT = "INSERT INTO receipt VALUES (1, ?, ?)"
SET_HEAD = "UPDATE head SET seq = ?, recorded_at = ?, hash = ? WHERE business = 1"


class Floor:
    """A database with just those rows."""

    def __init__(self, path: Path, cards: int, *, full: bool) -> None:
        self._cards = cards
        self._seq = 0
        self._body = json.dumps({"count": 1, "progress": 3, "stamps_required": 8, "cycle": 12}).encode()
        self._hash = sha256(self._body).digest()
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute(f"PRAGMA synchronous={'FULL' if full else 'NORMAL'}")
        self._connection.executescript(CREATE)
        self._execute = self._connection.cursor().execute

    def stamp(self) -> None:
        """Write the rows of one stamp."""
        seq = self._seq = self._seq + 1
        code, recorded_at = f"R-{seq:07d}", 1_700_000_000_000_000 + seq
        execute = self._execute
        execute("BEGIN IMMEDIATE")
        execute(ADD_EVENT, (seq, seq % self._cards, seq // self._cards, recorded_at, code, self._body, self._hash))
        execute(ADD_RECEIPT, (code, seq))
        execute(SET_HEAD, (seq, recorded_at, self._hash))
        execute("COMMIT")

    def close(self) -> None:
        """Give the connection back."""
        self._connection.close()
