"""
The kit's laws notice mistakes in our own rules. A sample is tried here; `python -m tools.mutants` tries them all.
"""

import pytest

from stampledger.testing import telling
from tests.mutants.mutations import MUTATIONS, Mutation
from tools.mutants import PACKAGE, judged, mutated

SAMPLE = (0, 18, 28, 37, 43)  # One of each module that decides.
DECIDING = {"rules.py", "standing.py", "stamping.py", "cards.py", "rewards.py", "aggregates.py"}


@pytest.mark.parametrize("number", SAMPLE)
def test_mistake_is_noticed(number: int):
    """
    A mistake in the rules breaks a law.
    """
    assert "" != judged(MUTATIONS[number], examples=150)


def test_no_mistake():
    """
    The rules as they are break no law: what notices everything notices nothing.
    """
    assert "" == judged(None, examples=40)


def test_every_mutation_fits():
    """
    There are at least thirty, in every module that decides, each at exactly one place and each another one.
    """
    assert 30 <= len(set(MUTATIONS)) == len(MUTATIONS)
    assert DECIDING == {mutation.file for mutation in MUTATIONS}
    for mutation in MUTATIONS:
        text = (PACKAGE / mutation.file).read_text(encoding="utf-8")
        assert 1 == text.count(mutation.old), mutation
        compile(text.replace(mutation.old, mutation.new), mutation.file, "exec")


def test_mutation_that_fits_nowhere(tmp_path):
    """
    A mutation whose place is gone is an error, and not a mutant that survives or dies.
    """
    (tmp_path / "stampledger").mkdir()
    (tmp_path / "stampledger" / "rules.py").write_text("nothing of it\n")

    with pytest.raises(ValueError, match="0 times"):
        mutated(Mutation("rules.py", "total // size", "total"), tmp_path)


def test_law_and_journal_are_told():
    """
    A broken law is told with what is wrong, and without what pytest adds to an assertion.
    """
    failure = telling.broken("Two is two.", "2 is not 3\nassert 2 == 3", "the table")

    assert "a law is broken: Two is two.\n  2 is not 3\n\nthe table" == str(failure)
