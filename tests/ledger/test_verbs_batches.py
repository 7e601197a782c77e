"""
Many cards at once: birthdays, expiry, campaigns and moves; run twice, interrupted, and run again.
"""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from stampledger import (
    AfterLastGoal,
    Award,
    Batch,
    BirthdayGift,
    Brand,
    CardNotFound,
    InvalidInput,
    LeapDay,
    TemplateNotFound,
    events,
    refusals,
)
from tests.ledger.shop import CAKE, COFFEE, Shop, at, coffee, stamps, statuses, the

TODAY = date(2024, 2, 27)
GIFT = BirthdayGift(reward=CAKE, stamps=2, days_before=3, days_after=3)


def crowd(shop: Shop, count: int, **policies: Any) -> list[UUID]:
    """Cards of as many customers, all born today."""
    template = shop.template(**policies)
    born = date(1980, TODAY.month, TODAY.day)
    customers = [shop.customer(f"Customer {number}", birthday=born) for number in range(count)]
    return [the(shop.ledger.issue_card(template, customer=customer).subject) for customer in customers]


class Interrupted(Exception):
    """The power went, or somebody pressed a key."""


def interrupt(after: int) -> Callable[[int, int], None]:
    def progress(done: int, total: int) -> None:
        if done >= after:
            raise Interrupted

    return progress


Run = Callable[[Shop, list[UUID], Any], Batch]
RUNS: dict[str, Run] = {
    "celebrate_birthdays": lambda shop, cards, progress: shop.ledger.celebrate_birthdays(TODAY, progress=progress),
    "expire": lambda shop, cards, progress: shop.ledger.expire(progress=progress),
    "send_campaign": lambda shop, cards, progress: shop.ledger.send_campaign(
        "spring", name="Spring", cards=cards, voucher=CAKE, progress=progress
    ),
    "move_to_template": lambda shop, cards, progress: shop.ledger.move_to_template("free-coffee", progress=progress),
}


def ready(shop: Shop, count: int) -> list[UUID]:
    """Cards with something to do for every run."""
    gift = BirthdayGift(reward=CAKE, days_after=10)
    cards = crowd(shop, count, birthday=gift, stamps_valid_for=timedelta(days=1))
    for card in cards:
        shop.ledger.add_stamps(card, 2)
    shop.template(7)
    shop.clock.wait(timedelta(days=2))
    return cards


@pytest.mark.parametrize("name", RUNS)
def test_progress_is_reported(shop: Shop, name: str):
    """
    A long run reports how far it is, from nothing to everything, and answers a scan for each card.
    """
    cards, reports = ready(shop, 450), list[tuple[int, int]]()

    batch = RUNS[name](shop, cards, lambda done, total: reports.append((done, total)))

    assert [(0, 450), (200, 450), (400, 450), (450, 450)] == reports
    assert len(cards) == len(batch.scans) - (name == "send_campaign") and 0 == batch.skipped
    assert () == shop.ledger.verify().faults


@pytest.mark.parametrize("name", RUNS)
@pytest.mark.parametrize("kind", [Interrupted, KeyboardInterrupt])
def test_interrupted_and_run_again(shop: Shop, name: str, kind: type[BaseException]):
    """
    A run that was interrupted keeps what it did; run again it does the rest, and run once more nothing.
    """
    cards = ready(shop, 420)

    def progress(done: int, total: int) -> None:
        if done >= 200:
            raise kind

    with pytest.raises(kind):
        RUNS[name](shop, cards, progress)
    done = shop.head
    second = RUNS[name](shop, cards, None)
    third = RUNS[name](shop, cards, None)

    assert 220 == len(second.scans) and done + second.entries_count == shop.head
    assert () == third.scans and third.repeated
    told: dict[str, type] = {
        "celebrate_birthdays": events.BirthdayReached,
        "expire": events.StampsExpired,
        "send_campaign": events.CampaignSent,
        "move_to_template": events.TemplateChanged,
    }
    each = [entry.stream for entry in shop.ledger.entries() if isinstance(entry.event, told[name])]
    assert sorted(cards) == sorted(each)
    assert () == shop.ledger.verify().faults


def test_interrupted_in_the_middle_of_a_transaction(shop: Shop):
    """
    What breaks in the middle of a few hundred cards leaves none of these few hundred, and the next run does them all.
    """
    cards = ready(shop, 250)
    asked = 0

    def failing_id() -> UUID:
        nonlocal asked
        asked += 1
        if asked == 230:
            raise Interrupted
        return UUID(int=(1 << 99) + asked)

    shop.ids = failing_id
    shop.reopen()
    before = shop.head

    with pytest.raises(Interrupted):
        RUNS["send_campaign"](shop, cards, None)
    assert before + 1 + 2 * 200 == shop.head
    rest = RUNS["send_campaign"](shop, cards, None)

    assert (50, 200) == (len(rest.scans), rest.skipped)
    assert () == shop.ledger.verify().faults


def test_interrupted_batch_goes_on_under_its_key(shop: Shop):
    """
    An idempotency key of a batch that was interrupted is not used up: the batch goes on under it.
    """
    cards = ready(shop, 250)

    with pytest.raises(Interrupted):
        shop.ledger.celebrate_birthdays(TODAY, progress=interrupt(200), idempotency_key="k")
    rest = shop.ledger.celebrate_birthdays(TODAY, idempotency_key="k")

    assert 50 == len(rest.scans) and 250 == len(cards)
    assert shop.ledger.celebrate_birthdays(TODAY, idempotency_key="k").repeated


# Birthdays.


def test_birthday(shop: Shop):
    """
    A birthday is marked once a year and card, with the reward and the bonus stamps the template gives.
    """
    card = crowd(shop, 1, birthday=GIFT)[0]

    shop.clock.wait(timedelta(days=366))
    batches = [shop.ledger.celebrate_birthdays(TODAY + timedelta(days=days)) for days in (-4, -3, 0, 3, 366)]

    assert [0, 1, 0, 0, 1] == [len(batch.scans) for batch in batches]
    assert [2024, 2025] == [row.event.year for row in shop.ledger.journal(kinds=["birthday_reached"], after=0)][::-1]  # type: ignore[attr-defined]
    assert "4/8" == stamps(shop.ledger, card)
    assert [("Free cake", "active")] * 2 == statuses(shop.ledger, card)
    assert "birthday of 2024" in str(shop.ledger.explain(shop.ledger.rewards(card)[-1].id))


@pytest.mark.parametrize(
    ("leap_day", "born", "day", "celebrated"),
    [
        (LeapDay.FEBRUARY_28, date(1992, 2, 29), date(2025, 2, 28), 1),
        (LeapDay.FEBRUARY_28, date(1992, 2, 29), date(2025, 3, 1), 0),
        (LeapDay.MARCH_1, date(1992, 2, 29), date(2025, 2, 28), 0),
        (LeapDay.MARCH_1, date(1992, 2, 29), date(2025, 3, 1), 1),
        (LeapDay.MARCH_1, date(1992, 2, 29), date(2024, 2, 29), 1),
        (LeapDay.FEBRUARY_28, date(2024, 2, 27), date(2024, 2, 27), 1),
    ],
)
def test_day_that_is_celebrated(shop: Shop, leap_day: LeapDay, born: date, day: date, celebrated: int):
    """
    Who was born on 29 February celebrates by the template's choice in other years.
    """
    template = shop.template(birthday=BirthdayGift(reward=Award(title="Cake"), leap_day=leap_day))
    shop.ledger.issue_card(template, customer=shop.customer(birthday=born))
    shop.clock.wait(timedelta(days=400))

    assert celebrated == len(shop.ledger.celebrate_birthdays(day).scans)


@pytest.mark.parametrize(
    ("born", "day", "year"),
    [
        (date(1990, 1, 2), date(2024, 12, 30), 2025),
        (date(1990, 12, 30), date(2025, 1, 2), 2024),
        (date(1990, 1, 1), date(2024, 12, 29), 2025),
        (date(1990, 3, 1), date(2024, 2, 27), 2024),
    ],
)
def test_window_around_new_year(shop: Shop, born: date, day: date, year: int):
    """
    A gift's window reaches over the turn of the year, and the gift is that of the birthday's own year.
    """
    template = shop.template(birthday=GIFT)
    shop.ledger.issue_card(template, customer=shop.customer(birthday=born))
    shop.clock.wait(timedelta(days=400))

    batch = shop.ledger.celebrate_birthdays(day)

    assert 1 == len(batch.scans)
    assert [year] == [row.event.year for row in shop.ledger.journal(kinds=["birthday_reached"])]  # type: ignore[attr-defined]


def test_nobody_to_celebrate(shop: Shop):
    """
    No gift goes to who told no birthday, was forgotten, to a deleted card, or under a template without one.
    """
    template = shop.template(birthday=GIFT)
    born = date(1980, 2, 27)
    silent, gone, deleted, other = (shop.customer(birthday=day) for day in (None, born, born, born))
    cards = [the(shop.ledger.issue_card(template, customer=customer).subject) for customer in (silent, gone, deleted)]
    shop.ledger.issue_card(shop.template(6, key="plain"), customer=other)
    shop.ledger.forget_customer(gone)
    shop.ledger.delete_card(cards[2])
    before = shop.dump()

    batch = shop.ledger.celebrate_birthdays(TODAY)

    assert batch.repeated and () == batch.refused
    assert before == shop.dump()


def test_birthday_on_an_expired_card(shop: Shop):
    """
    An expired card gets no gift; the batch says which it was and goes on.
    """
    cards = crowd(shop, 2, birthday=GIFT, card_valid_for=timedelta(hours=1))
    shop.clock.wait(timedelta(hours=1))
    late = the(shop.ledger.issue_card("free-coffee", customer=shop.customer("Late", birthday=TODAY)).subject)

    batch = shop.ledger.celebrate_birthdays(TODAY)

    assert cards == [card for card, _ in batch.refused]
    assert all(isinstance(refusal, refusals.CardIsExpired) for _, refusal in batch.refused)
    assert 1 == len(batch.scans) and "2/8" == stamps(shop.ledger, late)


def test_bonus_on_a_full_held_card(shop: Shop):
    """
    A held card takes no bonus stamps: the batch says so, and gives them once the card is let go.
    """
    card = crowd(shop, 1, birthday=BirthdayGift(stamps=3), after_last_goal=AfterLastGoal.HOLD)[0]
    voucher = shop.ledger.add_stamps(card, 8).card.vouchers[0]

    first = shop.ledger.celebrate_birthdays(TODAY)
    shop.ledger.redeem(voucher)
    second = shop.ledger.celebrate_birthdays(TODAY)

    assert [card] == [found for found, _ in first.refused]
    assert 1 == len(second.scans) and "3/8" == stamps(shop.ledger, card)


def test_birthdays_of_a_day_to_come(shop: Shop):
    """
    Gifts are given when they are due: a date that lies ahead is a mistake.
    """
    crowd(shop, 1, birthday=GIFT)
    before = shop.head

    with pytest.raises(InvalidInput, match="on: must not lie ahead"):
        shop.ledger.celebrate_birthdays(TODAY + timedelta(days=400))

    assert before == shop.head


# Expiry.


def test_what_has_lapsed_is_recorded_as_of_when_it_did(shop: Shop):
    """
    The batch records stamps, vouchers, coupons and cards at the instant they lapsed, and changes no answer.
    """
    card = shop.card(4, stamps_valid_for=timedelta(days=2), card_valid_for=timedelta(days=40))
    shop.ledger.add_stamps(card, 5)
    coupon = the(shop.ledger.issue_coupon(COFFEE).events[0]).voucher_id
    shop.clock.wait(timedelta(days=50))
    before = (shop.ledger.card(card), shop.ledger.reward(coupon))

    batch = shop.ledger.expire()

    rows = list(shop.ledger.entries(after=batch.id - 1))
    told = {(type(entry.event).__name__, entry.occurred_at) for entry in rows}
    assert {
        ("StampsExpired", at(days=2)), ("VoucherExpired", at(days=30)), ("CardExpired", at(days=40)),
    } == told  # fmt: skip
    assert 4 == len(rows) == batch.entries_count
    assert before == (shop.ledger.card(card), shop.ledger.reward(coupon))
    again = shop.ledger.expire()
    assert again.repeated and 0 == again.skipped  # Nothing is looked at twice, whatever a voucher's end was.


def test_used_vouchers_are_not_looked_at(shop: Shop):
    """
    A batch looks only at what may have lapsed: a voucher that was used or taken back is none of it.
    """
    card = shop.card(2)
    for number in range(3):
        voucher = shop.ledger.add_stamps(card, 2).card.vouchers[0].id
        (shop.ledger.redeem if number else shop.ledger.void_voucher)(voucher)
    shop.clock.wait(timedelta(days=31))

    batch = shop.ledger.expire()

    assert (0, 0) == (len(batch.scans), batch.skipped)


def test_held_card_whose_reward_has_lapsed(shop: Shop):
    """
    A card waits for its reward no longer than that is good, whether or not its end was recorded.
    """
    card = shop.card(2, after_last_goal=AfterLastGoal.HOLD)
    shop.ledger.add_stamps(card, 3)
    shop.clock.wait(timedelta(days=30))
    before = shop.ledger.card(card)

    shop.ledger.expire()

    assert ("1/2", 2, "active", 0) == (str(before.progress), before.cycle, before.status, before.carried)
    assert before == shop.ledger.card(card)


def test_expire_until_a_moment(shop: Shop):
    """
    Only what has lapsed by the moment named is recorded; a moment that lies ahead is none.
    """
    card = shop.card(stamps_valid_for=timedelta(days=2))
    shop.ledger.add_stamps(card)
    shop.clock.wait(timedelta(days=5))

    assert shop.ledger.expire(until=at(days=2) - timedelta(microseconds=1)).repeated
    with pytest.raises(InvalidInput, match="until"):
        shop.ledger.expire(until=at(days=5, hours=0.01))
    assert 1 == len(shop.ledger.expire(until=at(days=2)).scans)


# Campaigns.


def test_campaign(shop: Shop):
    """
    A campaign reaches each card once, with its voucher; sent again it reaches only those it has not reached.
    """
    cards = crowd(shop, 3)

    first = shop.ledger.send_campaign("spring", name="Spring", cards=cards[:2] * 2, text="Hello", voucher=COFFEE)
    second = shop.ledger.send_campaign("spring", name="Spring", cards=cards, text="Hello", voucher=COFFEE)

    assert (3, 0) == (len(first.scans), first.skipped)
    assert (1, 2) == (len(second.scans), second.skipped)
    assert [[("Free coffee", "active")]] * 3 == [statuses(shop.ledger, card) for card in cards]
    assert "campaign Spring" in str(shop.ledger.explain(shop.ledger.rewards(cards[0])[0].id))


def test_campaign_with_another_content(shop: Shop):
    """
    A campaign's key stands for one content.
    """
    cards = crowd(shop, 1)
    shop.ledger.send_campaign("spring", name="Spring", cards=cards)
    before = shop.dump()

    with pytest.raises(InvalidInput, match="campaign"):
        shop.ledger.send_campaign("spring", name="Summer", cards=cards)
    with pytest.raises(InvalidInput, match="at most 20 characters for a push"):
        shop.ledger.send_campaign("autumn", name="Autumn", cards=cards, text="x" * 21)
    with pytest.raises(CardNotFound):
        shop.ledger.send_campaign("winter", name="Winter", cards=[*cards, UUID(int=1 << 80)])

    assert before == shop.dump()


def test_campaign_to_who_is_gone(shop: Shop):
    """
    A campaign does not reach who was forgotten, nor a deleted card; it says so and goes on.
    """
    cards = crowd(shop, 3)
    shop.ledger.forget_customer(the(shop.ledger.card(cards[0]).customer).id)
    shop.ledger.delete_card(cards[1])

    batch = shop.ledger.send_campaign("spring", name="Spring", cards=cards, channels=["email"], text="x" * 21)

    assert [(cards[0], "customer_is_forgotten"), (cards[1], "card_is_deleted")] == [
        (card, refusal.code) for card, refusal in batch.refused
    ]
    assert 2 == len(batch.scans)


# Moves.


def test_move_shows_and_then_moves(shop: Shop):
    """
    A dry run shows each card before and after and writes nothing; the move then does just that.
    """
    cards = crowd(shop, 2)
    shop.ledger.add_stamps(cards[0], 5)
    shop.template(6)
    before = shop.dump()

    shown = shop.ledger.move_to_template("free-coffee", dry_run=True)
    assert before == shop.dump()
    moved = shop.ledger.move_to_template("free-coffee")

    assert [("5/8", "5/6"), ("0/8", "0/6")] == [(str(move.before), str(move.after)) for move in shown.moves]
    assert shown.moves == moved.moves and () == shown.scans
    assert ["5/6", "0/6"] == [stamps(shop.ledger, card) for card in cards]
    assert [2, 2] == [shop.ledger.card(card).template_version for card in cards]
    assert shop.ledger.move_to_template("free-coffee").repeated


def test_move_away_from_a_reward(shop: Shop):
    """
    No card gets further from its reward, unless that is forced.
    """
    cards = crowd(shop, 2)
    shop.ledger.add_stamps(cards[0], 7)
    shop.template(12)

    refused = shop.ledger.move_to_template("free-coffee")
    assert sorted(cards) == sorted(card for card, _ in refused.refused)
    assert (1, 5) == (refused.refused[0][1].missing_before, refused.refused[0][1].missing_after)  # type: ignore[attr-defined]
    assert refused.repeated and [None] * 2 != [move.refusal for move in refused.moves]
    forced = shop.ledger.move_to_template("free-coffee", force=True)

    assert 2 == len(forced.scans)
    assert "7/12" == stamps(shop.ledger, cards[0])
    assert shop.ledger.journal(limit=1).rows[0].event.forced  # type: ignore[attr-defined]


def test_move_that_reaches_a_goal(shop: Shop):
    """
    A goal of the new version that is reached by the move gives its reward; rewards of before stay.
    """
    card = crowd(shop, 1)[0]
    shop.ledger.add_stamps(card, 13)
    shop.ledger.publish_template("free-coffee", coffee(5, 8, reward=CAKE))

    shop.ledger.move_to_template("free-coffee", cards=[card])

    assert [("Free cake", "active"), ("Free coffee", "active")] == sorted(statuses(shop.ledger, card))
    assert () == shop.ledger.verify().faults


def test_move_to_another_template(shop: Shop):
    """
    A card can move to another template, and back to an earlier version; then it is found under the new one.
    """
    card = crowd(shop, 1)[0]
    shop.template(5, key="other", name="Other")
    first = shop.head

    shop.ledger.move_to_template("other", cards=[card])
    shop.ledger.move_to_template(("free-coffee", 1), cards=[card], force=True)
    shop.ledger.move_to_template(("other", 1), cards=[card])

    assert [card] == [view.id for view in shop.ledger.cards(template="other")]
    assert 0 == len(shop.ledger.cards(template="free-coffee"))
    assert [card] == [view.id for view in shop.ledger.at(first).cards(template="free-coffee")]
    names = [row.template_name for row in shop.ledger.history(card)]
    assert ["Free Coffee", "Other", "Free Coffee", "Other"] == names
    assert [names] == [[row.template_name for row in shop.ledger.journal(card=card)][::-1]]
    assert () == shop.ledger.verify().faults


def test_move_to_what_is_not_there(shop: Shop):
    """
    An unknown version or card stops the move before anything is written.
    """
    cards = crowd(shop, 1)
    shop.template(6)
    before = shop.dump()

    with pytest.raises(TemplateNotFound):
        shop.ledger.move_to_template(("free-coffee", 3))
    with pytest.raises(CardNotFound):
        shop.ledger.move_to_template("free-coffee", cards=[*cards, UUID(int=1 << 80)])

    assert before == shop.dump()


def test_brand_and_batches_share_the_zone(shop: Shop):
    """
    Vouchers of a batch end by the business's own calendar.
    """
    from stampledger import Voucher

    shop.ledger.set_brand(Brand(name="Blue Cup", time_zone="Asia/Seoul"))
    card = crowd(shop, 1)[0]

    shop.ledger.send_campaign("c", name="C", cards=[card], voucher=Voucher(title="x", valid_until=TODAY))

    assert at(hours=3.5) == shop.ledger.rewards(card)[0].expires_at
