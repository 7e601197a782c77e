"""
A till's receipts, out of a CSV file: each row once, cancellations against the sales that stand, bad rows named.
"""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import BytesIO, StringIO
from typing import Any

import pytest

from stampledger import CodeScope, Columns, InvalidInput, InvalidRows, OnVoid, Overflow, PerAmount, Receipts, events
from tests.ledger.shop import Shop, at, stamps, the

HEADER = "receipt,customer,occurred_at,kind,amount_gbp"
SALE = "R-1,ann,2024-02-26T08:00Z,sale,5.00"
CANCELLATION = "C-1,ann,2024-02-26T09:00Z,cancellation,5.00"
TENNER = PerAmount(amount=Decimal(10), remainder=Overflow.CARRY)


def imported(shop: Shop, *rows: str, header: str = HEADER, **options: Any) -> Receipts:
    file = StringIO("\n".join((header, *rows)) + "\n")
    return shop.ledger.import_receipts(file, **{"template": "free-coffee", **options})


def outcome(summary: Receipts) -> dict[str, int]:
    """What became of the rows, without what became of none."""
    names = ("credited", "repeated", "refused", "voided", "unmatched")
    return {name: getattr(summary, name) for name in names if getattr(summary, name)}


def card_of(shop: Shop, customer: str = "ann") -> Any:
    (card,) = shop.ledger.cards(search=customer).rows
    return card


# Once.


@pytest.mark.parametrize(
    "policies",
    [
        {},
        {"voided_code_reusable": True},
        {"code_scope": CodeScope.CARD},
        {"code_scope": CodeScope.TEMPLATE},
        {"code_scope": CodeScope.MANY},
    ],
    ids=str,
)
def test_file_twice(shop: Shop, policies: dict[str, Any]):
    """
    The same file again changes nothing, however often the template lets a code be used.
    """
    shop.template(**policies)
    rows = (SALE, CANCELLATION, "R-2,ann,2024-02-26T10:00Z,sale,3.00")
    first = imported(shop, *rows)
    before = shop.dump()

    again = imported(shop, *rows)

    assert {"credited": 2, "voided": 1} == outcome(first)
    assert {"repeated": 3} == outcome(again)
    assert before == shop.dump()
    assert () == shop.ledger.verify().faults


def test_voided_by_hand_between(shop: Shop):
    """
    A sale that was taken back by hand is not credited anew by a second run, even where its code may be used again.
    """
    shop.template(voided_code_reusable=True)
    imported(shop, SALE)
    shop.ledger.void_stamps("R-1")
    before = shop.dump()

    assert {"repeated": 1} == outcome(imported(shop, SALE))

    assert before == shop.dump()


def test_receipts_for_two_templates(shop: Shop):
    """
    The same receipts may be imported for two templates, where a code is good once per template.
    """
    for key in ("free-coffee", "free-tea"):
        shop.template(key=key, code_scope=CodeScope.TEMPLATE)
    imported(shop, SALE, CANCELLATION)

    assert {"credited": 1, "voided": 1} == outcome(imported(shop, SALE, CANCELLATION, template="free-tea"))


def test_credited_by_the_till_before(shop: Shop):
    """
    A receipt that gave its stamp at the till, without an amount, is known when the file is imported.
    """
    shop.template()
    anna = the(shop.customer(reference="ann").subject)
    card = the(shop.ledger.issue_card("free-coffee", customer=anna, occurred_at=at(days=-2)).subject)
    shop.ledger.add_stamps(card, code="R-1", occurred_at=datetime(2024, 2, 26, 8, tzinfo=UTC))

    assert {"repeated": 1} == outcome(imported(shop, SALE))

    assert "1/8" == stamps(shop.ledger, card)


@pytest.mark.parametrize("scope", CodeScope)
@pytest.mark.parametrize("gone", ["deleted", "forgotten"])
def test_file_after_the_card_is_gone(shop: Shop, gone: str, scope: CodeScope):
    """
    After a card was deleted or its customer forgotten, a second run writes nothing.
    """
    shop.template(code_scope=scope)
    rows = (SALE, "R-2,ann,2024-02-26T08:30Z,sale,5.00", CANCELLATION, "C-9,ann,2024-02-26T10:00Z,cancellation,99.00")
    imported(shop, *rows)
    card = card_of(shop)
    if gone == "deleted":
        shop.ledger.delete_card(card.id)
    else:
        shop.ledger.forget_customer(the(card.customer).id)
    before = shop.dump()

    again = imported(shop, *rows)

    assert {"repeated": 3, "unmatched": 1} == outcome(again)
    assert (0, before) == (again.cards_issued, shop.dump())


# Cancellations.


def test_refused_cancellation(shop: Shop):
    """
    A cancellation that a rule refuses is counted as refused; the rows after it are imported, and a second run is alike.
    """
    shop.template(1, redeemed_on_void=OnVoid.REFUSE)
    imported(shop, SALE)
    shop.ledger.redeem(shop.ledger.rewards(card_of(shop).id)[0].id)
    rows = (CANCELLATION, "R-2,bob,2024-02-26T10:00Z,sale,3.00")

    first = imported(shop, *rows)
    before = shop.dump()
    again = imported(shop, *rows)

    assert {"refused": 1, "credited": 1} == outcome(first)
    assert {"refused": 1, "repeated": 1} == outcome(again)
    assert before == shop.dump()
    assert [] == [entry for entry in shop.ledger.entries() if isinstance(entry.event, events.StampVoided)]


def test_cancellation_on_a_deleted_card(shop: Shop):
    """
    A cancellation for a card that was deleted since is counted as refused, and nothing is written.
    """
    shop.template()
    imported(shop, SALE)
    shop.ledger.delete_card(card_of(shop).id)
    before = shop.dump()

    assert {"refused": 1} == outcome(imported(shop, CANCELLATION))
    assert {"refused": 1} == outcome(imported(shop, CANCELLATION))

    assert before == shop.dump()


@pytest.mark.parametrize("policies", [{}, {"code_scope": CodeScope.MANY}, {"per_amount": TENNER}], ids=str)
def test_cancellation_in_a_later_file(shop: Shop, policies: dict[str, Any]):
    """
    A cancellation takes back the latest sale that stands and came to as much, whichever file brought the sale.
    """
    shop.template(**policies)
    options: dict[str, Any] = {"by_amount": "per_amount" in policies}
    sales = ("R-1,ann,2024-02-26T07:00Z,sale,20.00", "R-2,ann,2024-02-26T07:30Z,sale,20.00")
    imported(shop, *sales, "R-3,ann,2024-02-26T08:00Z,sale,10.00", "R-4,ann,2024-02-26T12:00Z,sale,20.00", **options)
    cancellations = [f"C-{number},ann,2024-02-26T09:0{number}Z,cancellation,15.00" for number in range(3)]

    first = imported(shop, *cancellations, **options)
    again = imported(shop, *cancellations, **options)

    assert {"voided": 2, "unmatched": 1} == outcome(first)
    assert {"repeated": 2, "unmatched": 1} == outcome(again)
    assert ("C-2",) == first.unmatched_codes == again.unmatched_codes
    voided = [entry.event.code for entry in shop.ledger.entries() if isinstance(entry.event, events.StampVoided)]
    assert ["R-2", "R-1"] == voided


def test_rows_in_any_order(shop: Shop):
    """
    Rows are taken in the order of their times: a file that begins with the newest is imported alike, and only once.
    """
    shop.template()
    rows = (CANCELLATION, "R-2,ann,2024-02-26T08:00Z,sale,5.00", "R-3,ann,2024-02-25T08:00Z,sale,5.00")

    first = imported(shop, *rows)
    before = shop.dump()
    again = imported(shop, *rows)

    assert {"credited": 2, "voided": 1} == outcome(first)
    assert {"repeated": 3} == outcome(again)
    assert before == shop.dump()
    assert "2024-02-25 08:00:00+00:00" == str(card_of(shop).issued_at)


def test_sale_before_the_card(shop: Shop):
    """
    A sale of a time before the card was issued is refused and recorded; a second run writes nothing.
    """
    shop.template()
    imported(shop, SALE)
    earlier = "R-0,ann,2024-02-20T08:00Z,sale,5.00"

    first = imported(shop, earlier)
    before = shop.dump()
    again = imported(shop, earlier)

    assert ({"refused": 1}, {"repeated": 1}) == (outcome(first), outcome(again))
    assert before == shop.dump()
    rejected = [entry.event for entry in shop.ledger.entries() if isinstance(entry.event, events.StampRejected)]
    assert ["R-0"] == [event.code for event in rejected]


# Amounts.


def test_amount_of_a_visit(shop: Shop):
    """
    Earned by visit, a sale's amount is noted to the cent; with more decimals than a cent it is not.
    """
    shop.template()
    imported(shop, SALE, "R-2,bob,2024-02-26T08:00Z,sale,5.005", "R-3,cid,2024-02-26T08:00Z,sale,")

    credits = [entry.event for entry in shop.ledger.entries() if isinstance(entry.event, events.StampAdded)]

    assert [(1, 500), (1, None), (1, None)] == [(event.count, event.amount_minor) for event in credits]


def test_visits_under_a_template_by_amount(shop: Shop):
    """
    Earned by visit all the same, a sale under a template by amount is one stamp, without an amount.
    """
    shop.template(per_amount=TENNER)
    imported(shop, "R-1,ann,2024-02-26T08:00Z,sale,50.00")

    (credit,) = [entry.event for entry in shop.ledger.entries() if isinstance(entry.event, events.StampAdded)]

    assert (1, None, 0) == (credit.count, credit.amount_minor, credit.remainder_minor)


@pytest.mark.parametrize(
    ("earning", "amount", "reason"),
    [
        (TENNER, "1.005", "must have at most 2 decimals"),
        (PerAmount(amount=Decimal(100), decimals=0), "150.5", "must have at most 0 decimals"),
        (TENNER, "100000.01", "must be worth at most 10000 stamps"),
        (TENNER, "NaN", "must be a Decimal, to be exact"),
        (TENNER, "-1", "must be from 0 to 1000000000"),
        (TENNER, "1e999999999999", "must be from 0 to 1000000000"),
        (TENNER, "1,5", "cannot be read as what this column holds"),
    ],
)
def test_bad_amount(shop: Shop, earning: PerAmount, amount: str, reason: str):
    """
    An amount that cannot be credited is named with its line and column before anything of the file is written.
    """
    shop.template(per_amount=earning)
    sales = [f"R-{number},c{number},2024-02-26T08:00Z,sale,7" for number in range(300)]
    before = shop.dump()

    with pytest.raises(InvalidRows) as refused:
        imported(shop, *sales, f'X,ann,2024-02-26T09:00Z,sale,"{amount}"', by_amount=True)

    (problem,) = refused.value.rows
    assert (302, "amount_gbp", amount, reason) == (problem.line, problem.column, problem.value, problem.reason)
    assert before == shop.dump()


def test_largest_amount(shop: Shop):
    """
    The largest amount is credited whatever waits on the card; more than it is left to a cancellation to name.
    """
    shop.template(per_amount=TENNER)
    rows = ("R-1,ann,2024-02-26T08:00Z,sale,9.99", "R-2,ann,2024-02-26T09:00Z,sale,100000")

    summary = imported(shop, *rows, "C-1,ann,2024-02-26T10:00Z,cancellation,100000.01", by_amount=True)

    assert {"credited": 2, "unmatched": 1} == outcome(summary)
    assert 999 == card_of(shop).remainder_minor


def test_amounts_of_a_card_under_another_version(shop: Shop):
    """
    What a card's own template version cannot credit is named before anything is written, too.
    """
    shop.template(per_amount=PerAmount(amount=Decimal("0.01")))
    imported(shop, "R-1,ann,2024-02-26T08:00Z,sale,0.05", by_amount=True)
    shop.template(per_amount=TENNER)

    with pytest.raises(InvalidRows) as refused:
        imported(shop, *(f"R-{who},{who},2024-02-26T09:00Z,sale,500" for who in ("bob", "ann")), by_amount=True)

    assert [3] == [problem.line for problem in refused.value.rows]


# Moments.


@pytest.mark.parametrize(
    "cell",
    [
        *("0001-01-01T00:00:00+10:00", "0001-01-01T01:00Z", "0001-01-01", "9999-12-31", "9999-12-31T23:59:59-10:00"),
        *("1899-12-31T23:59:59Z", "1900-01-01T00:00+00:01", "2024-02-28T11:31Z", "2025-02-27T00:00Z"),
    ],
)
@pytest.mark.parametrize("zone", [None, "Pacific/Apia", "America/New_York"])
def test_out_of_the_calendar(shop: Shop, cell: str, zone: str | None):
    """
    A moment before 1900 or more than a day ahead is a bad row, also at the calendar's ends.
    """
    shop.template()

    with pytest.raises(InvalidRows) as refused:
        imported(shop, f"R-1,ann,{cell},sale,1", columns=Columns(time_zone=zone))
    with pytest.raises(InvalidRows) as also_refused:
        shop.ledger.import_cards(
            StringIO(f"external_id,stamps,issued_at\nA,1,{cell}\n"), source="old", template="free-coffee"
        )

    reason = "must not lie before 1900 or more than a day ahead"
    assert [("occurred_at", cell, reason)] == [(row.column, row.value, row.reason) for row in refused.value.rows]
    assert [("issued_at", cell, reason)] == [(row.column, row.value, row.reason) for row in also_refused.value.rows]


def test_ends_of_time(shop: Shop):
    """
    1900 and a day ahead are times a file may tell of.
    """
    shop.template()

    summary = imported(shop, "R-1,ann,1900-01-01T00:00Z,sale,1", "R-2,ann,2024-02-28T11:30Z,sale,1")

    assert {"credited": 2} == outcome(summary)
    assert timedelta(days=1) == card_of(shop).last_stamp_at - at()


# The file.


@pytest.mark.parametrize(
    "file",
    [None, 5, True, b"x", BytesIO(b"receipt,customer,occurred_at\n"), "a\0b", "\ud800", ["x"], StringIO],
    ids=lambda file: type(file).__name__,
)
def test_no_file(shop: Shop, file: Any):
    """
    What is no file is refused by its name.
    """
    shop.template()
    before = shop.dump()

    with pytest.raises(InvalidInput) as refused:
        shop.ledger.import_receipts(file, template="free-coffee")
    with pytest.raises(InvalidInput) as also_refused:
        shop.ledger.import_cards(file, source="old", template="free-coffee")

    assert ("file", "file") == (refused.value.field, also_refused.value.field)
    assert before == shop.dump()


def test_closed_file(shop: Shop):
    """
    A file that was closed is refused.
    """
    shop.template()
    file = StringIO(HEADER)
    file.close()

    with pytest.raises(InvalidInput, match="cannot be read"):
        shop.ledger.import_receipts(file, template="free-coffee")


@pytest.mark.parametrize("columns", [True, 5, b"x", "receipt", {}], ids=repr)
def test_no_columns(shop: Shop, columns: Any):
    """
    What are no columns are refused by their name.
    """
    shop.template()

    with pytest.raises(InvalidInput) as refused:
        imported(shop, SALE, columns=columns)

    assert "columns" == refused.value.field


def test_no_column_of_kinds(shop: Shop):
    """
    A file without kinds holds sales only, and the summary says so.
    """
    shop.template()

    told = imported(shop, "R-1,ann,2024-02-26T08:00Z", header="receipt,customer,occurred_at")

    assert told.sales_only and not imported(shop, SALE).sales_only
