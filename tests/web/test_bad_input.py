"""
Bad input on every page and form there is: what `PATHS` lists is tried with what the pages' own sources ask for.

A page that is added is covered without a word here: its path comes from `PATHS`, the names of its parameters and fields
from its module and template.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import quote

import attrs
import pytest
from starlette.testclient import TestClient

from stampledger import CardTemplate, Goal, Ledger, Voucher
from stampledger.web import app as web_app
from stampledger.web.forms import Tickets
from stampledger.web.paths import PATHS
from tests.web.shop import MOUNTED, SECRET, demo_ledger, mounted, visitor

SOURCES = Path(__file__).parents[2] / "src/stampledger"
CARD = "100003"  # Of the demonstration's; it has been through everything.
FORM = {"content-type": "application/x-www-form-urlencoded"}
FOREIGN = ("Quux Tea House", "Xanthippe", "xanthippe@quux.example")

COMMON = ("at", "lang", "search", "before", "after", "since", "until")
NAMES = sorted(
    {
        *(*COMMON, "kind", "code", "card", "limit"),
        *(
            name
            for module in (SOURCES / "web").glob("*.py")
            for name in re.findall(
                r"""(?:get|getlist|whole|instant|text|params|fields)[(\[]"(\w+)\"""", module.read_text(encoding="utf-8")
            )
        ),
        *(
            name
            for template in (SOURCES / "render/templates/office").glob("*.html")
            for name in re.findall(r"""name="(\w+)\"""", template.read_text(encoding="utf-8"))
        ),
    }
    - {"viewport", "robots", "key", "token"}
)

DEEDS = ("stamp", "void", "redeem", "reverse", "take-back", "play", "message", "coupon", "no-such-deed", "delete")

VALUES: dict[str, str | bytes] = {
    "minus": "-1",
    "zero": "0",
    "twenty digits": "9" * 20,
    "five thousand digits": "9" * 5_000,
    "near the edge": str(2**63),
    "below the edge": str(-(2**63) - 1),
    "other digits": "１２３",
    "underscore": "1_0",
    "exponent": "1e999",
    "not a number": "NaN",
    "a number with a tail": "1 OR 1=1",
    "quotes": "'\"; DROP TABLE students;--",
    "wildcards": "%_\\%",
    "null": "a\0b",
    "lines": "a\r\nSet-Cookie: a=b",
    "no text": b"\xff\xfe",
    "lone surrogate": b"\xed\xa0\x80",
    "override": "\u202eevil\u2066",
    "huge": "x" * 5_000,
    "no day": "2026-02-30",
    "the first day": "0001-01-01",
    "the last day": "9999-12-31",
    "no moment": "2026-05-12T25:61",
    "far moment": "9999-12-31T23:59:59-23:59",
    "template": "{{7*7}}${7*7}",
    "climb": "../../etc/passwd",
    "object": "[object Object]",
    "no id": "00000000-0000-0000-0000-000000000000",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bad-input")


@pytest.fixture(scope="module")
def ledger(folder: Path) -> Iterator[Ledger]:
    """The demonstration's shop, shared: nothing here writes, but for forms that are right."""
    with demo_ledger(folder) as ledger:
        yield ledger


@pytest.fixture(scope="module")
def foreign(ledger: Ledger, folder: Path) -> list[str]:
    """Another business in the same database, and by what its card goes."""
    brand, name, email = FOREIGN
    with Ledger.open(f"sqlite:///{folder / 'demo.db'}", business="quux-tea") as other:
        other.set_brand(attrs.evolve(other.brand(), name=brand))
        tea = Goal(stamps=5, reward=Voucher(title="Free tea"))
        other.publish_template("tea", CardTemplate(name="Tea card", goals=(tea,)))
        customer = other.register_customer(name=name, email=email)
        card = other.issue_card("tea", customer=customer).card
        scan = other.add_stamps(card, code="QUUX-1")
        return [str(one) for one in (card.id, card.number, "QUUX-1", scan.id, customer.subject)]


@pytest.fixture(scope="module")
def client(ledger: Ledger) -> TestClient:
    return visitor(mounted(ledger))


def tried(names: Sequence[str]) -> list[tuple[str, str | bytes]]:
    """Every value of what all pages take; of the rest each value with some, and each with some values."""
    values = list(VALUES.values())
    return [
        (name, value)
        for at, name in enumerate(names)
        for place, value in enumerate(values)
        if name in COMMON or (at + place) % 4 == 0
    ]


def escaped(value: str | bytes) -> str:
    return quote(value, safe="")


def filled(path: str, parts: dict[str, str], other: str) -> str:
    return re.sub(r"\{(\w+)[^}]*\}", lambda part: parts.get(part[1], other), path)


def pages() -> list[str]:
    return sorted({*web_app.PAGES, "static"})


def bore(client: TestClient, method: str, address: str, **sent: object) -> int:
    """Ask, and see that the answer is neither a failure nor a leak."""
    answer = client.request(method, address, **sent)  # type: ignore[arg-type]
    told = f"{method} {address} {sent}: {answer.status_code}"
    assert answer.status_code < 500, told
    assert "set-cookie" not in answer.headers, told
    for leak in ("Traceback", "sqlite", "SQL", "stampledger_", "site-packages", *FOREIGN):
        assert leak not in answer.text, f"{told} shows {leak}"
    return answer.status_code


@pytest.mark.parametrize("page", pages())
def test_parameters(client: TestClient, ledger: Ledger, page: str):
    """
    No value of any parameter makes a page fail, show what is not its own, or write.
    """
    before, path = ledger.seq, filled(PATHS[page], {"number": CARD}, "void")

    for name, value in tried(NAMES):
        bore(client, "GET", f"{path}?{name}={escaped(value)}")
    for value in VALUES.values():
        together = "&".join(f"{name}={escaped(value)[:200]}&{name}=1" for name in NAMES if name not in ("at", "lang"))
        bore(client, "GET", f"{path}?{together}&at=40", headers={"hx-request": "true"})

    assert before == ledger.seq


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
@pytest.mark.parametrize("page", sorted(name for name, path in PATHS.items() if "{" in path))
def test_parts_of_the_path(client: TestClient, ledger: Ledger, page: str, value: str | bytes):
    """
    A card, an action or a file that does not exist is not found, whether it is looked at or acted upon.
    """
    before, form = ledger.seq, attrs.asdict(Tickets(SECRET, ledger.business).issue("anna"))
    parts = re.findall(r"\{(\w+)", PATHS[page])

    for part in parts:
        others = {"number": CARD, "action": "void"}
        path = filled(PATHS[page], {**others, part: escaped(value)}, "void")
        assert bore(client, "GET", path) in (400, 404)
        assert bore(client, "POST", path, data=form) in (400, 404, 405)

    assert before == ledger.seq


@pytest.mark.parametrize("page", pages())
def test_another_business(client: TestClient, ledger: Ledger, page: str, foreign: list[str]):
    """
    What belongs to another business is answered like what does not exist, and its names are shown nowhere.
    """
    before = ledger.seq

    for one in foreign:
        for part in re.findall(r"\{(\w+)", PATHS[page]):
            bore(client, "GET", filled(PATHS[page], {"number": CARD, part: one}, "void"))
        for name in NAMES:
            bore(client, "GET", f"{filled(PATHS[page], {'number': CARD}, 'void')}?{name}={one}")

    assert before == ledger.seq


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_forms_without_a_ticket(client: TestClient, ledger: Ledger, value: str | bytes):
    """
    No form acts without its ticket, whatever else is in it.
    """
    before = ledger.seq

    for path in forms():
        body = "&".join(f"{name}={escaped(value)}" for name in (*NAMES, "key", "token"))
        assert bore(client, "POST", path, content=body, headers=FORM) in (400, 403, 404, 413)

    assert before == ledger.seq


def test_fields(client: TestClient, ledger: Ledger):
    """
    No value of any field makes a form fail. What is written is told by a redirect, or is a rule's refusal.
    """
    tickets = Tickets(SECRET, ledger.business)
    for path in forms():
        for name, value in tried([name for name in NAMES if name not in COMMON]):
            before, form = ledger.seq, tickets.issue("anna")
            body = f"key={form.key}&token={form.token}&{name}={escaped(value)}"
            status = bore(client, "POST", path, content=body, headers=FORM)
            assert before == ledger.seq or status in (303, 409)


def test_language_of_the_page_that_says_so(client: TestClient):
    """
    What went wrong is told in the language asked for, and leads on in it; asked for in none that is ours, in English.
    """
    told = client.get("/nowhere?lang=az&at=noon").text

    assert '<html lang="az-Arab" dir="rtl">' in told
    assert f'href="{MOUNTED}/journal?lang=az"' in told
    assert '<html lang="en" dir="ltr">' in client.get("/nowhere?lang=tlh").text


def forms() -> list[str]:
    """Where forms are sent, for each thing that can be done with a card, and for one that cannot."""
    return [
        filled(PATHS[name], {"number": CARD, "action": deed}, "void")
        for name in sorted(web_app.ACTIONS)
        for deed in DEEDS
    ]
