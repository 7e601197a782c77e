"""
What became of a code: why the stamp did not go through.
"""

from html import unescape

from starlette.testclient import TestClient

from stampledger import Ledger, Voucher
from tests.web.links import HOST, hrefs, seqs
from tests.web.shop import MOUNTED, form


def test_from_the_journal_in_three_clicks(client: TestClient):
    """
    Search for the receipt, click on its code, read the rule that said no; the card is a click away.
    """
    found = client.get("/journal?search=R-1002").text
    answer = client.get(HOST + next(href for href in hrefs(found) if "/codes?code=" in href))

    assert 200 == answer.status_code
    assert "it was refused 2 stamps on card 100001 (code_already_used)" in answer.text
    assert [11, 10] == seqs(answer.text)
    assert f"{MOUNTED}/cards/100001" in hrefs(answer.text)


def test_sentences_in_their_own_language(client: TestClient):
    """
    The sentences are English, whatever the page's language, and marked so for whoever has it read aloud.
    """
    assert '<div class="panel answer" lang="en" dir="ltr">' in client.get("/codes?code=R-1002&lang=az").text


def test_never_seen(client: TestClient):
    """
    A code that was never scanned is said so, with what to try instead.
    """
    answer = client.get("/codes?code=R-9999")

    assert 200 == answer.status_code
    assert "The code R-9999 was never seen here." in answer.text
    assert f"{MOUNTED}/journal?search=R-9999" in hrefs(answer.text)


def test_without_a_code(client: TestClient):
    """
    Without a code there is a field for one, and nothing else.
    """
    html = client.get("/codes").text

    assert 'name="code" value=""' in html and "<table" not in html


def test_in_the_past(client: TestClient):
    """
    As of a moment only what was known then is told; the links keep the moment.
    """
    html = client.get("/codes?code=R-1002&at=10").text

    assert [10] == seqs(html) and "refused" not in html
    assert f"{MOUNTED}/cards/100002?at=10" in hrefs(html)
    assert '<input type="hidden" name="at" value="10">' in html


def test_hostile_code(ledger: Ledger, client: TestClient):
    """
    A code is whatever a till sends: it is shown as text, and its link leads back to it.
    """
    code = "<b>&?=#/../"
    ledger.add_stamps(100005, 1, code=code)

    row = client.get("/journal").text
    assert "<b>&" not in row and "&lt;b&gt;&amp;?=#/../" in row
    link = next(href for href in hrefs(row) if "/codes?code=" in href)
    assert unescape("&lt;b&gt;&amp;?=#/../") in unescape(client.get(HOST + link).text)
    assert 1 == len(seqs(client.get(HOST + link).text))


def test_bad_input(client: TestClient):
    """
    What can be no code is refused by a page that names the field.
    """
    for query in ("code=%00", "code=" + "x" * 201, "code=a&at=garbage"):
        answer = client.get(f"/codes?{query}")

        assert 400 == answer.status_code
        assert 'class="told"' in answer.text


def test_redeem_code(client: TestClient, ledger: Ledger):
    """
    A voucher is found by its redeem code, however that is typed, and can be redeemed there without knowing whose it is.
    """
    card = ledger.cards(search="zoe")[0]
    voucher = next(one for one in ledger.card(card.id).vouchers if one.status == "active")
    assert voucher.redeem_code is not None

    page = client.get("/codes", params={"code": voucher.redeem_code.lower()}).text
    assert voucher.title in page and f"#{card.number}" in page
    client.post(f"/cards/{card.number}/redeem", data={**form(page, "/redeem"), "voucher": str(voucher.id)})

    assert "redeemed" == ledger.reward(voucher.id).status
    after = client.get("/codes", params={"code": voucher.redeem_code}).text
    assert "Redeemed" in after and "/redeem" not in after


def test_redeem_code_of_a_coupon(client: TestClient, ledger: Ledger):
    """
    A coupon on no card is found too; as of a moment before it was given it is not.
    """
    before = ledger.seq
    ledger.issue_coupon(Voucher(title="Cake for whoever comes", redeem_code="CAKE"))

    assert "Cake for whoever comes" in client.get("/codes", params={"code": "CAKE"}).text
    assert "Cake for whoever comes" not in client.get("/codes", params={"code": "CAKE", "at": before}).text
