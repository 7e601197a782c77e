"""Commands that only look: journal, cards, card, history, view, why, explain. None of them makes a database."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from stampledger.cli.options import Target, as_of, card_of, in_csv, in_json, instant, on_ledger, paged
from stampledger.cli.output import say_csv, say_json, written

if TYPE_CHECKING:
    from stampledger.projections import Answer, CardView, JournalRow

JOURNAL_COLUMNS = (
    *("id", "type", "date_time", "code", "stamps", "rewards", "card_template", "user", "email", "birthday"),
    *("card", "template_version", "scan", "recorded_at", "actor", "channel"),
)
CARD_COLUMNS = (
    *("id", "user", "email", "birthday", "progress", "stamps_required", "platform", "card_template"),
    *("template_version", "status", "created_at", "last_stamp_at", "card_id"),
)


@click.command()
@click.option("--search", metavar="TEXT", help="Part of a name or e-mail, the beginning of a code, or a card number.")
@click.option("--kind", "kinds", multiple=True, metavar="KIND", help="Only this type, like stamp_added; repeatable.")
@click.option("--card", "card", metavar="NUMBER|ID", help="Only this card.")
@click.option("--customer", metavar="ID", help="Only this customer.")
@click.option("--template", metavar="KEY", help="Only cards of this template.")
@click.option("--code", help="Only this receipt or insert.")
@click.option("--actor", help="Only what this login wrote.")
@click.option("--channel", help="Only what came by this way, like receipt.")
@click.option("--since", metavar="TIME", help="Recorded from this time on.")
@click.option("--until", metavar="TIME", help="Recorded up to this time.")
@paged
@in_json
@in_csv
@as_of
@on_ledger
def journal(
    target: Target,
    as_json: bool,
    as_csv: bool,
    kinds: Sequence[str],
    card: str | None,
    since: str | None,
    until: str | None,
    **filters: Any,
) -> None:
    """Show the Journal, newest first."""
    with target.viewing() as look:
        page = look.journal(
            kinds=kinds or None,
            card=None if card is None else card_of(card),
            since=instant(since, "--since"),
            until=instant(until, "--until"),
            **filters,
        )
        if as_json:
            say_json(page)
        elif as_csv:
            say_csv(JOURNAL_COLUMNS, map(_journal_cells, page))
        else:
            from stampledger.cli import tables

            out = tables.console()
            out.print(tables.journal(page, zone := tables.zone_of(look), out.width))
            _tell_pages(page.next, page.previous, len(page), str(zone), "entry", "entries")


@click.command()
@click.option("--search", metavar="TEXT", help="Part of a name or e-mail, or a whole card number.")
@click.option("--platform", help="Only cards kept there: web, apple or google.")
@click.option("--template", metavar="KEY", help="Only cards of this template.")
@click.option("--customer", metavar="ID", help="Only this customer's.")
@click.option("--deleted", is_flag=True, help="Deleted ones too.")
@paged
@in_json
@in_csv
@as_of
@on_ledger
def cards(target: Target, as_json: bool, as_csv: bool, **filters: Any) -> None:
    """List the issued cards, the highest number first."""
    with target.viewing() as look:
        page = look.cards(**filters)
        if as_json:
            say_json(page)
        elif as_csv:
            say_csv(CARD_COLUMNS, map(_card_cells, page))
        else:
            from stampledger.cli import tables

            out = tables.console()
            out.print(tables.cards(page, zone := tables.zone_of(look), out.width))
            _tell_pages(page.next, page.previous, len(page), str(zone), "card", "cards")


@click.command()
@click.argument("card", metavar="NUMBER|ID")
@in_json
@in_csv
@as_of
@on_ledger
def card(target: Target, card: str, as_json: bool, as_csv: bool) -> None:
    """Show one card and its rewards."""
    with target.viewing() as look:
        found = look.card(card_of(card))
        if as_json:
            say_json(found)
        elif as_csv:
            say_csv(CARD_COLUMNS, [_card_cells(found)])
        else:
            from stampledger.cli import tables

            out = tables.console()
            zone = tables.zone_of(look)
            out.print(tables.card(found, zone))
            if found.rewards:
                out.print()
                out.print(tables.rewards(found.rewards, zone, out.width))
            click.echo(f"times in {zone}", err=True)


@click.command()
@click.argument("card", metavar="NUMBER|ID")
@in_json
@in_csv
@as_of
@on_ledger
def history(target: Target, card: str, as_json: bool, as_csv: bool) -> None:
    """Show one card's log, oldest first; a deleted card's too."""
    with target.viewing() as look:
        rows = look.history(card_of(card))
        if as_json:
            say_json({"rows": rows})
        elif as_csv:
            say_csv(JOURNAL_COLUMNS, map(_journal_cells, rows))
        else:
            from stampledger.cli import tables

            out = tables.console()
            out.print(tables.history(rows, zone := tables.zone_of(look), out.width))
            click.echo(f"{len(rows)} entries, times in {zone}", err=True)


@click.command()
@click.argument("card", metavar="NUMBER|ID")
@click.option("--lang", metavar="LANGUAGE", help="The page's language, like ko; else English.")
@click.option("--html", metavar="FILE", help="Write the page as HTML; - is stdout.")
@in_json
@as_of
@on_ledger
def view(target: Target, card: str, lang: str | None, html: str | None, as_json: bool) -> None:
    """Show what the customer sees, or saw: with --at a scan's ID, the page with that scan's popup."""
    with target.viewing() as look:
        page = look.customer_view(card_of(card), lang=lang)
        if as_json and html is None:
            say_json(page.view)
        elif html is None:
            click.echo(page.text(), nl=False)
        else:
            whole = page.html()
            with written(html) as file:
                file.write(whole)
            if html != "-":
                click.echo(f"The page was written to {html}")


@click.command()
@click.argument("code")
@in_json
@as_of
@on_ledger
def why(target: Target, code: str, as_json: bool) -> None:
    """Tell what became of a code: the stamps it gave, or the rule that said no."""
    with target.viewing() as look:
        _tell(look.why(code), as_json)


@click.command()
@click.argument("reward", metavar="REWARD_ID")
@in_json
@as_of
@on_ledger
def explain(target: Target, reward: str, as_json: bool) -> None:
    """Tell why a voucher, lottery or award was given, and what became of it."""
    with target.viewing() as look:
        _tell(look.explain(reward), as_json)


def _tell(answer: "Answer", as_json: bool) -> None:
    if as_json:
        say_json(answer)
    else:
        click.echo(str(answer))


def _tell_pages(older: int | None, newer: int | None, count: int, zone: str, one: str, several: str) -> None:
    """Say on stderr how to leaf on, so that stdout holds the table alone."""
    parts = [f"{count} {one if count == 1 else several}, times in {zone}"]
    if older is not None:
        parts.append(f"older: --before {older}")
    if newer is not None:
        parts.append(f"newer: --after {newer}")
    click.echo("; ".join(parts), err=True)


def _journal_cells(row: "JournalRow") -> tuple[object, ...]:
    customer = row.customer
    return (
        *(row.seq, row.kind, row.at, row.code, None if row.progress is None else str(row.progress)),
        *(row.rewards, row.template_name),
        *((customer.name, customer.email, customer.birthday) if customer is not None else (None, None, None)),
        *(row.card_number, row.template_version, row.scan, row.recorded_at, row.actor, row.channel),
    )


def _card_cells(row: "CardView") -> tuple[object, ...]:
    customer = row.customer
    return (
        row.number,
        *((customer.name, customer.email, customer.birthday) if customer is not None else (None, None, None)),
        *(row.progress.stamps, row.progress.required, row.platforms or ("web",), row.template_name),
        *(row.template_version, row.status, row.issued_at, row.last_stamp_at, row.id),
    )
