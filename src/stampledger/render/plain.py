"""Values as programs read them: what JSON can say, moments in ISO 8601, amounts and ids as text."""

import base64
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import attrs

from stampledger import codec
from stampledger.events import Event


def plain(value: object) -> Any:
    """Answer what JSON can say of a value: views as objects, moments in ISO 8601, amounts and ids as text."""
    if isinstance(value, Event):
        return {"kind": kind_of(value), **json.loads(body_of(value))}
    kind: Any = type(value)
    if attrs.has(kind):
        return {field.name: plain(getattr(value, field.name)) for field in attrs.fields(kind)}
    match value:
        case datetime():
            return iso(value)
        case date():
            return value.isoformat()
        case Enum():
            return value.value
        case UUID() | Decimal():
            return str(value)
        case timedelta():
            return value.total_seconds()
        case Mapping():
            return {str(key): plain(part) for key, part in value.items()}
        case str() | int() | None:
            return value
        case Sequence():
            return [plain(part) for part in value]
    raise AssertionError(f"JSON has no {type(value).__name__}")


def iso(at: datetime) -> str:
    """Write a moment in ISO 8601, in UTC."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def kind_of(event: Event) -> str:
    """Answer the name an event has on disk."""
    return codec.FACTS[type(event)][0]


def body_of(event: Event) -> str:
    """Answer an event's body as it is stored, a JSON object, with personal data in clear."""
    names = [field.name for field in attrs.fields(type(event)) if field.metadata.get("personal")]
    if not names:
        return codec.encode(event).decode()
    fields = json.loads(codec.encode(event, seal=lambda clear: clear))
    for name in names:
        if fields.get(name) is not None:
            fields[name] = json.loads(base64.b64decode(fields[name]))
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
