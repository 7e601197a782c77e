"""Every event read again and given to a handler."""

import subprocess
import sys

from bench import ours
from bench.floors.typed_replay import TypedReplay
from bench.peers import aggregates
from bench.report import FLOOR, OURS, PEER, Row, Target
from bench.timing import rate, take_turns
from bench.workshop import Workshop

STAMPS = frozenset({"card.stamp_added.v1"})


def replay(shop: Workshop) -> list[Row]:
    """All events, those of progress only, and the memory it takes."""
    big = shop.big()
    with ours.opened(big, full=False) as ledger, aggregates.Cards(shop.peer(ledger.seq), full=False) as app:
        count = ledger.seq
        floor = TypedReplay(big)

        def everything() -> None:
            table, seen = ours.all_handlers()
            ledger.replay(table)
            assert seen["events"] == count

        def progress_alone() -> None:
            table, seen = ours.progress_handlers()
            ledger.replay(table)
            assert seen["events"]

        everything_at = take_turns(
            {OURS: everything, FLOOR: floor.run, PEER: app.replay},
            turns=1, calls=1, each=count, progress=shop.progress.of("replaying everything"),
        )  # fmt: skip
        progress_at = take_turns(
            {OURS: progress_alone, FLOOR: lambda: floor.run(STAMPS), PEER: app.replay},
            turns=1, calls=1, each=count, progress=shop.progress.of("replaying progress"),
        )  # fmt: skip
    shop.progress("replaying in a process of its own")
    grown = int(subprocess.check_output([sys.executable, "-m", "bench.memory", str(big)], text=True)) / 1e6
    strict = "unknown fields are refused, and every event is built with its time, zone included"
    return [
        Row(
            what=f"replay of {count:,} events",
            figures=everything_at.figures(rate),
            targets=(everything_at.at_least(FLOOR, 0.6, strict), everything_at.at_least(PEER, None)),
        ),
        Row(
            what="replay of progress only",
            figures=progress_at.figures(rate),
            targets=(progress_at.at_least(PEER, 9, strict), progress_at.at_least(FLOOR, None)),
        ),
        Row(
            what="its memory above the start",
            figures={OURS: f"{grown:,.1f} MB"},
            targets=(Target(reached=[grown], to_reach=40, unit="MB"),),
        ),
    ]
