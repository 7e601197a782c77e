"""
The public names: `__all__`, what can be imported, what type checkers see, and what README and docs speak of, agree.
"""

import ast
import inspect
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import attrs
import pytest

import stampledger
from stampledger import Ledger, View, errors, refusals, values

ROOT = Path(__file__).parent.parent
FRONT_DESK = ROOT / "src" / "stampledger" / "__init__.py"
# The reference is written from the sources, and has a test of its own.
PAGES = (ROOT / "README.md", *sorted({*(ROOT / "docs").rglob("*.md")} - {*(ROOT / "docs" / "reference").rglob("*.md")}))
EXTRAS = {"click", "rich", "jinja2", "icu4py", "zxingcpp", "hypothesis", "pytest", "pyarrow"}


def prose() -> str:
    return "\n".join(page.read_text(encoding="utf-8") for page in PAGES)


def imported_in(text: str) -> set[str]:
    """The names that samples import from the front desk, in one line or in several."""
    found = re.findall(r"^(?:>>> )?from stampledger import (\([^)]*\)|.+)$", text, re.MULTILINE)
    return {name for names in found for name in re.findall(r"\w+", names.replace("...", ""))}


def test_every_name_can_be_imported():
    """
    Every public name is there, once, in alphabetical order, and is a class or function, not a module.
    """
    names = stampledger.__all__

    assert sorted(set(names)) == names
    assert set(names) <= set(dir(stampledger))
    for name in names:
        assert not inspect.ismodule(getattr(stampledger, name)), name


def test_star_import_brings_what_is_public():
    """
    `from stampledger import *` brings the public names and nothing else.
    """
    brought: dict[str, Any] = {}

    exec("from stampledger import *", brought)

    assert set(stampledger.__all__) == set(brought) - {"__builtins__"}


def test_type_checkers_see_the_same_names():
    """
    What the front desk imports for type checkers is what `__all__` says.
    """
    tree = ast.parse(FRONT_DESK.read_text(encoding="utf-8"))

    imported = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("stampledger")
        for alias in node.names
    }

    assert set(stampledger.__all__) == imported


@pytest.mark.parametrize("name", ["Legder", "codec_", "_private", "import_it"])
def test_name_that_is_none(name: str):
    """
    A misspelt name is an AttributeError, and an ImportError where it is imported.
    """
    with pytest.raises(AttributeError, match=name):
        getattr(stampledger, name)
    with pytest.raises(ImportError):
        exec(f"from stampledger import {name}")


def test_names_do_not_load_the_extras():
    """
    All public names together need none of the optional dependencies.
    """
    program = (
        "import sys, stampledger\n"
        "for name in stampledger.__all__: getattr(stampledger, name)\n"
        "print(*{module.split('.')[0] for module in sys.modules})"
    )

    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True, check=True, text=True, timeout=60, env={"PYTHONPATH": str(ROOT / "src")},
    )  # fmt: skip

    assert set() == EXTRAS & set(done.stdout.split())


def test_every_name_belongs_to_the_library():
    """
    Public names are the library's own: none of a dependency slips out.
    """
    for name in stampledger.__all__:
        assert getattr(stampledger, name).__module__.startswith("stampledger."), name


# What has to be public.


def test_every_error_is_public():
    """
    Whatever can be raised can be caught by a public name: every error, and for each rule its parent Refused.
    """
    tree = {
        name
        for name, kind in vars(errors).items()
        if inspect.isclass(kind) and issubclass(kind, errors.StampledgerError)
    }
    rules = [
        kind
        for kind in vars(refusals).values()
        if inspect.isclass(kind) and issubclass(kind, errors.Refused) and kind is not errors.Refused
    ]

    assert set() == tree - set(stampledger.__all__)
    assert rules and all(rule.__module__ == "stampledger.refusals" for rule in rules)
    codes = [kind.code for kind in (*rules, *(getattr(errors, name) for name in tree))]
    assert len(set(codes)) == len(codes)


def test_every_part_of_a_template_is_public():
    """
    Whatever a template, a brand or a customer is made of can be imported from the front desk.
    """
    nouns = {name for name, kind in vars(values).items() if attrs.has(kind) or inspect.isclass(kind)}
    own = {name for name in nouns if getattr(values, name).__module__ == "stampledger.values"}

    assert set() == own - set(stampledger.__all__)


def test_every_answer_is_public():
    """
    Whatever a public method answers, and takes of ours, can be named by who calls it.
    """
    spoken: set[str] = set()
    for kind in (Ledger, View):
        for name, method in inspect.getmembers(kind, inspect.isfunction):
            if not name.startswith("_"):
                spoken.update(re.findall(r"stampledger\.[\w.]*\.(\w+)", str(inspect.signature(method))))

    assert {"Scan", "Page", "CardView"} <= spoken
    assert set() == spoken - set(stampledger.__all__) - {"Call", "Event"}


# What is written about them.


def test_samples_import_public_names():
    """
    Samples of README and docs import public names only.
    """
    shown = imported_in(prose())

    assert {"Ledger", "CardTemplate"} <= shown
    assert set() == shown - set(stampledger.__all__)


def test_prose_speaks_of_what_is_there():
    """
    Every `ledger.something` of README and docs is something a ledger has.
    """
    spoken = set(re.findall(r"\bledger\.(\w+)", prose())) | set(re.findall(r"`Ledger\.(\w+)", prose()))

    assert {"add_stamps", "at"} <= spoken
    assert set() == {name for name in spoken if not hasattr(Ledger, name)} - {"py"}


def test_every_verb_and_read_is_written_about():
    """
    Every public method of a ledger has a sentence of its own, and says what it raises where it raises something.
    """
    for name, method in inspect.getmembers(Ledger, inspect.isfunction):
        if not name.startswith("_"):
            assert (inspect.getdoc(method) or "").split("\n")[0].endswith("."), name
    for name in stampledger.__all__:
        assert inspect.getdoc(getattr(stampledger, name)), name
