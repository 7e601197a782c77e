"""
The kept formats: ledger files of every format that was released, and what the release that wrote them answered.
"""

import json
import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

from stampledger import Ledger
from stampledger.testing import Clock
from tests.store.formats.answers import answers

FOLDER = Path(__file__).parent


def restore(number: int, file: Path) -> Path:
    """Make a file as the release of that format left it."""
    script = (FOLDER / f"format-{number}.sql").read_text(encoding="utf-8")
    with closing(sqlite3.connect(file)) as raw:
        raw.execute("PRAGMA journal_mode=WAL")
        raw.executescript(f"BEGIN;\n{script}COMMIT;")
    return file


def expected(number: int) -> dict[str, Any]:
    """What the release answered, by business."""
    kept: dict[str, Any] = json.loads((FOLDER / f"format-{number}.json").read_text(encoding="utf-8"))
    return kept


def answered(file: Path, number: int) -> dict[str, Any]:
    """What this release answers about the same file, asked at the same time."""
    said: dict[str, Any] = {}
    for business, kept in expected(number).items():
        clock = Clock(datetime.fromisoformat(kept["now"]))
        with Ledger.open(f"sqlite:///{file}", business=business, clock=clock, create=False) as ledger:
            said[business] = {"now": kept["now"], **answers(ledger)}
    return said
