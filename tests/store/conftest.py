from pathlib import Path

import pytest

from tests.ledger.shop import coffee
from tests.store.files import opened


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "shop.db"


@pytest.fixture
def kept(file: Path) -> Path:
    """The file of a ledger with a card in it, which is closed."""
    with opened(file) as ledger:
        ledger.issue_card(ledger.publish_template("free-coffee", coffee()))
    return file
