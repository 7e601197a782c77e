"""
A limit holds for a card, not for each till.
"""

from collections import Counter

from stampledger import Ledger, Limits
from stampledger.events import StampAdded, StampRejected
from stampledger.testing import Clock
from tests.engines import naive, tills
from tests.engines.crew import CONTEXT, together
from tests.ledger.shop import coffee
from tests.servers.database import Database

TILLS = 16
CARDS = 6
ATTEMPTS = 4  # Of each till on each card.
LIMIT = 25
REFUSED = TILLS * ATTEMPTS - LIMIT


def test_daily_limit(database: Database):
    """
    16 tills stamp a card on one day: as many stamps are granted as the day allows, and every refusal is recorded.
    """
    with Ledger.open(database.url, business=tills.BUSINESS, clock=Clock()) as ledger:
        template = ledger.publish_template("free-coffee", coffee(limits=Limits(per_day=LIMIT)))
        cards = [ledger.issue_card(template).card.id for _ in range(CARDS)]

    barrier = CONTEXT.Barrier(TILLS, timeout=120)
    tasks = [(database.url, f"till-{number}", cards, ATTEMPTS, barrier) for number in range(TILLS)]
    said = together(tills.stamp_cards, tasks)

    print("conflicts", [conflicts for conflicts, _, _ in said])
    assert (CARDS * LIMIT, CARDS * REFUSED) == (sum(of_one[1] for of_one in said), sum(of_one[2] for of_one in said))
    with Ledger.open(database.url, business=tills.BUSINESS, clock=Clock()) as ledger:
        recorded = Counter((entry.stream, type(entry.event)) for entry in ledger.entries())
        for card in cards:
            assert (LIMIT, REFUSED) == (recorded[card, StampAdded], recorded[card, StampRejected])
            assert LIMIT == ledger.card(card).stamps_total
        assert () == ledger.verify().faults


def test_daily_limit_that_does_not_hold(database: Database):
    """
    The control: tables in which the credits are counted and then one is inserted hold more than the limit.
    """
    database.sql("CREATE TABLE credit (code VARCHAR(20), card VARCHAR(20))")
    cards = [f"card-{number}" for number in range(CARDS)]

    barrier = CONTEXT.Barrier(TILLS, timeout=120)
    tasks = [(database.url, LIMIT, cards, ATTEMPTS, barrier) for _ in range(TILLS)]
    together(naive.stamp_cards, tasks)

    credits = [row[0] for row in database.sql("SELECT count(*) FROM credit GROUP BY card")]
    print("credits", credits)
    assert max(credits) > LIMIT, "the naive tables kept the limit: this workload proves nothing"
