"""PostgreSQL's append: a command's rows by one statement of data-modifying CTEs, which commits itself.

The head is moved on first, and its lock is held only until the end of the statement. Numbers that were planned as
provisional are counted from it, and the server computes the hashes. Nothing is locked while a command is decided: that
the stream still is at the version that was read is what the Journal's unique key says.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, Table

from stampledger.errors import Corrupt
from stampledger.store import flushing
from stampledger.store.head import PROVISIONAL
from stampledger.store.plan import Appended, NeedsLock, Plan

if TYPE_CHECKING:
    from stampledger.store.session import Session

ENTRIES_MAX = 12  # Of one statement.


class AtOnce:
    """Makes the statements over a ledger's tables."""

    def __init__(self, session: "Session") -> None:
        tables, self._sql = session.sql.tables, session.sql
        self._tables = tables
        self._name = session.sql.dialect.identifier_preparer.format_table
        self._casts: dict[str, list[str]] = {
            table.name: [_cast(column) for column in table.columns] for table in tables.metadata.sorted_tables
        }
        self._columns = {
            table.name: ", ".join(map(session.sql.dialect.identifier_preparer.format_column, table.columns))
            for table in tables.metadata.sorted_tables
        }

    def append(self, session: "Session") -> tuple[int, int]:
        """Append what a session planned; answer the head's seq before it, and when it was recorded."""
        plan = session.plan
        self._refuse_too_much(plan)
        parts, arguments = self._head(plan.entries, session.business)
        business = session.business
        parts.append(self._journal(plan.entries, business, arguments))
        tables: tuple[tuple[Mapping[Any, tuple[Any, bool]], Table, Callable[..., tuple[Any, ...]]], ...] = (
            (plan.claims, self._tables.claim, flushing.claim_row),
            (plan.streams, self._tables.stream, flushing.stream_row),
            (plan.cards, self._tables.card, flushing.card_row),
            (plan.rewards, self._tables.reward, flushing.reward_row),
        )
        for rows, table, new in tables:
            for key, (told, is_new) in rows.items():
                write = self._insert if is_new else self._update
                parts.append(write(table, new(business, key, told), arguments))
        for statement, others in plan.deferred.items():
            table = self._tables.mention if statement is self._sql.add_mention else self._tables.checkpoint
            parts.extend(self._insert(table, made, arguments) for made in others)
        named = [f"w{place} AS ({part})" for place, part in enumerate(parts[1:])]
        text = f"WITH {', '.join([parts[0], *named])} SELECT base, at FROM h"
        session.cursor.execute(text, arguments)
        row: tuple[int, int] | None = session.cursor.fetchone()
        if row is None:
            raise Corrupt(session.business_name, None, None, "the head of the Journal is missing")
        return row

    def _refuse_too_much(self, plan: Plan) -> None:
        known = (self._sql.add_mention, self._sql.add_checkpoint)
        if any(not is_new for _, is_new in plan.claims.values()):  # Whoever else claims it anew would not be noticed.
            raise NeedsLock
        if not 0 < len(plan.entries) <= ENTRIES_MAX or any(statement not in known for statement in plan.deferred):
            raise NeedsLock

    def _head(self, entries: list[Appended], business: int) -> tuple[list[str], list[Any]]:
        """Write the CTEs that move the head on, and that follow the chain up to the last entry but one."""
        count, now = len(entries), entries[0].recorded_at
        arguments: list[Any] = [now]
        chain = "hash"
        for place, entry in enumerate(entries, 1):
            at = "int8send(greatest(recorded_at + 1, %s::bigint))"
            chain = f"sha256({chain} || int8send(seq + {place}) || {at} || %s::bytea)"
            arguments += [now, entry.digest]
        texts = [
            f"h AS (UPDATE {self._name(self._tables.head)} SET seq = seq + {count}, "
            f"recorded_at = greatest(recorded_at + 1, %s::bigint), previous = hash, hash = {chain} "
            f"WHERE business = %s RETURNING seq - {count} AS base, recorded_at AS at, previous, hash)"
        ]
        arguments.append(business)
        before, source = "h.previous", "h"
        for place, entry in enumerate(entries[:-1], 1):
            link = f"sha256({before} || int8send(h.base + {place}) || int8send(h.at) || %s::bytea)"
            texts.append(f"e{place} AS (SELECT {link} AS hash FROM {source})")
            arguments.append(entry.digest)
            before, source = f"e{place}.hash", f"h, e{place}"
        return [", ".join(texts)], arguments

    def _journal(self, entries: list[Appended], business: int, arguments: list[Any]) -> str:
        table = self._tables.journal
        casts = self._casts[table.name]
        selects = []
        for place, entry in enumerate(entries, 1):
            last = place == len(entries)
            seq, stream, version, kind, position, _, at, code, actor, channel, body, _ = entry
            values = [
                self._value(casts[0], business, arguments),
                self._value(casts[1], seq, arguments),
                self._value(casts[2], stream, arguments),
                self._value(casts[3], version, arguments),
                self._value(casts[4], kind, arguments),
                self._value(casts[5], position, arguments),
                "h.at",
                f"nullif({self._value(casts[7], at, arguments)}, h.at)",
                self._value(casts[8], code, arguments),
                self._value(casts[9], actor, arguments),
                self._value(casts[10], channel, arguments),
                self._value(casts[11], body, arguments),
                "h.hash" if last else f"e{place}.hash",
            ]
            selects.append(f"SELECT {', '.join(values)} FROM {'h' if last else f'h, e{place}'}")
        return f"INSERT INTO {self._name(table)} ({self._columns[table.name]}) {' UNION ALL '.join(selects)}"

    def _insert(self, table: Table, row: tuple[Any, ...], arguments: list[Any]) -> str:
        values = [self._value(cast, value, arguments) for cast, value in zip(self._casts[table.name], row, strict=True)]
        return f"INSERT INTO {self._name(table)} ({self._columns[table.name]}) SELECT {', '.join(values)} FROM h"

    def _update(self, table: Table, row: tuple[Any, ...], arguments: list[Any]) -> str:
        """Write a row anew by its key. A column that does not change costs nothing: the server sees that."""
        columns = list(table.columns)
        told = list(zip(columns, self._casts[table.name], row, strict=True))
        changes = [
            f"{_quoted(column)} = {self._value(cast, value, arguments)}"
            for column, cast, value in told
            if not column.primary_key
        ]
        keys = [
            f"t.{_quoted(column)} = {self._value(cast, value, arguments)}"
            for column, cast, value in told
            if column.primary_key
        ]
        return f"UPDATE {self._name(table)} t SET {', '.join(changes)} FROM h WHERE {' AND '.join(keys)}"

    def _value(self, cast: str, value: Any, arguments: list[Any]) -> str:
        """Write a value; a provisional number is counted from the head."""
        if type(value) is int and value >= PROVISIONAL and cast == "BIGINT" and value < PROVISIONAL << 1:
            arguments.append(value - PROVISIONAL)
            return "h.base + %s::bigint"
        arguments.append(value)
        return f"%s::{cast}"


def _cast(column: Column[Any]) -> str:
    kind = column.type.python_type
    if kind is int:
        return str(column.type.compile())
    return "bytea" if kind is bytes else "varchar"


def _quoted(column: Column[Any]) -> str:
    return f'"{column.name}"'
