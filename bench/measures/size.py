"""How a ledger grows: the time of a stamp on a big one, and the bytes of an event."""

import sqlite3
from contextlib import ExitStack, closing
from pathlib import Path

from bench import ours
from bench.measures.stamp import CALLS
from bench.report import OURS, Row, Target
from bench.timing import micro, take_turns
from bench.workshop import Workshop

JOURNAL = ("stampledger_journal", "ix_stampledger_journal_stream", "stampledger_claim")


def growth(shop: Workshop) -> list[Row]:
    """One stamp on a big ledger, beside one on a small ledger."""
    with ExitStack() as stack:
        stamps = {}
        seqs = {}
        for name, path, count in (("small", shop.small(), 100), ("big", shop.big(), shop.size.cards)):
            ledger = stack.enter_context(ours.opened(path, full=False))
            stamps[name] = ours.Stamping(ledger, ours.some_cards(ledger, count))
            seqs[name] = ledger.seq
        times = take_turns(
            stamps, turns=shop.size.turns, calls=CALLS, progress=shop.progress.of("one stamp on a big ledger")
        )
    what = f"one stamp at {seqs['big']:,} events, to {seqs['small']:,}"
    reached = times.ratios("big", "small")
    return [
        Row(
            what=what,
            figures={OURS: micro(times.seconds("big"))},
            targets=(Target(reached=reached, to_reach=1.2),),
        )
    ]


def disk(shop: Workshop) -> list[Row]:
    """Bytes per event: all of the file, and the Journal's share of it."""
    path = shop.stamped()
    with ours.opened(path, full=False) as ledger:
        events = ledger.seq
    size, shares = _pages(path)
    journal = sum(size for name, size in shares if name in JOURNAL)
    why = f"{journal / events:,.0f} bytes are entries, their index, receipts and chain; the rest is in the notes"
    return [
        Row(
            what=f"bytes per event of {events:,}, the whole file",
            figures={OURS: f"{size / events:,.0f} bytes"},
            targets=(Target(reached=[size / events], to_reach=200, unit="bytes", why=why),),
            notes=tuple(f"{size / events:6.1f}  {name}" for name, size in shares if size / events >= 0.5),
        ),
        Row(what="its entries, their index, receipts and chain", figures={OURS: f"{journal / events:,.0f} bytes"}),
    ]


def _pages(path: Path) -> tuple[int, list[tuple[str, int]]]:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        count, size = (connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size"))
        try:
            shares = connection.execute(
                "SELECT name, sum(pgsize) FROM dbstat GROUP BY name ORDER BY sum(pgsize) DESC"
            ).fetchall()
        except sqlite3.OperationalError:  # This SQLite was built without the table.
            shares = []
    return count * size, shares
