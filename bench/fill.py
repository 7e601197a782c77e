"""`python -m bench.fill URL`: make a ledger of ten million events, or go on making it where it was left.

The same seed makes the same ledger. URL is as for `Ledger.open`, such as sqlite:///big.db.
"""

import argparse
import random
import sys
from collections.abc import Callable, Mapping
from datetime import datetime
from time import monotonic
from uuid import UUID

from bench import ours, town
from bench.server import Missing
from bench.town import File, Plan
from stampledger import Ledger

BUSINESS = "old-town"
EVENTS, CUSTOMERS = 10_000_000, 800_000
CUSTOMERS_PER_EVENT = CUSTOMERS / EVENTS

Write = Callable[[Ledger, File], object]
Report = Callable[[int, int], object]


def by_receipts(ledger: Ledger, file: File) -> None:
    """Import a till's file as any shop does."""
    ledger.import_receipts(file.opened(), template=file.template, actor=file.actor, channel=file.channel)


WAYS: Mapping[str, Write] = {"receipts": by_receipts}  # Another bulk path is another function here.


class Circumstances:
    """Time, chance and ids, which follow from the seed."""

    def __init__(self) -> None:
        self._now = town.BEGAN
        self._chance = random.Random(0)

    def begin(self, now: datetime, seed: str) -> None:
        """Let it be another moment."""
        self._now, self._chance = now, random.Random(seed)

    def clock(self) -> datetime:
        """Answer the time."""
        return self._now

    def random(self, below: int) -> int:
        """Answer a whole number."""
        return self._chance.randrange(below)

    def new_id(self) -> UUID:
        """Answer an id; those of later files sort later."""
        milliseconds = int(self._now.timestamp() * 1_000) << 80
        return UUID(int=milliseconds | 7 << 76 | 2 << 62 | self._chance.getrandbits(76) & _FREE)


_FREE = ~(15 << 76 | 3 << 62)  # The bits of an id that are nobody's.


def opened(url: str, circumstances: Circumstances | None = None) -> Ledger:
    """Open such a ledger.

    Raises:
        Missing: The release cannot use such a database.
    """
    chosen = circumstances or Circumstances()
    made = {"clock": chosen.clock, "random": chosen.random, "ids": chosen.new_id} if circumstances else {}
    return ours.empty(url, full=not url.startswith("sqlite"), business=BUSINESS, **made)


def fill(url: str, plan: Plan, report: Report, write: Write = by_receipts) -> int:
    """Import files until there are events enough; answer how many there are.

    Raises:
        Missing: The release cannot use such a database.
    """
    circumstances = Circumstances()
    with opened(url, circumstances) as ledger:
        town.publish(ledger)
        number = _left_at(ledger, plan)
        while (events := ledger.seq) < plan.events:
            report(events, plan.events)
            file = town.file(plan, number)
            # A file that was interrupted half way gets other ids for its other half.
            circumstances.begin(file.until, f"{plan.seed}:{number}:{events}")
            write(ledger, file)
            number += 1
        report(events, plan.events)
    if not url.startswith("sqlite"):
        _analyze(url)
    return events


def _analyze(url: str) -> None:
    """Let PostgreSQL count what it holds now; by itself it does so within minutes."""
    import psycopg

    with psycopg.connect(url.replace("+psycopg", "", 1), autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


def _left_at(ledger: Ledger, plan: Plan) -> int:
    """Answer the last file of which anything is known: its rest may be missing. What is imported twice counts once."""

    def known(number: int) -> bool:
        return bool(ledger.journal(code=town.first_code(plan, number), limit=1))

    beyond = 1
    while known(beyond):
        beyond *= 2
    low = beyond // 2
    while beyond - low > 1:
        middle = (low + beyond) // 2
        low, beyond = (middle, beyond) if known(middle) else (low, middle)
    return low


class Bar:
    """A bar on a terminal; elsewhere a line now and then."""

    WIDTH = 30
    EVERY = 10.0  # Seconds between two lines, where nobody watches.

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._began: tuple[float, int] | None = None
        self._said = 0.0

    def __call__(self, done: int, total: int) -> None:
        """Show how much is done."""
        now = monotonic()
        self._began = self._began or (now, done)
        rate = (done - self._began[1]) / max(now - self._began[0], 1e-9)
        told = f", {rate:,.0f}/s" if rate else ""
        if rate and done < total:
            told += f", {(total - done) / rate / 60:,.1f} min left"
        share = min(1.0, done / total)
        full = round(self.WIDTH * share)
        line = f"[{'#' * full}{'.' * (self.WIDTH - full)}] {share:4.0%}  {done:,} of {total:,} events{told}"
        if self._terminal:
            print(f"\r\033[K{line}", end="" if done < total else "\n", file=sys.stderr, flush=True)
        elif now - self._said >= self.EVERY or done >= total:
            self._said = now
            print(line, file=sys.stderr, flush=True)


def main() -> int:
    """Fill the ledger that was named."""
    parser = argparse.ArgumentParser(prog="python -m bench.fill", description=__doc__)
    parser.add_argument("url", help="where it lies")
    parser.add_argument("--events", type=int, default=EVENTS)
    parser.add_argument("--customers", type=int, help="by default, 800 000 to ten million events")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--by", choices=sorted(WAYS), default="receipts", help="the bulk path")
    asked = parser.parse_args()
    customers = asked.customers or max(1, round(asked.events * CUSTOMERS_PER_EVENT))
    try:
        fill(asked.url, Plan(events=asked.events, customers=customers, seed=asked.seed), Bar(), WAYS[asked.by])
    except Missing as missing:
        print(missing, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted: run it again, and it goes on.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
