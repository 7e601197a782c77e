"""The measures, each a target of the ledger's plan."""

import random
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path

from bench import ours, peer
from bench.floor import Floor
from bench.report import Row
from bench.timing import take_turns
from bench.workshop import Workshop
from stampledger import Ledger, View

CALLS = 20  # Stamps in a turn.
LIVE_CARDS = 1_000


def micro(seconds: float) -> str:
    """Write a time in µs."""
    return f"{seconds * 1e6:,.0f} µs"


# One stamp.


def stamp(shop: Workshop) -> list[Row]:
    """One stamp, beside the rows alone and beside the peer."""
    return [_stamp(shop, full=False, to_reach=2.5), _stamp(shop, full=True, to_reach=1.5)]


def _stamp(shop: Workshop, *, full: bool, to_reach: float) -> Row:
    name = "FULL" if full else "NORMAL"
    with ExitStack() as stack:
        ledger = stack.enter_context(ours.opened(shop.path(f"stamp-{name}"), full=full))
        floor = stack.enter_context(closing(Floor(shop.path(f"floor-{name}"), LIVE_CARDS, full=full)))
        app = stack.enter_context(peer.Cards(shop.path(f"peer-{name}"), full=full))
        cards, choice = app.issue(LIVE_CARDS), random.Random(5)
        times = take_turns(
            {
                "ours": ours.Stamping(ledger, ours.issued(ledger, LIVE_CARDS)),
                "floor": floor.stamp,
                "peer": lambda: app.stamp(cards[choice.randrange(LIVE_CARDS)]),
            },
            turns=shop.size.turns,
            calls=CALLS,
            progress=shop.progress.of(f"one stamp, {name}"),
        )
    peers = times.seconds("peer") / times.seconds("ours")
    return Row(
        what=f"one stamp, {name}, p50, to the floor",
        ours=micro(times.seconds("ours")),
        floor=micro(times.seconds("floor")),
        peer=micro(times.seconds("peer")),
        reached=times.ratios("ours", "floor"),
        to_reach=to_reach,
        notes=(f"the peer, without unique receipts, takes {peers:.1f} times as long",),
    )


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
    return [
        Row(
            what=f"one stamp at {seqs['big']:,} events, to {seqs['small']:,}",
            ours=micro(times.seconds("big")),
            reached=times.ratios("big", "small"),
            to_reach=1.2,
        )
    ]


# The past.


def moment(shop: Workshop) -> list[Row]:
    """A card of ten thousand events as it was at any entry."""
    with ours.opened(shop.long(), full=True) as ledger:
        return [
            _moment(shop, ledger, ours.SAVINGS, "a card of 10,000 events as of any moment", to_reach=300),
            _moment(shop, ledger, ours.TEMPLATE, "one with many vouchers, all shown", to_reach=None),
        ]


def _moment(shop: Workshop, ledger: Ledger, template: str, what: str, to_reach: float | None) -> Row:
    card = ours.some_cards(ledger, 1, template)[0]
    seqs = [row.seq for row in ledger.history(card)]
    choice = random.Random(3)

    def asked(read: Callable[[View], object]) -> Callable[[], object]:
        return lambda: read(ledger.at(seqs[choice.randrange(len(seqs))]))

    times = take_turns(
        {
            "card": asked(lambda view: view.card(card)),
            "state": asked(lambda view: view.progress(card)),
            "at": asked(id),
        },
        turns=shop.size.turns,
        calls=5,
        progress=shop.progress.of(what),
    )
    whole, state, at = (times.seconds(name) for name in ("card", "state", "at"))
    vouchers = len(ledger.card(card).vouchers)
    return Row(
        what=what,
        ours=micro(whole),
        reached=[seconds * 1e6 for seconds in times.by_name["card"]],
        to_reach=to_reach,
        unit="µs",
        notes=(
            f"{len(seqs):,} events: finding the moment {micro(at)}, state and customer {micro(state - at)}, "
            f"the vouchers given by then, of {vouchers:,}, {micro(whole - state)}",
        ),
    )


# Many events.


def replay(shop: Workshop) -> list[Row]:
    """Every event read again and given to a handler."""
    big = shop.big()
    with ours.opened(big, full=False) as ledger, peer.Cards(shop.peer(ledger.seq), full=False) as app:
        count = ledger.seq

        def fold() -> None:
            table, seen = ours.handlers()
            ledger.replay(table)
            assert seen["events"] == count

        times = take_turns(
            {"ours": fold, "peer": app.replay}, turns=1, calls=1, progress=shop.progress.of("replaying everything")
        )
    shop.progress("replaying in a process of its own")
    grown = int(subprocess.check_output([sys.executable, "-m", "bench.memory", str(big)], text=True))
    return [
        Row(
            what=f"replay of {count:,} events",
            ours=f"{count / times.seconds('ours'):,.0f}/s",
            peer=f"{count / times.seconds('peer'):,.0f}/s",
            reached=times.ratios("peer", "ours"),
            to_reach=2.8,
            at_least=True,
        ),
        Row(
            what="its memory above the start",
            ours=f"{grown / 1e6:,.1f} MB",
            reached=[grown / 1e6],
            to_reach=40,
            unit="MB",
        ),
    ]


def bulk(shop: Workshop) -> list[Row]:
    """Receipts of a till, imported."""
    return [_bulk(shop, full=True), _bulk(shop, full=False)]


def _bulk(shop: Workshop, *, full: bool) -> Row:
    name = "FULL, as both open" if full else "NORMAL"
    count = shop.size.receipts
    visits = ours.visits(count // 20, 20)
    with ExitStack() as stack:
        ledger = stack.enter_context(ours.opened(shop.path(f"bulk-{full}"), full=full))
        app = stack.enter_context(peer.Cards(shop.path(f"bulk-peer-{full}"), full=full))
        known: dict[str, peer.Card] = {}
        times = take_turns(
            {
                "ours": partial(_import, ledger, visits, iter(range(1, 1 << 40, count))),
                "peer": partial(app.import_receipts, visits, known),
            },
            turns=1,
            calls=1,
            progress=shop.progress.of(f"importing receipts, {name}"),
        )
    return Row(
        what=f"import of receipts, {name}",
        ours=f"{count / times.seconds('ours'):,.0f}/s",
        peer=f"{count / times.seconds('peer'):,.0f}/s",
        reached=times.ratios("peer", "ours"),
        to_reach=2.5,
        at_least=True,
    )


def _import(ledger: Ledger, visits: list[str], firsts: Iterator[int]) -> None:
    done = ledger.import_receipts(
        ours.receipts(visits, next(firsts)), template=ours.TEMPLATE, actor="till-1", channel="receipt"
    )
    assert done.credited == len(visits)


JOURNAL = ("stampledger_journal", "ix_stampledger_journal_stream", "stampledger_claim")


def disk(shop: Workshop) -> list[Row]:
    """Bytes per event: all of the file, and the Journal's share of it."""
    path = shop.stamped()
    with ours.opened(path, full=False) as ledger:
        events = ledger.seq
    size, shares = _pages(path)
    journal = sum(size for name, size in shares if name in JOURNAL)
    return [
        Row(
            what=f"bytes per event of {events:,}, the whole file",
            ours=f"{size / events:,.0f} bytes",
            reached=[size / events],
            to_reach=200,
            unit="bytes",
            notes=tuple(f"{size / events:6.1f}  {name}" for name, size in shares if size / events >= 0.5),
        ),
        Row(
            what="its entries, their index, receipts and chain",
            ours=f"{journal / events:,.0f} bytes",
            reached=[journal / events],
            unit="bytes",
        ),
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


MEASURES: Mapping[str, Callable[[Workshop], list[Row]]] = {
    "stamp": stamp,
    "growth": growth,
    "moment": moment,
    "replay": replay,
    "bulk": bulk,
    "disk": disk,
}
