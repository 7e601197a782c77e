"""One stamp, one writer: beside the rows alone, beside eventsourcing, and beside plain tables."""

import random
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from typing import TypeVar

from bench import ours
from bench.floors import one_statement
from bench.floors.one_stamp import OneStamp
from bench.peers import aggregates, tables
from bench.report import FLOOR, OURS, PEER, TABLES, Row, Target
from bench.server import Missing, sqlalchemy_url
from bench.timing import Times, Work, micro, rate, take_turns
from bench.workshop import Workshop

CALLS = 20  # Stamps in a turn.
LIVE_CARDS = 1_000
SLOW_FLOOR = 1e-3  # Seconds.
DISK_IS_BUSY = "the disk was busy or slow: its fsync alone is most of every figure, and hides what is compared"
T = TypeVar("T")


def stamp(shop: Workshop) -> list[Row]:
    """One stamp on SQLite."""
    times = {name: _on_sqlite(shop, full=name == "FULL") for name in ("NORMAL", "FULL")}
    reached = {
        "NORMAL": (
            times["NORMAL"].at_most(
                FLOOR,
                2.2,
                "a third of it is SQL, which also looks and keeps the card's row; the rest is some 280 calls of Python",
            ),
            times["NORMAL"].at_least(
                PEER, 3.5, "the peer knows no rules, rewards or chain, and keeps no state to be read back"
            ),
            times["NORMAL"].at_least(
                TABLES, 5, "plain tables know no rules, rewards or chain; the ledger pays for them in Python"
            ),
        ),
        "FULL": (
            times["FULL"].at_most(FLOOR, 1.4, "the work beside the fsync is a larger part where the disk is quick"),
            times["FULL"].at_least(PEER, 2.3, "both wait for the same fsync, whose share grows on a slow disk"),
            times["FULL"].at_least(TABLES, None),
        ),
    }
    return [
        Row(
            what=f"one stamp, SQLite {name}, p50",
            figures=found.figures(micro),
            targets=reached[name],
            notes=(DISK_IS_BUSY,) if found.seconds(FLOOR) > SLOW_FLOOR else (),
        )
        for name, found in times.items()
    ]


def _on_sqlite(shop: Workshop, *, full: bool) -> Times:
    name = "FULL" if full else "NORMAL"
    with ExitStack() as stack:
        ledger = stack.enter_context(ours.opened(shop.path(f"stamp-{name}"), full=full))
        floor = stack.enter_context(closing(OneStamp(shop.path(f"floor-{name}"), LIVE_CARDS, full=full)))
        settings = aggregates.sqlite(shop.path(f"peer-{name}"))
        app = stack.enter_context(aggregates.Cards(settings, full=full))
        plain = stack.enter_context(closing(tables.on_file(shop.path(f"tables-{name}"), full=full)))
        return _turns(
            shop,
            {
                OURS: ours.Stamping(ledger, ours.issued(ledger, LIVE_CARDS)),
                FLOOR: floor.stamp,
                PEER: drawn(app.stamp, app.issue(LIVE_CARDS)),
                TABLES: drawn(plain.stamp, plain.issue(LIVE_CARDS)),
            },
            f"one stamp, SQLite {name}",
        )


def postgresql(shop: Workshop) -> list[Row]:
    """One stamp on PostgreSQL."""
    what, notes = "one stamp, PostgreSQL, 1 writer", []
    try:
        server = shop.server()
    except Missing as missing:
        return [Row(what=what, notes=(f"skipped: {missing}",))]
    with ExitStack() as stack:
        contestants: dict[str, Work] = {}
        try:
            ledger = stack.enter_context(ours.opened(sqlalchemy_url(server.create("stamp"))))
            contestants[OURS] = ours.Stamping(ledger, ours.issued(ledger, LIVE_CARDS))
        except Missing as missing:
            notes.append(f"not measured: {missing}")
        dsn = one_statement.created(server.create("stamp-floor"), 1, LIVE_CARDS)
        floor = stack.enter_context(closing(one_statement.OneStatement(dsn, 0, LIVE_CARDS)))
        app = stack.enter_context(aggregates.Cards(aggregates.postgresql(server.create("stamp-peer"))))
        plain = stack.enter_context(closing(tables.Tables(sqlalchemy_url(server.create("stamp-tables")))))
        contestants |= {
            FLOOR: floor.stamp,
            PEER: drawn(app.stamp, app.issue(LIVE_CARDS)),
            TABLES: drawn(plain.stamp, plain.issue(LIVE_CARDS)),
        }
        times = _turns(shop, contestants, what)
    targets: Sequence[Target] = (
        times.at_least(FLOOR, 0.6, "decoding, deciding and encoding are done while the server waits"),
        times.at_least(PEER, 2.7, "two round trips and the commit bound both; between them Python decides and encodes"),
        times.at_least(TABLES, None),
    )
    return [Row(what=what, figures=times.figures(rate), targets=targets, notes=notes)]


def _turns(shop: Workshop, contestants: dict[str, Work], what: str) -> Times:
    for work in contestants.values():  # Connections are made, statements prepared.
        for _ in range(CALLS):
            work()
    return take_turns(contestants, turns=shop.size.turns, calls=CALLS, progress=shop.progress.of(what))


def drawn(stamp: Callable[[T], object], cards: Sequence[T]) -> Work:
    """Answer what stamps a card drawn at random."""
    choice = random.Random(5)
    return lambda: stamp(cards[choice.randrange(len(cards))])
