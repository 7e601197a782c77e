"""The Journal as a failing test shows it: a table that a shopkeeper could follow with a finger."""

from collections.abc import Iterable, Sequence
from enum import Enum
from typing import Any
from uuid import UUID

import attrs

from stampledger.events import Event
from stampledger.projections import Entry

# Said in columns of their own, or of no interest to whoever looks for a mistake in a programme.
_ELSEWHERE = {
    *("at", "code", "progress", "stamps_required", "goal_index", "template_id", "number", "credit_version"),
    *("template_version", "variants", "percentages", "description", "origin_id", "actor", "template"),
}
_HEADINGS = ("#", "scan", "when (UTC)", "card", "what", "code", "stamps", "more")


class LawBroken(AssertionError):
    """A law does not hold; the message ends with the Journal that shows it."""


def journal(entries: Iterable[Entry], numbers: dict[UUID, int] | None = None) -> str:
    """Answer the Journal's entries as a table, oldest first; *numbers* name the cards."""
    cards = numbers or {}
    rows = [_row(str(entry.seq), str(entry.scan), str(cards.get(entry.stream, "")), entry.event) for entry in entries]
    return _table(rows)


def history(events: Iterable[Event]) -> str:
    """Answer one card's events as a table, oldest first."""
    return _table([_row(str(place), "", "", event) for place, event in enumerate(events, start=1)])


def broken(law: str, why: object, shown: str) -> LawBroken:
    """Answer the failure of a law: what it says, what is wrong, and the Journal."""
    plain = str(why).split("\nassert ")[0].strip()  # Without what pytest adds to an assertion.
    said = f"\n  {plain}" if plain and not plain.startswith("assert ") else ""
    return LawBroken(f"a law is broken: {law}{said}\n\n{shown}")


def sentence(function: Any) -> str:
    """Answer what a law says: its docstring's first paragraph on one line."""
    paragraph = (function.__doc__ or function.__name__).strip().split("\n\n")[0]
    return " ".join(paragraph.split())


def _row(seq: str, scan: str, card: str, event: Event) -> tuple[str, ...]:
    required = getattr(event, "stamps_required", None)
    progress = getattr(event, "progress", 0 if required else None)
    stamps = "" if progress is None or type(event).__name__ == "GoalReached" else f"{progress}/{required}"
    when = f"{event.at:%Y-%m-%d %H:%M:%S}" + (f".{event.at.microsecond:06}" if event.at.microsecond else "")
    return seq, scan, when, card, _words(type(event).__name__), getattr(event, "code", None) or "", stamps, _more(event)


def _words(name: str) -> str:
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name).strip()


def _more(event: Event) -> str:
    """Say what else is worth knowing: fields that are not what they usually are."""
    told: list[str] = []
    for field in attrs.fields(type(event)):
        value = getattr(event, field.name)
        if field.name in _ELSEWHERE or field.name.endswith("_id") or value in (None, "", (), 0, False):
            continue
        if field.default is not attrs.NOTHING and value == field.default:
            continue
        told.append(f"{field.name.replace('_', ' ')} {_value(value)}")
    return ", ".join(told)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes"
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, UUID):
        return str(value)[-4:]
    if isinstance(value, tuple):
        return " ".join(_value(part) for part in value)
    return getattr(value, "title", None) or str(value) if attrs.has(type(value)) else str(value)


def _table(rows: Sequence[Sequence[str]]) -> str:
    shown = [place for place in range(len(_HEADINGS)) if any(row[place] for row in rows)]
    widths = [max(len(row[place]) for row in (_HEADINGS, *rows)) for place in shown]
    lines = [
        "  ".join(row[place].ljust(width) for place, width in zip(shown, widths, strict=True)).rstrip()
        for row in (_HEADINGS, *rows)
    ]
    return "\n".join((lines[0], "-" * max(map(len, lines)), *lines[1:]))
