"""Scores of several series, each on its own scale: else the largest ones decide them.

The mean absolute scaled error (MASE) of a series is its mean absolute error, divided by that of
repeating the value a season before within the rows of the series.

Hyndman and Koehler (2006), "Another look at measures of forecast accuracy", International Journal
of Forecasting 22.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, final

import numpy as np

from madaline._base.codec import Finite, Items, Share, Stored
from madaline._base.json_checks import Number, Text, Whole
from madaline.nn.arrays import Array

_MIN_RATIO = 10.0  # of the size of the largest series to that of the smallest, to be worth a word
_N_HARDEST = 3  # series with the largest errors that are named
_FEWEST_WITH_HARDEST = 6  # series, from which on some are the hardest


@final
@dataclass(frozen=True)
class SeriesError(Stored):
    """How one series is predicted."""

    name: Annotated[str, Text(10_000)]
    scaled_error: Finite
    naive_error: Finite


@final
@dataclass(frozen=True)
class SeriesScores(Stored):
    """How several series are predicted, beside simple forecasts of the same rows."""

    name: Annotated[str, Text(1000)]  # the column that tells series apart
    n_series: Annotated[int, Whole(1, 2**53)]  # that have scores
    ratio: Annotated[float, Number(1)]  # of the mean absolute value of the largest to the smallest
    season: Annotated[int, Whole(1, 2**53)]  # rows, 1 where the last known value is repeated
    scaled_error: Finite  # MASE of the model, the mean over series
    naive_error: Finite  # that of the seasonal naive forecast
    won: Share  # share of series that the model predicts better than that
    divided: bool = False  # whether networks learned each series on its own scale
    standard_error: Annotated[float, Number(0)] = 0.0  # of the mean over series
    theta_error: Finite | None = None  # that of Theta alone; None where it is not at hand
    # share of series that are predicted best by the model, by the naive forecast and by Theta
    best: Annotated[tuple[Share, ...], Items(most=3)] = ()
    hardest: Annotated[tuple[SeriesError, ...], Items(most=_N_HARDEST)] = ()

    @property
    def naive(self) -> str:
        """The simple forecast, by its name."""
        return "last known value" if self.season == 1 else "seasonal naive forecast"

    @property
    def is_unexpected(self) -> bool:
        """Whether the simple forecast is as good, or the largest series decided what is learned."""
        as_good = self.scaled_error >= self.naive_error
        return as_good or (self.differ_in_size and not self.divided)

    @property
    def differ_in_size(self) -> bool:
        """Whether the largest series decide errors in the unit of the target."""
        return self.ratio >= _MIN_RATIO


def score_series(
    name: str,
    series: Array,  # (n_rows,): the names of all rows, as they were given
    times: Array,  # (n_rows,)
    target: Array,  # (n_rows,)
    rows: Array,  # int (n_evaluated,): which rows were evaluated
    predicted: Array,  # (n_evaluated,)
    naive: Mapping[int, Array],  # by lag, the forecast that repeats what was known: the best counts
    theta: Array | None = None,  # (n_evaluated,): the forecast of Theta
) -> SeriesScores | None:
    """Return the scores of several series; None of one, or where their values never change.

    >>> series, times = np.repeat(["a", "b"], 8), np.tile(np.arange(8.0), 2)
    >>> target = np.where(series == "a", 1.0, 1000.0) * (1 + times % 2 + times / 9)
    >>> rows = np.arange(2, 16)
    >>> naive = {1: np.roll(target, 1)[rows], 2: np.roll(target, 2)[rows]}
    >>> score_series("shop", series, times, target, rows, target[rows] + 3, naive).best
    (0.5, 0.5)
    """
    names, codes = np.unique(series, return_inverse=True)
    sizes = _means(codes, np.abs(target), len(names))
    sizes = sizes[sizes > 0]
    if len(sizes) < 2:
        return None
    known = ~np.isnan([*naive.values()]).any(axis=0)

    def errors(forecast: Array) -> Array:
        apart = np.abs(forecast - target[rows])
        return _means(codes[rows][known], apart[known], len(names))

    simple = {lag: errors(forecast) for lag, forecast in naive.items()}
    season = min(simple, key=lambda lag: _usual_ratio(simple[lag], simple[min(simple)]))
    order = np.lexsort((times, codes))
    scales = _scales(codes[order], target[order], season)
    each = [errors(predicted), simple[season], *([] if theta is None else [errors(theta)])]
    scored = (scales > 0) & ~np.isnan(each[0])
    if not scored.any():
        return None
    scaled = np.stack(each)[:, scored] / scales[scored]  # (n_forecasts, n_scored)
    ratio = float(sizes.max() / sizes.min())
    return _scores(
        SeriesScores(name, int(scored.sum()), ratio, season, 0, 0, 0), names[scored], scaled
    )


def _scores(scores: SeriesScores, names: Array, scaled: Array) -> SeriesScores:
    """Return scores with the scaled errors of the model, the naive forecast and Theta."""
    means = scaled.mean(axis=1).tolist()
    best = np.bincount(scaled.argmin(axis=0), minlength=len(scaled)) / len(names)
    return replace(
        scores,
        scaled_error=means[0],
        naive_error=means[1],
        won=float(np.mean(scaled[0] < scaled[1])),
        standard_error=_standard_error(scaled[0]),
        theta_error=means[2] if len(means) > 2 else None,
        best=tuple(best.tolist()),
        hardest=_hardest(names, scaled),
    )


def _hardest(names: Array, scaled: Array) -> tuple[SeriesError, ...]:
    """Return the series with the largest errors of the model, the hardest first."""
    if len(names) < _FEWEST_WITH_HARDEST:
        return ()
    order = np.argsort(-scaled[0], kind="stable")[:_N_HARDEST]
    return tuple(SeriesError(str(names[one]), *scaled[:2, one].tolist()) for one in order)


def _standard_error(errors: Array) -> float:
    return float(errors.std(ddof=1) / np.sqrt(len(errors))) if len(errors) > 1 else 0.0


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
