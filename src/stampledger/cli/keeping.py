"""Commands about the whole ledger: verify, rebuild, export."""

import json
from typing import TYPE_CHECKING, Any

import click

from stampledger.cli import exits
from stampledger.cli.options import Target, as_of, in_json, on_ledger
from stampledger.cli.output import body_of, iso, kind_of, say_json, written
from stampledger.cli.progress import bar

if TYPE_CHECKING:
    from stampledger.projections import Entry


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
            click.echo(f"business {fault.business}{stream}: {fault.check}: {fault.message}")
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
@click.option("--after", type=int, default=0, metavar="ID", help="Only entries after this one.")
@click.option("--personal", is_flag=True, help="Write personal data too; it cannot be forgotten there.")
@as_of
@on_ledger
def export(target: Target, file: str, after: int, personal: bool) -> None:
    """Write the Journal as JSON Lines, oldest first: one entry a line."""
    count = 0
    with target.viewing() as look, written(file) as out:
        for entry in look.entries(after=after):
            out.write(line(entry, personal))
            count += 1
    if file != "-":
        click.echo(f"{_count(count)} written to {file}")


def line(entry: "Entry", personal: bool) -> str:
    """Write an entry as one line of JSON."""
    head: dict[str, Any] = {
        "seq": entry.seq,
        "scan": entry.scan,
        "stream": str(entry.stream),
        "version": entry.version,
        "kind": kind_of(entry.event),
        "recorded_at": iso(entry.recorded_at),
        "occurred_at": iso(entry.occurred_at),
        "code": entry.code,
        "actor": entry.actor,
        "channel": entry.channel,
    }
    start = json.dumps(head, ensure_ascii=False, separators=(",", ":"))[:-1]
    return f'{start},"body":{body_of(entry.event, personal=personal)}}}\n'


def _count(entries: int) -> str:
    return "1 entry" if entries == 1 else f"{entries} entries"
