"""
A real terminal for tests: what a command draws where a person looks, and what comes of Ctrl-C there.
"""

import contextlib
import os
import re
import signal
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from stampledger.cli import main
from tests.cli.terminal import SOURCES, TIMEOUT_SECONDS

pty = pytest.importorskip("pty", reason="this system has no pseudo-terminals")

STYLE = re.compile(r"\x1b\[[0-9;]*m")
CTRL_C = b"\x03"


class Shown(NamedTuple):
    """What a command ended with, and all that arrived at the terminal."""

    code: int
    raw: str

    @property
    def text(self) -> str:
        """Without colours."""
        return STYLE.sub("", self.raw).replace("\r\n", "\n")

    @property
    def lines(self) -> list[str]:
        return self.text.splitlines()


def shown(*arguments: str, width: int, **variables: str) -> Shown:
    """Run a command in this process, its output going to a terminal of that width."""
    ours, theirs = pty.openpty()
    arrived = Arriving(ours)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {"COLUMNS": str(width), "TERM": "xterm-256color", **variables}.items():
            patch.setenv(name, value)
        with (
            open(theirs, "w", encoding="utf-8") as out,
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(out),
        ):
            code = main(arguments)
    return Shown(code, arrived.rest())


class Arriving:
    """Collects what arrives at a terminal while the command runs."""

    def __init__(self, ours: int) -> None:
        self._ours = ours
        self._parts: list[bytes] = []
        self._more = threading.Condition()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        with contextlib.suppress(OSError):  # Linux says so when the other end is closed.
            while part := os.read(self._ours, 1 << 16):
                with self._more:
                    self._parts.append(part)
                    self._more.notify()
        os.close(self._ours)

    @property
    def text(self) -> str:
        return b"".join(self._parts).decode(errors="replace")

    def wait_for(self, words: str) -> None:
        """Wait until something is to be read."""
        with self._more:
            assert self._more.wait_for(lambda: words in self.text, TIMEOUT_SECONDS), self.text

    def rest(self) -> str:
        """All of it, once the command has ended."""
        self._thread.join(TIMEOUT_SECONDS)
        assert not self._thread.is_alive()
        return self.text


class Sitting:
    """A command in a process of its own, on a terminal of its own: somebody sits there and may press Ctrl-C."""

    def __init__(self, process: "subprocess.Popen[bytes]", ours: int) -> None:
        self.process = process
        self.arrived = Arriving(os.dup(ours))
        self._keyboard = ours

    def press(self, keys: bytes) -> None:
        os.write(self._keyboard, keys)

    def end(self) -> Shown:
        """Wait for the command to end by itself."""
        code = self.process.wait(TIMEOUT_SECONDS)
        return Shown(code, self.arrived.rest())


@contextlib.contextmanager
def sitting(*arguments: str, directory: Path, width: int, height: int = 40) -> Iterator[Sitting]:
    """Begin a command on a terminal of that size, which is all that tells it how wide it is."""
    import fcntl
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
    left_out = ("STAMPLEDGER_", "COLUMNS", "NO_COLOR")
    environment = {key: value for key, value in os.environ.items() if not key.startswith(left_out)}
    process = subprocess.Popen(
        [sys.executable, "-m", "stampledger", *arguments],
        cwd=directory,
        env={**environment, "PYTHONPATH": str(SOURCES), "TERM": "xterm-256color"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        preexec_fn=lambda: take_terminal(theirs),
    )
    os.close(theirs)
    try:
        yield Sitting(process, ours)
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def take_terminal(theirs: int) -> None:
    """Make it the terminal whose Ctrl-C this process hears."""
    import fcntl
    import termios

    os.setsid()
    fcntl.ioctl(theirs, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGINT, signal.default_int_handler)
