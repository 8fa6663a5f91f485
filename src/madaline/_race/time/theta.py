"""Theta: what the level, the trend and the season of the latest values of a series forecast.

The season is divided out of the values, or subtracted where they are not all positive. The level
follows what is left by exponential smoothing, and half of its trend is added for each row ahead.
This won the M3 competition of 3,003 series; networks that start from it learn what it misses.

Assimakopoulos and Nikolopoulos (2000), "The theta model: a decomposition approach to forecasting",
International Journal of Forecasting 16; in the form of Hyndman and Billah (2003), "Unmasking the
Theta method", the same journal, 19. Effects of the season are shrunk as far as they may be chance:
Miller and Williams (2003), "Shrinkage estimators of time series seasonal factors", there as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self, final

import numpy as np

from madaline.nn.arrays import Array

_ALPHAS = np.array([0.1, 0.3, 0.5, 0.7, 0.9])  # shares of an error that the level takes up
_MIN_SEASONS = 2  # that tell what a season adds
_LEAST_EFFECT = -0.9  # of a season that multiplies: no value is divided by nearly nothing
_MIN_KNOWN = 0.5  # share of the values of a season whose mean is the level within it


@final
@dataclass(frozen=True, eq=False)
class Theta:
    """Level, trend and season of windows of values, as they are at the last rows."""

    level: Array  # (n_windows,)
    trend: Array  # (n_windows,): what is added for each row ahead
    slope: Array  # (n_windows,): of the line of least squares
    # (n_windows, n_season): the effect of the row so many behind the last one, as a share of the
    # level where it is multiplied by it
    effects: Array
    multiplied: Array  # bool (n_windows,)

    @classmethod
    def of(cls, values: Array, n_season: int, trend_share: float = 0.5) -> Self:
        """Return what is in windows of values, (n_windows, n_rows), NaN where unknown.

        >>> values = np.tile([2.0, 4.0], 8)[None] + 0.1 * np.arange(16)
        >>> theta = Theta.of(values, 2)
        >>> np.round(theta.ahead(np.zeros(2, int), np.array([1, 2])), 1).tolist()
        [3.3, 5.8]
        """
        multiplied = np.fmin.reduce(values, axis=1) > 0
        effects = _effects(values, multiplied[:, None], n_season)
        places = np.arange(values.shape[1])[::-1] % n_season
        spread = effects[:, places]
        plain = np.where(multiplied[:, None], values / (1 + spread), values - spread)
        slope = _slope(plain)
        trend = trend_share * slope
        return cls(_level(plain, trend), trend, slope, effects, multiplied)

    def ahead(self, windows: Array, steps: Array) -> Array:
        """Return the forecasts of windows, so many steps ahead of their last rows."""
        plain = self.level[windows] + steps * self.trend[windows]
        effect = self.effects[windows, -steps % self.effects.shape[1]]
        return np.asarray(np.where(self.multiplied[windows], plain * (1 + effect), plain + effect))


def _effects(values: Array, multiplied: Array, n_season: int) -> Array:
    """Return the effects of the places of a season, (n_windows, n_season); zeros where unknown."""
    n_rows = values.shape[1]
    if n_season == 1 or n_rows < n_season + 2:
        return np.zeros((len(values), n_season))
    apart = _apart(values, multiplied, n_season)  # (n_windows, n_rows)
    usable = ~np.isnan(apart)
    apart = np.where(usable, apart, 0)
    places = np.arange(n_rows)[::-1] % n_season
    counts = _sums_of_places(usable, places, n_season)
    effects = _sums_of_places(apart, places, n_season) / np.maximum(counts, 1)
    mean = effects.mean(axis=1, keepdims=True)
    effects = (effects - mean) / np.where(multiplied, 1 + mean, 1)
    left = np.where(usable, apart - effects[:, places], 0)
    freedom = np.maximum(counts.sum(axis=1) - n_season, 1)
    chance = np.square(left).sum(axis=1) / freedom / np.maximum(counts.mean(axis=1), 1)
    variance = np.square(effects).sum(axis=1) / (n_season - 1)
    kept = np.clip(1 - chance / np.where(variance > 0, variance, 1), 0, 1)
    told = np.sum(~np.isnan(values), axis=1) >= _MIN_SEASONS * n_season
    effects = effects * np.where(told, kept, 0)[:, None]
    return np.asarray(np.where(multiplied, np.maximum(effects, _LEAST_EFFECT), effects))


def _apart(values: Array, multiplied: Array, n_season: int) -> Array:
    """Return how far values are from the mean of the season around them; NaN where unknown."""
    known = ~np.isnan(values)
    weights = np.convolve(np.ones(n_season), [1.0] if n_season % 2 else [0.5, 0.5]) / n_season
    n_means, first = values.shape[1] - len(weights) + 1, len(weights) // 2
    share, total = np.zeros((2, len(values), n_means))
    for row, weight in enumerate(weights):
        share += weight * known[:, row : row + n_means]
        total += weight * np.where(known, values, 0)[:, row : row + n_means]
    begun = np.logical_or.accumulate(known, axis=1)[:, :n_means]
    level = np.where(begun & (share >= _MIN_KNOWN), total / np.where(share > 0, share, 1), np.nan)
    apart = np.full_like(values, np.nan)
    middle = slice(first, first + n_means)
    apart[:, middle] = (values[:, middle] - level) / np.where(multiplied, level, 1)
    return apart


def _sums_of_places(values: Array, places: Array, n_season: int) -> Array:
    """Return the sums over the rows of each place of a season, (n_windows, n_season)."""
    sums = [values[:, places == place].sum(axis=1) for place in range(n_season)]
    return np.stack(sums, axis=1).astype(np.float64)


def _slope(values: Array) -> Array:
    """Return the slope of the line of least squares through known values, (n_windows,)."""
    known = ~np.isnan(values)
    counts = np.maximum(known.sum(axis=1, keepdims=True), 1)
    rows = np.where(known, np.arange(float(values.shape[1])), 0)
    rows = np.where(known, rows - rows.sum(axis=1, keepdims=True) / counts, 0)
    spread = np.square(rows).sum(axis=1)
    return np.asarray(
        (rows * np.where(known, values, 0)).sum(axis=1) / np.where(spread > 0, spread, 1)
    )


def _level(values: Array, trend: Array) -> Array:
    """Return the level at the last rows, smoothed as predicts the values of each window best."""
    level = np.full((len(values), len(_ALPHAS)), np.nan)
    errors = np.zeros_like(level)
    for value in values.T[:, :, None]:  # (n_windows, 1)
        expected = level + trend[:, None]
        expected = np.where(np.isnan(expected), value, expected)  # the first one
        error = np.where(np.isnan(value), 0, value - expected)
        errors += np.square(error)
        level = expected + _ALPHAS * error
    return np.take_along_axis(level, errors.argmin(axis=1)[:, None], axis=1)[:, 0]
