"""
The kit's laws hold of our own rules, for every template and whatever is asked; and each is broken by what it is about.
"""

from datetime import timedelta
from typing import Any

import attrs
import pytest

from stampledger import events
from stampledger.testing import LAWS, LawBroken, Life, Till, check, prove, templates
from stampledger.values import Goal
from tests.core.shop import COFFEE, coffee


def test_all_laws():
    """
    Every law holds of every programme, on every history.
    """
    prove(templates())


def told() -> Till:
    """A card with a goal reached, a voucher used, and the stamps taken back."""
    till = Till(coffee(3, 6))
    till.add(4, code="R-1")
    till.redeem()
    till.void()
    till.add(2, code="R-2")
    return till


def changed(place: int, fields: dict[str, Any]) -> Life:
    """The same life with one event told otherwise."""
    till = told()
    life = Life()
    for number, event in enumerate(till.history):
        life.tell(attrs.evolve(event, **fields) if number == place else event, till.template)
    return life


def test_life_as_it_was():
    """
    A life that was told as it was breaks no law.
    """
    till = told()

    check(till.life)
    assert ["StampAdded", "GoalReached", "VoucherIssued", "VoucherRedeemed", "StampVoided", "StampAdded"] == [
        type(event).__name__ for event in till.history[1:]
    ]


@pytest.mark.parametrize(
    ("place", "fields"),
    [
        pytest.param(1, {"progress": 5}, id="a stamp too many"),
        pytest.param(1, {"count": 5}, id="more stamps than were laid"),
        pytest.param(1, {"dropped": 1}, id="a stamp dropped without need"),
        pytest.param(1, {"goal_index": 0}, id="the wrong next goal"),
        pytest.param(1, {"withheld": 1}, id="cut without a limit"),
        pytest.param(1, {"expires_at": Till(coffee()).clock() + timedelta(days=1)}, id="stamps that should not lapse"),
        pytest.param(2, {"rewarded": False}, id="a goal without its reward"),
        pytest.param(2, {"cycle": 2}, id="a goal of another cycle"),
        pytest.param(3, {"title": "Free cake"}, id="another reward"),
        pytest.param(3, {"holds": True}, id="a card that waits without need"),
        pytest.param(5, {"count": 3}, id="too few stamps taken back"),
        pytest.param(5, {"goals_undone": ()}, id="a goal that is not undone"),
        pytest.param(5, {"rewards_kept": ()}, id="a reward that is not accounted for"),
        pytest.param(6, {"code": "R-1", "count": 3}, id="a code twice"),
    ],
)
def test_life_told_otherwise(place: int, fields: dict[str, Any]):
    """
    Whatever is told otherwise breaks a law, and the failure shows the Journal.
    """
    with pytest.raises(LawBroken, match=r"a law is broken: .*\n(.|\n)*card issued"):
        check(changed(place, fields))


def test_voucher_used_twice():
    """
    A second use of a voucher breaks a law.
    """
    till = told()
    life = till.life
    life.tell(attrs.evolve(till.history[4]), till.template)

    with pytest.raises(LawBroken, match="it was used twice"):
        check(life)


def test_own_law():
    """
    A law of one's own is held beside the others, and its failure is the smallest history that shows it.
    """

    def nobody_uses_a_voucher(life: Life) -> None:
        """Nobody ever uses a voucher."""
        assert not life.told(events.VoucherRedeemed), "somebody did"

    programme = attrs.evolve(coffee(), goals=(Goal(stamps=2, reward=COFFEE),))

    with pytest.raises(LawBroken, match=r"Nobody ever uses a voucher.\n  somebody did") as failure:
        prove(programme, nobody_uses_a_voucher, examples=60)

    assert 1 == str(failure.value).count("voucher redeemed")
    assert 1 == str(failure.value).count("card issued")


def test_every_law_says_what_it_is():
    """
    A law's first sentence can be read to a shopkeeper.
    """
    assert len(set(LAWS)) == len(LAWS) > 15
    assert all((law.__doc__ or "").strip().endswith(".") for law in LAWS)
