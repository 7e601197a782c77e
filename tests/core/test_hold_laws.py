"""
The laws of a card that holds: it stays full until its reward is used, has expired, was played or was taken back.
"""

from datetime import datetime, timedelta

from hypothesis import event, given

from stampledger import events
from stampledger.cards import StampCard
from stampledger.refusals import CardIsHeld
from stampledger.testing import Kind, Till, Wish, check, laws, prizes, templates, wishes
from stampledger.testing.life import told
from stampledger.values import AfterLastGoal, CardTemplate, Limits, Overflow, Voucher
from tests.core.shop import COFFEE, LUCK, goals_of

holding = {"after_last_goal": AfterLastGoal.HOLD, "limits": Limits(), "card_valid_for": None}
asking = wishes(
    Kind.REACH, Kind.REACH, Kind.ADD, Kind.REDEEM, Kind.PLAY, Kind.TAKE_BACK, Kind.VOID, Kind.EXPIRE, size_max=25
)


QUICK = Voucher(title="Free coffee", valid_for=timedelta(hours=1))


@given(templates(**{**holding, "goals": goals_of(QUICK) | goals_of(COFFEE) | goals_of(LUCK)}), asking)
def test_held(template: CardTemplate, asked: list[Wish]):
    """
    Stamps are refused as long as the full card's reward can still be used, and for that reason only.
    """
    till = Till(template)
    for wish in asked:
        outcome = till.perform(wish)
        if outcome is None or wish.kind not in (Kind.REACH, Kind.ADD):
            continue
        waits = still_held(outcome.before, template.goals[-1].stamps, till.clock())
        event("held" if waits else "released by time" if outcome.before.held_for else "open")
        assert waits == isinstance(outcome.refusal, CardIsHeld)


def still_held(card: StampCard, size: int, now: datetime) -> bool:
    """Whether the card waits at a moment: what it carries may fill it again at the instant its reward lapses."""
    if card.held_for is None:
        return False
    over_at, carried = card.rewards[card.held_for].expires_at, card.standing.carried
    while over_at is not None and over_at <= now and carried >= size:
        over_at, carried = over_at + timedelta(hours=1), carried - size
    return over_at is None or now < over_at


@given(templates(**holding), asking)
def test_held_for_live_reward(template: CardTemplate, asked: list[Wish]):
    """
    A card that holds is full, and waits for the reward of its last goal and of no other.
    """
    till = Till(template)
    for wish in asked:
        till.perform(wish)

    check(till.life, prizes.a_held_card_waits_for_its_reward)


@given(templates(**{**holding, "overflow": Overflow.CARRY}, stamps_valid_for=None), asking)
def test_carried_stamps_are_not_lost(template: CardTemplate, asked: list[Wish]):
    """
    What waits beside a full card begins its next cycle once the card is let go: no stamp is lost or made.
    """
    till = Till(template)
    for wish in asked:
        till.perform(wish)
        check(till.life, laws.no_stamp_is_lost_or_made)
    event(f"started: {min(len(told(till.history, events.CycleStarted)), 3)}")
    event("carried" if any(credit.carried for credit in told(till.history, events.StampAdded)) else "none carried")
