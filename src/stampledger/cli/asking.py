"""Commands that take a history apart: what is owed, what differs between two moments, what other rules had come to."""

from collections.abc import Sequence
from typing import BinaryIO

import click

from stampledger import codec
from stampledger.cli.options import Target, as_of, card_of, in_csv, in_json, instant, moment, on_ledger
from stampledger.cli.output import say, say_csv, say_json, written
from stampledger.cli.progress import bar
from stampledger.errors import InvalidInput
from stampledger.events import UNSET, TemplatePublished
from stampledger.values import CardTemplate

AGES = ("up to 7 days", "30", "90", "365", "older")
LIABILITY_COLUMNS = ("template", "title", "kind", "count", "up_to_7_days", "up_to_30", "up_to_90", "up_to_365", "older")


@click.command()
@in_json
@in_csv
@as_of
@on_ledger
def liability(target: Target, as_json: bool, as_csv: bool) -> None:
    """Tell which rewards are outstanding, by template, title and age; with --at, which were or will be."""
    with target.existing() as ledger:
        when = None if target.at is None else moment(target.at)
        owed = ledger.at(when).liability() if isinstance(when, int) else ledger.liability(at=when)
    if as_json:
        say_json({"seq": owed.seq, "at": owed.at, "count": owed.count, "rows": owed.rows})
        return
    rows = [(row.template or "", row.title, row.kind, row.count, *row.ages) for row in owed]
    if as_csv:
        say_csv(LIABILITY_COLUMNS, rows)
        return
    if rows:
        from stampledger.cli import tables

        tables.console().print(tables.liability(owed, AGES))
    click.echo(f"{owed.count} outstanding", err=True)


@click.command()
@click.argument("card", metavar="NUMBER|ID")
@click.argument("a", metavar="ID|TIME")
@click.argument("b", metavar="ID|TIME")
@click.option("--lang", metavar="LANGUAGE", help="The sentences' language, like ko; else English.")
@in_json
@on_ledger
def compare(target: Target, card: str, a: str, b: str, lang: str | None, as_json: bool) -> None:
    """Tell what differs on a card between two moments, each an entry's ID or a time with its zone."""
    with target.existing() as ledger:
        answer = ledger.compare(card_of(card), moment(a), moment(b), lang=lang)
    if as_json:
        say_json(answer)
    else:
        say(str(answer) or "Nothing differs.")


@click.command("what-if")
@click.argument("file", metavar="TEMPLATE.json|-", type=click.File("rb"))
@click.option("--template", metavar="KEY", help="Let it stand for this template only, else for every one.")
@click.option("--since", metavar="TIME", help="From this time of recording on; what was before stays as it was.")
@click.option("--card", "cards", multiple=True, metavar="NUMBER|ID", help="Only this card; repeatable.")
@click.option(
    "--value", "values", multiple=True, metavar="TITLE=MINOR", help="What a reward costs, in minor units; repeatable."
)
@click.option("--svg", metavar="FILE", help="Write a plot, too.")
@in_json
@on_ledger
def what_if(
    target: Target,
    file: BinaryIO,
    template: str | None,
    since: str | None,
    cards: Sequence[str],
    values: Sequence[str],
    svg: str | None,
    as_json: bool,
) -> None:
    """Decide the real history again under another template, and tell what had come of it.

    Nothing is written. The file holds a template as the Journal does: the "template" of an entry that
    journal --kind template_published --json shows.
    """
    other = _template(file.read())
    with target.existing() as ledger, bar("Deciding again") as progress:
        found = ledger.replay_under(
            other if template is None else {template: other},
            since=instant(since, "--since"),
            cards=[card_of(card) for card in cards] or None,
            values=dict(map(_value, values)),
            progress=progress,
        )
    if svg is not None:
        with written(svg) as out:
            out.write(found.svg())
    if as_json:
        say_json(found)
    elif svg != "-":
        say(found.table().removesuffix("\n"))


def _template(stored: bytes) -> CardTemplate:
    name = codec.FACTS[TemplatePublished][0]
    try:
        event = codec.decode(name, b'{"key":"other","template":%s}' % stored.strip(), UNSET, None)
    except codec.Unreadable as error:
        raise InvalidInput("TEMPLATE.json", str(error), "must be a template as the Journal holds it") from error
    assert isinstance(event, TemplatePublished)
    return event.template


def _value(told: str) -> tuple[str, int]:
    title, _, value = told.rpartition("=")
    if not title or not (value.isascii() and value.isdecimal()):
        raise InvalidInput("--value", told, "must be like 'Free coffee=250'")
    return title, int(value[:20])
