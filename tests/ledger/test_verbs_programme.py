"""
Brand, templates, customers, cards and wallets, by the verbs of the ledger and through the real store.
"""

from datetime import timedelta

import pytest

from stampledger import Brand, CustomerNotFound, InvalidInput, Ledger, TemplateNotFound, refusals
from tests.ledger.shop import BORN, Shop, at, coffee, kinds, the


def test_brand(shop: Shop):
    """
    A brand is set, said again without effect, and changed; each moment shows its own. Before, it is the name alone.
    """
    shop.clock.wait(timedelta(days=-1))
    shop.template()
    first = shop.ledger.set_brand(Brand(name="Blue Cup"))
    again = shop.ledger.set_brand(Brand(name="Blue Cup"))
    second = shop.ledger.set_brand(Brand(name="Red Cup", time_zone="Asia/Seoul"))

    assert ["BrandSet"] == kinds(first) == kinds(second) and again.repeated
    assert first.subject == second.subject == again.subject
    assert ["blue-cup", "Blue Cup", "Red Cup"] == [shop.ledger.at(seq).brand().name for seq in (1, 2, 3)]


def test_template_versions(shop: Shop):
    """
    A new version is a new entry; cards keep the version they were issued under; the same again writes nothing.
    """
    first = shop.template(8)
    second = shop.template(6)
    again = shop.template(6)

    cards = [
        shop.ledger.issue_card(reference).card
        for reference in ("free-coffee", ("free-coffee", 1), first, second, the(first.subject), str(first.subject))
    ]

    assert again.repeated and first.subject == second.subject == again.subject
    assert [2, 1, 1, 2, 2, 2] == [card.template_version for card in cards]
    assert ["0/6", "0/8", "0/8"] == [str(card.progress) for card in cards[:3]]
    with pytest.raises(TemplateNotFound):
        shop.ledger.issue_card(("free-coffee", 3))
    with pytest.raises(TemplateNotFound):
        shop.ledger.issue_card(("free-coffee", 0))


def test_customer(shop: Shop):
    """
    What is known of a customer changes entry by entry; what is not named stays; None takes it away.
    """
    anna = shop.ledger.register_customer(name="Anna", email="anna@example.com", birthday=BORN, language="ko")

    shop.ledger.update_customer(anna, name="Anna Lee")
    shop.clock.wait(timedelta(days=1))
    scan = shop.ledger.update_customer(the(anna.subject), email=None)
    again = shop.ledger.update_customer(str(anna.subject), email=None, name="Anna Lee")

    now = shop.ledger.customer(anna)
    assert ("Anna Lee", None, BORN, "ko", False) == (now.name, now.email, now.birthday, now.language, now.forgotten)
    assert ("Anna", "anna@example.com") == (
        shop.ledger.at(anna).customer(now).name,
        shop.ledger.at(2).customer(now).email,
    )
    assert again.repeated and scan.last == shop.head
    assert "Anna Lee" == shop.ledger.at(at(hours=1)).customer(anna).name


def test_bad_update(shop: Shop):
    """
    A change that makes no valid person is refused by the field's name, and nothing is written.
    """
    anna = shop.customer()
    before = shop.dump()

    with pytest.raises(InvalidInput, match=r"Person\.email"):
        shop.ledger.update_customer(anna, email="no address")
    with pytest.raises(InvalidInput, match=r"Person\.name"):
        shop.ledger.update_customer(anna, name=None)  # type: ignore[arg-type]
    with pytest.raises(CustomerNotFound):
        shop.ledger.update_customer("nobody", name="X")

    assert before == shop.dump()


def test_registered_by_reference(shop: Shop):
    """
    A caller's own reference makes registering repeatable, also after a restart.
    """
    first = shop.customer("Anna", reference="A-1")
    shop.reopen()

    again = shop.customer("Anna", reference="A-1")

    assert again.repeated and (first.id, first.subject) == (again.id, again.subject)
    assert shop.customer("Anna", reference="a-1").subject != first.subject


def test_card_numbers(shop: Shop):
    """
    Cards are numbered one after another within the business, and are found by number, id, scan or view.
    """
    template = shop.template()
    scans = [shop.ledger.issue_card(template) for _ in range(3)]

    assert [100_001, 100_002, 100_003] == [scan.card.number for scan in scans]
    for reference in (100_002, scans[1], scans[1].card, the(scans[1].subject), str(scans[1].subject)):
        assert scans[1].card == shop.ledger.card(reference)


def test_wallets(shop: Shop):
    """
    A card may be kept on several platforms; saving twice and removing what is not there write nothing.
    """
    card = shop.card()

    scans = [shop.ledger.save_to_wallet(card, platform) for platform in ("apple", "google", "apple")]
    gone = [shop.ledger.remove_from_wallet(card, "apple") for _ in range(2)]

    assert [False, False, True] == [scan.repeated for scan in scans] and [False, True] == [
        scan.repeated for scan in gone
    ]
    assert ("google",) == shop.ledger.card(card).platforms
    assert ("apple", "google") == shop.ledger.at(scans[1]).card(card).platforms


def test_message(shop: Shop):
    """
    A message is sealed for its customer and can be read in the entry; one to a card of nobody as well.
    """
    for card in (shop.card(customer=shop.customer()), shop.card()):
        scan = shop.ledger.send_message(card, "Hello!\nYour coffee waits.", channels=["email"], actor="boss")

        assert "Hello!\nYour coffee waits." == scan.events[0].text  # type: ignore[attr-defined]
        assert "Hello!\nYour coffee waits." == shop.ledger.history(card)[-1].event.text  # type: ignore[attr-defined]
        assert b"Hello" not in b"".join(body for (body,) in shop.sql("SELECT body FROM JOURNAL"))


def test_card_of_who_is_forgotten(shop: Shop):
    """
    No card is given to who was forgotten.
    """
    anna = shop.customer()
    shop.ledger.forget_customer(anna)
    template = shop.template()

    with pytest.raises(refusals.CustomerIsForgotten):
        shop.ledger.issue_card(template, customer=anna)


def test_scan_without_a_card(shop: Shop):
    """
    A scan about no card says so when it is asked for one.
    """
    from stampledger import CardNotFound

    with pytest.raises(CardNotFound):
        shop.template().card.id  # noqa: B018
    with pytest.raises(CardNotFound):
        shop.customer().card.id  # noqa: B018


def test_published_code(tmp_path):
    """
    The day of the design's own page goes as it says there.
    """
    from datetime import date

    with Ledger.open(f"sqlite:///{tmp_path / 'shop.db'}", business="blue-cup") as ledger:
        ledger.set_brand(Brand(name="Blue Cup"))
        template = ledger.publish_template("free-coffee", coffee())
        anna = ledger.register_customer(name="Anna", email="anna@example.com", birthday=date(1990, 2, 28))
        card = ledger.issue_card(template, customer=anna).card
        scan = ledger.add_stamps(card.id, 8, code="R-1001", actor="till-1", channel="receipt")
        ledger.redeem(scan.card.vouchers[0].id, actor="till-1")
        then = ledger.at(scan)

        assert (5, ["StampAdded", "GoalReached", "VoucherIssued"], False) == (scan.id, kinds(scan), scan.repeated)
        assert ("8/8", "active") == (str(then.card(card.id).progress), then.card(card.id).vouchers[0].status)
        assert "redeemed" == ledger.card(card.id).vouchers[0].status
        assert 1 == len(ledger.journal(search="anna", kinds=("stamp_added",), limit=50))
        assert [card.id] == [view.id for view in ledger.cards(search="anna@")]
        assert 5 == len(ledger.history(card.id))
        assert () == ledger.verify().faults
