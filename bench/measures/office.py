"""The back office's Journal in a browser's place: how long the server takes for a page, and how large it is."""

import asyncio
from collections.abc import Iterator
from contextlib import closing
from urllib.parse import urlencode

from bench import fill
from bench.floors.raw_pages import RawPages
from bench.measures.big import Big, big_ledgers
from bench.measures.lists import turns
from bench.people import COMMON
from bench.report import FLOOR, OURS, Row, Target
from bench.timing import Work, milli
from bench.workshop import Workshop
from stampledger import Ledger
from stampledger.web import Staff, back_office

TO_REACH = 50.0  # ms on the server.
BYTES = (3 * 1024, 30 * 1024)  # Of HTML, from and to.
WHY = "the page's own work, beyond reading the rows, is the templates'"


def office(shop: Workshop) -> list[Row]:
    """The Journal's page, on every engine."""
    rows: list[Row] = []
    for big in big_ledgers(shop):
        if isinstance(big, Row):
            rows.append(big)
            continue
        with fill.opened(big.url) as ledger, closing(RawPages(big.url)) as raw:
            rows.extend(_pages(shop, big, ledger, raw))
    return rows


class Visitor:
    """Somebody who is let in, without a network between: the application is called as a server calls it."""

    def __init__(self, ledger: Ledger) -> None:
        self._app = back_office(ledger, authorize=lambda request: Staff("bench"))
        self._loop = asyncio.new_event_loop()

    def page(self, path: str, **query: object) -> bytes:
        """Answer a page's HTML."""
        return self._loop.run_until_complete(self._get(path, urlencode(query).encode()))

    def close(self) -> None:
        """Go home."""
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()

    async def _get(self, path: str, query: bytes) -> bytes:
        status, body = 0, b""

        async def receive() -> dict[str, object]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: object) -> None:
            nonlocal status, body
            assert isinstance(message, dict)
            status = message.get("status", status)
            body += message.get("body", b"")

        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
            "path": path, "raw_path": path.encode(), "root_path": "", "query_string": query, "headers": [],
            "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
        }  # fmt: skip
        await self._app(scope, receive, send)
        assert status == 200, f"{path} answered {status}"
        return body


def _pages(shop: Workshop, big: Big, ledger: Ledger, raw: RawPages) -> Iterator[Row]:
    middle = ledger.seq // 2
    asked: dict[str, dict[str, object]] = {
        OURS: {},
        "deep": {"before": middle},
        "as of the entry in the middle": {"at": middle},
        "one type": {"kind": "voucher_issued"},
        "a search": {"search": COMMON},
    }
    with closing(Visitor(ledger)) as visitor:

        def page(query: dict[str, object]) -> Work:
            return lambda: visitor.page("/journal", **query)

        sizes = {name: len(visitor.page("/journal", **query)) for name, query in asked.items()}
        what = f"Journal in the back office, {big.label}"
        times = turns(shop, {name: page(query) for name, query in asked.items()} | {FLOOR: raw.journal}, what)
    for name, size in sizes.items():
        assert BYTES[0] <= size <= BYTES[1], f"{name}: {size} bytes of HTML"
    slowest = max(asked, key=times.seconds)
    told = "; ".join(f"{name} {milli(times.seconds(name))}" for name in list(asked)[1:])
    yield Row(
        what=what,
        figures={name: milli(times.seconds(name)) for name in (OURS, FLOOR)},
        targets=(
            Target(
                than="the slowest",
                reached=[seconds * 1e3 for seconds in times.by_name[slowest]],
                to_reach=TO_REACH,
                unit="ms",
                why=WHY,
            ),
        ),
        notes=(f"{told}; {min(sizes.values()):,} to {max(sizes.values()):,} bytes of HTML",),
    )
