r"""The effect of a column: how predictions change along its values, the other columns as they are.

*Accumulated local effects* ask each row only about values near its own. Between two neighboring
edges :math:`z_{k-1}, z_k` the mean change of the predictions :math:`f` of the rows that lie there,

.. math:: d_k = \frac{1}{n_k} \sum_{z_{k-1} < x_i \le z_k} f(z_k, o_i) - f(z_{k-1}, o_i),

is added up to a curve; :math:`o_i` are the row's other columns. So no row is asked about a value
that does not go with the rest of it, and what other columns say is not counted twice (Apley and
Zhu, 2020, https://doi.org/10.1111/rssb.12377). A *partial dependence* gives every value to every
row, whether they go together or not (Friedman, 2001, https://doi.org/10.1214/aos/1013203451).

Categories have no neighbors. Each is compared with the most frequent one, on the rows that have one
of these two, both halves counting the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np

from madaline.data.column import is_missing
from madaline.data.conversion import as_booleans, as_levels
from madaline.data.encoders.boolean_encoder import BooleanEncoder
from madaline.data.encoders.category_encoder import CategoryEncoder
from madaline.data.encoders.column_encoder import ColumnEncoder
from madaline.data.kinds import OF_MANY_VALUES
from madaline.data.table import Table, listed
from madaline.errors import InputError
from madaline.explain.effect import ACCUMULATED, PARTIAL, Effect
from madaline.explain.readout import (
    Readout,
    as_table,
    readouts_of,
    spread_rows,
)
from madaline.explain.scale import PROBABILITY
from madaline.model import FittedModel
from madaline.nn.arrays import Array

MOST_ROWS = 2000
"""Rows that a curve of accumulated effects is made from, at most: evenly spread."""

PARTIAL_ROWS = 300
"""Rows that are given every value, at most."""

ROWS_OF_LEVEL = 200
"""Rows of a category that are looked at, at most."""

MOST_LEVELS = 20
"""Categories that are looked at, at most: the most frequent."""

FEWEST_ROWS = 30
"""Rows that a category must have to be looked at, unless fewer than two have as many."""


def effects(
    model: FittedModel,
    table: Table | Mapping[str, Any],
    column: str,
    *,
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
        Rows like those that the model is used on.
    column : str
        A column that the model uses.
    kind : {"accumulated", "partial"}, default="accumulated"
        Accumulated local effects, or partial dependence with a curve for each row.
    target_class : label, optional
        The class whose probability is looked at; by default the second of two, and of several the
        one that the column moves most.
    scale : {"probability", "log_odds"}, optional
        In what classes are measured; probability by default.
    n_intervals : int, default=20
        Intervals between quantiles of a number, at most.

    Returns
    -------
    Effect
        The curve, and a sentence about it.

    Raises
    ------
    InputError
        If the model has no such column, or fewer than two values of it are in the table.
    """
    table = as_table(table)
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
            " with more, so that something can change."
        )
    readouts = readouts_of(model, target_class, scale, default=PROBABILITY)
    if kind == PARTIAL:
        found = _partial(model, table, column, grid, readouts)
    elif values.dtype == object:
        found = _differences(model, table, column, values, grid, counts, readouts)
    else:
        found = _accumulated(model, table, column, values, grid, readouts)
    best = int(np.argmax([np.ptp(one.mean(axis=0)) for one in found]))
    readout, curves = readouts[best], found[best]
    return Effect(
        column=column,
        kind=kind,
        values=grid,
        counts=counts,
        prediction=curves.mean(axis=0),
        individual=curves if kind == PARTIAL else None,
        readout=readout,
    )


def encoder_of(model: FittedModel, column: str) -> ColumnEncoder:
    """Return the encoder of a column that the model uses.

    Raises
    ------
    InputError
        If it uses no such column, with the reason where there is one, or it holds images or texts.
    """
    for encoder in model.predictor.encoder.encoders:
        if encoder.name == column:
            return _of_single_values(encoder)
    left_out = {one.name: one.detail for one in model.schema.columns}
    if column in left_out:
        raise InputError(f"The model does not use the column {column} ({left_out[column]}).")
    names = listed(model.predictor.encoder.columns)
    raise InputError(f"The model knows no column {column!r}: it uses {names}.")


def _of_single_values(encoder: ColumnEncoder) -> ColumnEncoder:
    if encoder.kind in OF_MANY_VALUES:
        raise InputError(
            f"The column {encoder.name} holds {encoder.kind}s, which have no values to go along:"
            " ask about a column of numbers, categories or dates, or what single predictions come"
            " from (explain)."
        )
    return encoder


def values_of(encoder: ColumnEncoder, column: Array) -> Array:
    """Return a column as numbers, moments, or levels (objects), shape (n_samples,)."""
    if isinstance(encoder, CategoryEncoder):
        return as_levels(column)
    if isinstance(encoder, BooleanEncoder):
        truth = as_booleans(encoder.name, column)
        levels: Array = (truth == 1).astype(object)
        levels[np.isnan(truth)] = None
        return levels
    return encoder.read(column)


def with_column(table: Table, name: str, values: Array) -> Table:
    """Return the table with other values in one column."""
    return Table({**table.columns, name: values})


def edges_of(values: Array, n_intervals: int) -> Array:
    """Return quantiles of some values, each a value that occurs, in strictly ascending order.

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
    places = np.ceil(np.linspace(0, 1, n_intervals + 1) * len(ordered)).astype(np.intp) - 1
    return np.unique(ordered[np.maximum(places, 0)])


def _grid(values: Array, n_intervals: int) -> tuple[Array, Array]:
    """Return the values that are looked at, and how many rows have each, or lie below it."""
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
    """Return for each value the number of the edge above it, or at it; at least 1."""
    return np.clip(np.searchsorted(edges, values), 1, len(edges) - 1)


def _accumulated(
    model: FittedModel,
    table: Table,
    column: str,
    values: Array,
    edges: Array,
    readouts: list[Readout],
) -> list[Array]:
    """Return for each readout the accumulated effect at the edges, shape (1, n_edges)."""
    step = max(1, -(-len(values) // MOST_ROWS))
    table, values = table.take(slice(None, None, step)), values[::step]
    above = _intervals(values, edges)
    output = model.predictor.output
    low = output(with_column(table, column, edges[above - 1]))
    high = output(with_column(table, column, edges[above]))
    own = output(table)
    rows = np.bincount(above, minlength=len(edges))
    curves = []
    for read in readouts:
        change = read.of_output(high) - read.of_output(low)
        total = np.bincount(above, change, minlength=len(edges))
        curve = np.cumsum(total / np.maximum(rows, 1))
        place = np.interp(_as_numbers(values), _as_numbers(edges), curve)
        curves.append((curve - place.mean() + read.of_output(own).mean())[None])
    return curves


def _differences(
    model: FittedModel,
    table: Table,
    column: str,
    values: Array,
    levels: Array,
    counts: Array,
    readouts: list[Readout],
) -> list[Array]:
    """Return for each readout the effect of each level, shape (1, n_levels)."""
    rows = [np.flatnonzero(values == level) for level in levels]
    rows = [own[:: max(1, -(-len(own) // ROWS_OF_LEVEL))] for own in rows]
    output = model.predictor.output
    level_outputs, first_outputs = [], []
    for level, own in zip(levels[1:], rows[1:], strict=True):
        both = table.take(np.concatenate([own, rows[0]]))
        level_outputs.append(output(_filled(both, column, level)))
        first_outputs.append(output(_filled(both, column, levels[0])))
    mean_rows = output(spread_rows(table, MOST_ROWS))
    curves = []
    for read in readouts:
        curve = np.zeros(len(levels))
        for place, (level_output, first_output) in enumerate(
            zip(level_outputs, first_outputs, strict=True), start=1
        ):
            change = read.of_output(level_output) - read.of_output(first_output)
            n_own = len(rows[place])
            curve[place] = (change[:n_own].mean() + change[n_own:].mean()) / 2
        middle = np.average(curve, weights=counts)
        curves.append((curve - middle + read.of_output(mean_rows).mean())[None])
    return curves


def _partial(
    model: FittedModel, table: Table, column: str, grid: Array, readouts: list[Readout]
) -> list[Array]:
    """Return for each readout the curve of each row, shape (n_rows, n_grid)."""
    table = spread_rows(table, PARTIAL_ROWS)
    outputs = [model.predictor.output(_filled(table, column, value)) for value in grid]
    return [np.stack([read.of_output(one) for one in outputs], axis=1) for read in readouts]


def _filled(table: Table, column: str, value: Any) -> Table:
    """Return the table with one value in every row of a column."""
    kind = object if isinstance(value, str | bool) else None
    values = np.full(table.n_samples, value, dtype=kind)
    return with_column(table, column, values)


def _as_numbers(values: Array) -> Array:
    return values.astype(np.int64) if values.dtype.kind == "M" else values
