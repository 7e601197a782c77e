"""What a business owes its customers at a moment: rewards that were given and not used yet."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import TypeVar

import attrs

from stampledger.rewards import RewardKind

Key = TypeVar("Key", str, str | None)

AGES = (timedelta(days=7), timedelta(days=30), timedelta(days=90), timedelta(days=365))


@attrs.frozen(kw_only=True)
class OwedRewards:
    """Outstanding rewards of one title, on cards of one template."""

    template: str | None  # The key of the card's template then; None for vouchers that lie on no card.
    title: str
    kind: RewardKind  # A voucher to be redeemed, or a lottery to be played.
    ages: tuple[int, ...]  # How many were given up to 7, 30, 90 and 365 days ago, and how many before that.

    @property
    def count(self) -> int:
        """How many there are."""
        return sum(self.ages)


@attrs.frozen(kw_only=True)
class Liability:
    """What was outstanding at a moment; what had lapsed by then was not, recorded or not."""

    seq: int  # The last entry that is known.
    at: datetime
    rows: tuple[OwedRewards, ...]  # By template, title and kind; those on no card last.

    def __iter__(self) -> Iterator[OwedRewards]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def count(self) -> int:
        """How many rewards are outstanding."""
        return sum(row.count for row in self.rows)

    @property
    def ages(self) -> tuple[int, ...]:
        """How many there are of each age."""
        return tuple(sum(row.ages[place] for row in self.rows) for place in range(len(AGES) + 1))

    @property
    def by_template(self) -> dict[str | None, int]:
        """How many there are on cards of each template."""
        return _summed((row.template, row.count) for row in self.rows)

    @property
    def by_title(self) -> dict[str, int]:
        """How many there are of each title."""
        return _summed((row.title, row.count) for row in self.rows)


def _summed(counts: Iterable[tuple[Key, int]]) -> dict[Key, int]:
    summed: dict[Key, int] = {}
    for key, count in counts:
        summed[key] = summed.get(key, 0) + count
    return summed


def liability(seq: int, at: datetime, owed: Iterable[tuple[str | None, str, RewardKind, datetime]]) -> Liability:
    """Count outstanding rewards, each (template, title, kind, when it was given), by their age at a moment."""
    counted: dict[tuple[str | None, str, RewardKind], list[int]] = {}
    for template, title, kind, issued_at in owed:
        ages = counted.setdefault((template, title, kind), [0] * (len(AGES) + 1))
        ages[bisect_left(AGES, at - issued_at)] += 1
    return Liability(
        seq=seq,
        at=at,
        rows=tuple(
            OwedRewards(template=template, title=title, kind=kind, ages=tuple(counted[template, title, kind]))
            for template, title, kind in sorted(counted, key=lambda row: (row[0] is None, row[0] or "", *row[1:]))
        ),
    )
