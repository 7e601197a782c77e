"""What CSV has of an entry and of a card: its columns, and the cells under them."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stampledger.projections import CardView, JournalRow

JOURNAL = (
    *("id", "type", "date_time", "code", "stamps", "rewards", "card_template", "user", "email", "birthday"),
    *("card", "template_version", "scan", "recorded_at", "actor", "channel"),
)
CARDS = (
    *("id", "user", "email", "birthday", "progress", "stamps_required", "platform", "card_template"),
    *("template_version", "status", "created_at", "last_stamp_at", "card_id"),
)


def journal_cells(row: "JournalRow") -> tuple[object, ...]:
    """Answer an entry's cells."""
    customer = row.customer
    return (
        *(row.seq, row.kind, row.at, row.code, None if row.progress is None else str(row.progress)),
        *(row.rewards, row.template_name),
        *((customer.name, customer.email, customer.birthday) if customer is not None else (None, None, None)),
        *(row.card_number, row.template_version, row.scan, row.recorded_at, row.actor, row.channel),
    )


def card_cells(row: "CardView") -> tuple[object, ...]:
    """Answer a card's cells."""
    customer = row.customer
    return (
        row.number,
        *((customer.name, customer.email, customer.birthday) if customer is not None else (None, None, None)),
        *(row.progress.stamps, row.progress.required, row.platforms or ("web",), row.template_name),
        *(row.template_version, row.status, row.issued_at, row.last_stamp_at, row.id),
    )
