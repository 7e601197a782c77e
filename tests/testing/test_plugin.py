"""
The plugin for pytest, found by the entry point that pyproject.toml declares, in a pytest of its own.
"""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SECONDS = 60
LEAN = ("-W", "error", "-p", "no:cacheprovider", "-p", "no:hypothesispytest", "-p", "no:xdist")

STRANGER = """
import sys

def test_nothing_of_stamps():
    assert "_stampledger_pytest" in sys.modules, "the plugin was not loaded"
    assert [] == [name for name in sys.modules if name.partition(".")[0] == "stampledger"]
"""
USER = """
def test_ledger(ledger, shop):
    assert ledger is shop.ledger
    card = shop.card()
    assert "1/8" == str(ledger.add_stamps(card, code="R-1").card.progress)
    assert shop.clock() == ledger.journal()[0].at

def test_another(ledger):
    assert 0 == ledger.seq
"""
OVERRIDING = """
import pytest

@pytest.fixture
def shop():
    return "my own"

@pytest.fixture
def ledger(shop):
    return shop.upper()

def test_mine(ledger, shop):
    import sys
    assert ("MY OWN", "my own") == (ledger, shop)
    assert "stampledger.testing.shop" not in sys.modules
"""
ON_A_FILE = """
import pytest

@pytest.fixture
def stampledger_url(tmp_path):
    return f"sqlite:///{tmp_path / 'shop.db'}"

def test_file(shop, ledger, tmp_path):
    shop.card()
    assert (tmp_path / "shop.db").exists()
    assert 2 == shop.reopen().seq
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder of somebody's tests, beside a place where stampledger is installed as far as metadata goes."""
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    installed = tmp_path / "installed" / "stampledger-0.dist-info"
    installed.mkdir(parents=True)
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: stampledger\nVersion: 0\n")
    points = [f"{name} = {value}" for name, value in declared["entry-points"]["pytest11"].items()]
    (installed / "entry_points.txt").write_text("\n".join(["[pytest11]", *points, ""]))
    project = tmp_path / "project"
    project.mkdir()
    return project


def run(project: Path, *arguments: str, **tests: str) -> str:
    """Run somebody's tests, each file in the order named; answers what pytest says."""
    for name, text in tests.items():
        (project / f"test_{name}.py").write_text(text)
    places = [str(project.parent / "installed"), str(ROOT / "src")]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *LEAN, *arguments],
        cwd=project, capture_output=True, text=True, timeout=SECONDS,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(places)},
    )  # fmt: skip
    return done.stdout + done.stderr


def test_nothing_of_ours_before_a_fixture_is_used(project: Path):
    """
    Tests that have nothing to do with stamps load nothing of the package, and fixtures of the same names are their own.
    """
    said = run(project, stranger=STRANGER, mine=OVERRIDING)

    assert "2 passed" in said, said


def test_fixtures(project: Path):
    """
    An empty shop for each test, and its ledger; on another database where the test says so.
    """
    said = run(project, user=USER, zfile=ON_A_FILE)

    assert "3 passed" in said, said


def test_fixtures_are_documented(project: Path):
    """
    `pytest --fixtures` says what each is.
    """
    said = run(project, "--fixtures", user=USER)

    for told in (
        "shop -- ",
        "ledger -- ",
        "stampledger_url -- ",
        "An empty shop: its ledger",
    ):
        assert told in said


@pytest.mark.parametrize(
    ("arguments", "outcome"),
    [
        (["-p", "no:stampledger"], "fixture 'ledger' not found"),
        (["-p", "_stampledger_pytest", "-p", "no:stampledger"], "2 passed"),
    ],
    ids=["left out", "by its module"],
)
def test_named_on_the_command_line(project: Path, arguments: list[str], outcome: str):
    """
    The plugin can be left out by its name; by its module it is loaded where no entry point is known.
    """
    said = run(project, *arguments, user=USER)

    assert outcome in said, said
