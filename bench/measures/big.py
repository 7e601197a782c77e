"""The big ledgers whose lists are read: those that were named, or one for each engine, made for the run."""

from collections.abc import Iterator

import attrs

from bench import fill
from bench.report import Row
from bench.server import Missing, sqlalchemy_url
from bench.town import Plan
from bench.workshop import Workshop


@attrs.frozen
class Big:
    """A big ledger."""

    engine: str
    url: str
    events: int

    @property
    def label(self) -> str:
        """What it is, in the name of a row."""
        return f"{self.events:,} events, {self.engine}"


def big_ledgers(shop: Workshop) -> Iterator[Big | Row]:
    """Yield the ledgers; a row with the reason for one that cannot be had."""
    if shop.listed:
        for url in shop.listed:
            yield _named(url)
        return
    for engine in ("SQLite", "PostgreSQL"):
        if engine not in shop.made:
            shop.made[engine] = _made(shop, engine)
        found = shop.made[engine]
        yield Row(what=f"lists, {engine}", notes=(f"skipped: {found}",)) if isinstance(found, Missing) else Big(*found)


def _named(url: str) -> Big | Row:
    engine = "SQLite" if url.startswith("sqlite") else "PostgreSQL"
    try:
        with fill.opened(url) as ledger:
            return Big(engine, url, ledger.seq)
    except Missing as missing:
        return Row(what=f"lists, {engine}", notes=(f"skipped: {missing}",))


def _made(shop: Workshop, engine: str) -> tuple[str, str, int] | Missing:
    events = shop.size.listed_events
    plan = Plan(events=events, customers=round(events * fill.CUSTOMERS_PER_EVENT))
    try:
        url = f"sqlite:///{shop.path('lists')}" if engine == "SQLite" else sqlalchemy_url(shop.server().create("lists"))
        return engine, url, fill.fill(url, plan, shop.progress.of(f"making a ledger of {events:,} events, {engine}"))
    except Missing as missing:
        return missing
