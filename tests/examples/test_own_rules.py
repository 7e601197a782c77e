"""
The coffee bar's own law finds the mistake in its programme, soon, and shows it as a Journal; the mended one passes.
"""

import os
import re
import resource
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SECONDS_MAX = 10.0


def run(folder: Path, programme: str) -> tuple[int, str, float]:
    """Run the shop's tests as the shop does; answers the exit code, what is said, and the seconds of work it took."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "examples/own_rules/test_programme.py"],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": "src", "COFFEE_BAR": programme, "HYPOTHESIS_STORAGE_DIRECTORY": str(folder)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    worked = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return done.returncode, done.stdout, worked


@pytest.fixture(scope="module")
def failed(tmp_path_factory: pytest.TempPathFactory) -> tuple[int, str, float]:
    return run(tmp_path_factory.mktemp("failed"), "as it was")


def test_mistake_is_found(failed: tuple[int, str, float]):
    """
    The programme fails by the shop's own law, in less than ten seconds of work. (The work is measured, and not the
    time: other tests run beside it.)
    """
    code, said, seconds = failed

    assert 1 == code
    assert "a law is broken: The vouchers in our guests' hands took no more stamps than our receipts" in said
    assert seconds < SECONDS_MAX


def test_counterexample_is_minimal(failed: tuple[int, str, float]):
    """
    The Journal that is shown holds two cards, one receipt twice, the cookie eaten in between, and nothing else.
    """
    _, said, _ = failed
    table = said.split("#   scan")[1].split("Failing test case")[0]
    rows = re.findall(r"^E +(\d+) +\d+ +[\d-]+ [\d:]+ +(\d+) +([a-z ]+?)  ", table, re.M)

    told = [(card, what) for _, card, what in rows]
    first = told[2][0]
    (second,) = {card for card, _ in told} - {first}
    eaten = [(first, "voucher redeemed"), (first, "stamp voided")]
    earned = [(first, "stamp added"), (first, "goal reached"), (first, "voucher issued")]
    again = [(second, "stamp added"), (second, "goal reached"), (second, "voucher issued")]
    assert {(first, "card issued"), (second, "card issued")} == set(told[:2])
    assert [*earned, *eaten, *again] == told[2:]


def test_mended_programme(tmp_path: Path):
    """
    The mended programme keeps the law.
    """
    code, said, _ = run(tmp_path, "mended")

    assert 0 == code, said
    assert "[100%]" in said
