"""
The door: who is let in, and what every answer says to the browser.
"""

from starlette.requests import Request
from starlette.responses import RedirectResponse

from stampledger import Ledger
from stampledger.web import nobody
from tests.web.shop import mounted, visitor

PAGES = ("/", "/journal", "/cards", "/no/such/page")


def test_nobody_by_default(ledger: Ledger):
    """
    A back office that was not told whom to let in lets nobody in, on any page, and shows nothing of the business.
    """
    client = visitor(mounted(ledger, authorize=nobody))

    for page in PAGES:
        answer = client.get(page)
        assert 403 == answer.status_code
        assert "Blue Cup" not in answer.text


def test_login_elsewhere(ledger: Ledger):
    """
    A service may send whoever it does not know to its own login.
    """

    async def to_login(request: Request) -> RedirectResponse:
        return RedirectResponse("/login")

    answer = visitor(mounted(ledger, authorize=to_login)).get("/journal")

    assert (307, "/login") == (answer.status_code, answer.headers["location"])


def test_strict_policy(client):
    """
    Every answer forbids scripts and styles of others, framing and caching; none of ours needs an exception.
    """
    for page in PAGES:
        answer = client.get(page)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy
        assert "no-store" == answer.headers["cache-control"]
        assert "nosniff" == answer.headers["x-content-type-options"]
