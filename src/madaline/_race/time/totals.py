r"""Totals of series: sums of their forecasts, with intervals that know how errors go together.

A total is the sum of the forecasts of its series, so that all levels add up. The half-widths
:math:`w_i` of their intervals make that of the total,

.. math:: w^2 = (1 - \rho) \sum_i w_i^2 + \rho \Big(\sum_i w_i\Big)^2,

where :math:`\rho` is the correlation of the errors of two series at the same time. It is the same
for all pairs, since single ones are chance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from madaline.nn.arrays import Array

ALL = "(all)"
"""The level of a column over which a total is the sum."""


def error_correlation(
    codes: Array,  # int (n_rows,): which series each row is of
    times: Array,  # (n_rows,)
    errors: Array,  # (n_rows,)
) -> float:
    """Return the correlation of the errors of two series at the same time, from 0 to 1.

    >>> times = np.repeat(np.arange(50), 2)
    >>> errors = np.repeat(np.random.default_rng(0).normal(size=50), 2)
    >>> round(error_correlation(np.tile([0, 1], 50), times, errors), 2)
    1.0
    """
    moments = np.unique(times, return_inverse=True)[1]
    scales = np.sqrt(np.bincount(codes, np.square(errors)) / np.maximum(np.bincount(codes), 1))
    errors = errors / np.where(scales > 0, scales, 1)[codes]
    counts, sums = np.bincount(moments), np.bincount(moments, errors)
    squares = np.bincount(moments, np.square(errors))
    n_pairs = np.sum(counts * (counts - 1.0))
    return float(np.clip(np.sum(sums**2 - squares) / n_pairs, 0, 1)) if n_pairs else 0.0


def with_totals(
    forecast: Mapping[str, Array],  # columns of (n_rows,): series, time, steps, target and bounds
    series: Sequence[str],  # the columns that tell series apart, from the top down
    target: str,
    when: str,  # the column of times, or of steps ahead
    correlation: float,
) -> dict[str, Array]:
    """Return a forecast with the totals of each level, the total of all series first.

    Times at which one of the series has no row have no total.
    """
    levels = range(len(series))
    parts = [_totals(forecast, series, number, target, when, correlation) for number in levels]
    return {name: np.concatenate([part[name] for part in (*parts, forecast)]) for name in forecast}


def _totals(
    forecast: Mapping[str, Array],
    series: Sequence[str],
    n_told: int,
    target: str,
    when: str,
    correlation: float,
) -> dict[str, Array]:
    """Return the totals of the series that agree in so many of their columns."""
    parents = _codes([forecast[name] for name in series[:n_told]], len(forecast[target]))
    groups = _codes([parents, forecast[when]], len(parents))
    _, first, counts = np.unique(groups, return_index=True, return_counts=True)
    most = np.zeros(parents.max() + 1)
    np.maximum.at(most, parents[first], counts)
    complete = counts == most[parents[first]]
    level = {name: values[first] for name, values in forecast.items()}
    level |= {name: np.full(len(first), ALL, dtype=object) for name in series[n_told:]}
    values = np.asarray(forecast[target], np.float64)
    level[target] = np.bincount(groups, values)
    for name, sign in ((f"{target}_low", -1), (f"{target}_high", 1)):
        width = np.maximum(sign * (forecast[name] - values), 0)
        alone, together = np.bincount(groups, width**2), np.bincount(groups, width) ** 2
        width = np.sqrt((1 - correlation) * alone + correlation * together)
        level[name] = level[target] + sign * width
    return {name: column[complete] for name, column in level.items()}


def _codes(columns: Sequence[Array], n_rows: int) -> Array:
    """Return the number of the values that some columns have together, int (n_rows,)."""
    codes = np.zeros(n_rows, np.int64)
    for column in columns:
        levels = np.unique(column, return_inverse=True)[1]
        codes = np.unique(codes * (levels.max() + 1) + levels, return_inverse=True)[1]
    return codes
