"""
One day lived on every engine: the Journal is the same to the byte, and so is every answer about any moment of it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import attrs
import pytest

from tests.ledger.days import LONG_DAY, Day
from tests.ledger.kept import Kept
from tests.ledger.shop import TABLES, Shop
from tests.ledger.test_past import answers
from tests.servers.database import SERVERS

WISHES = 200


@attrs.frozen
class Lived:
    """A shop after the day, what was answered on the way, and its rows."""

    shop: Shop
    day: Day
    told: list[tuple[int, dict[str, Any]]]
    rows: dict[str, list[Any]]


@contextmanager
def lived(shop: Shop) -> Iterator[Lived]:
    with shop:
        day, told = Day(shop), []
        for number, (verb, one, two) in enumerate(LONG_DAY[:WISHES]):
            day.wish(verb, one, two)
            if number % 100 == 99:
                told.append((shop.head, answers(shop.ledger.at(shop.head), day)))
        yield Lived(shop, day, told, shop.dump())


@pytest.fixture(scope="module")
def here() -> Iterator[Lived]:
    """The day on SQLite."""
    with lived(Shop()) as day:
        yield day


@pytest.fixture(scope="module", params=sorted(SERVERS))
def there(request: pytest.FixtureRequest, kept: Kept) -> Iterator[Lived]:
    """The same day on a server; PostgreSQL's behind the lock, since what it appends at once may draw ids twice."""
    shop = Shop(database=kept.emptied(request.param))
    shop.ledger._store.backend.appends_at_once = False  # type: ignore[misc]
    with lived(shop) as day:
        yield day


@pytest.mark.parametrize("table", TABLES)
def test_same_rows(here: Lived, there: Lived, table: str):
    """
    The Journal with its chain, and every row that follows from it, is the same to the byte.
    """
    assert here.rows[table] == there.rows[table]


def test_same_answers(here: Lived, there: Lived):
    """
    Every moment of the day is answered alike, on the way and looking back.
    """
    assert len(here.told) == len(there.told) == WISHES // 100
    for (moment, one), (again, other) in zip(here.told, there.told, strict=True):
        assert (moment, one) == (again, other)
        assert answers(here.shop.ledger.at(moment), here.day) == answers(there.shop.ledger.at(moment), there.day)
    assert answers(here.shop.ledger, here.day) == answers(there.shop.ledger, there.day)


def test_proved_and_rebuilt(there: Lived):
    """
    The day verifies, and a rebuild changes nothing.
    """
    assert () == there.shop.ledger.verify().faults

    there.shop.ledger.rebuild()

    assert there.rows == there.shop.dump()
