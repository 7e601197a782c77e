"""Commands that only look: journal, cards, card, history, view, why, explain. None of them makes a database."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from stampledger.cli.options import Target, as_of, card_of, in_csv, in_json, instant, moment, on_ledger, paged
from stampledger.cli.output import say, say_csv, say_json, written
from stampledger.render.cells import CARD_COLUMNS, JOURNAL_COLUMNS, card_cells, journal_cells

if TYPE_CHECKING:
    from stampledger.projections import Answer
    from stampledger.render import CustomerPage


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
@click.option("--follow", "-f", is_flag=True, help="Oldest first, and then each new entry as it comes, until Ctrl-C.")
@click.option(
    "--interval", type=float, default=1.0, show_default=True, metavar="SECONDS", help="How often --follow looks."
)
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
    before: int | None,
    after: int | None,
    follow: bool,
    interval: float,
    **filters: Any,
) -> None:
    """Show the Journal, newest first; with --follow as it is written."""
    filters |= {"kinds": kinds or None, "since": instant(since, "--since")}
    filters["card"] = None if card is None else card_of(card)
    if follow:
        from stampledger.cli import following

        for option, value in {"--at": target.at, "--until": until, "--before": before, "--after": after}.items():
            if value is not None:
                raise click.UsageError(f"--follow shows what comes, and does not go with {option}")
        following.follow(target, interval, as_json=as_json, as_csv=as_csv, **filters)
        return
    with target.viewing() as look:
        page = look.journal(until=instant(until, "--until"), before=before, after=after, **filters)
        if as_json:
            say_json(page)
        elif as_csv:
            say_csv(JOURNAL_COLUMNS, map(journal_cells, page))
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
            say_csv(CARD_COLUMNS, map(card_cells, page))
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
            say_csv(CARD_COLUMNS, [card_cells(found)])
        else:
            from stampledger.cli import drawing, tables

            out = tables.console()
            zone = tables.zone_of(look)
            if drawing.can_draw():
                out.print(drawing.card(look.customer_view(found.id), zone, out.width))
            else:
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
            say_csv(JOURNAL_COLUMNS, map(journal_cells, rows))
        else:
            from stampledger.cli import tables

            out = tables.console()
            out.print(tables.history(rows, zone := tables.zone_of(look), out.width))
            click.echo(f"{len(rows)} entries, times in {zone}", err=True)


@click.command()
@click.argument("card", metavar="NUMBER|ID")
@click.option("--lang", metavar="LANGUAGE", help="The page's language, like ko; else English.")
@click.option("--html", metavar="FILE", help="Write the page as HTML; - is stdout.")
@click.option("--now", is_flag=True, help="With --at: and beside it what the same page shows now.")
@in_json
@as_of
@on_ledger
def view(target: Target, card: str, lang: str | None, html: str | None, now: bool, as_json: bool) -> None:
    """Show what the customer sees, or saw: with --at a scan's ID, the page with that scan's popup."""
    if now and (target.at is None or html is not None):
        raise click.UsageError("--now stands beside a past page: it needs --at, and does not go with --html")
    with target.existing() as ledger:
        look = ledger if target.at is None else ledger.at(moment(target.at))
        page = look.customer_view(card_of(card), lang=lang)
        current = ledger.customer_view(page.view.card.id, lang=lang) if now else None
    if html is not None:
        _write(page, html)
    elif as_json:
        say_json(page.view if current is None else {"then": page.view, "now": current.view})
    else:
        _show(page, current)


def _write(page: "CustomerPage", html: str) -> None:
    whole = page.html()
    with written(html) as file:
        file.write(whole)
    if html != "-":
        click.echo(f"The page was written to {html}")


def _show(page: "CustomerPage", now: "CustomerPage | None") -> None:
    from stampledger.cli import drawing, tables
    from stampledger.render import compare

    out = tables.console()
    if drawing.can_draw():
        out.print(drawing.phone(page, out.width) if now is None else drawing.side_by_side(page, now, out.width))
    else:
        text = page.text() if now is None else compare(page, now, out.width)
        say(text.removesuffix("\n"))


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
        say(str(answer))


def _tell_pages(older: int | None, newer: int | None, count: int, zone: str, one: str, several: str) -> None:
    """Say on stderr how to leaf on, so that stdout holds the table alone."""
    parts = [f"{count} {one if count == 1 else several}, times in {zone}"]
    if older is not None:
        parts.append(f"older: --before {older}")
    if newer is not None:
        parts.append(f"newer: --after {newer}")
    click.echo("; ".join(parts), err=True)
