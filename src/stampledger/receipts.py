"""A till's receipts: cards as customers first appear, stamps for sales, voids for cancellations."""

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import attrs

from stampledger import batches, checks, codec, commands, crediting
from stampledger.aggregates import Customer, decide_customer
from stampledger.batches import Report, Tally, for_each
from stampledger.cards import StampCard
from stampledger.errors import InvalidInput, Refused
from stampledger.events import StampAdded
from stampledger.importing import Source, moment, read_rows, refuse_problems
from stampledger.lookup import EVERYTHING, named
from stampledger.projections import Entry
from stampledger.store import history
from stampledger.store.claims import code_key
from stampledger.store.session import Scope, Session, StreamKind
from stampledger.values import CardTemplate, Channel, PerAmount, Person
from stampledger.writer import AHEAD_MAX, Call, Work, Writer

CREDIT_MAX = 10_000  # Stamps of one credit.
PRECISION = 4  # Decimals in which amounts are compared; no currency has more.

_name = checks.checked(checks.text)


@attrs.frozen(kw_only=True)
class Columns:
    """Which columns of a till's file say what; the column *kind* holds the words *sale* and *cancellation*."""

    receipt: str = attrs.field(default="receipt", validator=_name)
    customer: str = attrs.field(default="customer", validator=_name)
    occurred_at: str = attrs.field(default="occurred_at", validator=_name)
    kind: str = attrs.field(default="kind", validator=_name)  # A file without this column holds sales only.
    amount: str = attrs.field(default="amount_gbp", validator=_name)  # Without it, credit is by visit only.
    sale: str = attrs.field(default="sale", validator=_name)
    cancellation: str = attrs.field(default="cancellation", validator=_name)
    time_zone: str | None = attrs.field(default=None, validator=checks.checked(checks.time_zone))  # Of times without.


@attrs.frozen(kw_only=True)
class Receipts:
    """What became of a till's rows: read is the sum of credited, repeated, refused, voided and unmatched."""

    read: int
    credited: int
    repeated: int  # Imported before; nothing was written.
    refused: int  # Rows a rule refused. A refused sale is in the Journal of its card, where the customer has one.
    voided: int
    unmatched: int  # Cancellations without a standing sale of at least their amount.
    cards_issued: int
    unmatched_codes: tuple[str, ...] = ()
    sales_only: bool = False  # The file has no column of kinds: every row was taken as a sale.


@attrs.frozen(kw_only=True)
class Receipt:
    """A row of the file."""

    code: str
    customer: str
    at: datetime
    cancels: bool
    amount: Decimal | None


def import_receipts(
    writer: Writer,
    call: Call,
    source: Source,
    *,
    template: object,
    columns: Columns,
    by_amount: bool,
    progress: Report | None,
) -> Receipts:
    """Credit a till's receipts, in the order of their times.

    The order makes a file's second run find what the first one found, whatever order its rows are in.
    """
    with writer.store.reading() as session:
        target, version, found = writer.lookup(session).template(template)
        if by_amount and found.per_amount is None:
            raise InvalidInput("by_amount", by_amount, "needs a template that earns by amount")
        run = _Run(writer, target.id, target.number, version, found, by_amount)
        latest = writer.clock() + AHEAD_MAX
        earning = (lambda customer: run.template_of(session, customer).per_amount) if by_amount else None
        receipts, sales_only = check_receipts(source, columns, latest, earning)
    call = {**call, "channel": call.get("channel") or Channel.IMPORT}
    request = ("import_receipts", named(template), by_amount, [receipt.code for receipt in receipts])
    for_each(writer, call, request, receipts, run.one, run, progress, run.expect)
    return Receipts(read=len(receipts), unmatched_codes=tuple(run.unmatched), sales_only=sales_only, **run.counts)


# The file.


def check_receipts(
    source: Source,
    columns: Columns,
    latest: datetime,
    earning: Callable[[str], PerAmount | None] | None,
) -> tuple[list[Receipt], bool]:
    """Answer a file's rows in the order of their times, and whether all were taken as sales for want of a column.

    *earning* answers how a customer's card earns by amount; it is None where stamps are earned by visit.

    Raises:
        InvalidRows: Rows that cannot be read.
    """
    needed = [columns.receipt, columns.customer, columns.occurred_at]
    usual = Columns()
    if earning is not None or columns.amount != usual.amount:
        needed.append(columns.amount)
    if columns.kind != usual.kind:  # A column that was named is there, or the name is a mistake.
        needed.append(columns.kind)
    rows, problems = read_rows(source, tuple(needed), None)
    zone = None if columns.time_zone is None else ZoneInfo(columns.time_zone)
    words = {"": False, columns.sale: False, columns.cancellation: True}
    codes: set[str] = set()
    receipts = []
    for row in rows:
        code = row.need(columns.receipt, lambda cell: checks.text(cell, "receipt"), "")
        if code and code in codes:
            row.problem(columns.receipt, "stands twice in the file")
        codes.add(code)
        kind = row.cells.get(columns.kind, "").strip()
        if kind not in words:
            row.problem(columns.kind, f"must be {columns.sale} or {columns.cancellation}")
        cancels = words.get(kind, False)
        customer = row.need(columns.customer, lambda cell: checks.text(cell, "customer"), "")
        at = row.need(columns.occurred_at, lambda cell: moment(cell, latest, zone), latest)
        if earning is None:
            amount = row.take(columns.amount, _amount, None)
        else:
            amount = row.need(columns.amount, partial(_worth, rule=earning(customer), cancels=cancels), None)
        receipts.append(Receipt(code=code, customer=customer, at=at, cancels=cancels, amount=amount))
    refuse_problems(problems)
    sales_only = bool(rows) and columns.kind not in rows[0].cells
    return sorted(receipts, key=lambda receipt: (receipt.at, receipt.cancels)), sales_only


def _amount(cell: str) -> Decimal | None:
    amount = Decimal(cell)
    checks.minor_units(amount, PRECISION, "amount")
    return amount


def _worth(cell: str, rule: PerAmount | None, cancels: bool) -> Decimal | None:
    """Read an amount that earns stamps; what waits on the card cannot make a credit of the most stamps a larger one."""
    amount = Decimal(cell)
    minor = checks.minor_units(amount, 2 if rule is None else rule.decimals, "amount")
    if rule is not None and not cancels and minor > CREDIT_MAX * rule.unit_minor:
        raise InvalidInput("amount", cell, f"must be worth at most {CREDIT_MAX} stamps")
    return amount


# The rows.


class _Run(Tally):
    """One run over a file: what is remembered from row to row."""

    def __init__(
        self,
        writer: Writer,
        template_id: UUID,
        template_number: int,
        version: int,
        template: CardTemplate,
        by_amount: bool,
    ) -> None:
        super().__init__()
        self.writer = writer
        self.template_id = template_id
        self.template_number = template_number
        self.version = version
        self.template = template
        self.by_amount = by_amount
        self.cards: dict[str, tuple[int, UUID]] = {}  # (number of the stream, id)
        self.unmatched: list[str] = []
        self.counts = dict.fromkeys(("credited", "repeated", "refused", "voided", "unmatched", "cards_issued"), 0)

    def told(self) -> dict[str, Any]:
        """Answer what has been counted so far."""
        return {**super().told(), "cards": len(self.cards)}

    def tell(self, told: dict[str, Any]) -> None:
        """Go back to what had been counted, and forget the cards that were found since."""
        while len(self.cards) > told["cards"]:
            self.cards.popitem()
        super().tell({name: value for name, value in told.items() if name != "cards"})

    def expect(self, session: Session, receipts: Sequence[Receipt]) -> None:
        """Fetch together what the rows of a chunk will look at."""
        session.expect(Scope.KEY, [self._key(receipt) for receipt in receipts])
        session.expect(Scope.CODE, [receipt.code for receipt in receipts if not receipt.cancels])
        session.expect(
            Scope.REFERENCE, [receipt.customer for receipt in receipts if receipt.customer not in self.cards]
        )
        session.expect_streams([self.cards[each.customer][0] for each in receipts if each.customer in self.cards])

    def _key(self, receipt: Receipt) -> str:
        """Answer the key of a row. A code may be good many times: its time tells one sale from another."""
        if receipt.cancels:
            return f"cancellation\n{self.template_id.hex}\n{receipt.code}"
        return f"receipt\n{self.template_id.hex}\n{codec.microseconds(receipt.at)}\n{receipt.code}"

    def one(self, work: Work, receipt: Receipt) -> UUID | None:
        """Credit or void one row."""
        work.occurred_at = receipt.at
        card_id = self._card_of(work.session, receipt.customer)
        outcome = (self._cancel if receipt.cancels else self._sell)(work, receipt, card_id)
        self.counts[outcome] += 1
        return card_id

    def template_of(self, session: Session, customer: str) -> CardTemplate:
        """Answer the template version of a customer's card; where there is no card yet, the one it will have."""
        card_id = self._card_of(session, customer)
        row = None if card_id is None else session.stream(card_id)
        if row is None:
            return self.template
        state = session.state(row)
        assert isinstance(state, StampCard)
        return self.writer.store.templates.get(session, state.template_id, state.template_version)

    def _sell(self, work: Work, receipt: Receipt, card_id: UUID | None) -> str:
        session = work.session
        key = self._key(receipt)
        if session.claim(Scope.KEY, key) is not None:
            return "repeated"
        if card_id is None:
            outcome = self._used_elsewhere(session, receipt)
            if outcome is not None:
                return outcome
            card_id = self._issue_card(work, receipt)
        before = len(work.entries)
        amount = receipt.amount if self.by_amount else self._noted(work, receipt, card_id)
        crediting.add_stamps(work, card_id, None, amount, receipt.code, keep_refusals=True)
        refused, work.refusal = work.refusal, None
        repeats, work.repeats = work.repeats, None
        written = work.entries[before:]
        _claim(session, key, (*written, *(repeats or ()))[0])
        if refused is not None:
            return "refused"
        return "credited" if written else "repeated"

    def _noted(self, work: Work, receipt: Receipt, card_id: UUID) -> Decimal | None:
        """Answer the amount to note on a credit by visit, for a cancellation to find the sale by.

        A code that gave stamps without an amount before gave them for this very sale.
        """
        if receipt.amount is None or checks.minor_units(receipt.amount, PRECISION, "amount") % 100:
            return None
        row, state, _ = work.card(card_id)
        template = work.look.card_template(state)
        if template.per_amount is not None:
            return None
        use = crediting.first_use(work.session, receipt.code, template, row, state)
        return None if use is not None and use[0].amount_minor is None else receipt.amount

    def _used_elsewhere(self, session: Session, receipt: Receipt) -> str | None:
        """Answer what becomes of a code that gave its stamps to another card, before a card is issued for nothing.

        A customer who was forgotten since cannot be told from a stranger: the row was imported then.
        """
        key = code_key(receipt.code, self.template, self.template_id, UUID(int=0))
        claimed = None if key is None else session.claim(Scope.CODE, key)
        entry = None if claimed is None else history.entry_at(session, claimed[0])
        if entry is None:
            return None
        holder = session.stream(entry.stream)
        assert holder is not None
        if holder.customer is not None:
            customer = session.state(session.stream_by_number(holder.customer))
            if isinstance(customer, Customer) and customer.forgotten:
                return "repeated"
        free = self.template.voided_code_reusable and session.claim(Scope.VOID, str(entry.scan)) is not None
        return None if free else "refused"

    def _cancel(self, work: Work, receipt: Receipt, card_id: UUID | None) -> str:
        session = work.session
        key = self._key(receipt)
        if session.claim(Scope.KEY, key) is not None:
            return "repeated"
        scan = None if card_id is None else self._standing_sale(session, receipt, card_id)
        if scan is None:
            self.unmatched.append(receipt.code)
            return "unmatched"
        try:
            crediting.void_stamps(work, scan, f"cancelled by {receipt.code}", receipt.code)
        except Refused:  # It was refused before anything was recorded.
            return "refused"
        _claim(session, key, work.entries[0])
        return "voided"

    def _standing_sale(self, session: Session, receipt: Receipt, card_id: UUID) -> int | None:
        """Answer the scan of the customer's latest sale that stands and came to at least what is cancelled."""
        row = session.stream(card_id)
        assert row is not None
        rule = self.template_of(session, receipt.customer).per_amount
        scale = 10 ** (PRECISION - (2 if rule is None else rule.decimals))
        least = 0 if receipt.amount is None else checks.minor_units(receipt.amount, PRECISION, "amount")
        sales = [
            (event.at, entry.seq, entry.scan)
            for entry in history.stream_entries(session, row, 0, row.version, EVERYTHING)
            if isinstance(event := entry.event, StampAdded) and event.code is not None and event.at <= receipt.at
            if event.amount_minor is None or event.amount_minor * scale >= least
        ]
        for _, _, scan in sorted(sales, reverse=True):
            if session.claim(Scope.VOID, str(scan)) is None:
                return scan
        return None

    def _card_of(self, session: Session, customer: str) -> UUID | None:
        """Answer the customer's card under the template, one in use where there is; None where there is none yet."""
        if customer in self.cards:
            return self.cards[customer][1]
        claimed = session.claim(Scope.REFERENCE, customer)
        if claimed is None:
            return None
        found = []
        for (number,) in session.all(session.sql.cards_of, b_customer=claimed[0], b_kind=int(StreamKind.CARD)):
            if (card := session.card(number)) is not None and card.template == self.template_number:
                row = session.stream_by_number(number)
                state = session.state(row)
                assert isinstance(state, StampCard)
                found.append((state.deleted_at is not None, number, row.id))
        if not found:
            return None
        self.cards[customer] = min(found)[1:]
        return self.cards[customer][1]

    def _issue_card(self, work: Work, receipt: Receipt) -> UUID:
        """Issue a card with a customer's first sale, and register the customer where it is a new one."""
        claimed = work.session.claim(Scope.REFERENCE, receipt.customer)
        if claimed is not None:
            customer_id = work.session.stream_by_number(claimed[0]).id
        else:
            customer_id = work.new_id()
            person = Person(name=receipt.customer, reference=receipt.customer)
            told = decide_customer(None, commands.RegisterCustomer(at=work.at(), person=person))
            work.record(None, customer_id, StreamKind.CUSTOMER, None, told)
        card_id = batches.issue_card(work, self.template_id, self.version, self.template, customer_id)
        row = work.session.stream(card_id)
        assert row is not None
        self.cards[receipt.customer] = (row.number, card_id)
        self.counts["cards_issued"] += 1
        return card_id


def _claim(session: Session, key: str, entry: Entry) -> None:
    """Let a row stand for a scan, so that it is imported once."""
    session.add_claim(Scope.KEY, key, entry.scan)
