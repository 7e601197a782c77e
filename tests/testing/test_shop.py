"""
A shop to be tested in, and its supplies: the same in every run, on every engine.
"""

from datetime import timedelta

import pytest

from stampledger import CardTemplate, Goal, Ledger, Lottery, OutcomeUnknown, Variant, Voucher
from stampledger.rules import DRAW_TOTAL
from stampledger.testing import START, Chance, Shop, Supplies
from tests.servers.database import Database

LUCK = Lottery(
    title="Draw",
    variants=(
        Variant(percentage=10, name="Cake", reward=Voucher(title="Cake")),
        Variant(percentage=90, name="Nothing"),
    ),
)
LUCKY = CardTemplate(name="Lucky card", goals=(Goal(stamps=2, reward=LUCK),))


def lived(shop: Shop) -> list[str]:
    """A small day, as the Journal tells it."""
    card = shop.card(LUCKY)
    shop.clock.wait(timedelta(hours=1))
    lottery = shop.ledger.add_stamps(card, 2, code="R-1").card.lotteries[0]
    shop.ledger.play_lottery(lottery.id)
    return [str(row.event) for row in shop.ledger.journal()]


def test_same_in_every_run():
    """
    What a shop lives through is the same to the last id, code and draw.
    """
    with Shop() as one, Shop() as other:
        assert lived(one) == lived(other)


def test_another_seed():
    """
    Another seed is other chance, and other redeem codes.
    """
    drawn = [[Chance(seed=seed)(1_000_000) for _ in range(3)] for seed in (0, 0, 1)]

    assert drawn[0] == drawn[1] != drawn[2]


@pytest.mark.parametrize(("draw", "dropped"), [(0, "Cake"), (DRAW_TOTAL - 1, "Nothing")])
def test_draws(draw: int, dropped: str):
    """
    A test says what a lottery draws.
    """
    with Shop(supplies=Supplies(draws=[draw])) as shop:
        card = shop.card(LUCKY)
        lottery = shop.ledger.add_stamps(card, 2).card.lotteries[0]

        assert dropped == shop.ledger.play_lottery(lottery.id).card.lotteries[0].outcome


def test_draws_come_in_their_order():
    """
    What was named is drawn first; then, and where something else than a lottery is drawn, chance is asked.
    """
    chance = Chance(5, 7)

    drawn = [chance(DRAW_TOTAL), chance(10), chance(DRAW_TOTAL), chance(DRAW_TOTAL)]

    assert (5, 7, []) == (drawn[0], drawn[2], chance.draws)
    assert 3 == chance.drawn


def test_supplies_of_a_ledger():
    """
    A ledger takes all three at once; two ledgers that share them give no id twice.
    """
    supplies = Supplies(at=START + timedelta(days=1))

    with (
        Ledger.open("sqlite://", business="one", **supplies) as one,
        Ledger.open("sqlite://", business="two", **supplies) as two,
    ):
        subjects = [ledger.publish_template("lucky", LUCKY).subject for ledger in (one, two)]
        assert START + timedelta(days=1) == one.journal()[0].at

    assert 2 == len(set(subjects))


def test_on_every_engine(database: Database):
    """
    A shop lies where it is told to, is opened again, and has its faults at hand.
    """
    with Shop(database.url) as shop:
        card = shop.card()
        with shop.faults.crash_after_commit(), pytest.raises(OutcomeUnknown):
            shop.ledger.add_stamps(card, code="R-1")
        shop.reopen()

        assert "1/8" == str(shop.ledger.progress(card))
        with shop.faults.duplicate():
            assert shop.ledger.add_stamps(card, code="R-1").repeated
