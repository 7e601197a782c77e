"""
The Journal in the browser: every column, every filter, every moment.
"""

import re
from contextlib import suppress
from datetime import date, timedelta
from html import unescape
from pathlib import Path
from urllib.parse import urlencode

import pytest
from starlette.testclient import TestClient

from stampledger import Brand, CardTemplate, Goal, Ledger, Refused, Voucher
from stampledger.codec import SHORT_NAMES
from stampledger.web import narrowing
from tests.web.asgi import call
from tests.web.links import hrefs, seqs, walked
from tests.web.shop import MOUNTED, mounted, visitor

HTMX = {"hx-request": "true"}


def read(client: TestClient, **params: object) -> str:
    answer = client.get("/journal?" + urlencode(params, doseq=True))
    assert 200 == answer.status_code, answer.text
    return answer.text


def row(html: str, seq: int) -> str:
    found = re.search(rf"<tr[^>]*><td><a [^>]*>#{seq}</a>.*", html)
    assert found is not None, f"no row #{seq}"
    return unescape(found[0])


# Columns.


def test_every_column(client: TestClient):
    """
    A row tells the number, the type, when and by whom, the code, the stamps, the gift, the template and the user.
    """
    html = read(client)

    added = row(html, 46)
    for told in (
        *("#46", "#stamp_added", "Stamps added", "12 May 2026, 15:20", "Customer view", "till-2", "Receipt"),
        *("R-1008", "8/8", "+6", "Coffee card", "v1", "Ben", "ben@example.com", "Card details", "#100002"),
    ):
        assert told in added
    assert "Free coffee" in row(html, 48)
    assert "Birthday: 12 May 1990" in row(html, 51)


def test_links_of_a_row(client: TestClient):
    """
    The number leads to the Journal right after it, the time to what the customer saw, the code to what became
    of it, the user to the card; all below wherever the back office is mounted, and all in the language asked for.
    """
    expected = [
        f"{MOUNTED}/journal?at=48&lang=ko",
        f"{MOUNTED}/static/icons.svg",
        f"{MOUNTED}/cards/100002/view?lang=ko&scan=46",
        f"{MOUNTED}/cards/100002?lang=ko",
    ]

    assert expected == [href.partition("?v=")[0] for href in hrefs(row(read(client, lang="ko"), 48))]
    assert f"{MOUNTED}/codes?lang=ko&code=R-1008" in hrefs(row(read(client, lang="ko"), 46))


def test_entry_without_a_card(client: TestClient):
    """
    What is about no card leads to none.
    """
    published = row(read(client, at=4), 4)

    assert "Template published" in published and "Bean club" in published
    assert "/cards/" not in published


def test_refusal(client: TestClient):
    """
    A refused row says which rule said no, and what the cashier was told.
    """
    refused = row(read(client, lang="de"), 50)

    assert '<small lang="en" dir="ltr">a day may bring at most 8 stamps' in refused
    assert "Daily limit" in row(read(client), 50)


def test_void(client: TestClient):
    """
    A row of stamps taken back says of which scan, why, and what could not be taken back.
    """
    voided = row(read(client), 35)

    assert "6 stamps of scan #17 were taken back." in voided
    assert "Free cookie stays: already redeemed." in voided
    assert "the lunch was sent back" in voided
    assert "−6" in voided


def test_forgotten_customer(ledger: Ledger, client: TestClient):
    """
    Of a customer who was forgotten nothing is shown but that; the card stays.
    """
    ben = ledger.card(100002).customer
    assert ben is not None
    ledger.forget_customer(ben.id)

    for html in (read(client), read(client, at=46)):
        assert "Forgotten on request" in row(html, 46)
        assert "#100002" in row(html, 46)
        assert "ben@example.com" not in html


def test_hostile_names(ledger: Ledger, client: TestClient):
    """
    What people wrote is text on the page, whatever it looks like; right-to-left text does not turn the rest around.
    """
    script = "<script>alert(1)</script>"
    customer = ledger.register_customer(name=script, email="x'onload=alert(1)@example.com")
    ledger.register_customer(name="שירה")
    ledger.issue_card("coffee", customer=customer)

    html = read(client, search="script")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert script not in html and "x&#39;onload=alert(1)@example.com" in html
    assert "<bdi>שירה</bdi>" in read(client)


def test_occurred_long_before(ledger: Ledger, client: TestClient):
    """
    Where a till tells later what happened, the row says both times.
    """
    card = ledger.card(100005)
    scan = ledger.add_stamps(card.id, 1, code="R-1010", occurred_at=card.issued_at + timedelta(minutes=1))

    assert "12 May 2026, 13:31" in row(read(client), scan.id)
    assert "Recorded: " in row(read(client), scan.id)
    assert "Recorded: " not in row(read(client), 46)


# Filters.


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"search": "mia@"}, [51, 42, 41, 13, 12, 11, 7, 6, 5]),
        ({"search": "R-100"}, [50, 46, 39, 38, 35, 28, 25, 17, 11, 10, 7]),
        ({"search": "100005"}, [39, 38, 37]),
        ({"kind": "stamp_rejected"}, [50, 11]),
        ({"kind": ["stamp_rejected", "stamp_voided"]}, [50, 35, 11]),
        ({"since": "2026-05-12T16:00"}, [51]),
        ({"since": "2026-05-13"}, []),
        ({"until": "2026-05-12T07:31:59"}, [3, 2, 1]),
        ({"until": "2026-05-11"}, []),
        ({"template": "beans"}, [39, 38, 37, 4]),
        ({"channel": "kiosk"}, [34, 33, 16, 15, 14]),
        ({"actor": "office", "until": "2026-05-12T12:00"}, [13, 12, 4, 3, 2, 1]),
        ({"code": "R-1002"}, [11, 10]),
        ({"code": "R-1002", "search": "ben"}, [10]),
        ({"template": "coffee", "kind": ["stamp_added", "stamp_rejected"], "actor": "till-2"}, [50, 46, 10]),
        ({"search": "ben", "kind": "stamp_added", "since": "2026-05-12", "template": "beans"}, [39, 38]),
        ({"actor": "nobody"}, []),
        ({"search": "", "kind": "", "since": "", "template": "", "live": ""}, list(range(51, 31, -1))),
    ],
)  # fmt: skip
def test_filters(client: TestClient, params: dict[str, object], expected: list[int]):
    """
    Each filter narrows by what it says, alone and with others; a field left empty does not narrow.
    """
    assert expected == seqs(read(client, **params))


def test_days_of_the_business(ledger: Ledger, client: TestClient):
    """
    A day is one of the business's zone: shortly after midnight in Seoul it is still the day before in UTC.
    """
    ledger.set_brand(Brand(name="Blue Cup", time_zone="Asia/Seoul"))

    assert 48 in seqs(read(client, since="2026-05-13", until="2026-05-13", kind="voucher_issued"))
    assert 45 in seqs(read(client, since="2026-05-13", until="2026-05-13", kind="voucher_issued"))
    assert [44, 42] == seqs(read(client, since="2026-05-12", until="2026-05-12", kind="voucher_issued"))[:2]
    assert "13 May 2026, 00:20" in read(client)


def test_chips(client: TestClient):
    """
    Everything that narrows the list is told, and each can be taken away with the rest kept.
    """
    html = read(client, search="ben", kind=["stamp_added", "stamp_rejected"], template="coffee", at=50)
    chips = re.search(r'<ul class="chips".*?</ul>', html, re.DOTALL)
    assert chips is not None

    told = dict(
        zip(
            re.findall(r"<bdi>(.*?)</bdi>", chips[0]),
            [href for href in hrefs(chips[0]) if "/static/" not in href],
            strict=False,
        )
    )
    assert ["Search: ben", "Stamps added", "Stamps refused", "Card template: Coffee card"] == list(told)
    assert f"{MOUNTED}/journal?at=50&kind=stamp_added&kind=stamp_rejected&template=coffee" == told["Search: ben"]
    assert f"{MOUNTED}/journal?at=50&kind=stamp_rejected&search=ben&template=coffee" == told["Stamps added"]


def test_nothing_found(client: TestClient, tmp_path: Path):
    """
    An empty list says what to do; that of a business where nothing has happened says so.
    """
    assert "No entry matches." in read(client, search="zzz")
    with Ledger.open(f"sqlite:///{tmp_path / 'new.db'}", business="new") as new:
        assert "Nothing has happened yet." in read(visitor(mounted(new)))


def test_filter_knows_every_kind(client: TestClient):
    """
    Every kind of entry can be chosen, in one group, and has an icon; what is chosen stays so.
    """
    groups = (narrowing.STAMPS, narrowing.CARDS, narrowing.REWARDS, narrowing.SENT, narrowing.BUSINESS)
    assert sorted(SHORT_NAMES) == sorted(kind for group in groups for kind in group)

    html = read(client, filter=1, kind="stamp_added", channel="kiosk", template="beans", since="2026-05-12")
    icons = client.get("/static/icons.svg").text
    for kind in SHORT_NAMES:
        assert f'name="kind" value="{kind}"' in html
        assert f'<symbol id="{kind}" ' in icons
    assert 'value="stamp_added" checked' in html
    assert 'value="kiosk" selected' in html and 'value="beans" selected' in html
    assert 1 == html.count(" checked") and 2 == html.count(" selected")


def test_filter_fetched_when_opened(client: TestClient):
    """
    The filter's fields are fetched when somebody opens it; without a script they are a link away. Until then the form
    carries what is chosen.
    """
    html = read(client, kind="stamp_added", actor="till-1")
    assert '<input type="hidden" name="kind" value="stamp_added">' in html
    assert '<input type="hidden" name="actor" value="till-1">' in html
    assert f"{MOUNTED}/journal?filter=1&kind=stamp_added&actor=till-1" in hrefs(html)

    fields = client.get("/journal/filter?kind=stamp_added", headers=HTMX).text
    assert 'value="stamp_added" checked' in fields and "<html" not in fields
    assert (
        f"{MOUNTED}/journal?filter=1&kind=stamp_added"
        == client.get("/journal/filter?kind=stamp_added").headers["location"]
    )


def test_only_the_rows(client: TestClient):
    """
    A search as somebody types gets the rows alone, and the address of the page that shows the same.
    """
    answer = client.get("/journal?search=ben&kind=&since=&template=", headers=HTMX)

    assert "<html" not in answer.text and '<section id="events"' in answer.text
    assert seqs(read(client, search="ben")) == seqs(answer.text)
    assert f"{MOUNTED}/journal?search=ben" == answer.headers["hx-push-url"]
    assert "HX-Request" in answer.headers["vary"]


# Pages.


def test_leafing(client: TestClient):
    """
    From the newest to the oldest and back again, every entry is seen once each way; filters are kept.
    """

    def leaf(html: str, rel: str) -> list[int]:
        found = []
        while True:
            found.append(seqs(html))
            link = re.search(rf'rel="{rel}" href="([^"]*)"', html)
            if link is None:
                return [seq for page in found for seq in page]
            assert "actor=till-1" in link[1] or "actor" not in start
            html = client.get("http://shop.example" + unescape(link[1])).text

    for start in ({}, {"actor": "till-1"}, {"at": 50}):
        everything = leaf(read(client, **start), "next")
        assert sorted(set(everything), reverse=True) == everything
        assert ({} != start) or list(range(51, 0, -1)) == everything
        back = leaf(read(client, **start, before=min(everything) + 1), "prev")
        assert set(back) <= set(everything)
        assert max(everything) in back


def test_sizes(tmp_path: Path):
    """
    A page has 3 KB to 30 KB, with the longest rows that a shop may write, in scripts that take three bytes a letter.
    """
    goals = (Goal(stamps=3, reward=Voucher(title="กาแฟฟรีพร้อมเค้กหนึ่งชิ้น", valid_for=timedelta(days=30))),)
    with Ledger.open(f"sqlite:///{tmp_path / 'long.db'}", business="long") as ledger:
        client = visitor(mounted(ledger))
        assert 3_000 <= len(client.get("/journal").content)
        ledger.publish_template("lunch", CardTemplate(name="บัตรอาหารเช้าและกลางวัน", goals=goals))
        somchai = ledger.register_customer(
            name="สมชาย วงศ์สุวรรณกิจเจริญ", email="somchai.w@mail.example.com", birthday=date(1990, 2, 28)
        )
        card = ledger.issue_card("lunch", customer=somchai).card
        for number in range(1, 16):
            for _ in range(2):  # The second time it is refused.
                with suppress(Refused):
                    ledger.add_stamps(
                        card.id, 1, code=f"INV-2026-05-{number:06}", actor="till-front-1", channel="receipt"
                    )

        for params in ({"lang": "th"}, {"lang": "th", "at": 20, "search": "สมชาย"}, {"lang": "th", "live": 1}):
            assert 3_000 <= len(read(client, **params).encode()) <= 30_000


# Moments.


def test_past(client: TestClient):
    """
    As of a moment the Journal shows what was known then, says plainly which moment, and every link keeps it.
    """
    html = read(client, at=20)

    assert list(range(20, 0, -1)) == seqs(html)
    assert "You are looking at the past: what was known on 12 May 2026, 11:50, after entry #20." in html
    leading = [href for href in hrefs(html) if "/static/" not in href]
    assert [f"{MOUNTED}/journal"] == [href for href in leading if "at=" not in href], "only: back to now"
    assert 'value="2026-05-12T11:50:00"' in html


def test_past_by_time(client: TestClient):
    """
    A time is one of the business's zone; the field takes it as a browser sends it.
    """
    assert 20 in seqs(read(client, at="2026-05-12T11:50"))
    assert 22 not in seqs(read(client, at="2026-05-12T11:54:59"))
    assert 22 == seqs(read(client, at="2026-05-12T11:55"))[0]
    assert [] == seqs(read(client, at="2026-05-11"))


def test_back_to_now_keeps_the_filters(client: TestClient):
    """
    Back to now leads to the same list of today, and another language to the same page.
    """
    html = read(client, at=20, search="ben", kind="stamp_added")

    assert f"{MOUNTED}/journal?kind=stamp_added&search=ben" in hrefs(html)
    assert f"{MOUNTED}/journal?at=20&lang=ko&kind=stamp_added&search=ben" in hrefs(html)


# What cannot be asked for.


@pytest.mark.parametrize(
    ("query", "status", "named"),
    [
        ("since=yesterday", 400, "since"),
        ("until=2026-02-30", 400, "until"),
        ("since=0001-01-01", 400, "since"),
        ("kind=stamp_stolen", 400, "kind"),
        ("kind=stamp_added&kind=%3Cb%3E", 400, "kind"),
        ("before=abc", 400, "before"),
        ("before=-1", 400, "before"),
        ("after=99999999999999999999", 400, "after"),
        ("before=5&after=3", 400, "after"),
        ("channel=pigeon", 400, "channel"),
        ("template=gold", 404, "gold"),
        ("search=%00", 400, "search"),
        ("search=" + "x" * 201, 400, "search"),
        ("code=a%00b", 400, "code"),
        ("actor=" + "x" * 201, 400, "actor"),
        ("at=999999", 404, "999999"),
        ("at=0", 404, "0"),
        ("at=garbage", 400, "at"),
        ("at=9999-12-31", 400, "at"),
        ("lang=xx", 400, "lang"),
    ],
)
def test_bad_input(client: TestClient, query: str, status: int, named: str):
    """
    What cannot be asked for is refused by a page that names the field and what was told, as text.
    """
    answer = client.get(f"/journal?{query}")

    assert status == answer.status_code
    assert named in answer.text and 'class="told"' in answer.text
    assert "<b>" not in answer.text


def test_surrogates(client: TestClient):
    """
    Bytes that are no UTF-8 are looked for as what they are shown as, and found nowhere.
    """
    assert [] == seqs(client.get("/journal?search=%ED%A0%80").text)


def test_huge_search(ledger: Ledger):
    """
    An address of ten megabytes is turned away before anything of it is read.
    """
    status, _ = call(mounted(ledger), "/journal", b"search=" + b"x" * 10_000_000)

    assert 414 == status


def test_other_business(tmp_path: Path):
    """
    Two businesses in one database see nothing of each other: not by search, code, number, template or moment.
    """
    url = f"sqlite:///{tmp_path / 'two.db'}"
    template = CardTemplate(name="Coffee card", goals=(Goal(stamps=8, reward=Voucher(title="Free coffee")),))
    with Ledger.open(url, business="ours") as ours, Ledger.open(url, business="theirs") as theirs:
        theirs.publish_template("gold", template)
        card = theirs.issue_card(
            "gold", customer=theirs.register_customer(name="Secret Person", email="s@secret.example")
        ).card
        theirs.add_stamps(card.id, 1, code="SECRET-1")
        ours.publish_template("coffee", template)
        client = visitor(mounted(ours))

        for query in ("", "search=secret", "search=SECRET", f"search={card.number}", "code=SECRET-1"):
            assert "ecret" not in re.sub(r'value="[^"]*"', "", client.get(f"/journal?{query}").text).replace(
                query[7:], ""
            )
            assert seqs(client.get(f"/journal?{query}").text) in ([], [1])
        assert "was never seen" in client.get("/codes?code=SECRET-1").text
        assert 404 == client.get("/journal?template=gold").status_code
        assert 404 == client.get("/journal?at=2").status_code
        assert "Secret" not in client.get("/journal.csv").text


def test_every_link(client: TestClient):
    """
    Every link of the Journal and of the pages behind it leads somewhere.
    """
    for start in (
        "/journal",
        "/journal?at=48&lang=az",
        "/journal?search=ben&kind=stamp_added&live=1",
        "/codes?code=R-1002",
    ):
        statuses = walked(client, start)
        assert {200} == set(statuses.values()), [href for href, status in statuses.items() if status != 200]
        assert len(statuses) > 10
