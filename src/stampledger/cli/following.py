"""`stampledger journal --follow`: the last entries, and then each new one as it is recorded."""

import io
import math
import select
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import tzinfo
from typing import TYPE_CHECKING, Any, TypeVar

import click

from stampledger.cli import exits
from stampledger.cli.options import Target
from stampledger.cli.output import say, say_csv_rows, say_json_lines
from stampledger.errors import FollowerAhead, InvalidInput, StorageUnreachable
from stampledger.paging import LIMIT_MAX
from stampledger.render.cells import JOURNAL_COLUMNS, journal_cells

if TYPE_CHECKING:
    from rich.console import Console

    from stampledger.projections import JournalRow
    from stampledger.view import View

INTERVAL_LEAST, INTERVAL_MOST = 0.05, 3_600.0  # Seconds.
PATIENCE_SECONDS = 300.0  # A database that is away for longer is no restart.

T = TypeVar("T")
Show = Callable[[Sequence["JournalRow"]], object]


def follow(target: Target, interval: float, limit: int, as_json: bool, as_csv: bool, **filters: Any) -> None:
    """Show the last entries that were asked for, the newest at the bottom, and then what comes, until Ctrl-C.

    Raises:
        InvalidInput: The interval is none, or a filter is none.
        FollowerAhead: An older backup was restored: the Journal ends before what was shown.
    """
    if not INTERVAL_LEAST <= interval <= INTERVAL_MOST:
        reason = f"must be seconds, from {INTERVAL_LEAST} to {INTERVAL_MOST:.0f}"
        raise InvalidInput("--interval", interval, reason)
    try:
        with target.existing() as ledger:
            show = _json if as_json else _csv() if as_csv else _table(ledger)
            for rows in followed(ledger, limit, lambda: pause(interval), **filters):
                with _whole_lines():
                    show(rows)
    except KeyboardInterrupt:  # This is how it is meant to end: nothing to be said of it.
        raise click.exceptions.Exit(exits.INTERRUPTED) from None


def followed(
    look: "View", limit: int, wait: Callable[[], object], **filters: Any
) -> Iterator[tuple["JournalRow", ...]]:
    """Yield the last rows, and then, after each wait, those that were recorded since: none is missed, none is twice.

    Rows are recorded in the order of their seqs. So once the Journal's end was seen, all up to there can be read.

    Raises:
        InvalidInput: A filter is none.
        NotFound: The card, customer or template of a filter is unknown.
        FollowerAhead: The Journal ends before what was read.
    """
    seen = _patiently(lambda: look.seq)
    page = _patiently(lambda: look.journal(limit=limit, **filters))
    yield page.rows[::-1]
    seen = max([seen, *(row.seq for row in page)])
    while True:
        wait()
        head = _patiently(lambda: look.seq)
        if head < seen:
            raise FollowerAhead(None, seen, head)
        while head > seen:
            page = _patiently(lambda after=seen: look.journal(after=after, limit=LIMIT_MAX, **filters))  # type: ignore[misc]
            if page.rows:
                yield page.rows[::-1]
            # Of a page that is not the last one, the next one begins behind its newest row.
            seen = page.previous or max([head, *(row.seq for row in page)])


def pause(seconds: float) -> None:
    """Wait, but not for a reader who has gone.

    Raises:
        BrokenPipeError: Nobody reads any more.
    """
    if not hasattr(select, "poll"):
        time.sleep(seconds)
        return
    reader = select.poll()
    try:
        reader.register(sys.stdout.fileno(), 0)  # Asked about nothing, it still tells that the other end is closed.
    except (io.UnsupportedOperation, ValueError):
        time.sleep(seconds)
        return
    if reader.poll(math.ceil(seconds * 1_000)):
        raise BrokenPipeError


def _patiently(ask: Callable[[], T]) -> T:
    """Answer what is asked; a database that is restarted meanwhile is waited for.

    Raises:
        StorageUnreachable: It stays away for too long.
    """
    until, seconds = time.monotonic() + PATIENCE_SECONDS, 0.0
    while True:
        try:
            found = ask()
        except StorageUnreachable as error:
            if time.monotonic() > until:
                raise
            if not seconds:
                say(f"stampledger: {error}; waiting for it ({error.code})", err=True)
            seconds = min(2 * seconds or 0.1, 5.0)
            pause(seconds)
        else:
            if seconds:
                say("stampledger: the database answers again", err=True)
            return found


# How rows are shown.


@contextmanager
def _whole_lines() -> Iterator[None]:
    """Let Ctrl-C wait until what is being said is said: a write that a signal interrupts may lose the rest of it."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _json(rows: Sequence["JournalRow"]) -> None:
    say_json_lines(rows)


def _csv() -> Show:
    say_csv_rows([JOURNAL_COLUMNS])
    return lambda rows: say_csv_rows(map(journal_cells, rows))


def _table(look: "View") -> Show:
    from stampledger.cli import tables

    out, zone = tables.console(), tables.zone_of(look)
    say(f"following, times in {zone}; Ctrl-C ends it", err=True)
    if out.width < tables.WIDE:
        return lambda rows: _print_stacked(out, rows, zone)
    digits = max(5, len(str(look.seq)) + 1)
    is_first = True

    def show(rows: Sequence["JournalRow"]) -> None:
        nonlocal is_first
        out.print(tables.journal_lines(rows, zone, out.width, digits, heading=is_first))
        is_first = False
        sys.stdout.flush()

    return show


def _print_stacked(out: "Console", rows: Sequence["JournalRow"], zone: tzinfo) -> None:
    """Show each entry in two lines, for a narrow terminal."""
    from stampledger.cli import tables

    for row in rows:
        out.print(tables.stacked(row, zone))
    sys.stdout.flush()
