"""The page "User stamp cards": the list of issued cards, and beside it one of them in detail."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

import attrs
from starlette.responses import Response

from stampledger.errors import RewardNotFound, StampledgerError
from stampledger.projections import Answer, CardView, JournalRow, RewardView
from stampledger.rewards import RewardStatus
from stampledger.values import PerAmount, Platform
from stampledger.view import RewardRef
from stampledger.web.asking import Asked

ROWS = 25
REWARDS_MAX = 12  # Shown at once; a card may have won a thousand.
TOLD_MAX = 50  # Entries of a scan that are told after it.
BOXES_MAX = 100  # Stamps that are drawn one by one.
NARROWING = ("search", "platform", "template", "deleted", "before", "after")  # What stays while cards are opened.
OPEN = (RewardStatus.ACTIVE, RewardStatus.GRANTED)


@attrs.frozen(kw_only=True)
class Form:
    """A form that is open in a card's panel: what it does, what is filled in, and what stood in its way."""

    action: str
    given: Mapping[str, str]
    scans: Sequence[JournalRow] = ()  # That can be voided.
    problem: StampledgerError | None = None
    field: str | None = None  # The one to be mended.


def page(ask: Asked) -> Response:
    """Show a page of the cards."""
    return _listed(ask)


def card(ask: Asked) -> Response:
    """Show a card beside the list."""
    return show(ask, ask.view.card(ask.request.path_params["number"]))


def show(ask: Asked, card: CardView, *, form: Form | None = None, status: int = 200) -> Response:
    """Show a card beside the list, with a form that is open in its panel; to htmx, the panel alone."""
    template = ask.view.template((card.template_id, card.template_version))
    whole = "all" in ask.params
    return _listed(
        ask,
        status,
        card=card,
        goals={goal.stamps: goal.reward.title for goal in template.template.goals},
        per_amount=template.template.per_amount,
        waiting_money=_money(card.remainder_minor, template.template.per_amount),
        rewards=card.rewards if whole else _first(card.rewards),
        form=form,
        done=_done(ask, card),
        why=_why(ask, card),
    )


def kept(ask: Asked) -> dict[str, str | None]:
    """Answer what the list is narrowed to, to be carried on by whatever leads back to it."""
    return {name: ask.params.get(name) for name in NARROWING}


def own_reward(card: CardView, told: str) -> RewardView:
    """Answer a reward of a card by its id.

    Raises:
        RewardNotFound: The card has none such; another card's is answered in the same way.
    """
    for reward in card.rewards:
        if str(reward.id) == told.lower():
            return reward
    raise RewardNotFound(told)


def _listed(ask: Asked, status: int = 200, *, card: CardView | None = None, **panel: object) -> Response:
    target = ask.request.headers.get("hx-target") if ask.fragment else None
    if target == "panel":
        return ask.page("card_panel.html", status=status, card=card, kept=kept(ask), **_words(ask), **panel)
    narrowed = kept(ask)
    rows = ask.view.cards(
        search=narrowed["search"],
        platform=narrowed["platform"],
        template=narrowed["template"],
        deleted=narrowed["deleted"] is not None,
        limit=ROWS,
        before=ask.whole("before"),
        after=ask.whole("after"),
    )
    return ask.page(
        "cards_split.html" if target == "split" else "cards.html",
        status=status,
        rows=rows,
        templates=ask.view.templates(),
        card=card,
        kept=narrowed,
        narrowed=any(narrowed[name] for name in ("search", "platform", "template")),
        **_words(ask),
        **panel,
    )


def _words(ask: Asked) -> dict[str, object]:
    return {
        "platforms": tuple(Platform),
        "boxes_max": BOXES_MAX,
        "open_statuses": OPEN,
        "may_write": ask.may_write,
        "zone": ask.brand.time_zone,
    }


def _first(rewards: tuple[RewardView, ...]) -> tuple[RewardView, ...]:
    """Answer the rewards that matter first: those that can be used, then the newest of the others."""
    waiting = [reward for reward in rewards if reward.status in OPEN]
    settled = [reward for reward in rewards if reward.status not in OPEN]
    return tuple((waiting + settled)[:REWARDS_MAX])


def _money(minor: int, rule: PerAmount | None) -> Decimal | None:
    """Answer the money that waits for the next stamp, where the card earns by money and some waits."""
    return None if rule is None or not minor else Decimal(minor).scaleb(-rule.decimals)


def _done(ask: Asked, card: CardView) -> list[JournalRow] | None:
    """Answer the entries that an action has just written, which the page tells; none where it was so already."""
    scan = ask.whole("done")
    if scan is None or scan < 0:
        return None
    if scan == 0:
        return []
    if scan > ask.view.seq:
        return None
    rows = ask.view.journal(card=card, after=scan - 1, limit=TOLD_MAX).rows
    return [row for row in reversed(rows) if row.scan == scan] or None


def _why(ask: Asked, card: CardView) -> tuple[RewardRef, Answer] | None:
    """Answer why the reward asked about was given, and what became of it."""
    told = ask.params.get("why")
    if told is None:
        return None
    reward = own_reward(card, told)
    return reward.id, ask.view.explain(reward)
