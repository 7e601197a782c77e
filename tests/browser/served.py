"""
A back office that is really served: by uvicorn, on a port of this machine, under a path of a service of its own.
"""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from time import monotonic, sleep

import attrs
import uvicorn
from starlette.types import ASGIApp

from stampledger import Ledger
from tests.web.shop import MOUNTED, demo_ledger, mounted

PATIENCE = 20.0


@attrs.frozen
class Served:
    """A back office at an address, and the ledger it shows."""

    ledger: Ledger
    origin: str

    def __call__(self, path: str = "/") -> str:
        """The address of a page of it."""
        return f"{self.origin}{MOUNTED}{path}"


@contextmanager
def serving(app: ASGIApp) -> Iterator[str]:
    """An application at a free port, whose origin is answered; it has ended when the block has."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        config = uvicorn.Config(app, lifespan="off", ws="none", log_level="warning", timeout_graceful_shutdown=2)
        server = uvicorn.Server(config)
        thread = Thread(target=server.run, args=([listening],), name="uvicorn", daemon=True)
        thread.start()
        try:
            _wait_for(server, thread)
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(PATIENCE)
            assert not thread.is_alive(), "the server did not end"


@contextmanager
def demo_office(folder: Path, **options: object) -> Iterator[Served]:
    """The demonstration's back office, served."""
    with demo_ledger(folder) as ledger, serving(mounted(ledger, **options)) as origin:
        yield Served(ledger, origin)


def _wait_for(server: uvicorn.Server, thread: Thread) -> None:
    end = monotonic() + PATIENCE
    while not server.started:
        assert thread.is_alive() and monotonic() < end, "the server did not start"
        sleep(0.01)
