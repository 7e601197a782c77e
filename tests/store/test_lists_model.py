"""
Lists against a plain model on every engine: any filters together, any search, any cursor, any moment, by every way
there is to come by the rows, with the index of customers' words and without.
"""

import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stampledger import CodeScope, Ledger, Limits, Refused, View
from stampledger.store import narrowing, searching
from tests.ledger.shop import coffee
from tests.servers.database import Database

NAMES = [
    "Anna", "ANNA Straße", "Ann", "o'Brien \"x\"", "\u202eevil", "100%_\\", "a AND b", "NEAR(a b, 2)", "안나 김", "*",
    "-- ; DROP", "İstanbul", "\ufb01ne", "zoe\u0301", "Zoé", "Ⅷ", "日本", "x\U0001f600y", "^anna", "words:anna",
    "{a}+b",
]  # fmt: skip
CODES = ["R-1", "R-10", "R-100", "R-2", "r-1", "%", "R_1", "R-1\U0010ffff", "R-1\ud7ff", "é"]


def live(ledger: Ledger) -> None:
    """A time in which everything happened that lists tell apart."""
    scopes = (CodeScope.BUSINESS, CodeScope.MANY)
    keys = [f"t{number}" for number in range(3)]
    for number, key in enumerate(keys):
        limits = Limits(per_scan=2)
        ledger.publish_template(key, coffee(2, name=key, code_scope=scopes[number % 2], limits=limits))
    ledger.publish_template("t0", coffee(3, name="t0"))
    people = [
        ledger.register_customer(name=name, email=f"{number}.{'anna' if number % 3 else 'x'}@example.com")
        for number, name in enumerate(NAMES)
    ]
    cards = [
        ledger.issue_card((keys[number % 3], 1) if number % 2 else keys[number % 3], customer=person).card.id
        for number, person in enumerate(people)
    ]
    cards += [ledger.issue_card("t1").card.id for _ in range(3)]
    for number, card in enumerate(cards):
        for code in CODES[number % 4 :: 4]:
            with suppress(Refused):
                ledger.add_stamps(card, 1 + number % 3, code=code, actor=f"till-{number % 3}", channel="receipt")
    for code in ("R-1", "R-2"):
        oldest = ledger.journal(code=code, kinds=["stamp_added"]).rows[-1].seq
        ledger.void_stamps(oldest, code=f"C-{code}", actor="boss")
    for number, person in enumerate(people):
        if number % 4 == 0:
            ledger.update_customer(person, name=f"Later {NAMES[-number]}")
        if number % 8 == 0:
            ledger.update_customer(person, email="anna@later.example")
        if number % 5 == 4:
            ledger.forget_customer(person)
    for card in cards[::5]:
        ledger.move_to_template("t2", cards=[card], force=True)
    for card in cards[::7]:
        ledger.save_to_wallet(card, "apple")
        ledger.delete_card(card)
    for card in cards[1::7]:
        with suppress(Refused):
            ledger.add_stamps(card, actor="till-1", channel="kiosk")


def folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def known(person: Any, search: str) -> bool:
    return person is not None and person.name is not None and folded(search) in folded(f"{person.name}\n{person.email}")


def under(row: Any, wanted: dict[str, Any]) -> bool:
    """Whether a row is of the template that is wanted, or of its version. Here a template is named as its key is."""
    named = (row.template_name, (row.template_name, row.template_version))
    return "template" not in wanted or wanted["template"] in named


def expected_entries(view: View, wanted: dict[str, Any]) -> list[Any]:
    search, kinds = wanted.get("search", "").strip(), wanted.get("kinds")
    return [
        row
        for row in view.journal(limit=1000)
        if (kinds is None or row.kind in kinds)
        and all(getattr(row, name) == wanted[name] for name in ("actor", "channel") if name in wanted)
        and ("code" not in wanted or wanted["code"] == row.code)
        and ("card" not in wanted or wanted["card"] == row.card_id)
        and ("customer" not in wanted or (row.customer is not None and wanted["customer"] == row.customer.id))
        and under(row, wanted)
        and ("since" not in wanted or row.recorded_at >= wanted["since"])
        and ("until" not in wanted or row.recorded_at <= wanted["until"])
        and (
            not search
            or known(row.customer, search)
            or (row.code or "").startswith(search)
            or search.removeprefix("#") == str(row.card_number)
        )
    ]  # fmt: skip


def expected_cards(view: View, wanted: dict[str, Any]) -> list[Any]:
    search = wanted.get("search", "").strip()
    return [
        card
        for card in view.cards(deleted=True, limit=1000)
        if (wanted.get("deleted", False) or card.status != "deleted")
        and ("customer" not in wanted or (card.customer is not None and wanted["customer"] == card.customer.id))
        and ("platform" not in wanted or wanted["platform"] in (card.platforms or ("web",)))
        and under(card, wanted)
        and (not search or known(card.customer, search) or search.removeprefix("#") == str(card.number))
    ]  # fmt: skip


def paged(rows: list[Any], key: str, cursor: dict[str, int], limit: int) -> list[Any]:
    """A page of a whole list, newest first."""
    if "before" in cursor:
        return [row for row in rows if getattr(row, key) < cursor["before"]][:limit]
    if "after" in cursor:
        return [row for row in rows if getattr(row, key) > cursor["after"]][-limit:]
    return rows[:limit]


@contextmanager
def tuned(ledger: Ledger, near: int, few: int, common: int, indexed: bool) -> Iterator[None]:
    """Other numbers lead to other ways."""
    store, before = ledger._store, (narrowing.NEAR, searching.FEW, searching.COMMON, ledger._store.place)
    narrowing.NEAR, searching.FEW, searching.COMMON = near, few, common
    store.place = attrs.evolve(store.place, searchable=store.place.searchable and indexed)
    try:
        yield
    finally:
        narrowing.NEAR, searching.FEW, searching.COMMON, store.place = before


texts = st.sampled_from([*NAMES, "anna@later.example", "3.anna@example.com", "Later"])
parts = st.builds(lambda text, start, size: text[start : start + size], texts, st.integers(0, 8), st.integers(1, 8))
searches = st.one_of(
    parts,
    parts.map(str.upper),
    st.sampled_from([*CODES, "R-", "R", "C-R", "\U0010ffff"]),
    st.sampled_from(["#100001", "100002", "1", "nobody", "example", "@", "a b", '"', "%%%"]),
    st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1, max_size=5),
)  # fmt: skip
changed = st.sampled_from(["Later", "later.example", "example.com", "anna", "Ann", "Later Ann", "x", "0.x@"])
cursors: st.SearchStrategy[dict[str, int]] = st.one_of(
    st.just({}),
    st.fixed_dictionaries({"before": st.integers(0, 400)}),
    st.fixed_dictionaries({"after": st.integers(0, 400)}),
)
tunings = st.tuples(
    st.sampled_from((1, 20, 1000)), st.sampled_from((1, 3, 2000)), st.sampled_from((1, 8)), st.booleans()
)
KINDS = (
    "stamp_added",
    "stamp_rejected",
    "stamp_voided",
    "goal_reached",
    "customer_updated",
    "wallet_saved",
    "brand_set",
)


def test_lists_on_every_engine(database: Database):
    """
    A page holds just what a plain filter over everything leaves, by whatever way it was come by.
    """
    with Ledger.open(database.url, business="blue-cup") as ledger:
        live(ledger)
        rows = list(ledger.journal(limit=1000))
        cards = list(ledger.cards(deleted=True, limit=1000))
        customers = [row.customer.id for row in rows if row.customer is not None]
        times = [row.recorded_at for row in rows]
        moments = st.one_of(st.just(None), st.integers(1, ledger.seq))
        templates = st.sampled_from(["t0", "t1", "t2", ("t0", 1), ("t0", 2)])
        entries = st.fixed_dictionaries(
            {},
            optional={
                "search": searches,
                "kinds": st.lists(st.sampled_from(KINDS), max_size=3),
                "actor": st.sampled_from(["till-0", "till-1", "boss", "nobody"]),
                "channel": st.sampled_from(["receipt", "kiosk", "web"]),
                "code": st.sampled_from([code for code in CODES if code not in ("R-1", "R-2")]),
                "card": st.sampled_from([card.id for card in cards]),
                "customer": st.sampled_from(customers),
                "template": templates,
                "since": st.sampled_from(times),
                "until": st.sampled_from(times),
            },
        ).filter(lambda wanted: len(wanted) <= 4)
        listed = st.fixed_dictionaries(
            {},
            optional={
                "search": searches,
                "platform": st.sampled_from(["web", "apple", "google"]),
                "template": templates,
                "customer": st.sampled_from(customers),
                "deleted": st.booleans(),
            },
        ).filter(lambda wanted: len(wanted) <= 3)

        @settings(max_examples=settings().max_examples, database=None)
        @given(wanted=entries, cursor=cursors, limit=st.integers(1, 60), moment=moments, tuning=tunings)
        def journal(wanted: Any, cursor: Any, limit: int, moment: int | None, tuning: Any) -> None:
            view = ledger if moment is None else ledger.at(moment)
            with suppress_missing():
                expected = paged(expected_entries(view, wanted), "seq", cursor, limit)
                with tuned(ledger, *tuning):
                    found = list(view.journal(**wanted, **cursor, limit=limit))
                assert [row.seq for row in expected] == [row.seq for row in found]
                assert expected == found

        @settings(max_examples=settings().max_examples // 2, database=None)
        @given(wanted=listed, cursor=cursors, limit=st.integers(1, 20), moment=moments, tuning=tunings)
        def of_cards(wanted: Any, cursor: Any, limit: int, moment: int | None, tuning: Any) -> None:
            view = ledger if moment is None else ledger.at(moment)
            around = {name: 99_990 + number // 10 for name, number in cursor.items()}
            with suppress_missing():
                expected = paged(expected_cards(view, wanted), "number", around, limit)
                with tuned(ledger, *tuning):
                    found = list(view.cards(**wanted, **around, limit=limit))
                assert [card.number for card in expected] == [card.number for card in found]
                assert expected == found

        @settings(max_examples=settings().max_examples, database=None)
        @given(search=searches | changed | texts, moment=st.integers(1, ledger.seq), tuning=tunings)
        def of_the_past(search: str, moment: int, tuning: Any) -> None:
            view, wanted = ledger.at(moment), {"search": search}
            with tuned(ledger, *tuning):
                entries, cards = list(view.journal(search=search)), list(view.cards(search=search))
            assert expected_entries(view, wanted)[:50] == entries
            assert expected_cards(view, wanted)[:50] == cards

        for search in (*NAMES, *CODES, "C-R", "Later", "@example.com"):  # By the indexes, whatever chance may draw.
            with tuned(ledger, 1, 2000, 1000, True):
                lines, listing = list(ledger.journal(search=search, limit=1000)), list(ledger.cards(search=search))
            assert expected_entries(ledger, {"search": search}) == lines, search
            assert expected_cards(ledger, {"search": search}) == listing, search
        journal()
        of_cards()
        of_the_past()


@contextmanager
def suppress_missing() -> Iterator[None]:
    """At an early moment what is asked about may not have been there yet."""
    from stampledger import NotFound

    with suppress(NotFound):
        yield


@pytest.mark.parametrize(
    ("text", "following"),
    [("a", "b"), ("az", "a{"), ("\ud7ff", "\ue000"), ("a\U0010ffff", "b"), ("é\U0010ffff\U0010ffff", "ê")],
)
def test_beyond(text: str, following: str):
    """
    What follows all texts that begin with a text is found by its last character that has one after it.
    """
    assert following == searching.beyond(text)
    assert text < text + "\U0010ffff" < searching.beyond(text)


def test_beyond_everything():
    """
    After a text of nothing but the last character there is still something.
    """
    assert "\U0010ffff" * 200 < searching.beyond("\U0010ffff")
