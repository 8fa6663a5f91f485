"""Rows of series that are far from what was expected of them: outliers, shifts, broken sensors.

Each row is predicted from those before it, and is an anomaly where its value is outside of the
prediction interval of nearly all rows. The value of an anomaly is not known to the rows after it:
else each of them would be one, too. A shift is found where it begins.
"""

from __future__ import annotations

from dataclasses import replace
from numbers import Real
from typing import Any

import numpy as np

from madaline._base.words import format_count
from madaline._models.runtime.forecast import check_past, places_of
from madaline._models.runtime.given_rows import given_rows
from madaline._models.runtime.predictor import Predictor
from madaline._race.evaluation.conformal import PredictionIntervals
from madaline._race.time.lags import STEPS_AHEAD
from madaline._race.time.past import Past
from madaline._tables.column import to_column
from madaline._tables.table import Table
from madaline.errors import InputError
from madaline.nn.arrays import Array

_MAX_PASSES = 24  # over the rows: so many anomalies in a row are found
_MIN_ROWS = 20  # of a series, by which its usual error is known
_MOST = 0.8  # share of rows by which intervals are compared with what came
ROW, EXPECTED = "row", "expected"
"""Columns of anomalies: which of the rows given each is, and what was predicted."""


def find_anomalies(predictor: Predictor, rows: Any, given: Any, rate: float) -> dict[str, Array]:
    """Return the rows whose values are outside of their intervals, in the order of the table.

    `InputError` where the model has no lags or predicts classes, or rows lack the target.
    """
    past, conformal = check_past(predictor.past), predictor.conformal
    target = past.lags.target
    if not isinstance(conformal, PredictionIntervals):
        raise InputError("Anomalies are told of one number, not of classes or quantiles.")
    if not (isinstance(rate, Real) and 0 < rate < 1):
        raise InputError("rate is {rate!r}: give a share between 0 and 1, such as 0.01.", rate=rate)
    table = _read(predictor, past, rows, given)
    coverage = min(1 - rate, conformal.max_coverage)
    values, codes = past.lags.read_values(table)[:, 0], _series_codes(past, table)
    bounds, expected = np.full((len(values), 2), np.nan), np.full(len(values), np.nan)
    found, candidates = np.zeros(len(values), np.bool_), ~np.isnan(values)
    for _ in range(min(past.lags.horizon, _MAX_PASSES)):
        seen = table.replaced({target: np.where(found, np.nan, values)})
        made = _without(past, table, found).add(seen)
        known = ~np.isnan(values) & ~found & _has_past(past, made)
        center, limits = _limits(predictor, made, coverage, values, codes, known)
        outside = known & candidates & ((values < limits[:, 0]) | (values > limits[:, 1]))
        first = _is_first(past, table, codes, outside)
        if not first.any():
            break
        bounds[first], expected[first] = limits[first], center[first]
        found, candidates = found | first, outside
    return _told(past, table, found, values, expected, bounds)


def _read(predictor: Predictor, past: Past, rows: Any, given: Any) -> Table:
    """Return rows with their values, as they are looked at."""
    target = past.lags.target
    table = given_rows(rows, predictor.encoder, past.read)
    if not table.n_samples:
        raise InputError("There are no rows to look at: give some.")
    if given is not None:
        column = to_column(target, given)
        if len(column) != table.n_samples:
            raise InputError(
                "y has {n_given:,} values, but X has {rows}: give one for each.",
                n_given=len(column),
                rows=format_count(table.n_samples, "row"),
            )
        table = table.replaced({target: column})
    if target not in table:
        raise InputError(
            "The rows lack {target!r}, whose values are looked at: add it.", target=target
        )
    return table


def _limits(
    predictor: Predictor, made: Table, coverage: float, values: Array, codes: Array, known: Array
) -> tuple[Array, Array]:
    """Return predictions of rows, and intervals as wide as each series needs."""
    encoded = predictor.encode(made)
    center = predictor.predict(encoded)
    most, reach = (
        predictor.predict_interval(encoded, share) - center[:, None] for share in (_MOST, coverage)
    )
    spread = _spread(values - center, most, codes, known)
    return center, center[:, None] + reach * spread[:, None]


def _series_codes(past: Past, table: Table) -> Array:
    return np.unique(past.lags.read_series(table).astype(str), return_inverse=True)[1]


def _has_past(past: Past, made: Table) -> Array:
    """Return of which rows the longest lag is known, and is near enough."""
    lags = past.lags
    change = made[lags.each[0].change(max(lags.rows))]
    near = made[STEPS_AHEAD] <= lags.horizon if lags.several_steps else True
    return ~np.isnan(change.astype(np.float64)) & near


def _spread(apart: Array, reach: Array, codes: Array, known: Array) -> Array:
    """Return by what intervals that hold most rows must be wider in each row's series; at least 1.

    A series with few rows is taken to be like all together.
    """
    shares = np.abs(apart) / np.maximum(
        np.where(apart < 0, -reach[:, 0], reach[:, 1]), np.finfo(float).tiny
    )
    usual = np.quantile(shares[known], _MOST) if known.any() else 1.0
    factors = np.full(codes.max() + 1, usual)
    for code in range(len(factors)):
        own = shares[known & (codes == code)]
        if len(own) >= _MIN_ROWS:
            factors[code] = np.quantile(own, _MOST)
    return np.maximum(factors, 1.0)[codes]


def _without(past: Past, table: Table, found: Array) -> Past:
    """Return the past without the values of some rows of a table."""
    lags, kept = past.lags, past.kept
    if not found.any():
        return past
    gone = set(zip(lags.read_series(table)[found], lags.read_times(table)[found], strict=True))
    names = np.array(kept.names, dtype=object)[kept.series]
    hidden = [place in gone for place in zip(names, kept.times, strict=True)]
    values = kept.values.copy()
    values[np.array(hidden, np.bool_), 0] = np.nan
    return replace(past, kept=replace(kept, values=values))


def _is_first(past: Past, table: Table, codes: Array, outside: Array) -> Array:
    """Return which rows are the first of their series that are outside, behind none that is."""
    order = np.lexsort((past.lags.read_times(table), codes))
    run = outside[order]
    behind = np.concatenate([[False], run[:-1] & (codes[order][1:] == codes[order][:-1])])
    first = np.empty(len(outside), np.bool_)
    first[order] = run & ~behind
    return first


def _told(
    past: Past, table: Table, found: Array, values: Array, expected: Array, bounds: Array
) -> dict[str, Array]:
    """Return anomalies as columns."""
    target, rows = past.lags.target, np.flatnonzero(found)
    places = places_of(past.lags, table.take(rows), np.ones(len(rows)))
    del places[STEPS_AHEAD]
    taken = [name for name in (ROW, EXPECTED) if name in (*places, target)]
    if taken:
        raise InputError(
            "A column is named {name!r}, as one of the answer: rename it.", name=taken[0]
        )
    told = {target: values[rows], EXPECTED: expected[rows]}
    told |= {f"{target}_low": bounds[rows, 0], f"{target}_high": bounds[rows, 1]}
    return {ROW: rows, **places, **told}
