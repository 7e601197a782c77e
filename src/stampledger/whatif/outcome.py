"""What became of cards, really and under other rules, as data."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

import attrs

from stampledger.cards import StampCard
from stampledger.lookup import Moment
from stampledger.projections import Progress
from stampledger.rewards import RewardKind, RewardStatus


@attrs.frozen(kw_only=True)
class RewardCounts:
    """What became of the rewards of one title: each that was given is in exactly one of the other counts."""

    given: int = 0
    kept: int = 0  # Awards: there is nothing to redeem.
    redeemed: int = 0
    played: int = 0  # Lotteries; what they dropped is counted by itself.
    outstanding: int = 0  # Vouchers to be redeemed, lotteries to be played.
    expired: int = 0
    voided: int = 0

    @property
    def earned(self) -> int:
        """Those that were given and not taken back."""
        return self.given - self.voided


Reward = tuple[str, RewardKind]  # Title and kind.


@attrs.frozen(kw_only=True)
class CardOutcome:
    """What became of one card."""

    progress: Progress
    cycle: int
    stamps_total: int
    refused: int  # Credits that a rule refused.
    rewards: tuple[tuple[str, RewardKind, RewardCounts], ...]  # By title and kind.

    @property
    def earned(self) -> int:
        """The rewards that were given and not taken back."""
        return sum(counts.earned for _, _, counts in self.rewards)


@attrs.frozen(kw_only=True)
class CardDifference:
    """A card that would have fared otherwise."""

    card_id: UUID
    number: int
    real: CardOutcome
    other: CardOutcome


@attrs.frozen(kw_only=True)
class RewardDifference:
    """The rewards of one title, really and under other rules."""

    title: str
    kind: RewardKind
    real: RewardCounts
    other: RewardCounts
    value_minor: int | None = None  # What one costs, where the caller said so.


@attrs.frozen(kw_only=True)
class WhatIf:
    """The history of a business decided again under other rules, beside what really happened.

    Both are as of one moment: what has lapsed by then has lapsed, recorded or not.
    """

    moment: Moment
    since: datetime | None
    cards_count: int  # Cards that were decided again.
    cards_differing: int
    cards: tuple[CardDifference, ...]  # Those that differ most, as many as were asked for; the most first.
    rewards: tuple[RewardDifference, ...]  # By title and kind.
    refused: int  # Credits that were really refused.
    refused_other: int
    unmet: tuple[tuple[str, int], ...]  # Wishes that nothing could be done about, such as a redemption, by their name.

    @property
    def rewards_more(self) -> int:
        """How many more rewards would have been earned, of those titles of which it is more."""
        return sum(max(0, row.other.earned - row.real.earned) for row in self.rewards)

    @property
    def rewards_fewer(self) -> int:
        """How many fewer rewards would have been earned, of those titles of which it is fewer."""
        return sum(max(0, row.real.earned - row.other.earned) for row in self.rewards)

    @property
    def cost(self) -> tuple[int, int]:
        """What was redeemed or given for good, really and under the other rules, by the values the caller gave."""
        return _worth(self.rewards, "redeemed", "kept")

    @property
    def liability(self) -> tuple[int, int]:
        """What is outstanding, really and under the other rules, by the values the caller gave."""
        return _worth(self.rewards, "outstanding")

    def table(self) -> str:
        """Show the figures as text."""
        from stampledger.whatif.telling import table

        return table(self)

    def svg(self) -> str:
        """Show what was earned of each reward as a plot: a picture that needs no script, style or network."""
        from stampledger.whatif.telling import svg

        return svg(self)


def _worth(rewards: Iterable[RewardDifference], *counted: str) -> tuple[int, int]:
    real = other = 0
    for row in rewards:
        real += (row.value_minor or 0) * sum(getattr(row.real, name) for name in counted)
        other += (row.value_minor or 0) * sum(getattr(row.other, name) for name in counted)
    return real, other


def outcome(card: StampCard, refused: int, at: datetime) -> CardOutcome:
    """Tell what became of a card by a moment."""
    counted: dict[Reward, Counter[str]] = {}
    for reward in card.rewards.values():
        counts = counted.setdefault((reward.title, reward.kind), Counter())
        counts["given"] += 1
        counts[_COUNTED[reward.kind, reward.status_at(at)]] += 1
    return CardOutcome(
        progress=Progress(stamps=card.standing.progress, required=card.stamps_required),
        cycle=card.standing.cycle,
        stamps_total=card.stamps_total,
        refused=refused,
        rewards=tuple((*reward, RewardCounts(**counted[reward])) for reward in sorted(counted)),
    )


_COUNTED: Mapping[tuple[RewardKind, RewardStatus], str] = {
    (RewardKind.AWARD, RewardStatus.GRANTED): "kept",
    (RewardKind.LOTTERY, RewardStatus.GRANTED): "outstanding",
    (RewardKind.LOTTERY, RewardStatus.PLAYED): "played",
    (RewardKind.LOTTERY, RewardStatus.VOIDED): "voided",
    (RewardKind.VOUCHER, RewardStatus.ACTIVE): "outstanding",
    (RewardKind.VOUCHER, RewardStatus.REDEEMED): "redeemed",
    (RewardKind.VOUCHER, RewardStatus.EXPIRED): "expired",
    (RewardKind.VOUCHER, RewardStatus.VOIDED): "voided",
}


class Totals:
    """Figures of many cards, while they are counted."""

    def __init__(self) -> None:
        self._sides: tuple[dict[Reward, Counter[str]], ...] = ({}, {})

    def count(self, real: CardOutcome, other: CardOutcome) -> None:
        """Count what became of a card."""
        for side, told in zip(self._sides, (real, other), strict=True):
            for title, kind, counts in told.rewards:
                side.setdefault((title, kind), Counter()).update(attrs.asdict(counts))

    def rewards(self, values: Mapping[str, int]) -> tuple[RewardDifference, ...]:
        """Answer the rewards of all titles."""
        real, other = self._sides
        nothing = Counter[str]()
        return tuple(
            RewardDifference(
                title=title,
                kind=kind,
                real=RewardCounts(**real.get((title, kind), nothing)),
                other=RewardCounts(**other.get((title, kind), nothing)),
                value_minor=values.get(title),
            )
            for title, kind in sorted(real.keys() | other.keys())
        )
