"""The table: what was reached beside what was to be reached, and the machine it was reached on."""

import platform
import sqlite3
import statistics
from collections.abc import Sequence
from importlib.metadata import version
from os import cpu_count

import attrs


@attrs.frozen(kw_only=True)
class Row:
    """One figure. *reached* and *to_reach* are in one unit: times, µs, MB or bytes."""

    what: str
    ours: str
    floor: str = ""
    peer: str = ""
    reached: Sequence[float]  # Once per round; the median counts.
    to_reach: float | None = None  # None where the figure is for information.
    at_least: bool = False  # Otherwise at most.
    unit: str = "x"
    notes: tuple[str, ...] = ()

    @property
    def median(self) -> float:
        """The figure that counts."""
        return statistics.median(self.reached)

    @property
    def met(self) -> bool | None:
        """Whether it was reached; None where nothing was to be."""
        if self.to_reach is None:
            return None
        return self.median >= self.to_reach if self.at_least else self.median <= self.to_reach


def _figure(value: float, unit: str) -> str:
    return f"{value:.2f}{unit}" if unit == "x" else f"{value:,.0f} {unit}"


def _cells(row: Row) -> tuple[str, ...]:
    spread = ""
    if len(row.reached) > 1:
        spread = f"{_figure(min(row.reached), row.unit)} … {_figure(max(row.reached), row.unit)}"
    wanted = "" if row.to_reach is None else f"{'≥' if row.at_least else '≤'} {_figure(row.to_reach, row.unit)}"
    verdict = {True: "yes", False: "NO", None: ""}[row.met]
    return row.what, row.ours, row.floor, row.peer, _figure(row.median, row.unit), spread, wanted, verdict


HEADER = ("measure", "this", "floor", "eventsourcing", "reached", "spread", "to reach", "met")


def show(rows: Sequence[Row]) -> str:
    """Answer the table as text."""
    table = [HEADER, *(_cells(row) for row in rows)]
    widths = [max(len(cells[column]) for cells in table) for column in range(len(HEADER))]
    lines = []
    for place, cells in enumerate(table):
        padded = [cells[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(cells[1:], widths[1:], strict=True))]
        lines.append("  ".join(padded).rstrip())
        if place == 0:
            lines.append("  ".join("-" * width for width in widths))
        else:
            lines.extend(f"    {note}" for note in rows[place - 1].notes)
    return "\n".join(lines)


def machine() -> str:
    """Answer what this was measured on."""
    return (
        f"{cpu_count()} cores, {platform.machine()}, {platform.system()} {platform.release()}; "
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, "
        f"eventsourcing {version('eventsourcing')}; medians of rotated rounds"
    )
