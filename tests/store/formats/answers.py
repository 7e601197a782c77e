"""
What a ledger answers, as plain text that JSON can hold: asked of a release when its format is kept, and of every later
release after its upgrade. Only what the first release could be asked is asked here.
"""

from datetime import datetime
from typing import Any

import attrs

from stampledger import Ledger
from stampledger.projections import CardView, JournalRow, RewardView

CODES = tuple(f"R-{number}" for number in range(7))
SEARCHES = ("anna", "kim", "STRASSE", "100001", "ada@", "%_\\", "бо")
MOMENTS = 6


def answers(ledger: Ledger) -> dict[str, Any]:
    """Everything one business's ledger is asked."""
    verified = ledger.verify()
    last = ledger.seq
    return {
        "entries": verified.entries,
        "head": verified.head,
        "faults": [str(fault) for fault in verified.faults],
        "journal": [told(row) for row in pages(ledger.journal)],
        "cards": {str(card.number): told(ledger.card(card.number)) for card in pages(ledger.cards)},
        "rewards": {str(card.number): [told(one) for one in ledger.rewards(card)] for card in pages(ledger.cards)},
        "explained": {
            str(reward.id): list(ledger.explain(reward.id).sentences)
            for card in pages(ledger.cards)
            for reward in ledger.rewards(card)
        },
        "past": {str(seq): past(ledger, seq) for seq in range(last // MOMENTS, last, last // MOMENTS)},
        "why": {code: list(ledger.why(code).sentences) for code in CODES},
        "found": {words: [card.number for card in pages(ledger.cards, search=words)] for words in SEARCHES},
    }


def past(ledger: Ledger, seq: int) -> dict[str, Any]:
    """What was known of each card and its rewards right after an entry."""
    then = ledger.at(seq)
    return {
        str(card.number): [str(card.progress), card.status.value, *(shown(one) for one in then.rewards(card))]
        for card in pages(then.cards)
    }


def pages(ask: Any, **wanted: Any) -> list[Any]:
    """All rows of a list, page by page."""
    page = ask(limit=100, **wanted)
    rows = list(page)
    while page.next is not None:
        page = ask(limit=100, before=page.next, **wanted)
        rows += page
    return rows


def told(value: JournalRow | CardView | RewardView) -> str:
    """Every field of a view that the first release had, but the event, on one line."""
    return " · ".join(f"{field} {shown(getattr(value, field))}" for field in FIELDS[type(value)])


def shown(value: object) -> str:
    """A value as text that no change of a representation touches."""
    match value:
        case RewardView():
            return f"{value.title} {value.status.value}"
        case datetime():
            return value.isoformat()
        case tuple():
            return ", ".join(map(shown, value))
        case attr if attrs.has(type(attr)) and hasattr(attr, "name"):
            return f"{attr.name} {getattr(attr, 'email', '')} {getattr(attr, 'birthday', '')}"
        case _:
            return str(getattr(value, "value", value))


FIELDS: dict[type, tuple[str, ...]] = {
    JournalRow: (
        "seq", "scan", "kind", "at", "recorded_at", "code", "progress", "rewards", "template_name", "template_version",
        "customer", "card_id", "card_number", "actor", "channel",
    ),
    CardView: (
        "id", "number", "customer", "template_name", "template_version", "progress", "goals_reached", "cycle", "status",
        "next_reward", "stamps_missing", "carried", "remainder_minor", "stamps_total", "issued_at", "last_stamp_at",
        "expires_at", "platforms", "rewards",
    ),
    RewardView: (
        "id", "kind", "title", "status", "redeem_code", "issued_at", "expires_at", "redeemed_at", "outcome", "card_id",
    ),
}  # fmt: skip
