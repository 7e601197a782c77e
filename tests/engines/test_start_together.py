"""
Whoever comes first makes the tables; all others find them, whatever they do at the same time.
"""

from pathlib import Path

import pytest

from stampledger import Ledger
from tests.engines import naive, tills
from tests.engines.crew import together
from tests.servers.database import Database, Databases

PROCESSES = 8
ROUNDS_MAX = 40
ROUNDS = 2


@pytest.mark.parametrize("names", [1, 3, PROCESSES], ids=["one business", "three", "one each"])
def test_start_together(databases: Databases, database: Database, tmp_path: Path, names: int):
    """
    Eight processes open an empty database at once: all succeed, and every business has one head and all its entries.
    """
    for number in range(ROUNDS):
        folder = tmp_path / str(number)
        folder.mkdir()
        with databases.fresh(database.kind, folder) as empty:
            businesses = [f"shop-{process % names}" for process in range(PROCESSES)]

            written = together(tills.start_ledger, [(empty.url, business) for business in businesses])

            heads = empty.sql("SELECT name, seq FROM stampledger_head ORDER BY name")
            expected = [(business, businesses.count(business)) for business in sorted(set(businesses))]
            assert expected == [tuple(head) for head in heads]
            assert sorted(written) == sorted(seq + 1 for _, last in expected for seq in range(last))
            for business, last in expected:
                with Ledger.open(empty.url, business=business, create=False) as ledger:
                    assert list(range(1, last + 1)) == [entry.seq for entry in ledger.entries()]
                    assert () == ledger.verify().faults


def test_start_together_without_a_lock(databases: Databases, database: Database, tmp_path: Path):
    """
    The control: who looks for the table and then makes it finds it made, or makes two rows for one business.
    """
    wrong: list[object] = []
    for number in range(ROUNDS_MAX):  # On a busy machine they seldom start together.
        if wrong:
            break
        folder = tmp_path / str(number)
        folder.mkdir()
        with databases.fresh(database.kind, folder) as empty:
            failed = together(naive.start_tables, [(empty.url, "shop-0")] * PROCESSES)
            heads = empty.sql("SELECT name FROM head")
            wrong += [error for error in failed if error] + ["head"] * (len(heads) - 1)

    print("wrong", wrong)
    assert [] != wrong, "all found or made one table and one row: this proves nothing"
