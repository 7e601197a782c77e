"""`python -m bench.memory FILE`: replay a ledger in this process and print by how many bytes it grew."""

import resource
import sys
from pathlib import Path

from bench import ours

KILOBYTES = 1 if sys.platform == "darwin" else 1024  # What ru_maxrss counts in.


def main() -> None:
    """Replay, and print."""
    with ours.opened(Path(sys.argv[1]), full=False) as ledger:
        table, seen = ours.all_handlers()
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        ledger.replay(table)
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert seen["events"]
    print((after - before) * KILOBYTES)


if __name__ == "__main__":
    main()
