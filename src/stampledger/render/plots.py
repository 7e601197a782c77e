"""Plots as plain shapes: where the bars and the line of a series stand, in a picture stretched to whatever room it has.

A picture is as many units wide as it has spans, and HEIGHT high. All text stands beside it, in HTML, so that it keeps
its size.
"""

from collections.abc import Sequence
from itertools import accumulate

import attrs

HEIGHT = 100
GAP = 0.16  # On either side of a bar, of its span's width.
_ROUND = (1, 2, 4, 5, 10)


@attrs.frozen
class Bar:
    """A bar, or one part of a stacked one."""

    x: float
    y: float
    width: float
    height: float


def ceiling(values: Sequence[int]) -> int:
    """Answer where the scale ends: the least round number that no value is above, and never 0."""
    highest = max([*values, 1])
    power = int(10 ** (len(str(highest)) - 1))
    return next(step * power for step in _ROUND if highest <= step * power)


def stacked(columns: Sequence[Sequence[int]], top: int, *, mirrored: bool = False) -> list[list[Bar]]:
    """Answer the bars of each column, the first part at the bottom; *mirrored* where time runs from right to left."""
    return [
        [
            Bar(_place(place, len(columns), mirrored) + GAP, round(HEIGHT - end * HEIGHT / top, 3), 1 - 2 * GAP, height)
            for end, height in zip(accumulate(parts), (round(part * HEIGHT / top, 3) for part in parts), strict=True)
        ]
        for place, parts in enumerate(columns)
    ]


def line(values: Sequence[int], top: int, *, mirrored: bool = False) -> str:
    """Answer the points of a line through the middle of each span, as a polyline takes them."""
    return " ".join(
        f"{_place(place, len(values), mirrored) + 0.5},{round(HEIGHT - value * HEIGHT / top, 3)}"
        for place, value in enumerate(values)
    )


def _place(place: int, count: int, mirrored: bool) -> int:
    return count - 1 - place if mirrored else place
