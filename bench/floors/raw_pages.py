"""Lists by raw SQL over a ledger's own tables: the rows a page shows, joined, fetched, and not even decoded."""

import sqlite3
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from bench.fill import BUSINESS

LIMIT = 51  # A page, and one more to know whether another follows.
JOURNAL = """
SELECT j.seq, j.stream, st.id, st.kind, j.version, j.kind, j.place, j.recorded_at, j.occurred_at, j.code, j.actor,
       j.channel, j.body, j.hash, ca.number, ca.template, cu.name, cu.email, cu.birthday
  FROM stampledger_journal j
  JOIN stampledger_stream st ON st.business = j.business AND st.number = j.stream
  LEFT JOIN stampledger_card ca ON ca.business = j.business AND ca.stream = j.stream
  LEFT JOIN stampledger_customer cu ON cu.business = j.business AND cu.stream = st.customer
 WHERE j.business = :business {narrowed}
 ORDER BY j.seq DESC LIMIT {limit}
"""
CARDS = """
SELECT st.number, st.id, st.version, st.seq, st.state, ca.number, ca.template, cu.name, cu.email, cu.birthday
  FROM stampledger_card ca
  JOIN stampledger_stream st ON st.business = ca.business AND st.number = ca.stream
  LEFT JOIN stampledger_customer cu ON cu.business = ca.business AND cu.stream = st.customer
 WHERE ca.business = :business ORDER BY ca.number DESC LIMIT {limit}
"""
LIKE = "AND (cu.words LIKE :words OR j.code LIKE :words)"  # As one would write it first.


class RawPages:
    """A connection of the driver's to a ledger's database."""

    def __init__(self, url: str) -> None:
        if url.startswith("sqlite"):
            self._connection: Any = sqlite3.connect(unquote(urlsplit(url).path.removeprefix("/")))
            self._named = ":{}"
        else:
            import psycopg

            self._connection = psycopg.connect(url.replace("+psycopg", "", 1), autocommit=True)
            self._named = "%({})s"
        self._values: dict[str, Any] = {}
        self._values["business"] = self._one("SELECT business FROM stampledger_head WHERE name = :name", name=BUSINESS)

    def journal(self, narrowed: str = "", **values: Any) -> int:
        """Read the newest page of the Journal, narrowed by further conditions; answer how many rows it has."""
        return len(self._all(JOURNAL.format(narrowed=narrowed, limit=LIMIT), values))

    def cards(self) -> int:
        """Read the first page of cards; answer how many rows it has."""
        return len(self._all(CARDS.format(limit=LIMIT), {}))

    def word(self, text: str) -> Any:
        """Answer the number of a kind, an actor or a channel."""
        return self._one("SELECT number FROM stampledger_word WHERE business = :business AND text = :text", text=text)

    def template(self, name: str) -> Any:
        """Answer the stream of the template a claim was made for."""
        sql = "SELECT seq FROM stampledger_claim WHERE business = :business AND scope = 3 AND key = :name"
        return self._one(sql, name=name)

    def _one(self, sql: str, **values: Any) -> Any:
        return self._all(sql, values)[0][0]

    def _all(self, sql: str, values: Mapping[str, Any]) -> list[Any]:
        given = {**self._values, **values}
        for name in sorted(given, key=len, reverse=True):  # One name may begin another.
            sql = sql.replace(f":{name}", self._named.format(name))
        rows: list[Any] = self._connection.execute(sql, given).fetchall()
        return rows

    def close(self) -> None:
        """Give the connection back."""
        self._connection.close()
