"""What a shop's people see: the Journal, the cards and the customer's page, as ASGI applications to be mounted.

    from stampledger.web import Staff, back_office

    office = back_office(ledger, authorize=lambda request: Staff("anna") if signed_in(request) else None)
    public = customer_pages(ledger, secret=secret)

Needs the extra `web`.
"""

from stampledger.render.extra import web_extra

with web_extra():
    from stampledger.web.access import Authorize, Staff, nobody
    from stampledger.web.addresses import card_address
    from stampledger.web.app import back_office
    from stampledger.web.customers import customer_pages

__all__ = ["Authorize", "Staff", "back_office", "card_address", "customer_pages", "nobody"]
