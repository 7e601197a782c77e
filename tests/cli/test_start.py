"""
The command line answers at once: nothing is loaded before it is needed.
"""

import subprocess
import sys
from pathlib import Path

import click
import pytest

import stampledger
from stampledger.cli.app import COMMANDS, commands
from tests.cli.terminal import SOURCES, Terminal

HEAVY = ("attrs", "cattrs", "cryptography", "eventsourcing", "jinja2", "msgspec", "rich", "sqlalchemy")
PRINT_LOADED = f"print([name for name in {HEAVY!r} if name in __import__('sys').modules])"


def loaded(statements: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", f"{statements}\n{PRINT_LOADED}"],
        env={"PYTHONPATH": str(SOURCES)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout.splitlines()[-1]


@pytest.mark.parametrize(
    "statements",
    [
        "import stampledger",
        "import stampledger.cli",
        "from stampledger.cli import main; assert main(['--help']) == 0",
        "from stampledger.cli import main; assert main(['--version']) == 0",
    ],
)
def test_nothing_heavy(statements: str):
    """
    Neither the package nor the list of commands loads a database library, or anything else that takes its time.
    """
    assert "[]" == loaded(statements)


def test_heavy_when_needed():
    """
    The check above sees what is loaded: the ledger itself is heavy.
    """
    assert "'sqlalchemy'" in loaded("from stampledger import Ledger")


def test_click_only_when_called():
    """
    Importing the command line does not need its extra.
    """
    done = "import stampledger.cli; assert 'click' not in __import__('sys').modules"

    assert "[]" == loaded(done)


def test_public_names():
    """
    Every public name can be had, though none is loaded before; a misspelt one cannot.
    """
    for name in stampledger.__all__:
        assert getattr(stampledger, name) is not None
    assert set(stampledger.__all__) <= set(dir(stampledger))
    with pytest.raises(AttributeError):
        _ = stampledger.Legder  # type: ignore[attr-defined]


def test_every_command_is_listed():
    """
    The list of commands says of each what the command's own help begins with.
    """
    context = click.Context(commands)
    for name, (_, told) in COMMANDS.items():
        command = commands.get_command(context, name)

        assert command is not None
        assert name == command.name
        assert command.help is not None
        assert command.help.startswith(told.rstrip(".")), name


def test_help():
    """
    Every command is in the list, in the order of the documentation.
    """
    answer = Terminal().run("--help")

    listed = [line.split()[0] for line in answer.out.split("Commands:\n")[1].splitlines() if line.startswith("  ")]
    assert list(COMMANDS) == [name for name in listed if name in COMMANDS]
    assert 0 == answer.code


def test_without_the_extra(tmp_path: Path):
    """
    Whoever has not installed the extra is told how to.
    """
    (tmp_path / "click.py").write_text("raise ModuleNotFoundError('no click', name='click')")
    done = subprocess.run(
        [sys.executable, "-m", "stampledger", "journal"],
        env={"PYTHONPATH": f"{tmp_path}:{SOURCES}"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (2, "") == (done.returncode, done.stdout)
    assert "pip install 'stampledger[cli]'" in done.stderr
    assert "Traceback" not in done.stderr
