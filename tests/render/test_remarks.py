"""
What an entry tells beside its columns.
"""

from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from stampledger import events
from stampledger.events import Event, KeptReward, RewardSource
from stampledger.render.remarks import KEPT_BECAUSE, TEXT_LENGTH_MAX, Remark, remarks
from stampledger.render.words import Words
from stampledger.values import Platform

ENGLISH = Words("en")
ID = UUID(int=1)
FULL: dict[str, Any] = {"progress": 8, "stamps_required": 8}


def kept(reason: str) -> KeptReward:
    return KeptReward(reward_id=ID, title="Free cake", reason=reason, cycle=1, goal_index=0, goal_stamps=8)


def voided(**more: Any) -> events.StampVoided:
    return events.StampVoided(scan=17, credit_version=2, **FULL, **{"count": 1, **more})


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (events.StampAdded(count=1, **FULL), []),
        (events.StampAdded(count=0, withheld=1, **FULL), ["1 stamp over a limit was not given."]),
        (events.StampAdded(count=2, dropped=3, **FULL), ["3 stamps beyond the last goal were lost."]),
        (
            events.StampAdded(count=2, carried=2, bonus=True, **FULL),
            ["Given, not earned.", "2 stamps wait for the next round."],
        ),
        (voided(), ["1 stamp of scan #17 was taken back."]),
        (
            voided(count=2, missing=1, cancelled_by="R-2", reason="sent back"),
            [
                "2 stamps of scan #17 were taken back.",
                "1 stamp could not be taken back.",
                "Cancelled with code R-2.",
                "sent back",
            ],
        ),
        (
            voided(rewards_kept=(kept("redeemed"),)),
            ["1 stamp of scan #17 was taken back.", "Free cake stays: already redeemed."],
        ),
        (
            events.VoucherVoided(voucher_id=ID, title="Free cake", scan=17, reason="mistake"),
            ["Follows from taking back scan #17.", "mistake"],
        ),
        (events.RedemptionReversed(voucher_id=ID, title="Free cake"), []),
        (events.CardDeleted(reason="lost"), ["lost"]),
        (events.VoucherIssued(voucher_id=ID, title="Free cake", redeem_code="X"), []),
        (events.AwardGranted(reward_id=ID, title="Free cake", source=RewardSource.BIRTHDAY), ["Birthday"]),
        (events.BirthdayReached(year=2026), ["Birthday of the year 2026"]),
        (events.MessageSent(channels=(), text="Come by"), ["Come by"]),
        (
            events.MessageSent(channels=(), text=None),
            ["Nobody can read the text any more: the customer was forgotten."],
        ),
        (events.WalletSaved(platform=Platform.APPLE), ["Apple Wallet"]),
        (events.StampsExpired(count=2, credits=(), **FULL), ["2 stamps lapsed."]),
        (events.CycleStarted(count=1, cycle=2, **FULL), ["1 stamp had waited."]),
        (events.GoalReached(goal_index=0, stamps=8, stamps_required=8), []),
        (
            events.GoalReached(goal_index=0, stamps=8, stamps_required=8, rewarded=False),
            ["Its reward had been given before and is not given twice."],
        ),
        (
            events.LotteryPlayed(
                lottery_id=ID, title="Plate", draw=1, percentages=(Decimal(100),), names=("Soup",), variant=0
            ),
            [],
        ),
        (events.CustomerForgotten(), []),
    ],
)
def test_what_is_told(event: Event, expected: list[str]):
    """
    Each kind says what its columns do not: what was undone, lost or waits, why, and where it came from.
    """
    assert expected == [remark.text for remark in remarks(ENGLISH, event)]


def test_refusal():
    """
    A refusal says its rule in the language, and the sentence the cashier was told as it was recorded.
    """
    event = events.StampRejected(rule="card_is_held", reason="the card is full", **FULL)

    assert (Remark("Card is full"), Remark("the card is full", recorded=True)) == remarks(ENGLISH, event)


def test_unknown_words():
    """
    What a later release recorded is shown as it is.
    """
    rejected = events.StampRejected(rule="moon_is_full", reason="come tomorrow", **FULL)

    assert ["moon_is_full", "come tomorrow"] == [remark.text for remark in remarks(ENGLISH, rejected)]
    assert "Free cake stays: moonstruck." in [
        one.text for one in remarks(ENGLISH, voided(rewards_kept=(kept("moonstruck"),)))
    ]
    assert "moonstruck" not in KEPT_BECAUSE


def test_long_text():
    """
    A remark stands in a table's cell: long text is cut.
    """
    told = remarks(ENGLISH, events.CardDeleted(reason="x" * 300))[0].text

    assert TEXT_LENGTH_MAX == len(told) and told.endswith("x…")


def test_right_to_left():
    """
    Among right-to-left words, what people wrote keeps its own direction; the sentence around it is the page's.
    """
    event = events.CardDeleted(reason="lost (again)")

    assert "\N{FIRST STRONG ISOLATE}lost (again)\N{POP DIRECTIONAL ISOLATE}" == remarks(Words("az"), event)[0].text
