"""Many events at once: a till's receipts, cards from elsewhere, and a whole Journal, beside the rows alone."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from itertools import count
from pathlib import Path

import attrs

from bench import ours
from bench.floors.many_rows import Amount, Copy, ExecuteMany
from bench.peers import aggregates
from bench.report import FLOOR, OURS, PEER, Row
from bench.server import Missing, Server, sqlalchemy_url
from bench.timing import ROUNDS, Work, rate, take_turns
from bench.workshop import Workshop
from stampledger import Ledger

VISITS = 20  # Of a customer, in a till's file: two full cards.
PER_CUSTOMER = 2 + VISITS + 2 * (VISITS // 8)  # Registered and given a card; stamps; goals reached, vouchers issued.
WHY = "every row of a card is decided, encoded and chained by Python; the floor's rows are ready"


@attrs.frozen
class Place:
    """Where an import goes to."""

    name: str
    ledgers: Callable[[str], Path | str]  # Where a new ledger lies.
    floor: Callable[[Amount], ExecuteMany | Copy]
    settings: Callable[[], Mapping[str, str]]
    to_reach: float


def places(shop: Workshop) -> list[Place | str]:
    """Answer the databases; for one that is missing, the reason."""
    numbers = count()

    def path(name: str) -> Path:
        return shop.path(f"bulk-{name}-{next(numbers)}")

    found: list[Place | str] = [
        Place(
            "SQLite FULL",
            path,
            lambda amount: ExecuteMany(path("floor"), amount, ROUNDS, full=True),
            lambda: aggregates.sqlite(path("peer")),
            0.5,
        )
    ]
    try:
        server = shop.server()
    except Missing as missing:
        return [*found, str(missing)]
    return [*found, _on(server, numbers)]


def _on(server: Server, numbers: "count[int]") -> Place:
    def new(name: str) -> str:
        return server.create(f"bulk-{name}-{next(numbers)}")

    return Place(
        "PostgreSQL",
        lambda name: sqlalchemy_url(new(name)),
        lambda amount: Copy(new("floor"), amount, ROUNDS),
        lambda: aggregates.postgresql(new("peer")),
        0.35,
    )


def bulk(shop: Workshop) -> list[Row]:
    """Every import, everywhere."""
    rows = []
    for place in places(shop):
        for what, measure in _MEASURES.items():
            if isinstance(place, str):
                rows.append(Row(what=f"{what}, PostgreSQL", notes=(f"skipped: {place}",)))
            else:
                rows.append(measure(shop, place, f"{what}, {place.name}"))
    return rows


def _measured(
    shop: Workshop, what: str, place: Place, amount: Amount, contestants: dict[str, Work], notes: list[str]
) -> Row:
    """Let the floor take part, and compare."""
    with closing(place.floor(amount)) as floor:
        contestants[FLOOR] = floor.write
        times = take_turns(contestants, turns=1, calls=1, each=amount.events, progress=shop.progress.of(what))
    targets = [times.at_least(FLOOR, place.to_reach, WHY)]
    if PEER in contestants:
        targets.append(times.at_least(PEER, None))
    return Row(what=what, figures=times.figures(rate), targets=targets, notes=notes)


def _receipts(shop: Workshop, place: Place, what: str) -> Row:
    customers = shop.size.receipts // VISITS
    visits, notes = customers * VISITS, list[str]()
    amount = Amount(events=customers * PER_CUSTOMER, receipts=visits, streams=2 * customers)
    names, others = count(), count()
    with ExitStack() as stack:
        contestants: dict[str, Work] = {}
        try:
            ledger = stack.enter_context(ours.opened(place.ledgers("receipts")))
            contestants[OURS] = lambda: _import_receipts(ledger, customers, next(names), amount)
        except Missing as missing:
            notes.append(f"not measured: {missing}")
        app = stack.enter_context(aggregates.Cards(dict(place.settings())))
        contestants[PEER] = lambda: app.import_receipts(ours.visits(customers, VISITS, f"c{next(others)}-"))
        return _measured(shop, what, place, amount, contestants, notes)


def _import_receipts(ledger: Ledger, customers: int, number: int, amount: Amount) -> None:
    before = ledger.seq
    file = ours.receipts(ours.visits(customers, VISITS, f"c{number}-"), 1 + number * amount.receipts)
    done = ledger.import_receipts(file, template=ours.TEMPLATE, actor="till-1", channel="receipt")
    assert done.credited == amount.receipts and ledger.seq - before == amount.events


def _cards(shop: Workshop, place: Place, what: str) -> Row:
    cards, numbers, notes = shop.size.receipts // 4, count(), list[str]()
    amount = Amount(events=2 * cards, receipts=cards, streams=2 * cards)
    with ExitStack() as stack:
        contestants: dict[str, Work] = {}
        try:
            ledger = stack.enter_context(ours.opened(place.ledgers("cards")))
            contestants[OURS] = lambda: _import_cards(ledger, cards, next(numbers))
        except Missing as missing:
            notes.append(f"not measured: {missing}")
        return _measured(shop, what, place, amount, contestants, notes)


def _import_cards(ledger: Ledger, cards: int, number: int) -> None:
    file = ours.cards_file(cards, number * cards)
    done = ledger.import_cards(file, source="elsewhere", template=ours.TEMPLATE)
    assert done.entries_count == 2 * cards


def _journal(shop: Workshop, place: Place, what: str) -> Row:
    path, events = ours.exported(shop.small(), shop.path("journal").with_suffix(".jsonl"))
    amount, notes = Amount(events=events, receipts=events * 8 // 10, streams=events // 50), list[str]()
    with ExitStack() as stack:
        contestants: dict[str, Work] = {}
        try:
            empty = [stack.enter_context(ours.empty(place.ledgers("journal"))) for _ in range(ROUNDS)]
            contestants[OURS] = lambda: ours.import_journal(empty.pop(), path, events)
        except Missing as missing:
            notes.append(f"not measured: {missing}")
        return _measured(shop, what, place, amount, contestants, notes)


_MEASURES: Mapping[str, Callable[[Workshop, Place, str], Row]] = {
    "import of receipts": _receipts,
    "import of cards": _cards,
    "import of a Journal": _journal,
}
