"""The past: a card of ten thousand events as it was at any entry."""

import random
from collections.abc import Callable

from bench import ours
from bench.report import OURS, Row, Target
from bench.timing import micro, take_turns
from bench.workshop import Workshop
from stampledger import Ledger, View


def moment(shop: Workshop) -> list[Row]:
    """A card of ten thousand events as of any moment."""
    with ours.opened(shop.long()) as ledger:
        return [
            _moment(shop, ledger, ours.SAVINGS, "a card of 10,000 events as of any moment", to_reach=150),
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
    reached = [seconds * 1e6 for seconds in times.by_name["card"]]
    why = "the events since the checkpoint before the moment are decoded and folded"
    return Row(
        what=what,
        figures={OURS: micro(whole)},
        targets=() if to_reach is None else (Target(reached=reached, to_reach=to_reach, unit="µs", why=why),),
        notes=(
            f"{len(seqs):,} events: finding the moment {micro(at)}, state and customer {micro(state - at)}, "
            f"the vouchers given by then, of {vouchers:,}, {micro(whole - state)}",
        ),
    )
