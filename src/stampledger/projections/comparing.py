"""What differs between a card at two moments, as facts that can be put into words in any language."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime

import attrs

from stampledger.errors import InvalidInput
from stampledger.projections.views import CardStatus, CardView, CustomerInfo, Progress, RewardView
from stampledger.rewards import RewardKind, RewardStatus
from stampledger.values import Platform


@attrs.frozen(kw_only=True)
class Change:
    """One thing that differs; its class says what, its fields say from what to what."""


# The card and its stamps.


@attrs.frozen(kw_only=True)
class StampsMoved(Change):
    """The card holds other stamps, or is nearer to or further from its next reward."""

    before: Progress
    after: Progress
    added: int  # To the stamps of the card's whole life; negative where more was taken back or lapsed than came.
    missing_before: int
    missing: int  # Stamps to the next reward, after.
    goals_before: int
    goals_reached: int  # In the cycle, after.


@attrs.frozen(kw_only=True)
class CycleMoved(Change):
    """The card is in another filling; what is between the two was completed."""

    before: int
    after: int


@attrs.frozen(kw_only=True)
class WaitingMoved(Change):
    """Another number of stamps waits for the card's next cycle."""

    before: int
    after: int


@attrs.frozen(kw_only=True)
class RemainderMoved(Change):
    """Another amount waits for the next stamp, in minor units of money."""

    before: int
    after: int


@attrs.frozen(kw_only=True)
class StatusMoved(Change):
    """Something else can be done with the card."""

    before: CardStatus
    after: CardStatus


@attrs.frozen(kw_only=True)
class NextRewardMoved(Change):
    """The card collects for another gift."""

    before: str
    after: str


@attrs.frozen(kw_only=True)
class TemplateMoved(Change):
    """The card is under another template version; each is (name, version)."""

    before: tuple[str, int]
    after: tuple[str, int]


@attrs.frozen(kw_only=True)
class LastStampMoved(Change):
    """The latest stamp is another one."""

    before: datetime | None
    after: datetime | None


@attrs.frozen(kw_only=True)
class ExpiryMoved(Change):
    """The card's time ends at another moment, or no longer ends."""

    before: datetime | None
    after: datetime | None


@attrs.frozen(kw_only=True)
class PlatformSaved(Change):
    """The customer keeps the card on a platform."""

    platform: Platform


@attrs.frozen(kw_only=True)
class PlatformRemoved(Change):
    """The customer no longer keeps the card on a platform."""

    platform: Platform


# Its rewards, each as it stood afterwards.


@attrs.frozen(kw_only=True)
class RewardCame(Change):
    """A reward was given. What became of it since is told by further changes."""

    reward: RewardView


@attrs.frozen(kw_only=True)
class RewardRedeemed(Change):
    """A voucher was used."""

    reward: RewardView


@attrs.frozen(kw_only=True)
class RewardReversed(Change):
    """The use of a voucher was taken back."""

    reward: RewardView


@attrs.frozen(kw_only=True)
class RewardExpired(Change):
    """A voucher's time was over before it was used."""

    reward: RewardView


@attrs.frozen(kw_only=True)
class RewardTakenBack(Change):
    """A voucher or lottery was taken back."""

    reward: RewardView


@attrs.frozen(kw_only=True)
class LotteryDrawn(Change):
    """A lottery was played; `reward.outcome` names what dropped."""

    reward: RewardView


@attrs.frozen(kw_only=True)
class RewardRestored(Change):
    """A reward stands again as it had stood: the second moment lies, by the till's clock, before the first."""

    reward: RewardView


@attrs.frozen(kw_only=True)
class RewardGone(Change):
    """A reward is not there yet: the second moment lies before the first."""

    reward: RewardView


# Its customer.


@attrs.frozen(kw_only=True)
class CustomerChanged(Change):
    """Something else is known of the customer: of the name, email, birthday or language."""

    field: str
    before: str | date | None
    after: str | date | None


@attrs.frozen(kw_only=True)
class CustomerGone(Change):
    """The customer was forgotten; nobody can read any more who it was."""


@attrs.frozen(kw_only=True)
class HolderMoved(Change):
    """The card is another customer's, or has one where it had none; or the customer was not forgotten yet."""

    before: CustomerInfo | None
    after: CustomerInfo | None


def changes(then: CardView, now: CardView) -> tuple[Change, ...]:
    """Tell what differs between a card at two moments; nothing where they show the same.

    Both views are whole, as `View.card` answers them: the rows of a list are without rewards.

    Raises:
        InvalidInput: They show two cards.
    """
    if then.id != now.id:
        raise InvalidInput("now", str(now.id), f"must be the same card, {then.id}")
    return (*_card_changes(then, now), *_reward_changes(then, now), *_customer_changes(then.customer, now.customer))


def _card_changes(then: CardView, now: CardView) -> Iterator[Change]:
    stamps = ("progress", "stamps_total", "stamps_missing", "goals_reached")
    if any(getattr(then, name) != getattr(now, name) for name in stamps):
        yield StampsMoved(
            before=then.progress,
            after=now.progress,
            added=now.stamps_total - then.stamps_total,
            missing_before=then.stamps_missing,
            missing=now.stamps_missing,
            goals_before=then.goals_reached,
            goals_reached=now.goals_reached,
        )
    if then.cycle != now.cycle:
        yield CycleMoved(before=then.cycle, after=now.cycle)
    if then.carried != now.carried:
        yield WaitingMoved(before=then.carried, after=now.carried)
    if then.remainder_minor != now.remainder_minor:
        yield RemainderMoved(before=then.remainder_minor, after=now.remainder_minor)
    if then.status is not now.status:
        yield StatusMoved(before=then.status, after=now.status)
    if then.next_reward != now.next_reward:
        yield NextRewardMoved(before=then.next_reward, after=now.next_reward)
    before, after = ((view.template_name, view.template_version) for view in (then, now))
    if (then.template_id, before) != (now.template_id, after):
        yield TemplateMoved(before=before, after=after)
    if then.last_stamp_at != now.last_stamp_at:
        yield LastStampMoved(before=then.last_stamp_at, after=now.last_stamp_at)
    if then.expires_at != now.expires_at:
        yield ExpiryMoved(before=then.expires_at, after=now.expires_at)
    yield from (PlatformSaved(platform=platform) for platform in _without(now.platforms, then.platforms))
    yield from (PlatformRemoved(platform=platform) for platform in _without(then.platforms, now.platforms))


def _without(platforms: Iterable[Platform], others: Iterable[Platform]) -> list[Platform]:
    return sorted(set(platforms) - set(others))


def _reward_changes(then: CardView, now: CardView) -> Iterator[Change]:
    """Tell of each reward, the oldest first."""
    known = {reward.id: reward for reward in then.rewards}
    for after in reversed(now.rewards):
        before = known.pop(after.id, None)
        if before is None:
            yield RewardCame(reward=after)
            status = RewardStatus.ACTIVE if after.kind is RewardKind.VOUCHER else RewardStatus.GRANTED
            before = attrs.evolve(after, status=status, redeemed_at=None, outcome=None)
        if before != after:
            yield from _steps(before, after) or [RewardRestored(reward=after)]
    yield from (RewardGone(reward=reward) for reward in known.values())


def _steps(before: RewardView, after: RewardView) -> list[Change]:
    """Answer what led a reward from one status to another, in the order in which it can have happened."""
    steps: list[Change] = []
    if before.redeemed_at not in (None, after.redeemed_at):
        steps.append(RewardReversed(reward=after))
    if after.redeemed_at not in (None, before.redeemed_at):
        steps.append(RewardRedeemed(reward=after))
    if after.outcome not in (None, before.outcome) or RewardStatus.PLAYED is after.status is not before.status:
        steps.append(LotteryDrawn(reward=after))
    if after.status is not before.status:
        if after.status is RewardStatus.EXPIRED:
            steps.append(RewardExpired(reward=after))
        if after.status is RewardStatus.VOIDED:
            steps.append(RewardTakenBack(reward=after))
    return steps


def _customer_changes(before: CustomerInfo | None, after: CustomerInfo | None) -> Iterator[Change]:
    if before is None or after is None or before.id != after.id or (before.forgotten and not after.forgotten):
        if before != after:
            yield HolderMoved(before=before, after=after)
    elif after.forgotten and not before.forgotten:
        yield CustomerGone()
    else:
        for field in ("name", "email", "birthday", "language"):
            was, known = getattr(before, field), getattr(after, field)
            if was != known:
                yield CustomerChanged(field=field, before=was, after=known)
