"""Tables that spreadsheets read: columns of the Journal and of cards, and cells of which none is run as a formula."""

import re

from stampledger.projections import CardView, JournalRow
from stampledger.render.plain import plain

# A spreadsheet runs a cell that begins so, and some take the wide letters for the others. Where commas part decimals,
# semicolons part cells: what follows one is a cell's beginning there, and what follows a line's end is one anywhere.
RISKY = re.compile(r"(^|[;\r\n])(?=[=+\-@\t\r＝＋－＠])")

JOURNAL_COLUMNS = (
    *("id", "type", "date_time", "code", "stamps", "rewards", "card_template", "user", "email", "birthday"),
    *("card", "template_version", "scan", "recorded_at", "actor", "channel"),
)
CARD_COLUMNS = (
    *("id", "user", "email", "birthday", "progress", "stamps_required", "platform", "card_template"),
    *("template_version", "status", "created_at", "last_stamp_at", "card_id"),
)


def journal_cells(row: JournalRow) -> tuple[object, ...]:
    """Answer a row of the Journal as the columns want it."""
    customer = row.customer
    return (
        *(row.seq, row.kind, row.at, row.code, None if row.progress is None else str(row.progress)),
        *(row.rewards, row.template_name),
        *((customer.name, customer.email, customer.birthday) if customer is not None else (None, None, None)),
        *(row.card_number, row.template_version, row.scan, row.recorded_at, row.actor, row.channel),
    )


def card_cells(row: CardView) -> tuple[object, ...]:
    """Answer a row of the cards as the columns want it."""
    customer = row.customer
    return (
        row.number,
        *((customer.name, customer.email, customer.birthday) if customer is not None else (None, None, None)),
        *(row.progress.stamps, row.progress.required, row.platforms or ("web",), row.template_name),
        *(row.template_version, row.status, row.issued_at, row.last_stamp_at, row.id),
    )


def cell(value: object) -> str | int:
    """Answer what a cell holds: text that a spreadsheet does not run, several values joined."""
    match value:
        case None:
            return ""
        case int():
            return value
        case str():
            text = value
        case tuple():
            text = "; ".join(str(plain(part)) for part in value)
        case _:
            text = str(plain(value))
    return RISKY.sub(r"\1'", text)
