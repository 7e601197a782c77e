"""`python -m bench [--quick] [--write] [NAME …]`: measure, and print what was reached beside what was to be reached."""

import argparse
import signal
import sys
from os import getloadavg
from time import perf_counter

import attrs

from bench import page
from bench.measures import MEASURES
from bench.report import machine, show, versions
from bench.timing import Progress
from bench.workshop import FULL, QUICK, Workshop


def main() -> int:
    """Run the measures that were asked for."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer events and shorter rounds: a few minutes")
    parser.add_argument("--write", action="store_true", help=f"write {page.PATH.name}, the page of the documentation")
    parser.add_argument(
        "--ledger", action="append", default=[], metavar="URL", help="a ledger of bench.fill, whose lists are read"
    )
    parser.add_argument("--events", type=int, metavar="N", help="in a ledger made for the lists, where none is named")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which measures: {', '.join(MEASURES)}")
    asked = parser.parse_args()
    unknown = [name for name in asked.names if name not in MEASURES]
    if unknown:
        parser.error(f"unknown: {', '.join(unknown)}; there are {', '.join(MEASURES)}")
    if asked.write and asked.names:
        parser.error("--write shows every measure: name none")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # So that the server and the folder go, as on Ctrl-C.
    size = QUICK if asked.quick else FULL
    if asked.events:
        size = attrs.evolve(size, listed_events=asked.events)
    progress = Progress()
    started, load = perf_counter(), getloadavg()[0]
    rows = []
    try:
        with Workshop(size, progress, tuple(asked.ledger)) as shop:
            for name in asked.names or MEASURES:
                rows.extend(MEASURES[name](shop))
    except KeyboardInterrupt:
        return 130
    finally:
        progress.clear()
    measured_with = f"{versions(shop.postgresql)}; a load of {load:.1f} at the start"
    print(show(rows))
    print(f"\n{machine()}; {measured_with}; {perf_counter() - started:,.0f} s")
    if asked.write:
        page.write(rows, measured_with, quick=asked.quick)
        print(f"Written to {page.PATH.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
