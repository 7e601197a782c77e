"""The card that a scene is about: commands made from a scene's words, and what became of the card by them.

Everything goes through `decide` and `evolve`. What a ledger knows beyond the card, such as who used a code first, the
stage finds in the card's own history.
"""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import TypeVar
from uuid import UUID

import attrs

from stampledger import checks, events
from stampledger.aggregates import decide
from stampledger.cards import StampCard, evolve_card
from stampledger.commands import CardCommand, FirstUse, Means
from stampledger.errors import InvalidInput, RewardNotFound, ScanNotFound
from stampledger.events import Event, StampAdded
from stampledger.projections import CardView, card_view
from stampledger.rewards import IssuedReward, RewardKind, RewardStatus
from stampledger.rules import DRAW_TOTAL
from stampledger.testing.supplies import START, Clock, means
from stampledger.values import CardTemplate, CodeScope

E = TypeVar("E", bound=Event)

NUMBER = 100_001
CARD_ID, TEMPLATE_ID = UUID(int=1), UUID(int=7)
OF_ANOTHER_CARD = 1  # The entry in which a code was used elsewhere; the scene's own entries have no such number.
DRAWS_PER_PERCENT = DRAW_TOTAL // 100
OPEN = (RewardStatus.ACTIVE, RewardStatus.GRANTED)


@attrs.frozen
class Credited:
    """A credit in the card's history; *version* is the card's after it, and names the scan."""

    version: int
    event: StampAdded


class Stage:
    """One card, from before it was given out."""

    def __init__(self, template: CardTemplate, zone: str = "UTC", at: datetime = START) -> None:
        self.template = template
        self.zone = zone
        self.clock = Clock(at)
        self.history: list[Event] = []
        self.used_elsewhere: dict[str, datetime] = {}  # Codes that another card used, and when.
        self._state: StampCard | None = None
        self._decisions = 0

    @property
    def now(self) -> datetime:
        """The time on stage."""
        return self.clock()

    @property
    def card(self) -> StampCard | None:
        """The card as its events left it; none before it was given out."""
        return self._state

    def means(self) -> Means:
        """Answer what the next decision may give out."""
        return means(self._decisions, self.zone)

    def tell(self, event: Event) -> None:
        """Let something have happened."""
        self._state = evolve_card(self._state, event)
        self.history.append(event)

    def do(self, command: CardCommand) -> tuple[Event, ...]:
        """Decide a command and let the card become what its events say.

        Raises:
            StampledgerError: It is refused, or is about what is not there.
        """
        told = decide(self._state, command)
        self._decisions += 1
        for event in told:
            self.tell(event)
        return told

    def view(self) -> CardView:
        """Show the card as of now: what has lapsed counts as lapsed, recorded or not."""
        assert self._state is not None, "no card was given out in this scene"
        card = self._state
        waits_for = None if card.held_for is None else card.rewards.get(card.held_for)
        return card_view(CARD_ID, card, self.template, None, card.rewards.values(), self.now, waits_for)

    # What a command needs beyond its words.

    def told(self, kind: type[E]) -> list[E]:
        """Answer the events of a kind so far."""
        return [event for event in self.history if isinstance(event, kind)]

    def minor_units(self, amount: Decimal | str | int | None) -> int | None:
        """Answer an amount in the units the template counts in."""
        if amount is None:
            return None
        decimals = 2 if self.template.per_amount is None else self.template.per_amount.decimals
        return checks.minor_units(Decimal(amount), decimals, "amount")

    def credits(self, code: str | None = None) -> list[Credited]:
        """Answer all credits, or those for a code, the oldest first."""
        found = (Credited(version, event) for version, event in enumerate(self.history, 1) if type(event) is StampAdded)
        return [credit for credit in found if code is None or credit.event.code == code]

    def void_of(self, credit: Credited) -> events.StampVoided | None:
        """Answer the void that took a credit back."""
        voids = self.told(events.StampVoided)
        return next((void for void in voids if void.credit_version == credit.version), None)

    def credit(self, which: str | int | None) -> Credited:
        """Answer the credit that is meant: by its code, by its number from 1, or the latest; one that stands first.

        Raises:
            ScanNotFound: There is none.
        """
        credits = self.credits(which if isinstance(which, str) else None)
        if isinstance(which, int):
            credits = credits[which - 1 : which]
        standing = [credit for credit in credits if self.void_of(credit) is None]
        if not credits:
            raise ScanNotFound(which)
        return (standing or credits)[-1]

    def lapsed_of(self, credit: Credited) -> int:
        """Answer how many stamps of a credit have lapsed, as far as that was recorded."""
        lapsed = (dict(event.credits) for event in self.told(events.StampsExpired))
        return sum(counts.get(credit.version, 0) for counts in lapsed)

    def moved_since(self, credit: Credited) -> bool:
        """Answer whether the card came under another template version after a credit."""
        return any(isinstance(event, events.TemplateChanged) for event in self.history[credit.version :])

    def first_use(self, code: str | None) -> FirstUse | None:
        """Answer who used a code first, where it is good once."""
        if code is None or self.template.code_scope is CodeScope.MANY:
            return None
        uses = [self._use(credit) for credit in self.credits(code)]
        at = self.used_elsewhere.get(code)
        if at is not None and self.template.code_scope is not CodeScope.CARD:
            elsewhere = FirstUse(
                seq=OF_ANOTHER_CARD, at=at, same_card=False, count=None, amount_minor=None, voided=False
            )
            uses.append(elsewhere)
        if self.template.voided_code_reusable:
            uses = [use for use in uses if not use.voided] or uses
        return uses[0] if uses else None

    def _use(self, credit: Credited) -> FirstUse:
        event, void = credit.event, self.void_of(credit)
        return FirstUse(
            seq=credit.version,
            at=event.at,
            same_card=True,
            count=event.count + event.withheld + event.dropped,
            amount_minor=event.amount_minor,
            voided=void is not None and void.missing == 0,
        )

    def reward(self, kind: RewardKind, title: str | None = None, prefer: Iterable[RewardStatus] = OPEN) -> IssuedReward:
        """Answer the reward that is meant, by its title or any: the oldest of a preferred status, or else the last.

        Raises:
            RewardNotFound: The card has none.
        """
        held = () if self._state is None else self._state.rewards.values()
        found = [reward for reward in held if reward.kind is kind and title in (None, reward.title)]
        if not found:
            raise RewardNotFound(title or kind.value)
        wanted = tuple(prefer)
        return next((reward for reward in found if reward.status_at(self.now) in wanted), found[-1])

    def draw_of(self, lottery: IssuedReward, outcome: str | int) -> int:
        """Answer a draw by which a lottery drops a variant, named; or the draw itself.

        Raises:
            InvalidInput: It has no such variant.
        """
        if isinstance(outcome, int):
            return outcome
        start = Decimal(0)
        for variant in lottery.variants:
            if variant.name == outcome:
                return int(start * DRAWS_PER_PERCENT)
            start += variant.percentage
        names = ", ".join(variant.name for variant in lottery.variants)
        raise InvalidInput("outcome", outcome, f"must be a variant of {lottery.title}: {names}")
