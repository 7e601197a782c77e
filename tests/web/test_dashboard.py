"""
The front page: its figures are those of the Journal, and lead to the rows behind them.
"""

import re
from datetime import timedelta
from html import unescape

import pytest
from starlette.testclient import TestClient

from stampledger import Brand, Ledger
from tests.web.links import seqs
from tests.web.shop import MOUNTED, mounted, visitor

TITLES = ("Stamps", "Redemptions", "Rewards outstanding", "Refusals by rule")


def totals(html: str) -> dict[str, tuple[int, str]]:
    """What the page says of each plot: the total, and the address of the rows behind it."""
    found = re.findall(r'<h2 id="plot-\d">([^<]*)</h2>\s*<a class="total" href="([^"]*)"><b>([^<]*)</b>', html)
    return {title: (int(total.replace(",", "")), unescape(href).removeprefix(MOUNTED)) for title, href, total in found}


def test_totals(client: TestClient, ledger: Ledger):
    """
    The totals are what the Journal's events add up to.
    """
    rows = list(ledger.journal(limit=1000))

    found = totals(client.get("/").text)

    stamps = sum(row.event.count for row in rows if row.kind == "stamp_added")  # type: ignore[attr-defined]
    assert stamps == found["Stamps"][0] > 0
    assert sum(row.kind == "voucher_redeemed" for row in rows) == found["Redemptions"][0] > 0
    assert sum(row.kind == "stamp_rejected" for row in rows) == found["Refusals by rule"][0] > 0
    owed = [
        reward for card in ledger.cards() for reward in ledger.rewards(card) if reward.status in ("active", "granted")
    ]
    assert len([reward for reward in owed if reward.kind != "award"]) == found["Rewards outstanding"][0] > 0


@pytest.mark.parametrize("per", ["hour", "day", "week", "month"])
def test_figures_lead_to_their_rows(client: TestClient, per: str):
    """
    Each figure of every span leads to just as many rows of the Journal, where each row counts one.
    """
    html = client.get("/", params={"per": per}).text
    table = html.split('id="plot-2"')[1].split("</table>")[0]
    figures = re.findall(r'<a href="([^"]*)">[^<]*</a></th><td class="number">(\d+)</td>', table)

    for href, count in figures:
        table = client.get(unescape(href).removeprefix(MOUNTED).replace("/journal?", "/journal.csv?")).text
        assert int(count) == len(table.splitlines()) - 1
    assert 3 == sum(int(count) for _, count in figures)


def test_refusals_are_told_by_rule(client: TestClient):
    """
    The rules that said no are named, each with a colour of its own.
    """
    html = client.get("/", params={"per": "hour"}).text
    plot = html.split('id="plot-4"')[1]

    assert "Code already used" in plot and "Daily limit" in plot
    picture = plot.split("</svg>")[0]
    assert 1 == picture.count('class="part-0"') == picture.count('class="part-1"')


def test_past(client: TestClient):
    """
    As of a past moment the page shows what was known then, and its links stay there.
    """
    found = totals(client.get("/", params={"at": 10}).text)

    assert set(TITLES) == set(found)
    assert 0 == found["Redemptions"][0]
    assert all("at=10" in href for _, href in found.values())


@pytest.mark.parametrize(
    "query", [{"per": "century"}, {"since": "yesterday"}, {"since": "2026-13-01"}, {"since": "0001-01-01"},
              {"since": "2026-05-12", "until": "2026-05-11"}, {"at": "99999"}, {"at": "never"}]
)  # fmt: skip
def test_bad_input(client: TestClient, query: dict[str, str]):
    """
    What cannot be understood is named, on a page that leads back.
    """
    answer = client.get("/", params=query)

    assert answer.status_code in (400, 404)
    assert "/journal" in answer.text


@pytest.mark.parametrize("per", ["hour", "day", "week", "month"])
def test_days_without_entries(client: TestClient, per: str):
    """
    Where nothing happened in the days shown, the page leads to the days of the newest entry; elsewhere it does not.
    """
    asked = {"per": per, "since": "2026-04-01", "until": "2026-04-03", "lang": "en"}
    empty = client.get("/", params=asked).text

    words, address = "Entry 51, 12 May 2026, 16:10", re.search(r'<a class="button" href="([^"]*)">Entry 51', empty)
    assert words in empty and address is not None
    there = client.get(unescape(address[1]).removeprefix(MOUNTED)).text
    assert 3 == totals(there)["Redemptions"][0]
    assert words not in there


def test_no_entries_at_all(client: TestClient):
    """
    Where there has been no entry yet there is none to be led to.
    """
    assert "Entry" not in client.get("/", params={"at": 0}).text


def test_span_without_entries(ledger: Ledger):
    """
    What was owed at the end of a quiet hour leads to the Journal as it stood then, not as it stands now.
    """
    client = visitor(mounted(ledger))
    first = ledger.journal(after=0, limit=1)[0].recorded_at

    html = client.get("/", params={"per": "hour", "since": (first - timedelta(hours=2)).isoformat()}).text
    table = html.split('id="plot-3"')[1].split("</table>")[0]
    quiet = unescape(re.findall(r'<th scope="row"><a href="([^"]*)">', table)[0]).removeprefix(MOUNTED)

    assert [] == seqs(client.get(quiet).text)


def test_as_of_what_was_imported(ledger: Ledger):
    """
    As of an entry that tells of last year, the page shows the hours before it was recorded, and not the whole year.
    """
    client = visitor(mounted(ledger))
    card = ledger.cards()[0]
    template = ledger.template((card.template_id, card.template_version))
    issued = ledger.issue_card(template.key, occurred_at=ledger.moment.at - timedelta(days=365))

    answer = client.get("/", params={"per": "hour", "at": issued.last})

    assert 200 == answer.status_code
    assert 24 == answer.text.split('id="plot-1"')[1].split("</table>")[0].count('<th scope="row">')


def test_business_that_moved(ledger: Ledger):
    """
    A day of a page of the past is one of the zone that the business was in then: figures and rows agree.
    """
    client = visitor(mounted(ledger))
    ledger.set_brand(Brand(name="Blue Cup", time_zone="Pacific/Kiritimati"))

    html = client.get("/", params={"at": 51}).text
    table = html.split('id="plot-2"')[1].split("</table>")[0]
    figures = re.findall(r'<a href="([^"]*)">[^<]*</a></th><td class="number">(\d+)</td>', table)

    assert 3 == sum(int(count) for _, count in figures)
    for href, count in figures:
        assert int(count) == len(seqs(client.get(unescape(href).removeprefix(MOUNTED)).text))
