"""
The main job on real input: a year of a gift shop's receipts, imported and compared with a fold of the file's own.

The file is not part of the repository; where it is absent these tests are skipped.
"""

import csv
import random
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest

from stampledger import CustomerInfo, Overflow, PerAmount, Receipts, events
from tests.ledger.shop import CAKE, DATA, Shop, the

FILE = DATA / "till_receipts.csv"
GOAL, MOMENTS = 8, 20

pytestmark = pytest.mark.skipif(not FILE.exists(), reason="the real receipts are not on this machine")


def rows() -> list[dict[str, str]]:
    with FILE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def fold(until: int, unit: Decimal | None) -> dict[str, tuple[int, int, int, int]]:
    """(stamps on the card, goals reached, vouchers that stand, cents that wait) of each customer after so many rows."""
    told: dict[str, list[int]] = {}  # Money or visits, the goals ever reached, the vouchers taken back.
    sales: dict[str, list[tuple[Decimal, int]]] = {}  # Those that stand.
    worth = 1 if unit is None else int(unit * 100)
    for row in rows()[:until]:
        amount = Decimal(row["amount_gbp"])
        standing = sales.setdefault(row["customer"], [])
        if row["kind"] == "sale":
            heap, before = 1 if unit is None else int(amount * 100), told.setdefault(row["customer"], [0, 0, 0])
            standing.append((amount, heap))
            before[1] += (before[0] + heap) // worth // GOAL - before[0] // worth // GOAL
            before[0] += heap
        elif fitting := [sale for sale in reversed(standing) if sale[0] >= amount]:
            standing.reverse()
            standing.remove(fitting[0])
            standing.reverse()
            before = told[row["customer"]]
            before[2] += before[0] // worth // GOAL - (before[0] - fitting[0][1]) // worth // GOAL
            before[0] -= fitting[0][1]
    return {
        customer: ((heap // worth - 1) % GOAL + 1 if heap >= worth else 0, goals, goals - back, heap % worth)
        for customer, (heap, goals, back) in told.items()
    }


class Year:
    """A year at a shop, to be imported."""

    summary: Receipts

    def __init__(self, shop: Shop, unit: Decimal | None) -> None:
        self.unit = unit
        self.shop = shop
        earning = None if unit is None else PerAmount(amount=unit, remainder=Overflow.CARRY)
        shop.template(GOAL, reward=CAKE, per_amount=earning)

    def run(self, progress: Any = None) -> Receipts:
        return self.shop.ledger.import_receipts(
            FILE, template="free-coffee", by_amount=self.unit is not None, progress=progress
        )


@pytest.fixture(scope="module", params=[None, Decimal(10)], ids=["by visit", "by amount"])
def year(request: pytest.FixtureRequest) -> Iterator[Year]:
    with Shop() as shop:
        year = Year(shop, request.param)
        year.summary = year.run()
        yield year


def person(card: Any) -> str:
    customer: CustomerInfo = the(card.customer)
    name: str = the(customer.name)
    return name


def test_summary_adds_up(year: Year):
    """
    Every row is counted once, and refused rows, voids and cards are in the Journal in those numbers.
    """
    summary, file = year.summary, rows()
    kinds: dict[str, int] = {}
    for entry in year.shop.ledger.entries():
        kinds[entry.kind] = kinds.get(entry.kind, 0) + 1

    counted = summary.credited + summary.repeated + summary.refused + summary.voided + summary.unmatched
    assert len(file) == summary.read == counted
    assert sum(row["kind"] == "sale" for row in file) == summary.credited == kinds["stamp_added"]
    assert (0, 0) == (summary.repeated, summary.refused)
    assert summary.voided == kinds["stamp_voided"] > 100
    assert 0 < summary.unmatched == sum(row["kind"] != "sale" for row in file) - summary.voided
    buyers = {row["customer"] for row in file if row["kind"] == "sale"}
    assert len(buyers) == summary.cards_issued == kinds["card_issued"] == kinds["customer_registered"]


def test_twenty_moments(year: Year):
    """
    At twenty moments and at the end, every customer's progress, goals and vouchers are what the fold says.
    """
    codes: dict[str, int] = {}  # Of each row that wrote something, its last entry.
    seq_of_row: list[int] = []
    for entry in year.shop.ledger.entries():
        if isinstance(entry.event, events.StampVoided):
            codes[entry.event.reason.removeprefix("cancelled by ")] = entry.seq
        elif entry.code:
            codes[entry.code] = entry.seq
    scans = {entry.scan: entry.seq for entry in year.shop.ledger.entries()}
    starts = {entry.seq: entry.scan for entry in year.shop.ledger.entries()}
    last = 0
    for row in rows():
        last = scans[starts[codes[row["receipt"]]]] if row["receipt"] in codes else last
        seq_of_row.append(last)
    chosen = random.Random(2010).sample(range(200, len(seq_of_row)), MOMENTS)

    for moment in (*chosen, len(seq_of_row)):
        view = year.shop.ledger.at(seq_of_row[moment - 1])
        seen, cursor = {}, None
        while True:
            page = view.cards(limit=1000, before=cursor)
            for card in page:
                whole = view.card(card.id)
                goals = whole.stamps_total // GOAL
                standing = sum(voucher.status == "active" for voucher in whole.vouchers)
                seen[person(card)] = (card.progress.stamps, len(whole.vouchers), standing, card.remainder_minor)
                assert goals == standing, person(card)
            cursor = page.next
            if cursor is None:
                break
        assert fold(moment, year.unit) == seen


def test_run_twice(year: Year):
    """
    The same file once more changes not a byte, and says so.
    """
    before = year.shop.dump()

    again = year.run()

    assert before == year.shop.dump()
    assert (again.read, 0, 0, 0) == (len(rows()), again.credited, again.refused, again.cards_issued)
    assert year.summary.credited + year.summary.voided == again.repeated
    assert (0, year.summary.unmatched) == (again.voided, again.unmatched)


def test_year_in_two_files(year: Year):
    """
    The file cut in two is imported like the whole: a cancellation finds its sale in the earlier file.
    """
    header, *lines = FILE.read_text(encoding="utf-8").splitlines(keepends=True)
    options: dict[str, Any] = {"template": "free-coffee", "by_amount": year.unit is not None}
    summaries = []

    with Shop() as other:
        earning = None if year.unit is None else PerAmount(amount=year.unit, remainder=Overflow.CARRY)
        other.template(GOAL, reward=CAKE, per_amount=earning)
        for half in (lines[:2_800], lines[2_800:]):
            summaries.append(other.ledger.import_receipts(StringIO(header + "".join(half)), **options))
        told = [entry.event for entry in other.ledger.entries()]

    assert [entry.event for entry in year.shop.ledger.entries()] == told
    for name in ("read", "credited", "voided", "unmatched", "cards_issued"):
        assert getattr(year.summary, name) == sum(getattr(summary, name) for summary in summaries)
    assert year.summary.unmatched_codes == summaries[0].unmatched_codes + summaries[1].unmatched_codes
    assert (5353, 189, 62) == (year.summary.credited, year.summary.voided, year.summary.unmatched)


def test_times_of_the_till(year: Year):
    """
    Each receipt keeps the till's own time, and its channel.
    """
    times = {row["receipt"]: datetime.fromisoformat(row["occurred_at"]) for row in rows()}

    for entry in year.shop.ledger.entries():
        if isinstance(entry.event, events.StampAdded):
            assert times[the(entry.code)] == entry.occurred_at
            assert "import" == entry.channel
        elif isinstance(entry.event, events.StampVoided):
            assert times[entry.event.reason.removeprefix("cancelled by ")] == entry.occurred_at


def test_year_is_proved(year: Year):
    """
    The imported year stands the proof, and comes back from the Journal byte for byte.
    """
    before = year.shop.dump()

    assert () == year.shop.ledger.verify().faults
    year.shop.ledger.rebuild()

    assert before == year.shop.dump()


def test_interrupted_year(year: Year):
    """
    An import that was interrupted again and again, and run again each time, ends where one run does.
    """
    marks = [5_400, 3_200, 1_400, 200]

    def interrupt(done: int, total: int) -> None:
        if marks and done >= marks[-1]:
            marks.pop()
            raise KeyboardInterrupt

    with Shop() as other:
        again = Year(other, year.unit)
        for _ in range(4):
            with pytest.raises(KeyboardInterrupt):
                again.run(interrupt)
        again.run(interrupt)
        cards = [(card.number, str(card.progress), card.stamps_total) for card in other.ledger.cards(limit=1000)]
        assert year.shop.head == other.head
        assert [
            (card.number, str(card.progress), card.stamps_total) for card in year.shop.ledger.cards(limit=1000)
        ] == cards
