"""
A request as a server hands it over: for what no browser sends, and for whoever hangs up in the middle of an answer.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from starlette.applications import Starlette

from tests.web.shop import MOUNTED


def call(
    app: Starlette,
    path: str,
    query: bytes = b"",
    taken: Callable[[bytes], bool] | None = None,
    *,
    mounted: str = MOUNTED,
    method: str = "GET",
) -> tuple[int, bytes]:
    """Answer the status and the body; *taken* is told every piece, and says whether the client is still there."""
    status, pieces = 0, []
    gone = asyncio.Event()

    async def receive() -> dict[str, Any]:
        if not asked:
            asked.append(True)
            return {"type": "http.request", "body": b"", "more_body": False}
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
        elif message["type"] == "http.response.body":
            pieces.append(message.get("body", b""))
            if taken is not None and not taken(pieces[-1]):
                gone.set()
                await asyncio.sleep(0)

    asked: list[bool] = []
    scope = {
        **{"type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1", "method": method},
        **{"scheme": "http", "path": f"{mounted}{path}", "raw_path": b"", "root_path": ""},
        **{"query_string": query, "headers": [(b"host", b"shop.example"), (b"x-login", b"anna")]},
        **{"client": ("127.0.0.1", 1), "server": ("shop.example", 80)},
    }
    asyncio.run(app(scope, receive, send))
    return status, b"".join(pieces)
