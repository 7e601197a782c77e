"""
A back office to be tried: the demonstration's day, and a browser of which nothing but HTTP is left.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Mount
from starlette.testclient import TestClient

from stampledger import Ledger
from stampledger.demo.day import BUSINESS, OPENING, play
from stampledger.demo.supplies import Supplies
from stampledger.web import Staff, back_office

SECRET = b"a secret of sixteen bytes or more"
MOUNTED = "/shop/office"


def authorize(request: Request) -> Staff | None:
    """Let in whoever names a login; those called "guest…" may only look."""
    login = request.headers.get("x-login")
    return None if not login else Staff(login, may_write=not login.startswith("guest"))


@contextmanager
def demo_ledger(folder: Path) -> Iterator[Ledger]:
    """The demonstration's shop after its day, 51 entries; its clock stands where the day ended."""
    database = folder / "demo.db"
    content, ended_at = _played()
    database.write_bytes(content)
    supplies = Supplies(ended_at)
    supplies.begin("after the day", ended_at)
    with _opened(database, supplies) as ledger:
        yield ledger


@cache
def _played() -> tuple[bytes, datetime]:
    """The database after the day, and when that was: played once, and then copied."""
    supplies = Supplies(OPENING)
    with TemporaryDirectory() as folder:
        database = Path(folder) / "demo.db"
        with _opened(database, supplies) as ledger:
            for _ in play(ledger, supplies):
                pass
        return database.read_bytes(), supplies.clock()


def _opened(database: Path, supplies: Supplies) -> Ledger:
    options = {"clock": supplies.clock, "random": supplies.random, "ids": supplies.id}
    return Ledger.open(f"sqlite:///{database}", business=BUSINESS, **options)


def mounted(ledger: Ledger, **options: object) -> Starlette:
    """The back office under a path of a service of its own."""
    made = back_office(ledger, **{"authorize": authorize, "secret": SECRET, **options})  # type: ignore[arg-type]
    return Starlette(routes=[Mount(MOUNTED, made)])


def visitor(app: Starlette, login: str | None = "anna") -> TestClient:
    """Somebody with a browser, at the back office's door."""
    headers = {} if login is None else {"x-login": login}
    return TestClient(app, f"http://shop.example{MOUNTED}", headers=headers, follow_redirects=False)


def form(html: str, action: str) -> dict[str, str]:
    """The hidden fields of the form on a page whose address ends so: what a browser sends without being asked."""
    found = re.search(rf'<form[^>]*action="[^"]*{re.escape(action)}[^"]*"[^>]*>(.*?)</form>', html, re.DOTALL)
    assert found is not None, f"no form for {action}"
    hidden = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', found[1])
    return dict(hidden)
