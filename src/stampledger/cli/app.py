"""The commands, each loaded when it is called, and what becomes of whatever goes wrong in one."""

import contextlib
import os
import sys
from importlib import import_module

import click

from stampledger.cli import exits

# Where each command lives, and what the list of commands says of it.
COMMANDS = {
    "demo": ("demo", "See a small shop's day go through a ledger, and ask the ledger about it."),
    "import-receipts": ("importing", "Credit a till's receipts from a CSV file."),
    "import-cards": ("importing", "Bring cards over from another system."),
    "journal": ("reading", "Show the Journal, newest first; with --follow as it is written."),
    "cards": ("reading", "List the issued cards, the highest number first."),
    "card": ("reading", "Show one card and its rewards."),
    "history": ("reading", "Show one card's log, oldest first."),
    "view": ("reading", "Show what the customer sees, or saw."),
    "why": ("reading", "Tell what became of a code."),
    "explain": ("reading", "Tell why a voucher, lottery or award was given."),
    "compare": ("asking", "Tell what differs on a card between two moments."),
    "liability": ("asking", "Tell which rewards are outstanding, by template, title and age."),
    "what-if": ("asking", "Decide the real history again under another template."),
    "serve": ("serving", "Serve the back office to a browser on this machine."),
    "verify": ("keeping", "Prove the ledger."),
    "rebuild": ("keeping", "Make every list and every card's state anew from the Journal."),
    "export": ("keeping", "Write the whole Journal to a file."),
    "import-journal": ("keeping", "Write an exported Journal into an empty business."),
    "db": ("database", "Create the tables, bring them up to date, check them."),
}


class Commands(click.Group):
    """A group whose commands are not loaded to be listed."""

    def list_commands(self, context: click.Context) -> list[str]:
        """Answer the names, in the order a newcomer needs them."""
        return list(COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """Load a command."""
        if name not in COMMANDS:
            return None
        module = import_module(f"stampledger.cli.{COMMANDS[name][0]}")
        command: click.Command = getattr(module, name.replace("-", "_"))
        return command

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, told) for name, (_, told) in COMMANDS.items()])


def _tell_version(context: click.Context, option: click.Parameter, wanted: bool) -> None:
    if not wanted:
        return
    from importlib import metadata

    try:
        click.echo(f"stampledger {metadata.version('stampledger')}")
    except metadata.PackageNotFoundError:
        click.echo("stampledger, run from its source without being installed")
    context.exit()


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_tell_version, help="The version.")
def commands() -> None:
    """Keep stamp cards in a ledger that can be asked about any moment.

    Exit codes: 0 done, 1 refused or not found, 2 wrong usage or input, 3 corrupt ledger, 4 storage failed,
    130 interrupted.
    """


def run(arguments: list[str]) -> int:
    """Run a command line and answer its exit code; whatever goes wrong is one sentence on stderr."""
    _bear_any_text()
    try:
        code = _run(arguments)
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        _close_stdout()
        return exits.PIPE_CLOSED
    except (KeyboardInterrupt, click.exceptions.Abort):
        _say("stopped; everything recorded so far is kept, and the same command goes on from there (interrupted)")
        return exits.INTERRUPTED
    except click.ClickException as error:
        error.show()
        return exits.USAGE
    except Exception as error:
        from stampledger.cli import failures

        code, sentence = failures.told(error)
        _say(sentence)
        if isinstance(error, OSError):
            _close_stdout()
        return code


def _run(arguments: list[str]) -> int:
    if "_STAMPLEDGER_COMPLETE" in os.environ:  # A shell that asks for completions.
        commands.main(arguments, "stampledger", standalone_mode=False)
        return exits.OK
    try:
        with commands.make_context("stampledger", arguments) as context:
            commands.invoke(context)
    except click.exceptions.Exit as wanted:
        return wanted.exit_code
    return exits.OK


def _say(sentence: str) -> None:
    from stampledger.cli.harmless import harmless

    with contextlib.suppress(OSError):
        click.echo(f"stampledger: {harmless(sentence)}", err=True)


def _bear_any_text() -> None:
    """Let a terminal that lacks a letter show a question mark rather than end the command."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


def _close_stdout() -> None:
    """Send what is still buffered nowhere, so that the interpreter's own flush at the end says nothing."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
