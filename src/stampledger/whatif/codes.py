"""Which code gave stamps first, among cards that are decided anew."""

from datetime import datetime
from uuid import UUID

import attrs

from stampledger.cards import StampCard
from stampledger.commands import FirstUse
from stampledger.events import StampAdded
from stampledger.store.claims import code_key
from stampledger.values import CardTemplate, CodeScope


@attrs.define(eq=False)
class Use:
    """A credit that a code gave."""

    card: UUID
    seq: int
    event: StampAdded
    voided: bool = False  # All of it was taken back.


class Codes:
    """The codes that gave stamps on some cards, and who used them first."""

    def __init__(self) -> None:
        self._claims: dict[str, dict[str, Use]] = {}

    def first_use(self, code: str, template: CardTemplate, card: StampCard, card_id: UUID) -> FirstUse | None:
        """Answer who used a code first where it is good once."""
        if template.code_scope is CodeScope.MANY:
            return None
        own = code_key(code, template, card.template_id, card_id)
        counting = {own, code} if template.code_scope is CodeScope.TEMPLATE else {own}
        uses = [
            use
            for key, use in self._claims.get(code, {}).items()
            if use.card == card_id or key in counting or template.code_scope is CodeScope.BUSINESS
        ]
        if template.voided_code_reusable:
            uses = [use for use in uses if not use.voided] or uses
        if not uses:
            return None
        use = min(uses, key=lambda use: (use.card != card_id, use.seq))
        at: datetime = use.event.at
        return FirstUse(
            seq=use.seq,
            at=at,
            same_card=use.card == card_id,
            count=use.event.count + use.event.withheld + use.event.dropped,
            amount_minor=use.event.amount_minor,
            voided=use.voided,
        )

    def claim(self, code: str, template: CardTemplate, card: StampCard, use: Use) -> None:
        """Note that a code gave stamps."""
        key = code_key(code, template, card.template_id, use.card)
        if key is not None:
            self._claims.setdefault(code, {})[key] = use
