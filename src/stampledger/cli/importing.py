"""Commands that bring files in: a till's receipts, and cards from another system."""

import io
import sys
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING

import attrs
import click

from stampledger.cli.options import Target, in_json, on_ledger
from stampledger.cli.output import say_json
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

    Run again, it changes nothing that was imported.
    """
    unit = None if by_amount is None else _amount(by_amount)
    source = _source(file)
    with target.writing() as ledger, bar("Importing receipts") as progress:

        def credit() -> "Receipts":
            source.seek(0)
            return ledger.import_receipts(
                source,
                template=template,
                columns=_columns(words),
                by_amount=unit is not None,
                progress=progress,
                actor=actor,
            )

        new = _new_template(ledger, template, stamps, reward, unit)
        try:
            done = credit()
        except TemplateNotFound:  # The file has been read and found good: only now is something written.
            if new is None:
                raise
            ledger.publish_template(template, new)
            done = credit()
    if as_json:
        say_json(done)
    else:
        click.echo(_summary(done))


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


def _summary(done: "Receipts") -> str:
    counts = {field.name: getattr(done, field.name) for field in attrs.fields(type(done))}
    issued = counts.pop("cards_issued")
    parts = [f"{count} {name}" for name, count in counts.items() if name != "read"]
    lines = [f"{count:>9} {name}" for name, count in counts.items()]
    assert sum(counts.values()) == 2 * done.read, f"{counts} do not add up"
    return "\n".join([*lines, f"{issued:>9} cards issued", f"{done.read} read = {' + '.join(parts)}"])


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

    Columns: external_id and stamps, and optionally number, name, email, birthday, language and issued_at. One bad row,
    and none is imported.
    """
    with target.existing() as ledger, bar("Importing cards") as progress:
        done = ledger.import_cards(
            _source(file), source=source, template=template, dry_run=dry_run, progress=progress, actor=actor
        )
    if as_json:
        say_json({"imported": len(done.scans), "repeated": done.skipped, "entries": done.entries_count})
    elif dry_run:
        click.echo("Every row can be imported; nothing was written")
    else:
        click.echo(f"{len(done.scans)} cards imported, {done.skipped} imported before")
