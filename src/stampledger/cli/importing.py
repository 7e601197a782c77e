"""Commands that bring files in: a till's receipts, and cards from another system."""

import io
import sys
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stampledger.cli.options import Target, in_json, on_ledger
from stampledger.cli.output import say, say_json
from stampledger.cli.progress import bar
from stampledger.errors import InvalidInput, TemplateNotFound
from stampledger.events import TemplatePublished

if TYPE_CHECKING:
    from stampledger.ledger import Ledger
    from stampledger.receipts import Columns, Receipts
    from stampledger.values import CardTemplate

TEMPLATE = "stamp-card"
STAMPS = 8
REWARD = "Free item"


@click.command("import-receipts")
@click.argument("file", metavar="FILE|-")
@click.option("--template", default=TEMPLATE, show_default=True, metavar="KEY", help="The card template; made if new.")
@click.option("--stamps", type=int, metavar="N", help=f"The goal of a new template.  [default: {STAMPS}]")
@click.option("--reward", metavar="TITLE", help=f"The voucher of a new template.  [default: {REWARD}]")
@click.option("--by-amount", metavar="AMOUNT", help="One stamp for each full AMOUNT, like 10.00; else one a sale.")
@click.option("--receipt-column", metavar="NAME", help="Receipt numbers.  [default: receipt]")
@click.option("--customer-column", metavar="NAME", help="Customers.  [default: customer]")
@click.option("--time-column", metavar="NAME", help="Times, in ISO 8601.  [default: occurred_at]")
@click.option("--time-zone", metavar="ZONE", help="Of times that name none, like Europe/Berlin; else they are refused.")
@click.option("--kind-column", metavar="NAME", help="Sale or cancellation.  [default: kind]")
@click.option("--amount-column", metavar="NAME", help="Amounts.  [default: amount_gbp]")
@click.option("--sale-word", metavar="WORD", help="What a sale is called.  [default: sale]")
@click.option("--cancellation-word", metavar="WORD", help="What a cancellation is called.  [default: cancellation]")
@click.option("--actor", metavar="LOGIN", help="Who imports.")
@in_json
@on_ledger
def import_receipts(
    target: Target,
    file: str,
    template: str,
    stamps: int | None,
    reward: str | None,
    by_amount: str | None,
    actor: str | None,
    as_json: bool,
    **words: str | None,
) -> None:
    """Credit a till's receipts from a CSV file: cards for new customers, stamps for sales, voids for cancellations.

    Rows are taken in the order of their times. Run again, it changes nothing that was imported.
    """
    unit = None if by_amount is None else _amount(by_amount)
    source = _source(file)
    with target.writing() as ledger, bar("Importing receipts") as progress:
        columns, new = _columns(words), _new_template(ledger, template, stamps, reward, unit)
        if new is not None:  # Only when the file has been read and found good is something written.
            _check(source, columns, new)
            ledger.publish_template(template, new)
        done = ledger.import_receipts(
            source,
            template=template,
            columns=columns,
            by_amount=unit is not None,
            progress=progress,
            actor=actor,
        )
    if as_json:
        say_json(done)
    else:
        say(_summary(done, columns))


def _check(source: io.StringIO, columns: "Columns", template: "CardTemplate") -> None:
    from stampledger.receipts import check_receipts
    from stampledger.sources import system_clock
    from stampledger.writer import AHEAD_MAX

    rule = template.per_amount
    check_receipts(source, columns, system_clock() + AHEAD_MAX, None if rule is None else lambda customer: rule)
    source.seek(0)


def _source(file: str) -> io.StringIO:
    """Read a file, or stdin for `-`, before any database is opened.

    Raises:
        InvalidInput: It cannot be read, or is not UTF-8.
    """
    try:
        data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        return io.StringIO(data.decode("utf-8-sig"))
    except OSError as error:
        raise InvalidInput("FILE", file, f"cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise InvalidInput("FILE", file, "must be a CSV file in UTF-8") from None


def _amount(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise InvalidInput("--by-amount", text, "must be an amount like 10.00") from None


def _columns(words: dict[str, str | None]) -> "Columns":
    from stampledger.receipts import Columns

    fields = {
        "receipt": words["receipt_column"],
        "customer": words["customer_column"],
        "occurred_at": words["time_column"],
        "time_zone": words["time_zone"],
        "kind": words["kind_column"],
        "amount": words["amount_column"],
        "sale": words["sale_word"],
        "cancellation": words["cancellation_word"],
    }
    return Columns(**{field: word for field, word in fields.items() if word is not None})


def _new_template(
    ledger: "Ledger", key: str, stamps: int | None, reward: str | None, unit: Decimal | None
) -> "CardTemplate | None":
    """Answer the template to publish; None where it is there already, as it was asked for.

    Raises:
        InvalidInput: It is there, and is another than was asked for.
    """
    from stampledger.values import CardTemplate, Goal, PerAmount, Voucher

    try:
        row = next(iter(ledger.journal(template=key, kinds=("template_published",), limit=1)))
    except TemplateNotFound:
        per_amount = None if unit is None else PerAmount(amount=unit)
        goal = Goal(stamps=STAMPS if stamps is None else stamps, reward=Voucher(title=reward or REWARD))
        return CardTemplate(name="Stamp card", goals=(goal,), per_amount=per_amount)
    assert isinstance(row.event, TemplatePublished)
    known = row.event.template
    asked = (
        ("--stamps", stamps, known.stamps_required),
        ("--reward", reward, known.goals[-1].reward.title),
        ("--by-amount", unit, None if known.per_amount is None else known.per_amount.amount),
    )
    for option, wanted, there in asked:
        if wanted is not None and wanted != there:
            has = "none" if there is None else there
            reason = f"must be {has}, as the template {key} says (a new one is named with --template)"
            raise InvalidInput(option, str(wanted), reason)
    return None


def _summary(done: "Receipts", columns: "Columns") -> str:
    outcomes = ("credited", "repeated", "refused", "voided", "unmatched")
    counts = {name: getattr(done, name) for name in outcomes}
    assert sum(counts.values()) == done.read, f"{counts} are not {done.read}"
    parts = " + ".join(f"{count} {name}" for name, count in counts.items())
    lines = [f"{count:>9} {name}" for name, count in {"read": done.read, **counts}.items()]
    lines.append(f"{done.cards_issued:>9} {_cards(done.cards_issued)} issued")
    if done.sales_only:
        lines.append(f"no column {columns.kind}: every row taken as a sale")
    return "\n".join([*lines, f"{done.read} read = {parts}"])


def _cards(count: int) -> str:
    return "card" if count == 1 else "cards"


@click.command("import-cards")
@click.argument("file", metavar="FILE|-")
@click.option("--source", required=True, metavar="NAME", help="The system they come from; a row is imported once.")
@click.option("--template", required=True, metavar="KEY", help="The card template they get.")
@click.option("--dry-run", is_flag=True, help="Only check the file.")
@click.option("--actor", metavar="LOGIN", help="Who imports.")
@in_json
@on_ledger
def import_cards(
    target: Target, file: str, source: str, template: str, dry_run: bool, actor: str | None, as_json: bool
) -> None:
    """Bring cards over from another system, with their stamps, from a CSV file.

    Columns: external_id and stamps, and optionally number, name, email, birthday, language and issued_at. All rows are
    checked first; one bad row, and none is imported. An import that was interrupted is simply run again.
    """
    with target.existing() as ledger, bar("Importing cards") as progress:
        done = ledger.import_cards(
            _source(file), source=source, template=template, dry_run=dry_run, progress=progress, actor=actor
        )
    if as_json:
        imported = {"imported": len(done.scans), "repeated": done.skipped, "entries": done.entries_count}
        say_json({**imported, "planned": done.planned} if dry_run else imported)
    elif dry_run:
        would = f"{done.planned} {_cards(done.planned)} would be imported"
        click.echo(f"{would}, {done.skipped} imported before; nothing was written")
    else:
        click.echo(f"{len(done.scans)} {_cards(len(done.scans))} imported, {done.skipped} imported before")
