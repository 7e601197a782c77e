"""What an entry claims: whatever may happen once, and every mention of a code."""

from collections.abc import Iterable
from uuid import UUID

from stampledger import events
from stampledger.aggregates import Aggregate
from stampledger.cards import StampCard
from stampledger.projections import Entry
from stampledger.store.history import Templates
from stampledger.store.session import Scope, Session
from stampledger.values import CardTemplate, CodeScope, Person

APART = (Scope.KEY, Scope.REFUSED, Scope.SEALED, Scope.IMPORTING)
DERIVED = tuple(scope for scope in Scope if scope not in APART)  # Claims the Journal tells of.


def claim(
    session: Session,
    templates: Templates,
    entry: Entry,
    before: Aggregate | None,
    reclaims: bool,
    told_again: bool = False,
) -> None:
    """Write what an entry claims; *told_again* where nothing is decided by it in this transaction any more."""
    if type(entry.event) not in _CLAIMING:
        return
    template = None
    if isinstance(before, StampCard) and isinstance(entry.event, events.StampAdded) and entry.event.code is not None:
        template = templates.get(session, before.template_id, before.template_version)
    for scope, key in claims_of(entry, before, template):
        if scope is Scope.CODE and template is not None and entry.code is not None:
            _claim_code(session, entry.code, key, entry.seq, reclaims and template.voided_code_reusable, told_again)
        else:
            session.add_claim(scope, key, entry.seq)
    for code in mentions_of(entry, template):
        session.mention(code, entry.seq)


def _claim_code(session: Session, code: str, key: str, seq: int, may_be_claimed: bool, told_again: bool) -> None:
    """Claim a code by its key, and by itself where nobody has: whatever its scope, two first uses never pass unseen.

    A claim of the code by itself that has the entry of another one was made beside it: it holds for no more than that.
    """
    if key == code and not may_be_claimed:
        session.add_claim(Scope.CODE, key, seq, asked_for=not told_again)
        return
    known = None if told_again else dict(session.claims_of_code(code))  # What was decided by, and nothing newer.

    def claimed(by: str) -> int | None:
        found = session.claim(Scope.CODE, by) if known is None else None
        return known.get(by) if known is not None else None if found is None else found[0]

    earlier, by_itself = claimed(key) if may_be_claimed else None, claimed(code)
    others = [] if earlier is None else session.claims_written(code)
    beside = {other for of, other in others if of not in (key, code)}
    session.add_claim(Scope.CODE, key, seq, anew=earlier is not None)
    if key != code and (by_itself is None or by_itself == earlier):
        session.add_claim(Scope.CODE, code, seq, anew=by_itself is not None)
    if earlier is not None and earlier not in beside:  # Else another claim still speaks of that entry.
        session.mention(code, earlier)


_CLAIMING = {
    events.StampAdded,
    events.StampRejected,
    events.StampVoided,
    events.CardImported,
    events.CampaignSent,
    events.BirthdayReached,
    events.TemplatePublished,
    events.CampaignCreated,
    events.BrandSet,
    events.CustomerRegistered,
}


def code_key(code: str, template: CardTemplate, template_id: UUID, card_id: UUID) -> str | None:
    """Answer the key under which a code is claimed where it is good once; None where it may be used many times."""
    match template.code_scope:
        case CodeScope.BUSINESS:
            return code
        case CodeScope.TEMPLATE:
            return f"{code}\n{template_id.hex}"
        case CodeScope.CARD:
            return f"{code}\n{card_id.hex}"
        case CodeScope.MANY:
            return None


def claims_of(entry: Entry, before: Aggregate | None, template: CardTemplate | None) -> Iterable[tuple[Scope, str]]:
    """Answer what an entry claims: whatever may happen once."""
    match entry.event:
        case events.StampAdded(code=str(code)):
            assert isinstance(before, StampCard) and template is not None
            key = code_key(code, template, before.template_id, entry.stream)
            return () if key is None else ((Scope.CODE, key),)
        case events.StampVoided() as voided:
            return ((Scope.VOID, str(voided.scan)),)
        case events.CardImported() as imported:
            return ((Scope.IMPORTED, f"{imported.source}\n{imported.external_id}"),)
        case events.CampaignSent() as sent:
            return ((Scope.SENT, f"{sent.campaign_id.hex}\n{entry.stream.hex}"),)
        case events.BirthdayReached() as birthday:
            return ((Scope.BIRTHDAY, f"{birthday.year}\n{entry.stream.hex}"),)
        case events.TemplatePublished() as published:
            return ((Scope.TEMPLATE, published.key),) if before is None else ()
        case events.CampaignCreated() as campaign:
            return ((Scope.CAMPAIGN, campaign.key),)
        case events.BrandSet():
            return ((Scope.BRAND, ""),) if before is None else ()
        case events.CustomerRegistered(person=Person(reference=str(reference))):
            return ((Scope.REFERENCE, reference),)
    return ()


def mentions_of(entry: Entry, template: CardTemplate | None) -> Iterable[str]:
    """Answer the codes that an entry speaks of without claiming them."""
    match entry.event:
        case events.StampAdded(code=str(code)):
            assert template is not None
            return (code,) if template.code_scope is CodeScope.MANY else ()
        case events.StampRejected(code=str(code)):
            return (code,)
        case events.StampVoided() as voided:
            return sorted({code for code in (voided.code, voided.cancelled_by) if code is not None})
    return ()
