"""How a scene went, as a Journal: a plain table of what was given, asked, told, and expected."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import attrs

from stampledger.errors import StampledgerError
from stampledger.events import Event
from stampledger.projections import event_progress, event_rewards

HEADINGS = ("", "at", "entry", "code", "stamps", "rewards")
PARTS = ("given", "when", "then", "expected")
COLUMNS = 5


@attrs.frozen
class Row:
    """One line: an entry with its columns, or a sentence that runs over all of them."""

    part: str
    cells: tuple[str, ...] = ()
    sentence: str | None = None


class Playbill:
    """The lines of one scene, as it is played."""

    def __init__(self) -> None:
        self._rows: list[Row] = []

    def given(self, told: Iterable[Event]) -> None:
        """Note what was before."""
        self._rows.extend(Row("given", _cells(event)) for event in told)

    def ask(self, wish: str, at: datetime, part: str = "when") -> None:
        """Note what was asked."""
        self._rows.append(Row(part, (_time(at), wish)))

    def tell(self, told: Sequence[Event]) -> None:
        """Note what happened."""
        self._rows.extend(Row("then", _cells(event)) for event in told)
        if not told:
            self._rows.append(Row("then", sentence="nothing happened"))

    def refuse(self, error: StampledgerError) -> None:
        """Note that it was refused, and why."""
        self._rows.append(Row("then", sentence=f"refused: {type(error).__name__}: {error}"))

    def shown(self, title: str, expected: Iterable[tuple[str, bool]] = ()) -> str:
        """Answer the table, under a title; of what was expected, each line with whether it came."""
        rows = [
            Row("", HEADINGS[1:]),
            *self._rows,
            *(Row("expected", sentence=f"{'' if came else '✗ '}{line}") for line, came in expected),
        ]
        filled = [row.cells for row in rows if row.sentence is None and len(row.cells) == COLUMNS]
        widths = [max(len(cells[place]) for cells in filled) for place in range(COLUMNS)]
        lines, before = [title, ""], ""
        for row in rows:
            part = "" if row.part == before else row.part
            before = row.part
            cells = [cell.ljust(width) for cell, width in zip(row.cells, widths, strict=False)]
            lines.append("  ".join([part.ljust(max(map(len, PARTS))), row.sentence or "  ".join(cells)]).rstrip())
        return "\n".join(lines)


def _cells(event: Event) -> tuple[str, ...]:
    progress = event_progress(event)
    return (
        _time(event.at),
        type(event).__name__,
        getattr(event, "code", None) or "",
        "" if progress is None else str(progress),
        ", ".join(event_rewards(event)),
    )


def _time(at: datetime) -> str:
    exact = at.second or at.microsecond
    return f"{at:%Y-%m-%d %H:%M:%S.%f}".rstrip("0").rstrip(".") if exact else f"{at:%Y-%m-%d %H:%M}"
