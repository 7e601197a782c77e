from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.ledger.kept import Kept
from tests.ledger.shop import Shop
from tests.servers.database import KINDS, Databases


@pytest.fixture(scope="session")
def kept(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    with ExitStack() as stack:
        yield Kept(databases, tmp_path_factory.mktemp("kept"), stack)


@pytest.fixture(params=KINDS)
def shop(request: pytest.FixtureRequest, kept: Kept) -> Iterator[Shop]:
    """An empty shop on each engine in turn; SQLite's is in memory."""
    with Shop() if request.param == "sqlite" else Shop(database=kept.emptied(request.param)) as shop:
        yield shop
