"""
Cards that are deleted and people who are forgotten: what stays, what goes, and that the proof still holds.
"""

import sqlite3
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from stampledger import InvalidInput, Voucher, events, refusals
from tests.ledger.shop import Shop, at, kinds, stamps, the

NAME, EMAIL = "Ottilie Quandt", "ottilie.quandt@example.com"


def test_deleted_card_leaves_the_lists(shop: Shop):
    """
    A deleted card leaves the lists; its history stays, and past lists still hold it.
    """
    card, other = shop.card(), shop.card()
    shop.ledger.add_stamps(card, 2)
    before = shop.head

    scan = shop.ledger.delete_card(card, reason="lost")

    assert ["CardDeleted"] == kinds(scan) and "lost" == scan.events[0].reason  # type: ignore[attr-defined]
    assert [other] == [view.id for view in shop.ledger.cards()]
    assert [other, card] == [view.id for view in shop.ledger.cards(deleted=True)]
    assert [other, card] == [view.id for view in shop.ledger.at(before).cards()]
    assert ("deleted", "2/8") == (shop.ledger.card(card).status, stamps(shop.ledger, card))
    assert ["card_issued", "stamp_added", "card_deleted"] == [row.kind for row in shop.ledger.history(card)]
    assert shop.ledger.delete_card(card).repeated


def test_deleted_card_takes_nothing(shop: Shop):
    """
    Nothing more happens to a deleted card, and its number is not given out again.
    """
    card = shop.card(2)
    scan = shop.ledger.add_stamps(card, 2)
    voucher = scan.card.vouchers[0].id
    shop.ledger.delete_card(card)
    before = shop.dump()

    wishes: list[Any] = [
        lambda: shop.ledger.redeem(voucher),
        lambda: shop.ledger.void_voucher(voucher),
        lambda: shop.ledger.void_stamps(scan),
        lambda: shop.ledger.save_to_wallet(card, "web"),
        lambda: shop.ledger.send_message(card, "Hello"),
    ]
    for wish in wishes:
        with pytest.raises(refusals.CardIsDeleted):
            wish()
    assert shop.ledger.expire().repeated

    assert before == shop.dump()
    assert shop.ledger.card(card).number < shop.ledger.issue_card("free-coffee").card.number


def life(shop: Shop) -> tuple[object, object]:
    """A customer with all that can be known of one, and a card."""
    anna = shop.customer("Anna")
    person = shop.customer(NAME, email=EMAIL, birthday=date(1990, 2, 28), language="de", reference="Q-77")
    card = shop.card(2, customer=person)
    shop.ledger.issue_card("free-coffee", customer=anna)
    shop.ledger.add_stamps(card, 3, code="R-1")
    shop.ledger.send_message(card, f"Dear {NAME}", channels=["email"])
    shop.ledger.update_customer(person, name=f"{NAME}-Lee")
    shop.ledger.send_message(card, f"Dear {NAME}-Lee", channels=["email"])
    shop.ledger.issue_coupon(Voucher(title="x"), customer=person)
    return the(person.subject), card


def test_forgotten(shop: Shop):
    """
    Of who is forgotten nothing personal can be read: now or as of any moment, in any list, by any search.
    """
    person, card = life(shop)
    seqs = range(1, shop.head + 1)
    assert [card] == [view.id for view in shop.ledger.cards(search="quandt")]

    scan = shop.ledger.forget_customer(person)  # type: ignore[arg-type]

    views = [shop.ledger, *(shop.ledger.at(seq) for seq in (*seqs, scan.id)), shop.ledger.at(at(days=1))]
    for view in views:
        text = repr((view.journal(limit=1000), view.cards(), list(view.entries()), view.brand()))
        if view.seq >= 4:
            info = view.customer(person)  # type: ignore[arg-type]
            assert (True, None, None, None, None) == (
                info.forgotten, info.name, info.email, info.birthday, info.language
            )  # fmt: skip
            text += repr((view.card(card), view.history(card), view.customer_view(card).text()))  # type: ignore[arg-type]
        assert not any(word in text for word in ("Ottilie", "Quandt", "quandt", "Q-77", "1990"))
        for word in ("quandt", EMAIL, "Ottilie"):
            assert 0 == len(view.cards(search=word)) == len(view.journal(search=word))
    assert "3 stamps" in str(shop.ledger.why("R-1")) and 3 == shop.ledger.card(card).stamps_total  # type: ignore[arg-type]
    assert 1 == len(shop.ledger.cards(search="anna"))
    assert () == shop.ledger.verify().faults
    before = shop.dump()
    shop.ledger.rebuild()
    assert before == shop.dump()


def test_no_row_knows_the_forgotten(shop: Shop):
    """
    No table holds a name, an e-mail or a key of who was forgotten; the control finds them before.
    """

    def traces() -> set[str]:
        found = set()
        for table, rows in shop.dump().items():
            text = repr(rows)
            if any(word in text for word in ("Ottilie", "ottilie", "Q-77")):
                found.add(table)
        return found

    person, _ = life(shop)
    control, keys = traces(), len(shop.dump()["subject_key"])

    shop.ledger.forget_customer(person)  # type: ignore[arg-type]

    assert {"customer", "claim"} == control
    assert set() == traces()
    assert keys - 1 == len(shop.dump()["subject_key"])


def test_file_without_the_forgotten(tmp_path: Path):
    """
    Not a byte of the name is left in the database's files once they are tidied up; the control finds it before.
    """

    def traces() -> int:
        content = b"".join(path.read_bytes() for path in sorted(tmp_path.iterdir()))
        return sum(content.count(word) for word in (b"Ottilie", b"ottilie", b"Quandt", b"Q-77"))

    with Shop(tmp_path / "shop.db") as shop:
        person, _ = life(shop)
        control = traces()
        key = shop.sql("SELECT key FROM SUBJECT_KEY WHERE subject = ?", person.bytes)[0][0]  # type: ignore[attr-defined]

        shop.ledger.forget_customer(person)  # type: ignore[arg-type]
        shop.ledger.close()
        with closing(sqlite3.connect(tmp_path / "shop.db")) as raw:
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            plain = traces()
            raw.execute("VACUUM")
        shop.ledger = shop.open()

        assert 0 < control
        assert 0 == plain == traces()
        assert key not in b"".join(path.read_bytes() for path in tmp_path.iterdir())
        assert () == shop.ledger.verify().faults


def test_nothing_more_is_written_about_the_forgotten(shop: Shop):
    """
    Nothing personal is written any more; a card can still be used, as a card of nobody.
    """
    person, card = life(shop)
    shop.ledger.forget_customer(person)  # type: ignore[arg-type]
    before = shop.dump()

    wishes: list[Any] = [
        lambda: shop.ledger.update_customer(person, name="X"),  # type: ignore[arg-type]
        lambda: shop.ledger.issue_card("free-coffee", customer=person),  # type: ignore[arg-type]
        lambda: shop.ledger.send_message(card, "Hello"),  # type: ignore[arg-type]
        lambda: shop.ledger.issue_coupon(Voucher(title="x"), customer=person),  # type: ignore[arg-type]
    ]
    for wish in wishes:
        with pytest.raises(refusals.CustomerIsForgotten):
            wish()
    assert before == shop.dump()

    assert shop.ledger.forget_customer(person).repeated  # type: ignore[arg-type]
    assert "2/2" == str(shop.ledger.add_stamps(card).card.progress)  # type: ignore[arg-type]


def test_reference_can_be_registered_anew(shop: Shop):
    """
    A reference of who was forgotten is free: registering it again is a new customer who knows nothing of the old.
    """
    first = shop.customer(NAME, reference="Q-77")
    again = shop.customer(NAME, reference="Q-77")
    with pytest.raises(InvalidInput, match="reference: belongs to a customer"):
        shop.customer("Someone else", reference="Q-77")
    shop.ledger.forget_customer(first)

    new = shop.customer("New", reference="Q-77")

    assert again.repeated and first.subject == again.subject
    assert new.subject != first.subject and not new.repeated
    assert 0 == len(shop.ledger.journal(customer=new, search="Quandt"))
    shop.ledger.rebuild()
    assert () == shop.ledger.verify().faults
    assert shop.customer("New", reference="Q-77").repeated


def test_forgetting_again_under_a_key(shop: Shop):
    """
    Idempotency keys of the forgotten still answer their first result, without the person.
    """
    first = shop.ledger.register_customer(name=NAME, idempotency_key="k")
    shop.clock.wait(timedelta(days=1))
    shop.ledger.forget_customer(first)

    again = shop.ledger.register_customer(name="Whoever", idempotency_key="k")

    assert again.repeated and (first.id, first.subject) == (again.id, again.subject)
    assert isinstance(again.events[0], events.CustomerRegistered) and again.events[0].person is None
