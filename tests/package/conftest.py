from pathlib import Path

import pytest

from tests.package.bare import Bare, built, furnished


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of the sources as they are."""
    return built(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory, wheel: Path) -> Bare:
    """A machine with the wheel, what its core depends on, and nothing else."""
    return furnished(tmp_path_factory.mktemp("bare") / "site", wheel)
