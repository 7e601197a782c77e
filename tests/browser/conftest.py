"""
The fixtures that give a test a browser and something to look at.

    office          the demonstration's back office, served to this test alone, which may write
    settled         the same, shared by the tests of a file, which only look
    open_page       opens a page in a browser window of its own: `open_page(width=360, lang="az", scheme="dark")`
    page            such a page, as a member of staff sees it at a desk
    complaints      what the browser complained of on any of these pages; must be empty in the end

    page.goto(office("/journal"))

A test that provokes a complaint takes it out: `complaints.clear()`, after having looked at it.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request

from tests.browser import chromium
from tests.browser.served import Served, demo_office

OpenPage = Callable[..., Page]

LEFT = "net::ERR_ABORTED"  # The page was left, or the answer became a download.


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """
    One browser for the tests of a file. It ends with the file, since the event loop that runs while it does would be in
    the way of others' tests; it starts in less than a second.
    """
    with chromium.running() as browser:
        yield browser


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Served]:
    with demo_office(tmp_path) as office:
        yield office


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with demo_office(tmp_path_factory.mktemp("settled")) as office:
        yield office


@pytest.fixture
def complaints() -> Iterator[list[str]]:
    complaints: list[str] = []
    yield complaints
    assert [] == complaints


@pytest.fixture
def open_page(browser: Browser, complaints: list[str]) -> Iterator[OpenPage]:
    contexts = []

    def open_page(
        *,
        width: int = 1440,
        height: int = 900,
        lang: str = "en",
        scheme: Literal["light", "dark"] = "light",
        login: str | None = "anna",
        javascript: bool = True,
        time_zone: str = "Europe/London",
    ) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            locale=lang,
            color_scheme=scheme,
            timezone_id=time_zone,
            java_script_enabled=javascript,
            reduced_motion="reduce",
            extra_http_headers={} if login is None else {"x-login": login},
        )
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        _listen(page, complaints)
        context.on("page", lambda other: _listen(other, complaints))
        return page

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture
def page(open_page: OpenPage) -> Page:
    return open_page()


def _listen(page: Page, complaints: list[str]) -> None:
    def said(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            complaints.append(f"{message.type} at {page.url}: {message.text}")

    def failed(request: Request) -> None:
        if request.failure != LEFT:
            complaints.append(f"{request.failure}: {request.url}")

    page.on("console", said)
    page.on("pageerror", lambda error: complaints.append(f"script at {page.url}: {error}"))
    page.on("requestfailed", failed)
