"""
A played day to ask about, and a width that does not depend on whose terminal runs the tests.
"""

import shutil
from pathlib import Path

import pytest

from stampledger.demo import BUSINESS, OPENING, Supplies, play
from stampledger.ledger import Ledger
from tests.cli.terminal import Terminal


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    for name in ("STAMPLEDGER_DB", "STAMPLEDGER_BUSINESS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demonstration's day, played once."""
    path = tmp_path_factory.mktemp("played") / "shop.db"
    supplies = Supplies(OPENING)
    with Ledger.open(
        f"sqlite:///{path}", business=BUSINESS, clock=supplies.clock, random=supplies.random, ids=supplies.id
    ) as ledger:
        for _ in play(ledger, supplies):
            pass
    return path


@pytest.fixture
def database(played: Path, tmp_path: Path) -> Path:
    """A copy of that day, to do with as one likes."""
    return Path(shutil.copy(played, tmp_path / "shop.db"))


@pytest.fixture
def terminal(played: Path) -> Terminal:
    """A terminal on the played day, for commands that only look."""
    return Terminal(played, BUSINESS)
