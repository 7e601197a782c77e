"""What was asked of a card, recovered from what the Journal tells of it.

A scan is what one command came to: some lapses that were due, then what was asked, then what followed from it. Only
what was asked is a wish; all else is decided again. A refused credit was a wish too.
"""

from collections.abc import Iterable, Iterator
from itertools import groupby
from uuid import UUID

import attrs

from stampledger import events
from stampledger.events import Event, RewardSource
from stampledger.rewards import GIVES, reward_id
from stampledger.store.facts import Fact
from stampledger.values import CardTemplate

_ASKED = (
    events.CardIssued,
    events.CardImported,
    events.StampAdded,
    events.StampRejected,
    events.StampVoided,
    events.TemplateChanged,
    events.BirthdayReached,
    events.LotteryPlayed,
    events.VoucherRedeemed,
    events.RedemptionReversed,
    events.VoucherVoided,
    events.LotteryVoided,
    events.CampaignSent,
    events.MessageSent,
    events.WalletSaved,
    events.WalletRemoved,
    events.CardDeleted,
)
_LAPSES = (events.VoucherExpired, events.StampsExpired, events.CardExpired)
_BEGINS = (events.CardIssued, events.CardImported)
_FIRST_IS_FOR_A_PRIZE = (events.VoucherRedeemed, events.VoucherVoided, events.LotteryVoided)


@attrs.frozen
class Wish:
    """Something that was asked of a card."""

    seq: int  # Of its first entry.
    scan: int
    asked: Event  # The entry that tells what was asked; of a batch that recorded lapses, the latest of them.
    told: tuple[Event, ...]  # Everything it came to.

    @property
    def given(self) -> list[Event | None]:
        """The rewards it came to, in the places at which the decision took their ids."""
        given: list[Event | None] = [event for event in self.told if type(event) in GIVES]
        if isinstance(self.asked, events.LotteryPlayed):
            after = self.told.index(self.asked) + 1
            dropped = self.told[after] if after < len(self.told) else None
            if not (isinstance(dropped, events.Granted) and dropped.source is RewardSource.LOTTERY):
                return [None, *given]
        elif isinstance(self.asked, _FIRST_IS_FOR_A_PRIZE):
            return [None, *given]
        return given

    @property
    def reward(self) -> UUID | None:
        """The reward it was about, where it was about one."""
        return reward_id(self.asked)


def wishes(facts: Iterable[Fact]) -> Iterator[Wish]:
    """Yield what was asked of a card, one after the other."""
    for scan, group in groupby(facts, key=lambda fact: fact.scan):
        told = list(group)
        if isinstance(told[0].event, _BEGINS):
            yield Wish(told[0].seq, scan, told[0].event, (told[0].event,))
            del told[0]  # A receipt may have given its card out.
        if told:
            events_told = tuple(fact.event for fact in told)
            yield Wish(told[0].seq, scan, _asked(events_told), events_told)


def _asked(told: tuple[Event, ...]) -> Event:
    for event in told:
        if isinstance(event, _ASKED) or (
            isinstance(event, events.VoucherIssued) and event.source is RewardSource.COUPON
        ):
            return event
    return max((event for event in told if isinstance(event, _LAPSES)), key=lambda event: event.at)


def asked_for(event: events.StampAdded | events.StampRejected, template: CardTemplate) -> tuple[int | None, int | None]:
    """Answer the (count, amount) that was asked for."""
    amount = event.amount_minor
    if isinstance(event, events.StampRejected):
        return event.count, amount
    count = event.count + event.withheld + event.dropped
    if amount is not None and (template.per_amount is not None or count == 1):
        return None, amount
    return count, amount
