"""One stamp on PostgreSQL: the card row is read, then one statement checks its version and writes everything.

Two round trips in all: autocommit, prepared, the chain computed by the server.
"""

import time
from hashlib import sha256
from typing import Any

from bench.floors.one_stamp import BODY

CREATE = """
CREATE TABLE head (business int PRIMARY KEY, seq bigint, recorded_at bigint, hash bytea);
CREATE TABLE card (business int, card bigint, version bigint, state bytea, PRIMARY KEY (business, card));
CREATE TABLE journal (
    business int, seq bigint, card bigint, version bigint, kind int, recorded_at bigint, code text, body bytea,
    hash bytea, PRIMARY KEY (business, seq), UNIQUE (business, card, version)
);
CREATE TABLE claim (business int, scope smallint, code text, seq bigint, PRIMARY KEY (business, scope, code));
CREATE TABLE stream (
    business int, number bigint, id bytea, version bigint, seq bigint, state bytea, PRIMARY KEY (business, number),
    UNIQUE (business, id)
);
"""
ADD_HEAD = "INSERT INTO head VALUES (%s, 0, 0, sha256('a beginning'))"
ADD_CARDS = "INSERT INTO card SELECT %s, number, 0, %s FROM generate_series(0, %s - 1) number"
READ = "SELECT version, state FROM card WHERE business = %s AND card = %s"
APPEND = """
WITH c AS (UPDATE card SET version = version + 1, state = %(state)s
            WHERE business = %(business)s AND card = %(card)s AND version = %(version)s RETURNING version),
     h AS (UPDATE head SET seq = seq + 1, recorded_at = greatest(recorded_at, %(now)s),
                  hash = sha256(hash || int8send(seq + 1) || int8send(greatest(recorded_at, %(now)s)) || %(digest)s)
            WHERE business = %(business)s AND EXISTS (SELECT 1 FROM c) RETURNING seq, recorded_at, hash),
     j AS (INSERT INTO journal
           SELECT %(business)s, seq, %(card)s, %(version)s + 1, 1, recorded_at, %(code)s, %(body)s, hash FROM h),
     k AS (INSERT INTO claim SELECT %(business)s, 1, %(code)s, seq FROM h)
SELECT seq, recorded_at FROM h
"""
STATE = BODY.ljust(150)


def created(dsn: str, businesses: int, cards: int) -> str:
    """Make the tables, with heads and cards."""
    import psycopg

    with psycopg.connect(dsn) as connection:
        connection.execute(CREATE)
        for business in range(businesses):
            connection.execute(ADD_HEAD, (business,))
            connection.execute(ADD_CARDS, (business, STATE, cards))
    return dsn


class OneStatement:
    """A connection that stamps the cards of one business, from *first* on."""

    def __init__(self, dsn: str, business: int, cards: int, first: int = 0, writer: int = 0) -> None:
        import psycopg

        self._connection = psycopg.connect(dsn, autocommit=True)
        self._cursor = self._connection.cursor(binary=True)
        self._business, self._first, self._cards, self._writer = business, first, cards, writer
        self._codes = 0

    def stamp(self) -> None:
        """Write the rows of one stamp, and commit them."""
        self._codes += 1
        card = self._first + self._codes % self._cards
        row: Any = self._cursor.execute(READ, (self._business, card), prepare=True).fetchone()
        told = {
            "business": self._business, "card": card, "version": row[0], "state": STATE, "body": BODY,
            "now": time.time_ns() // 1_000, "digest": sha256(BODY).digest(), "code": f"R-{self._writer}-{self._codes}",
        }  # fmt: skip
        assert self._cursor.execute(APPEND, told, prepare=True).fetchone() is not None, "each card has one writer"

    def close(self) -> None:
        """Give the connection back."""
        self._connection.close()
