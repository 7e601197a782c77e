"""
Reads that a back office stands on: every template, what differs between two moments, and the moment itself.
"""

from datetime import timedelta

import pytest
from hypothesis import given, settings

from stampledger import (
    CustomerChanged,
    CustomerGone,
    InvalidInput,
    Ledger,
    Moment,
    ScanNotFound,
    StampsMoved,
    TemplateInfo,
    TemplateMoved,
    TemplateNotFound,
    changes,
)
from tests.ledger.days import Day, Wish, wishes
from tests.ledger.shop import Shop, at, coffee, the


def listed(templates: tuple[TemplateInfo, ...]) -> list[tuple[str, int, int]]:
    """Key, version and the stamps of the last goal."""
    return [(info.key, info.version, info.template.goals[-1].stamps) for info in templates]


def test_templates(shop: Shop):
    """
    Every template is listed by its key in order, in its newest version; a past moment knows those of then.
    """
    tea = shop.template(5, key="tea")
    coffee_1 = shop.template(8, key="coffee")
    shop.template(6, key="tea")
    shop.template(9, key="Zebra")
    shop.template(4, key="Бо")

    assert [("Zebra", 1, 9), ("coffee", 1, 8), ("tea", 2, 6), ("Бо", 1, 4)] == listed(shop.ledger.templates())
    assert [("coffee", 1, 8), ("tea", 1, 5)] == listed(shop.ledger.at(coffee_1).templates())
    assert [("tea", 1, 5)] == listed(shop.ledger.at(1).templates())
    assert () == shop.ledger.at(at(days=-1)).templates()
    assert the(tea.subject) == shop.ledger.templates()[2].id
    assert coffee(6) == shop.ledger.templates()[2].template


def test_template(shop: Shop):
    """
    One template is answered by its key or id, in its newest version or in one that is named; never one of later.
    """
    tea = shop.template(5, key="tea")
    shop.template(6, key="tea")
    then = shop.ledger.at(tea)

    assert [("tea", 2, 6)] == listed((shop.ledger.template("tea"),))
    assert [("tea", 1, 5)] == listed((shop.ledger.template(("tea", 1)),))
    assert shop.ledger.template(("tea", 1)) == shop.ledger.template((the(tea.subject), 1)) == then.template("tea")
    for unknown in ("coffee", ("tea", 3), ("tea", 0), ("coffee", 1)):
        with pytest.raises(TemplateNotFound):
            shop.ledger.template(unknown)
    with pytest.raises(TemplateNotFound):
        then.template(("tea", 2))


def test_templates_of_another_business(shop: Shop):
    """
    Another business's templates are not seen, nor its keys.
    """
    shop.template(5, key="tea")

    with shop.open(business="red-cup") as other:
        assert () == other.templates()
        other.publish_template("coffee", coffee(3))
        assert [("coffee", 1, 3)] == listed(other.templates())
    assert [("tea", 1, 5)] == listed(shop.ledger.templates())


@settings(max_examples=settings().max_examples // 10)
@given(wishes("template", size_max=12))
def test_templates_are_what_the_journal_says(days: list[Wish]):
    """
    At every entry the templates are those that were published by then, each as published last.
    """
    with Shop() as shop:
        day = Day(shop)
        for verb, one, two in days:
            day.wish(verb, one, two)

        published: dict[str, tuple[int, object]] = {}
        for entry in shop.ledger.entries():
            if entry.kind == "template_published":
                published[entry.event.key] = (entry.version, entry.event.template)  # type: ignore[attr-defined]
            found = shop.ledger.at(entry).templates()
            assert published == {info.key: (info.version, info.template) for info in found}


def test_changes_between_two_moments(shop: Shop):
    """
    Two views of a card tell what differs: its stamps, its customer, its template.
    """
    anna = shop.customer("Anna")
    card = shop.card(8, customer=anna)
    shop.ledger.add_stamps(card, 2)
    then = shop.ledger.at(shop.head)
    shop.ledger.add_stamps(card, 3)
    shop.ledger.update_customer(anna, name="Anna Lee")
    shop.template(6)
    shop.ledger.move_to_template("free-coffee")

    found = changes(then.card(card), shop.ledger.card(card))

    assert () == changes(shop.ledger.card(card), shop.ledger.card(card))
    assert [StampsMoved, TemplateMoved, CustomerChanged] == [type(change) for change in found]
    assert isinstance(found[0], StampsMoved) and ("2/8", "5/6") == (str(found[0].before), str(found[0].after))
    known = shop.ledger.card(card)
    shop.ledger.forget_customer(anna)
    assert (CustomerGone(),) == changes(known, shop.ledger.card(card))


def test_moment_of_the_live_ledger(shop: Shop):
    """
    The live ledger's moment is its last entry and now; the view at it shows the same whatever is written later.
    """
    card = shop.card(8)
    shop.clock.wait(timedelta(hours=3))

    pinned = shop.ledger.moment
    shop.ledger.add_stamps(card, 2)

    assert Moment(seq=shop.head - 1, at=at(hours=3)) == pinned
    assert "0/8" == str(shop.ledger.at(pinned).progress(card))
    assert pinned == shop.ledger.at(pinned).moment


def test_moment_counts_what_has_lapsed(shop: Shop):
    """
    A moment is an entry and a time: what had lapsed by the time has lapsed, though nothing was written since.
    """
    card = shop.card(3)
    shop.ledger.add_stamps(card, 3)
    right_after = shop.ledger.at(shop.head)
    shop.clock.wait(timedelta(days=31))

    assert "active" == right_after.card(card).vouchers[0].status
    assert "expired" == shop.ledger.at(shop.ledger.moment).card(card).vouchers[0].status
    assert shop.ledger.moment.seq == right_after.moment.seq == right_after.seq


def test_moment_of_a_scan(shop: Shop):
    """
    The moment right after a scan, taken again, is that: the page has its popup.
    """
    card = shop.card(8)
    scan = shop.ledger.add_stamps(card, 2)
    shop.ledger.add_stamps(card, 2)

    view = shop.ledger.at(shop.ledger.at(scan).moment)

    assert view.moment == shop.ledger.at(scan).moment
    assert shop.ledger.at(scan).customer_view(card).text() == view.customer_view(card).text()


def test_moment_of_an_empty_ledger(shop: Shop):
    """
    Before its first entry a ledger has a moment, too, at which nothing is known.
    """
    empty = shop.ledger.moment
    shop.template()

    assert Moment(seq=0, at=at()) == empty
    assert () == shop.ledger.at(empty).templates()
    assert 0 == len(shop.ledger.at(empty).journal())


def test_moment_that_is_none(shop: Shop):
    """
    A moment beyond the last entry is none yet: what it would show could change. Nor is a time without a zone.
    """
    shop.template()

    for seq in (2, 1 << 61):
        with pytest.raises(ScanNotFound):
            shop.ledger.at(Moment(seq=seq, at=at()))
    for moment in (Moment(seq=-1, at=at()), Moment(seq=1, at=at().replace(tzinfo=None)), Moment(seq=True, at=at())):
        with pytest.raises(InvalidInput):
            shop.ledger.at(moment)


def test_seq_at_a_time(ledger_of_three_days: Ledger):
    """
    A view at a time tells the last entry recorded by then.
    """
    ledger = ledger_of_three_days

    assert [0, 1, 1, 3] == [ledger.at(at(days=days)).seq for days in (-1, 0, 0.5, 9)]


@pytest.fixture
def ledger_of_three_days(shop: Shop) -> Ledger:
    for _ in range(3):
        shop.template(3, key=str(shop.head))
        shop.clock.wait(timedelta(days=1))
    return shop.ledger
