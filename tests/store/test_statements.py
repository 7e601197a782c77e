"""
How many statements a read costs: as many however much it shows.
"""

from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, event

from stampledger import CardTemplate, Goal, Ledger, Voucher


def test_log_of_a_card(tmp_path: Path):
    """
    A log that is ten times as long takes no statement more, also of a card that was moved to another template.
    """
    told: list[str] = []
    engine = create_engine(f"sqlite:///{tmp_path / 'shop.db'}")

    @event.listens_for(engine, "connect")
    def listen(connection: Any, record: object) -> None:
        connection.set_trace_callback(told.append)

    with Ledger(engine, business="blue-cup", owned=True) as ledger:
        ledger.publish_template("coffee", template(stamps=8))
        anna = ledger.register_customer(name="Anna")
        card = ledger.issue_card("coffee", customer=anna).card
        counts = []
        for more, goal in ((3, 9), (60, 10)):
            for _ in range(more):
                ledger.add_stamps(card.id)
            ledger.publish_template("coffee", template(stamps=goal))
            ledger.move_to_template("coffee", force=True)
            ledger.history(card.id)  # What is published never changes, and is remembered.
            told.clear()
            rows = ledger.history(card.id)
            counts.append(len(told))

    assert len(rows) > 63 and {1, 2, 3} == {row.template_version for row in rows}
    assert counts[1] <= counts[0] + 2  # One more place that it was at.


def template(stamps: int) -> CardTemplate:
    return CardTemplate(name=f"{stamps} for a coffee", goals=(Goal(stamps=stamps, reward=Voucher(title="Coffee")),))
