"""
Processes that do one thing at the same time.

They are forked from one process that has imported the library already, because 32 fresh interpreters take ten seconds
of two cores before the first of them is ready. What a process is to do is a function of a module: it prepares itself,
calls `start`, which waits until all are ready, and answers.
"""

import multiprocessing
import os
import time
import traceback
from collections.abc import Callable, Iterable
from multiprocessing.connection import Connection
from typing import Any, Self

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["stampledger", "stampledger.testing", "sqlalchemy", "psycopg", "pymysql"])

SECONDS = 300.0

Start = Callable[[], None]


class Crew:
    """Processes at work; use it as a context manager, which ends them whatever happens."""

    def __init__(self, work: Callable[..., Any], tasks: Iterable[tuple[Any, ...]], seconds: float = SECONDS) -> None:
        self._until = time.monotonic() + seconds
        self._pipes: list[Connection] = []
        self.processes: list[Any] = []
        try:
            for task in tasks:
                self._hire(work, task)
            for pipe in self._pipes:
                assert "ready" == self._next(pipe)
        except BaseException:
            self.end()
            raise

    def _hire(self, work: Callable[..., Any], task: tuple[Any, ...]) -> None:
        ours, theirs = CONTEXT.Pipe()
        self._pipes.append(ours)
        process = CONTEXT.Process(target=_run, args=(work, theirs, task), daemon=True)
        process.start()
        self.processes.append(process)
        theirs.close()

    def go(self) -> None:
        """Let all of them start."""
        for pipe in self._pipes:
            pipe.send("go")

    def answers(self) -> list[Any]:
        """What each of them has answered, in the order of their tasks."""
        return [self._next(pipe) for pipe in self._pipes]

    def _next(self, pipe: Connection) -> Any:
        left = max(0.0, self._until - time.monotonic())
        assert pipe.poll(left), "a process of the crew has not answered in time"
        word, said = pipe.recv()
        assert "failed" != word, said
        return said

    def end(self) -> None:
        """Kill whoever is still at work."""
        for process in self.processes:
            process.kill()
            process.join()
            process.close()
        for pipe in self._pipes:
            pipe.close()
        self.processes.clear()
        self._pipes.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.end()


def together(work: Callable[..., Any], tasks: Iterable[tuple[Any, ...]], seconds: float = SECONDS) -> list[Any]:
    """Let a process for each task do it at once, and answer what they answer."""
    with Crew(work, tasks, seconds) as crew:
        crew.go()
        return crew.answers()


def _run(work: Callable[..., Any], pipe: Connection, task: tuple[Any, ...]) -> None:
    def start() -> None:
        pipe.send(("said", "ready"))
        pipe.recv()

    try:
        answer = ("said", work(start, *task))
    except BaseException:
        answer = ("failed", f"process {os.getpid()}:\n{traceback.format_exc()}")
    pipe.send(answer)
