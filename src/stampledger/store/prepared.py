"""Statements are compiled once for an engine, however many businesses are opened on it."""

import copy
from weakref import WeakKeyDictionary

from sqlalchemy import Engine

from stampledger.store import schema
from stampledger.store.engines.backend import Backend
from stampledger.store.statements import Statements

_known: "WeakKeyDictionary[Engine, dict[tuple[str, str | None], Statements]]" = WeakKeyDictionary()


def statements(backend: Backend, prefix: str, schema_name: str | None) -> Statements:
    """Answer the statements over the tables under a prefix: compiled, or those of whoever was here first.

    Compiling takes a tenth of a second, which a service pays once and not for every business it opens.

    Raises:
        InvalidInput: The prefix or the schema is no name.
    """
    kept = _known.setdefault(backend.engine, {})
    made = kept.get((prefix, schema_name))
    if made is None:
        made = kept[prefix, schema_name] = Statements(schema.build(prefix, schema_name), backend)
        del made.backend  # It holds the engine, which would then be kept for ever.
    mine = copy.copy(made)
    mine.backend = backend
    return mine
