"""Measuring side by side: contestants take turns in one run, so that whatever else the machine does hits all alike."""

import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from time import perf_counter

import attrs

from bench.report import OURS, Target

ROUNDS = 5

Work = Callable[[], object]


@attrs.frozen
class Times:
    """Each contestant's seconds for one call (or command, or event), once per round."""

    by_name: Mapping[str, Sequence[float]]

    def seconds(self, name: str) -> float:
        """Answer the median of the rounds."""
        return statistics.median(self.by_name[name])

    def ratios(self, name: str, to: str) -> list[float]:
        """Answer how many times longer *name* took than *to*, round by round; nothing where one did not take part."""
        pairs = zip(self.by_name.get(name, ()), self.by_name.get(to, ()), strict=False)
        return [ours / theirs for ours, theirs in pairs]

    def at_most(self, than: str, to_reach: float | None, why: str = "") -> Target:
        """Compare our time with another's: at most so many times as long."""
        return Target(than=than, reached=self.ratios(OURS, than), to_reach=to_reach, why=why)

    def at_least(self, than: str, to_reach: float | None, why: str = "") -> Target:
        """Compare our rate with another's: at least so many times as quick."""
        return Target(than=than, reached=self.ratios(than, OURS), to_reach=to_reach, at_least=True, why=why)

    def figures(self, write: Callable[[float], str]) -> dict[str, str]:
        """Answer each contestant's figure."""
        return {name: write(self.seconds(name)) for name in self.by_name}


def micro(seconds: float) -> str:
    """Write a time in µs."""
    return f"{seconds * 1e6:,.0f} µs"


def milli(seconds: float) -> str:
    """Write a time in ms."""
    return f"{seconds * 1e3:,.2f} ms"


def rate(seconds: float) -> str:
    """Write a time for one as how many a second."""
    return f"{1 / seconds:,.0f}/s"


def take_turns(
    contestants: Mapping[str, Work],
    *,
    turns: int,
    calls: int,
    rounds: int = ROUNDS,
    each: int = 1,
    progress: Callable[[int, int], object] | None = None,
) -> Times:
    """Let each contestant make *calls* calls a turn, a round of several turns; the order rotates from turn to turn.

    A round's figure is the median of its calls (p50), so that a checkpoint or a busy neighbour is not what is measured.
    Where a call does many things, *each* says how many, and the figure is for one of them.
    """
    found: dict[str, list[float]] = {name: [] for name in contestants}
    order = list(contestants)
    for number in range(rounds):
        taken: dict[str, list[float]] = {name: [] for name in contestants}
        for _ in range(turns):
            for name in order:
                work = contestants[name]
                for _ in range(calls):
                    start = perf_counter()
                    work()
                    taken[name].append((perf_counter() - start) / each)
            order = [*order[1:], order[0]]
        for name, seconds in taken.items():
            found[name].append(statistics.median(seconds))
        if progress is not None:
            progress(number + 1, rounds)
    return Times(found)


class Progress:
    """One line on a terminal that says what is being done; nothing where nobody watches."""

    def __init__(self) -> None:
        self._shown = sys.stderr.isatty()

    def __call__(self, what: str, done: int | None = None, total: int | None = None) -> None:
        """Show a line in place of the one before."""
        if self._shown:
            share = "" if done is None or not total else f" {done * 100 // total:3d} %"
            print(f"\r\033[K{what}{share}", end="", file=sys.stderr, flush=True)

    def of(self, what: str) -> Callable[[int, int], None]:
        """Answer what shows how much of one thing is done."""
        return lambda done, total: self(what, done, total)

    def clear(self) -> None:
        """Leave no line behind."""
        if self._shown:
            print("\r\033[K", end="", file=sys.stderr, flush=True)
