"""
The two lists, Journal and cards: every filter against a plain filter over all rows, and cursors both ways.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stampledger import InvalidInput, JournalRow, Page, View
from stampledger.codec import SHORT_NAMES
from tests.ledger.days import LONG_DAY, Day
from tests.ledger.shop import Shop, at, the


@pytest.fixture(scope="module")
def day() -> Iterator[Day]:
    """A long day, on which everything happened several times."""
    with Shop() as shop:
        lived = Day(shop)
        for verb, one, two in LONG_DAY:
            lived.wish(verb, one, two)
        yield lived


def everything(view: View) -> list[JournalRow]:
    return list(view.journal(limit=1000))


def known(row: JournalRow, word: str) -> bool:
    """Whether a person's name or e-mail holds a word."""
    person = row.customer
    text = f"{person.name}\n{person.email or ''}" if person and person.name else ""
    return word.casefold() in text.casefold()


FILTERS: dict[str, tuple[dict[str, Any], Callable[[JournalRow], bool]]] = {
    "nothing": ({}, lambda row: True),
    "kinds": ({"kinds": ["stamp_added", "goal_reached"]}, lambda row: row.kind in ("stamp_added", "goal_reached")),
    "no kinds": ({"kinds": []}, lambda row: False),
    "a kind that never was": ({"kinds": ["card_imported"]}, lambda row: False),
    "code": ({"code": "R-1"}, lambda row: row.code == "R-1"),
    "an unknown code": ({"code": "R-99"}, lambda row: False),
    "actor": ({"actor": "till-1"}, lambda row: row.actor == "till-1"),
    "an unknown actor": ({"actor": "nobody"}, lambda row: False),
    "channel": ({"channel": "kiosk"}, lambda row: row.channel == "kiosk"),
    "a channel nobody used": ({"channel": "web"}, lambda row: False),
    "search for a name": ({"search": "anna"}, lambda row: known(row, "anna")),
    "search without regard to case": ({"search": "STRASSE"}, lambda row: known(row, "straße")),
    "search in another script": ({"search": "бо"}, lambda row: known(row, "Бо")),
    "search for an e-mail": ({"search": "@example"}, lambda row: known(row, "@example")),
    "search for wildcards": ({"search": "%_\\"}, lambda row: known(row, "%_\\")),
    "search for a quote": ({"search": "o'"}, lambda row: known(row, "o'")),
    "search for a code": ({"search": "R-1"}, lambda row: (row.code or "").startswith("R-1")),
    "search for the beginning of a code": ({"search": "R-"}, lambda row: (row.code or "").startswith("R-")),
    "search for the end of a code that never was": ({"search": "-2"}, lambda row: False),
    "search for a number": ({"search": "100001"}, lambda row: row.card_number == 100_001 or known(row, "100001")),
    "search for nothing": ({"search": " "}, lambda row: True),
    "kind and actor": (
        {"kinds": ["stamp_added"], "actor": "till-0"},
        lambda row: row.kind == "stamp_added" and row.actor == "till-0",
    ),
    "search and channel": (
        {"search": "anna", "channel": "receipt"},
        lambda r: known(r, "anna") and r.channel == "receipt",
    ),
    "since": ({"since": at(days=2)}, lambda row: row.recorded_at >= at(days=2)),
    "until": ({"until": at(days=2)}, lambda row: row.recorded_at <= at(days=2)),
    "since and until": (
        {"since": at(days=1), "until": at(days=3)},
        lambda row: at(days=1) <= row.recorded_at <= at(days=3),
    ),
}


@pytest.mark.parametrize("name", FILTERS)
@pytest.mark.parametrize("share", [1.0, 0.5])
def test_journal_filter(day: Day, name: str, share: float):
    """
    Each filter leaves just the rows it names, newest first, on the live ledger and as of any moment.
    """
    options, fits = FILTERS[name]
    view = day.shop.ledger.at(int(day.shop.head * share))

    found = view.journal(limit=1000, **options)

    expected = [row for row in everything(view) if fits(row)]
    assert [row.seq for row in expected] == [row.seq for row in found]
    assert expected == list(found.rows)


def test_filters_that_find_something(day: Day):
    """
    Every filter of these tests is one that can tell rows apart, but for those meant to find nothing.
    """
    rows = everything(day.shop.ledger)

    for name, (_, fits) in FILTERS.items():
        hits = sum(map(fits, rows))
        empty = "no kinds" in name or "never" in name or "unknown" in name or "nobody" in name
        assert empty == (hits == 0), name
        assert hits < len(rows) or name in ("nothing", "search for nothing"), name


def test_journal_of_one_thing(day: Day):
    """
    The Journal of a card, a customer or a template holds what is about it, as it was then.
    """
    ledger = day.shop.ledger
    rows = everything(ledger)

    for card in day.cards[:5]:
        assert [row for row in rows if row.card_id == card] == list(ledger.journal(card=card, limit=1000))
        assert tuple(row for row in rows if row.card_id == card)[::-1] == ledger.history(card)
    for customer in day.customers:
        expected = [row.seq for row in rows if row.customer is not None and row.customer.id == customer]
        assert expected == [row.seq for row in ledger.journal(customer=customer, limit=1000)]
    names = {"Coffee", "Luck", "Hold", "Money"}
    found = {name: [row.seq for row in ledger.journal(template=name, limit=1000)] for name in names}
    assert {name: [row.seq for row in rows if row.template_name == name] for name in names} == found


Walk = Callable[..., Page[Any]]


def walk(ask: Walk, limit: int) -> list[list[Any]]:
    """All pages by next, and then all pages back by previous."""
    down, page = [], ask(limit=limit)
    down.append(list(page.rows))
    while page.next is not None:
        page = ask(limit=limit, before=page.next)
        down.append(list(page.rows))
    up = [list(page.rows)]
    while page.previous is not None:
        page = ask(limit=limit, after=page.previous)
        up.insert(0, list(page.rows))
    return [[row for rows in down for row in rows], [row for rows in up for row in rows]]


@settings(max_examples=settings().max_examples // 4)
@given(
    name=st.sampled_from(sorted(FILTERS)),
    limit=st.one_of(st.integers(1, 20), st.integers(1, 1000)),
    share=st.sampled_from((1.0, 0.3, 0.7)),
)
def test_journal_pages(day: Day, name: str, limit: int, share: float):
    """
    Walking the Journal by next and then back by previous gives each row of the whole list once, both times.
    """
    options, _ = FILTERS[name]
    view = day.shop.ledger.at(int(day.shop.head * share))
    whole = list(view.journal(limit=1000, **options))
    limit = max(limit, len(whole) // 20)

    down, up = walk(lambda **cursor: view.journal(**cursor, **options), limit)

    assert whole == down
    assert [row.seq for row in whole] == [row.seq for row in up]


CARDS: list[dict[str, Any]] = [
    {},
    {"search": "anna"},
    {"search": "100003"},
    {"search": "@example.com"},
    {"platform": "web"},
    {"platform": "apple"},
    {"template": "Coffee"},
    {"template": "Hold", "platform": "google"},
    {"deleted": True},
    {"search": "nobody"},
]


@settings(max_examples=settings().max_examples // 4)
@given(options=st.sampled_from(CARDS), limit=st.integers(1, 30), share=st.sampled_from((1.0, 0.3, 0.7)))
def test_card_pages(day: Day, options: dict[str, Any], limit: int, share: float):
    """
    The list of cards too gives each card once, by next and back by previous, and just those the filter names.
    """
    view = day.shop.ledger.at(int(day.shop.head * share))
    every = view.cards(deleted=True, limit=1000).rows

    down, up = walk(lambda **cursor: view.cards(**cursor, **options), limit)

    def fits(card: Any) -> bool:
        search, person = options.get("search"), card.customer
        text = f"{person.name}\n{person.email or ''}" if person and person.name else ""
        return (
            (options.get("deleted", False) or card.status != "deleted")
            and (search is None or search in text.casefold() or search == str(card.number))
            and ("platform" not in options or options["platform"] in (card.platforms or ("web",)))
            and ("template" not in options or card.template_name == options["template"])
        )

    assert [card for card in every if fits(card)] == down
    assert down == up
    assert sorted((card.number for card in down), reverse=True) == [card.number for card in down]


def test_cards_of_a_customer(day: Day):
    """
    The cards of a customer are those issued to the customer.
    """
    every = day.shop.ledger.cards(deleted=True, limit=1000)

    for customer in day.customers:
        expected = [card.id for card in every if card.customer is not None and card.customer.id == customer]
        assert expected == [card.id for card in day.shop.ledger.cards(customer=customer, deleted=True)]


def test_new_rows_while_paging(shop: Shop):
    """
    Rows that come while somebody turns pages shift nothing: no row is seen twice, none is missed.
    """
    card = shop.card()
    for _ in range(10):
        shop.ledger.add_stamps(card)
    first = shop.ledger.journal(limit=4)

    shop.ledger.add_stamps(card)
    second = shop.ledger.journal(limit=4, before=first.next)

    assert first.rows[-1].seq == second.rows[0].seq + 1
    newer = shop.ledger.journal(limit=4, after=the(first.rows[0].seq))
    assert [shop.head] == [row.seq for row in newer] and newer.previous is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"limit": 0}, {"limit": 1001}, {"limit": True}, {"limit": "5"}, {"before": -1}, {"after": 1.5},
        {"before": 5, "after": 5}, {"kinds": ["stamp added"]}, {"kinds": "stamp_added"}, {"kinds": [7]},
        {"channel": "telegraph"}, {"search": "a\x00b"}, {"search": "\ud800"}, {"code": ""}, {"actor": "\n"},
        {"since": at().replace(tzinfo=None)}, {"until": "today"}, {"search": "x" * 10_000_000}, {"search": 5},
        {"before": 1 << 70},
    ],
    ids=lambda wrong: "-".join(wrong),
)  # fmt: skip
def test_filters_that_are_none(shop: Shop, wrong: dict[str, Any]):
    """
    A filter, limit or cursor that cannot be one is refused by its name.
    """
    field = next(reversed(wrong))

    with pytest.raises(InvalidInput, match=field):
        shop.ledger.journal(**wrong)


def test_every_kind_can_be_asked_for(day: Day):
    """
    Rows are found by the same names that they show.
    """
    shown = {row.kind for row in everything(day.shop.ledger)}

    for kind in SHORT_NAMES:
        rows = day.shop.ledger.journal(kinds=[kind], limit=1000).rows
        assert {row.kind for row in rows} == {kind} & shown
    assert len(SHORT_NAMES) - 5 <= len(shown)


def test_search_among_more_changes_than_a_statement_holds():
    """
    A past moment can be searched however many customers have changed since, more than the database takes as values.
    """
    import sqlite3

    with Shop() as shop:
        first = [shop.customer(f"Anna {number}") for number in range(30)]
        card = shop.card(customer=first[0])
        moment = shop.head
        shop.clock.wait(timedelta(days=1))
        for number, customer in enumerate(first):
            shop.ledger.update_customer(customer, name=f"Bo {number}")
        the(shop.raw).setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, 40)

        then = shop.ledger.at(moment)

        assert [card] == [found.id for found in then.cards(search="anna 0")]
        assert 30 == sum(row.kind == "customer_registered" for row in then.journal(search="anna"))
        assert 0 == len(then.journal(search="bo"))


def test_code_used_more_often_than_a_statement_holds():
    """
    A delivery insert that was scanned thousands of times is found as any other code.
    """
    import sqlite3

    from stampledger import CodeScope

    with Shop() as shop:
        card = shop.card(code_scope=CodeScope.MANY)
        for _ in range(60):
            shop.ledger.add_stamps(card, code="INSERT")
        the(shop.raw).setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, 40)

        assert 60 == len(shop.ledger.journal(code="INSERT", limit=100)) == len(shop.ledger.why("INSERT").entries)
        assert 5 == len(shop.ledger.journal(code="INSERT", limit=5))
