"""
A wire between client and server that can be cut at a chosen moment.

    with Proxy(server.port) as proxy:
        …connect to proxy.port…
        proxy.cut(after=True, when=commits)

The next thing a client sends for which *when* holds is the one: it is cut off before it reaches the server, or after
the server has answered it in full and before the client hears of that. What a client sends in one go is one thing:
both wire protocols wait for an answer before they go on.
"""

import re
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Self

import attrs

from tests.servers.server import HOST

CHUNK = 1 << 16
SECONDS = 30.0

# PostgreSQL's last word in every answer, before the letter that tells whether a transaction is open.
READY_FOR_QUERY = b"Z\0\0\0\5"


def commits(sent: bytes) -> bool:
    """Whether a client asks for a commit by that word, and not only says AUTOCOMMIT."""
    return re.search(rb"(?<![A-Za-z])COMMIT[;\0]*$", sent) is not None


@attrs.define
class Cut:
    """When the wire is to be cut."""

    after: bool
    when: Callable[[bytes], bool]
    skip: int
    due: bool = False  # The thing was said.
    done: threading.Event = attrs.field(factory=threading.Event)


class Proxy:
    """Listens on `port` and passes on what is said there, either way, until it is told to cut."""

    def __init__(self, target: int, host: str = HOST) -> None:
        self.sent: list[bytes] = []  # What clients sent, thing by thing, cut off or not.
        self._target = (host, target)
        self._cut: Cut | None = None
        self._lock = threading.Lock()
        self._wires: list[Wire] = []
        self._listening = socket.create_server((HOST, 0))
        self.port: int = self._listening.getsockname()[1]
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    def cut(self, *, after: bool, when: Callable[[bytes], bool] = lambda _: True, skip: int = 0) -> Cut:
        """Cut once, at the first thing a client sends from now on for which *when* holds, but for the first *skip*.

        The answer's `due` is true once the thing was said, and `done` is set when the wire has been cut.
        """
        with self._lock:
            self._cut = Cut(after, when, skip)
            return self._cut

    def keep(self) -> None:
        """Forget about cutting."""
        with self._lock:
            self._cut = None

    def cut_all(self) -> None:
        """Cut every wire there is, now."""
        for wire in self._wires:
            wire.close()

    def due(self, data: bytes) -> Cut | None:
        """The cut that is to be made at this thing a client sent."""
        with self._lock:
            self.sent.append(data)
            cut = self._cut
            if cut is None or not cut.when(data):
                return None
            if cut.skip:
                cut.skip -= 1
                return None
            self._cut = None
            cut.due = True
            return cut

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(self._target, timeout=SECONDS)
            except OSError:
                client.close()
                continue
            self._wires.append(Wire(self, client, server))

    def close(self) -> None:
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)  # Only this wakes up who waits in accept.
        self._listening.close()
        self._accepting.join(SECONDS)
        self.cut_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


class Wire:
    """One client's connection, passed on by two threads."""

    def __init__(self, proxy: Proxy, client: socket.socket, server: socket.socket) -> None:
        self._proxy = proxy
        self._client = client
        self._server = server
        self._cut: Cut | None = None
        self._is_postgresql = False
        for end in (client, server):
            end.settimeout(None)
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for direction in (self._ask, self._answer):
            threading.Thread(target=self._run, args=[direction], daemon=True).start()

    def _run(self, direction: Callable[[], None]) -> None:
        with suppress(OSError):
            direction()
        self.close()

    def _ask(self) -> None:
        while data := self._client.recv(CHUNK):
            cut = self._proxy.due(data)
            if cut is not None and not cut.after:
                self._end(cut)
                return
            self._cut = cut
            self._server.sendall(data)

    def _answer(self) -> None:
        held = b""
        while data := self._server.recv(CHUNK):
            self._is_postgresql |= READY_FOR_QUERY == data[-6:-1]
            if self._cut is None:
                self._client.sendall(data)
                continue
            held += data
            if not self._is_postgresql or READY_FOR_QUERY == held[-6:-1]:
                self._end(self._cut)
                return

    def _end(self, cut: Cut) -> None:
        self.close()
        cut.done.set()

    def close(self) -> None:
        for end in (self._client, self._server):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
