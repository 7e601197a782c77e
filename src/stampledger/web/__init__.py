"""What a shop's people see: the Journal, the cards and the customer's page, as ASGI applications to be mounted.

    from stampledger.web import Staff, back_office

    app = back_office(ledger, authorize=lambda request: Staff("anna") if signed_in(request) else None)

Needs the extra `web`.
"""

from stampledger.web.access import Authorize, Staff, nobody
from stampledger.web.app import back_office

__all__ = ["Authorize", "Staff", "back_office", "nobody"]
