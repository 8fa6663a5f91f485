"""A figure is two axes and what is drawn between them, as data; a renderer makes a picture of it.

There are two renderers: `charts.svg` for self-contained pages, `plots.drawing` for matplotlib.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from madaline._charts.axis import Axis
from madaline.nn.arrays import Array

REFERENCE, OTHER = "reference", "other"
"""Styles of lines: dashed, to compare with; and gray, for what stands back. Others are colors."""

COLORS = ("s0", "s1", "s2", "s3", "s4")
"""Styles of series that have a color of their own."""


@dataclass(frozen=True, eq=False)
class Line:
    """A line through points, shape (n_points,) each, perhaps with a dot at each (final).

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


@dataclass(frozen=True, eq=False)
class Band:
    """The area between two lines, shape (n_points,) each, in the color of a style (final)."""

    x: Array
    lower: Array
    upper: Array
    opacity: float
    style: str = COLORS[0]


@dataclass(frozen=True, eq=False)
class Bars:
    """A histogram: edges of shape (n_bins + 1,), counts of shape (n_bins,) (final)."""

    edges: Array
    counts: Array


@dataclass(frozen=True, eq=False)
class Cells:
    """A histogram of two numbers with the same edges (final).

    The counts, of shape (n_bins, n_bins), have a row for each bin of `y`, a column for each of `x`.
    """

    edges: Array
    counts: Array

    @property
    def shades(self) -> Array:
        """From 0 to 1; square roots of the counts, so that small ones are seen, too."""
        return np.asarray(np.sqrt(self.counts / max(1, self.counts.max())))


Mark = Line | Band | Bars | Cells


@dataclass(frozen=True, eq=False)
class Figure:
    """A figure (final): later marks are drawn above earlier ones.

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
