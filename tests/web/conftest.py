from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from stampledger import Ledger
from tests.web.shop import demo_ledger, mounted, visitor


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """
    The demonstration's shop after its day.
    """
    with demo_ledger(tmp_path) as ledger:
        yield ledger


@pytest.fixture
def client(ledger: Ledger) -> TestClient:
    """
    A member of staff at the back office of that shop, which is mounted under a path.
    """
    return visitor(mounted(ledger))
