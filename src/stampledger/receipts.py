"""A till's receipts: cards as customers first appear, stamps for sales, voids for cancellations."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

import attrs

from stampledger import batches, checks, commands, crediting
from stampledger.aggregates import Customer, decide_customer
from stampledger.batches import Report, Tally, for_each
from stampledger.errors import Corrupt, InvalidInput
from stampledger.events import StampRejected
from stampledger.importing import Source, moment, read_rows, refuse_problems
from stampledger.lookup import named
from stampledger.store import history, lists
from stampledger.store.claims import code_key
from stampledger.store.session import Scope, Session, StreamKind
from stampledger.values import CardTemplate, Channel, CodeScope, Person
from stampledger.writer import AHEAD_MAX, Call, Work, Writer

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
    refused: int  # Credits a rule refused; each is in the Journal of its card, where the customer has one.
    voided: int
    unmatched: int  # Cancellations without a standing sale of at least their amount.
    cards_issued: int
    unmatched_codes: tuple[str, ...] = ()


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
    """Credit a till's receipts, in the file's order."""
    receipts = _checked(source, columns, by_amount, writer.clock() + AHEAD_MAX)
    with writer.store.reading() as session:
        target, version, found = writer.lookup(session).template(template)
    if by_amount and found.per_amount is None:
        raise InvalidInput("by_amount", by_amount, "needs a template that earns by amount")
    run = _Run(target.id, target.number, version, found, by_amount)
    call = {**call, "channel": call.get("channel") or Channel.IMPORT}
    request = ("import_receipts", named(template), by_amount, [receipt.code for receipt in receipts])
    for_each(writer, call, request, receipts, run.one, Tally(), progress)
    return Receipts(read=len(receipts), unmatched_codes=tuple(run.unmatched), **run.counts)


def _checked(source: Source, columns: Columns, by_amount: bool, latest: datetime) -> list[Receipt]:
    needed = [columns.receipt, columns.customer, columns.occurred_at]
    usual = Columns()
    if by_amount or columns.amount != usual.amount:
        needed.append(columns.amount)
    if columns.kind != usual.kind:  # A column that was named is there, or the name is a mistake.
        needed.append(columns.kind)
    rows, problems = read_rows(source, tuple(needed), None)
    zone = None if columns.time_zone is None else ZoneInfo(columns.time_zone)

    def occurred(cell: str) -> datetime:
        at = moment(cell, zone)
        if at > latest:
            raise InvalidInput(columns.occurred_at, cell, "must not lie more than a day ahead")
        return at

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
        receipts.append(
            Receipt(
                code=code,
                customer=row.need(columns.customer, lambda cell: checks.text(cell, "customer"), ""),
                at=row.need(columns.occurred_at, occurred, latest),
                cancels=words.get(kind, False),
                amount=(row.need if by_amount else row.take)(columns.amount, _amount, None),
            )
        )
    refuse_problems(problems)
    return receipts


def _amount(cell: str) -> Decimal | None:
    amount = Decimal(cell)
    checks.minor_units(amount, 4, "amount")
    return amount


class _Run:
    """One run over a file: what is remembered from row to row."""

    def __init__(
        self, template_id: UUID, template_number: int, version: int, template: CardTemplate, by_amount: bool
    ) -> None:
        self.template_id = template_id
        self.template_number = template_number
        self.version = version
        self.template = template
        self.by_amount = by_amount
        self.cards: dict[str, UUID] = {}
        self.sales: dict[str, list[Receipt]] = {}
        self.unmatched: list[str] = []
        self.counts = dict.fromkeys(("credited", "repeated", "refused", "voided", "unmatched", "cards_issued"), 0)

    def one(self, work: Work, receipt: Receipt) -> UUID | None:
        """Credit or void one row."""
        work.occurred_at = receipt.at
        card_id = self._card_of(work.session, receipt)
        outcome = (self._cancel if receipt.cancels else self._sell)(work, receipt, card_id)
        self.counts[outcome] += 1
        return card_id

    def _sell(self, work: Work, receipt: Receipt, card_id: UUID | None) -> str:
        session = work.session
        self.sales.setdefault(receipt.customer, []).append(receipt)
        key = f"receipt\n{receipt.code}"  # A row of a file is one sale, also where its code is good many times.
        many = self.template.code_scope is CodeScope.MANY
        if _refused_before(session, receipt) or (many and session.claim(Scope.KEY, key) is not None):
            return "repeated"
        if card_id is None:
            outcome = self._used_elsewhere(session, receipt)
            if outcome is not None:
                return outcome
            card_id = self._issue_card(work, receipt)
        before = len(work.recording.entries)
        amount = receipt.amount if self.by_amount else None
        crediting.add_stamps(work, card_id, None, amount, receipt.code, keep_refusals=True)
        refused, work.refusal = work.refusal, None
        if refused is not None:
            return "refused"
        work.repeats = None
        if len(work.recording.entries) == before:
            return "repeated"
        if many:
            seq = work.recording.entries[-1].scan
            session.add(session.sql.add_claim, scope=int(Scope.KEY), key=key, seq=seq, digest=None)
        return "credited"

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
        if holder.customer is None:
            return "refused"
        customer = session.state(session.stream_by_number(holder.customer))
        return "repeated" if isinstance(customer, Customer) and customer.forgotten else "refused"

    def _cancel(self, work: Work, receipt: Receipt, card_id: UUID | None) -> str:
        key = f"cancellation\n{receipt.code}"
        if work.session.claim(Scope.KEY, key) is not None:
            return "repeated"
        scan = None if card_id is None else self._standing_sale(work.session, receipt, card_id)
        if scan is None:
            self.unmatched.append(receipt.code)
            return "unmatched"
        crediting.void_stamps(work, scan, f"cancelled by {receipt.code}", receipt.code)
        seq = work.recording.entries[0].seq
        work.session.add(work.session.sql.add_claim, scope=int(Scope.KEY), key=key, seq=seq, digest=None)
        return "voided"

    def _standing_sale(self, session: Session, receipt: Receipt, card_id: UUID) -> int | None:
        """Answer the scan of the customer's latest sale that stands and came to at least what is cancelled."""
        for sale in reversed(self.sales.get(receipt.customer, [])):
            if receipt.amount is not None and sale.amount is not None and sale.amount < receipt.amount:
                continue
            key = code_key(sale.code, self.template, self.template_id, card_id)
            claimed = None if key is None else session.claim(Scope.CODE, key)
            entry = None if claimed is None else history.entry_at(session, claimed[0])
            if entry is None or entry.stream != card_id:
                continue
            if session.claim(Scope.VOID, str(entry.scan)) is None:
                return entry.scan
        return None

    def _card_of(self, session: Session, receipt: Receipt) -> UUID | None:
        """Answer the customer's card under the template, or None where there is none yet."""
        known = self.cards.get(receipt.customer)
        claimed = session.claim(Scope.REFERENCE, receipt.customer) if known is None else None
        if claimed is None:
            return known
        for (number,) in session.all(session.sql.cards_of, b_customer=claimed[0], b_kind=int(StreamKind.CARD)):
            if session.one(session.sql.card, b_stream=number)[1] == self.template_number:
                known = self.cards[receipt.customer] = session.stream_by_number(number).id
                return known
        return None

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
        self.cards[receipt.customer] = card_id
        self.counts["cards_issued"] += 1
        return card_id


def _refused_before(session: Session, receipt: Receipt) -> bool:
    """Answer whether this very row was imported before and refused."""
    for seq in lists.mention_seqs(session, receipt.code):
        entry = history.entry_at(session, seq)
        if entry is None:
            raise Corrupt(session.business_name, None, seq, "the entry is missing")
        if isinstance(entry.event, StampRejected) and entry.event.at == receipt.at:
            return True
    return False
