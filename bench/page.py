"""The page of the documentation that tells what was reached: written here, never by hand."""

from collections.abc import Sequence
from pathlib import Path

from bench.report import HEADER, Row, lines_of, machine, reasons, today

PATH = Path(__file__).parent.parent / "docs" / "performance.md"

BEGINNING = """\
# Performance

This page is written by `make bench`. Contestants take turns in one run, in rotated rounds; a ratio is taken within its
round, and the median of five rounds counts. Times depend on the machine, ratios hardly do.

- **this** is stampledger, used as any program uses it.
- **floor** is the raw driver: the same rows with the same promises, and nothing else. What it takes, no library can
  save.
- **eventsourcing** is that library's own application with its default aggregate and its own SQLite or PostgreSQL
  module, a receipt being an aggregate that is saved together with the card, so that a code is good once. It decides,
  rewards and chains nothing.
- **ORM tables** are a card's row read and updated, a receipt and an event added, by SQLAlchemy's ORM in one
  transaction.

On SQLite, FULL survives a power cut, and NORMAL may lose the last moments. PostgreSQL runs with fsync and
synchronous_commit on, on the same machine.
"""


def write(rows: Sequence[Row], measured_with: str, *, quick: bool) -> None:
    """Write the page."""
    PATH.write_text(text(rows, measured_with, quick=quick), encoding="utf-8")


def text(rows: Sequence[Row], measured_with: str, *, quick: bool) -> str:
    """Answer the page."""
    judged = [target.met for row in rows for target in row.targets if target.met is not None]
    parts = [BEGINNING, f"Measured on {today()}: {machine()}; {measured_with}.\n"]
    if quick:
        parts.append("This was a quick run (`--quick`): ledgers are small and rounds short.\n")
    parts.append(f"{judged.count(True)} of {len(judged)} targets are met.\n")
    parts.append(_table(rows))
    missed = [(row, why) for row in rows for why in reasons(row)]
    if missed:
        parts.append("## Why some are missed\n")
        parts.append("".join(f"- {row.what}, {why}.\n" for row, why in missed))
    notes = [(row, "; ".join(" ".join(note.split()) for note in row.notes)) for row in rows if row.notes]
    if notes:
        parts.append("## Notes\n")
        parts.append("".join(f"- {row.what}: {note}.\n" for row, note in notes))
    return "\n".join(parts)


def _table(rows: Sequence[Row]) -> str:
    def line(cells: Sequence[str]) -> str:
        return f"| {' | '.join(cells)} |\n"

    aligned = ["---", *["---:"] * (len(HEADER) - 1)]
    return "".join([line(HEADER), line(aligned), *(line(cells) for row in rows for cells in lines_of(row))])
