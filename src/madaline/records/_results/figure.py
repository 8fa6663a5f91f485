"""A figure is two axes and what is drawn between them, as data; a renderer makes a picture of it.

There are two renderers: `records._results.html` for self-contained pages, `_tell.plots.drawing` for
matplotlib.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, final

import numpy as np

from madaline._base.words import MAX_MOMENT, format_moment
from madaline._tables.formats.number_format import PLAIN, NumberFormat
from madaline.nn.arrays import Array

_DIGITS = ((1,), (1, 2, 5), (1, 2, 3, 5), (1, 1.5, 2, 3, 5, 7))
"""First digits of the ticks of a logarithmic axis: about evenly spread, ever denser."""

Unit = Literal["number", "share", "moment", "year"]
"""Shares are written as percentages, moments (seconds since 1970) as dates, years as 1999."""

REFERENCE, OTHER = "reference", "other"
"""Styles of lines: dashed, to compare with; and gray, for what stands back. Others are colors."""

COLORS = ("s0", "s1", "s2", "s3", "s4")  # styles of series that have a color of their own


@final
@dataclass(frozen=True)
class Axis:
    """From a value to a position, and the round numbers that are written at an axis."""

    low: float  # above zero where it is logarithmic
    high: float
    label: str
    logarithmic: bool = False  # whether equal ratios are equally far apart
    unit: Unit = "number"
    names: tuple[str, ...] = ()  # of the whole numbers from 0 up, where things have a place each
    written: NumberFormat = PLAIN  # how its numbers are, in their unit

    @classmethod
    def around(cls, values: Iterable[float], label: str, **settings: Any) -> Axis:
        """Return an axis that holds some numbers; those that are not finite do not count."""
        finite = [float(value) for value in values if math.isfinite(value)]
        low, high = max(-_MOST, min(finite, default=0.0)), min(_MOST, max(finite, default=1.0))
        if low == high:
            low, high = low - 0.5, high + 0.5
        return cls(low, high, label, **settings)

    @classmethod
    def of_share(cls, label: str) -> Axis:
        """Return an axis from 0 to 100%."""
        return cls(0.0, 1.0, label, unit="share")

    def position(self, value: float) -> float:
        """Return where a value lies, 0 at the low end and 1 at the high one, never beyond."""
        if self.logarithmic:
            value = max(value, self.low)
            share = math.log(value / self.low) / math.log(self.high / self.low)
        else:
            share = (value - self.low) / (self.high - self.low)
        return min(1.0, max(0.0, share)) if math.isfinite(share) else 1.0

    def ticks(self, most: int = 5) -> list[float]:
        """Return round numbers, or dates, within the range, at most so many."""
        if self.names:
            return list(map(float, range(len(self.names))))
        if self.unit == "moment" and (moments := _moments(self.low, self.high, most)):
            return moments
        ticks = self._ratios(most) if self.logarithmic else []
        size = math.floor(math.log10(self.high - self.low))
        for step in (digit * 10.0**power for power in (size - 1, size) for digit in (1, 2, 5)):
            if len(ticks) >= 2:
                break
            first, last = self.low / step - 1e-9, self.high / step + 1e-9
            ticks = [
                float(f"{k * step:.10g}") for k in range(math.ceil(first), math.floor(last) + 1)
            ]
            if len(ticks) > most:
                ticks = []
        return ticks[:: -(-len(ticks) // most)] if ticks else [self.low, self.high]

    def write(self, value: float) -> str:
        """Return a value in few characters."""
        if self.names:
            return self.names[round(value)]
        if self.unit == "share":
            return f"{100 * value:.3g}%"
        if self.unit == "moment":
            text = format_moment(value, within=self.high - self.low)
            return text.removesuffix("-01-01") if self.high - self.low > _YEARS else text
        if self.written.power:  # which k or M would not suit
            return self.written.show(value, 4)
        is_year = self.unit == "year" or (self.low >= _FIRST_YEAR and self.high <= _LAST_YEAR)
        return self.written.with_unit(f"{value:.4g}" if is_year else _short(value))

    def _ratios(self, most: int) -> list[float]:
        """Return powers of ten, and round numbers between them as long as they are not too many."""
        powers = range(math.floor(math.log10(self.low)), math.floor(math.log10(self.high)) + 1)
        chosen: list[float] = []
        for digits in _DIGITS:
            ticks = [float(f"{digit}e{power}") for power in powers for digit in digits]
            within = [tick for tick in ticks if self.low <= tick <= self.high]
            chosen = within if len(within) <= most or not chosen else chosen
        return chosen


_YEARS = 1e8  # seconds; the first day of a year is written as the year on longer axes
_FIRST_YEAR, _LAST_YEAR = 1700, 2100  # numbers between them are most often years
_MOST = 4e307  # of which an axis may have both signs: the length of a longer one overflows

_STEPS = (
    *(("Y", years) for years in (100, 50, 20, 10, 5, 2, 1)),
    *(("M", months) for months in (6, 3, 1)),
    *(("D", days) for days in (14, 7, 2, 1)),
    *(("h", hours) for hours in (12, 6, 3, 1)),
    *(("m", minutes) for minutes in (30, 10, 5, 1)),
)
"""Lengths of time between the ticks of an axis of moments."""


def _moments(low: float, high: float, most: int) -> list[float]:
    """Return evenly spread dates or hours as seconds since 1970, none where the range is short."""
    ends = np.array([low, high]).clip(-MAX_MOMENT, MAX_MOMENT).astype("datetime64[s]")
    for unit, step in _STEPS:
        first, last = ends.astype(f"datetime64[{unit}]").astype(np.int64)
        steps = np.arange(-(-first // step), last // step + 1) * step
        seconds = steps.astype(f"datetime64[{unit}]").astype("datetime64[s]").astype(np.float64)
        ticks: list[float] = seconds[(low <= seconds) & (seconds <= high)].tolist()
        if len(ticks) > 2:
            return ticks[:: -(-len(ticks) // most)]
    return []


def _short(value: float) -> str:
    """Return a number in few characters, such as 2,500, 12.5k, 2M or 3e-07."""
    size = abs(value)
    for unit, name, least in ((1e9, "G", 1e9), (1e6, "M", 1e6), (1e3, "k", 1e4)):
        if least <= size < 1e12:
            return f"{value / unit:.4g}{name}"
    return f"{value:,.0f}" if 1000 <= size < 1e4 else f"{value:.4g}"


@final
@dataclass(frozen=True, eq=False)
class Line:
    """A line through points, shape (n_points,) each, perhaps with a dot at each.

    Of one point, only the dot is drawn. `x` may be of datetime64; the label is for the legend.
    """

    x: Array
    y: Array
    style: str
    label: str = ""
    dots: bool = False

    @classmethod
    def reference(cls, x: tuple[float, float], y: tuple[float, float]) -> Line:
        """Return a straight line to compare with."""
        return cls(np.array(x), np.array(y), REFERENCE)


@final
@dataclass(frozen=True, eq=False)
class Band:
    """The area between two lines, shape (n_points,) each, in the color of a style."""

    x: Array
    lower: Array
    upper: Array
    opacity: float
    style: str = COLORS[0]


@final
@dataclass(frozen=True, eq=False)
class Bars:
    """A histogram: edges of shape (n_bins + 1,), counts of shape (n_bins,)."""

    edges: Array
    counts: Array


@final
@dataclass(frozen=True, eq=False)
class Cells:
    """A histogram of two numbers with the same edges.

    The counts, of shape (n_bins, n_bins), have a row for each bin of `y`, a column for each of `x`.
    """

    edges: Array
    counts: Array

    @property
    def shades(self) -> Array:
        """From 0 to 1; square roots of the counts, so that small ones are seen, too."""
        return np.asarray(np.sqrt(self.counts / max(1, self.counts.max())))


Mark = Line | Band | Bars | Cells


@final
@dataclass(frozen=True, eq=False)
class Figure:
    """A figure: later marks are drawn above earlier ones.

    The description is for screen readers, the caption helps to read the figure.
    """

    title: str
    description: str
    caption: str
    x: Axis
    y: Axis
    marks: tuple[Mark, ...]

    @property
    def legend(self) -> list[Line]:
        """The lines that have a name."""
        return [mark for mark in self.marks if isinstance(mark, Line) and mark.label]
