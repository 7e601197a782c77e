"""
What was answered about a past moment never changes, whatever is written later and however often it is opened again.
"""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stampledger import InvalidInput, Ledger, NotFound, ScanNotFound, View
from tests.ledger.days import LONG_DAY, Day, Wish, wishes
from tests.ledger.shop import CAKE, Shop, at, coffee, stamps, statuses, the

TEMPLATES = ("Coffee", "Luck", "Hold", "Money")
CODES = [f"{kind}-{number}" for kind in "RP" for number in range(7)]


def answers(view: View, day: Day) -> dict[str, Any]:
    """All that can be asked of a view."""
    told: dict[str, Any] = {
        "journal": view.journal(limit=1000),
        "found": [view.journal(search=text, limit=1000).rows for text in ("anna", "100001", "R-1", "Бо")],
        "cards": [view.cards(search=text, deleted=True).rows for text in (None, "anna", "100001", "%")],
        "templates": [
            answer(lambda name=name: view.cards(template=name).rows) for name in ("Coffee", "Luck", "Hold", "Money")
        ],
        "brand": view.brand(),
        "why": [view.why(code) for code in CODES],
        "entries": list(view.entries()),
        "customers": [answer(lambda customer=customer: view.customer(customer)) for customer in day.customers],
    }
    for card in day.cards:
        told[str(card)] = answer(
            lambda card=card: (
                view.card(card),
                view.progress(card),
                view.history(card),
                view.customer_view(card).text(),
                [(view.reward(reward.id), view.explain(reward.id)) for reward in view.rewards(card)],
            )
        )
    return told


def answer(ask: Any) -> Any:
    """What is answered, or that there is no such thing."""
    try:
        return ask()
    except NotFound:
        return "not found"


def same(first: dict[str, Any], second: dict[str, Any]) -> bool:
    """Later there may be more to ask about; what there was is answered alike."""
    for key, told in first.items():
        if key == "customers":
            if second[key][: len(told)] != told:
                return False
        elif second[key] != told:
            return False
    return True


def moments(ledger: Ledger, chosen: list[int]) -> list[int | datetime]:
    """A few moments of a ledger's past: entries, and times around the recording of entries."""
    found: list[int | datetime] = []
    for number in chosen:
        entry = next(ledger.entries(after=number % ledger.seq))
        found += [entry.seq, entry.recorded_at]
        found.append(entry.recorded_at - timedelta(microseconds=1))
    return found


@settings(max_examples=settings().max_examples // 12)
@given(
    days=st.lists(wishes("forget", size_min=2, size_max=12), min_size=2, max_size=4),
    chosen=st.lists(st.integers(0, 400), min_size=1, max_size=2),
)
def test_past_answers_never_change(days: list[list[Wish]], chosen: list[int]):
    """
    What was answered about a past moment never changes afterwards.
    """
    with Shop() as shop:
        day = Day(shop)
        known: list[tuple[int | datetime, dict[str, Any]]] = []

        for part in days:
            for verb, one, two in part:
                day.wish(verb, one, two)
            for moment in moments(shop.ledger, chosen):
                known.append((moment, answers(shop.ledger.at(moment), day)))
        shop.reopen()

        for moment, told in known:
            assert same(told, answers(shop.ledger.at(moment), day)), moment


@settings(max_examples=settings().max_examples // 10)
@given(days=wishes("forget"), late=st.integers(0, 400))
def test_batch_changes_no_answer(days: list[Wish], late: int):
    """
    Recording what has lapsed changes no card, reward or page: expiry follows from the time asked about.
    """
    with Shop() as shop:
        day = Day(shop)
        for verb, one, two in days:
            day.wish(verb, one, two)
        shop.clock.wait(timedelta(hours=late))

        def shown() -> list[Any]:
            cards = [shop.ledger.card(card) for card in day.cards]
            return [
                (card.progress, card.cycle, card.stamps_total, {r.id: r.status for r in card.rewards}) for card in cards
            ]

        if any(card.carried for card in map(shop.ledger.card, day.cards)):
            return  # The next cycle's own reward has no id before it is given.
        before = shown()

        shop.ledger.expire()

        assert before == shown()


def test_reading_touches_nothing():
    """
    No read, of now or of any moment, writes a byte.
    """
    with Shop() as shop:
        day = Day(shop)
        for verb, one, two in LONG_DAY[:200]:
            day.wish(verb, one, two)
        before, changes = shop.dump(), the(shop.raw).total_changes

        for moment in (shop.head, 1, 50, shop.clock(), at(days=-1)):
            answers(shop.ledger.at(moment), day)
        answers(shop.ledger, day)
        shop.ledger.verify()

        assert before == shop.dump()
        assert changes == the(shop.raw).total_changes


def test_now_is_the_view_at_the_last_entry():
    """
    The live ledger answers as the view at its last entry does, right after it.
    """
    with Shop() as shop:
        day = Day(shop)
        for verb, one, two in LONG_DAY[:150]:
            day.wish(verb, one, two)
            if verb in ("wait", "add"):
                continue
        shop.ledger.set_brand(the(shop.ledger.brand().__class__)(name="Last"))
        shop.clock.at = next(shop.ledger.entries(after=shop.head - 1)).recorded_at

        now, then = answers(shop.ledger, day), answers(shop.ledger.at(shop.clock()), day)

        assert now.keys() == then.keys()
        assert [] == [key for key in now if now[key] != then[key]]


def test_names_versions_and_brands_of_then(shop: Shop):
    """
    A past moment shows the name, e-mail, template version, brand and status of then.
    """
    from stampledger import Brand

    shop.ledger.set_brand(Brand(name="Blue Cup"))
    anna = shop.customer("Anna", email="anna@example.com")
    card = shop.card(2, customer=anna)
    scan = shop.ledger.add_stamps(card, 2)
    shop.clock.wait(timedelta(days=1))
    shop.ledger.redeem(scan.card.vouchers[0].id)
    shop.ledger.update_customer(anna, name="Berta", email="berta@example.com")
    shop.ledger.set_brand(Brand(name="Red Cup"))
    shop.ledger.publish_template("free-coffee", coffee(1, 2, reward=CAKE, name="Free Cake"))
    shop.ledger.move_to_template("free-coffee", cards=[card])

    then, now = shop.ledger.at(scan), shop.ledger

    for view, name, brand, version, template in ((then, "Anna", "Blue Cup", 1, "Free Coffee"),
                                                 (now, "Berta", "Red Cup", 2, "Free Cake")):  # fmt: skip
        shown = view.card(card)
        assert (name, version, template) == (the(shown.customer).name, shown.template_version, shown.template_name)
        assert brand == view.customer_view(card).view.brand.name == view.brand().name
        assert [card] == [found.id for found in view.cards(search=name.lower())]
        assert 3 <= len(view.journal(search=name.upper()))
        assert name == the(view.journal(card=card).rows[-1].customer).name
    assert 0 == len(then.cards(search="berta")) == len(now.cards(search="anna")) == len(then.journal(search="berta"))
    assert ["active", "redeemed"] == [view.rewards(card)[-1].status for view in (then, now)]
    assert ("Free Coffee", 1) == (now.history(card)[0].template_name, now.history(card)[0].template_version)


def test_expiry_by_the_time_asked_about(shop: Shop):
    """
    A view at a time knows what had lapsed by then, though nobody had recorded it; a view at a scan what had by that.
    """
    card = shop.card(4, stamps_valid_for=timedelta(days=2))
    shop.ledger.add_stamps(card, 6)
    shop.clock.wait(timedelta(days=40))
    last = shop.ledger.save_to_wallet(card, "web")
    shop.clock.wait(timedelta(days=40))

    seen = [
        (stamps(shop.ledger.at(moment), card), statuses(shop.ledger.at(moment), card)[0][1])
        for moment in (at(days=1), at(days=2), at(days=30), last, at(days=30) - timedelta(microseconds=1))
    ]

    assert [("2/4", "active"), ("4/4", "active"), ("4/4", "expired"), ("4/4", "expired"), ("4/4", "active")] == seen


def test_page_of_a_late_report(shop: Shop):
    """
    The page at a scan shows its popup and congratulation also where a till reported it late.
    """
    card = shop.card(2)
    shop.clock.wait(timedelta(days=3))
    scan = shop.ledger.add_stamps(card, 2, occurred_at=at(days=1))

    page = shop.ledger.at(scan).customer_view(card)

    assert (2, scan.id, ["Free coffee"]) == (
        page.view.stamps_added, page.view.scan, [reward.title for reward in page.view.unlocked],
    )  # fmt: skip


def test_page_of_a_scan(shop: Shop):
    """
    The page at a scan shows what popped up then; another card's scan, or none, shows no popup.
    """
    card, other = shop.card(2), shop.card(2)
    won = shop.ledger.add_stamps(card, 3)
    used = shop.ledger.redeem(won.card.vouchers[0].id)
    voided = shop.ledger.void_stamps(won)

    pages = [shop.ledger.at(scan).customer_view(card).view for scan in (won, used, voided)]

    assert [3, None, None] == [page.stamps_added for page in pages]
    assert [1, 0, 0] == [len(page.unlocked) for page in pages]
    assert [0, 1, 0] == [len(page.redeemed) for page in pages]
    assert [None, None, 3] == [page.stamps_voided for page in pages]
    assert [won.last, used.last, voided.last] == [page.seq for page in pages]
    assert None is shop.ledger.customer_view(card).view.scan is shop.ledger.at(won).customer_view(other).view.scan


def test_page_of_a_refusal(shop: Shop):
    """
    The page at a refused scan says what the customer was told, and when to come back.
    """
    from stampledger import Limits, Refused

    card = shop.card(limits=Limits(per_day=1))
    shop.ledger.add_stamps(card)
    with pytest.raises(Refused) as refused:
        shop.ledger.add_stamps(card)

    view = shop.ledger.at(the(refused.value.seq)).customer_view(card).view
    assert (str(refused.value), refused.value.retry_at, None) == (view.refusal, view.retry_at, view.stamps_added)
    assert "card_issued" == shop.ledger.at(shop.head - 2).journal().rows[0].kind


@pytest.mark.parametrize(
    ("limits", "rule", "limit", "told"),
    [
        ({"per_scan": 3}, "scan_limit_reached", 3, "Je Scan sind höchstens 3 Stempel möglich."),
        ({"per_day": 1, "per_scan": 9}, "daily_limit_reached", 1, "Pro Tag ist höchstens 1 Stempel möglich."),
        ({"per_24_hours": 2}, "rolling_limit_reached", 2, "In 24 Stunden sind höchstens 2 Stempel möglich."),
        (
            {"interval": timedelta(days=1)},
            "interval_not_over",
            None,
            "Ihr letzter Stempel liegt noch nicht lange genug zurück.",
        ),
    ],
)
def test_page_of_a_refusal_in_another_language(
    shop: Shop, limits: dict[str, Any], rule: str, limit: int | None, told: str
):
    """
    The page at a refused scan says in the customer's language which rule said no, with the limit that applied then.
    """
    from stampledger import Limits, Refused

    card = shop.card(20, limits=Limits(**limits))
    shop.ledger.add_stamps(card)
    if not limits:
        shop.ledger.delete_card(card)
    with pytest.raises(Refused) as refused:
        shop.ledger.add_stamps(card, 4)
    shop.template(20, limits=Limits(per_scan=17, per_day=17, per_24_hours=17))

    page = shop.ledger.at(the(refused.value.seq)).customer_view(card, lang="de")
    assert page.refusal is not None
    assert (rule, limit, told) == (page.view.refusal_rule, page.view.refusal_limit, page.refusal.reason)


def test_language_of_the_browser(shop: Shop):
    """
    A customer without a language of their own sees the page in the one their browser asks for.
    """
    anna = shop.customer(language="ko")
    hers, nobodys = shop.card(customer=anna), shop.card()

    assert "ko" == shop.ledger.customer_view(hers, browser="de-AT,de;q=0.9").lang
    assert "de" == shop.ledger.customer_view(nobodys, browser="de-AT,de;q=0.9").lang
    assert "fr" == shop.ledger.customer_view(hers, lang="fr", browser="de").lang


def test_things_that_were_not_yet(shop: Shop):
    """
    At a past moment there is only what there was: no later card, customer, template, reward or entry.
    """
    from stampledger import TemplateNotFound

    shop.customer("Anna")
    card = shop.card(2, customer=shop.customer("Bo"))
    voucher = shop.ledger.add_stamps(card, 2).card.vouchers[0].id
    early = shop.ledger.at(1)

    for ask in (
        lambda: early.card(card),
        lambda: early.card(100_001),
        lambda: early.reward(voucher),
        lambda: early.explain(voucher),
        lambda: early.cards(template="free-coffee"),
        lambda: early.journal(card=card),
        lambda: early.history(card),
        lambda: early.customer_view(card),
    ):
        assert "not found" == answer(ask)
    assert (1, 0, 1) == (len(early.journal()), len(early.cards()), early.seq)
    assert 0 == shop.ledger.at(at(days=-1)).seq == len(shop.ledger.at(at(days=-1)).journal())
    for moment in (0, -1, 99, 1 << 70):
        assert "not found" == answer(lambda moment=moment: shop.ledger.at(moment))
    for wrong in (True, "1", None, 1.0, at().replace(tzinfo=None)):
        with pytest.raises(InvalidInput):
            shop.ledger.at(wrong)  # type: ignore[arg-type]
    assert issubclass(TemplateNotFound, NotFound) and issubclass(ScanNotFound, NotFound)


def test_why_and_explain(shop: Shop):
    """
    Why and explain tell a code's and a voucher's story in sentences and by their entries, each as of its moment.
    """
    card = shop.card(3, reward=CAKE)
    shop.ledger.add_stamps(card, 2, code="R-1", actor="till-1")
    scan = shop.ledger.add_stamps(card, 4, code="R-2")
    vouchers = scan.card.vouchers
    shop.ledger.redeem(vouchers[0].id, actor="till-2")
    shop.ledger.void_stamps("R-1")

    told = shop.ledger.why("R-1")
    assert (
        "by till-1" in told.sentences[0] and "it gave 2 stamps to card 100001, which stood at 2/3" in told.sentences[0]
    )
    assert "its 2 stamps were taken back" in told.sentences[1]
    assert 1 == len(shop.ledger.at(scan).why("R-1").sentences)
    assert ("The code R-9 was never seen.",) == shop.ledger.why("R-9").sentences

    explained = shop.ledger.explain(vouchers[0].id)
    assert "the card got 4 stamps for R-2" in str(explained) and "was redeemed" in str(explained)
    assert "redeemed" not in str(shop.ledger.at(scan).explain(vouchers[0].id))
    goals = [line for line in explained.sentences if "reached the goal" in line]
    assert 1 == len(goals)
    assert sorted({entry.seq for entry in explained.entries}) == [entry.seq for entry in explained.entries]
