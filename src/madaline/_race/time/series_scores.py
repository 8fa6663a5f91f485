"""Scores of series of different sizes, each on its own scale: else the largest ones decide them.

The mean absolute scaled error (MASE) of a series is its mean absolute error, divided by that of
repeating the value a season before within the rows of the series.

Hyndman and Koehler (2006), "Another look at measures of forecast accuracy", International Journal
of Forecasting 22.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, final

import numpy as np

from madaline._base.codec import Finite, Share, Stored
from madaline._base.json_checks import Number, Text, Whole
from madaline.nn.arrays import Array

_MIN_RATIO = 10.0  # of the size of the largest series to that of the smallest


@final
@dataclass(frozen=True)
class SeriesScores(Stored):
    """How series of different sizes are predicted, beside the seasonal naive forecast."""

    name: Annotated[str, Text(1000)]  # the column that tells series apart
    n_series: Annotated[int, Whole(1, 2**53)]  # that have scores
    ratio: Annotated[float, Number(1)]  # of the mean absolute value of the largest to the smallest
    season: Annotated[int, Whole(1, 2**53)]  # rows, 1 where the last known value is repeated
    scaled_error: Finite  # MASE of the networks, the mean over series
    naive_error: Finite  # that of the seasonal naive forecast, of the same rows
    won: Share  # share of series that the networks predict better than that
    divided: bool = False  # whether networks learned each series on its own scale

    @property
    def naive(self) -> str:
        """The simple forecast, by its name."""
        return "last known value" if self.season == 1 else "seasonal naive forecast"


def score_series(
    name: str,
    series: Array,  # (n_rows,): the names of all rows, as they were given
    times: Array,  # (n_rows,)
    target: Array,  # (n_rows,)
    rows: Array,  # int (n_evaluated,): which rows were evaluated
    predicted: Array,  # (n_evaluated,)
    naive: Mapping[int, Array],  # by lag, the forecast that repeats what was known: the best counts
) -> SeriesScores | None:
    """Return the scores of series whose sizes differ tenfold; None of others.

    >>> series, times = np.repeat(["a", "b"], 8), np.tile(np.arange(8.0), 2)
    >>> target = np.where(series == "a", 1.0, 1000.0) * (1 + times % 2 + times / 9)
    >>> rows = np.arange(2, 16)
    >>> naive = {1: np.roll(target, 1)[rows], 2: np.roll(target, 2)[rows]}
    >>> score_series("shop", series, times, target, rows, target[rows] + 3, naive).won
    0.5
    """
    codes = np.unique(series, return_inverse=True)[1]
    sizes = _means(codes, np.abs(target), codes.max() + 1)
    sizes = sizes[sizes > 0]
    if len(sizes) < 2 or sizes.max() < _MIN_RATIO * sizes.min():
        return None
    order = np.lexsort((times, codes))
    known = ~np.isnan([*naive.values()]).any(axis=0)

    def errors(forecast: Array) -> Array:
        apart = np.abs(forecast - target[rows])
        return _means(codes[rows][known], apart[known], codes.max() + 1)

    simple = {lag: errors(forecast) for lag, forecast in naive.items()}
    season = min(simple, key=lambda lag: _usual_ratio(simple[lag], simple[min(simple)]))
    scales = _scales(codes[order], target[order], season)
    each = np.stack([errors(predicted), simple[season]])
    scored = (scales > 0) & ~np.isnan(each[0])
    if not scored.any():
        return None
    scaled = (each[:, scored] / scales[scored]).mean(axis=1)
    return SeriesScores(
        name,
        int(scored.sum()),
        float(sizes.max() / sizes.min()),
        season,
        float(scaled[0]),
        float(scaled[1]),
        float(np.mean(each[0, scored] < each[1, scored])),
    )


def _scales(codes: Array, target: Array, lag: int) -> Array:
    """Return the mean absolute change over so many rows of each series, in the order of time."""
    same = codes[lag:] == codes[:-lag]
    changes = np.abs(target[lag:] - target[:-lag])
    return _means(codes[lag:][same], changes[same], int(codes.max()) + 1)


def _usual_ratio(scales: Array, others: Array) -> float:
    known = (scales >= 0) & (others > 0)
    return float(np.median(scales[known] / others[known])) if known.any() else np.inf


def _means(codes: Array, values: Array, number: int) -> Array:
    """Return the mean of the values of each series, NaN where it has none."""
    counts = np.bincount(codes, minlength=number)
    sums = np.bincount(codes, values, number)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
