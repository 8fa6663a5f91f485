"""A chart is a frame with two axes; lines, bands, bars and points are put into it, and it is SVG.

Colors are named by classes, which the page's style sheet gives a light and a dark look. The title
and the description tell those who do not see it what it shows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from madaline.report.charts.axis import Axis

WIDTH, HEIGHT = 360, 240
"""Units of the whole picture, about pixels on a small screen."""

LEFT, RIGHT, TOP, BOTTOM = 56, 16, 10, 40
"""Room around the frame, for the numbers and names of the axes."""

Point = tuple[float, float]


class Chart:
    """A chart that is being drawn (final).

    Parameters
    ----------
    title : str
        What it is, in a few words.
    description : str
        What it shows, in a sentence.
    x, y : Axis
        To the right, and up.

    Examples
    --------
    >>> chart = Chart("Loss", "It falls from 2 to 1.", Axis(1, 2, "epoch"), Axis(1, 2, "loss"))
    >>> chart.line([(1, 2), (2, 1)])
    >>> svg = chart.svg()
    >>> svg[:33], "<title>Loss</title>" in svg, '<path class="line"' in svg
    ('<svg class="chart" role="img" vie', True, True)
    """

    def __init__(self, title: str, description: str, x: Axis, y: Axis) -> None:
        self.title = title
        self.description = description
        self.x = x
        self.y = y
        self._marks: list[str] = []

    def line(self, points: Iterable[Point], style: str = "") -> None:
        """Draw a line through points, in the classes of a style."""
        places = [self._place(point) for point in points]
        if places:
            self._marks.append(
                f'<path class="{_classes("line", style)}" d="M{" L".join(places)}"/>'
            )

    def band(self, lower: Sequence[Point], upper: Sequence[Point], style: str = "") -> None:
        """Fill what lies between two lines."""
        places = [self._place(point) for point in (*lower, *reversed(upper))]
        self._marks.append(f'<path class="{_classes("band", style)}" d="M{" L".join(places)}Z"/>')

    def points(self, points: Iterable[Point], style: str = "") -> None:
        """Draw dots."""
        for point in points:
            x, y = self._place(point).split()
            self._marks.append(
                f'<circle class="{_classes("dot", style)}" cx="{x}" cy="{y}" r="3"/>'
            )

    def rectangle(self, low: Point, high: Point, style: str = "", opacity: float = 1.0) -> None:
        """Fill a rectangle, given two opposite corners."""
        (left, bottom), (right, top) = (
            map(float, self._place(corner).split()) for corner in (low, high)
        )
        shade = "" if opacity >= 1 else f' fill-opacity="{opacity:.2f}"'
        self._marks.append(
            f'<rect class="{_classes("fill", style)}"{shade} x="{_number(left)}" y="{_number(top)}"'
            f' width="{_number(right - left)}" height="{_number(bottom - top)}"/>'
        )

    def svg(self) -> str:
        """Return the picture."""
        return "".join(
            [
                f'<svg class="chart" role="img" viewBox="0 0 {WIDTH} {HEIGHT}">',
                f"<title>{escape(self.title)}</title><desc>{escape(self.description)}</desc>",
                *self._frame(),
                *self._marks,
                "</svg>",
            ]
        )

    def _frame(self) -> Iterable[str]:
        right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
        for value in self.y.ticks(6):
            place = _number(self._up(value))
            yield f'<path class="grid" d="M{LEFT} {place}H{right}"/>'
            yield _text("tick end", LEFT - 5, self._up(value) + 4, self.y.write(value))
        for value in self.x.ticks():
            place = _number(self._right(value))
            yield f'<path class="grid" d="M{place} {TOP}V{bottom}"/>'
            yield _text("tick middle", self._right(value), bottom + 15, self.x.write(value))
        yield _text("name middle", (LEFT + right) / 2, HEIGHT - 6, self.x.label)
        yield _text("name middle", 11, (TOP + bottom) / 2, self.y.label, upright=True)

    def _place(self, point: Point) -> str:
        return f"{_number(self._right(point[0]))} {_number(self._up(point[1]))}"

    def _right(self, value: float) -> float:
        return LEFT + self.x.place(value) * (WIDTH - LEFT - RIGHT)

    def _up(self, value: float) -> float:
        return HEIGHT - BOTTOM - self.y.place(value) * (HEIGHT - TOP - BOTTOM)


def _classes(kind: str, style: str) -> str:
    return f"{kind} {style}".strip()


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _text(style: str, x: float, y: float, words: str, *, upright: bool = False) -> str:
    place = f'x="{_number(x)}" y="{_number(y)}"'
    turn = f' transform="rotate(-90 {_number(x)} {_number(y)})"' if upright else ""
    return f'<text class="{style}" {place}{turn}>{escape(words)}</text>'
