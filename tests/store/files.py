"""
A ledger's file, opened by the library and looked into past it.
"""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from stampledger import Ledger


def opened(file: Path | str, **options: Any) -> Ledger:
    return Ledger.open(f"sqlite:///{file}", **{"business": "blue-cup", **options})


def sql(file: Path, statement: str) -> list[Any]:
    with closing(sqlite3.connect(file)) as raw:
        rows = raw.execute(statement).fetchall()
        raw.commit()
        return rows
