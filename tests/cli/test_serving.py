"""
`stampledger serve` as somebody at a terminal meets it: a real process, real requests.
"""

import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import attrs
import pytest

from stampledger import Ledger
from stampledger.cli.app import commands
from stampledger.demo import BUSINESS
from tests.cli.terminal import SOURCES, TIMEOUT_SECONDS, Answer, Terminal, finished, process

TOKEN = "a-token-of-sixteen-letters-or-more"


class Seen(NamedTuple):
    """What a service answered."""

    status: int
    location: str | None
    text: str


@attrs.define
class Visitor:
    """Somebody who goes to the printed address, keeps the cookie, and looks at pages."""

    address: str
    cookie: str = ""

    def get(self, path: str, **headers: str) -> Seen:
        place = urlsplit(self.address)
        with closing(HTTPConnection(place.hostname or "", place.port, timeout=TIMEOUT_SECONDS)) as connection:
            connection.request("GET", path, headers={"Cookie": self.cookie, **headers})
            answer = connection.getresponse()
            self.cookie = (answer.headers["set-cookie"] or self.cookie).partition(";")[0]
            return Seen(answer.status, answer.headers["location"], answer.read().decode())


@contextmanager
def serving(database: Path, *options: str, token: str = "") -> "Iterator[tuple[subprocess.Popen[str], Visitor]]":
    """A service that has said where it is."""
    arguments = ("serve", "--db", str(database), "--business", BUSINESS, "--port", "0", *options)
    with process(*arguments, directory=database.parent, STAMPLEDGER_TOKEN=token) as started:
        assert started.stdout is not None
        try:
            lines = [started.stdout.readline() for _ in range(2)]
            found = re.search(r"https?://\S+", lines[1])
            assert found is not None, (lines, started.stderr and started.stderr.read())
            yield started, Visitor(found[0])
        finally:
            if started.poll() is None:
                started.kill()


def stopped(started: "subprocess.Popen[str]", by: int = signal.SIGTERM) -> Answer:
    started.send_signal(by)
    return finished(started)


def test_open_the_printed_address(database: Path):
    """
    The address that is printed lets the browser in, also when the output is piped; nothing else does.
    """
    with serving(database) as (started, visitor):
        place = urlsplit(visitor.address)
        first = visitor.get(f"/?{place.query}")
        page = visitor.get("/journal")
        stranger = Visitor(visitor.address).get("/journal")
        answer = stopped(started)

    assert ("127.0.0.1", "/") == (place.hostname, place.path)
    assert 32 <= len(place.query.removeprefix("token="))
    assert (303, "/") == (first.status, first.location)
    assert (200, 403) == (page.status, stranger.status)
    assert (0, "", "") == answer


@pytest.mark.parametrize(("by", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_stop(database: Path, by: int, code: int):
    """
    Ctrl-C and a signal to end stop it at once, without a word, and with what is usual for each.
    """
    with serving(database) as (started, _):
        assert (code, "", "") == stopped(started, by)


def test_another_name(database: Path):
    """
    A foreign name for this address is not answered, though the browser has the token.
    """
    with serving(database) as (started, visitor):
        place = urlsplit(visitor.address)
        assert 400 == visitor.get(f"/?{place.query}", Host="evil.example").status
        assert (0, "", "") == stopped(started)


def test_token_of_ones_own(database: Path, tmp_path: Path):
    """
    A token from the environment or a file is good for every start, and is not printed.
    """
    file = tmp_path / "token.txt"
    file.write_text(f"{TOKEN}\n")

    for options, token in (((), TOKEN), (("--token-file", str(file)), "another-token-of-letters")):
        with serving(database, *options, token=token) as (started, visitor):
            assert TOKEN not in visitor.address
            assert 303 == visitor.get(f"/?token={TOKEN}").status
            assert 200 == visitor.get("/cards").status
            stopped(started)


def test_many_at_once(database: Path):
    """
    Requests that come at the same time are all answered.
    """
    with serving(database) as (started, visitor):
        visitor.get(f"/?{urlsplit(visitor.address).query}")
        statuses: list[int] = []

        def look() -> None:
            for page in ("/journal", "/cards", "/static/office.css"):
                statuses.append(Visitor(visitor.address, visitor.cookie).get(page).status)

        threads = [threading.Thread(target=look) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(TIMEOUT_SECONDS)
        assert (0, "", "") == stopped(started)

    assert [200] * 24 == statuses


def test_log(database: Path):
    """
    With --verbose every request is logged, without its parameters, which may be the token.
    """
    with serving(database, "--verbose") as (started, visitor):
        query = urlsplit(visitor.address).query
        visitor.get(f"/?{query}")
        visitor.get("/c/a-key-of-a-customer?lang=de")
        answer = stopped(started)

    assert '"GET / HTTP/1.1" 303' in answer.err
    assert '"GET /c/… HTTP/1.1"' in answer.err
    for secret in (query, "a-key-of-a-customer", visitor.cookie.partition("=")[2]):
        assert secret not in answer.err


def test_garbage(database: Path):
    """
    What is no request is no word on the terminal either.
    """
    with serving(database) as (started, visitor):
        place = urlsplit(visitor.address)
        for sent in (b"\x16\x03\x01\x02\r\n\r\n", b"GET / HTTP/9\r\n\r\n", b"GET /\x00 HTTP/1.1\r\n\r\n"):
            with socket.create_connection((place.hostname, place.port), timeout=TIMEOUT_SECONDS) as connection:
                connection.sendall(sent)
                assert b" 400 " in connection.recv(1_000)
        assert (0, "", "") == stopped(started)


def test_port_in_use(database: Path):
    """
    A port where somebody listens already is one sentence and 2.
    """
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        answer = Terminal(database, BUSINESS).run("serve", "--port", str(port))

    assert (2, "") == answer[:2]
    assert f"not {port} (invalid_input)\n" == answer.err[answer.err.index("not ") :]
    assert 1 == answer.err.count("\n")


@pytest.mark.parametrize(
    ("options", "code", "told"),
    [
        (("--host", "0.0.0.0", "--port", "0"), 2, "unless --public is said"),
        (("--host", "no.such.host.invalid"), 2, "must be an address of this machine"),
        (("--host", "192.0.2.1"), 2, "must be a port of that host"),
        (("--port", "70000"), 2, "70000"),
        (("--allowed-host", "https://shop.example"), 2, "must be a name"),
        (("--root-path", "office"), 2, "must be a path"),
        (("--root-path", "//evil.example"), 2, "must be a path"),
        (("--root-path", "/a?b"), 2, "must be a path"),
        (("--actor", ""), 2, "must not be empty"),
        (("--token-file", "none.txt"), 2, "must be a file"),
        (("--secret-file", "empty.txt"), 2, "must be a file that is not empty"),
        (("--token-file", "short.txt"), 2, "at least 16"),
        (("--secret-file", "short.txt"), 2, "at least 16"),
        (("--business", "nobody"), 1, "no business 'nobody'"),
    ],
)
def test_refused(database: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], code: int, told: str):
    """
    What cannot be served so is one sentence, and nothing is served.
    """
    monkeypatch.chdir(database.parent)
    Path("empty.txt").write_text("\n")
    Path("short.txt").write_text("hunter2")
    arguments = ["serve", "--db", str(database), "--business", BUSINESS, "--port", "0", *options]

    answer = Terminal().run(*arguments)

    assert (code, "") == answer[:2]
    assert told in answer.err
    assert "hunter2" not in answer.err
    assert "Traceback" not in answer.err


def test_no_ledger(tmp_path: Path):
    """
    A ledger that is not there is not made.
    """
    answer = Terminal(tmp_path / "none.db", BUSINESS).run("serve", "--port", "0")

    assert 4 == answer.code
    assert [] == list(tmp_path.iterdir())


def test_public(database: Path):
    """
    Other machines may come where that is said, with a warning; each of this machine's addresses is answered.
    """
    options = ("--host", "0.0.0.0", "--public", "--allowed-host", "office.example")
    with serving(database, *options) as (started, visitor):
        assert visitor.address.startswith("http://office.example/?token=")
        answer = stopped(started)

    assert 0 == answer.code
    assert "https (TLS)" in answer.err


def test_behind_a_proxy(database: Path):
    """
    Behind a proxy the printed address is the one people go to, and the cookie goes over https only.
    """
    options = ("--https", "--allowed-host", "shop.example", "--root-path", "/office")
    with serving(database, *options, "--verbose") as (started, visitor):
        assert visitor.address.startswith("https://shop.example/office/?token=")
        answer = stopped(started)
        port = re.search(r"127\.0\.0\.1:(\d+)", answer.err)

    assert 0 == answer.code
    assert port is None  # Where it listens is the proxy's affair.


def test_read_only(database: Path):
    """
    One who only looks is let in like everybody, under the login given.
    """
    with serving(database, "--read-only", "--actor", "auditor") as (started, visitor):
        visitor.get(f"/?{urlsplit(visitor.address).query}")
        page = visitor.get("/journal").text
        stopped(started)

    assert "<bdi>auditor</bdi>" in page


def test_nothing_is_written(database: Path):
    """
    Being looked at leaves the ledger as it was.
    """
    with serving(database) as (started, visitor):
        visitor.get(f"/?{urlsplit(visitor.address).query}")
        assert 200 == visitor.get("/journal").status
        stopped(started)

    with Ledger.open(f"sqlite:///{database}", business=BUSINESS) as ledger:
        assert 51 == ledger.seq


def test_without_the_extra(database: Path, tmp_path: Path):
    """
    Whoever has not installed the extra is told how to.
    """
    (tmp_path / "uvicorn.py").write_text("raise ModuleNotFoundError('no uvicorn', name='uvicorn')")
    done = subprocess.run(
        [sys.executable, "-m", "stampledger", "serve", "--db", str(database), "--business", BUSINESS],
        env={"PYTHONPATH": f"{tmp_path}:{SOURCES}"},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )

    assert (2, "") == (done.returncode, done.stdout)
    assert "pip install 'stampledger[web]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_help_is_light():
    """
    The command's help names every option that decides who may come in.
    """
    command = commands.get_command(None, "serve")  # type: ignore[arg-type]
    assert command is not None

    names = {name for option in command.params for name in option.opts}

    assert {"--host", "--public", "--allowed-host", "--token-file", "--secret-file", "--read-only"} <= names
