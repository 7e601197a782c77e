"""The day: each row of `day.csv` carried out as one verb of the ledger, and what came of it."""

import csv
import io
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import StrEnum
from importlib import resources
from typing import TYPE_CHECKING

import attrs

from stampledger.batches import Batch
from stampledger.demo import shop
from stampledger.demo.supplies import Supplies
from stampledger.errors import InvalidInput, Refused
from stampledger.projections import Entry, RewardView, event_progress, event_rewards
from stampledger.values import Channel
from stampledger.writer import Call

if TYPE_CHECKING:
    from stampledger.ledger import Ledger
    from stampledger.view import Scan

BUSINESS = "blue-cup"
DAY = date(2026, 5, 12)
OPENING = datetime.combine(DAY, time(7, 30), UTC)
CHANNELS = {"office": Channel.WEB, "kiosk": Channel.KIOSK}  # The tills scan receipts.


@attrs.frozen(kw_only=True)
class Row:
    """A line of the day: what someone did at a till."""

    line: int
    at: datetime
    till: str
    verb: str
    customer: str
    subject: str
    code: str
    amount: str
    remark: str

    @property
    def words(self) -> str:
        """The row as a sentence fragment."""
        return " ".join(part for part in (self.verb, self.customer, self.subject, self.code, self.amount) if part)


class Outcome(StrEnum):
    """What came of a row."""

    DONE = "done"
    REPEATED = "repeated"
    REFUSED = "refused"


@attrs.frozen(kw_only=True)
class Step:
    """A row, and what came of it."""

    row: Row
    outcome: Outcome
    words: str
    scan: int | None = None


def rows() -> Iterator[Row]:
    """Read the day."""
    text = resources.files("stampledger.demo").joinpath("day.csv").read_text(encoding="utf-8")
    for line, cells in enumerate(csv.DictReader(io.StringIO(text)), start=2):
        at = datetime.combine(DAY, time.fromisoformat(cells.pop("time")), UTC)
        yield Row(line=line, at=at, **cells)


def play(ledger: "Ledger", supplies: Supplies) -> Iterator[Step]:
    """Carry the day out, row by row; played again, or after an interruption, it does what is missing.

    Raises:
        InvalidInput: The ledger holds another shop's business.
    """
    first = next(ledger.entries(), None)
    if first is not None and first.recorded_at != OPENING:
        raise InvalidInput("business", ledger.business, "must be empty, or hold this very day")
    day = _Day(ledger)
    for row in rows():
        supplies.begin(f"line {row.line}", row.at)
        yield day.step(row)


class _Day:
    def __init__(self, ledger: "Ledger") -> None:
        self.ledger = ledger
        self.customers: dict[str, Scan] = {}
        self.cards: dict[tuple[str, str], Scan] = {}

    def step(self, row: Row) -> Step:
        verb: Callable[[Row], Scan | Batch] = getattr(self, f"_{row.verb}")
        try:
            done = verb(row)
        except Refused as refusal:
            return Step(row=row, outcome=Outcome.REFUSED, words=str(refusal), scan=refusal.seq)
        if done.repeated:
            return Step(row=row, outcome=Outcome.REPEATED, words=f"answered as entry {done.id} was", scan=done.id)
        told = done.entries if not isinstance(done, Batch) else self._entries(done)
        return Step(row=row, outcome=Outcome.DONE, words=", ".join(map(_told, told)), scan=done.id)

    def _entries(self, batch: Batch) -> tuple[Entry, ...]:
        """Answer what a batch just wrote: the end of the Journal."""
        return tuple(self.ledger.entries(after=batch.id - 1))

    # The verbs of the file.

    def _brand(self, row: Row) -> "Scan":
        return self.ledger.set_brand(shop.BRAND, **_call(row))

    def _publish(self, row: Row) -> "Scan":
        return self.ledger.publish_template(row.subject, shop.TEMPLATES[row.subject], **_call(row))

    def _register(self, row: Row) -> "Scan":
        born = date.fromisoformat(row.amount) if row.amount else None
        scan = self.ledger.register_customer(name=row.customer, email=row.subject, birthday=born, **_call(row))
        self.customers[row.customer] = scan
        return scan

    def _issue(self, row: Row) -> "Scan":
        scan = self.ledger.issue_card(row.subject, customer=self.customers[row.customer], **_call(row))
        self.cards[row.customer, row.subject] = scan
        return scan

    def _stamp(self, row: Row) -> "Scan":
        return self.ledger.add_stamps(self._card(row), int(row.amount), code=row.code, **_call(row))

    def _spend(self, row: Row) -> "Scan":
        return self.ledger.add_stamps(self._card(row), amount=Decimal(row.amount), code=row.code, **_call(row))

    def _wallet(self, row: Row) -> "Scan":
        return self.ledger.save_to_wallet(self._card(row), row.remark, **_call(row))

    def _redeem(self, row: Row) -> "Scan":
        return self.ledger.redeem(self._reward(row), **_call(row))

    def _play(self, row: Row) -> "Scan":
        return self.ledger.play_lottery(self._reward(row), **_call(row))

    def _void(self, row: Row) -> "Scan":
        return self.ledger.void_stamps(row.code, reason=row.remark, **_call(row))

    def _coupon(self, row: Row) -> "Scan":
        card = self.cards[row.customer, "lunch"]
        return self.ledger.issue_coupon(shop.COUPON, card=card, **_call(row))

    def _birthdays(self, row: Row) -> Batch:
        return self.ledger.celebrate_birthdays(row.at.date(), actor=row.till)

    def _campaign(self, row: Row) -> Batch:
        return self.ledger.send_campaign(
            row.remark.lower().replace(" ", "-"),
            name=row.remark,
            cards=[card for (_, template), card in self.cards.items() if template == row.subject],
            text=shop.CAMPAIGN_TEXT,
            voucher=shop.CAMPAIGN_VOUCHER,
            actor=row.till,
        )

    def _card(self, row: Row) -> "Scan":
        return self.cards[row.customer, row.subject]

    def _reward(self, row: Row) -> RewardView:
        """Answer the customer's reward of a title, used or not."""
        held = [card for (customer, _), card in self.cards.items() if customer == row.customer]
        return next(reward for card in held for reward in self.ledger.rewards(card) if reward.title == row.subject)


def _call(row: Row) -> Call:
    """Answer what every write of a row carries; its key makes the row good for once."""
    channel = CHANNELS.get(row.till, Channel.RECEIPT)
    return Call(actor=row.till, channel=channel, idempotency_key=f"{DAY} line {row.line}")


def _told(entry: Entry) -> str:
    """Tell a fact in a few words."""
    words = [entry.kind.replace("_", " ")]
    progress = event_progress(entry.event)
    if progress is not None:
        words.append(str(progress))
    words.extend(event_rewards(entry.event))
    return " ".join(words)
