"""
One receipt, one credit, however many tills send it, and how often.
"""

import random
from collections import defaultdict
from typing import Any

from stampledger import Ledger
from stampledger.events import StampAdded
from tests.engines import naive, tills
from tests.engines.crew import together
from tests.ledger.shop import coffee
from tests.servers.database import Database

SEED = random.SystemRandom().randrange(1 << 32)

WRITERS = 32
RECEIPTS = 1_000
SENDERS_OF_EACH = 4
REPLAYED = 0.3
CARDS = 40
STRAY = 30


def receipts_of_each(chance: random.Random, cards: list[Any]) -> list[list[tuple[str, Any]]]:
    """
    Each receipt goes to four of the writers, who send what they have in an order of their own and three in ten again.

    (Not to all of them: most of 41 600 commands would only be told what was long known, and a server needs minutes for
    them on two cores. Four that come to a receipt at about the same time, because each strays a little from one order,
    meet as well, and there are 5 200 commands.)
    """
    held: list[list[tuple[float, int]]] = [[] for _ in range(WRITERS)]
    for number in range(RECEIPTS):
        for writer in chance.sample(range(WRITERS), SENDERS_OF_EACH):
            held[writer].append((number + STRAY * chance.random(), number))
    for sent in held:
        again = chance.sample(sent, int(REPLAYED * len(sent)))
        sent += [(moment + 10 * STRAY * chance.random(), number) for moment, number in again]
    return [[(f"R-{number}", cards[number % CARDS]) for _, number in sorted(sent)] for sent in held]


def test_receipts_once(database: Database):
    """
    32 tills send 1 000 receipts again and again: there are 1 000 credits, and whoever asks about one gets one answer.
    """
    print("seed", SEED)
    with Ledger.open(database.url, business=tills.BUSINESS) as ledger:
        template = ledger.publish_template("free-coffee", coffee())
        cards = [ledger.issue_card(template).card.id for _ in range(CARDS)]
    held = receipts_of_each(random.Random(SEED), cards)

    tasks = [(database.url, f"till-{number}", receipts) for number, receipts in enumerate(held)]
    said = together(tills.send_receipts, tasks)

    print("conflicts", [conflicts for conflicts, _ in said])
    answers = defaultdict(set)
    for _, of_one in said:
        for code, answer in of_one:
            answers[code].add(answer)
    assert RECEIPTS == len(answers)
    assert {} == {code: several for code, several in answers.items() if len(several) > 1}
    with Ledger.open(database.url, business=tills.BUSINESS) as ledger:
        credits = [entry.code for entry in ledger.entries() if isinstance(entry.event, StampAdded)]
        assert sorted(answers) == sorted(code for code in credits if code is not None)
        assert RECEIPTS == sum(ledger.card(card).stamps_total for card in cards)
        assert () == ledger.verify().faults


def test_receipts_twice(database: Database):
    """
    The control: tables in which the code is looked for and then inserted hold more credits than there are receipts.
    """
    print("seed", SEED)
    database.sql("CREATE TABLE credit (code VARCHAR(20), card VARCHAR(20))")
    held = receipts_of_each(random.Random(SEED), [f"card-{number}" for number in range(CARDS)])

    tasks = [(database.url, f"till-{number}", receipts) for number, receipts in enumerate(held)]
    together(naive.send_receipts, tasks)

    [(credits, codes)] = database.sql("SELECT count(*), count(DISTINCT code) FROM credit")
    print("credits", credits)
    assert RECEIPTS == codes
    assert credits > RECEIPTS, "the naive tables did not double a credit: this workload proves nothing"
