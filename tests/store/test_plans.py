"""
How SQLite comes by the rows of a page: by the streams that are few, and never along the whole Journal.
"""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from stampledger import Ledger
from stampledger.store import narrowing
from stampledger.store.compiled import Statement
from stampledger.store.transaction import Transaction
from tests.ledger.shop import coffee


@pytest.mark.parametrize("asked", [{"template": "coffee"}, {"search": "annabel"}], ids=["template", "search"])
def test_few_streams(asked: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """
    The entries of a few streams are looked up by each of them.
    """
    monkeypatch.setattr(narrowing, "NEAR", 0)  # So that a search asks at once how many there are.
    asked_for: list[tuple[Statement, dict[str, Any]]] = []
    answer = Transaction.all

    def noted(self: Transaction, statement: Statement, **parameters: Any) -> list[Any]:
        asked_for.append((statement, {**parameters, "b_business": self.business}))
        return answer(self, statement, **parameters)

    with Ledger.open(f"sqlite:///{tmp_path}/shop.db", business="shop") as ledger:
        customer = ledger.register_customer(name="Annabel").subject
        ledger.issue_card(ledger.publish_template("coffee", coffee()), customer=customer)
        monkeypatch.setattr(Transaction, "all", noted)
        assert 1 <= len(list(ledger.journal(**asked)))

    plans = []
    with closing(sqlite3.connect(tmp_path / "shop.db")) as raw:
        for statement, parameters in asked_for:
            if "b_streams" in statement.order and "FROM stampledger_journal " in statement.sql:
                rows = raw.execute(f"EXPLAIN QUERY PLAN {statement.sql}", statement.arguments(parameters))
                plans.append([row[3] for row in rows])
    assert plans
    for plan in plans:
        assert (
            "SEARCH stampledger_journal USING INDEX ix_stampledger_journal_stream (business=? AND stream=?)" in plan[0]
        )


# What is meant to go through everything that a business has, or ends at the first row.
WALKS = {
    *("head", "lock_head", "set_head", "touch_head"),  # One row a business.
    *("words", "claims", "all_checkpoints", "all_placements", "all_subjects", "newest_words"),  # Of verify.
    *("count_mentions", "drop_subject_keys"),
    *("cards_under", "templates_in_use"),  # Of batches, which look at every card.
    *("last_number", "followers"),
}


def test_no_statement_walks(tmp_path: Path):
    """
    No statement looks through all of a business to find a few rows of it: on SQLite, which without statistics takes
    every business for a small one, each finds them by an index that names more than the business.
    """
    walking = set()
    with Ledger.open(f"sqlite:///{tmp_path}/shop.db", business="shop") as ledger, ledger._store.reading() as session:
        statements = {name: found for name, found in vars(session.sql).items() if isinstance(found, Statement)}
        for name, statement in statements.items():
            placeholders = [None] * statement.sql.count("?")
            for *_, step in session.cursor.execute(f"EXPLAIN QUERY PLAN {statement.sql}", placeholders):
                if step.endswith("(business=?)") or step.startswith("SCAN stampledger_"):
                    walking.add(name)

    assert 50 <= len(statements)
    assert walking <= WALKS
