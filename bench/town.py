"""The town whose ledger is filled: its card templates, and what its tills reported, file by file.

A file follows from the seed and its own number alone, so that filling can stop after any of them and go on later.
"""

import io
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import attrs

from bench.people import name_of
from stampledger import Award, Brand, CardTemplate, Goal, Ledger, Lottery, Variant, Voucher

BEGAN = datetime(2023, 1, 1, 6, tzinfo=UTC)
SPAN = timedelta(days=3 * 365)  # Over which the files planned are spread.
CANCELLED = 0.004  # Of the sales.
EVENTS_PER_RECEIPT = 1.28  # With the goals it reaches, and what they give.

BRAND = Brand(name="Old Town")
TEMPLATES = {
    "coffee": CardTemplate(
        name="Coffee card",
        goals=(Goal(stamps=8, reward=Voucher(title="Free coffee", valid_for=timedelta(days=30))),),
    ),
    "lunch": CardTemplate(
        name="Lunch card",
        goals=(
            Goal(stamps=5, reward=Award(title="A sticker")),
            Goal(stamps=10, reward=Voucher(title="Free lunch", valid_for=timedelta(days=60))),
        ),
    ),
    "bakery": CardTemplate(
        name="Bakery card",
        goals=(
            Goal(
                stamps=6,
                reward=Lottery(
                    title="The sixth bun",
                    variants=(
                        Variant(percentage=Decimal(10), name="A cake", reward=Voucher(title="A cake")),
                        Variant(percentage=Decimal(90), name="A bun", reward=Award(title="A bun")),
                    ),
                ),
            ),
        ),
    ),
    "books": CardTemplate(name="Book card", goals=(Goal(stamps=12, reward=Voucher(title="A paperback")),)),
    "cinema": CardTemplate(name="Cinema card", goals=(Goal(stamps=4, reward=Voucher(title="A ticket")),)),
    "flowers": CardTemplate(name="Flower card", goals=(Goal(stamps=10, reward=Voucher(title="A bouquet")),)),
}
# Whose file comes when; a customer holds cards of one template.
PATTERN = ("coffee", "lunch", "coffee", "bakery", "coffee", "lunch", "books", "coffee", "cinema", "flowers")
ACTORS = tuple(f"till-{number}" for number in range(1, 8))
CHANNELS = ("receipt", "receipt", "receipt", "kiosk", "receipt", "receipt", "scanner")


@attrs.frozen(kw_only=True)
class Plan:
    """How much the town is to have, and the seed it follows from."""

    events: int
    customers: int
    seed: int = 1
    receipts: int = 5_000  # In a file.

    @property
    def files(self) -> int:
        """About how many files that takes."""
        receipts = (self.events - 2 * self.customers) / EVENTS_PER_RECEIPT
        return max(1, round(receipts / self.receipts))

    @property
    def new_customers(self) -> int:
        """How many customers a file brings who were never there before."""
        return min(self.receipts, -(-self.customers // self.files))


@attrs.frozen(kw_only=True)
class File:
    """What one till reported."""

    number: int
    template: str
    actor: str
    channel: str
    first_code: str  # Of a sale. Where the ledger knows it, it knows all files before this one.
    until: datetime  # When it is imported: the end of its time.
    text: str

    def opened(self) -> io.StringIO:
        """Answer it as an open file."""
        return io.StringIO(self.text)


def first_code(plan: Plan, number: int) -> str:
    """Answer the code of a file's first sale."""
    return f"R-{number * plan.receipts + 1:08d}"


def until(plan: Plan, number: int) -> datetime:
    """Answer the end of a file's time."""
    return BEGAN + SPAN * (number + 1) / plan.files


def file(plan: Plan, number: int) -> File:
    """Answer what a till reported in the file of this number."""
    chance = random.Random(f"{plan.seed}:{number}")
    template = PATTERN[number % len(PATTERN)]
    start, end = until(plan, number - 1), until(plan, number)
    step = (end - start) / (plan.receipts + 1)
    lines = ["receipt,customer,occurred_at,kind,amount_gbp"]
    for place, customer in enumerate(_customers(plan, number, template, chance), 1):
        at = start + step * place
        code, name = number * plan.receipts + place, name_of(customer)
        lines.append(f"R-{code:08d},{name},{at.isoformat()},sale,3.20")
        if chance.random() < CANCELLED:
            lines.append(f"C-{code:08d},{name},{(at + step / 2).isoformat()},cancellation,3.20")
    return File(
        number=number,
        template=template,
        actor=ACTORS[number % len(ACTORS)],
        channel=CHANNELS[number % len(CHANNELS)],
        first_code=first_code(plan, number),
        until=end,
        text="\n".join(lines),
    )


def _customers(plan: Plan, number: int, template: str, chance: random.Random) -> Iterator[int]:
    """Yield who bought: everyone new in this file once, and those who were there before, some of them often."""
    rounds, place = divmod(number, len(PATTERN))
    earlier = rounds * PATTERN.count(template) + PATTERN[:place].count(template)  # Files of this template.
    known, new = earlier * plan.new_customers, plan.new_customers
    last = max(1, plan.customers * PATTERN.count(template) // len(PATTERN))
    bought = [min(q, last - 1) for q in range(known, known + new)]
    known = min(known + new, last)
    for _ in range(plan.receipts - new):
        q = int(chance.random() * known)
        bought.append(q - q % 10 if chance.random() < 0.5 else q)  # One in ten is a regular.
    chance.shuffle(bought)
    kind = list(TEMPLATES).index(template)
    yield from (q * len(TEMPLATES) + kind for q in bought)


def publish(ledger: Ledger) -> None:
    """Let the ledger have the town's programme; again, it changes nothing."""
    ledger.set_brand(BRAND)
    for key, template in TEMPLATES.items():
        ledger.publish_template(key, template)
