"""
The page "User stamp cards": the list, how it is narrowed, and one card in detail beside it.
"""

import re
from decimal import Decimal
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from stampledger import Ledger, Voucher
from tests.web.shop import MOUNTED, mounted, visitor

PANEL = {"HX-Request": "true", "HX-Target": "panel"}
SPLIT = {"HX-Request": "true", "HX-Target": "split"}


def numbers(html: str) -> list[int]:
    """The cards of the list, in its order."""
    return [int(number) for number in re.findall(r'<tr id="card-(\d+)">', html)]


def row(html: str, number: int) -> str:
    """A row of the list."""
    found = re.search(rf'<tr id="card-{number}">.*?</tr>', html, re.DOTALL)
    assert found is not None
    return found[0]


def words(html: str) -> str:
    """What stands on a page, in one line."""
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


def address(html: str, label: str) -> str:
    """Where the link of a label leads."""
    for link in re.findall(r"<a [^>]*>.*?</a>", html, re.DOTALL):
        if words(link).startswith(label):
            return re.search(r'href="([^"]*)"', link)[1].replace("&amp;", "&")  # type: ignore[index]
    raise AssertionError(f"no link {label}")


def test_list(client: TestClient):
    """
    The list tells each card's ID, customer, progress, platforms, template and last stamp, the newest first.
    """
    html = client.get("/cards").text

    assert [100005, 100004, 100003, 100002, 100001] == numbers(html)
    assert "#100003 Zoe 0/9 Apple Wallet Lunch card v1 12 May 2026, 11:50" == words(row(html, 100003))
    assert "#100005 Ben 3/5 Web Bean club v1 12 May 2026, 14:00" == words(row(html, 100005))
    assert '<progress class="bar" value="3" max="5"' in row(html, 100005)
    assert f'href="{MOUNTED}/cards/100003"' in row(html, 100003)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("search=ben", [100005, 100002]),
        ("search=zoe@example", [100003]),
        ("search=100004", [100004]),
        ("platform=apple", [100003]),
        ("platform=web", [100005, 100004, 100002, 100001]),
        ("platform=google", []),
        ("template=lunch", [100004, 100003]),
        ("template=coffee&search=mia", [100001]),
        ("search=&platform=&template=", [100005, 100004, 100003, 100002, 100001]),
    ],
)
def test_narrowed(client: TestClient, query: str, expected: list[int]):
    """
    The list is narrowed by name, e-mail, ID, platform and template, and a card is opened without losing that.
    """
    html = client.get(f"/cards?{query}").text

    assert expected == numbers(html)
    for number in expected[:1]:
        opened = client.get(f"http://shop.example{address(row(html, number), '#')}").text
        assert expected == numbers(opened)


def test_immediate_search(client: TestClient):
    """
    While somebody types, the list alone is answered.
    """
    html = client.get("/cards?search=ben", headers=SPLIT).text

    assert [100005, 100002] == numbers(html)
    assert html.lstrip().startswith('<div class="split" id="split">') and "<html" not in html


def test_nothing_found(client: TestClient):
    """
    A search that finds nothing says so and leads back to all cards; it is shown as typed, and is no HTML.
    """
    html = client.get("/cards", params={"search": '"><b>nobody'}).text

    assert "No card matches what you are looking for." in html
    assert 'value="&#34;&gt;&lt;b&gt;nobody"' in html and "<b>" not in html
    assert f"{MOUNTED}/cards" == address(html, "Show all cards")


def test_no_cards_yet(tmp_path: Path):
    """
    A business without cards is told where they will appear.
    """
    with Ledger.open(f"sqlite:///{tmp_path / 'new.db'}", business="new") as ledger:
        html = visitor(mounted(ledger)).get("/cards").text

    assert "No card has been issued yet." in html


def test_deleted_cards(client: TestClient, ledger: Ledger):
    """
    Deleted cards are shown where they are asked for, and say that they are.
    """
    ledger.delete_card(100002)

    assert 100002 not in numbers(client.get("/cards").text)
    html = client.get("/cards?deleted=1").text
    assert "Deleted" in words(row(html, 100002))
    card = client.get("/cards/100002").text
    assert "This card was deleted. Its history stays." in card
    assert "Add stamp" not in card


def test_turned_by_key(client: TestClient, ledger: Ledger):
    """
    The list is turned by card numbers: older, and back to newer.
    """
    for _ in range(25):
        ledger.issue_card("coffee")

    first = client.get("/cards").text
    second = client.get(f"http://shop.example{address(first, 'Older')}").text
    back = client.get(f"http://shop.example{address(second, 'Newer')}").text

    assert list(range(100030, 100005, -1)) == numbers(first) == numbers(back)
    assert [100005, 100004, 100003, 100002, 100001] == numbers(second)
    assert "There are no further cards." in client.get("/cards?before=100001").text


def test_card_beside_the_list(client: TestClient, ledger: Ledger):
    """
    A card tells everything that is known of it, and the list stays beside it.
    """
    html = client.get("/cards/100003").text
    told = words(html)

    assert [100005, 100004, 100003, 100002, 100001] == numbers(html)
    assert "#100003 - Zoe" in told
    assert "Next reward Free cookie 3 stamps are missing" in told
    assert f"{ledger.card(100003).template_id} v1" in told
    assert "Issued for Apple Wallet" in told
    assert "Created at 12 May 2026, 09:05" in told
    assert "Last stamp at 12 May 2026, 11:50" in told
    assert "0 / 9 • 0%" in told
    assert "Cycle 1" in told and "Stamps in all 0" in told
    assert "E-mail zoe@example.com" in told
    for reward in ledger.rewards(100003):
        assert f"{reward.title}" in told and str(reward.redeem_code) in told
    assert "Soup on the house Can be redeemed" in told and "Free cookie Redeemed" in told


def test_full_card(client: TestClient):
    """
    A full card shows all its stamps as boxes, with a gift at the goal.
    """
    html = client.get("/cards/100002").text

    assert "8 / 8 • 100%" in words(html)
    assert 'role="img" aria-label="8 stamps of 8"' in html
    assert 7 == html.count('<span class="box full">') and 1 == html.count('<span class="box full goal">')


def test_panel_alone(client: TestClient):
    """
    To a page that is open, the panel alone is answered, with the title and with what gets the focus.
    """
    html = client.get("/cards/100003", headers=PANEL).text

    assert "<html" not in html and [] == numbers(html)
    assert "<title>#100003 · User stamp cards · Blue Cup</title>" in html
    assert '<h2 id="panel-title" tabindex="-1" autofocus>#100003 - <bdi>Zoe</bdi></h2>' in html


def test_history_restored(client: TestClient):
    """
    A browser that goes back asks for what it had: the whole page.
    """
    html = client.get("/cards/100003", headers={"HX-Request": "true", "HX-History-Restore-Request": "true"}).text

    assert "</html>" in html and '<section class="panel card-panel" id="panel"' in html


def test_closed(client: TestClient):
    """
    Closing leads back to the list as it was narrowed, to the row of the card.
    """
    html = client.get("/cards/100002?search=ben").text

    assert f"{MOUNTED}/cards?search=ben#card-100002" == address(html, "Close")


def test_why(client: TestClient, ledger: Ledger):
    """
    Why a reward was given, and what became of it, is told beside it, with the entries.
    """
    reward = next(one for one in ledger.rewards(100003) if one.title == "Free cookie")

    html = client.get(f"/cards/100003?why={reward.id}").text

    for sentence in ledger.explain(reward).sentences:
        assert sentence in words(html)
    assert f'href="{MOUNTED}/journal?at=17"' in html


def test_many_rewards(client: TestClient, ledger: Ledger):
    """
    Of a card with many rewards those that can be used come first; the others are a link away.
    """
    for _ in range(15):
        ledger.issue_coupon(Voucher(title="A coffee", redeem_code="COFFEE"), card=100001)
        ledger.redeem(redeem_code="COFFEE", card=100001)

    html = client.get("/cards/100001").text
    whole = client.get(f"http://shop.example{address(html, 'Show all 17 rewards')}").text

    assert 12 == html.count('<li class="reward"') and "Cake, two for one" in html
    assert 17 == whole.count('<li class="reward"')


def test_waiting_money(client: TestClient, ledger: Ledger):
    """
    Money that waits for the next stamp is told in the currency's units.
    """
    ledger.add_stamps(100005, amount=Decimal("4.50"))

    assert "Waiting amount 4.5" in words(client.get("/cards/100005").text)


def test_names_of_people_are_text(client: TestClient, ledger: Ledger):
    """
    Whatever a customer or a template is called, it is shown as text.
    """
    customer = ledger.register_customer(name="<script>alert(1)</script>", email="x@example.com")
    number = ledger.issue_card("coffee", customer=customer).card.number

    html = client.get(f"/cards/{number}").text

    assert "<script>alert" not in html and "&lt;script&gt;alert(1)&lt;/script&gt;" in html


def test_bearer_and_forgotten(client: TestClient, ledger: Ledger):
    """
    A card without a customer, and one whose customer was forgotten, say so.
    """
    number = ledger.issue_card("coffee").card.number
    customer = ledger.card(100003).customer
    assert customer is not None
    ledger.forget_customer(customer)

    html = client.get("/cards").text

    assert "Nobody yet" in row(html, number)
    assert "A customer who was forgotten" in row(html, 100003) and "Zoe" not in html


def test_past(client: TestClient, ledger: Ledger):
    """
    A card of a past moment is shown as it was, says so, and offers nothing that would change it.
    """
    html = client.get("/cards/100003?at=21").text

    assert "6 / 9 • 66%" in words(html)
    assert "The past cannot be changed" in html
    assert "<form" not in html.replace('<form class="search', "")
    assert "Add stamp" not in html
    assert f"{MOUNTED}/cards/100003/history?at=21" == address(html, "View history")
    assert f"{MOUNTED}/cards/100003" == address(html, "Back to now")
    assert [100003, 100002, 100001] == numbers(html)


def test_readers_see_no_forms(ledger: Ledger):
    """
    Who may only look is shown everything, and nothing to do.
    """
    html = visitor(mounted(ledger), "guest").get("/cards/100003").text

    assert "#100003 - <bdi>Zoe</bdi>" in html
    assert "Your login may look at cards, but change nothing." in html
    assert 'method="post"' not in html and "Add stamp" not in html


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/cards/100099", 404),
        ("/cards/0", 404),
        ("/cards/-1", 404),
        ("/cards/nonsense", 404),
        ("/cards/019e1b18-a320-7001-880a-faf6c6e19682", 404),
        ("/cards/999999999999999999999999", 404),
        ("/cards/100003?at=5", 404),
        ("/cards/100003?at=99999", 404),
        ("/cards/100003?at=yesterday", 400),
        ("/cards/100003?why=nonsense", 404),
        ("/cards/100003?done=x", 400),
        ("/cards?platform=palm", 400),
        ("/cards?template=nonsense", 404),
        ("/cards?before=x", 400),
        ("/cards?before=-1", 400),
        ("/cards?before=1&after=1", 400),
        ("/cards?search=" + "x" * 300, 400),
        ("/cards?search=%00", 400),
        ("/cards?lang=tlh", 400),
        ("/cards/100003/nonsense", 404),
    ],
)
def test_bad_addresses(client: TestClient, ledger: Ledger, path: str, status: int):
    """
    An address that leads nowhere is answered by a page that says what to do.
    """
    before = ledger.seq

    answer = client.get(path)

    assert status == answer.status_code
    assert f'href="{MOUNTED}/journal"' in answer.text
    assert before == ledger.seq


def test_other_business(client: TestClient, ledger: Ledger, tmp_path: Path):
    """
    Another business's card is not there, by its number as by its id.
    """
    with Ledger.open(f"sqlite:///{tmp_path / 'demo.db'}", business="red-cup") as other:
        other.publish_template("coffee", ledger.template("coffee").template)
        theirs = [other.issue_card("coffee").card for _ in range(6)][-1]
        assert 100006 == theirs.number

        assert 404 == client.get("/cards/100006").status_code
        assert 404 == client.get(f"/cards/{theirs.id}").status_code
        assert 404 == client.get(f"/cards/{theirs.id}/history").status_code


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_other_methods(client: TestClient, method: str):
    """
    A page is only read.
    """
    assert 405 == client.request(method, "/cards").status_code
    assert 405 == client.request(method, "/cards/100003").status_code


def test_reading_writes_nothing(client: TestClient, ledger: Ledger):
    """
    No page writes, whatever is opened.
    """
    before = ledger.seq

    for action in ("stamp", "void", "redeem", "reverse", "take-back", "play", "message", "coupon", "delete"):
        assert 200 == client.get(f"/cards/100003/{action}?count=5&voucher=x&reason=y").status_code
    for page in ("/cards", "/cards/100003", "/cards/100003/history", "/cards/100003?done=45"):
        assert 200 == client.get(page).status_code

    assert before == ledger.seq


def test_every_link_is_below_the_mount(client: TestClient):
    """
    Whatever is linked from these pages lies where the office is mounted.
    """
    for page in ("/cards?search=e", "/cards/100003", "/cards/100003/coupon", "/cards/100003/history?step=3"):
        html = client.get(page).text
        for found in re.findall(r'(?:href|action|src|hx-get)="([^"#][^"]*)"', html):
            assert found.startswith(f"{MOUNTED}/"), found


def test_every_link_leads_somewhere(client: TestClient, ledger: Ledger):
    """
    Whatever is linked from a card and from its history is there, and writes nothing.
    """
    before = ledger.seq

    pages = ("/cards/100003", "/cards/100003/history?step=3")
    links = {found for page in pages for found in re.findall(r'(?:href|hx-get)="([^"#]+)', client.get(page).text)}

    for link in sorted(links):
        assert 200 == client.get(f"http://shop.example{link.replace('&amp;', '&')}").status_code, link
    assert any("/view?scan=" in link for link in links) and any(link.endswith("/page") for link in links)
    assert before == ledger.seq


def test_opened_where_customers_see_it(ledger: Ledger):
    """
    Where customers have pages of their own, "Open" leads to the card's; the number is there to be copied either way.
    """
    html = visitor(mounted(ledger, customers_at="https://cards.example/c")).get("/cards/100003").text

    assert f'href="https://cards.example/c/{ledger.card(100003).id}/card?key=' in html
    assert 'data-copy="100003"' in html


def test_strict_policy_is_enough(client: TestClient):
    """
    Nothing on these pages needs a script or style of its own.
    """
    for page in ("/cards", "/cards/100003", "/cards/100003/coupon", "/cards/100003/history"):
        html = client.get(page).text
        assert not re.search(r"\sstyle=|\son[a-z]+=|<style|<script>|javascript:", html)
