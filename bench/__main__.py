"""`python -m bench [--quick] [NAME …]`: measure, and print what was reached beside what was to be reached."""

import argparse
import sys
from time import perf_counter

from bench.measures import MEASURES
from bench.report import machine, show
from bench.timing import Progress
from bench.workshop import FULL, QUICK, Workshop


def main() -> int:
    """Run the measures that were asked for."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the events, in under two minutes")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which measures: {', '.join(MEASURES)}")
    asked = parser.parse_args()
    unknown = [name for name in asked.names if name not in MEASURES]
    if unknown:
        parser.error(f"unknown: {', '.join(unknown)}; there are {', '.join(MEASURES)}")
    progress = Progress()
    started = perf_counter()
    rows = []
    with Workshop(QUICK if asked.quick else FULL, progress) as shop:
        for name in asked.names or MEASURES:
            rows.extend(MEASURES[name](shop))
        progress.clear()
    print(show(rows))
    print(f"\n{machine()}; {perf_counter() - started:,.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
