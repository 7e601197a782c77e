"""
The big ledger of the benchmark: the same seed makes the same ledger, and whoever is interrupted goes on.
"""

import io
from pathlib import Path

import attrs
import pytest

from bench import fill, town
from bench.people import COMMON, RARE, name_of
from bench.town import File, Plan
from stampledger import Ledger
from stampledger.projections import Verification

PLAN = Plan(events=600, customers=40, receipts=60)


class Interrupted(Exception):
    """
    Someone pressed Ctrl-C.
    """


def filled(path: Path, plan: Plan = PLAN, write: fill.Write = fill.by_receipts) -> Verification:
    url = f"sqlite:///{path}"
    fill.fill(url, plan, lambda done, total: None, write)
    with fill.opened(url) as ledger:
        return ledger.verify()


def test_same_seed(tmp_path: Path):
    """
    Two ledgers of one seed are the same to the last byte of their chain; another seed makes another.
    """
    first, second = filled(tmp_path / "first.db"), filled(tmp_path / "second.db")
    other = filled(tmp_path / "other.db", attrs.evolve(PLAN, seed=2))

    assert () == first.faults
    assert first.head == second.head
    assert first.head != other.head


def test_interrupted_between_files(tmp_path: Path):
    """
    Filling that goes on makes the ledger it would have made.
    """
    whole, parted = tmp_path / "whole.db", tmp_path / "parted.db"

    def one_more(ledger: Ledger, file: File) -> None:
        if file.number == 3:
            raise Interrupted
        fill.by_receipts(ledger, file)

    with pytest.raises(Interrupted):
        filled(parted, write=one_more)

    assert filled(whole).head == filled(parted).head


def test_interrupted_within_a_file(tmp_path: Path):
    """
    The rest of a file is imported when filling goes on, and nothing of it twice.
    """
    path = tmp_path / "ledger.db"

    def half(ledger: Ledger, file: File) -> None:
        if file.number == 2:
            lines = file.text.split("\n")
            fill.by_receipts(ledger, attrs.evolve(file, text="\n".join(lines[: len(lines) // 2])))
            raise Interrupted
        fill.by_receipts(ledger, file)

    with pytest.raises(Interrupted):
        filled(path, write=half)
    found = filled(path)

    assert () == found.faults
    with fill.opened(f"sqlite:///{path}") as ledger:
        imported = ledger.import_receipts(io.StringIO(town.file(PLAN, 2).text), template=town.PATTERN[2])
        assert imported.read == imported.repeated + imported.unmatched


def test_files_do_not_overlap():
    """
    No code stands in two files, and each file begins with a sale under the code it is known by.
    """
    files = [town.file(PLAN, number) for number in range(12)]

    lines = [line.split(",") for file in files for line in file.text.split("\n")[1:]]
    assert len(lines) == len({code for code, *_ in lines})
    for file in files:
        code, _, _, kind, _ = file.text.split("\n")[1].split(",")
        assert (file.first_code, "sale") == (code, kind)


def test_words_to_search_for():
    """
    One word is part of many names, another of one in a hundred thousand.
    """
    names = [name_of(number).lower() for number in range(100_000)]

    assert 1 == sum(RARE in name for name in names)
    assert 2_000 < sum(COMMON in name for name in names) < 12_000
