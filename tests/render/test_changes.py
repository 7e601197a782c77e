"""
What differs between a card at two moments, in words: every kind of change has its sentences.
"""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from stampledger.projections import (
    CardStatus,
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
    Progress,
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
    changes,
)
from stampledger.render.changes import change_sentences
from stampledger.render.languages import LANGUAGES
from stampledger.render.words import Words
from stampledger.rewards import RewardKind, RewardStatus
from stampledger.values import Platform
from tests.render.pages import AT, card, redeemed, reward

ANNA = CustomerInfo(id=UUID(int=7), name="Anna")
DRAW = reward(
    kind=RewardKind.LOTTERY, title="Lucky plate", status=RewardStatus.PLAYED, outcome="Cake", redeem_code=None
)
TOPPING = reward(kind=RewardKind.AWARD, title="Topping", status=RewardStatus.GRANTED, redeem_code=None)


def stamps(before: int, after: int, added: int, *, missing: tuple[int, int] = (3, 3), goals: int = 0) -> StampsMoved:
    """A move on a card of eight."""
    return StampsMoved(
        before=Progress(stamps=before, required=8), after=Progress(stamps=after, required=8), added=added,
        missing_before=missing[0], missing=missing[1], goals_before=0, goals_reached=goals,
    )  # fmt: skip


TOLD: list[tuple[Change, list[str]]] = [
    (stamps(2, 3, 1), ["1 stamp was added: 2/8 then, 3/8 now."]),
    (
        stamps(2, 7, 5, missing=(6, 1)),
        ["5 stamps were added: 2/8 then, 7/8 now.", "Stamps missing to the next reward: 6 then, 1 now."],
    ),
    (stamps(2, 1, -1), ["1 stamp was taken back or has lapsed: 2/8 then, 1/8 now."]),
    (stamps(2, 0, -2), ["2 stamps were taken back or have lapsed: 2/8 then, 0/8 now."]),
    (stamps(8, 0, 0), ["The card stood at 8/8 then and stands at 0/8 now."]),
    (stamps(2, 2, 0, goals=1), ["Goals reached: 0 then, 1 now."]),
    (CycleMoved(before=1, after=2), ["The card was in round 1 then and is in round 2 now."]),
    (WaitingMoved(before=0, after=2), ["Stamps that wait for the next round: 0 then, 2 now."]),
    (
        RemainderMoved(before=350, after=0),
        ["Money that waits for the next stamp, in minor units: 350 then, 0 now."],
    ),
    (
        StatusMoved(before=CardStatus.ACTIVE, after=CardStatus.DELETED),
        ["The card's status: “Active” then, “Deleted” now."],
    ),
    (NextRewardMoved(before="Coffee", after="Cake"), ["The next reward: “Coffee” then, “Cake” now."]),
    (
        TemplateMoved(before=("Coffee card", 1), after=("Tea card", 2)),
        ["The card moved from “Coffee card”, version 1, to “Tea card”, version 2."],
    ),
    (LastStampMoved(before=None, after=AT), ["The last stamp is of 12 May 2026, 11:07 now."]),
    (LastStampMoved(before=AT, after=None), ["The card has no stamp any more."]),
    (
        ExpiryMoved(before=None, after=datetime(2026, 6, 11, 22, tzinfo=UTC)),
        ["The card is good until 11 June 2026 now."],
    ),
    (ExpiryMoved(before=AT, after=None), ["The card is good without limit now."]),
    (PlatformSaved(platform=Platform.APPLE), ["The card was saved to Apple Wallet."]),
    (PlatformRemoved(platform=Platform.GOOGLE), ["The card was removed from Google Wallet."]),
    (RewardCame(reward=reward()), ["The voucher “Free coffee” was issued."]),
    (RewardCame(reward=DRAW), ["The prize draw “Lucky plate” was given."]),
    (RewardCame(reward=TOPPING), ["The gift “Topping” was given."]),
    (RewardRedeemed(reward=redeemed()), ["The voucher “Free coffee” was redeemed: 13 May 2026, 11:07."]),
    (RewardReversed(reward=reward()), ["A redemption of the voucher “Free coffee” was taken back."]),
    (RewardExpired(reward=reward()), ["The voucher “Free coffee” has expired, unused: 11 June 2026."]),
    (RewardTakenBack(reward=reward()), ["The voucher “Free coffee” was taken back."]),
    (RewardTakenBack(reward=DRAW), ["The prize draw “Lucky plate” was taken back."]),
    (LotteryDrawn(reward=DRAW), ["The prize draw “Lucky plate” was played: Cake."]),
    (RewardRestored(reward=reward()), ["“Free coffee” stands again as it had stood: Can be redeemed."]),
    (RewardGone(reward=reward()), ["“Free coffee” had not been given yet."]),
    (
        CustomerChanged(field="name", before="Anna", after="Anna Lee"),
        ["The customer's name: Anna then, Anna Lee now."],
    ),
    (
        CustomerChanged(field="birthday", before=None, after=date(1990, 5, 12)),
        ["The customer's birthday: — then, 12 May 1990 now."],
    ),
    (CustomerChanged(field="email", before="a@b.c", after=None), ["The customer's e-mail: a@b.c then, — now."]),
    (CustomerChanged(field="language", before=None, after="ko"), ["The customer's language: — then, ko now."]),
    (CustomerGone(), ["The customer asked to be forgotten: name, e-mail and birthday are gone for good."]),
    (HolderMoved(before=ANNA, after=None), ["The card is nobody's any more."]),
    (HolderMoved(before=None, after=ANNA), ["The card is Anna's now."]),
    (HolderMoved(before=ANNA, after=CustomerInfo(id=UUID(int=8))), ["The card is another customer's now."]),
]


def every(kind: type[Change]) -> set[type[Change]]:
    """Every kind of change there is."""
    return {kind for below in kind.__subclasses__() for kind in every(below)} or {kind}


@pytest.mark.parametrize(("change", "told"), TOLD)
def test_in_words(change: Change, told: list[str]):
    """
    A change is told in whole sentences, times by the business's clocks.
    """
    assert told == list(change_sentences([change], Words("en"), "Europe/Berlin"))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_in_every_language(lang: str):
    """
    Every change can be told in every language.
    """
    for change, told in TOLD:
        assert len(told) == len(change_sentences([change], Words(lang), "Europe/Berlin"))


def test_every_kind():
    """
    No kind of change is without a sentence.
    """
    assert every(Change) == {type(change) for change, _ in TOLD}


def test_two_moments():
    """
    What two cards differ in is told in the order of the changes; of two that show the same, nothing.
    """
    then, now = card(2), card(5, stamps_missing=3, stamps_total=5, last_stamp_at=AT + timedelta(days=1))

    told = change_sentences(changes(then, now), Words("en"), "UTC")

    assert () == change_sentences(changes(then, then), Words("en"), "UTC")
    assert (
        "3 stamps were added: 2/8 then, 5/8 now.",
        "Stamps missing to the next reward: 6 then, 3 now.",
        "The last stamp is of 13 May 2026, 09:07 now.",
    ) == told
