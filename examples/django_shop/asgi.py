"""The whole service: the stamp cards' pages are mounted, everything else is Django's."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "examples.django_shop.settings")
django = get_asgi_application()

from django.conf import settings  # noqa: E402 (Django must be set up first.)
from django.contrib.auth import get_user  # noqa: E402
from django.contrib.sessions.backends.db import SessionStore  # noqa: E402
from django.db import close_old_connections  # noqa: E402
from django.http import HttpRequest  # noqa: E402
from starlette.applications import Starlette  # noqa: E402
from starlette.requests import Request  # noqa: E402
from starlette.responses import RedirectResponse, Response  # noqa: E402
from starlette.routing import Mount  # noqa: E402

from examples.django_shop.stamps import ledger  # noqa: E402
from stampledger.web import Staff, back_office, customer_pages  # noqa: E402


def authorize(request: Request) -> Staff | Response | None:
    """Let in whom Django knows as staff; who is not signed in is sent to its login."""
    asked = HttpRequest()
    asked.session = SessionStore(request.cookies.get(settings.SESSION_COOKIE_NAME))
    try:
        user = get_user(asked)
        if not user.is_authenticated:
            return RedirectResponse("/login/", 303)
        return Staff(user.get_username()) if user.is_staff else None
    finally:
        close_old_connections()


def service() -> Starlette:
    """Make the service."""
    secret = settings.SECRET_KEY.encode()
    return Starlette(
        routes=[
            Mount("/staff/stamps", back_office(ledger(), authorize=authorize, secret=secret, customers_at="/cards")),
            Mount("/cards", customer_pages(ledger(), secret=secret)),
            Mount("/", django),
        ]
    )


application = service()
