"""What was measured: figures side by side, and how far they were to go."""

import platform
import sqlite3
import statistics
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from os import cpu_count

import attrs

OURS, FLOOR, PEER, TABLES = CONTESTANTS = ("stampledger", "floor", "eventsourcing", "ORM tables")


@attrs.frozen(kw_only=True)
class Target:
    """How a figure was to compare. *reached* and *to_reach* are in one unit: times, µs, ms, MB or bytes."""

    than: str = ""  # The contestant it is compared with; empty for a bound of its own.
    reached: Sequence[float]  # Once per round; the median counts. Empty where it could not be measured.
    to_reach: float | None  # None where the comparison is for information.
    at_least: bool = False  # Otherwise at most.
    unit: str = "x"
    why: str = ""  # Shown where it is missed.

    @property
    def median(self) -> float | None:
        """The figure that counts."""
        return statistics.median(self.reached) if self.reached else None

    @property
    def met(self) -> bool | None:
        """Whether it was reached; None where nothing was to be, or it could not be measured."""
        median = self.median
        if self.to_reach is None or median is None:
            return None
        return median >= self.to_reach if self.at_least else median <= self.to_reach


@attrs.frozen(kw_only=True)
class Row:
    """One work, and what each contestant took for it."""

    what: str
    figures: Mapping[str, str] = attrs.field(factory=dict)  # By contestant.
    targets: Sequence[Target] = ()
    notes: Sequence[str] = ()


def figure(value: float, unit: str) -> str:
    """Write a figure with its unit."""
    if unit == "x":
        return f"{value:.2f}x"
    return f"{value:,.1f} {unit}" if unit == "ms" else f"{value:,.0f} {unit}"


HEADER = ("work", "this", "floor", "eventsourcing", "ORM tables", "to reach", "reached", "spread", "met")
_VERDICTS = {True: "yes", False: "NO", None: ""}


def lines_of(row: Row) -> list[tuple[str, ...]]:
    """Answer a row's lines in the table: one for each target, the figures in the first."""
    first = (row.what, *(row.figures.get(name, "") for name in CONTESTANTS))
    compared = [_compared(target) for target in row.targets] or [("", "", "", "")]
    return [(*(first if place == 0 else ("",) * len(first)), *cells) for place, cells in enumerate(compared)]


def wanted(target: Target) -> str:
    """Write how a figure was to compare."""
    if target.to_reach is None:
        return target.than
    return f"{'≥' if target.at_least else '≤'} {figure(target.to_reach, target.unit)} {target.than}".rstrip()


def _compared(target: Target) -> tuple[str, str, str, str]:
    if target.median is None:
        return wanted(target), "", "", ""
    spread = ""
    if len(target.reached) > 1:
        spread = f"{figure(min(target.reached), target.unit)} … {figure(max(target.reached), target.unit)}"
    return wanted(target), figure(target.median, target.unit), spread, _VERDICTS[target.met]


def reasons(row: Row) -> list[str]:
    """Answer why targets were missed."""
    missed = [target for target in row.targets if target.met is False]
    return [f"{wanted(target)}: {target.why or 'not looked into yet'}" for target in missed]


def show(rows: Sequence[Row]) -> str:
    """Answer the table as text."""
    cells = [HEADER, *(line for row in rows for line in lines_of(row))]
    widths = [max(len(line[column]) for line in cells) for column in range(len(HEADER))]

    def padded(line: Sequence[str]) -> str:
        others = zip(line[1:], widths[1:], strict=True)
        return "  ".join([line[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in others)]).rstrip()

    shown = [padded(HEADER), "  ".join("-" * width for width in widths)]
    for row in rows:
        shown.extend(padded(line) for line in lines_of(row))
        shown.extend(f"    {note}" for note in (*row.notes, *(f"missed: {why}" for why in reasons(row))))
    return "\n".join(shown)


_PACKAGES = ("stampledger", "eventsourcing", "SQLAlchemy", "msgspec", "psycopg")


def machine() -> str:
    """Answer what this was measured on."""
    return f"{cpu_count()} cores, {platform.machine()}, {platform.system()} {platform.release()}"


def versions(postgresql: str | None = None) -> str:
    """Answer the versions of what was measured."""
    found = [f"Python {platform.python_version()}", f"SQLite {sqlite3.sqlite_version}"]
    if postgresql is not None:
        found.append(f"PostgreSQL {postgresql}")
    for package in _PACKAGES:
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    return ", ".join(found)


def today() -> str:
    """Answer the day of the run."""
    return f"{datetime.now(UTC):%Y-%m-%d}"
