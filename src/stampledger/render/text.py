"""The customer's page in a terminal."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stampledger.render.page import CustomerPage, RewardPanel

BAR_CELLS = 20
PANELS_MAX = 12


def page_text(page: "CustomerPage") -> str:
    """Show a page as lines of plain text."""
    return "\n".join(_lines(page)) + "\n"


def _lines(page: "CustomerPage") -> Iterator[str]:
    card = page.view.card
    yield page.view.brand.name
    yield f"{card.template_name} · #{card.number}"
    if card.customer is not None and card.customer.name is not None:
        yield card.customer.name
    yield ""
    yield from _scan(page)
    yield f"{_stamps(page)}  {page.progress_text}"
    yield from (f"  {page.number(goal.stamps)}: {goal.reward}" + (" ✓" if goal.reached else "") for goal in page.goals)
    yield from (line for line in (page.status_text, page.expiry_text) if line is not None)
    panels = (*page.vouchers, *page.lotteries, *page.awards)
    for panel in panels[:PANELS_MAX]:
        yield ""
        yield from _panel(page, panel)
    if len(panels) > PANELS_MAX:
        yield ""
        yield page.say("Earlier rewards not shown: %(count)s", count=len(panels) - PANELS_MAX)
    yield ""
    yield from page.footer.splitlines()
    yield page.as_of


def _scan(page: "CustomerPage") -> Iterator[str]:
    for popup in page.popups:
        yield f"[ {popup} ]"
    if page.congratulation is not None:
        yield f"★ {page.congratulation}"
    if page.refusal is not None:
        yield f"! {page.refusal.title}"
        yield f"  {page.refusal.reason}"
        if page.refusal.retry is not None:
            yield f"  {page.refusal.retry}"
    if page.popups or page.congratulation or page.refusal:
        yield ""


def _stamps(page: "CustomerPage") -> str:
    """A box for every stamp, a star where a goal is; a bar for a card too large for boxes."""
    if page.boxes:
        signs = {(True, True): "★", (True, False): "☆", (False, True): "■", (False, False): "□"}
        return "".join(signs[box.reward is not None, box.filled] for box in page.boxes)
    filled = page.progress.stamps * BAR_CELLS // page.progress.required
    return "■" * filled + "□" * (BAR_CELLS - filled)


def _panel(page: "CustomerPage", panel: "RewardPanel") -> Iterator[str]:
    yield f"┌ {panel.title}"
    for line in panel.description.splitlines():
        yield f"│ {line}".replace("\t", " ").rstrip()
    if panel.redeem_code is not None:
        label = page.say("Redeem code")  # Not inside the f-string: before Python 3.12 nobody would collect it there.
        yield f"│ {label}: {panel.redeem_code}"
    yield f"└ {panel.status_text}"
