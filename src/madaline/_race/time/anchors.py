"""What networks of numbers start from: an anchor, to which they predict the difference, and a size.

Networks predict the difference to an anchor: the last known value, one that the season adds to, or
the forecast of Theta. Where series differ in size, differences are divided by the usual change of
the series. Which of these it is, the rows of a fit decide, each predicted from what was known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Self, final

import numpy as np

from madaline._base.codec import Positive, Share, Stored
from madaline._base.json_checks import OneOf, Whole
from madaline.nn.arrays import Array

MAX_LAG = 10_000  # rows back, and rows ahead, at most

NO_ANCHOR, LAST, SEASON, TREND, MEAN, THETA = "none", "last", "season", "trend", "mean", "theta"
"""What networks predict the difference to: nothing; the last known value; that of the season; the
last one with the season's next change; the mean of the latest; the forecast of Theta."""

TREND_SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)  # of the slope that Theta goes on with: those tried
_SMALL = 0.01  # share of rows whose series are smaller than one of zeros counts as
_USUAL_SHARE = 0.95  # of the errors by which anchors of series are compared
_WHOLE_WEIGHT = 2.0  # usual differences up to which rows count in full
_THETA_SEASONS = 8  # of which Theta sees the values
_THETA_ROWS = (20, 512)  # it sees so many, at least and at most
_MIN_SEASONS = 2  # that Theta must see

Rows = Annotated[int, Whole(1, MAX_LAG)]


@final
@dataclass(frozen=True)
class Anchor(Stored):
    """What networks of numbers predict the difference to."""

    kind: Annotated[str, OneOf((NO_ANCHOR, LAST, SEASON, TREND, MEAN, THETA))] = NO_ANCHOR
    lag: Rows = 1  # of the season, or how many rows the mean is of


@final
@dataclass(frozen=True)
class Size(Stored):
    """How the size of a series is measured, by which its values are divided."""

    # the usual change of so many of the latest rows; 0: values are not divided
    n_rows: Annotated[int, Whole(0, MAX_LAG)] = 0
    typical: Positive = 1.0  # of series of which nothing is known
    small: Positive = 1.0  # of series of zeros

    @classmethod
    def of(cls, n_rows: int, sizes: Array) -> Self:
        """Return the measure, given the sizes of some rows."""
        known = sizes[sizes > 0]
        if not len(known):
            return cls(n_rows)
        small, typical = np.quantile(known, (_SMALL, 0.5), method="nearest").tolist()
        return cls(n_rows, typical, small)

    def read(self, sizes: Array) -> Array:
        """Return sizes to divide by: none is zero or unknown."""
        known = np.where(np.isnan(sizes), self.typical, sizes)
        return np.where(known > 0, known, self.small)


@final
@dataclass(frozen=True)
class ThetaSettings(Stored):
    """The season that Theta takes out of values, and how much of their slope it goes on with."""

    season: Annotated[int, Whole(0, MAX_LAG)] = 0  # rows; one: without a season; 0: without Theta
    trend_share: Share = 0.5

    @property
    def n_rows(self) -> int:
        """How many of the latest rows Theta sees."""
        return int(np.clip(_THETA_SEASONS * self.season, *_THETA_ROWS)) if self.season else 0

    @property
    def sees_seasons(self) -> bool:
        """Whether it sees enough seasons."""
        return self.n_rows >= _MIN_SEASONS * self.season


def usual_error(errors: Array) -> float:
    """Return the mean absolute error, without the largest."""
    ranked = np.sort(np.abs(errors))
    return float(ranked[: max(1, int(_USUAL_SHARE * len(ranked)))].mean())


def weigh_differences(differences: Array) -> Array:
    """Return the weights of rows in training: rare, large differences count less.

    As in the loss of Huber (1964), a difference pulls no more than twice the usual one.

    >>> weigh_differences(np.array([1.0, -1.0, 0.5, 10.0, 1.0]))
    array([1. , 1. , 1. , 0.2, 1. ])
    """
    sizes = np.abs(differences)
    most = _WHOLE_WEIGHT * np.median(sizes)
    return np.where(sizes > most, most / np.where(sizes > 0, sizes, 1), 1.0)
