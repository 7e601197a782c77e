"""
What staff do with a card, as a person does it: the page is opened, its form sent, and the Journal tells who did what.
"""

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from stampledger import JournalRow, Ledger, RewardView
from tests.web.shop import MOUNTED, form, mounted, visitor
from tests.web.test_cards import PANEL, words


def filled(client: TestClient, number: int, action: str, **fields: object) -> dict[str, str]:
    """A form as it is sent after somebody opened its page and filled it in."""
    page = client.get(f"/cards/{number}/{action}")
    assert 200 == page.status_code
    return form(page.text, f"/cards/{number}/{action}") | {name: str(value) for name, value in fields.items()}


def send(client: TestClient, number: int, action: str, **fields: object):
    """Open a form, fill it in and send it."""
    return client.post(f"/cards/{number}/{action}", data=filled(client, number, action, **fields))


def follow(client: TestClient, answer) -> str:
    """Go where an action leads, which is the card."""
    assert 303 == answer.status_code
    assert answer.headers["location"].startswith(f"{MOUNTED}/cards/")
    page = client.get(f"http://shop.example{answer.headers['location']}")
    assert 200 == page.status_code
    return words(page.text)


def newest(ledger: Ledger) -> JournalRow:
    """The Journal's last row, which came from this office by this person."""
    row = ledger.journal(limit=1)[0]
    assert ("anna", "web") == (row.actor, row.channel)
    return row


def reward(ledger: Ledger, number: int, title: str, status: str) -> RewardView:
    """A reward of a card."""
    return next(one for one in ledger.rewards(number) if (one.title, one.status) == (title, status))


def offered(client: TestClient) -> list[int]:
    """The scans of a card whose stamps can be taken back, in the form's order."""
    return [int(scan) for scan in re.findall(r'name="scan" value="(\d+)"', client.get("/cards/100001/void").text)]


# Each action.


def test_add_stamps(client: TestClient, ledger: Ledger):
    """
    Stamps that are added are on the card, and the page tells the entries that were written.
    """
    told = follow(client, send(client, 100001, "stamp", count=3, code="R-77"))

    assert "Done. The Journal tells: Entry 52 Stamps added 4/8" in told
    assert 4 == ledger.card(100001).progress.stamps
    row = newest(ledger)
    assert ("stamp_added", "R-77", 100001) == (row.kind, row.code, row.card_number)


def test_add_an_amount(client: TestClient, ledger: Ledger):
    """
    Where a card earns by money, the amount is credited; a comma parts the decimals as a point does.
    """
    assert "One stamp for each full 10" in words(client.get("/cards/100005/stamp").text)

    follow(client, send(client, 100005, "stamp", amount="14,50"))

    card = ledger.card(100005)
    assert (4, 450) == (card.progress.stamps, card.remainder_minor)


@pytest.mark.parametrize("amount", ["1,000", "10.000", "14.500"])
def test_thousands_taken_for_decimals(client: TestClient, ledger: Ledger, amount: str):
    """
    More decimals than the currency has are refused, even noughts: a thousand is not credited as one.
    """
    before = ledger.seq

    answer = send(client, 100005, "stamp", amount=amount)

    assert (400, before) == (answer.status_code, ledger.seq)
    assert "must have at most 2 decimals" in words(answer.text)


def test_digits_of_another_script(client: TestClient, ledger: Ledger):
    """
    An amount is read in the digits of whatever keyboard it was typed on.
    """
    follow(client, send(client, 100005, "stamp", amount="۱۴.۵۰"))

    assert 450 == ledger.card(100005).remainder_minor


def test_no_amount_by_visit(client: TestClient):
    """
    Where a card earns by visit, there is no field for an amount.
    """
    assert 'name="amount"' not in client.get("/cards/100001/stamp").text


def test_told_entries(client: TestClient):
    """
    After an action the entries of its scan are told, all of them and no others; never those of another card.
    """
    told = words(client.get("/cards/100003?done=17").text)

    assert all(f"Entry {seq} " in told for seq in (17, 18, 19, 20, 21))
    assert "Entry 16 " not in told and "Entry 22 " not in told
    for elsewhere in (18, 25, 99, 10**30):
        assert "Done." not in client.get(f"/cards/100003?done={elsewhere}").text


def test_same_code_again(client: TestClient, ledger: Ledger):
    """
    A receipt that was already credited to the card adds nothing, and the page says so.
    """
    follow(client, send(client, 100001, "stamp", count=1, code="R-77"))
    before = ledger.seq

    told = follow(client, send(client, 100001, "stamp", count=1, code="R-77"))

    assert "This had been done before and was not done twice: Entry 52" in told
    assert before == ledger.seq


def test_void(client: TestClient, ledger: Ledger):
    """
    The credits whose stamps still stand are offered, newest first, and one of them is taken back with its reason.
    """
    follow(client, send(client, 100001, "stamp", count=2, code="R-77"))
    assert [52, 7] == offered(client)

    told = follow(client, send(client, 100001, "void", scan=52, reason="a mistake"))

    assert "Stamps taken back 1/8" in told
    assert ("stamp_voided", "a mistake") == (newest(ledger).kind, newest(ledger).event.reason)  # type: ignore[attr-defined]
    assert [7] == [
        int(scan) for scan in re.findall(r'name="scan" value="(\d+)"', client.get("/cards/100001/void").text)
    ]


def test_nothing_to_void(client: TestClient):
    """
    A card whose stamps were all taken back says that there are none.
    """
    assert "This card has no stamps that could be taken back." in client.get("/cards/100003/void").text


def test_redeem_reverse_and_take_back(client: TestClient, ledger: Ledger):
    """
    A voucher is used from its own line, its use is reversed, and it is taken back.
    """
    voucher = reward(ledger, 100003, "Soup on the house", "active")
    fields = form(client.get("/cards/100003").text, "/cards/100003/redeem")
    assert str(voucher.id) == fields["voucher"]

    told = follow(client, client.post("/cards/100003/redeem", data=fields))
    assert "Voucher redeemed Soup on the house" in told
    assert "voucher_redeemed" == newest(ledger).kind

    assert f"/cards/100003/reverse?voucher={voucher.id}" in client.get("/cards/100003").text
    follow(client, send(client, 100003, "reverse", voucher=voucher.id, reason="wrong cup"))
    assert ("redemption_reversed", "wrong cup") == (newest(ledger).kind, newest(ledger).event.reason)  # type: ignore[attr-defined]

    assert f"/cards/100003/take-back?voucher={voucher.id}" in client.get("/cards/100003").text
    follow(client, send(client, 100003, "take-back", voucher=voucher.id, reason="by mistake"))
    assert "voucher_voided" == newest(ledger).kind
    assert "voided" == ledger.reward(voucher.id).status


def test_redeem_by_code(client: TestClient, ledger: Ledger):
    """
    A redeem code is good on the card it is on, however it is spelt.
    """
    voucher = reward(ledger, 100003, "Soup on the house", "active")

    follow(client, send(client, 100003, "redeem", redeem_code=str(voucher.redeem_code).lower()))

    assert "redeemed" == ledger.reward(voucher.id).status
    assert "voucher_redeemed" == newest(ledger).kind


def test_play(client: TestClient, ledger: Ledger):
    """
    A prize draw is played from its own line, and what dropped is told.
    """
    follow(client, send(client, 100003, "stamp", count=9))
    lottery = reward(ledger, 100003, "Lucky plate", "granted")
    fields = form(client.get("/cards/100003").text, "/cards/100003/play")

    told = follow(client, client.post("/cards/100003/play", data=fields))

    assert "Prize draw played Lucky plate: " in told
    assert "played" == ledger.reward(lottery.id).status
    assert "web" == newest(ledger).channel


def test_message(client: TestClient, ledger: Ledger):
    """
    A message to the customer is noted, by the ways that were chosen.
    """
    follow(client, send(client, 100003, "message", push=1, email=1, text="Your soup waits"))

    event = newest(ledger).event
    assert ("Your soup waits", ["push", "email"]) == (event.text, list(event.channels))  # type: ignore[attr-defined]


def test_long_message_by_email(client: TestClient, ledger: Ledger):
    """
    A push is short; an e-mail has several lines.
    """
    refused = send(client, 100003, "message", push=1, text="Much more than twenty characters")
    assert 400 == refused.status_code and "at most 20 characters for a push" in refused.text

    follow(client, send(client, 100003, "message", email=1, text="Dear Zoe,\r\nyour soup waits."))

    assert "Dear Zoe,\nyour soup waits." == newest(ledger).event.text  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("fields", "until"),
    [
        ({"valid": "always"}, None),
        ({"valid": "days", "days": 10}, "2026-05-22"),
        ({"valid": "months", "months": 2}, "2026-07-12"),
        ({"valid": "until", "until": "2026-06-30"}, "2026-07-01"),
        ({"valid": "until", "until": "9999-12-31"}, None),
    ],
)
def test_coupon(client: TestClient, ledger: Ledger, fields: dict[str, object], until: str | None):
    """
    A coupon is given with a limit or without, and with a code of the shop's own where one is filled in.
    """
    told = follow(client, send(client, 100003, "coupon", title="A tea", redeem_code="TEA", **fields))

    assert "Voucher issued A tea" in told
    coupon = reward(ledger, 100003, "A tea", "active")
    assert ("TEA", until) == (coupon.redeem_code, coupon.expires_at and f"{coupon.expires_at:%Y-%m-%d}")
    assert "voucher_issued" == newest(ledger).kind


def test_delete(client: TestClient, ledger: Ledger):
    """
    Deleting is asked twice, by a page that says what it means, and takes a reason.
    """
    page = client.get("/cards/100003/delete").text
    assert "This cannot be undone." in page and "deleted" != ledger.card(100003).status

    told = follow(client, send(client, 100003, "delete", reason="asked for it"))

    assert "Card deleted" in told
    assert ("card_deleted", "asked for it") == (newest(ledger).kind, newest(ledger).event.reason)  # type: ignore[attr-defined]
    assert "100003" not in words(client.get("/cards").text)


def test_already_so(client: TestClient, ledger: Ledger):
    """
    What is so already is not written again, and the page says so.
    """
    ledger.delete_card(100003)
    before = ledger.seq

    told = follow(client, send(client, 100003, "delete"))

    assert "Nothing had to be done: it was so already." in told
    assert before == ledger.seq


def test_list_is_kept(client: TestClient):
    """
    After an action the list is narrowed as before.
    """
    page = client.get("/cards/100005/stamp?search=ben").text
    action = re.search(r'<form class="fields" action="([^"]*)"', page)
    assert action is not None

    answer = client.post(f"http://shop.example{action[1]}", data=form(page, "/stamp") | {"count": "1"})

    assert answer.headers["location"].endswith("search=ben")


def test_form_in_the_panel(client: TestClient):
    """
    To a page that is open, the panel with the form is answered, which gets the focus.
    """
    html = client.get("/cards/100003/coupon", headers=PANEL).text

    assert "<html" not in html and 1 == html.count("autofocus")
    assert '<h3 id="form-title" tabindex="-1" autofocus>Issue coupon</h3>' in html


# Once.


def test_double_click(client: TestClient, ledger: Ledger):
    """
    The same form sent twice acts once.
    """
    fields = filled(client, 100001, "stamp", count=2)
    before = ledger.seq

    first, second = (client.post("/cards/100001/stamp", data=fields) for _ in range(2))

    assert 303 == first.status_code == second.status_code
    assert before + 1 == ledger.seq and 3 == ledger.card(100001).progress.stamps
    assert "not done twice" in follow(client, second)


@pytest.mark.parametrize(
    ("number", "action", "fields"),
    [(100001, "stamp", {"count": 2}), (100003, "coupon", {"title": "A tea"}), (100001, "void", {"scan": 7})],
)
def test_sent_at_once(ledger: Ledger, number: int, action: str, fields: dict[str, object]):
    """
    The same form sent by several threads at once acts once, and all are told the same scan.
    """
    app = mounted(ledger)
    told = filled(visitor(app), number, action, **fields)
    scans = len({row.scan for row in ledger.history(number)})

    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: visitor(app).post(f"/cards/{number}/{action}", data=told), range(4)))

    assert [303] * 4 == [answer.status_code for answer in answers]
    assert 1 == len({re.sub("&again=1", "", answer.headers["location"]) for answer in answers})
    assert scans + 1 == len({row.scan for row in ledger.history(number)})


def test_two_forms_act_twice(client: TestClient, ledger: Ledger):
    """
    Two forms are two wishes, even if the same is filled in.
    """
    follow(client, send(client, 100001, "stamp", count=1))
    follow(client, send(client, 100001, "stamp", count=1))

    assert 3 == ledger.card(100001).progress.stamps


def test_form_of_another_action(client: TestClient, ledger: Ledger):
    """
    A form's key is good for what it was sent for first: whoever changes it and sends it again is led to what was done.
    """
    fields = filled(client, 100001, "stamp", count=1)
    client.post("/cards/100001/stamp", data=fields)
    before = ledger.seq

    answer = client.post("/cards/100001/stamp", data=fields | {"count": "5"})

    assert 400 == answer.status_code
    assert before == ledger.seq
    assert f"The earlier use, entry {before}" in answer.text and f"at={before}" in answer.text
    assert "Nothing was written" not in answer.text and "idempotency" not in answer.text


# Refused.


def test_refused_by_a_rule(client: TestClient, ledger: Ledger):
    """
    A refusal is shown in place, in the rule's words, with its entry; what was filled in stays.
    """
    answer = send(client, 100001, "stamp", count=9, code="R-78")

    assert 409 == answer.status_code
    assert "Daily limit a day may bring at most 8 stamps" in words(answer.text)
    assert f'href="{MOUNTED}/journal?at=52"' in answer.text and "stamp_rejected" == newest(ledger).kind
    assert 'name="count" type="text" value="9"' in answer.text and 'value="R-78"' in answer.text
    assert "#100001 - <bdi>Mia</bdi>" in answer.text


def test_refused_then_mended(client: TestClient, ledger: Ledger):
    """
    The form that is shown with a refusal can be mended and sent.
    """
    answer = send(client, 100001, "stamp", count=9)

    follow(client, client.post("/cards/100001/stamp", data=form(answer.text, "/stamp") | {"count": "2"}))

    assert 3 == ledger.card(100001).progress.stamps


def test_used_voucher(client: TestClient, ledger: Ledger):
    """
    A voucher that was used says when, by whom and in which entry.
    """
    used = reward(ledger, 100003, "Free cookie", "redeemed")
    before = ledger.seq

    answer = send(client, 100003, "redeem", voucher=used.id)

    assert 409 == answer.status_code
    assert "Voucher already redeemed" in answer.text and "by till-1" in answer.text
    assert f'href="{MOUNTED}/journal?at=22"' in answer.text
    assert before == ledger.seq


def test_code_of_another_card(client: TestClient, ledger: Ledger):
    """
    A receipt that another card had leads to that entry.
    """
    answer = send(client, 100001, "stamp", count=1, code="R-1003")

    assert 409 == answer.status_code
    assert "Code already used" in answer.text
    assert f'href="{MOUNTED}/journal?at=17"' in answer.text and f'href="{MOUNTED}/journal?at=52"' in answer.text


def test_deleted_card(client: TestClient, ledger: Ledger):
    """
    A card that was deleted while its form was open refuses.
    """
    fields = filled(client, 100001, "stamp", count=1)
    ledger.delete_card(100001)

    answer = client.post("/cards/100001/stamp", data=fields)

    assert 409 == answer.status_code and "Card was deleted" in answer.text


# Bad input.

UNKNOWN = "019e1b18-a320-7001-880a-000000000000"
BAD = [
    ("stamp", {"count": "-1"}, 400),
    ("stamp", {"count": "0"}, 400),
    ("stamp", {"count": "1" + "0" * 30}, 400),
    ("stamp", {"count": "many"}, 400),
    ("stamp", {"count": "1.5"}, 400),
    ("stamp", {"count": ""}, 400),
    ("stamp", {"count": "1", "code": "x" * 300}, 400),
    ("stamp", {"count": "1", "code": "a\0b"}, 400),
    ("stamp", {"count": "1", "amount": "5"}, 400),
    ("stamp", {"count": "", "amount": "NaN"}, 400),
    ("stamp", {"count": "", "amount": "1e999999"}, 400),
    ("stamp", {"count": "", "amount": "-5"}, 400),
    ("stamp", {"count": "", "amount": "five"}, 400),
    ("stamp", {"count": "", "amount": "1_0"}, 400),
    ("stamp", {"count": "", "amount": "1e2"}, 400),
    ("stamp", {"count": "", "amount": "1,000.00"}, 400),
    ("void", {}, 400),
    ("void", {"scan": "x"}, 400),
    ("void", {"scan": "-3"}, 404),
    ("void", {"scan": "0"}, 404),
    ("void", {"scan": "10"}, 404),  # Of another card.
    ("void", {"scan": "6"}, 404),  # Gave no stamps.
    ("void", {"scan": "9" * 18}, 404),
    ("void", {"scan": "9" * 30}, 400),
    ("void", {"scan": "7", "reason": "x" * 300}, 400),
    ("redeem", {}, 400),
    ("redeem", {"voucher": UNKNOWN}, 404),
    ("redeem", {"voucher": "nonsense"}, 404),
    ("redeem", {"redeem_code": "NOSUCHCODE"}, 404),
    ("redeem", {"redeem_code": "x" * 100}, 400),
    ("reverse", {}, 400),
    ("reverse", {"voucher": UNKNOWN}, 404),
    ("take-back", {"voucher": UNKNOWN}, 404),
    ("play", {"voucher": UNKNOWN}, 404),
    ("play", {}, 400),
    ("message", {}, 400),
    ("message", {"push": "1", "text": "  "}, 400),
    ("message", {"text": "Hello"}, 400),
    ("message", {"email": "1", "text": "x" * 5000}, 400),
    ("message", {"email": "1", "text": "\x07"}, 400),
    ("coupon", {}, 400),
    ("coupon", {"title": "x" * 300}, 400),
    ("coupon", {"title": "Tea", "valid": "forever"}, 400),
    ("coupon", {"title": "Tea", "valid": "days"}, 400),
    ("coupon", {"title": "Tea", "valid": "always", "days": "14"}, 400),
    ("coupon", {"title": "Tea", "months": "2"}, 400),
    ("coupon", {"title": "Tea", "valid": "days", "days": "-1"}, 400),
    ("coupon", {"title": "Tea", "valid": "days", "days": "9" * 30}, 400),
    ("coupon", {"title": "Tea", "valid": "months", "months": "1201"}, 400),
    ("coupon", {"title": "Tea", "valid": "until", "until": "soon"}, 400),
    ("coupon", {"title": "Tea", "valid": "until", "until": ""}, 400),
    ("coupon", {"title": "Tea", "valid": "until", "until": "2020-01-01"}, 400),
    ("coupon", {"title": "Tea", "redeem_code": "x" * 65}, 400),
    ("delete", {"reason": "x" * 300}, 400),
]


@pytest.mark.parametrize(("action", "fields", "status"), BAD)
def test_bad_input(client: TestClient, ledger: Ledger, action: str, fields: dict[str, str], status: int):
    """
    What cannot be done as it is filled in is said in place, with what was filled in; nothing is written.
    """
    before = ledger.seq

    answer = send(client, 100001, action, **fields)

    assert status == answer.status_code
    assert "Nothing was saved." in answer.text and 'role="alert"' in answer.text
    assert f"/cards/100001/{action}" in answer.text and "#100001 - <bdi>Mia</bdi>" in answer.text
    assert before == ledger.seq


def test_field_is_named_plainly(client: TestClient):
    """
    What is wrong is said of the form's field, without the library's own name for whatever it belongs to.
    """
    html = send(client, 100001, "coupon").text

    assert "title: must not be empty" in html and "Voucher.title" not in html


def test_another_cards_voucher(client: TestClient, ledger: Ledger):
    """
    A voucher is handled on its own card's page alone; elsewhere it is not there.
    """
    theirs = reward(ledger, 100003, "Soup on the house", "active")
    before = ledger.seq

    for action in ("redeem", "reverse", "take-back", "play"):
        assert 404 == send(client, 100001, action, voucher=theirs.id).status_code
    assert 404 == send(client, 100001, "redeem", redeem_code=theirs.redeem_code).status_code

    assert before == ledger.seq


def test_unknown_card_or_action(client: TestClient, ledger: Ledger):
    """
    A form that is sent to no card, or for no action, leads nowhere.
    """
    fields = filled(client, 100001, "stamp", count=1)
    before = ledger.seq

    assert 404 == client.post("/cards/100099/stamp", data=fields).status_code
    assert 404 == client.post("/cards/nonsense/stamp", data=fields).status_code
    assert 404 == client.post("/cards/100001/explode", data=fields).status_code
    assert before == ledger.seq


def test_other_business(client: TestClient, ledger: Ledger, tmp_path: Path):
    """
    Another business's card and voucher cannot be reached.
    """
    with Ledger.open(f"sqlite:///{tmp_path / 'demo.db'}", business="red-cup") as other:
        other.publish_template("coffee", ledger.template("coffee").template)
        theirs = other.issue_card("coffee").card
        voucher = other.add_stamps(theirs, 8).card.rewards[0]
        fields = filled(client, 100001, "redeem", voucher=voucher.id)

        assert 404 == client.post("/cards/100001/redeem", data=fields).status_code
        assert 404 == client.post(f"/cards/{theirs.id}/redeem", data=fields).status_code
        assert 404 == client.post(f"/cards/{theirs.id}/stamp", data=fields | {"count": "1"}).status_code
        assert ("active", 8) == (other.reward(voucher).status, other.card(theirs).progress.stamps)


@pytest.mark.parametrize("forged", [{"token": ""}, {"token": "0" * 64}, {"key": ""}, {"key": "0-0"}, {"token": "é"}])
def test_forged_token(client: TestClient, ledger: Ledger, forged: dict[str, str]):
    """
    A form that we did not show does nothing.
    """
    before = ledger.seq

    answer = client.post("/cards/100001/stamp", data=filled(client, 100001, "stamp", count=1) | forged)

    assert 403 == answer.status_code and "This form is not valid any more" in answer.text
    assert before == ledger.seq


def test_anothers_form(ledger: Ledger):
    """
    A form is good for whom it was shown to.
    """
    app = mounted(ledger)
    fields = filled(visitor(app, "anna"), 100001, "stamp", count=1)
    before = ledger.seq

    assert 403 == visitor(app, "bert").post("/cards/100001/stamp", data=fields).status_code
    assert before == ledger.seq


def test_from_another_site(client: TestClient, ledger: Ledger):
    """
    What a browser says was sent by another site is not carried out.
    """
    fields = filled(client, 100001, "stamp", count=1)
    before = ledger.seq

    answer = client.post("/cards/100001/stamp", data=fields, headers={"Sec-Fetch-Site": "cross-site"})

    assert 403 == answer.status_code and before == ledger.seq


def test_readers_may_not(ledger: Ledger):
    """
    Who may only look is shown no form, and no form of theirs is taken.
    """
    app = mounted(ledger)
    guest = visitor(app, "guest")
    fields = filled(visitor(app), 100001, "stamp", count=1)
    before = ledger.seq

    for action in ("stamp", "void", "redeem", "message", "coupon", "delete"):
        assert 403 == guest.get(f"/cards/100001/{action}").status_code
        assert 403 == guest.post(f"/cards/100001/{action}", data=fields).status_code

    assert before == ledger.seq


def test_past_cannot_be_changed(client: TestClient, ledger: Ledger):
    """
    On a page of the past there is no form, and none that is sent there is carried out.
    """
    page = client.get("/cards/100003/stamp?at=21")
    assert 200 == page.status_code
    assert "The past cannot be changed" in page.text and 'method="post"' not in page.text

    fields = filled(client, 100003, "stamp", count=1)
    before = ledger.seq
    answer = client.post("/cards/100003/stamp?at=21", data=fields)

    assert 400 == answer.status_code and "the past cannot be changed" in answer.text
    assert before == ledger.seq


def test_huge_body(client: TestClient, ledger: Ledger):
    """
    More than any form of ours is not read.
    """
    before = ledger.seq

    answer = client.post("/cards/100001/stamp", data={"count": "1" * 10_000_000})

    assert 413 == answer.status_code and before == ledger.seq


@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data; boundary=x", "text/plain", ""])
def test_other_content(client: TestClient, ledger: Ledger, kind: str):
    """
    What is sent as anything but a form is not read.
    """
    before = ledger.seq

    answer = client.post("/cards/100001/stamp", content=b'{"count": 1}', headers={"Content-Type": kind})

    assert 415 == answer.status_code
    assert before == ledger.seq


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_other_methods(client: TestClient, ledger: Ledger, method: str):
    """
    An action is posted.
    """
    before = ledger.seq

    assert 405 == client.request(method, "/cards/100001/stamp").status_code
    assert before == ledger.seq
