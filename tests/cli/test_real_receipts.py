"""
A real shop's thirteen months: what the ledger says of any moment is what twenty lines of arithmetic over the file say.
"""

import csv
import random
from collections import Counter
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path

import pytest

from stampledger.events import GoalReached, StampAdded, VoucherIssued, VoucherVoided
from stampledger.ledger import Ledger
from stampledger.projections import CardView
from stampledger.rewards import RewardStatus
from stampledger.view import View
from tests.cli.terminal import Terminal

RECEIPTS = Path(__file__).parents[2].parent / "shared" / "data" / "till_receipts.csv"
SIZE = 8  # Of the card that is made where there is no template.
MOMENTS = 20

pytestmark = pytest.mark.skipif(not RECEIPTS.exists(), reason=f"the real receipts are not here: no {RECEIPTS.name}")


def folded() -> Iterator[tuple[str, Mapping[str, int]]]:
    """Each sale's receipt, with every customer's stamps right after it: a fold that knows nothing of the library."""
    standing: dict[str, list[Decimal]] = {}
    stamps: Counter[str] = Counter()
    with RECEIPTS.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            amount, sales = Decimal(row["amount_gbp"]), standing.setdefault(row["customer"], [])
            if row["kind"] == "sale":
                sales.append(amount)
                stamps[row["customer"]] += 1
                yield row["receipt"], dict(stamps)
                continue
            matching = [index for index, sold in enumerate(sales) if sold >= amount]
            if matching:
                del sales[matching[-1]]
                stamps[row["customer"]] -= 1


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Terminal:
    """A ledger into which the receipts were imported."""
    terminal = Terminal(tmp_path_factory.mktemp("real") / "shop.db")
    counts = terminal.run("import-receipts", str(RECEIPTS), "--json").json
    assert (5604, 5353, 189, 62) == tuple(counts[name] for name in ("read", "credited", "voided", "unmatched"))
    assert 62 == len(counts["unmatched_codes"]) and not counts["sales_only"]
    return terminal


def progress_of(view: View) -> dict[str, int]:
    """Every customer's progress, from the list of cards."""
    found: dict[str, int] = {}
    before = None
    while found == {} or before is not None:
        page = view.cards(limit=1000, before=before)
        found.update((name_of(card), card.progress.stamps) for card in page)
        before = page.next
    return found


def vouchers_of(view: View) -> dict[str, int]:
    """Each customer's vouchers that still stand; asked of the cards that ever won one."""
    cards = {entry.stream for entry in view.entries() if isinstance(entry.event, VoucherIssued)}
    active = {
        name_of(card): sum(voucher.status is RewardStatus.ACTIVE for voucher in card.vouchers)
        for card in map(view.card, cards)
    }
    return {name: count for name, count in active.items() if count}


def goals_of(view: View) -> int:
    """The goals that were reached and not undone: each gave one voucher, and each undone one lost it."""
    counts = Counter(type(entry.event) for entry in view.entries())
    assert counts[GoalReached] == counts[VoucherIssued]
    return counts[GoalReached] - counts[VoucherVoided]


def name_of(card: CardView) -> str:
    assert card.customer is not None and card.customer.name is not None
    return card.customer.name


def test_random_moments(shop: Terminal):
    """
    At twenty random moments, every customer has the progress, goals and vouchers that follow from the file.
    """
    moments = random.Random(2011).sample(list(folded()), MOMENTS)
    with Ledger.open(f"sqlite:///{shop.ledger[1]}", business="shop", create=False) as ledger:
        scans = {entry.code: entry.scan for entry in ledger.entries() if isinstance(entry.event, StampAdded)}
        ends = {entry.scan: entry.seq for entry in ledger.entries()}

        for code, stamps in moments:
            then = ledger.at(ends[scans[code]])

            full = {name: max(0, count - 1) // SIZE for name, count in stamps.items()}
            won = {name: count // SIZE for name, count in stamps.items() if count >= SIZE}
            assert {name: count - SIZE * full[name] for name, count in stamps.items()} == progress_of(then)
            assert won == vouchers_of(then)
            assert sum(won.values()) == goals_of(then)


def test_twice(shop: Terminal):
    """
    The same file again writes no entry.
    """
    before = shop.run("verify", "--json").json

    counts = shop.run("import-receipts", str(RECEIPTS), "--json").json

    assert (0, 0, 0, 0) == tuple(counts[name] for name in ("credited", "voided", "refused", "cards_issued"))
    assert before == shop.run("verify", "--json").json
    assert [] == before["faults"]
