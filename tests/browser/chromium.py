"""
The browser of this machine, started without anything that would talk to the network behind a test's back.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, sync_playwright

REQUIRED = "STAMPLEDGER_REQUIRE_BROWSER"
NAMES = ("chromium", "chromium-browser", "google-chrome")
QUIET = (
    "--no-sandbox",  # In a container, and as root, there is none to be had.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-dev-shm-usage",
    "--disable-domain-reliability",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    "--no-pings",
    "--no-proxy-server",
)


def found() -> str:
    """
    Where the browser is. Where there is none the test is skipped, unless STAMPLEDGER_REQUIRE_BROWSER=1 says it must be.
    """
    for name in NAMES:
        path = shutil.which(name)
        if path is not None:
            return path
    reason = f"none of {', '.join(NAMES)} is on this machine"
    if os.environ.get(REQUIRED) == "1":
        pytest.fail(f"{reason}, and {REQUIRED}=1 asks for it", pytrace=False)
    pytest.skip(reason)


@contextmanager
def running() -> Iterator[Browser]:
    """A browser, until the block ends."""
    path = found()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=QUIET)
        try:
            yield browser
        finally:
            browser.close()
