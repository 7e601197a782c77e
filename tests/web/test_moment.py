"""
All of a page is as of one entry, whatever is written while it is made.
"""

from starlette.requests import Request

from stampledger import Brand, Ledger
from stampledger.web.access import Staff, nobody
from stampledger.web.asking import Asked, Office
from stampledger.web.forms import Tickets
from tests.web.shop import SECRET


def test_written_meanwhile(ledger: Ledger):
    """
    What a page reads later is as of the entry that it read first.
    """
    office = Office(ledger, nobody, Tickets(SECRET, ledger.business), SECRET)
    request = Request({"type": "http", "method": "GET", "path": "/journal", "query_string": b"", "headers": []})
    ask = Asked(office, request, Staff("anna"))
    seen, cards = ask.view.seq, ask.view.cards()

    ledger.set_brand(Brand(name="Red Cup"))
    ledger.update_customer(cards[0].customer or "", name="Somebody else")
    ledger.delete_card(cards[1])

    assert "Red Cup" == ledger.brand().name
    assert "Blue Cup" == ask.brand.name
    assert cards == ask.view.cards()
    assert seen == ask.view.journal()[0].seq


def test_next_request(ledger: Ledger):
    """
    The next request is as of what was written since.
    """
    office = Office(ledger, nobody, Tickets(SECRET, ledger.business), SECRET)
    request = Request({"type": "http", "method": "GET", "path": "/journal", "query_string": b"", "headers": []})
    seen = Asked(office, request, Staff("anna")).view.seq

    ledger.set_brand(Brand(name="Red Cup"))

    assert seen + 1 == Asked(office, request, Staff("anna")).view.seq
