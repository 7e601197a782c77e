"""Commands about the whole ledger: verify, rebuild, export, import-journal."""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import click

from stampledger.cli import exits
from stampledger.cli.options import Target, as_of, in_json, on_ledger
from stampledger.cli.output import say, say_json
from stampledger.cli.progress import bar
from stampledger.errors import InvalidInput


@click.command()
@in_json
@on_ledger
def verify(target: Target, as_json: bool) -> None:
    """Prove the ledger: the hash chain, the numbering, every row against replay, claims, draws.

    Ends with 3 where something is wrong.
    """
    with target.existing() as ledger, bar("Verifying") as progress:
        found = ledger.verify(progress=progress)
    if as_json:
        say_json(found)
    elif not found.faults:
        click.echo(f"{_count(found.entries)} verified, no fault. Head {found.head}")
    else:
        for fault in found.faults:
            stream = f", stream {fault.stream}" if fault.stream is not None else ""
            say(f"business {fault.business}{stream}: {fault.check}: {fault.message}")
        faults = "1 fault" if len(found.faults) == 1 else f"{len(found.faults)} faults"
        click.echo(f"stampledger: {faults} in {_count(found.entries)} (corrupt)", err=True)
    if found.faults:
        raise click.exceptions.Exit(exits.CORRUPT)


@click.command()
@in_json
@on_ledger
def rebuild(target: Target, as_json: bool) -> None:
    """Make every list and every card's state anew from the Journal alone."""
    with target.existing() as ledger, bar("Rebuilding") as progress:
        entries = ledger.rebuild(progress=progress)
    if as_json:
        say_json({"entries": entries})
    else:
        click.echo(f"Everything was made anew from {_count(entries)}")


@click.command()
@click.argument("file", metavar="FILE|-")
@click.option(
    "--format",
    type=click.Choice(["jsonl", "parquet"]),
    default="jsonl",
    show_default=True,
    help="Lines of JSON, or a table for analysis.",
)
@click.option(
    "--with-keys", is_flag=True, help="Take the keys of personal data along: the file is then as secret as the ledger."
)
@as_of
@on_ledger
def export(target: Target, file: str, format: str, with_keys: bool) -> None:
    """Write the whole Journal to a file, for import-journal or for analysis."""
    with target.viewing() as look, bar("Exporting") as progress:
        out = sys.stdout.buffer if file == "-" else file
        count = look.export(out, format=format, with_keys=with_keys, progress=progress)
    if file == "-":
        return
    click.echo(f"{_count(count)} written to {file}")
    if format == "jsonl" and not with_keys:
        click.echo(
            "personal data is sealed in it, and nobody can read it there; --with-keys takes the keys along", err=True
        )


@click.command("import-journal")
@click.argument("file", metavar="FILE|-")
@in_json
@on_ledger
def import_journal(target: Target, file: str, as_json: bool) -> None:
    """Write an exported Journal into an empty business.

    The business must have the name it was exported under; its database may be any. The whole file is checked first. An
    import that was interrupted is simply run again.
    """
    with _readable(file) as source, target.writing() as ledger, bar("Importing the Journal") as progress:
        entries = ledger.import_journal(source, progress=progress)
    if as_json:
        say_json({"entries": entries})
    else:
        click.echo(f"{_count(entries)} imported")


@contextmanager
def _readable(file: str) -> Iterator[BinaryIO]:
    """Open a file, before any database is opened; what comes by stdin is kept aside, since it is read twice.

    Raises:
        InvalidInput: It cannot be read.
    """
    if file == "-":
        with tempfile.TemporaryFile() as kept:
            shutil.copyfileobj(sys.stdin.buffer, kept)
            yield kept
        return
    try:
        source = Path(file).open("rb")  # noqa: SIM115
    except (OSError, ValueError) as error:
        raise InvalidInput("FILE", file, f"cannot be read ({getattr(error, 'strerror', None) or error})") from None
    with source:
        yield source


def _count(entries: int) -> str:
    return "1 entry" if entries == 1 else f"{entries} entries"
