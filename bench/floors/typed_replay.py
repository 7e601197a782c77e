"""A replay: one raw cursor over a ledger's own entries, each body read by msgspec into an attrs class, and a handler.

The classes hold the fields of a body. What lies in columns is handed over beside them.
"""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, get_type_hints

import attrs
import msgspec

from stampledger.codec import KINDS

BATCH = 1_000
WORDS = "SELECT number, text FROM stampledger_word"
ENTRIES = (
    "SELECT seq, kind, coalesce(occurred_at, recorded_at), code, body FROM stampledger_journal "
    "WHERE business = 1 AND seq > 0 ORDER BY seq"
)
COLUMNS = ("at", "code")


def _floor_class(kind: type[Any]) -> type[Any]:
    """Make an attrs class of the fields in a body; a sealed field is read as it is stored."""
    hints = get_type_hints(kind)
    fields = {}
    for field in attrs.fields(kind):
        if field.name not in COLUMNS:
            given: Any = str | None if field.metadata.get("personal") else hints[field.name]
            fields[field.name] = attrs.field(default=field.default, type=given)
    # Without slots: msgspec fills them at less than half the speed.
    made: type[Any] = attrs.make_class(kind.__name__, fields, frozen=True, kw_only=True, slots=False)
    return made


def _decoder(name: str) -> Callable[[bytes], Any]:
    try:
        return msgspec.json.Decoder(_floor_class(KINDS[name])).decode
    except (TypeError, KeyError):  # A choice of several classes, which occurs once in a while: read as a dict.
        return msgspec.json.Decoder().decode


class TypedReplay:
    """Reads every entry, or those of some kinds."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def run(self, kinds: frozenset[str] | None = None) -> int:
        """Call a handler for each event; answer how many it saw."""
        seen = {"events": 0, "stamps": 0}

        def count(seq: int, at: int, code: str | None, event: Any) -> None:
            seen["events"] += 1

        def stamped(seq: int, at: int, code: str | None, event: Any) -> None:
            seen["events"] += 1
            seen["stamps"] += event.count

        with closing(sqlite3.connect(self._path)) as connection:
            table: dict[int, Any] = {}
            for number, name in connection.execute(WORDS).fetchall():
                if name in KINDS and (kinds is None or name in kinds):
                    table[number] = (_decoder(name), stamped if name == "card.stamp_added.v1" else count)
            cursor = connection.execute(ENTRIES)
            while rows := cursor.fetchmany(BATCH):
                for seq, kind, at, code, body in rows:
                    found = table.get(kind)
                    if found is not None:
                        decode, handler = found
                        handler(seq, at, code, decode(body))
        return seen["events"]
