"""
The benchmark's verdicts: the median counts, what is missed is said, and what was not measured has no verdict.
"""

import pytest

from bench import page
from bench.report import OURS, Row, Target, lines_of, reasons, show
from bench.timing import Times


def test_median_counts():
    """
    One slow round does not miss a target.
    """
    target = Target(reached=[1.0, 1.1, 9.0], to_reach=1.2)

    assert target.met is True


@pytest.mark.parametrize(("reached", "at_least", "met"), [(2.0, False, False), (2.0, True, True), (1.0, True, False)])
def test_at_most_and_at_least(reached: float, at_least: bool, met: bool):
    """
    A target is a bound from above or from below.
    """
    target = Target(reached=[reached], to_reach=1.5, at_least=at_least)

    assert met is target.met


def test_quicker_than_another():
    """
    Our time to theirs where less is better, their time to ours where a rate is compared.
    """
    times = Times({OURS: [2.0], "floor": [1.0], "eventsourcing": [6.0]})

    assert ([2.0], [3.0]) == (times.at_most("floor", 2.2).reached, times.at_least("eventsourcing", 2.5).reached)


def test_not_measured():
    """
    Without a contestant there is neither a figure nor a verdict, and the reason is shown.
    """
    target = Times({"floor": [1.0]}).at_least("floor", 0.6)
    row = Row(what="one stamp", targets=(target,), notes=("not measured: no server",))

    assert target.met is None
    assert "no server" in show([row])
    assert "no server" in page.text([row], "Python", quick=False)


def test_missed_for_a_reason():
    """
    Why a target was missed is shown only where it was missed; a reason that nobody knows is admitted.
    """
    missed = Target(than="floor", reached=[3.0], to_reach=2.0, why="it decides")
    unknown, met = Target(reached=[3.0], to_reach=2.0), Target(reached=[1.0], to_reach=2.0, why="never shown")

    found = reasons(Row(what="one stamp", targets=(missed, unknown, met)))

    assert ["≤ 2.00x floor: it decides", "≤ 2.00x: not looked into yet"] == found


def test_lines_of_a_row():
    """
    Every target has a line of its own; the figures stand in the first.
    """
    targets = [Target(reached=[1.0], to_reach=2.0)] * 3

    lines = lines_of(Row(what="one stamp", figures={OURS: "65 µs"}, targets=targets))

    assert ["one stamp", "", ""] == [line[0] for line in lines]
    assert 1 == len({len(line) for line in lines})
