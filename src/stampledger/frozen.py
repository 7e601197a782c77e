"""Frozen values with some of their fields changed."""

from typing import Any, TypeVar

T = TypeVar("T")


def changed(value: T, **changes: Any) -> T:
    """Answer a frozen value with some fields changed: `attrs.evolve`, at a quarter of its time.

    Only for classes without slots, validators and converters, since the fields are copied and nothing is checked anew.
    """
    fields = value.__dict__ | changes
    assert len(fields) == len(value.__dict__), f"{type(value).__name__} has no such fields as {sorted(changes)}"
    after = object.__new__(type(value))
    object.__setattr__(after, "__dict__", fields)
    return after
