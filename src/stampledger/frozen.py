"""Frozen values made at once from their fields, and with some of them changed.

Only for classes without slots, validators and converters, since the fields are taken as they are.
"""

from typing import Any, TypeVar

T = TypeVar("T")

_new, _set = object.__new__, object.__setattr__


def made(kind: type[T], fields: dict[str, Any]) -> T:
    """Make a frozen value from all its fields, in half the time its class takes; the dict becomes its own."""
    value = _new(kind)
    _set(value, "__dict__", fields)
    return value


def changed(value: T, **changes: Any) -> T:
    """Answer a frozen value with some fields changed: `attrs.evolve`, at a quarter of its time."""
    before = value.__dict__
    fields = before | changes
    assert len(fields) == len(before), f"{type(value).__name__} has no such fields as {sorted(changes)}"
    return made(type(value), fields)
