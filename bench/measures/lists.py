"""Pages of the Journal and of cards, at any depth, narrowed, and as of a past moment, on a big ledger."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import timedelta
from time import perf_counter

from bench import fill
from bench.floors.raw_pages import RawPages
from bench.measures.big import Big, big_ledgers
from bench.report import FLOOR, OURS, Row, Target
from bench.timing import ROUNDS, Times, Work, milli, take_turns
from bench.workshop import Workshop
from stampledger import Ledger, View

DEPTHS = (0.01, 0.25, 0.5, 0.9, 0.999)  # Parts of the Journal that are skipped.
CALLS, TURNS = 5, 10
DECODED = "every row is decoded and shown with its card's progress, template and customer, which raw SQL only fetches"


def lists(shop: Workshop) -> list[Row]:
    """All lists, on every engine."""
    rows: list[Row] = []
    for big in big_ledgers(shop):
        if isinstance(big, Row):
            rows.append(big)
            continue
        with ExitStack() as stack:
            ledger = stack.enter_context(fill.opened(big.url))
            raw = stack.enter_context(closing(RawPages(big.url)))
            rows.extend(_depth(shop, big, ledger, raw))
            rows.extend(_narrowed(shop, big, ledger, raw))
            rows.extend(_cards(shop, big, ledger, raw))
    return rows


def turns(shop: Workshop, contestants: dict[str, Work], what: str) -> Times:
    """Let lists take turns, once they were read once; where that took long, less often."""
    once = 0.0
    for work in contestants.values():
        work()
        start = perf_counter()
        work()
        once += perf_counter() - start
    affordable = round((2 if shop.size.quick else 20) / once / ROUNDS)
    calls = max(1, min(CALLS, affordable))
    return take_turns(
        contestants, turns=max(1, min(TURNS, affordable // calls)), calls=calls, progress=shop.progress.of(what)
    )


def _depth(shop: Workshop, big: Big, ledger: Ledger, raw: RawPages) -> Iterator[Row]:
    last = ledger.seq
    befores = {f"{depth:.1%}": round(last * (1 - depth)) for depth in DEPTHS}

    def page(before: int) -> Work:
        return lambda: ledger.journal(before=before)

    what = f"Journal, first page of {big.label}"
    contestants: dict[str, Work] = {OURS: ledger.journal, FLOOR: raw.journal}
    contestants |= {depth: page(before) for depth, before in befores.items()}
    times = turns(shop, contestants, what)
    first = Times({name: times.by_name[name] for name in (OURS, FLOOR)})
    yield Row(what=what, figures=first.figures(milli), targets=(first.at_most(FLOOR, 3, DECODED),))
    ratios = [times.ratios(depth, OURS) for depth in befores]
    worst = max(befores, key=times.seconds)
    yield Row(
        what=f"Journal, page at any depth of {big.label}",
        figures={OURS: milli(times.seconds(worst))},
        targets=(
            Target(
                than="the first page",
                reached=[max(round_) for round_ in zip(*ratios, strict=True)],
                to_reach=3 if big.engine == "SQLite" else 10,
            ),
        ),
        notes=("; ".join(f"{depth} down {milli(times.seconds(depth))}" for depth in befores),),
    )


def _narrowed(shop: Workshop, big: Big, ledger: Ledger, raw: RawPages) -> Iterator[Row]:
    """Read the first page under each filter; for information."""
    middle = ledger.journal(before=ledger.seq // 2, limit=1)[0].recorded_at
    quarter = timedelta(days=90)
    microseconds = [round(at.timestamp() * 1e6) for at in (middle - quarter, middle)]
    filters: dict[str, tuple[Work, Work]] = {
        "a usual kind": (
            lambda: ledger.journal(kinds=("stamp_added",)),
            _under(raw, "AND j.kind = :word", word=raw.word("card.stamp_added.v1")),
        ),
        "a seldom kind": (
            lambda: ledger.journal(kinds=("voucher_voided",)),
            _under(raw, "AND j.kind = :word", word=raw.word("card.voucher_voided.v1")),
        ),
        "an actor": (
            lambda: ledger.journal(actor="till-3"),
            _under(raw, "AND j.actor = :word", word=raw.word("till-3")),
        ),
        "a template": (
            lambda: ledger.journal(template="cinema"),
            _under(raw, "AND ca.template = :template", template=raw.template("cinema")),
        ),
        "a quarter of a year": (
            lambda: ledger.journal(since=middle - quarter, until=middle),
            _under(
                raw, "AND j.recorded_at >= :since AND j.recorded_at <= :until",
                since=microseconds[0], until=microseconds[1],
            ),
        ),
    }  # fmt: skip
    for name, (ours, theirs) in filters.items():
        what = f"Journal, narrowed to {name}, {big.label}"
        times = turns(shop, {OURS: ours, FLOOR: theirs}, what)
        yield Row(what=what, figures=times.figures(milli), targets=(times.at_most(FLOOR, None),))


def _under(raw: RawPages, narrowed: str, **values: object) -> Work:
    return lambda: raw.journal(narrowed, **values)


def _cards(shop: Workshop, big: Big, ledger: Ledger, raw: RawPages) -> Iterator[Row]:
    """Read pages of cards, now and then; for information."""
    then = ledger.at(ledger.seq // 2)
    numbers = [page[0].number for page in (ledger.cards(limit=1), then.cards(limit=1))]

    def deep(view: View, number: int) -> Work:
        return lambda: view.cards(before=(100_000 + number) // 2)

    pages: dict[str, Callable[[], object]] = {
        OURS: ledger.cards,
        FLOOR: raw.cards,
        "half way down": deep(ledger, numbers[0]),
        "then": then.cards,
        "then, half way down": deep(then, numbers[1]),
        "Journal then": then.journal,
    }
    what = f"cards, first page of {big.label}"
    times = turns(shop, pages, what)
    others = "; ".join(f"{name} {milli(times.seconds(name))}" for name in list(pages)[2:])
    yield Row(
        what=what,
        figures={name: milli(times.seconds(name)) for name in (OURS, FLOOR)},
        targets=(times.at_most(FLOOR, None),),
        notes=(f"{others} (then: as of the entry in the middle)",),
    )
