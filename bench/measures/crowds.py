"""Many tills at once: threads of one process, and processes.

Each has cards of its own, so that none waits for another's card, only for the database.
"""

from collections.abc import Sequence
from contextlib import ExitStack, closing
from typing import Any, TypeVar
from uuid import UUID

from bench import ours
from bench.crowd import Crowd, Processes, Threads, take_turns_at_once
from bench.floors import one_statement
from bench.floors.group_commit import GroupCommit
from bench.measures.stamp import drawn
from bench.peers import aggregates
from bench.report import FLOOR, OURS, PEER, Row
from bench.server import Missing, Server, sqlalchemy_url
from bench.timing import Work, milli, rate
from bench.workshop import Workshop

THREADS = 32
PROCESSES = 8
CARDS_EACH = 50  # Cards of one till.
POOLED = f"eventsourcing with a pool of {THREADS}"  # Its own default is 5 connections, and 10 more where they are busy.
T = TypeVar("T")

DECIDED = "one thread at a time decides: a commit is shared, the 60 to 90 µs of Python for each command are not"
SHARED = "writers and server share two cores: what counts is what a command costs on both sides, not who waits"


def shares(cards: Sequence[T]) -> list[Sequence[T]]:
    """Part cards among tills."""
    return [cards[start : start + CARDS_EACH] for start in range(0, len(cards), CARDS_EACH)]


# Threads.


def threads(shop: Workshop) -> list[Row]:
    """Threads of one process on SQLite, every stamp safe when it is answered."""
    what = f"{THREADS} threads, SQLite FULL"
    with ExitStack() as stack:
        ledger = stack.enter_context(ours.opened(shop.path("threads")))
        floor = stack.enter_context(closing(GroupCommit(shop.path("threads-floor"), 1_000, full=True)))
        app = stack.enter_context(aggregates.Cards(aggregates.sqlite(shop.path("threads-peer"))))
        crowds: dict[str, Crowd] = {
            OURS: _ours(ledger),
            FLOOR: Threads([floor.stamp] * THREADS),
            PEER: Threads([drawn(app.stamp, cards) for cards in shares(app.issue(THREADS * CARDS_EACH))]),
        }
        each, p99 = take_turns_at_once(crowds, seconds=shop.size.seconds, progress=shop.progress.of(what))
    targets = (each.at_least(PEER, 5, DECIDED), each.at_least(FLOOR, 0.7, DECIDED))
    return [
        Row(what=what, figures=each.figures(rate), targets=targets),
        Row(what=f"{what}, p99", figures=p99.figures(milli), targets=(p99.at_most(FLOOR, 3, DECIDED),)),
    ]


def _ours(ledger: Any) -> Threads:
    cards = ours.issued(ledger, THREADS * CARDS_EACH)
    return Threads([ours.Stamping(ledger, share, f"T{number}") for number, share in enumerate(shares(cards))])


def threads_on_postgresql(shop: Workshop) -> list[Row]:
    """Threads of one process on PostgreSQL."""
    what, notes = f"{THREADS} threads in one process, PostgreSQL", []
    try:
        server = shop.server()
    except Missing as missing:
        return [Row(what=what, notes=(f"skipped: {missing}",))]
    with ExitStack() as stack:
        crowds: dict[str, Crowd] = {}
        try:
            crowds[OURS] = _ours(stack.enter_context(ours.opened(sqlalchemy_url(server.create("threads")))))
        except Missing as missing:
            notes.append(f"not measured: {missing}")
        dsn = one_statement.created(server.create("threads-floor"), 1, THREADS * CARDS_EACH)
        floors = [one_statement.OneStatement(dsn, 0, CARDS_EACH, n * CARDS_EACH, n) for n in range(THREADS)]
        for floor in floors:
            stack.enter_context(closing(floor))
        crowds[FLOOR] = Threads([floor.stamp for floor in floors])
        for name, settings in ((PEER, {}), (POOLED, {"POSTGRES_POOL_SIZE": str(THREADS)})):
            chosen = aggregates.postgresql(server.create(f"threads-peer-{len(crowds)}")) | settings
            app = stack.enter_context(aggregates.Cards(chosen))
            crowds[name] = Threads([drawn(app.stamp, cards) for cards in shares(app.issue(THREADS * CARDS_EACH))])
        each, p99 = take_turns_at_once(crowds, seconds=shop.size.seconds, progress=shop.progress.of(what))
    targets = (each.at_least(PEER, 5, DECIDED), each.at_least(POOLED, None), each.at_least(FLOOR, None))
    notes.append(f"{POOLED}: {rate(each.seconds(POOLED))}")
    notes.append("p99: " + ", ".join(f"{name} {shown}" for name, shown in p99.figures(milli).items()))
    return [Row(what=what, figures=each.figures(rate), targets=targets, notes=notes)]


# Processes.


def processes(shop: Workshop) -> list[Row]:
    """Processes on one PostgreSQL server: each with a business of its own, and all on one."""
    each_its_own = f"{PROCESSES} processes on {PROCESSES} businesses, PostgreSQL"
    all_on_one = f"{PROCESSES} processes on one business, PostgreSQL"
    try:
        server = shop.server()
    except Missing as missing:
        return [Row(what=what, notes=(f"skipped: {missing}",)) for what in (each_its_own, all_on_one)]
    return [
        _processes(shop, server, each_its_own, PROCESSES, 4),
        _processes(shop, server, all_on_one, 1, 2),
    ]


def _processes(shop: Workshop, server: Server, what: str, businesses: int, to_reach: float) -> Row:
    names, notes = [f"shop-{number % businesses}" for number in range(PROCESSES)], []
    label = f"processes-{businesses}"
    shop.progress(f"starting {what}")
    with ExitStack() as stack:
        crowds: dict[str, Crowd] = {}
        try:
            url = sqlalchemy_url(server.create(label))
            each = [(url, name, number, _cards(url, name)) for number, name in enumerate(names)]
            crowds[OURS] = stack.enter_context(Processes(begin_ours, each))
        except Missing as missing:
            notes.append(f"not measured: {missing}")
        dsn = one_statement.created(server.create(f"{label}-floor"), businesses, PROCESSES * CARDS_EACH)
        tills: list[tuple[Any, ...]] = [(dsn, number % businesses, number) for number in range(PROCESSES)]
        crowds[FLOOR] = stack.enter_context(Processes(begin_floor, tills))
        dsn = server.create(f"{label}-peer")
        with aggregates.Cards(aggregates.postgresql(dsn)) as app:
            parts = shares(app.issue(PROCESSES * CARDS_EACH))
        crowds[PEER] = stack.enter_context(Processes(begin_peer, [(dsn, n, part) for n, part in enumerate(parts)]))
        seconds, p99 = take_turns_at_once(crowds, seconds=shop.size.seconds, progress=shop.progress.of(what))
    notes.append("p99: " + ", ".join(f"{name} {shown}" for name, shown in p99.figures(milli).items()))
    targets = (seconds.at_least(PEER, to_reach, SHARED), seconds.at_least(FLOOR, None))
    return Row(what=what, figures=seconds.figures(rate), targets=targets, notes=notes)


def _cards(url: str, business: str) -> list[UUID]:
    with ours.opened(url, business=business) as ledger:
        return ours.issued(ledger, CARDS_EACH)


def begin_ours(url: str, business: str, number: int, cards: Sequence[UUID]) -> Work:
    """Be a till of ours."""
    return ours.Stamping(ours.opened(url, business=business), cards, f"P{number}")


def begin_floor(dsn: str, business: int, number: int) -> Work:
    """Be a till that knows rows alone."""
    return one_statement.OneStatement(dsn, business, CARDS_EACH, number * CARDS_EACH, number).stamp


def begin_peer(dsn: str, number: int, cards: Sequence[UUID]) -> Work:
    """Be a till of the peer's. It knows no businesses: all tills share its table."""
    app = aggregates.Cards(aggregates.postgresql(dsn, create=False), writer=f"P{number}")
    return drawn(app.stamp, cards)
