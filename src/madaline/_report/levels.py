"""The effect of a column of categories: a dot for each level on one scale, in SVG."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from madaline._charts.axis import Axis
from madaline._explain.scale import PROBABILITY
from madaline._report.texts import percent
from madaline._words import clipped, short

WIDTH, LINE, BOTTOM = 360, 24, 22
"""Units of the picture: its width, the height of a level, the room for the numbers of the axis."""

LEFT, RIGHT = 146, 54
"""Room for the names of levels, and for the value at the right end."""

LONGEST = 24
"""Characters of a level, at most."""


def levels_svg(effect: Mapping[str, Any], predictions: Iterable[float], most: int) -> str:
    """Return a dot for each of the most frequent levels.

    Parameters
    ----------
    effect : mapping
        What `Effect.to_json` returned, of levels, with its scale.
    predictions : iterable of float
        What the axis holds, so that effects can be compared.
    most : int
        Levels to show, at most.
    """
    share = effect["scale"] == PROBABILITY
    axis = Axis.around(predictions, effect["of"], unit="share" if share else "number")
    levels = _levels(effect, most)
    height = LINE * len(levels) + BOTTOM
    words = ", ".join(f"{name} {_value(value, share)}" for name, value in levels)
    marks = [
        f'<svg class="chart" role="img" viewBox="0 0 {WIDTH} {height}">',
        f"<title>{escape(effect['column'])}</title>",
        f"<desc>{escape(effect['of'])}: {escape(words)}</desc>",
    ]
    for tick in axis.ticks(4):
        x = _right(axis, tick)
        marks.append(f'<path class="grid" d="M{x:.1f} 0V{height - BOTTOM}"/>')
        marks.append(_text("tick middle", x, height - 7, axis.write(tick)))
    for number, (name, value) in enumerate(levels):
        y, x = LINE * (number + 0.5), _right(axis, value)
        marks.append(_text("level", 0, y + 4, clipped(name, LONGEST)))
        marks.append(f'<path class="grid" d="M{LEFT} {y}H{WIDTH - RIGHT}"/>')
        marks.append(f'<circle class="dot s0" cx="{x:.1f}" cy="{y}" r="5"/>')
        marks.append(_text("value end", WIDTH, y + 4, _value(value, share)))
    return "".join([*marks, "</svg>"])


def _levels(effect: Mapping[str, Any], most: int) -> Sequence[tuple[str, float]]:
    """Return the most frequent levels with their prediction, the highest first."""
    levels = sorted(
        zip(effect["values"], effect["counts"], effect["prediction"], strict=True),
        key=lambda level: -level[1],
    )[:most]
    named = [
        (str(value).lower() if isinstance(value, bool) else str(value), prediction)
        for value, _, prediction in levels
    ]
    return sorted(named, key=lambda level: -level[1])


def _value(value: float, share: bool) -> str:
    return percent(min(1.0, max(0.0, value)), 0) if share else short(value)


def _right(axis: Axis, value: float) -> float:
    return LEFT + 8 + axis.position(value) * (WIDTH - LEFT - RIGHT - 8)


def _text(style: str, x: float, y: float, words: str) -> str:
    return f'<text class="{style}" x="{x:.1f}" y="{y:.1f}">{escape(words)}</text>'
