"""The two commands that need most of the past: crediting stamps, and taking them back."""

from decimal import Decimal
from uuid import UUID

import attrs

from stampledger import checks, commands, events
from stampledger.aggregates import decide, decided
from stampledger.cards import StampCard
from stampledger.errors import Corrupt, InvalidInput, Refused, ScanNotFound
from stampledger.events import StampAdded
from stampledger.lookup import EVERYTHING
from stampledger.projections import Entry
from stampledger.refusals import CodeAlreadyUsed
from stampledger.store import history, lists
from stampledger.store.claims import code_key
from stampledger.store.session import Scope, Session, StreamKind, StreamRow
from stampledger.values import STAMPS_MAX, CardTemplate, CodeScope
from stampledger.writer import Work, at_hand


def add_stamps(
    work: Work, card: object, count: int | None, amount: Decimal | None, code: str | None, keep_refusals: bool
) -> UUID:
    """Credit stamps to a card; a refusal is recorded where that is wanted."""
    row, state, held = work.card(card)
    template = work.template(state)
    decimals = 2 if template.per_amount is None else template.per_amount.decimals
    use = None if code is None else first_use(work.session, code, template, row, state)
    command = commands.AddStamps(
        at=work.at(state.latest_at),
        template=template,
        means=work.means,
        count=count,
        amount_minor=None if amount is None else checks.minor_units(amount, decimals, "amount"),
        code=code,
        first_use=None if use is None else use[0],
    )
    try:
        told, after = decided(state, command)
    except Refused as refusal:
        work.refusal = _rejected(work, row, state, command, refusal) if keep_refusals else refusal
        return row.id
    if not told and use is not None:
        work.repeats = use[1]
    work.record(row, row.id, StreamKind.CARD, state, told, held, use is not None, after)
    return row.id


def checked_credit(count: int | None, amount: Decimal | None, code: str | None) -> None:
    """Refuse a count, amount or code that cannot be one, before anything is read."""
    if count is not None:
        checks.whole(count, "count", 1, STAMPS_MAX)
    if amount is not None and checks.minor_units(amount, 4, "amount") == 0:
        raise InvalidInput("amount", amount, "must be above zero")
    if code is not None:
        checks.text(code, "code")


def first_use(
    session: Session, code: str, template: CardTemplate, row: StreamRow, card: StampCard
) -> tuple[commands.FirstUse, tuple[Entry, ...]] | None:
    """Answer who used a code first where it is good once, and the entries of that scan.

    Cards of other templates may have claimed the code for the business, for their template or for themselves. A use by
    the same card always counts, whatever it was claimed for.
    """
    if template.code_scope is CodeScope.MANY:
        return None
    own = code_key(code, template, card.template_id, row.id)
    claimed = dict(session.claims_of_code(code))
    by_itself = claimed.get(code)
    if any(seq == by_itself for key, seq in claimed.items() if key != code):
        del claimed[code]  # It was made beside another one, and holds for no more than that.
    counting = {own, code} if template.code_scope is CodeScope.TEMPLATE else {own}
    if template.code_scope is CodeScope.CARD and not _was_moved(session, row):
        mine = {own, code, f"{code}\n{card.template_id.hex}"}
        claimed = {key: seq for key, seq in claimed.items() if key in mine}  # Not those of a thousand other cards.
    uses = []
    for key, seq in claimed.items():
        entry = history.entry_at(session, seq)
        if entry is None or not isinstance(entry.event, StampAdded):
            raise Corrupt(session.business_name, None, seq, f"the code {code} is claimed by no credit")
        if entry.stream == row.id or key in counting or template.code_scope is CodeScope.BUSINESS:
            uses.append((entry, entry.event))
    if not uses:
        return None
    if template.voided_code_reusable:  # What was voided is in nobody's way, but a use that stands is.
        uses = [use for use in uses if not _wholly_voided(session, use[0].scan)] or uses
    entry, event = min(uses, key=lambda use: (use[0].stream != row.id, use[0].seq))
    use = commands.FirstUse(
        seq=entry.seq,
        at=event.at,
        same_card=entry.stream == row.id,
        count=event.count + event.withheld + event.dropped,
        amount_minor=event.amount_minor,
        voided=_wholly_voided(session, entry.scan),
    )
    return use, history.scan_entries(session, entry.scan, EVERYTHING)


def _was_moved(session: Session, row: StreamRow) -> bool:
    card = session.card(row.number)
    return card is not None and card.template_since != row.number


def _wholly_voided(session: Session, scan: int) -> bool:
    """Answer whether a void took all of a scan's stamps back: one that could not does not free the code."""
    claimed = session.claim(Scope.VOID, str(scan))
    entry = None if claimed is None else history.entry_at(session, claimed[0])
    return entry is not None and isinstance(entry.event, events.StampVoided) and entry.event.missing == 0


def _rejected(work: Work, row: StreamRow, card: StampCard, command: commands.AddStamps, refusal: Refused) -> Refused:
    """Record a refused credit; answer the refusal with its entry.

    A retry by the same idempotency key that is refused alike is not recorded again.
    """
    session, key = work.session, work.key
    earlier = None if key is None else session.claim(Scope.REFUSED, key)
    if earlier is not None:
        entry = history.entry_at(session, earlier[0])
        if entry is not None and isinstance(entry.event, events.StampRejected) and entry.event.rule == refusal.code:
            return attrs.evolve(refusal, seq=entry.seq)
    rejected = events.StampRejected(
        at=command.at,
        code=command.code,
        rule=refusal.code,
        reason=str(refusal),
        count=command.count,
        amount_minor=command.amount_minor,
        progress=card.standing.progress,
        stamps_required=card.stamps_required,
        retry_at=refusal.retry_at,
        first_seq=refusal.first_seq if isinstance(refusal, CodeAlreadyUsed) else None,
    )
    work.record(row, row.id, StreamKind.CARD, card, (rejected,))
    seq = work.entries[-1].seq
    if key is not None and earlier is None:
        session.add_claim(Scope.REFUSED, key, seq, work.digest)
    elif key is not None:
        session.add_claim(Scope.REFUSED, key, seq, work.digest, anew=True)
    return attrs.evolve(refusal, seq=seq)


def void_stamps(work: Work, scan: int, reason: str, cancelled_by: str | None) -> UUID:
    """Take back what a scan had added, with what followed from it."""
    session = work.session
    undone = next(
        (entry for entry in history.scan_entries(session, scan, EVERYTHING) if isinstance(entry.event, StampAdded)),
        None,
    )
    if undone is None or not isinstance(undone.event, StampAdded):
        raise _no_stamps(session, scan)
    voided = session.claim(Scope.VOID, str(scan))
    if voided is not None:
        entry = history.entry_at(session, voided[0])
        assert entry is not None
        work.repeats = history.scan_entries(session, entry.scan, EVERYTHING)
        return undone.stream
    row, state, _ = work.card(undone.stream)
    template = work.look.card_template(state)
    reach = state.standing.cycle - undone.event.count // template.stamps_required - 2
    rewards = [
        found
        for found in session.rewards_of(row.number)
        if found.reward.cycle is not None and found.reward.cycle > reach
    ]
    state, held = at_hand(state, rewards)
    command = commands.VoidStamps(
        at=work.at(state.latest_at),
        template=template,
        means=work.means,
        scan=scan,
        undone=undone.event,
        moved=undone.seq < work.look.card_place(row.number).template_since,
        credit_version=undone.version,
        expired=_expired_of(session, row, undone),
        cancelled_by=cancelled_by,
        reason=reason,
    )
    work.record(row, row.id, StreamKind.CARD, state, decide(state, command), held)
    return row.id


def scan_of(work: Work, reference: object) -> int:
    """Answer which scan a caller means: by its id, by itself, or by the code it was for."""
    if isinstance(reference, str):
        return _scan_for(work.session, checks.text(reference, "scan"))
    scan = getattr(reference, "id", reference)
    if isinstance(scan, bool) or not isinstance(scan, int):
        raise InvalidInput("scan", reference, "must be a scan, its id, or the code it was for")
    entry = history.entry_at(work.session, scan) if 0 < scan < EVERYTHING else None
    if entry is None:
        raise ScanNotFound(scan)
    return entry.scan


def _scan_for(session: Session, code: str) -> int:
    """Answer the scan a code gave stamps in: the one that stands, or where none does any more, the latest."""
    scans = [
        entry.scan for entry in lists.code_entries(session, code, EVERYTHING) if isinstance(entry.event, StampAdded)
    ]
    if not scans:
        raise ScanNotFound(code)
    standing = [scan for scan in scans if session.claim(Scope.VOID, str(scan)) is None]
    if len(standing) > 1:
        raise InvalidInput("scan", code, "is the code of several scans: name the scan by its id")
    return (standing or scans)[-1]


def _no_stamps(session: Session, scan: int) -> Exception:
    if history.entry_at(session, scan) is None:
        return ScanNotFound(scan)
    return InvalidInput("scan", scan, "must be a scan that added stamps")


def _expired_of(session: Session, row: StreamRow, undone: Entry) -> int:
    """Answer how many stamps of a credit have lapsed since."""
    if not isinstance(undone.event, StampAdded) or undone.event.expires_at is None:
        return 0
    lapsed = 0
    for entry in history.stream_entries(session, row, undone.version, row.version, EVERYTHING):
        if isinstance(entry.event, events.StampsExpired):
            lapsed += dict(entry.event.credits).get(undone.version, 0)
    return lapsed
