"""Serving a back office without a service of one's own: one process, one business, one token."""

import contextlib
import logging
import secrets as chance
import signal
import socket
from collections.abc import Callable, Collection, Iterator
from ipaddress import ip_address

import attrs
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Mount
from starlette.types import ASGIApp

from stampledger.errors import InvalidInput
from stampledger.ledger import Ledger
from stampledger.web.app import back_office
from stampledger.web.customers import customer_pages
from stampledger.web.gate import LOOPBACK, BelowRoot, Gate, KnownHosts
from stampledger.web.headers import SafeHeaders

CUSTOMERS = "/c"
BACKLOG = 128
SECONDS_TO_FINISH = 5  # How long the requests of a moment ago are waited for when the service stops.


@attrs.frozen
class Listening:
    """A port that is ours, before anything answers at it."""

    socket: socket.socket
    host: str

    @property
    def port(self) -> int:
        """The port; the one that was picked, where any would do."""
        return int(self.socket.getsockname()[1])

    @property
    def address(self) -> str:
        """Host and port, as an address has them; this machine's own where it is every address."""
        shown = "127.0.0.1" if self.everywhere else self.host
        return f"[{shown}]:{self.port}" if ":" in shown else f"{shown}:{self.port}"

    @property
    def everywhere(self) -> bool:
        """Whether every address of this machine is meant."""
        return ip_address(self.socket.getsockname()[0].partition("%")[0]).is_unspecified

    @property
    def loopback(self) -> bool:
        """Whether only this machine itself can come."""
        return ip_address(self.socket.getsockname()[0].partition("%")[0]).is_loopback


@contextlib.contextmanager
def listen(host: str, port: int) -> Iterator[Listening]:
    """Take a port, 0 for any that is free; nobody is kept waiting from then on.

    Raises:
        InvalidInput: The host is no address of this machine, or the port is not to be had.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (OSError, UnicodeError):
        raise InvalidInput("--host", host, "must be an address of this machine") from None
    taken = socket.socket(family, socket.SOCK_STREAM)
    try:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(address)
        taken.listen(BACKLOG)
    except PermissionError:
        taken.close()
        raise InvalidInput("--port", port, "must be one that this user may listen at (from 1024 on)") from None
    except OSError:
        taken.close()
        reason = "must be a port of that host where nobody else listens (0 picks one)"
        raise InvalidInput("--port", port, reason) from None
    with contextlib.closing(taken):
        yield Listening(taken, host)


def service(
    ledger: Ledger,
    gate: Gate,
    *,
    secret: bytes | None = None,
    hosts: Collection[str] = (),
    any_address: bool = False,
    root_path: str = "",
) -> Starlette:
    """Make what is served: the back office behind its gate, and customers' pages; under these names and no others."""
    shared = secret or chance.token_bytes(32)
    office = back_office(ledger, authorize=gate.authorize, secret=shared, customers_at=CUSTOMERS)
    routes: list[BaseRoute] = [Mount(CUSTOMERS, customer_pages(ledger, secret=shared)), Mount("/", office)]
    return Starlette(
        routes=routes,
        middleware=[
            Middleware(SafeHeaders),
            Middleware(KnownHosts, names={*LOOPBACK, *hosts}, literals=any_address),
            Middleware(BelowRoot, path=root_path),
        ],
    )


def serve(app: ASGIApp, listening: Listening, *, tell: Callable[[], None], verbose: bool = False) -> int:
    """Answer requests until a signal says stop, and answer which; *tell* says where to go once stopping is possible.

    Nothing that a proxy or a visitor says of itself is believed (X-Forwarded-…), and no request is logged unless asked
    for: the addresses of customers' pages are keys.
    """
    if verbose:
        logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
        logging.getLogger("uvicorn.access").addFilter(_without_keys)
    config = uvicorn.Config(
        app,
        lifespan="off",
        ws="none",
        proxy_headers=False,
        server_header=False,
        log_config=None,
        log_level="info" if verbose else "error",
        access_log=verbose,
        timeout_graceful_shutdown=SECONDS_TO_FINISH,
    )
    server = uvicorn.Server(config)
    with _told_to_stop(server) as signals:
        tell()
        server.run(sockets=[listening.socket])
    return signals[0] if signals else 0


@contextlib.contextmanager
def _told_to_stop(server: uvicorn.Server) -> Iterator[list[int]]:
    """Collect the signals that end the server: those before it listens to any, and those it raises again at its end."""
    signals: list[int] = []

    def stop(number: int, frame: object) -> None:
        signals.append(number)
        server.should_exit = True

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield signals
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _without_keys(record: logging.LogRecord) -> bool:
    """Leave parameters, and what follows the customers' path, out of a line of the log."""
    if isinstance(record.args, tuple) and len(record.args) == 5:
        client, method, path, version, status = record.args
        shown, _, _ = str(path).partition("?")
        before, customers, _ = shown.partition(f"{CUSTOMERS}/")
        record.args = (client, method, f"{before}{customers}…" if customers else shown, version, status)
    return True
