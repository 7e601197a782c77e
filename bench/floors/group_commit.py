"""Many threads on SQLite: one thread writes and commits all commands that wait, and answers them after the commit."""

import threading
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from bench.floors.one_stamp import Rows, connected


class GroupCommit:
    """One writer for many threads. A receipt is written first: one that is there already fails alone."""

    def __init__(self, path: Path, cards: int, *, full: bool) -> None:
        self._connection = connected(path, full=full)
        self._cards = cards
        self._queue: SimpleQueue[Any] = SimpleQueue()  # Locks to be let go once the command is kept; None ends it.
        self._writer = threading.Thread(target=self._write, daemon=True)
        self._writer.start()

    def stamp(self) -> None:
        """Ask for the rows of one stamp, and wait until they are kept."""
        kept = threading.Lock()
        kept.acquire()
        self._queue.put(kept)
        kept.acquire()

    def _write(self) -> None:
        execute, queue = self._connection.cursor().execute, self._queue
        rows = Rows(execute, self._cards)
        while True:
            waiting = [queue.get()]
            while not queue.empty():
                waiting.append(queue.get())
            if None in waiting:
                return
            execute("BEGIN IMMEDIATE")
            for _ in waiting:
                rows.stamp()
            execute("COMMIT")
            for kept in waiting:
                kept.release()

    def close(self) -> None:
        """End the writer, and give the connection back."""
        self._queue.put(None)
        self._writer.join()
        self._connection.close()
