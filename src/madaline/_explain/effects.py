r"""The effect of a column: how predictions change along its values, the other columns unchanged.

*Accumulated local effects* change a row's value only to neighboring ones. Between two neighboring
edges :math:`z_{k-1}, z_k` the mean change of the predictions :math:`f` of the rows between them,

.. math:: d_k = \frac{1}{n_k} \sum_{z_{k-1} < x_i \le z_k} f(z_k, o_i) - f(z_{k-1}, o_i),

is accumulated to a curve; :math:`o_i` are the row's other columns. No row gets a value that is
implausible beside its other columns, and the effects of correlated columns stay apart (Apley and
Zhu, 2020, https://doi.org/10.1111/rssb.12377). A *partial dependence* gives every value to every
row, plausible or not (Friedman, 2001, https://doi.org/10.1214/aos/1013203451).

Categories have no neighbors. Each is compared with the most frequent one, on the rows of these two,
both halves weighted equally.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np

from madaline._data.column import is_missing
from madaline._data.table import Table
from madaline._explain.columns import as_table, encoder_of, spread_rows, values_of
from madaline._explain.effect import ACCUMULATED, PARTIAL, Effect
from madaline._explain.readout import Readout, readouts_of
from madaline._explain.scale import TARGET
from madaline._model import FittedModel
from madaline.errors import InputError
from madaline.nn.arrays import Array

MOST_ROWS = 2000
"""Rows used for accumulated effects, at most: evenly spread."""

PARTIAL_ROWS = 300
"""Rows used for a partial dependence, at most."""

ROWS_OF_LEVEL = 200
"""Rows used of a category, at most."""

MOST_LEVELS = 20
"""Categories compared, at most: the most frequent."""

FEWEST_ROWS = 30
"""Rows that a category needs to be compared, unless fewer than two have as many."""

Measure: TypeAlias = Callable[..., Array]
"""From rows, and perhaps other values of the column, to their readouts, (n_rows, n_readouts)."""


def effects(
    model: FittedModel,
    table: Table | Mapping[str, Any],
    column: str,
    *,
    output: Any = None,
    kind: str = ACCUMULATED,
    target_class: Any = None,
    scale: str | None = None,
    n_intervals: int = 20,
) -> Effect:
    """Return how predictions change along the values of a column.

    Parameters
    ----------
    model : FittedModel
        The model.
    table : Table or mapping of str to array
        Rows like those to be predicted.
    column : str
        A column that the model uses.
    output : str, float or int, optional
        Which of several targets or quantiles: its name, level or index.
    kind : {"accumulated", "partial"}, default="accumulated"
        Accumulated local effects, or partial dependence with a curve for each row.
    target_class : label, optional
        The class; by default the second of two, and of several the one with the largest effect.
    scale : {"probability", "log_odds"}, optional
        The unit for classes; probability by default.
    n_intervals : int, default=20
        Intervals between quantiles of a number, at most.

    Returns
    -------
    Effect
        The curve, and a sentence about it.

    Raises
    ------
    InputError
        If the model has no such column, or the table has fewer than two values of it.
    """
    table, model = as_table(table), model.of_output(output)
    encoder = encoder_of(model, column)
    if kind not in (ACCUMULATED, PARTIAL):
        raise InputError(f"kind is {kind!r}: choose {ACCUMULATED!r} or {PARTIAL!r}.")
    if n_intervals < 1:
        raise InputError(f"n_intervals is {n_intervals}: give a whole number from 1 up.")
    values = values_of(encoder, table[column])
    present = ~is_missing(values)
    table, values = table.take(present), values[present]
    grid, counts = _grid(values, n_intervals)
    if len(grid) < 2:
        raise InputError(
            f"The column {column} holds {len(grid)} different values in this table: give a table"
            " with at least two."
        )
    readouts = readouts_of(model, target_class, scale)
    measure, individual = _measure(model, column, readouts), None
    if kind == PARTIAL:
        table = spread_rows(table, PARTIAL_ROWS)
        individual = np.stack([measure(table, _filled(table, value)) for value in grid], axis=1)
        curves = individual.mean(axis=0)
    elif values.dtype == object:
        curves = _of_levels(measure, table, values, grid, counts)
    else:
        curves = _accumulated(measure, table, values, grid)
    largest = int(np.ptp(curves, axis=0).argmax())
    return Effect(
        column,
        kind,
        grid,
        counts,
        curves[:, largest],
        None if individual is None else individual[:, :, largest],
        readouts[largest],
        _constraint(model, column, readouts[largest]),
    )


def _constraint(model: FittedModel, column: str, readout: Readout) -> str:
    """Return how a model was constrained to move with a column; empty if it was not."""
    direction = model.summary.settings.get("monotone", {}).get(column, 0)
    if readout.scale != TARGET and readout.index == 0:  # the first of two classes
        direction = -direction
    verbs = {1: "fall", -1: "rise"}
    return f"It is constrained never to {verbs[direction]}." if direction else ""


def _measure(model: FittedModel, column: str, readouts: list[Readout]) -> Measure:
    def measure(rows: Table, replaced: Array | None = None) -> Array:
        if replaced is not None:
            rows = Table({**rows.columns, column: replaced})
        output = model.predictor.output(rows)
        return np.stack([readout.of_output(output) for readout in readouts], axis=1)

    return measure


def edges_of(values: Array, n_intervals: int) -> Array:
    """Return quantiles of some values, each an observed value, in strictly ascending order.

    Parameters
    ----------
    values : ndarray of shape (n_samples,)
        Numbers or moments, none missing.
    n_intervals : int
        Intervals between them, at most.

    Examples
    --------
    >>> edges_of(np.array([5.0, 1, 2, 3, 4, 4]), 3)
    array([1., 2., 4., 5.])
    """
    distinct = np.unique(values)
    if len(distinct) <= n_intervals + 1:
        return distinct
    ordered = np.sort(values)
    indices = np.ceil(np.linspace(0, 1, n_intervals + 1) * len(ordered)).astype(np.intp) - 1
    return np.unique(ordered[np.maximum(indices, 0)])


def _grid(values: Array, n_intervals: int) -> tuple[Array, Array]:
    """Return the values of the curve, and how many rows have each or lie in the interval below."""
    if values.dtype != object:
        edges = edges_of(values, n_intervals)
        if len(edges) < 2:
            return edges, np.full(len(edges), len(values))
        return edges, np.bincount(_intervals(values, edges), minlength=len(edges))
    counted = Counter(sorted(values.tolist(), key=str))
    levels = sorted(counted, key=lambda level: -counted[level])[:MOST_LEVELS]
    n_common = sum(counted[level] >= FEWEST_ROWS for level in levels)
    levels = levels if n_common < 2 else levels[:n_common]
    grid = np.empty(len(levels), dtype=object)
    grid[:] = levels
    return grid, np.array([counted[level] for level in levels])


def _intervals(values: Array, edges: Array) -> Array:
    """Return for each value the index of the edge at or above it; at least 1."""
    return np.clip(np.searchsorted(edges, values), 1, len(edges) - 1)


def _accumulated(measure: Measure, table: Table, values: Array, edges: Array) -> Array:
    """Return the accumulated effect at the edges, for each readout, (n_edges, n_readouts)."""
    step = max(1, -(-len(values) // MOST_ROWS))
    table, values = table.take(slice(None, None, step)), values[::step]
    above = _intervals(values, edges)
    change = measure(table, edges[above]) - measure(table, edges[above - 1])
    total = np.zeros((len(edges), change.shape[1]))
    np.add.at(total, above, change)
    curves = np.cumsum(total / np.maximum(np.bincount(above, minlength=len(edges)), 1)[:, None], 0)
    if values.dtype.kind == "M":
        values, edges = values.astype(np.int64), edges.astype(np.int64)
    means = [np.interp(values, edges, curve).mean() for curve in curves.T]
    return np.asarray(curves - means + measure(table).mean(axis=0))


def _of_levels(
    measure: Measure, table: Table, values: Array, levels: Array, counts: Array
) -> Array:
    """Return the effect of each level, for each readout, shape (n_levels, n_readouts)."""
    rows = [np.flatnonzero(values == level) for level in levels]
    rows = [of_level[:: max(1, -(-len(of_level) // ROWS_OF_LEVEL))] for of_level in rows]
    means = measure(spread_rows(table, MOST_ROWS)).mean(axis=0)
    curves = np.zeros((len(levels), len(means)))
    for index in range(1, len(levels)):
        both = table.take(np.concatenate([rows[index], rows[0]]))
        change = measure(both, _filled(both, levels[index]))
        change -= measure(both, _filled(both, levels[0]))
        halves = np.split(change, [len(rows[index])])
        curves[index] = (halves[0].mean(axis=0) + halves[1].mean(axis=0)) / 2
    return np.asarray(curves - np.average(curves, axis=0, weights=counts) + means)


def _filled(table: Table, value: Any) -> Array:
    """Return a column with one value in every row."""
    return np.full(table.n_samples, value, dtype=object if isinstance(value, str | bool) else None)
