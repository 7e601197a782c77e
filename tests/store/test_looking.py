"""Looking at a database that holds no ledger."""

import sqlite3
from pathlib import Path

import pytest

from stampledger import Ledger, NotALedger


def test_looking_at_a_foreign_database(tmp_path: Path):
    """
    Whoever only looks changes nothing in a database that is none of ours, not even its journal mode.
    """
    place = tmp_path / "theirs.db"
    theirs = sqlite3.connect(place)
    theirs.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY)")
    theirs.close()
    before = place.read_bytes()

    with pytest.raises(NotALedger):
        Ledger.open(f"sqlite:///{place}", business="blue-cup", create=False)

    assert before == place.read_bytes()


def test_looking_at_an_empty_file(tmp_path: Path):
    """
    An empty file stays empty for whoever only looks.
    """
    place = tmp_path / "empty.db"
    place.touch()

    with pytest.raises(NotALedger):
        Ledger.open(f"sqlite:///{place}", business="blue-cup", create=False)

    assert b"" == place.read_bytes()
