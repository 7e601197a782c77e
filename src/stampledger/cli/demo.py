"""`stampledger demo`: a small shop's day, and what can be asked of it afterwards."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.rule import Rule
from rich.table import Column, Table
from rich.text import Text

from stampledger.cli import exits, tables
from stampledger.cli.options import Target
from stampledger.cli.output import written

if TYPE_CHECKING:
    from stampledger.demo import Step
    from stampledger.ledger import Ledger

FOLLOWED = "R-1003"  # Two goals at once, one voucher used, and then all of it taken back.
REFUSED = "R-1002"  # The receipt that somebody else tried to use.
PAGE = 1_000  # More rows than the day makes entries.
SIGNS = {"done": ("✔", "green"), "repeated": ("↻", "yellow"), "refused": ("✘", "red")}


@click.command()
@click.option("--db", metavar="FILE|URL", help="The database; else a new file in a new temporary folder.")
@click.option("--out", metavar="FILE", help="Where the customer's page goes; else beside the database.")
def demo(db: str | None, out: str | None) -> None:
    """See a small shop's day go through a ledger, and ask the ledger about it.

    Run again on the same database, nothing is written and the same is shown.
    """
    from stampledger.demo import BUSINESS, OPENING, Supplies, play

    if db is None:
        db = str(Path(tempfile.mkdtemp(prefix="stampledger-demo-")) / "shop.db")
    target = Target(db, BUSINESS)
    page = out or str((target.file or Path("shop.db")).with_name("customer.html"))
    supplies = Supplies(OPENING)
    console = tables.console()
    with target.writing(clock=supplies.clock, random=supplies.random, ids=supplies.id) as ledger:
        click.echo(f"A day at Blue Cup goes into the ledger in {db}")
        _headline(console, "The day, as its file tells it, and what came of each line")
        console.print(_day(list(play(ledger, supplies)), console.width))
        _headline(console, "The Journal, newest first")
        console.print(tables.journal(ledger.journal(limit=PAGE), tables.zone_of(ledger), console.width))
        _ask(console, ledger, page)
    click.echo("")
    click.echo("Look around:")
    click.echo(f"  export STAMPLEDGER_DB={db} STAMPLEDGER_BUSINESS={BUSINESS}")
    click.echo("  stampledger journal --search zoe")
    click.echo("  stampledger card 100003 --at 2026-05-12T12:00Z")
    click.echo("  stampledger serve")


def _headline(console: Console, words: str) -> None:
    console.print()
    console.print(Rule(Text(words, style="bold"), align="left", style="dim"))


def _day(steps: "Sequence[Step]", width: int) -> Table:
    shown = tables.table(
        Column("Time", no_wrap=True, style="dim"),
        Column("Till", no_wrap=True),
        Column("What happened", ratio=2),
        Column("", no_wrap=True),
        Column("What the ledger made of it", ratio=3),
    )
    shown.width = width
    for step in steps:
        sign, colour = SIGNS[step.outcome.value]
        said = Text(step.row.words)
        if step.row.remark:
            said.append(f" ({step.row.remark})", style="dim")
        outcome = step.words if step.outcome.value == "done" else f"{step.outcome.value}: {step.words}"
        shown.add_row(
            f"{step.row.at:%H:%M}", step.row.till, said, Text(sign, style=colour), Text(outcome, style=colour)
        )
    return shown


def _ask(console: Console, ledger: "Ledger", page: str) -> None:
    """Ask the ledger what a shop asks: one card's log, what its customer saw, why, and whether all of it is true."""
    from stampledger.render import compare

    zone = tables.zone_of(ledger)
    scan = next(row for row in ledger.journal(code=FOLLOWED, kinds=("stamp_added",)))
    assert scan.card_id is not None
    card = ledger.card(scan.card_id)
    name = card.customer.name if card.customer is not None else None

    _headline(console, f"The history of card #{card.number}, {name}'s")
    console.print(tables.history(ledger.history(card.id), zone, console.width))

    last = max(row.seq for row in ledger.history(card.id) if row.scan == scan.scan)
    then, now = ledger.at(last).customer_view(card.id), ledger.customer_view(card.id)
    _headline(console, f"What {name} saw at scan {scan.scan}, beside what the same page shows now")
    click.echo(compare(then, now, console.width), nl=False)
    try:
        html = then.html()
    except ImportError as error:
        click.echo(f"No page was written: {error}")
    else:
        with written(page) as file:
            file.write(html)
        click.echo(f"\nThe page as {name} saw it was written to {page}")

    _headline(console, f"Why did {REFUSED} not go through?")
    console.print(tables.words(str(ledger.why(REFUSED))))

    _headline(console, "Is all of this true?")
    found = ledger.verify()
    for fault in found.faults:
        click.echo(f"{fault.check}: {fault.message}")
    if found.faults:
        raise click.exceptions.Exit(exits.CORRUPT)
    click.echo(f"verify: {found.entries} entries, chained and replayed: no fault. Head {found.head}")
