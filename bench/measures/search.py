"""The Journal searched for part of a customer's name, rare and common, on a big ledger."""

from collections.abc import Iterator
from contextlib import ExitStack, closing

from bench import fill
from bench.floors.raw_pages import LIKE, RawPages
from bench.measures.big import Big, big_ledgers
from bench.measures.lists import turns
from bench.people import COMMON, RARE
from bench.report import FLOOR, OURS, Row, Target
from bench.timing import Times, milli
from bench.workshop import Workshop
from stampledger import Ledger

TO_REACH = {"SQLite": {RARE: 15.0, COMMON: 3.0}, "PostgreSQL": {RARE: 20.0, COMMON: 8.0}}  # ms.
READ = "most of it is reading, unsealing and showing the fifty rows that were found"


def search(shop: Workshop) -> list[Row]:
    """Every word, on every engine."""
    rows: list[Row] = []
    for big in big_ledgers(shop):
        if isinstance(big, Row):
            rows.append(big)
            continue
        with ExitStack() as stack:
            ledger = stack.enter_context(fill.opened(big.url))
            raw = stack.enter_context(closing(RawPages(big.url)))
            rows.extend(_searched(shop, big, ledger, raw))
    return rows


def _searched(shop: Workshop, big: Big, ledger: Ledger, raw: RawPages) -> Iterator[Row]:
    then = ledger.at(ledger.seq // 2)
    for name, word in (("rare", RARE), ("common", COMMON)):
        what = f"search for a {name} word, {big.label}"
        assert len(ledger.journal(search=word))
        times = turns(
            shop,
            {
                OURS: lambda word=word: ledger.journal(search=word),  # type: ignore[misc]
                FLOOR: lambda word=word: raw.journal(LIKE, words=f"%{word}%"),  # type: ignore[misc]
                "then": lambda word=word: then.journal(search=word),  # type: ignore[misc]
                "cards": lambda word=word: ledger.cards(search=word),  # type: ignore[misc]
            },
            what,
        )
        shown = Times({contestant: times.by_name[contestant] for contestant in (OURS, FLOOR)})
        reached = [seconds * 1e3 for seconds in times.by_name[OURS]]
        yield Row(
            what=what,
            figures=shown.figures(milli),
            targets=(
                Target(reached=reached, to_reach=TO_REACH[big.engine][word], unit="ms", why=READ),
                shown.at_most(FLOOR, None),
            ),
            notes=(
                f"the floor is LIKE over the join; as of the entry in the middle {milli(times.seconds('then'))}; "
                f"among cards {milli(times.seconds('cards'))}",
            ),
        )
