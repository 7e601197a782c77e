"""What each kind of event is in JSON, as a JSON Schema: what a body in the Journal may hold.

A body leaves out fields that have their default value, and what stands in columns of its own (`at`, `code`). Personal
fields are sealed: what is stored of them is text that only the ledger can open.
"""

import json
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import attrs

from stampledger import codec, values
from stampledger.events import Event

DIALECT = "https://json-schema.org/draft/2020-12/schema"
IN_COLUMNS = ("at", "code")
CHOICE = {values.Award, values.Voucher, values.Lottery}
PLAIN: Mapping[Any, Mapping[str, Any]] = {
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    str: {"type": "string"},
    NoneType: {"type": "null"},
    UUID: {"type": "string", "format": "uuid"},
    date: {"type": "string", "format": "date"},
    datetime: {"type": "string", "format": "date-time"},
    timedelta: {"type": "string", "format": "duration"},
    Decimal: {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?(E[+-]?[0-9]+)?$"},
}


def schema(name: str) -> dict[str, Any]:
    """Answer the schema of a kind's bodies, by its name on disk."""
    kind, parts = codec.KINDS[name], dict[str, Any]()
    told = {"$schema": DIALECT, "title": name, "description": _first_line(kind), **_object(kind, parts)}
    return told | ({"$defs": dict(sorted(parts.items()))} if parts else {})


def text_of(name: str) -> str:
    """Answer a schema as its file holds it."""
    return json.dumps(schema(name), indent=2, ensure_ascii=False) + "\n"


def shape(kind: Any) -> str:
    """Answer in a word or two what a type is in JSON, for a table."""
    if get_origin(kind) in (UnionType, Union):
        return " or ".join(dict.fromkeys(shape(one) for one in get_args(kind)))
    if get_origin(kind) is tuple:
        return f"list of {shape(get_args(kind)[0])}" if get_args(kind)[-1] is Ellipsis else "list"
    if kind in PLAIN:
        told = PLAIN[kind]
        return str(told.get("format", "decimal" if kind is Decimal else told["type"]))
    return "text" if issubclass(kind, Enum) else f"object ({kind.__name__})"


def _object(kind: type, parts: dict[str, Any]) -> dict[str, Any]:
    hints = get_type_hints(kind)
    told: dict[str, Any] = {}
    needed: list[str] = []
    for field in attrs.fields(kind):
        if field.init and not (issubclass(kind, Event) and field.name in IN_COLUMNS):
            told[field.name] = _sealed() if field.metadata.get("personal") else _of(hints[field.name], parts)
            if field.default is attrs.NOTHING and not field.metadata.get("personal"):
                needed.append(field.name)
    required = {"required": needed} if needed else {}
    return {"type": "object", "properties": told, **required, "additionalProperties": False}


def _sealed() -> dict[str, Any]:
    note = "Personal: sealed, in base 64; null, or left out, where it is not known."
    return {"description": note, "type": ["string", "null"], "contentEncoding": "base64"}


def _of(kind: Any, parts: dict[str, Any]) -> dict[str, Any]:
    if get_origin(kind) in (UnionType, Union):
        choices = get_args(kind)
        named = len(CHOICE & set(choices)) > 1  # Told apart by "type".
        return {"anyOf": [_named(one, parts) if named and one in CHOICE else _of(one, parts) for one in choices]}
    if get_origin(kind) is tuple:
        inside = get_args(kind)
        if inside[-1] is Ellipsis:
            return {"type": "array", "items": _of(inside[0], parts)}
        places = [_of(one, parts) for one in inside]
        return {"type": "array", "prefixItems": places, "items": False, "minItems": len(places)}
    if kind in PLAIN:
        return dict(PLAIN[kind])
    if issubclass(kind, Enum):
        return {"enum": [member.value for member in kind]}
    if kind.__name__ not in parts:
        parts[kind.__name__] = {}  # It may hold itself.
        parts[kind.__name__] = {"description": _first_line(kind), **_object(kind, parts)}
    return {"$ref": f"#/$defs/{kind.__name__}"}


def _named(kind: type, parts: dict[str, Any]) -> dict[str, Any]:
    name = f"{kind.__name__}.named"
    if name not in parts:
        parts[name] = {}
        told = _object(kind, parts)
        told["properties"] = {"type": {"const": kind.__name__.lower()}, **told["properties"]}
        told["required"] = ["type", *told.get("required", ())]
        parts[name] = {"description": _first_line(kind), **told}
    return {"$ref": f"#/$defs/{name}"}


def _first_line(kind: type) -> str:
    return (kind.__doc__ or "").strip().split("\n")[0]
