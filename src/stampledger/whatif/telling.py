"""A what-if as text and as a plot."""

from collections.abc import Iterator, Sequence
from html import escape

from stampledger.render.plots import HEIGHT, ceiling, stacked
from stampledger.whatif.outcome import RewardCounts, RewardDifference, WhatIf

TITLES_MAX = 12  # Shown in a plot: those with the most rewards.
TITLE_LENGTH_MAX = 22
COUNTS = ("given", "kept", "redeemed", "played", "outstanding", "expired", "voided")
PARTS = (("used", "#1a6b4a"), ("outstanding", "#e0a030"), ("expired", "#9a9a9a"))

_WIDE, _LEFT, _TOP, _TALL = 46, 56, 46, 200
_SHORTEST = 420


def table(found: WhatIf) -> str:
    """Show the figures as text: what really happened, an arrow, and what would have."""
    rows = [("Reward", *COUNTS, *(("value",) if _valued(found) else ()))]
    rows += [_row(row, _valued(found)) for row in found.rewards]
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    lines = [f"{found.cards_differing} of {found.cards_count} cards differ."]
    if found.rewards:
        lines.append("")
        for row in rows:
            cells = (
                row[0].ljust(widths[0]),
                *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)),
            )
            lines.append("  ".join(cells).rstrip())
        lines.append("")
    lines.append(f"Rewards: {found.rewards_more} more, {found.rewards_fewer} fewer.")
    lines.append(f"Credits refused: {_moved(found.refused, found.refused_other)}.")
    if _valued(found):
        lines.append(f"Cost in minor units: {_moved(*found.cost)}; outstanding: {_moved(*found.liability)}.")
    if found.unmet:
        wishes = ", ".join(f"{count} {name}" for name, count in found.unmet)
        lines.append(f"Wishes about something that would not have been there: {wishes}.")
    return "\n".join(lines) + "\n"


def _valued(found: WhatIf) -> bool:
    return any(row.value_minor is not None for row in found.rewards)


def _row(row: RewardDifference, valued: bool) -> tuple[str, ...]:
    cells = (_moved(getattr(row.real, name), getattr(row.other, name)) for name in COUNTS)
    value = () if not valued else ("" if row.value_minor is None else str(row.value_minor),)
    return (f"{row.title} ({row.kind})", *cells, *value)


def _moved(real: int, other: int) -> str:
    return str(real) if real == other else f"{real} → {other}"


def svg(found: WhatIf) -> str:
    """Show what became of each reward: two bars a title, what really happened on the left."""
    shown = sorted(found.rewards, key=lambda row: -max(row.real.given, row.other.given))[:TITLES_MAX]
    columns = [_parts(side) for row in shown for side in (row.real, row.other)]
    top = ceiling([sum(parts) for parts in columns])
    width = max(_SHORTEST, _LEFT + 2 * _WIDE * len(shown) + 20)
    summary = f"{found.cards_differing} of {found.cards_count} cards differ"
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {_TOP + _TALL + 60}" width="{width}"'
            f' height="{_TOP + _TALL + 60}" role="img" font-family="sans-serif" font-size="12">',
            f"<title>{escape(summary)}: {_sentence(shown)}</title>",
            *_legend(),
            *_scale(top, width),
            *_bars(columns, top),
            *_names(shown),
            "</svg>\n",
        )
    )


def _parts(counts: RewardCounts) -> tuple[int, ...]:
    return (counts.redeemed + counts.kept + counts.played, counts.outstanding, counts.expired)


def _sentence(rows: Sequence[RewardDifference]) -> str:
    return escape("; ".join(f"{row.title}: {_moved(row.real.earned, row.other.earned)}" for row in rows))


def _legend() -> Iterator[str]:
    for place, (name, colour) in enumerate(PARTS):
        x = _LEFT + place * 110
        yield f'<rect x="{x}" y="10" width="12" height="12" fill="{colour}"/>'
        yield f'<text x="{x + 18}" y="20">{name}</text>'


def _scale(top: int, width: int) -> Iterator[str]:
    for value in sorted({0, top // 2, top}):
        y = _TOP + _TALL - _TALL * value / top
        yield f'<line x1="{_LEFT}" x2="{width - 10}" y1="{y:g}" y2="{y:g}" stroke="#d0d0d0"/>'
        yield f'<text x="{_LEFT - 8}" y="{y + 4:g}" text-anchor="end">{value}</text>'


def _bars(columns: Sequence[Sequence[int]], top: int) -> Iterator[str]:
    for place, column in enumerate(stacked(columns, top)):
        opacity = "0.55" if place % 2 == 0 else "1"
        for bar, (_, colour) in zip(column, PARTS, strict=True):
            if bar.height:
                yield (
                    f'<rect x="{_LEFT + bar.x * _WIDE:g}" y="{_TOP + bar.y * _TALL / HEIGHT:g}"'
                    f' width="{bar.width * _WIDE:g}" height="{bar.height * _TALL / HEIGHT:g}" fill="{colour}"'
                    f' fill-opacity="{opacity}"/>'
                )


def _names(rows: Sequence[RewardDifference]) -> Iterator[str]:
    for place, row in enumerate(rows):
        middle = _LEFT + (2 * place + 1) * _WIDE
        yield f'<text x="{middle - _WIDE / 2:g}" y="{_TOP + _TALL + 16}" text-anchor="middle">real</text>'
        yield f'<text x="{middle + _WIDE / 2:g}" y="{_TOP + _TALL + 16}" text-anchor="middle">what if</text>'
        title = row.title if len(row.title) <= TITLE_LENGTH_MAX else f"{row.title[: TITLE_LENGTH_MAX - 1]}…"
        yield f'<text x="{middle}" y="{_TOP + _TALL + 36}" text-anchor="middle" font-size="11">{escape(title)}</text>'
