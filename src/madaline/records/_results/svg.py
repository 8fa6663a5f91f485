"""Figures, bars and small distributions as SVG, fit for any background.

Texts take the color of the page, so that light and dark themes suit; other colors are of medium
lightness, which both show.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from typing import final

import numpy as np

from madaline._base.language import translate, translate_word
from madaline._base.language.widths import display_width
from madaline._tables.profile import ColumnProfile
from madaline.nn.arrays import Array
from madaline.records._results.figure import Axis, Band, Bars, Cells, Figure, Line, Mark

WIDTH, HEIGHT, _SMALL_HEIGHT = 360, 240, 150
"""Units of a figure, about pixels on a small screen; a small one is less high."""

LEFT, RIGHT, TOP, BOTTOM, _SMALL_LEFT, _SMALL_BOTTOM = 56, 16, 10, 40, 42, 22
"""Room around the frame, for the numbers and names of the axes; small figures have no names."""

_CHARACTER = 6.5  # units of the width of a character at an axis
_NAME_HEIGHT = 18  # units of the name that stands upright beside it
_CELL_WIDTH, _CELL_HEIGHT = 120, 14  # units of a bar in the cell of a table


def figure_svg(figure: Figure, *, small: bool = False) -> str:
    """Return a figure as SVG; a small one has no names of axes."""
    height, room, bottom = (
        (_SMALL_HEIGHT, _SMALL_LEFT, _SMALL_BOTTOM) if small else (HEIGHT, LEFT, BOTTOM)
    )
    beside = 0 if small or figure.y.names else _NAME_HEIGHT
    widest = max(map(display_width, figure.y.names or map(figure.y.write, figure.y.ticks(6))))
    left = max(room, round(_CHARACTER * widest) + beside)
    paper = _Paper(figure, height, left, bottom)
    return "".join(
        [
            f'<svg class="chart" role="img" viewBox="0 0 {WIDTH} {paper.height}">',
            f"<title>{escape(translate_word(figure.title))}</title>"
            f"<desc>{escape(translate(figure.description))}</desc>",
            *_frame(paper),
            *([] if small else _names(paper)),
            *(shape for mark in figure.marks for shape in _shapes(mark, paper)),
            "</svg>",
        ]
    )


@final
@dataclass(frozen=True, eq=False)
class _Paper:
    """Where the values of a figure lie."""

    figure: Figure
    height: int = HEIGHT
    left: int = LEFT
    bottom: int = BOTTOM

    def right(self, value: float) -> float:
        """Return how far right a value lies."""
        return self.left + self.figure.x.position(value) * (WIDTH - self.left - RIGHT)

    def down(self, value: float) -> float:
        """Return how far down a value lies."""
        room = self.height - TOP - self.bottom
        return self.height - self.bottom - self.figure.y.position(value) * room


def bar_svg(value: float, most: float, *, spread: float = 0.0, both: bool = False) -> str:
    """Return a bar for the cell of a table, hidden from screen readers: the number is beside it.

    The largest value fills the cell; one below zero has another color. The spread is a thin line to
    both sides of the bar's end. With `both`, zero is in the middle.

    >>> bar_svg(0.5, 1.0)[-70:]
    '<rect class="fill more" x="0.0" y="2" width="60.0" height="10"/></svg>'
    """
    zero, unit = (_CELL_WIDTH / 2, _CELL_WIDTH / 2 / most) if both else (0.0, _CELL_WIDTH / most)

    def within(x: float) -> float:
        return min(float(_CELL_WIDTH), max(0.0, x))

    end = within(zero + unit * value)
    style = "more" if value >= 0 else "less"
    marks = [
        f'<rect class="fill {style}" x="{min(zero, end):.1f}" y="2" width="{abs(end - zero):.1f}"'
        ' height="10"/>'
    ]
    if both:
        marks.append(f'<path class="zero" d="M{zero:.1f} 0V{_CELL_HEIGHT}"/>')
    if spread:
        low, high = within(end - unit * spread), within(end + unit * spread)
        marks.append(f'<path class="whisker" d="M{low:.1f} 7H{high:.1f}"/>')
    # A bar is as wide as its cell, however high that is.
    return _cell(marks, _CELL_WIDTH, _CELL_HEIGHT, ' preserveAspectRatio="none"')


def distribution_svg(profile: ColumnProfile, width: int = 100, height: int = 22) -> str:
    """Return what is in a column for the cell of a table: its histogram, or its frequent levels."""
    rows = profile.shares or profile.counts
    step = width / max(4, len(rows))
    most = max(rows, default=1)
    marks = [
        f'<rect class="fill" x="{k * step:.1f}" y="{height - height * number / most:.1f}"'
        f' width="{0.9 * step:.1f}" height="{height * number / most:.1f}"/>'
        for k, number in enumerate(rows)
        if number
    ]
    return _cell(marks, width, height)


def _cell(marks: list[str], width: int, height: int, settings: str = "") -> str:
    start = f'<svg class="cell" aria-hidden="true" viewBox="0 0 {width} {height}"{settings}>'
    return "".join([start, *marks, "</svg>"])


def _shapes(mark: Mark, paper: _Paper) -> Iterator[str]:
    """Yield the elements of a mark."""
    match mark:
        case Line():
            points = _points(mark.x, mark.y, paper)
            if len(points) > 1:
                yield f'<path class="line {mark.style}" d="M{" L".join(points)}"/>'
            for x, y in map(str.split, points if mark.dots or len(points) == 1 else ()):
                yield f'<circle class="dot {mark.style}" cx="{x}" cy="{y}" r="3"/>'
        case Band():
            upper = _points(mark.x, mark.upper, paper)
            points = _points(mark.x, mark.lower, paper) + upper[::-1]
            shape = f'd="M{" L".join(points)}Z"'
            yield f'<path class="band {mark.style}" fill-opacity="{mark.opacity}" {shape}/>'
        case Bars():
            for (low, high), number in zip(pairwise(mark.edges), mark.counts, strict=True):
                yield _rectangle(paper, (low, high), (0.0, number))
        case Cells():
            bins = list(pairwise(mark.edges))
            for row, column in np.argwhere(mark.counts):
                opacity = f' fill-opacity="{0.15 + 0.85 * mark.shades[row, column]:.2f}"'
                yield _rectangle(paper, bins[column], bins[row], opacity)


def _rectangle(
    paper: _Paper, x: tuple[float, float], y: tuple[float, float], settings: str = ""
) -> str:
    left, right = map(paper.right, x)
    bottom, top = map(paper.down, y)
    return (
        f'<rect class="fill"{settings} x="{_number(left)}" y="{_number(top)}"'
        f' width="{_number(right - left)}" height="{_number(bottom - top)}"/>'
    )


def _frame(paper: _Paper) -> Iterator[str]:
    """Yield the grid and the numbers at it."""
    x, y = paper.figure.x, paper.figure.y
    left = paper.left
    right = WIDTH - RIGHT
    bottom = paper.height - paper.bottom
    for value in y.ticks(6 if paper.height == HEIGHT else 4):
        up = paper.down(value)
        yield f'<path class="grid" d="M{left} {_number(up)}H{right}"/>'
        yield _text("tick end", left - 5, up + 4, y.write(value))
    for value in ticks_apart(x, right - left):
        over = paper.right(value)
        yield f'<path class="grid" d="M{_number(over)} {TOP}V{bottom}"/>'
        yield _text("tick middle", over, bottom + 15, x.write(value))


def ticks_apart(axis: Axis, width: float, most: int = 5) -> list[float]:
    """Return as many ticks of a horizontal axis, so wide, as have room side by side."""
    for fewer in range(most, 1, -1):
        ticks = axis.ticks(fewer)
        widest = _CHARACTER * (1 + max(display_width(axis.write(tick)) for tick in ticks))
        places = [axis.position(tick) * width for tick in ticks]
        if all(after - before >= widest for before, after in pairwise(places)):
            break
    return ticks


def _names(paper: _Paper) -> Iterator[str]:
    """Yield the names of the axes."""
    middle = (TOP + paper.height - paper.bottom) / 2
    yield _text("name middle", (paper.left + WIDTH - RIGHT) / 2, HEIGHT - 6, paper.figure.x.label)
    yield _text("name middle", 11, middle, paper.figure.y.label, upright=True)


def _points(x: Array, y: Array, paper: _Paper) -> list[str]:
    """Return where points lie, each as two numbers with a space between them."""
    return [
        f"{_number(paper.right(one))} {_number(paper.down(other))}"
        for one, other in zip(x.astype(float), y, strict=True)
    ]


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _text(style: str, x: float, y: float, words: str, *, upright: bool = False) -> str:
    turn = f' transform="rotate(-90 {_number(x)} {_number(y)})"' if upright else ""
    position = f'x="{_number(x)}" y="{_number(y)}"'
    shown = translate_word(words) if style.startswith("name") else words
    return f'<text class="{style}" {position}{turn}>{escape(shown)}</text>'
