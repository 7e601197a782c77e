"""
A terminal for tests: runs the command line in this process, or in one of its own, and keeps what it said.
"""

import contextlib
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

from stampledger.cli import main

SOURCES = Path(__file__).parents[2] / "src"
TIMEOUT_SECONDS = 60


class Answer(NamedTuple):
    """What a command said, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Terminal:
    """Runs commands in this process, always on the same ledger where one is given."""

    def __init__(self, database: Path | str | None = None, business: str | None = None) -> None:
        self.ledger = [] if database is None else ["--db", str(database)]
        self.ledger += [] if business is None else ["--business", business]

    def run(self, *arguments: str) -> Answer:
        """Run a command; a table of any width comes as bytes in UTF-8, as on a terminal."""
        out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="") for _ in range(2))
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main([*arguments, *self.ledger])
        texts = []
        for stream in (out, err):
            stream.flush()
            texts.append(stream.detach().getvalue().decode())
        return Answer(code, *texts)


def process(
    *arguments: str, directory: Path, stderr: int = subprocess.PIPE, **variables: str
) -> "subprocess.Popen[str]":
    """Begin a command in a process of its own."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("STAMPLEDGER_")}
    return subprocess.Popen(
        [sys.executable, "-m", "stampledger", *arguments],
        cwd=directory,
        env={**environment, "PYTHONPATH": str(SOURCES), **variables},
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
        encoding="utf-8",
    )


def finished(started: "subprocess.Popen[str]") -> Answer:
    """Wait for a command that was begun."""
    with started:
        out, err = started.communicate(timeout=TIMEOUT_SECONDS)
    return Answer(started.returncode, out, err or "")
