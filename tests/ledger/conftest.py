from collections.abc import Iterator

import pytest

from tests.ledger.shop import Shop


@pytest.fixture
def shop() -> Iterator[Shop]:
    """An empty shop in memory."""
    with Shop() as shop:
        yield shop
