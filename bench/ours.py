"""This project, at work: a coffee shop's cards, eight stamps each, with a voucher for the eighth."""

import io
import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from bench.server import Missing
from stampledger import CardTemplate, Goal, InvalidInput, Ledger, Voucher
from stampledger.events import Event, StampAdded

BUSINESS = "blue-cup"
TEMPLATE = "free-coffee"
FREE_COFFEE = CardTemplate(
    name="Free Coffee",
    goals=(Goal(stamps=8, reward=Voucher(title="Free coffee", valid_for=timedelta(days=30))),),
)
SAVINGS = "savings"
SAVINGS_CARD = CardTemplate(name="Savings", goals=(Goal(stamps=1_000, reward=Voucher(title="A weekend away")),))
STAMPS_PER_CARD = 80  # About 100 events: 80 stamps, 10 goals reached, 10 vouchers issued, and the card's own first.
FILE = 20_000  # Receipts in one file.
FIRST = datetime(2025, 1, 1, 8, tzinfo=UTC)


def opened(where: Path | str, *, full: bool = True, business: str = BUSINESS) -> Ledger:
    """Open a ledger with its templates: in a file, or by a database URL.

    Raises:
        Missing: The release cannot use such a database.
    """
    ledger = empty(where, full=full, business=business)
    ledger.publish_template(TEMPLATE, FREE_COFFEE)
    ledger.publish_template(SAVINGS, SAVINGS_CARD)
    return ledger


def empty(where: Path | str, *, full: bool = True, business: str = BUSINESS, **options: Any) -> Ledger:
    """Open a ledger as it is.

    Raises:
        Missing: The release cannot use such a database.
    """
    url = where if isinstance(where, str) else f"sqlite:///{where}"
    if not full:
        options["durability"] = "normal"
    try:
        return Ledger.open(url, business=business, **options)
    except InvalidInput as refusal:
        raise Missing(f"this release does not open it: {refusal}") from refusal


class Stamping:
    """Stamps, one command each: coded, with actor and channel, on cards drawn at random."""

    def __init__(self, ledger: Ledger, cards: Sequence[UUID], writer: str = "S") -> None:
        self._ledger = ledger
        self._cards = cards
        self._random = random.Random(7)
        self._codes = 0
        self._writer = writer

    def __call__(self) -> None:
        self._codes += 1
        card = self._cards[self._random.randrange(len(self._cards))]
        self._ledger.add_stamps(card, code=f"{self._writer}-{self._codes:07d}", actor="till-1", channel="receipt")


def issued(ledger: Ledger, count: int) -> list[UUID]:
    """Give out cards."""
    return [ledger.issue_card(TEMPLATE).card.id for _ in range(count)]


def some_cards(ledger: Ledger, count: int, template: str = TEMPLATE) -> list[UUID]:
    """Answer ids of cards that are there."""
    found: list[UUID] = []
    before = None
    while len(found) < count:
        page = ledger.cards(limit=500, before=before, template=template)
        found.extend(card.id for card in page)
        before = page.next
        if before is None:
            break
    return found


def receipts(customers: list[str], first: int) -> io.StringIO:
    """Answer a till's file with one sale for each customer named."""
    lines = ["receipt,customer,occurred_at,kind,amount_gbp"]
    for place, customer in enumerate(customers, first):
        at = FIRST + timedelta(seconds=20 * place)
        lines.append(f"R-{place:07d},{customer},{at.isoformat()},sale,3.20")
    return io.StringIO("\n".join(lines))


def visits(cards: int, per_card: int, prefix: str = "c") -> list[str]:
    """Answer the customers of many sales: everyone equally often, in no order."""
    customers = [f"{prefix}{number}" for number in range(cards)] * per_card
    random.Random(11).shuffle(customers)
    return customers


def fill(
    ledger: Ledger,
    customers: list[str],
    progress: Callable[[int, int], object],
    template: str = TEMPLATE,
    first: int = 1,
) -> None:
    """Import many receipts, the quick way to a big ledger."""
    for start in range(0, len(customers), FILE):
        ledger.import_receipts(
            receipts(customers[start : start + FILE], first + start),
            template=template,
            actor="till-1",
            channel="receipt",
        )
        progress(start, len(customers))


def all_handlers() -> tuple[dict[type[Event], Callable[[int, Any], object]], dict[str, int]]:
    """Answer a fold over every event there is, and its result: the stamps given, and how many events were seen."""
    from stampledger.codec import KINDS

    seen = {"events": 0, "stamps": 0}

    def count(seq: int, event: Event) -> None:
        seen["events"] += 1

    def stamped(seq: int, event: StampAdded) -> None:
        seen["events"] += 1
        seen["stamps"] += event.count

    return {**dict.fromkeys(KINDS.values(), count), StampAdded: stamped}, seen


def progress_handlers() -> tuple[dict[type[Event], Callable[[int, Any], object]], dict[str, int]]:
    """Answer a fold over progress alone, and its result."""
    seen = {"events": 0, "progress": 0}

    def stamped(seq: int, event: StampAdded) -> None:
        seen["events"] += 1
        seen["progress"] = event.progress

    return {StampAdded: stamped}, seen


def cards_file(count: int, first: int) -> io.StringIO:
    """Answer a file of cards from elsewhere, each with a customer and an opening balance."""
    lines = ["external_id,stamps,name,email"]
    lines.extend(f"X-{n:07d},{n % 8},Customer {n},customer.{n}@mail.example" for n in range(first, first + count))
    return io.StringIO("\n".join(lines))


def exported(ledger: Path, to: Path) -> tuple[Path, int]:
    """Write the Journal of a ledger as JSON Lines; answer the file, and how many entries it has."""
    with opened(ledger, full=False) as found:
        found.export(to, with_keys=True)
        return to, found.seq


def import_journal(ledger: Ledger, file: Path, events: int) -> None:
    """Import a whole Journal into an empty ledger."""
    ledger.import_journal(file)
    assert ledger.seq == events
