"""A till's receipts: cards as customers first appear, stamps for sales, voids for cancellations."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

import attrs

from stampledger import batches, checks, commands, crediting
from stampledger.aggregates import decide_customer
from stampledger.batches import Report, Tally, for_each
from stampledger.errors import Corrupt, InvalidInput
from stampledger.events import StampRejected
from stampledger.importing import Source, moment, read_rows, refuse_problems
from stampledger.lookup import named
from stampledger.store import history, lists
from stampledger.store.claims import code_key
from stampledger.store.session import Scope, Session, StreamKind
from stampledger.values import CardTemplate, Channel, Person
from stampledger.writer import Call, Work, Writer


_name = checks.checked(checks.text)


@attrs.frozen(kw_only=True)
class Columns:
    """Which columns of a till's file say what; the column *kind* holds the words *sale* and *cancellation*."""

    receipt: str = attrs.field(default="receipt", validator=_name)
    customer: str = attrs.field(default="customer", validator=_name)
    occurred_at: str = attrs.field(default="occurred_at", validator=_name)
    kind: str = attrs.field(default="kind", validator=_name)  # A file without this column holds sales only.
    amount: str = attrs.field(
        default="amount_gbp", validator=_name
    )  # A file without this column can only be credited by visit.
    sale: str = attrs.field(default="sale", validator=_name)
    cancellation: str = attrs.field(default="cancellation", validator=_name)


@attrs.frozen(kw_only=True)
class Receipts:
    """What became of a till's rows: read is the sum of credited, repeated, refused, voided and unmatched."""

    read: int
    credited: int
    repeated: int  # Imported before; nothing was written.
    refused: int  # Credits a rule refused; each is in the Journal.
    voided: int
    unmatched: int  # Cancellations without a standing sale of at least their amount.
    cards_issued: int


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
    receipts = _checked(source, columns, by_amount)
    with writer.store.reading() as session:
        target, version, found = writer.lookup(session).template(template)
    if by_amount and found.per_amount is None:
        raise InvalidInput("by_amount", by_amount, "needs a template that earns by amount")
    run = _Run(target.id, target.number, version, found, by_amount)
    call = {**call, "channel": call.get("channel") or Channel.IMPORT}
    request = ("import_receipts", named(template), by_amount, [receipt.code for receipt in receipts])
    for_each(writer, call, request, receipts, run.one, Tally(), progress)
    return Receipts(read=len(receipts), **run.counts)


def _checked(source: Source, columns: Columns, by_amount: bool) -> list[Receipt]:
    needed = [columns.receipt, columns.customer, columns.occurred_at, *([columns.amount] if by_amount else [])]
    rows, problems = read_rows(source, tuple(needed), None)
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
                at=row.need(columns.occurred_at, moment, datetime.max),
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
        self.counts = dict.fromkeys(("credited", "repeated", "refused", "voided", "unmatched", "cards_issued"), 0)

    def one(self, work: Work, receipt: Receipt) -> UUID | None:
        """Credit or void one row."""
        work.occurred_at = receipt.at
        if receipt.cancels:
            card_id = self._card_of(work, receipt, issue=False)
            self.counts[self._cancel(work, receipt, card_id)] += 1
        else:
            card_id = self._card_of(work, receipt, issue=True)
            assert card_id is not None
            self.counts[self._credit(work, receipt, card_id)] += 1
            self.sales.setdefault(receipt.customer, []).append(receipt)
        return card_id

    def _credit(self, work: Work, receipt: Receipt, card_id: UUID) -> str:
        before = len(work.recording.entries)
        if _refused_before(work.session, receipt, card_id):
            return "repeated"
        amount = receipt.amount if self.by_amount else None
        crediting.add_stamps(work, card_id, None, amount, receipt.code, keep_refusals=True)
        refused, work.refusal = work.refusal, None
        if refused is not None:
            return "refused"
        work.repeats = None
        return "credited" if len(work.recording.entries) > before else "repeated"

    def _cancel(self, work: Work, receipt: Receipt, card_id: UUID | None) -> str:
        key = f"cancellation\n{receipt.code}"
        if work.session.claim(Scope.KEY, key) is not None:
            return "repeated"
        scan = None if card_id is None else self._standing_sale(work.session, receipt, card_id)
        if scan is None:
            return "unmatched"
        crediting.void_stamps(work, scan, f"cancelled by {receipt.code}")
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

    def _card_of(self, work: Work, receipt: Receipt, *, issue: bool) -> UUID | None:
        """Answer the customer's card under the template; it is issued with the customer's first sale."""
        known = self.cards.get(receipt.customer)
        if known is not None:
            return known
        session = work.session
        claimed = session.claim(Scope.REFERENCE, receipt.customer)
        if claimed is not None:
            for (number,) in session.all(session.sql.cards_of, b_customer=claimed[0], b_kind=int(StreamKind.CARD)):
                if session.one(session.sql.card, b_stream=number)[1] == self.template_number:
                    known = self.cards[receipt.customer] = session.stream_by_number(number).id
                    return known
        if not issue:
            return None
        customer_id = None if claimed is None else session.stream_by_number(claimed[0]).id
        if customer_id is None:
            customer_id = work.new_id()
            person = Person(name=receipt.customer, reference=receipt.customer)
            told = decide_customer(None, commands.RegisterCustomer(at=work.at(), person=person))
            work.record(None, customer_id, StreamKind.CUSTOMER, None, told)
        known = batches.issue_card(work, self.template_id, self.version, self.template, customer_id)
        self.cards[receipt.customer] = known
        self.counts["cards_issued"] += 1
        return known


def _refused_before(session: Session, receipt: Receipt, card_id: UUID) -> bool:
    """Answer whether this very row was imported before and refused."""
    for seq in lists.mention_seqs(session, receipt.code):
        entry = history.entry_at(session, seq)
        if entry is None:
            raise Corrupt(session.business_name, None, seq, "the entry is missing")
        if entry.stream == card_id and isinstance(entry.event, StampRejected) and entry.event.at == receipt.at:
            return True
    return False
