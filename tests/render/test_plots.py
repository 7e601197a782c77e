"""
Where bars and lines stand.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stampledger.render import plots

COLUMNS = st.lists(st.lists(st.integers(0, 10**9), min_size=2, max_size=2), min_size=1, max_size=40)


@pytest.mark.parametrize(
    ("highest", "top"), [(0, 1), (1, 1), (3, 4), (6, 10), (10, 10), (11, 20), (99, 100), (101, 200), (4_001, 5_000)]
)
def test_ceiling(highest: int, top: int):
    """
    The scale ends at the least round number that no value is above.
    """
    assert top == plots.ceiling([0, highest])


@given(COLUMNS, st.booleans())
def test_stacked_bars(columns: list[list[int]], mirrored: bool):
    """
    A column's bars stand on each other from the bottom up, as high as its values, inside the picture.
    """
    top = plots.ceiling([sum(column) for column in columns])

    for column, (lower, upper) in zip(columns, plots.stacked(columns, top, mirrored=mirrored), strict=True):
        assert plots.HEIGHT == pytest.approx(lower.y + lower.height, abs=0.01)
        assert lower.y == pytest.approx(upper.y + upper.height, abs=0.01)
        assert sum(column) * plots.HEIGHT / top == pytest.approx(lower.height + upper.height, abs=0.01)
        assert -0.01 <= upper.y


@given(COLUMNS)
def test_mirrored(columns: list[list[int]]):
    """
    Where time runs from right to left, the first column stands at the right.
    """
    straight, mirrored = (plots.stacked(columns, 10**9, mirrored=way) for way in (False, True))

    for place, bars in enumerate(straight):
        assert len(columns) - 1 == pytest.approx(bars[0].x - plots.GAP + mirrored[place][0].x - plots.GAP)


def test_line():
    """
    A line goes through the middle of each span.
    """
    assert "0.5,100.0 1.5,50.0 2.5,0.0" == plots.line([0, 5, 10], 10)
