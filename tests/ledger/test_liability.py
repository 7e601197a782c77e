"""
What is owed at a moment: against a plain fold over all entries, and in cases that can be counted by hand.
"""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stampledger import InvalidInput, Liability, Voucher, events
from stampledger.rewards import RewardKind, RewardStatus, evolve_reward, reward_id
from tests.ledger.days import LONG_DAY, Day, Wish, wishes
from tests.ledger.shop import CAKE, COFFEE, LUCK, Shop, at
from tests.servers.database import Database

Row = tuple[str | None, str, str, tuple[int, ...]]

OPENING: list[Wish] = [
    *(("template", number, 0) for number in range(1, 4)),
    *(("issue", number, 0) for number in range(1, 4)),
    *(("add", number, 10) for number in (1, 2, 2)),
]


def shown(owed: Liability) -> list[Row]:
    return [(row.template, row.title, str(row.kind), row.ages) for row in owed]


def folded(shop: Shop, seq: int, moment: datetime) -> list[Row]:
    """The same from the entries alone, one after the other."""
    keys = {info.id: info.key for info in shop.ledger.templates()}
    templates: dict[Any, Any] = {}
    rewards: dict[Any, Any] = {}
    for entry in shop.ledger.entries():
        if entry.seq > seq:
            break
        told = entry.event
        if isinstance(told, events.CardIssued | events.CardImported | events.TemplateChanged):
            templates[entry.stream] = keys[told.template_id]
        about = reward_id(told)
        if about is not None:
            rewards[about] = (entry.stream, evolve_reward(rewards.get(about, (None, None))[1], told))
    found: dict[tuple[Any, ...], list[int]] = {}
    for stream, reward in rewards.values():
        is_open = (
            reward.status_at(moment) is RewardStatus.ACTIVE
            or (reward.kind, reward.status) == (RewardKind.LOTTERY, RewardStatus.GRANTED)
        )  # fmt: skip
        if is_open:
            days = (moment - reward.issued_at) / timedelta(days=1)
            ages = found.setdefault((templates.get(stream), reward.title, str(reward.kind)), [0] * 5)
            ages[next((place for place, most in enumerate((7, 30, 90, 365)) if days <= most), 4)] += 1
    ordered = sorted(found, key=lambda row: (row[0] is None, row[0] or "", row[1], row[2]))
    return [(*row, tuple(found[row])) for row in ordered]


@settings(max_examples=max(1, settings().max_examples // 25))
@given(
    days=wishes(size_min=5, size_max=40),
    share=st.floats(0, 1),
    hours=st.integers(0, 400),
    jumps=st.lists(st.integers(1, 200), max_size=3),
)
def test_plain_fold(days: list[Wish], share: float, hours: int, jumps: list[int]):
    """
    What is owed at any moment, past, present or ahead, is what a plain fold over the entries known then finds.
    """
    with Shop() as shop:
        day = Day(shop)
        for place, wish in enumerate((*OPENING, *days)):
            day.wish(*wish)
            if place % 9 == 8 and jumps:
                shop.clock.wait(timedelta(days=jumps[place // 9 % len(jumps)]))
        for name in ("redeem", "reverse", "expire"):
            day.wish(name, 1, 1)
        seq = max(1, int(shop.head * share))
        entry = shop.ledger.at(seq).moment
        times = (entry.at, shop.clock() - timedelta(hours=hours), shop.clock(), shop.clock() + timedelta(hours=hours))

        assert folded(shop, shop.head, shop.clock()) == shown(shop.ledger.liability())
        assert folded(shop, seq, entry.at) == shown(shop.ledger.at(seq).liability())
        for moment in times:
            known = max((e.seq for e in shop.ledger.entries() if e.recorded_at <= moment), default=0)
            assert folded(shop, known, moment) == shown(shop.ledger.liability(at=moment))
            assert folded(shop, min(known, seq), moment) == shown(shop.ledger.at(seq).liability(at=moment))


def test_ages(database: Database):
    """
    Each reward counts by how long ago it was given, the last day of a span included, on every engine.
    """
    with Shop(database=database) as shop:
        card = shop.card(1, reward=CAKE)
        for days in (0, 1, 7, 8, 30, 31, 90, 91, 365, 366):
            shop.clock.at = at(days=400 - days)
            shop.ledger.add_stamps(card, occurred_at=shop.clock())
        shop.clock.at = at(days=400)

        owed = shop.ledger.liability()

        assert [("free-coffee", "Free cake", "voucher", (3, 2, 2, 2, 1))] == shown(owed)
        assert (10, (3, 2, 2, 2, 1)) == (owed.count, owed.ages)


def test_templates_and_titles(database: Database):
    """
    Rewards are counted by their card's template and title; vouchers on no card stand by themselves.
    """
    with Shop(database=database, draws=()) as shop:
        cake, luck = shop.card(2, reward=CAKE, key="cake"), shop.card(2, reward=LUCK, key="luck")
        shop.ledger.add_stamps(cake, 4)
        shop.ledger.add_stamps(luck, 2)
        shop.ledger.issue_coupon(COFFEE)
        shop.ledger.issue_coupon(COFFEE, card=cake)

        owed = shop.ledger.liability()

        expected = [("cake", "Free cake", 2), ("cake", "Free coffee", 1), ("luck", "Lucky draw", 1)]
        assert [*expected, (None, "Free coffee", 1)] == [(row.template, row.title, row.count) for row in owed]
        assert {"cake": 3, "luck": 1, None: 1} == owed.by_template
        assert {"Free cake": 2, "Free coffee": 2, "Lucky draw": 1} == owed.by_title


def test_moved_card(database: Database):
    """
    A reward belongs to the template its card was under at the moment.
    """
    with Shop(database=database) as shop:
        card = shop.card(2, reward=CAKE, key="old")
        before = shop.ledger.add_stamps(card, 2)
        shop.template(2, reward=CAKE, key="new")
        shop.clock.wait(timedelta(hours=1))
        shop.ledger.move_to_template("new", cards=[card], force=True)

        assert {"old": 1} == shop.ledger.at(before).liability().by_template
        assert {"new": 1} == shop.ledger.liability().by_template


def test_expiry_by_time():
    """
    What has lapsed by the time is not owed, recorded or not, before it is; an earlier time owes it still.
    """
    with Shop() as shop:
        card = shop.card(1, reward=Voucher(title="Today only", valid_for=timedelta(hours=5)))
        shop.ledger.add_stamps(card)
        shop.clock.wait(timedelta(hours=5))

        for _ in ("unrecorded", "recorded"):
            assert 0 == shop.ledger.liability().count
            assert 1 == shop.ledger.liability(at=at(hours=4.9)).count
            assert 0 == shop.ledger.liability(at=at(hours=-1)).count
            shop.ledger.expire()


def test_time_ahead():
    """
    A time ahead tells what will be left of what is known.
    """
    with Shop() as shop:
        shop.ledger.add_stamps(shop.card(1, 2), 2)

        assert 2 == shop.ledger.liability(at=at(days=29)).count
        assert 0 == shop.ledger.liability(at=at(days=30)).count


def test_known_by_the_view():
    """
    A past view knows nothing that came later, whatever the time asked about.
    """
    with Shop() as shop:
        scan = shop.ledger.add_stamps(shop.card(1), 1)
        shop.clock.wait(timedelta(days=3))
        shop.ledger.redeem(scan.card.vouchers[0].id)
        shop.clock.wait(timedelta(days=3))

        assert 0 == shop.ledger.liability().count
        assert 1 == shop.ledger.at(scan).liability(at=shop.clock()).count


def test_no_moment():
    """
    A time without a zone is no moment.
    """
    with Shop() as shop, pytest.raises(InvalidInput, match="at"):
        shop.ledger.liability(at=datetime(2024, 1, 1))


def test_long_day():
    """
    A day of more than two hundred wishes owes what a plain fold finds, at every twenty-fifth entry.
    """
    with Shop() as shop:
        day = Day(shop)
        for wish in LONG_DAY:
            day.wish(*wish)

        for seq in range(1, shop.head, 25):
            view = shop.ledger.at(seq)
            assert folded(shop, seq, view.moment.at) == shown(view.liability())
