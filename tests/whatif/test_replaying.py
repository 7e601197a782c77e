"""
The history decided again: under the very same rules it is the same in everything, under others what is worked out by
hand.
"""

import io
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import attrs
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from stampledger import (
    AfterLastGoal,
    Brand,
    CodeScope,
    InvalidInput,
    Ledger,
    Limits,
    Lottery,
    OverCap,
    Overflow,
    PerAmount,
    Refused,
    TemplateNotFound,
    Variant,
    Voucher,
    WhatIf,
)
from stampledger.whatif.replaying import AS_THEY_WERE, History, Rules
from tests.ledger.days import LONG_DAY, Day, Wish, wishes
from tests.ledger.shop import CAKE, CAKE_DRAW, LUCK, NOTHING_DRAW, TOPPING_DRAW, Shop, at, coffee, the
from tests.servers.database import Database

OPENING: list[Wish] = [  # Cards of every template, some of them full.
    *(("template", number, 0) for number in range(1, 4)),
    *(("issue", number, 0) for number in range(1, 4)),
    *(("add", number, 11) for number in (1, 2, 2)),
]


def lived(shop: Shop, days: list[Wish]) -> None:
    day = Day(shop)
    for wish in (*OPENING, *days):
        day.wish(*wish)


def differing(ledger: Ledger, rules: Rules) -> list[tuple[object, object]]:
    """Cards whose whole state, version, credits, ids of rewards and all, is not what it really is."""
    history = History(ledger._store, ledger.moment, None)
    groups = history.groups()
    found: list[tuple[object, object]] = []
    seen: set[int] = set()
    for card in history.cards(None):
        for pair in history.together(groups.get(card, [card]), lambda _: True, rules):
            if pair.number not in seen:
                seen.add(pair.number)
                if pair.real != pair.twin.state or pair.refused != pair.twin.refused.total() or pair.twin.unmet:
                    found.append((pair.real, pair.twin.state))
    return found


@settings(max_examples=max(1, settings().max_examples // 10))
@given(days=wishes(size_min=5, size_max=40), share=st.floats(0, 1))
def test_same_rules(days: list[Wish], share: float):
    """
    Decided again under the rules there were, every card is to the last detail what it really is, and nothing differs.
    """
    with Shop() as shop:
        lived(shop, days)
        kinds = {entry.kind for entry in shop.ledger.entries()}
        for kind in ("stamp_voided", "voucher_redeemed", "lottery_played", "template_changed", "stamp_rejected"):
            if kind in kinds:
                event(kind)

        assert [] == differing(shop.ledger, AS_THEY_WERE)
        since = shop.ledger.at(max(1, int(shop.head * share))).moment.at
        for found in (shop.ledger.replay_under({}), shop.ledger.replay_under({}, since=min(since, shop.clock()))):
            assert (0, ()) == (found.cards_differing, found.cards)
            assert all(row.real == row.other for row in found.rewards)
            assert () == found.unmet


@settings(max_examples=max(1, settings().max_examples // 25))
@given(days=wishes("template", "move", size_min=5, size_max=40))
def test_same_templates(days: list[Wish]):
    """
    A template that stands for itself changes nothing.
    """
    with Shop() as shop:
        lived(shop, days)
        known = {info.key: info.template for info in shop.ledger.templates()}

        found = shop.ledger.replay_under(known)

        assert (0, ()) == (found.cards_differing, found.cards)
        assert [] == differing(shop.ledger, Rules({shop.ledger.template(key).id: known[key] for key in known}))


def test_long_day():
    """
    A day of more than two hundred wishes, decided again, is the same.
    """
    with Shop() as shop:
        lived(shop, LONG_DAY)

        assert [] == differing(shop.ledger, AS_THEY_WERE)


# Stories in which recovering a wish takes more than its own entry.


def released(shop: Shop) -> None:
    """A redemption, a void and an expiry let go a full card whose waiting stamps fill it again."""
    for end in ("redeem", "void", "wait", "wait long"):
        card = shop.card(4, key=end, after_last_goal=AfterLastGoal.HOLD)
        voucher = shop.ledger.add_stamps(card, 9).card.vouchers[0].id
        if end == "redeem":
            shop.ledger.redeem(voucher)
        elif end == "void":
            shop.ledger.void_voucher(voucher)
        else:
            shop.clock.wait(timedelta(days=31 if end == "wait" else 62))
            shop.ledger.expire()
            shop.clock.wait(timedelta(days=31))
            shop.ledger.expire(until=shop.clock() - timedelta(days=1))


def chosen(shop: Shop) -> None:
    """Of two vouchers of one title the later one is redeemed, and that is taken back."""
    card = shop.card(2, 4)
    for _ in range(2):
        shop.ledger.add_stamps(card, 2)
        shop.clock.wait(timedelta(days=1))
    later = max(shop.ledger.card(card).vouchers, key=lambda voucher: voucher.issued_at).id
    shop.ledger.redeem(later)
    shop.ledger.reverse_redemption(later)
    shop.ledger.void_voucher(later)


def played(shop: Shop) -> None:
    """A draw lets go a full card, with a prize or without."""
    card = shop.card(4, reward=LUCK, after_last_goal=AfterLastGoal.HOLD)
    shop.ledger.add_stamps(card, 13)
    for _ in range(3):
        lottery = next(reward for reward in shop.ledger.card(card).lotteries if reward.status == "granted")
        shop.ledger.play_lottery(lottery.id)


def lapsed(shop: Shop) -> None:
    """A void finds some of its stamps lapsed."""
    card = shop.card(8, stamps_valid_for=timedelta(hours=5))
    first = shop.ledger.add_stamps(card, 3)
    shop.clock.wait(timedelta(hours=5))
    shop.ledger.add_stamps(card, 2)
    shop.ledger.void_stamps(first)


def moved(shop: Shop) -> None:
    """Cards are moved, forced or not, and what was paid before is voided."""
    money: dict[str, Any] = {"per_amount": PerAmount(amount=Decimal(10))}
    card = shop.card(8, **money)
    scan = shop.ledger.add_stamps(card, amount=Decimal(35))
    shop.template(12, **money)
    shop.ledger.move_to_template("free-coffee", cards=[card], force=True)
    shop.ledger.add_stamps(card, amount=Decimal(17))
    shop.ledger.void_stamps(scan)
    shop.template(3, **money)
    shop.ledger.move_to_template("free-coffee", cards=[card])


def over(shop: Shop) -> None:
    """Credits go over a limit or a full card, and are sent by two cards."""
    dropping = shop.card(4, overflow=Overflow.DROP, limits=Limits(per_day=6, over_cap=OverCap.GRANT))
    for code in ("R-1", "R-2"):
        shop.ledger.add_stamps(dropping, 5, code=code)
    with pytest.raises(Refused):
        shop.ledger.add_stamps(dropping, 4, code="R-1")


def shared(shop: Shop) -> None:
    """A code goes from card to card, through templates that see it differently."""
    first, second = shop.card(8, voided_code_reusable=True), shop.card(8, voided_code_reusable=True)
    third = shop.card(8, key="own", code_scope=CodeScope.CARD)
    fourth = shop.card(8, key="kin", code_scope=CodeScope.TEMPLATE)
    for card in (third, fourth, first, second, third, fourth):
        with suppress(Refused):
            shop.ledger.add_stamps(card, 2, code="R-1")
    used = shop.ledger.add_stamps(first, 3, code="R-2")
    for card in (second, third):
        with suppress(Refused):
            shop.ledger.add_stamps(card, 3, code="R-2")
    shop.ledger.void_stamps(used)
    for card in (second, first):
        with suppress(Refused):
            shop.ledger.add_stamps(card, 2, code="R-2")
    shop.ledger.void_stamps(shop.ledger.add_stamps(first, code="R-3"))
    shop.ledger.add_stamps(second, code="R-3")


def abroad(shop: Shop) -> None:
    """The day begins elsewhere than before."""
    card = shop.card(8, limits=Limits(per_day=1))
    shop.ledger.add_stamps(card)
    shop.ledger.set_brand(Brand(name="Blue Cup", time_zone="Asia/Seoul"))
    shop.clock.wait(timedelta(hours=6))
    shop.ledger.add_stamps(card)
    with pytest.raises(Refused):
        shop.ledger.add_stamps(card)


def received(shop: Shop) -> None:
    """A receipt gives its card out and stamps it."""
    shop.template(2)
    rows = "receipt,customer,occurred_at\nR-1,K-1,2024-02-26T10:00Z\nR-2,K-1,2024-02-26T11:00Z\n"
    shop.ledger.import_receipts(io.StringIO(rows), template="free-coffee")


STORIES = [released, chosen, played, lapsed, moved, over, shared, abroad, received]


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_story(story: Callable[[Shop], None]):
    """
    Decided again under the rules there were, every card of the story is to the last detail what it really is.
    """
    with Shop(draws=(CAKE_DRAW, NOTHING_DRAW, TOPPING_DRAW)) as shop:
        story(shop)

        assert 2 <= sum(entry.kind in ("stamp_added", "voucher_issued") for entry in shop.ledger.entries())
        assert [] == differing(shop.ledger, AS_THEY_WERE)
        assert 0 == shop.ledger.replay_under({}).cards_differing


# Worked out by hand.

EIGHT, FOUR = coffee(8), coffee(4)


@pytest.fixture
def year() -> Iterator[Shop]:
    """Anna comes 17 times and redeems what she gets at once, Ben 7 times, Cleo never."""
    with Shop() as shop:
        published = shop.ledger.publish_template("coffee", EIGHT)
        anna, ben, _ = (shop.ledger.issue_card(published).subject for _ in range(3))
        for visit in range(17):
            shop.clock.wait(timedelta(days=1))
            scan = shop.ledger.add_stamps(the(anna), code=f"A-{visit}")
            for voucher in scan.card.vouchers:
                if voucher.status == "active":
                    shop.ledger.redeem(voucher.id)
            if visit < 7:
                shop.ledger.add_stamps(the(ben), code=f"B-{visit}")
        yield shop


def counts(found: WhatIf, title: str = "Free coffee") -> dict[str, tuple[int, int]]:
    """What differs of a title's counts, really and under the other rules."""
    row = next(row for row in found.rewards if row.title == title)
    both = {name: (getattr(row.real, name), getattr(row.other, name)) for name in attrs.asdict(row.real)}
    return {name: (real, other) for name, (real, other) in both.items() if real or other}


def test_four_instead_of_eight(year: Shop):
    """
    With a goal at 4 Anna earns four vouchers and not two, and Ben one; Anna redeems no more often than she did.
    """
    found = year.ledger.replay_under(FOUR, values={"Free coffee": 250})

    assert {"given": (2, 5), "redeemed": (2, 2), "outstanding": (0, 3)} == counts(found)
    assert (3, 0) == (found.rewards_more, found.rewards_fewer)
    assert ((500, 500), (0, 750)) == (found.cost, found.liability)
    assert (3, 3) == (found.cards_count, found.cards_differing)
    told = {card.number: (str(card.real.progress), str(card.other.progress), card.other.cycle) for card in found.cards}
    assert {100_001: ("1/8", "1/4", 5), 100_002: ("7/8", "3/4", 2), 100_003: ("0/8", "0/4", 1)} == told
    assert [100_001, 100_002, 100_003] == [card.number for card in found.cards]
    assert () == found.unmet


def test_sixteen_instead_of_eight(year: Shop):
    """
    With a goal at 16 there is one voucher, which comes too late for one of the redemptions.
    """
    found = year.ledger.replay_under({"coffee": coffee(16)})

    assert {"given": (2, 1), "redeemed": (2, 1)} == counts(found)
    assert (0, 1) == (found.rewards_more, found.rewards_fewer)
    assert (("redeem", 1),) == found.unmet


def test_nothing_is_written(year: Shop):
    """
    The ledger is left as it was, in every row.
    """
    before = year.dump()

    year.ledger.replay_under(FOUR)

    assert before == year.dump()


def test_since(year: Shop):
    """
    Since the day before her 15th visit: Anna's 6 of 8 are carried over to 4 as a forced move would, which earns one.
    """
    found = year.ledger.replay_under(FOUR, since=at(days=14.5), cards=[100_001])

    (card,) = found.cards
    assert ("1/8", "1/4") == (str(card.real.progress), str(card.other.progress))
    assert {"given": (2, 3), "redeemed": (2, 2), "outstanding": (0, 1)} == counts(found)


def test_since_the_last_moment(year: Shop):
    """
    A card of which nothing was asked since then comes under the other rules all the same: Ben's 7 of 8 earn one at 4.
    """
    found = year.ledger.replay_under(FOUR, since=year.clock(), cards=[100_002])

    assert {"given": (0, 1), "outstanding": (0, 1)} == counts(found)


def test_deleted_card():
    """
    What lapsed by time on a deleted card has expired, though nobody recorded it.
    """
    with Shop() as shop:
        card = shop.card(2)
        shop.ledger.add_stamps(card, 2)
        shop.ledger.delete_card(card)
        shop.clock.wait(timedelta(days=31))

        found = shop.ledger.replay_under(coffee(1))

        assert {"given": (1, 2), "expired": (1, 2)} == counts(found)


def test_some_cards(year: Shop):
    """
    Only the cards asked about are decided again.
    """
    found = year.ledger.replay_under(FOUR, cards=[100_002])

    assert (1, 1) == (found.cards_count, found.cards_differing)
    assert {"given": (0, 1), "outstanding": (0, 1)} == counts(found)


def test_refused_credit_goes_through():
    """
    A credit that a limit refused is a wish, and goes through where there is no such limit.
    """
    with Shop() as shop:
        card = shop.card(2, limits=Limits(per_day=1))
        shop.ledger.add_stamps(card, code="R-1")
        with pytest.raises(Refused):
            shop.ledger.add_stamps(card, code="R-2")

        found = shop.ledger.replay_under(coffee(2))

        assert (1, 0) == (found.refused, found.refused_other)
        assert {"given": (0, 1), "outstanding": (0, 1)} == counts(found)


def test_credit_is_refused():
    """
    The other way round, a limit refuses what went through.
    """
    with Shop() as shop:
        card = shop.card(2)
        shop.ledger.add_stamps(card, code="R-1")
        shop.ledger.add_stamps(card, code="R-2")

        found = shop.ledger.replay_under(coffee(2, limits=Limits(per_day=1)))

        assert (0, 1) == (found.refused, found.refused_other)
        assert {"given": (1, 0), "outstanding": (1, 0)} == counts(found)


@pytest.mark.parametrize("chosen", [None, 1], ids=["all cards", "the second card"])
def test_code_on_two_cards(chosen: int | None):
    """
    A code good once on each card is good once in the business under other rules, also where only one card is asked for.
    """
    with Shop() as shop:
        cards = [shop.card(2, code_scope=CodeScope.CARD) for _ in range(2)]
        for card in cards:
            shop.ledger.add_stamps(card, code="R-1")

        asked = None if chosen is None else [cards[chosen]]
        found = shop.ledger.replay_under(coffee(2), cards=asked)

        assert (0, 1) == (found.refused, found.refused_other)
        assert [cards[1]] == [card.card_id for card in found.cards]


def test_code_freed_by_a_limit():
    """
    A code whose first use is refused under other rules is free for the next card.
    """
    with Shop() as shop:
        first, second = shop.card(2), shop.card(2)
        shop.ledger.add_stamps(first, code="R-0")
        shop.ledger.add_stamps(first, code="R-1")
        with pytest.raises(Refused):
            shop.ledger.add_stamps(second, code="R-1")

        found = shop.ledger.replay_under(coffee(2, limits=Limits(per_day=1)))

        assert {first: 1, second: 1} == {card.card_id: card.other.stamps_total for card in found.cards}


def test_void_takes_back_what_was_not_earned():
    """
    A void takes its stamps back here too, and with them a voucher that was never really given.
    """
    with Shop() as shop:
        card = shop.card(8)
        for code in ("R-1", "R-2", "R-3", "R-4"):
            shop.ledger.add_stamps(card, code=code)
        shop.ledger.void_stamps("R-4")

        found = shop.ledger.replay_under(FOUR)

        assert {"given": (0, 1), "voided": (0, 1)} == counts(found)
        assert 0 == found.rewards_more


def test_draw_is_used_again():
    """
    A draw that was made is made again, by the other shares; a lottery that nobody played stays to be played.
    """
    with Shop(draws=(CAKE_DRAW,)) as shop:
        card = shop.card(2, reward=LUCK)
        scan = shop.ledger.add_stamps(card, 2)
        shop.ledger.play_lottery(scan.card.lotteries[0].id)
        worse = Lottery(
            title="Lucky draw",
            variants=(Variant(percentage=9, name="Cake", reward=CAKE), Variant(percentage=91, name="Nothing")),
        )

        found = shop.ledger.replay_under(coffee(1, reward=worse))

        assert {"given": (1, 0), "outstanding": (1, 0)} == counts(found, "Free cake")
        assert {"given": (1, 2), "played": (1, 1), "outstanding": (0, 1)} == counts(found, "Lucky draw")


def test_amounts():
    """
    A receipt whose amount did not count earns by it under rules that go by the amount.
    """
    with Shop() as shop:
        card = shop.card(8)
        shop.ledger.add_stamps(card, amount=Decimal("39.90"), code="R-1")

        found = shop.ledger.replay_under(coffee(8, per_amount=PerAmount(amount=Decimal(10))))

        assert (1, 3) == (found.cards[0].real.stamps_total, found.cards[0].other.stamps_total)


def test_opening_balance_beyond_the_card(tmp_path: Path):
    """
    An opening balance that is more than a smaller card holds is carried over, and earns what it reaches.
    """
    with Shop() as shop:
        shop.template(8)
        file = tmp_path / "cards.csv"
        file.write_text("external_id,stamps\nK-1,6\n", encoding="utf-8")
        shop.ledger.import_cards(file, source="old", template="free-coffee")

        found = shop.ledger.replay_under(FOUR)

        assert {"given": (0, 1), "outstanding": (0, 1)} == counts(found)
        assert "2/4" == str(found.cards[0].other.progress)


def test_most_different_cards(year: Shop):
    """
    The answer holds as many cards as asked for, those that differ most; each one can be seen as it comes.
    """
    seen: list[int] = []

    found = year.ledger.replay_under(FOUR, limit=1, each=lambda card: seen.append(card.number))

    assert ([100_001], 3) == ([card.number for card in found.cards], found.cards_differing)
    assert [100_001, 100_002, 100_003] == seen


def test_progress(year: Shop):
    """
    Whoever follows the work sees it begin and end, and may end it.
    """
    told: list[tuple[int, int]] = []
    year.ledger.replay_under(FOUR, progress=lambda done, total: told.append((done, total)))

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        year.ledger.replay_under(FOUR, progress=stop)

    assert [(0, 3), (3, 3)] == told
    assert () == year.ledger.verify().faults


@pytest.mark.parametrize("rules", [None, "coffee", {"coffee": None}, {"coffee": EIGHT.goals}], ids=repr)
def test_rules_that_are_none(year: Shop, rules: object):
    """
    Rules are templates, and nothing else.
    """
    with pytest.raises(InvalidInput, match="rules"):
        year.ledger.replay_under(rules)  # type: ignore[arg-type]


def test_unknown_key(year: Shop):
    """
    A key that no template has is told.
    """
    with pytest.raises(TemplateNotFound):
        year.ledger.replay_under({"cofee": FOUR})


def test_since_ahead(year: Shop):
    """
    Nobody can ask since a moment that is yet to come.
    """
    with pytest.raises(InvalidInput, match="since"):
        year.ledger.replay_under(FOUR, since=at(days=100))


def test_every_engine(database: Database):
    """
    What the engines read is the same.
    """
    with Shop(database=database) as shop:
        lived(shop, LONG_DAY[::3])

        found = shop.ledger.replay_under({"Coffee": coffee(2)})

        assert [] == differing(shop.ledger, AS_THEY_WERE)
        assert 1 <= found.cards_differing < found.cards_count


def test_reversal_of_what_was_redeemed_before(year: Shop):
    """
    A redemption from before the moment since which other rules hold can be taken back after it.
    """
    year.clock.wait(timedelta(days=1))
    since = year.clock()
    year.ledger.reverse_redemption(year.ledger.card(100_001).vouchers[0].id)

    found = year.ledger.replay_under(EIGHT, since=since)

    assert (0, ()) == (found.cards_differing, found.unmet)


# Shown.


def test_table(year: Shop):
    """
    The table says of each reward what was and what would have been.
    """
    shown = year.ledger.replay_under(FOUR, values={"Free coffee": 250}).table()

    assert shown == (
        "3 of 3 cards differ.\n"
        "\n"
        "Reward                 given  kept  redeemed  played  outstanding  expired  voided  value\n"
        "Free coffee (voucher)  2 → 5     0         2       0        0 → 3        0       0    250\n"
        "\n"
        "Rewards: 3 more, 0 fewer.\n"
        "Credits refused: 0.\n"
        "Cost in minor units: 500; outstanding: 0 → 750.\n"
    )


def test_plot(year: Shop):
    """
    The plot is a picture of two bars a reward, without script or style, whatever a title says.
    """
    hostile = Voucher(title='<b>&"Free"</b>')
    picture = year.ledger.replay_under(coffee(4, reward=hostile)).svg()

    root = ElementTree.fromstring(picture)
    names = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert {"svg", "title", "rect", "text", "line"} == names
    assert not {"style", "class", "onload"} & {name for element in root.iter() for name in element.attrib}
    bars = [rect for rect in root.iter() if rect.get("fill-opacity")]
    assert [("1", "80"), ("1", "120"), ("0.55", "80")] == [(bar.get("fill-opacity"), bar.get("height")) for bar in bars]
