"""
One code is good for one card, and one idempotency key for one command, at the very same moment as well.
"""

from stampledger import Ledger
from stampledger.events import CardIssued, StampAdded, StampRejected
from tests.engines import naive, tills
from tests.engines.crew import CONTEXT, together
from tests.ledger.shop import coffee
from tests.servers.database import Database

TILLS = 8
CODES = 50


def test_code_for_several_cards(database: Database):
    """
    Eight customers show one receipt at once: one of them gets the stamp, the others are told in which entry.
    """
    codes = [f"R-{number}" for number in range(CODES)]
    with Ledger.open(database.url, business=tills.BUSINESS) as ledger:
        template = ledger.publish_template("free-coffee", coffee())
        cards = [ledger.issue_card(template).card.id for _ in range(TILLS)]

    barrier = CONTEXT.Barrier(TILLS, timeout=120)
    said = together(tills.claim_all, [(database.url, card, codes, barrier) for card in cards])

    print("conflicts", [conflicts for conflicts, _ in said])
    with Ledger.open(database.url, business=tills.BUSINESS) as ledger:
        credits = {entry.code: entry.seq for entry in ledger.entries() if isinstance(entry.event, StampAdded)}
        rejections = [entry for entry in ledger.entries() if isinstance(entry.event, StampRejected)]
        for number, code in enumerate(codes):
            answers = [of_one[number] for _, of_one in said]
            assert ["refused"] * (TILLS - 1) + ["won"] == sorted(word for word, _ in answers)
            assert {credits[code]} == {seq for _, seq in answers}
        assert CODES == sum(ledger.card(card).stamps_total for card in cards)
        assert CODES * (TILLS - 1) == len(rejections)
        assert () == ledger.verify().faults


def test_key_of_several_commands(database: Database):
    """
    Eight processes send one command with one key at once, where there is nothing yet that it is about: it is carried
    out once, and all get one answer.
    """
    keys = [f"order-{number}" for number in range(CODES)]
    with Ledger.open(database.url, business=tills.BUSINESS) as ledger:
        template = ledger.publish_template("free-coffee", coffee()).subject

    barrier = CONTEXT.Barrier(TILLS, timeout=120)
    said = together(tills.issue_all, [(database.url, template, keys, barrier)] * TILLS)

    print("conflicts", [conflicts for conflicts, _ in said])
    assert {CODES} == {len(of_one) for _, of_one in said}
    assert {1} == {len({of_one[number] for _, of_one in said}) for number in range(CODES)}
    with Ledger.open(database.url, business=tills.BUSINESS) as ledger:
        assert CODES == sum(isinstance(entry.event, CardIssued) for entry in ledger.entries())
        assert CODES == len({card.number for card in ledger.cards(limit=2 * CODES)})
        assert () == ledger.verify().faults


def test_code_for_several_cards_without_a_claim(database: Database):
    """
    The control: tables in which the code is looked for and then inserted give it to two customers.
    """
    database.sql("CREATE TABLE credit (code VARCHAR(20), card VARCHAR(20))")
    codes = [f"R-{number}" for number in range(CODES)]

    barrier = CONTEXT.Barrier(TILLS, timeout=120)
    tasks = [(database.url, f"card-{number}", codes, barrier) for number in range(TILLS)]
    together(naive.claim_all, tasks)

    [(credits,)] = database.sql("SELECT count(*) FROM credit")
    print("credits", credits)
    assert credits > CODES, "the naive tables gave no code twice: this workload proves nothing"
