"""Bars that stand in the cells of tables, beside the number that they show."""

from __future__ import annotations

from collections.abc import Mapping
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


def distribution(profile: Mapping[str, Any], width: int = 100, height: int = 22) -> str:
    """Return a small picture of what is in a column: its histogram, or its most frequent levels.

    Parameters
    ----------
    profile : mapping
        What `TableProfile.to_json` returned of the column.
    width, height : int
        Units of the picture.
    """
    rows = profile["shares"] or profile["counts"]
    step, most = width / max(4, len(rows)), max(rows, default=1)
    marks = [
        f'<rect class="fill" x="{k * step:.1f}" y="{height - height * number / most:.1f}"'
        f' width="{0.9 * step:.1f}" height="{height * number / most:.1f}"/>'
        for k, number in enumerate(rows)
        if number
    ]
    return _cell(marks, width, height)


def _cell(marks: list[str], width: int, height: int = HEIGHT, *, stretched: bool = False) -> str:
    aspect = ' preserveAspectRatio="none"' * stretched
    start = f'<svg class="cell" aria-hidden="true" viewBox="0 0 {width} {height}"{aspect}>'
    return "".join([start, *marks, "</svg>"])
