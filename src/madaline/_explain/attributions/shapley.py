r"""Shapley values: the mean change of the explained value when a column becomes known.

Let :math:`v(S)` be the mean explained value when the columns :math:`S` are the row's and all others
those of a row of the background. The Shapley value of a column is the gain of :math:`v` when the
column joins, averaged over all orders in which columns may join:

.. math:: a_i = \sum_{S \not\ni i} \frac{|S|! \, (d - |S| - 1)!}{d!} (v(S \cup i) - v(S))

With few columns, all :math:`2^d` sets are evaluated. With more, orders are drawn at random; each is
evaluated forward and backward, as the errors of a column's early and late gains tend to cancel.

References
----------
Shapley (1953), "A value for n-person games"; Strumbelj and Kononenko (2014), "Explaining prediction
models and individual predictions with feature contributions", for random orders; Mitchell et al.
(2022), "Sampling permutations for Shapley value estimation", arXiv:2104.12199, for the reversed
orders (antithetic sampling).
"""

from __future__ import annotations

from math import ceil, factorial

import numpy as np

from madaline._explain.attributions.comparison import Comparison, Pairs
from madaline.nn.arrays import Array

MOST_COLUMNS = 10
"""Columns up to which all sets, at most 1,024, are evaluated."""

PERMUTATIONS = 32
"""Orders drawn for a row, unless given."""

FEWEST_ROUNDS = 2
"""Orders drawn for a pair, at least, as the standard error needs two."""


def exact_shapley(comparison: Comparison) -> Array:
    """Return the Shapley values by all sets of columns, float64 (n_samples, n_columns)."""
    n_columns = comparison.n_columns
    sets = np.arange(2**n_columns)
    known = (sets[:, None] >> np.arange(n_columns) & 1).astype(np.float32)  # (n_sets, n_columns)
    attributions = np.zeros((comparison.n_samples, n_columns))
    for pairs in comparison.pairs(np.arange(comparison.n_samples), evaluations=len(sets)):
        points = [
            start[:, :, None] + np.matmul(known, change)
            for start, change in zip(
                comparison.starts(pairs), comparison.column_sums(pairs), strict=True
            )
        ]  # (members, n_pairs, n_sets, units)
        values = _values(comparison, points, pairs.class_index[:, None])
        np.add.at(attributions, pairs.rows, _gains(values))
    return attributions / comparison.n_background


def sampled_shapley(
    comparison: Comparison, *, permutations: int = PERMUTATIONS, seed: int = 0
) -> tuple[Array, Array]:
    """Return the Shapley values by random orders, and their standard errors.

    All rows share the orders, so that a row's values do not depend on the other rows.

    Parameters
    ----------
    comparison : Comparison
        The rows and the background.
    permutations : int
        Number of orders for a row, each also reversed; at least two for each background row.
    seed : int
        Seed of the orders.

    Returns
    -------
    attributions, standard_errors : float64 ndarray of shape (n_samples, n_columns)
        The errors are those of the orders alone; the background counts as fixed.
    """
    rounds = max(FEWEST_ROUNDS, ceil(permutations / comparison.n_background))
    shape = (comparison.n_background, rounds, comparison.n_columns)
    orders = np.random.default_rng(seed).permuted(
        np.broadcast_to(np.arange(comparison.n_columns), shape), axis=-1
    )
    totals = np.zeros((2, comparison.n_samples, comparison.n_columns))
    rows, evaluations = np.arange(comparison.n_samples), 2 * (comparison.n_columns + 1)
    for pairs in comparison.pairs(rows, evaluations):
        changes = comparison.column_sums(pairs)
        draws = np.stack(
            [
                _gains_in_order(comparison, pairs, changes, order)
                for order in orders[pairs.background_rows].swapaxes(0, 1)
            ]
        )  # (rounds, n_pairs, n_columns)
        np.add.at(totals[0], pairs.rows, draws.mean(axis=0))
        np.add.at(totals[1], pairs.rows, draws.var(axis=0, ddof=1) / rounds)
    return totals[0] / comparison.n_background, np.sqrt(totals[1]) / comparison.n_background


def _gains_in_order(
    comparison: Comparison, pairs: Pairs, changes: list[Array], order: Array
) -> Array:
    """Return the mean gains of columns that join in an order and its reverse.

    Parameters
    ----------
    comparison, pairs
        The networks, and some pairs.
    changes : list of ndarray of shape (members, n_pairs, n_columns, units)
        For each part, what columns add to the sums.
    order : int ndarray of shape (n_pairs, n_columns)
        The columns as they join; the gains have its shape.
    """
    points = [
        _points(start, change, order)
        for start, change in zip(comparison.starts(pairs), changes, strict=True)
    ]
    values = _values(comparison, points, pairs.class_index)
    forward, reverse = values.reshape(2, -1, len(order))  # (n_columns + 1, n_pairs)
    # The column that joins in step k of the order joins k-th from the end in the reverse.
    by_step = (np.diff(forward, axis=0) + np.diff(reverse, axis=0)[::-1]) / 2
    gains = np.empty(order.shape)
    np.put_along_axis(gains, order, by_step.T, axis=1)
    return gains


def _points(start: Array, change: Array, order: Array) -> Array:
    """Return the sums after each step of an order and its reverse.

    After k steps of the reverse, the columns of the last k steps of the order are known: the sums
    are start plus end minus those of the order before its last k steps.

    Returns
    -------
    ndarray of shape (members, 2 (n_columns + 1), n_pairs, units)
    """
    n_pairs, n_columns = order.shape
    points = np.empty((len(start), 2 * (n_columns + 1), *start.shape[1:]), start.dtype)
    points[:, 0] = start
    for step, joining in enumerate(order.T):
        np.add(points[:, step], change[:, np.arange(n_pairs), joining], out=points[:, step + 1])
    forward, end = points[:, : n_columns + 1], points[:, n_columns]
    np.subtract((start + end)[:, None], forward[:, ::-1], out=points[:, n_columns + 1 :])
    return points


def _values(comparison: Comparison, points: list[Array], class_index: Array) -> Array:
    """Return the explained values at points, whose sums are of shape (members, *shape, units)."""
    shape = points[0].shape[1:-1]
    flat = [point.reshape(len(point), -1, point.shape[-1]) for point in points]
    values = comparison.networks.values(flat, np.broadcast_to(class_index, shape).ravel())
    return values.reshape(shape)


def _gains(values: Array) -> Array:
    """Return the Shapley values of games.

    Parameters
    ----------
    values : ndarray of shape (n_games, 2**n_columns)
        The value of every set; bit i of its number is set if it contains column i.

    Returns
    -------
    ndarray of shape (n_games, n_columns)

    Examples
    --------
    >>> _gains(np.array([[0.0, 1.0, 2.0, 5.0]]))  # alone they gain 1 and 2, together 5
    array([[2., 3.]])
    """
    n_columns = values.shape[1].bit_length() - 1
    sets = np.arange(values.shape[1])
    sizes = (sets[:, None] >> np.arange(n_columns) & 1).sum(axis=1)
    share_of_orders = np.array(
        [
            factorial(size) * factorial(n_columns - size - 1) / factorial(n_columns)
            for size in range(n_columns)
        ]
    )
    gains = np.empty((len(values), n_columns))
    for column in range(n_columns):
        without = sets[sets >> column & 1 == 0]
        gain = values[:, without | 1 << column] - values[:, without]
        gains[:, column] = gain @ share_of_orders[sizes[without]]
    return gains
