"""
One voucher, one redemption, however many tills try at the same moment.
"""

from typing import Any

from stampledger import Ledger
from stampledger.events import VoucherIssued, VoucherRedeemed
from tests.engines import naive, tills
from tests.engines.crew import CONTEXT, together
from tests.ledger.shop import COFFEE, coffee
from tests.servers.database import Database

REDEEMERS = 16
VOUCHERS = 200


def issued(ledger: Ledger) -> list[Any]:
    """Half of the vouchers are on five cards, the others on no card at all."""
    template = ledger.publish_template("free-coffee", coffee(1))
    cards = [ledger.issue_card(template).card.id for _ in range(5)] * (VOUCHERS // 10)
    scans = [ledger.add_stamps(card) for card in cards]
    scans += [ledger.issue_coupon(COFFEE) for _ in range(VOUCHERS - len(scans))]
    return [event.voucher_id for scan in scans for event in scan.events if isinstance(event, VoucherIssued)]


def test_vouchers_once(database: Database):
    """
    16 tills redeem each of 200 vouchers at once: one of them does, and the others are told which one, and where.
    """
    with Ledger.open(database.url, business=tills.BUSINESS) as ledger:
        vouchers = issued(ledger)
        assert VOUCHERS == len(set(vouchers))

    barrier = CONTEXT.Barrier(REDEEMERS, timeout=120)
    tasks = [(database.url, f"till-{number}", vouchers, barrier) for number in range(REDEEMERS)]
    said = together(tills.redeem_all, tasks)

    print("conflicts", [conflicts for conflicts, _ in said])
    winners = {}
    for number, voucher in enumerate(vouchers):
        answers = [of_one[number] for _, of_one in said]
        assert ["refused"] * (REDEEMERS - 1) + ["won"] == sorted(word for word, _, _ in answers)
        [winners[voucher]] = {(by, seq) for _, by, seq in answers}
    with Ledger.open(database.url, business=tills.BUSINESS) as ledger:
        assert winners == {
            entry.event.voucher_id: (entry.actor, entry.seq)
            for entry in ledger.entries()
            if isinstance(entry.event, VoucherRedeemed)
        }
        assert () == ledger.verify().faults


def test_vouchers_twice(database: Database):
    """
    The control: tables in which a voucher is read and then updated let two tills have it.
    """
    database.sql("CREATE TABLE voucher (id INTEGER PRIMARY KEY, redeemed_by VARCHAR(20))")
    vouchers = list(range(VOUCHERS))
    database.sql(f"INSERT INTO voucher (id) VALUES {', '.join(f'({voucher})' for voucher in vouchers)}")

    barrier = CONTEXT.Barrier(REDEEMERS, timeout=120)
    tasks = [(database.url, f"till-{number}", vouchers, barrier) for number in range(REDEEMERS)]
    said = together(naive.redeem_all, tasks)

    won = [sum("won" == of_one[number] for of_one in said) for number in range(VOUCHERS)]
    print("won", won)
    assert max(won) > 1, "the naive tables gave no voucher twice: this workload proves nothing"
