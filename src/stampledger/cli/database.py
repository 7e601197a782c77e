"""Commands about the tables themselves: create, upgrade, check, and the SQL for whoever runs it by hand."""

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from stampledger.cli import exits
from stampledger.cli.options import DATABASE, Target, in_json
from stampledger.cli.output import say_json
from stampledger.cli.progress import bar

if TYPE_CHECKING:
    from stampledger.store.migrations.tables import Tables

F = TypeVar("F", bound=Callable[..., Any])
PREFIX = "stampledger_"
ENGINES = ("sqlite", "postgresql", "mariadb")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def db() -> None:
    """Create the tables, bring them up to date, check them.

    Exit codes: 0 done, 1 the check found something, 2 wrong usage or input, 3 corrupt ledger, 4 storage failed,
    130 interrupted.
    """


def named(command: F) -> F:
    """Let a command say what the tables are called: the options --prefix and --schema."""
    command = click.option("--schema", metavar="NAME", help="The database schema they are in.")(command)
    return click.option(
        "--prefix", default=PREFIX, metavar="NAME", show_default=True, help="What the tables' names begin with."
    )(command)


def on_tables(command: F) -> Callable[..., Any]:
    """Give a command the tables it is about: the options --db, --prefix and --schema, as one argument *opened*."""

    @named
    @click.option(
        "--db",
        default=DATABASE,
        envvar="STAMPLEDGER_DB",
        show_default=True,
        show_envvar=True,
        help="The database: a path or a URL.",
    )
    @functools.wraps(command)
    def called(db: str, prefix: str, schema: str | None, **more: Any) -> Any:
        from stampledger.store.migrations.tables import Tables

        def opened(**options: Any) -> "Tables":
            return Tables.open(Target(db, "").url, prefix=prefix, schema_name=schema, **options)

        return command(opened=opened, **more)

    return called


@db.command()
@on_tables
def create(opened: "Callable[..., Tables]") -> None:
    """Create the tables where there are none, as opening a ledger does."""
    with opened(create=True) as tables:
        made = tables.create()
        found = tables.check().format
    click.echo(f"Created the tables, format {found}" if made else f"The tables are there already, format {found}")


@db.command()
@on_tables
def upgrade(opened: "Callable[..., Tables]") -> None:
    """Bring the tables of an older release up to date.

    Close the ledger everywhere first, and keep a backup. Interrupted, it is simply run again.
    """
    with opened() as tables, bar("Upgrading") as progress:
        before, now = tables.upgrade(progress)
    click.echo(f"Up to date: format {now}" if before == now else f"Brought from format {before} to format {now}")


@db.command()
@in_json
@on_tables
def check(opened: "Callable[..., Tables]", as_json: bool) -> None:
    """Tell the tables' format, and what of them is missing or not as it should be.

    Ends with 1 where something is wrong. What is in the tables is proved by `stampledger verify`.
    """
    with opened() as tables:
        found = tables.check()
    if as_json:
        say_json(found)
    else:
        revision = f", revision {found.revision} in Alembic" if found.revision else ""
        told = "of no known format" if found.format is None else f"of format {found.format}"
        click.echo(f"The tables are {told}{revision}; this release has format {found.expected}")
        if not found.faults and not found.searchable:
            click.echo("Search has no index here, and reads every customer")
        for fault in found.faults:
            click.echo(fault)
    if found.faults:
        faults = "1 fault" if len(found.faults) == 1 else f"{len(found.faults)} faults"
        click.echo(f"stampledger: {faults} in the tables (schema_faults)", err=True)
        raise click.exceptions.Exit(exits.REFUSED)


@db.command()
@click.option("--engine", type=click.Choice(ENGINES), required=True, help="The kind of database it is for.")
@click.option("--since", type=int, metavar="FORMAT", help="Upgrade tables of this format, instead of creating them.")
@named
def sql(engine: str, since: int | None, prefix: str, schema: str | None) -> None:
    """Write the SQL that creates the tables, or upgrades them, for a DBA to run by hand.

    No database is connected to. After an upgrade by hand, `stampledger db upgrade` makes anew what follows from the
    Journal; it then needs no rights but to read and write rows.
    """
    from stampledger.store.migrations.tables import script

    click.echo(script(engine, since=since, prefix=prefix, schema_name=schema), nl=False)
