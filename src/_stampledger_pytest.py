"""Fixtures for tests of code that keeps a ledger; pytest finds them where stampledger is installed.

    stampledger_url     where the shop's database is: SQLite's memory; a fixture of yours by this name says otherwise
    shop                an empty shop (`stampledger.testing.Shop`), whose time, chance and ids are the same in every run
    ledger              its ledger

This module stands beside the package, and nothing of the package is imported before a fixture is used: pytest loads
plugins for every test run on the machine, also for those that have nothing to do with stamps.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from stampledger import Ledger
    from stampledger.testing.shop import Shop


@pytest.fixture
def stampledger_url() -> str:
    """Where the shop's database is; override it to test on a file or on a server."""
    return "sqlite://"


@pytest.fixture
def shop(stampledger_url: str) -> "Iterator[Shop]":
    """An empty shop: its ledger, its clock and its chance, the same in every run."""
    from stampledger.testing.shop import Shop

    with Shop(stampledger_url) as opened:
        yield opened


@pytest.fixture
def ledger(shop: "Shop") -> "Ledger":
    """The ledger of the shop."""
    return shop.ledger
