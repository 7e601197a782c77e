"""
Whoever clicks on everything: each link of a page, and of the pages behind it, must lead somewhere.
"""

import re
from collections import deque
from html import unescape
from urllib.parse import parse_qsl, urlsplit

from starlette.testclient import TestClient

from tests.web.shop import MOUNTED

HOST = "http://shop.example"


def hrefs(html: str) -> list[str]:
    """The addresses a page leads to or loads from, in their order."""
    return [unescape(found) for found in re.findall(r'\s(?:href|src)="([^"#]+)', html)]


def seqs(html: str) -> list[int]:
    """The entries that a page of the Journal shows, in their order."""
    return [int(found) for found in re.findall(r"<tr[^>]*><td><a [^>]*>#(\d+)</a>", html)]


def walked(client: TestClient, start: str) -> dict[str, int]:
    """The status of every link on a page and on those behind it; of links alike but for their values, one."""
    statuses: dict[str, int] = {}
    shapes: set[object] = set()
    waiting = deque([f"{MOUNTED}{start}"])
    while waiting:
        href = waiting.popleft()
        answer = client.get(HOST + href)
        statuses[href] = answer.status_code
        if not answer.headers["content-type"].startswith("text/html"):
            continue
        for found in hrefs(answer.text):
            shape = _shape(found)
            if shape not in shapes:
                shapes.add(shape)
                waiting.append(found)
    return statuses


def _shape(href: str) -> object:
    parts = urlsplit(href)
    return re.sub(r"\d+", "0", parts.path), tuple(sorted({name for name, _ in parse_qsl(parts.query)}))
