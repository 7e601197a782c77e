"""`stampledger serve`: the back office in a browser, for a shop without a service of its own."""

import os
import re
import secrets
import signal
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote, unquote

import click

from stampledger.cli import exits
from stampledger.cli.options import Target, on_ledger
from stampledger.errors import InvalidInput
from stampledger.render.extra import web_extra

TOKEN_VARIABLE, SECRET_VARIABLE = "STAMPLEDGER_TOKEN", "STAMPLEDGER_SECRET"
PLAIN_LINK = "Whoever can read this network can read the token: put a proxy that speaks https (TLS) in front."


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen at.")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="The port; 0 picks one.")
@click.option("--public", is_flag=True, help="Let other machines come too, where --host is not this machine alone.")
@click.option("--allowed-host", "allowed", multiple=True, metavar="NAME", help="A name to answer to; repeatable.")
@click.option("--root-path", default="", metavar="PATH", help="The path a proxy serves this below, like /office.")
@click.option("--https", is_flag=True, help="A proxy in front speaks https: cookies go over nothing else.")
@click.option("--actor", default="office", show_default=True, help="The login that entries written here carry.")
@click.option("--read-only", is_flag=True, help="Show everything and change nothing.")
@click.option("--token-file", type=click.Path(path_type=Path), help=f"Where the token is, else {TOKEN_VARIABLE}.")
@click.option("--secret-file", type=click.Path(path_type=Path), help=f"Where the secret is, else {SECRET_VARIABLE}.")
@click.option("--verbose", is_flag=True, help="Log each request, without parameters and keys.")
@on_ledger
def serve(
    target: Target,
    host: str,
    port: int,
    public: bool,
    allowed: Sequence[str],
    root_path: str,
    https: bool,
    actor: str,
    read_only: bool,
    token_file: Path | None,
    secret_file: Path | None,
    verbose: bool,
) -> None:
    """Serve the back office to a browser on this machine.

    It prints an address that ends in a token; nobody comes in without it. The token is drawn at each start, unless
    STAMPLEDGER_TOKEN or a file has one. The secret keeps forms and customers' addresses valid after a restart.
    """
    with web_extra():
        from stampledger.web import Staff
        from stampledger.web.gate import Gate, name_to_answer
        from stampledger.web.serving import listen, serve, service

    root = _root(root_path)
    given = _kept(TOKEN_VARIABLE, token_file, "--token-file")
    secret = _kept(SECRET_VARIABLE, secret_file, "--secret-file")
    token = given or secrets.token_urlsafe(24)
    staff = Staff(actor, may_write=not read_only)
    with target.existing() as ledger, listen(host, port) as listening:
        if not listening.loopback and not public:
            raise InvalidInput("--host", host, "must be this machine's own, like 127.0.0.1, unless --public is said")
        gate = Gate(token, staff, ledger.business, cookie=f"stampledger-{listening.port}", secure=https)
        app = service(
            ledger,
            gate,
            secret=None if secret is None else secret.encode(),
            hosts=[name_to_answer(name) for name in (host, *allowed)],
            any_address=listening.everywhere,
            root_path=root,
        )
        place = allowed[0] if allowed else listening.address
        address = f"{'https' if https else 'http'}://{place}{quote(root)}/"

        def tell() -> None:
            if not listening.loopback and not https:
                click.echo(f"stampledger: {PLAIN_LINK}", err=True)
            _tell(ledger.business, address, None if given else token)

        stopped_by = serve(app, listening, tell=tell, verbose=verbose)
    if stopped_by == signal.SIGINT:
        click.get_current_context().exit(exits.INTERRUPTED)


def _tell(business: str, address: str, token: str | None) -> None:
    """Say where to go; a token that was given is known already, and stays out of whatever keeps this output."""
    click.echo(f"The back office of {business} is open. Ctrl-C closes it.")
    if token is None:
        click.echo(f"Go to {address}?token= with the token that was given at its end.")
    else:
        click.echo(f"Go to {address}?token={token}")


def _kept(variable: str, file: Path | None, option: str) -> str | None:
    """Read what is kept out of command lines: a file's text, else the environment's.

    Raises:
        InvalidInput: There is no such file, or it holds no text.
    """
    if file is None:
        return os.environ.get(variable, "").strip() or None
    try:
        text = file.read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not text"
        raise InvalidInput(option, str(file), f"must be a file with the text ({reason})") from None
    if not text:
        raise InvalidInput(option, str(file), "must be a file that is not empty")
    return text


def _root(told: str) -> str:
    """Read the path a proxy serves this below.

    Raises:
        InvalidInput: It is no path.
    """
    path = unquote(told).rstrip("/")
    if path and not re.fullmatch(r"(?:/[^/?#\\\x00-\x20]+)+", path):
        raise InvalidInput("--root-path", told, "must be a path, like /office")
    return path
