"""
What every writing verb has in common: the scan it answers, who and what for, idempotency keys, and whom it belongs to.
"""

from collections.abc import Callable
from datetime import date, timedelta
from io import StringIO
from typing import Any
from uuid import UUID

import attrs
import pytest

from stampledger import (
    Batch,
    BirthdayGift,
    Brand,
    CardTemplate,
    CustomerNotFound,
    Goal,
    IdempotencyKeyReused,
    InvalidInput,
    Ledger,
    NotFound,
    Receipts,
    ScanNotFound,
    View,
)
from tests.ledger.shop import BORN, CAKE, COFFEE, LUCK, Shop, at, coffee, kinds, the

BRAND = Brand(name="Blue Cup", time_zone="Europe/Berlin")


@attrs.frozen
class Day:
    """A shop in the middle of its day, with something to do for every verb."""

    shop: Shop
    anna: UUID
    card: UUID
    spare: UUID  # A card of nobody's.
    scan: int  # Of a credit that stands.
    voucher: UUID
    redeemed: UUID
    lottery: UUID

    @property
    def ledger(self) -> Ledger:
        return self.shop.ledger


def day(shop: Shop) -> Day:
    ledger = shop.ledger
    goals = (Goal(stamps=2, reward=COFFEE), Goal(stamps=4, reward=LUCK), Goal(stamps=6, reward=CAKE))
    gift = BirthdayGift(reward=CAKE)
    ledger.publish_template("t", CardTemplate(name="T", goals=goals, birthday=gift, card_valid_for=timedelta(days=90)))
    anna = the(ledger.register_customer(name="Anna", birthday=BORN, reference="A-1").subject)
    card = the(ledger.issue_card("t", customer=anna).subject)
    spare = the(ledger.issue_card("t").subject)
    first = ledger.add_stamps(card, 4, code="R-1")
    ledger.save_to_wallet(card, "google")
    voucher = ledger.issue_coupon(COFFEE, card=card).card.vouchers[0].id
    redeemed = first.card.vouchers[0].id
    ledger.redeem(redeemed)
    scan = ledger.add_stamps(card, code="R-2").id
    ledger.publish_template("t", CardTemplate(name="T2", goals=goals))
    return Day(shop, anna, card, spare, scan, voucher, redeemed, first.card.lotteries[0].id)


Do = Callable[..., Any]

# A verb, and the same verb with another wish.
VERBS: dict[str, tuple[Do, Do]] = {
    "set_brand": (
        lambda d, **call: d.ledger.set_brand(BRAND, **call),
        lambda d, **call: d.ledger.set_brand(Brand(name="Red Cup"), **call),
    ),
    "publish_template": (
        lambda d, **call: d.ledger.publish_template("u", coffee(), **call),
        lambda d, **call: d.ledger.publish_template("u", coffee(9), **call),
    ),
    "register_customer": (
        lambda d, **call: d.ledger.register_customer(name="Bo", **call),
        lambda d, **call: d.ledger.register_customer(name="Cy", **call),
    ),
    "update_customer": (
        lambda d, **call: d.ledger.update_customer(d.anna, email="a@example.com", **call),
        lambda d, **call: d.ledger.update_customer(d.anna, email="b@example.com", **call),
    ),
    "issue_card": (
        lambda d, **call: d.ledger.issue_card("t", customer=d.anna, **call),
        lambda d, **call: d.ledger.issue_card("t", **call),
    ),
    "add_stamps": (
        lambda d, **call: d.ledger.add_stamps(d.card, 2, code="R-3", **call),
        lambda d, **call: d.ledger.add_stamps(d.card, 3, code="R-3", **call),
    ),
    "void_stamps": (
        lambda d, **call: d.ledger.void_stamps(d.scan, **call),
        lambda d, **call: d.ledger.void_stamps(d.scan, reason="why", **call),
    ),
    "play_lottery": (
        lambda d, **call: d.ledger.play_lottery(d.lottery, **call),
        lambda d, **call: d.ledger.play_lottery(d.voucher, **call),
    ),
    "issue_coupon": (
        lambda d, **call: d.ledger.issue_coupon(CAKE, card=d.card, **call),
        lambda d, **call: d.ledger.issue_coupon(CAKE, customer=d.anna, **call),
    ),
    "redeem": (
        lambda d, **call: d.ledger.redeem(d.voucher, **call),
        lambda d, **call: d.ledger.redeem(redeem_code="FREE", **call),
    ),
    "reverse_redemption": (
        lambda d, **call: d.ledger.reverse_redemption(d.redeemed, **call),
        lambda d, **call: d.ledger.reverse_redemption(d.redeemed, reason="oops", **call),
    ),
    "void_voucher": (
        lambda d, **call: d.ledger.void_voucher(d.voucher, **call),
        lambda d, **call: d.ledger.void_voucher(d.lottery, **call),
    ),
    "send_message": (
        lambda d, **call: d.ledger.send_message(d.card, "Hello Anna", **call),
        lambda d, **call: d.ledger.send_message(d.card, "Hello Bo", **call),
    ),
    "save_to_wallet": (
        lambda d, **call: d.ledger.save_to_wallet(d.card, "apple", **call),
        lambda d, **call: d.ledger.save_to_wallet(d.card, "web", **call),
    ),
    "remove_from_wallet": (
        lambda d, **call: d.ledger.remove_from_wallet(d.card, "google", **call),
        lambda d, **call: d.ledger.remove_from_wallet(d.card, "apple", **call),
    ),
    "delete_card": (
        lambda d, **call: d.ledger.delete_card(d.card, **call),
        lambda d, **call: d.ledger.delete_card(d.spare, **call),
    ),
    "forget_customer": (
        lambda d, **call: d.ledger.forget_customer(d.anna, **call),
        lambda d, **call: d.ledger.forget_customer(d.spare, **call),
    ),
}

BATCHES: dict[str, tuple[Do, Do]] = {
    "celebrate_birthdays": (
        lambda d, **call: d.ledger.celebrate_birthdays(date(2024, 2, 28), **call),
        lambda d, **call: d.ledger.celebrate_birthdays(date(2024, 2, 27), **call),
    ),
    "expire": (
        lambda d, **call: d.ledger.expire(**call),
        lambda d, **call: d.ledger.expire(until=at(days=90), **call),
    ),
    "send_campaign": (
        lambda d, **call: d.ledger.send_campaign("spring", name="Spring", cards=[d.card, d.spare], **call),
        lambda d, **call: d.ledger.send_campaign("autumn", name="Autumn", cards=[d.card], **call),
    ),
    "move_to_template": (
        lambda d, **call: d.ledger.move_to_template("t", **call),
        lambda d, **call: d.ledger.move_to_template("t", force=True, **call),
    ),
    "import_cards": (
        lambda d, **call: d.ledger.import_cards(
            StringIO("external_id,stamps\n1,2\n"), source="s", template="t", **call
        ),
        lambda d, **call: d.ledger.import_cards(
            StringIO("external_id,stamps\n2,3\n"), source="s", template="t", **call
        ),
    ),
    "import_receipts": (
        lambda d, **call: d.ledger.import_receipts(
            StringIO(f"{HEADER}\nX-1,A-1,2024-02-27T12:00Z"), template="t", **call
        ),
        lambda d, **call: d.ledger.import_receipts(
            StringIO(f"{HEADER}\nX-2,A-1,2024-02-27T12:00Z"), template="t", **call
        ),
    ),
}
HEADER = "receipt,customer,occurred_at"

every_verb = pytest.mark.parametrize("name", VERBS)
every_batch = pytest.mark.parametrize("name", BATCHES)


def test_every_verb_is_here():
    """
    No writing verb escapes these tests.
    """
    reads = {name for name in dir(View) if not name.startswith("_")}
    others = {"at", "business", "close", "follow", "followers", "import_journal", "open", "rebuild", "using", "verify"}
    others |= {"compare", "replay_under"}  # They ask.

    assert {name for name in dir(Ledger) if not name.startswith("_")} - reads - others == {*VERBS, *BATCHES}


@every_verb
def test_scan(shop: Shop, name: str):
    """
    A verb writes one scan: its entries follow one another under one id, with who, by which way and when.
    """
    today = day(shop)
    before = shop.head
    shop.clock.wait(timedelta(hours=2))
    late = at(hours=1)

    scan = VERBS[name][0](today, actor="till-1", channel="kiosk", occurred_at=late, idempotency_key="k")

    assert before + 1 == scan.id and shop.head == scan.last
    assert list(range(scan.id, scan.last + 1)) == [entry.seq for entry in scan.entries]
    assert {(scan.id, "till-1", "kiosk", late)} == {
        (entry.scan, entry.actor, entry.channel, entry.occurred_at) for entry in scan.entries
    }
    assert len({entry.recorded_at for entry in scan.entries}) == 1 and scan.entries[0].recorded_at >= at(hours=2)
    assert scan.subject == scan.entries[0].stream and not scan.repeated
    assert tuple(shop.ledger.entries(after=before)) == scan.entries
    assert () == shop.ledger.verify().faults


@every_verb
def test_same_key_same_wish(shop: Shop, name: str):
    """
    The same key with the same wish answers the first result and writes nothing, also after a restart.
    """
    today = day(shop)
    first = VERBS[name][0](today, idempotency_key="k", actor="till-1")
    before = shop.dump()
    shop.reopen()
    shop.clock.wait(timedelta(days=1))

    again = VERBS[name][0](today, idempotency_key="k", actor="till-2")

    assert (first.id, kinds(first), first.subject, True) == (again.id, kinds(again), again.subject, again.repeated)
    if name != "forget_customer":
        assert first.entries == again.entries
    assert before == shop.dump()


@every_verb
@pytest.mark.parametrize("other", ["the same verb", "another verb"])
def test_same_key_another_wish(shop: Shop, name: str, other: str):
    """
    The same key with another wish is an error that names the first entry, and nothing is written.
    """
    today = day(shop)
    first = VERBS[name][0](today, idempotency_key="k")
    before = shop.dump()
    wish = (
        VERBS[name][1] if other == "the same verb" else VERBS["add_stamps" if name == "set_brand" else "set_brand"][0]
    )

    with pytest.raises(IdempotencyKeyReused) as refused:
        wish(today, idempotency_key="k")

    assert (first.id, "k") == (refused.value.first_seq, refused.value.value)
    assert f"(entry {first.id})" in str(refused.value)
    assert before == shop.dump()


@pytest.mark.parametrize(
    "name", ["set_brand", "publish_template", "save_to_wallet", "remove_from_wallet", "delete_card", "update_customer"]
)
def test_wish_that_is_true_already(shop: Shop, name: str):
    """
    A wish that is true already writes nothing but its key, and the key goes on answering that, whatever came later.
    """
    today = day(shop)
    VERBS[name][0](today)
    before = shop.head

    first = VERBS[name][0](today, idempotency_key="k")
    shop.ledger.add_stamps(today.spare)
    again = VERBS[name][0](today, idempotency_key="k")

    assert (before, (), True) == (first.id, first.entries, first.repeated)
    assert ((), True, first.subject) == (again.entries, again.repeated, again.subject)
    assert the(first.subject) is not None and before + 1 == shop.head
    with pytest.raises(IdempotencyKeyReused):
        shop.ledger.add_stamps(today.spare, idempotency_key="k")


@every_batch
def test_batch(shop: Shop, name: str):
    """
    A verb over many cards answers what it did; run again, it finds nothing to do.
    """
    today = day(shop)
    shop.clock.wait(timedelta(days=90 if name == "expire" else 1))
    before = shop.head

    first = BATCHES[name][0](today, actor="boss", channel="api", idempotency_key="k")
    done = list(shop.ledger.entries(after=before))
    again = BATCHES[name][0](today, actor="boss", channel="api", idempotency_key="k")

    assert done and {("boss", "api")} == {(entry.actor, entry.channel) for entry in done}
    assert done[-1].seq == shop.head
    if isinstance(first, Batch):
        assert (before + 1, len(done), False) == (first.id, first.entries_count, first.repeated)
        assert list(first.scans) == sorted({entry.scan for entry in done})
        assert (True, (), 0) == (again.repeated, again.scans, again.entries_count)
    else:
        assert isinstance(first, Receipts)
        assert (1, 1, 0) == (first.read, first.credited, first.repeated)
        assert (1, 0, 1) == (again.read, again.credited, again.repeated)
    assert () == shop.ledger.verify().faults


@every_batch
def test_batch_with_a_key_of_another_wish(shop: Shop, name: str):
    """
    A key names one wish over many cards as well: with another one it is an error, and nothing is written.
    """
    today = day(shop)
    shop.clock.wait(timedelta(days=90))
    first = BATCHES[name][0](today, idempotency_key="k")
    before = shop.dump()

    with pytest.raises(IdempotencyKeyReused) as refused:
        BATCHES[name][1](today, idempotency_key="k")
    with pytest.raises(IdempotencyKeyReused):
        shop.ledger.set_brand(BRAND, idempotency_key="k")

    assert 0 < refused.value.first_seq <= shop.head
    if isinstance(first, Batch):
        assert first.id == refused.value.first_seq
    assert before == shop.dump()


def test_batch_with_a_key_of_one_card(shop: Shop):
    """
    A key that belongs to a wish about one card is not good for a batch.
    """
    today = day(shop)
    first = shop.ledger.set_brand(BRAND, idempotency_key="k")
    before = shop.dump()

    with pytest.raises(IdempotencyKeyReused) as refused:
        shop.ledger.celebrate_birthdays(date(2024, 2, 28), idempotency_key="k")

    assert first.id == refused.value.first_seq
    assert before == shop.dump() and today.shop is shop


# Whom things belong to.

STRANGERS: dict[str, Do] = {
    "update_customer": lambda d, theirs: d.ledger.update_customer(theirs.anna, name="X"),
    "forget_customer": lambda d, theirs: d.ledger.forget_customer(theirs.anna),
    "issue_card under their template": lambda d, theirs: d.ledger.issue_card(
        the(theirs.ledger.card(theirs.card)).template_id
    ),
    "issue_card to their customer": lambda d, theirs: d.ledger.issue_card("t", customer=theirs.anna),
    "add_stamps": lambda d, theirs: d.ledger.add_stamps(theirs.card),
    "void_stamps": lambda d, theirs: d.ledger.void_stamps("THEIRS"),
    "play_lottery": lambda d, theirs: d.ledger.play_lottery(theirs.lottery),
    "issue_coupon on their card": lambda d, theirs: d.ledger.issue_coupon(CAKE, card=theirs.card),
    "issue_coupon to their customer": lambda d, theirs: d.ledger.issue_coupon(CAKE, customer=theirs.anna),
    "redeem": lambda d, theirs: d.ledger.redeem(theirs.voucher),
    "redeem by code": lambda d, theirs: d.ledger.redeem(redeem_code=theirs.ledger.reward(theirs.voucher).redeem_code),
    "redeem by code on their card": lambda d, theirs: d.ledger.redeem(redeem_code="X", card=theirs.card),
    "reverse_redemption": lambda d, theirs: d.ledger.reverse_redemption(theirs.redeemed),
    "void_voucher": lambda d, theirs: d.ledger.void_voucher(theirs.voucher),
    "send_message": lambda d, theirs: d.ledger.send_message(theirs.card, "Hello"),
    "save_to_wallet": lambda d, theirs: d.ledger.save_to_wallet(theirs.card, "web"),
    "remove_from_wallet": lambda d, theirs: d.ledger.remove_from_wallet(theirs.card, "google"),
    "delete_card": lambda d, theirs: d.ledger.delete_card(theirs.card),
    "send_campaign": lambda d, theirs: d.ledger.send_campaign("c", name="C", cards=[d.card, theirs.card]),
    "move_to_template of their card": lambda d, theirs: d.ledger.move_to_template("t", cards=[d.card, theirs.card]),
    "move_to_template to theirs": lambda d, theirs: d.ledger.move_to_template("only-theirs"),
    "import_cards": lambda d, theirs: d.ledger.import_cards(
        StringIO("external_id,stamps\n1,1"), source="s", template="only-theirs"
    ),
    "import_receipts": lambda d, theirs: d.ledger.import_receipts(
        StringIO(f"{HEADER}\nX,A-1,2024-02-27T12:00Z"), template="only-theirs"
    ),
    "card": lambda d, theirs: d.ledger.card(theirs.card),
    "progress": lambda d, theirs: d.ledger.progress(theirs.card),
    "rewards": lambda d, theirs: d.ledger.rewards(theirs.card),
    "reward": lambda d, theirs: d.ledger.reward(theirs.voucher),
    "history": lambda d, theirs: d.ledger.history(theirs.card),
    "customer": lambda d, theirs: d.ledger.customer(theirs.anna),
    "customer_view": lambda d, theirs: d.ledger.customer_view(theirs.card),
    "explain": lambda d, theirs: d.ledger.explain(theirs.voucher),
    "journal of their card": lambda d, theirs: d.ledger.journal(card=theirs.card),
    "journal of their customer": lambda d, theirs: d.ledger.journal(customer=theirs.anna),
    "journal of their template": lambda d, theirs: d.ledger.journal(template="only-theirs"),
    "cards of their customer": lambda d, theirs: d.ledger.cards(customer=theirs.anna),
    "cards of their template": lambda d, theirs: d.ledger.cards(template="only-theirs"),
    "at": lambda d, theirs: d.ledger.at(theirs.shop.head),
}


@pytest.mark.parametrize("name", STRANGERS)
def test_another_business(tmp_path, name: str):
    """
    Another business's things are unknown here, in the same words as what never was, and neither business is changed.
    """
    with Shop(tmp_path / "shop.db") as mine, Shop(tmp_path / "shop.db", business="red-cup") as other:
        other.ids = lambda: UUID(int=(1 << 100) + other.head + other.chance(1 << 60))
        other.ledger.close()
        other.ledger = other.open()
        today, theirs = day(mine), day(other)
        other.ledger.publish_template("only-theirs", coffee())
        other.ledger.add_stamps(theirs.card, code="THEIRS")
        before = mine.dump()

        with pytest.raises(NotFound, match="in this business"):
            STRANGERS[name](today, theirs)

        assert before == mine.dump()


def test_two_businesses_in_one_database(tmp_path):
    """
    Two businesses share a database and nothing else: numbers, codes, keys, names and lists are each one's own.
    """
    with Shop(tmp_path / "shop.db") as blue, Shop(tmp_path / "shop.db", business="red-cup") as red:
        red.ids = lambda: UUID(int=(1 << 100) + red.head + red.chance(1 << 60))
        red.ledger.close()
        red.ledger = red.open()

        pair = [day(blue), day(red)]
        scans = [one.ledger.add_stamps(one.card, code="R-9", idempotency_key="k") for one in pair]
        blue.ledger.forget_customer(pair[0].anna)

        assert scans[0].id == scans[1].id and not scans[1].repeated
        assert [100_001, 100_001] == [one.ledger.card(one.card).number for one in pair]
        assert [None, "Anna"] == [one.ledger.customer(one.anna).name for one in pair]
        assert [0, 1] == [len(one.ledger.cards(search="anna")) for one in pair]
        assert red.head == len(tuple(red.ledger.entries())) == blue.head - 1
        assert [(), ()] == [one.ledger.verify().faults for one in pair]
        before = red.dump()
        blue.ledger.rebuild()
        assert before == red.dump()


# Times.


def test_clock_steps_back(shop: Shop):
    """
    When the clock steps back, no entry is recorded before the one before it, and a card's own time does not run back.
    """
    card = shop.card()
    shop.ledger.add_stamps(card)
    shop.clock.wait(timedelta(hours=-5))

    scan = shop.ledger.add_stamps(card)

    times = [entry.recorded_at for entry in shop.ledger.entries()]
    assert sorted(times) == times
    assert at() == scan.entries[0].occurred_at
    assert () == shop.ledger.verify().faults


def test_late_report(shop: Shop):
    """
    A till that reports late keeps its own time in the entry, beside the time of recording.
    """
    card = shop.card()
    shop.clock.wait(timedelta(days=3))

    scan = shop.ledger.add_stamps(card, occurred_at=at(days=1))

    assert (at(days=1), at(days=3)) == (scan.entries[0].occurred_at, scan.entries[0].recorded_at)
    assert at(days=1) == shop.ledger.card(card).last_stamp_at


def test_report_from_the_future(shop: Shop):
    """
    A till's clock may run ahead by a day at most.
    """
    card = shop.card()
    shop.ledger.add_stamps(card, occurred_at=at(days=1))
    before = shop.head

    with pytest.raises(InvalidInput, match="occurred_at"):
        shop.ledger.add_stamps(card, occurred_at=at(days=1, hours=0.001))

    assert before == shop.head


def test_unknown_things(shop: Shop):
    """
    What never was is not found, by id, number, key or code.
    """
    day(shop)
    never = UUID(int=1 << 90)

    for reference in (never, str(never), "nobody", 7, 999_999):
        with pytest.raises(NotFound):
            shop.ledger.card(reference)
    with pytest.raises(CustomerNotFound):
        shop.ledger.customer(never)
    with pytest.raises(NotFound, match="card template"):
        shop.ledger.issue_card(("t", 3))
    with pytest.raises(NotFound):
        shop.ledger.redeem(redeem_code="FREECOFFEE")
    with pytest.raises(ScanNotFound):
        shop.ledger.at(0)
    with pytest.raises(ScanNotFound):
        shop.ledger.at(shop.head + 1)
