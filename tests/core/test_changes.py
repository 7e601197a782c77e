"""
What differs between a card at two moments: each kind of change by a story, and the law that nothing is left out.
"""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import attrs
import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from stampledger.errors import InvalidInput
from stampledger.projections import (
    CardStatus,
    CardView,
    Change,
    CustomerChanged,
    CustomerGone,
    CustomerInfo,
    CycleMoved,
    ExpiryMoved,
    HolderMoved,
    LastStampMoved,
    LotteryDrawn,
    NextRewardMoved,
    PlatformRemoved,
    PlatformSaved,
    RemainderMoved,
    RewardCame,
    RewardExpired,
    RewardGone,
    RewardRedeemed,
    RewardRestored,
    RewardReversed,
    RewardTakenBack,
    StampsMoved,
    StatusMoved,
    TemplateMoved,
    WaitingMoved,
    card_view,
    changes,
)
from stampledger.testing import Till, Wish, templates, wishes
from stampledger.values import AfterLastGoal, Award, CardTemplate, PerAmount, Platform, Voucher
from tests.core.shop import AGAIN_DRAW, CAKE_DRAW, LUCK, coffee

ANNA = CustomerInfo(id=UUID(int=1), name="Anna", email="anna@example.com", birthday=date(1990, 2, 28), language="ko")
SHORT = Voucher(title="Today only", valid_for=timedelta(hours=5))


def seen(till: Till, customer: CustomerInfo | None = None) -> CardView:
    """The card as a page shows it."""
    card = till.card
    waits_for = None if card.held_for is None else card.rewards[card.held_for]
    return card_view(UUID(int=9), card, till.template, customer, till.rewards, till.clock(), waits_for)


def after(till: Till, act: Callable[[Till], object]) -> tuple[Change, ...]:
    """What an act changes on a till's card."""
    before = seen(till)
    act(till)
    return changes(before, seen(till))


def names(found: Sequence[Change]) -> list[str]:
    return [type(change).__name__ for change in found]


# Stories.


def test_stamps():
    """
    Stamps move the progress, from what to what, with how many are still missing, and the time of the latest.
    """
    till = Till(coffee(8))
    till.add(2)
    before = seen(till)
    till.clock.wait(timedelta(hours=1))

    till.add(5)

    moved, last = changes(before, seen(till))
    assert isinstance(moved, StampsMoved) and isinstance(last, LastStampMoved)
    assert ("2/8", "7/8", 5, 6, 1) == (
        str(moved.before), str(moved.after), moved.added, moved.missing_before, moved.missing,
    )  # fmt: skip
    assert timedelta(hours=1) == last.after - last.before  # type: ignore[operator]


def test_full_card():
    """
    A card that is filled tells of its reward; the next stamp, of the cycle completed.
    """
    till = Till(coffee(8))
    till.add(7)

    first = after(till, lambda till: till.add(1))
    second = after(till, lambda till: till.add(1))

    assert ["StampsMoved", "RewardCame"] == names(first)
    assert ["StampsMoved", "CycleMoved"] == names(second)
    assert CycleMoved(before=1, after=2) == second[1]


def test_two_cycles_at_once():
    """
    Between two moments there may be several cycles, each with its reward, the oldest first.
    """
    till = Till(coffee(3))

    found = after(till, lambda till: till.add(8))

    assert ["StampsMoved", "CycleMoved", "LastStampMoved", "RewardCame", "RewardCame"] == names(found)
    assert CycleMoved(before=1, after=3) == found[1]


def test_void():
    """
    Stamps taken back count below nothing, and the reward they had won is told to be taken back.
    """
    till = Till(coffee(3))
    till.add(3)

    found = after(till, lambda till: till.void())

    assert ["StampsMoved", "RewardTakenBack"] == names(found)
    assert -3 == found[0].added  # type: ignore[attr-defined]


def test_voucher_life():
    """
    A voucher is used, its use is taken back, it expires: each is a change of its own.
    """
    till = Till(coffee(3, reward=SHORT))
    till.add(3)

    used = after(till, Till.redeem)
    undone = after(till, Till.reverse)
    lapsed = after(till, lambda till: till.clock.wait(timedelta(days=1)))
    recorded = after(till, Till.expire)

    assert [["RewardRedeemed"], ["RewardReversed"], ["RewardExpired"], []] == [
        names(found) for found in (used, undone, lapsed, recorded)
    ]


def test_what_happened_in_between():
    """
    A reward that came and was used since is told by both; one whose use was undone after its time, by both.
    """
    till = Till(coffee(3, reward=SHORT))
    start = seen(till)
    till.add(3)
    till.redeem()
    used = seen(till)
    till.reverse()
    till.clock.wait(timedelta(days=1))

    assert ["RewardCame", "RewardRedeemed"] == names(changes(start, used))[-2:]
    assert ["RewardReversed", "RewardExpired"] == names(changes(used, seen(till)))


def test_used_twice():
    """
    A voucher that was used, given back and used again later is told as that.
    """
    till = Till(coffee(3))
    till.add(3)
    till.redeem()
    before = seen(till)
    till.reverse()
    till.clock.wait(timedelta(hours=1))
    till.redeem()

    assert ["RewardReversed", "RewardRedeemed"] == names(changes(before, seen(till)))


def test_lottery():
    """
    A lottery that is played tells its outcome, also where that is another try; what dropped came by itself.
    """
    till = Till(coffee(3, reward=LUCK))
    till.add(3)

    again = after(till, lambda till: till.play(0, AGAIN_DRAW))
    cake = after(till, lambda till: till.play(0, CAKE_DRAW))

    assert ["Again"] == [change.reward.outcome for change in again if isinstance(change, LotteryDrawn)]
    assert ["LotteryDrawn", "RewardCame"] == names(cake)
    assert [] == names(after(till, lambda till: None))


def test_lottery_taken_back():
    """
    A lottery goes with the stamps that had won it.
    """
    till = Till(coffee(3, reward=LUCK))
    till.add(3)

    assert ["StampsMoved", "RewardTakenBack"] == names(after(till, lambda till: till.void()))


def test_held_card():
    """
    A full card that waits tells so, and what waits with it; used, it is in its next cycle.
    """
    till = Till(coffee(3, reward=SHORT, after_last_goal=AfterLastGoal.HOLD))

    held = after(till, lambda till: till.add(5))
    released = after(till, Till.redeem)

    assert StatusMoved(before=CardStatus.ACTIVE, after=CardStatus.HELD) in held
    assert WaitingMoved(before=0, after=2) in held
    assert StatusMoved(before=CardStatus.HELD, after=CardStatus.ACTIVE) in released
    assert {CycleMoved(before=1, after=2), WaitingMoved(before=2, after=0)} <= set(released)


def test_card_expired():
    """
    A card whose time is over tells so, recorded or not.
    """
    till = Till(coffee(3, card_valid_for=timedelta(days=2)))

    lapsed = after(till, lambda till: till.clock.wait(timedelta(days=3)))

    assert (StatusMoved(before=CardStatus.ACTIVE, after=CardStatus.EXPIRED),) == lapsed


def test_remainder():
    """
    Money that waits for the next stamp is told, also where there was no stamp.
    """
    till = Till(coffee(3, per_amount=PerAmount(amount=Decimal(10))))

    found = after(till, lambda till: till.add(amount_minor=900))

    assert RemainderMoved(before=0, after=900) in found
    assert not any(isinstance(change, StampsMoved) for change in found)


def test_template_moved():
    """
    Another version of the template is told by name and version, with the gift and the time that change with it.
    """
    till = Till(coffee(8))
    till.add(2)
    newer = coffee(6, reward=Award(title="Free cake"), card_valid_for=timedelta(days=9))

    found = after(till, lambda till: till.move(newer))

    assert ["StampsMoved", "NextRewardMoved", "TemplateMoved", "ExpiryMoved"] == names(found)
    assert NextRewardMoved(before="Free coffee", after="Free cake") == found[1]
    assert TemplateMoved(before=("Free Coffee", 1), after=("Free Coffee", 2)) == found[2]
    assert isinstance(found[3], ExpiryMoved) and found[3].before is None


def test_platforms():
    """
    A platform the card was saved to, and one it was removed from.
    """
    till = Till(coffee(8))
    bare = seen(till)
    till.save(Platform.APPLE)
    saved = seen(till)
    till.save(Platform.GOOGLE)

    assert (PlatformSaved(platform=Platform.APPLE),) == changes(bare, saved)
    assert (PlatformSaved(platform=Platform.GOOGLE),) == changes(saved, seen(till))
    assert (PlatformRemoved(platform=Platform.APPLE),) == changes(saved, bare)


def test_customer():
    """
    What is known of the customer: changed, forgotten, another one.
    """
    till = Till(coffee(8))
    card = seen(till, customer=ANNA)
    gone = CustomerInfo(id=ANNA.id, forgotten=True)
    lee = attrs.evolve(ANNA, name="Anna Lee", email=None)
    bo = CustomerInfo(id=UUID(int=2), name="Bo")

    assert (
        CustomerChanged(field="name", before="Anna", after="Anna Lee"),
        CustomerChanged(field="email", before="anna@example.com", after=None),
    ) == changes(card, attrs.evolve(card, customer=lee))
    assert (CustomerGone(),) == changes(card, attrs.evolve(card, customer=gone))
    assert (HolderMoved(before=gone, after=ANNA),) == changes(attrs.evolve(card, customer=gone), card)
    assert (HolderMoved(before=ANNA, after=bo),) == changes(card, attrs.evolve(card, customer=bo))
    assert (HolderMoved(before=None, after=ANNA),) == changes(attrs.evolve(card, customer=None), card)


def test_backwards():
    """
    Two moments the wrong way round: a reward is not there yet, an expired one stands again.
    """
    till = Till(coffee(3, reward=SHORT))
    bare = seen(till)
    till.add(3)
    active = seen(till)
    till.clock.wait(timedelta(days=1))

    assert "RewardGone" in names(changes(active, bare))
    assert ["RewardRestored"] == names(changes(seen(till), active))


def test_two_cards():
    """
    Two cards cannot be compared: nothing of what differs would be a change.
    """
    card = seen(Till(coffee(8)))

    with pytest.raises(InvalidInput, match="same card"):
        changes(card, attrs.evolve(card, id=UUID(int=8)))


# The law.


def told(card: CardView, found: Sequence[Change]) -> dict[str, Any]:
    """What a card shows once all that was told of it has changed."""
    shown = shape(card)
    rewards: dict[UUID, Any] = dict(shown["rewards"])
    for change in found:
        match change:
            case StampsMoved():
                shown |= dict(progress=change.after, stamps_total=shown["stamps_total"] + change.added)
                shown |= dict(stamps_missing=change.missing, goals_reached=change.goals_reached)
            case CycleMoved():
                shown["cycle"] = change.after
            case WaitingMoved():
                shown["carried"] = change.after
            case RemainderMoved():
                shown["remainder_minor"] = change.after
            case StatusMoved():
                shown["status"] = change.after
            case NextRewardMoved():
                shown["next_reward"] = change.after
            case TemplateMoved():
                shown["template_name"], shown["template_version"] = change.after
            case LastStampMoved():
                shown["last_stamp_at"] = change.after
            case ExpiryMoved():
                shown["expires_at"] = change.after
            case PlatformSaved():
                shown["platforms"] |= {change.platform}
            case PlatformRemoved():
                shown["platforms"] -= {change.platform}
            case RewardGone():
                del rewards[change.reward.id]
            case (
                RewardCame()
                | RewardRedeemed()
                | RewardReversed()
                | RewardExpired()
                | RewardTakenBack()
                | LotteryDrawn()
                | RewardRestored()
            ):
                rewards[change.reward.id] = change.reward
            case _:
                raise AssertionError(change)
    return shown | {"rewards": rewards}


def shape(card: CardView) -> dict[str, Any]:
    """What a card shows, platforms and rewards in no order."""
    shown: dict[str, Any] = attrs.asdict(card, recurse=False)
    return shown | {"platforms": set(card.platforms), "rewards": {reward.id: reward for reward in card.rewards}}


@given(templates(), templates(), wishes(size_max=25), st.integers(0, 25), st.integers(0, 25), st.integers(0, 30))
def test_nothing_is_left_out(
    template: CardTemplate, newer: CardTemplate, asked: list[Wish], one: int, two: int, moved: int
):
    """
    A card changed by all that is told of two moments is the card at the second, whichever comes first; nothing is told
    where both show the same, and something where they do not.
    """
    till = Till(template)
    moments = [seen(till)]
    for place, wish in enumerate(asked):
        if place == moved:
            till.expire()
            till.move(newer, force=True)
        till.perform(wish)
        moments.append(seen(till))
    then, now = moments[one % len(moments)], moments[two % len(moments)]

    found = changes(then, now)

    assert shape(now) == told(then, found)
    assert (shape(then) == shape(now)) == (found == ())
    for name in names(found):
        event(name)
