"""A card's log, and the card as it was after each of its entries: what a slider leads through."""

from typing import Any

from starlette.responses import Response

from stampledger.errors import InvalidInput
from stampledger.web.asking import Asked
from stampledger.web.cards import BOXES_MAX

ROWS = 50
ORDERS = ("newest", "oldest")


def page(ask: Asked) -> Response:
    """Show a card's log and, at one of its entries, the card; to htmx, that picture alone.

    Raises:
        CardNotFound: There is no such card.
        InvalidInput: The step, the page or the order is none.
    """
    card = ask.view.card(ask.request.path_params["number"])
    rows = ask.view.history(card)
    order = ask.params.get("order", ORDERS[0])
    if order not in ORDERS:
        raise InvalidInput("order", order, f"must be one of {', '.join(ORDERS)}")
    step = _within(ask, "step", len(rows), len(rows))
    entry = rows[step - 1]
    then = ask.office.ledger.at(entry.seq)
    shown = then.card(card.id)
    picture: dict[str, Any] = {
        "card": card,
        "entry": entry,
        "step": step,
        "steps": len(rows),
        "then": shown,
        "goals": {
            goal.stamps: goal.reward.title
            for goal in then.template((shown.template_id, shown.template_version)).template.goals
        },
        "order": order,
        "boxes_max": BOXES_MAX,
        "zone": ask.brand.time_zone,
    }
    if ask.fragment and ask.request.headers.get("hx-target") == "picture":
        return ask.page("card_then.html", **picture)
    pages = -(-len(rows) // ROWS)
    number = _within(ask, "page", pages, 1)
    placed = list(enumerate(rows, 1))
    if order == ORDERS[0]:
        placed.reverse()
    return ask.page(
        "card_history.html",
        rows=placed[(number - 1) * ROWS : number * ROWS],
        page=number,
        pages=pages,
        **picture,
    )


def _within(ask: Asked, name: str, most: int, default: int) -> int:
    """Answer a parameter that counts from 1.

    Raises:
        InvalidInput: It is none, or beyond the last.
    """
    number = ask.whole(name)
    if number is None:
        return default
    if not 1 <= number <= most:
        raise InvalidInput(name, number, f"must be from 1 to {most}")
    return number
