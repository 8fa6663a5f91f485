r"""The effect of a column: how predictions change along its values, the other columns unchanged.

*Accumulated local effects* change a row's value only to neighboring ones. Between two neighboring
edges :math:`z_{k-1}, z_k` the mean change of the predictions :math:`f` of the rows between them,

.. math:: d_k = \frac{1}{n_k} \sum_{z_{k-1} < x_i \le z_k} f(z_k, o_i) - f(z_{k-1}, o_i),

is accumulated to a curve; :math:`o_i` are the row's other columns. No row gets a value that is
implausible beside its other columns, and the effects of correlated columns stay apart (Apley and
Zhu, 2020, https://doi.org/10.1111/rssb.12377). A *partial dependence* gives every value to every
row, plausible or not (Friedman, 2001, https://doi.org/10.1214/aos/1013203451).

Curves leave out long tails of few values. Categories have no neighbors. Each is compared with the
most frequent one, on the rows of these two, both halves weighted equally.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sized
from typing import Any, TypeAlias

import numpy as np

from madaline._base.language import _
from madaline._models.model import FittedModel
from madaline._tables.column import is_missing
from madaline._tables.formats.number_format import PLAIN
from madaline._tables.table import Table
from madaline._tell.explain.columns import as_table, encoder_of, spread_rows, values_of
from madaline._tell.explain.effect import Effect
from madaline._tell.explain.scale import TARGET, Readout, readouts_of
from madaline.errors import InputError
from madaline.nn.arrays import Array

# Kinds of effects
ACCUMULATED = "accumulated"
PARTIAL = "partial"

_MAX_ROWS = 2000  # for accumulated effects, evenly spread
_MAX_PARTIAL_ROWS = 300  # for a partial dependence
_MAX_LEVELS = 20  # categories compared, the most frequent
_MAX_ROWS_OF_LEVEL = 200
_MIN_ROWS_OF_LEVEL = 30  # for a category to be compared, unless fewer than two have as many

# From rows, and perhaps other values of the column, to their readouts, (n_rows, n_readouts).
_Predict: TypeAlias = Callable[..., Array]


def _check(kind: str, n_intervals: int) -> None:
    if kind not in (ACCUMULATED, PARTIAL):
        raise InputError(
            "kind is {kind!r}: choose {accumulated!r} or {partial!r}.",
            kind=kind,
            accumulated=ACCUMULATED,
            partial=PARTIAL,
        )
    if n_intervals < 1:
        raise InputError(
            "n_intervals is {n_intervals}: give a whole number from 1 up.", n_intervals=n_intervals
        )


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
    """Return how predictions change along the values of a column."""
    _check(kind, n_intervals)
    model = model.of_output(output)
    table, values = _present(model, as_table(table), column)
    grid, counts = _grid(values, n_intervals, column)
    readouts = readouts_of(model, target_class, scale)
    predict = _predict(model, column, readouts)
    individual = None
    if kind == PARTIAL:
        table = spread_rows(table, _MAX_PARTIAL_ROWS)
        individual = np.stack([predict(table, _filled(table, value)) for value in grid], axis=1)
        curves = individual.mean(axis=0)
    elif values.dtype == object:
        curves = _of_levels(predict, table, values, grid, counts)
    else:
        curves = _accumulated(predict, table, values, grid)
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
        model.schema.formats.get(column, PLAIN),
    )


def _present(model: FittedModel, table: Table, column: str) -> tuple[Table, Array]:
    """Return the rows in which a column has a value, and the values."""
    values = values_of(encoder_of(model, column), table[column])
    present = ~is_missing(values)
    return table.take(present), values[present]


def _constraint(model: FittedModel, column: str, readout: Readout) -> str:
    """Return how a model was constrained to move with a column; empty if it was not."""
    direction = model.summary.request.monotone.get(column, 0)
    if readout.scale != TARGET and readout.index == 0:  # the first of two classes
        direction = -direction
    verbs = {1: "fall", -1: "rise"}
    return (
        _("It is constrained never to {verbs}.").format(verbs=verbs[direction]) if direction else ""
    )


def _predict(model: FittedModel, column: str, readouts: list[Readout]) -> _Predict:
    def predict(rows: Table, replaced: Array | None = None) -> Array:
        if replaced is not None:
            rows = Table({**rows.columns, column: replaced})
        output = model.predictor.output(rows)
        return np.stack([readout.of_output(output) for readout in readouts], axis=1)

    return predict


def edges_of(values: Array, n_intervals: int) -> Array:
    """Return quantiles of some values, each an observed value, in strictly ascending order."""
    distinct = np.unique(values)
    if len(distinct) <= n_intervals + 1:
        return distinct
    ordered = np.sort(values)
    indices = np.ceil(np.linspace(0, 1, n_intervals + 1) * len(ordered)).astype(np.intp) - 1
    return np.unique(ordered[np.maximum(indices, 0)])


def _grid(values: Array, n_intervals: int, column: str) -> tuple[Array, Array]:
    """Return the values of the curve, and how many rows have each or lie in the interval below.

    `InputError` if there are not two.
    """
    if values.dtype != object:
        values = values[_without_tails(values)]
        edges = edges_of(values, n_intervals)
        _check_several(column, edges)
        return edges, np.bincount(_intervals(values, edges), minlength=len(edges))
    counted = Counter(sorted(values.tolist(), key=str))
    levels = sorted(counted, key=lambda level: -counted[level])[:_MAX_LEVELS]
    n_common = sum(counted[level] >= _MIN_ROWS_OF_LEVEL for level in levels)
    levels = levels if n_common < 2 else levels[:n_common]
    _check_several(column, levels)
    grid = np.empty(len(levels), dtype=object)
    grid[:] = levels
    return grid, np.array([counted[level] for level in levels])


def _check_several(column: str, values: Sized) -> None:
    if len(values) < 2:
        raise InputError(
            "The column {column} holds {n_values} different values in this table: give a table with at least two.",
            column=column,
            n_values=len(values),
        )


def _without_tails(values: Array) -> Array:
    """Return which values the curve is drawn for, as Booleans: a long tail would fill the picture.

    A tail holds a twentieth of the values. It is long if it reaches further than all values between
    the two tails; but where most values are equal, the others are of interest however rare.
    """
    if not len(values):
        return np.ones(0, bool)
    ordered = np.sort(values)
    n_tail = len(ordered) // 20
    low, middle, high = ordered[[n_tail, len(ordered) // 2, len(ordered) - 1 - n_tail]]
    shown = np.ones(len(values), bool)
    with np.errstate(over="ignore"):  # a tail that overflows is long
        if low < middle < high:
            if low - ordered[0] > high - low:
                shown &= values >= low
            if ordered[-1] - high > high - low:
                shown &= values <= high
    return shown


def _intervals(values: Array, edges: Array) -> Array:
    """Return for each value the index of the edge at or above it; at least 1."""
    return np.clip(np.searchsorted(edges, values), 1, len(edges) - 1)


def _accumulated(predict: _Predict, table: Table, values: Array, edges: Array) -> Array:
    """Return the accumulated effect at the edges, for each readout, (n_edges, n_readouts)."""
    step = max(1, -(-len(values) // _MAX_ROWS))
    table = table.take(slice(None, None, step))
    values = values[::step]
    shown = np.flatnonzero((values >= edges[0]) & (values <= edges[-1]))
    above = _intervals(values[shown], edges)
    rows = table.take(shown)
    change = predict(rows, edges[above]) - predict(rows, edges[above - 1])
    total = np.zeros((len(edges), change.shape[1]))
    np.add.at(total, above, change)
    curves = np.cumsum(total / np.maximum(np.bincount(above, minlength=len(edges)), 1)[:, None], 0)
    if values.dtype.kind == "M":
        values = values.astype(np.int64)
        edges = edges.astype(np.int64)
    means = [np.interp(values, edges, curve).mean() for curve in curves.T]
    return np.asarray(curves - means + predict(table).mean(axis=0))


def _of_levels(
    predict: _Predict, table: Table, values: Array, levels: Array, counts: Array
) -> Array:
    """Return the effect of each level, for each readout, shape (n_levels, n_readouts)."""
    rows = [np.flatnonzero(values == level) for level in levels]
    rows = [of_level[:: max(1, -(-len(of_level) // _MAX_ROWS_OF_LEVEL))] for of_level in rows]
    means = predict(spread_rows(table, _MAX_ROWS)).mean(axis=0)
    curves = np.zeros((len(levels), len(means)))
    for index in range(1, len(levels)):
        rows_of_both = table.take(np.concatenate([rows[index], rows[0]]))
        change = predict(rows_of_both, _filled(rows_of_both, levels[index]))
        change -= predict(rows_of_both, _filled(rows_of_both, levels[0]))
        halves = np.split(change, [len(rows[index])])
        curves[index] = (halves[0].mean(axis=0) + halves[1].mean(axis=0)) / 2
    return np.asarray(curves - np.average(curves, axis=0, weights=counts) + means)


def _filled(table: Table, value: Any) -> Array:
    """Return a column with one value in every row."""
    return np.full(table.n_samples, value, dtype=object if isinstance(value, str | bool) else None)
