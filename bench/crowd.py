"""Many at once: threads of one process, or processes, that all do the same for a while; rates and waiting times."""

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from multiprocessing import get_context
from multiprocessing.connection import Connection
from time import perf_counter
from types import TracebackType
from typing import Any, Protocol, Self

import attrs

from bench.timing import ROUNDS, Times, Work

WARM_UP = 0.3  # Seconds.
PATIENCE = 120.0  # Seconds that a process may take to get ready, or to answer.


@attrs.frozen
class Turn:
    """What a crowd did in one turn."""

    seconds: float
    waits: Sequence[float]  # One for each thing that was done.

    @property
    def seconds_each(self) -> float:
        """The inverse of the rate."""
        return self.seconds / len(self.waits)

    @property
    def p99(self) -> float:
        """The time within which 99 of 100 were answered."""
        return sorted(self.waits)[len(self.waits) * 99 // 100]


class Crowd(Protocol):
    """Many who work at once."""

    def run(self, seconds: float) -> Turn:
        """Let all work for a while."""


def busy(work: Work, seconds: float) -> list[float]:
    """Work for a while; answer how long each call took."""
    waits = []
    now = perf_counter()
    end = now + seconds
    while now < end:
        work()
        done = perf_counter()
        waits.append(done - now)
        now = done
    return waits


class Threads:
    """Threads of this process, one for each work."""

    def __init__(self, works: Sequence[Work]) -> None:
        self._works = works

    def run(self, seconds: float) -> Turn:
        """Let all threads work for a while."""
        waits: list[float] = []
        failures: list[BaseException] = []
        ready = threading.Barrier(len(self._works) + 1)

        def one(work: Work) -> None:
            ready.wait()
            try:
                waits.extend(busy(work, seconds))
            except BaseException as failure:
                failures.append(failure)

        threads = [threading.Thread(target=one, args=(work,), daemon=True) for work in self._works]
        for thread in threads:
            thread.start()
        ready.wait()
        start = perf_counter()
        for thread in threads:
            thread.join()
        taken = perf_counter() - start
        if failures:
            raise failures[0]
        return Turn(taken, waits)


Beginning = Callable[..., Work]  # A function of a module, that a process finds by its name.


class Processes(AbstractContextManager["Processes"]):
    """Processes that stay between turns; each makes its own work from a function and its arguments."""

    def __init__(self, begin: Beginning, each: Sequence[tuple[Any, ...]]) -> None:
        context = get_context("spawn")
        self._lines: list[Connection] = []
        self._processes = []
        for arguments in each:
            ours, theirs = context.Pipe()
            process = context.Process(target=_work, args=(theirs, begin, arguments), daemon=True)
            process.start()
            theirs.close()
            self._lines.append(ours)
            self._processes.append(process)
        try:
            for line in self._lines:
                _answer(line)
        except BaseException:
            self._end()
            raise

    def run(self, seconds: float) -> Turn:
        """Let all processes work for a while."""
        start = perf_counter()
        for line in self._lines:
            line.send(seconds)
        answers = [_answer(line) for line in self._lines]
        return Turn(max(done for done, _ in answers) - start, [wait for _, waits in answers for wait in waits])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._end()

    def _end(self) -> None:
        for line in self._lines:
            line.close()
        for process in self._processes:
            process.join(5)
            if process.is_alive():
                process.kill()
                process.join()


def _answer(line: Connection) -> Any:
    if not line.poll(PATIENCE):
        raise TimeoutError("a process of the benchmark does not answer")
    answer = line.recv()
    if isinstance(answer, BaseException):
        raise answer
    return answer


def _work(line: Connection, begin: Beginning, arguments: tuple[Any, ...]) -> None:
    """Be one of the processes."""
    try:
        work = begin(*arguments)
        line.send(None)
        while True:
            waits = busy(work, line.recv())
            line.send((perf_counter(), waits))  # The clock is the machine's, the same in every process.
    except (EOFError, KeyboardInterrupt):
        return
    except BaseException as failure:
        line.send(RuntimeError(f"{type(failure).__name__}: {failure}"))


def take_turns_at_once(
    crowds: Mapping[str, Crowd], *, seconds: float, progress: Callable[[int, int], object] | None = None
) -> tuple[Times, Times]:
    """Let each crowd work for a while, in rotated rounds; answer the seconds for one command, and the p99."""
    each: dict[str, list[float]] = {name: [] for name in crowds}
    p99: dict[str, list[float]] = {name: [] for name in crowds}
    order = list(crowds)
    for crowd in crowds.values():
        crowd.run(WARM_UP)
    for number in range(ROUNDS):
        for name in order:
            turn = crowds[name].run(seconds)
            each[name].append(turn.seconds_each)
            p99[name].append(turn.p99)
        order = [*order[1:], order[0]]
        if progress is not None:
            progress(number + 1, ROUNDS)
    return Times(each), Times(p99)


def entered(stack: ExitStack, begin: Beginning, each: Sequence[tuple[Any, ...]]) -> Processes:
    """Start processes that end with a stack."""
    return stack.enter_context(Processes(begin, each))
