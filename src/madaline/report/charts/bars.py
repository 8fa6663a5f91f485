"""Bars that stand in the cells of tables, beside the number that they show."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

WIDTH, HEIGHT = 120, 14
"""Units of a bar's cell."""


def bar(value: float, most: float, *, spread: float = 0.0, both: bool = False) -> str:
    """Return a bar as SVG, hidden from those who hear the page: the number is beside it.

    Parameters
    ----------
    value : float
        What it shows; below zero it is drawn in another color.
    most : float
        What fills the cell.
    spread : float, default=0
        How far a thin line reaches to both sides of its end.
    both : bool, default=False
        Whether zero is in the middle, and bars go to either side.

    Examples
    --------
    >>> bar(0.5, 1.0)[-70:]
    '<rect class="fill more" x="0.0" y="2" width="60.0" height="10"/></svg>'
    """
    zero, unit = (WIDTH / 2, WIDTH / 2 / most) if both else (0.0, WIDTH / most)
    end = min(float(WIDTH), max(0.0, zero + unit * value))
    left, width = min(zero, end), abs(end - zero)
    style = "more" if value >= 0 else "less"
    marks = [f'<rect class="fill {style}" x="{left:.1f}" y="2" width="{width:.1f}" height="10"/>']
    if both:
        marks.append(f'<path class="zero" d="M{zero:.1f} 0V{HEIGHT}"/>')
    if spread:
        low, high = (min(float(WIDTH), max(0.0, end + s * unit * spread)) for s in (-1, 1))
        marks.append(f'<path class="whisker" d="M{low:.1f} 7H{high:.1f}"/>')
    # A bar is as wide as its cell, however high that is.
    return _cell(marks, WIDTH, stretched=True)


def distribution(profile: Mapping[str, Any], width: int = 100) -> str:
    """Return a small picture of what is in a column.

    Of numbers, each stretch between two quantiles is as high as the rows in it are dense; of
    levels, the most frequent ones are as long as they are frequent.

    Parameters
    ----------
    profile : mapping
        What `ColumnProfile` holds.
    width : int
        Units of the picture.
    """
    if profile["levels"]:
        step = width / max(4, len(profile["shares"]))
        highest = max(profile["shares"])
        bars = [
            (k * step, 0.9 * step, share / highest) for k, share in enumerate(profile["shares"])
        ]
    else:
        bars = _densities(profile["edges"], profile["below"], width)
    marks = [
        f'<rect class="fill" x="{left:.1f}" y="{22 * (1 - height):.1f}" width="{wide:.1f}"'
        f' height="{22 * height:.1f}"/>'
        for left, wide, height in bars
    ]
    return _cell(marks, width, 22)


def _densities(
    edges: tuple[float, ...], below: tuple[float, ...], width: int, columns: int = 25
) -> list[tuple[float, float, float]]:
    """Return left edge, width and height of bars of equal width."""
    if len(edges) < 2:
        return []
    span = edges[-1] - edges[0]
    limits = [edges[0] + span * k / columns for k in range(columns + 1)]
    reached = [0.0, *(_below(limit, edges, below) for limit in limits[1:])]
    shares = [high - low for low, high in pairwise(reached)]
    step, highest = width / columns, max(shares)
    return [(k * step, 0.9 * step, share / highest) for k, share in enumerate(shares) if share > 0]


def _below(limit: float, edges: tuple[float, ...], below: tuple[float, ...]) -> float:
    """Return the share of the values up to a limit, evenly spread between edges."""
    for k in range(1, len(edges)):
        if limit <= edges[k]:
            part = (limit - edges[k - 1]) / (edges[k] - edges[k - 1])
            return below[k - 1] + part * (below[k] - below[k - 1])
    return 1.0


def _cell(marks: list[str], width: int, height: int = HEIGHT, *, stretched: bool = False) -> str:
    aspect = ' preserveAspectRatio="none"' * stretched
    start = f'<svg class="cell" aria-hidden="true" viewBox="0 0 {width} {height}"{aspect}>'
    return "".join([start, *marks, "</svg>"])
