r"""Shapley values: what a column brings, whichever columns are known before.

Let :math:`v(S)` be the mean answer when the columns :math:`S` are the row's and all others those of
a row of the background. The Shapley value of a column is what :math:`v` gains when the column
joins, averaged over all orders in which columns may join:

.. math:: a_i = \sum_{S \not\ni i} \frac{|S|! \, (d - |S| - 1)!}{d!} (v(S \cup i) - v(S))

Few columns allow for all :math:`2^d` sets. Of more, orders are drawn; each is walked through and
then backward, as what a column brings early and late errs to opposite sides.

References
----------
Shapley (1953), "A value for n-person games"; Strumbelj and Kononenko (2014), "Explaining prediction
models and individual predictions with feature contributions", for orders drawn by chance; Mitchell
et al. (2022), "Sampling permutations for Shapley value estimation", arXiv:2104.12199, for the way
back (antithetic sampling).
"""

from __future__ import annotations

from math import ceil, factorial

import numpy as np

from madaline.explain.attributions.comparison import Comparison, Pairs
from madaline.nn.arrays import Array

MOST_COLUMNS = 10
"""Columns of which all sets, at most 1,024, are gone through."""

PERMUTATIONS = 32
"""Orders drawn for a row, where nobody says how many."""

FEWEST_ROUNDS = 2
"""Orders drawn for a pair, at least: one alone does not tell how much they differ."""


def exact_shapley(comparison: Comparison) -> Array:
    """Return the Shapley values by all sets of columns.

    Returns
    -------
    float64 ndarray of shape (n_samples, n_columns)
    """
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
        values = _values(comparison, points, comparison.asked[pairs.rows][:, None])
        np.add.at(attributions, pairs.rows, _gains(values))
    return attributions / comparison.n_others


def sampled_shapley(
    comparison: Comparison, *, permutations: int = PERMUTATIONS, seed: int = 0
) -> tuple[Array, Array]:
    """Return the Shapley values by orders drawn by chance, and their standard errors.

    All rows are asked in the same orders, so that a row's values do not depend on the others.

    Parameters
    ----------
    comparison : Comparison
        The rows and the background.
    permutations : int
        How many orders a row is walked through, and back; more where each row of the background
        could not have two.
    seed : int
        Decides the orders.

    Returns
    -------
    attributions, standard_errors : float64 ndarray of shape (n_samples, n_columns)
        The background is taken as it is: the errors are those of the orders alone.
    """
    rounds = max(FEWEST_ROUNDS, ceil(permutations / comparison.n_others))
    shape = (comparison.n_others, rounds, comparison.n_columns)
    orders = np.random.default_rng(seed).permuted(
        np.broadcast_to(np.arange(comparison.n_columns), shape), axis=-1
    )
    totals = np.zeros((2, comparison.n_samples, comparison.n_columns))
    rows, evaluations = np.arange(comparison.n_samples), 2 * (comparison.n_columns + 1)
    for pairs in comparison.pairs(rows, evaluations):
        changes = comparison.column_sums(pairs)
        draws = np.stack(
            [
                _walk_both_ways(comparison, pairs, changes, order)
                for order in orders[pairs.others].swapaxes(0, 1)
            ]
        )  # (rounds, n_pairs, n_columns)
        np.add.at(totals[0], pairs.rows, draws.mean(axis=0))
        np.add.at(totals[1], pairs.rows, draws.var(axis=0, ddof=1) / rounds)
    return totals[0] / comparison.n_others, np.sqrt(totals[1]) / comparison.n_others


def _walk_both_ways(
    comparison: Comparison, pairs: Pairs, changes: list[Array], order: Array
) -> Array:
    """Return what columns bring when they join in an order, (n_pairs, n_columns), and backward.

    Parameters
    ----------
    comparison : Comparison
        Where the pairs are from.
    pairs : Pairs
        Some pairs.
    changes : list of ndarray of shape (members, n_pairs, n_columns, units)
        For each part, what columns add to the sums.
    order : int ndarray of shape (n_pairs, n_columns)
        The columns as they join.
    """
    points = [
        _points(start, change, order)
        for start, change in zip(comparison.starts(pairs), changes, strict=True)
    ]
    values = _values(comparison, points, comparison.asked[pairs.rows])
    there, back = values.reshape(2, -1, len(order))  # (n_columns + 1, n_pairs)
    # A column that joins in step k on the way there is the k-th from the end on the way back.
    gains = (np.diff(there, axis=0) + np.diff(back, axis=0)[::-1]) / 2
    brought = np.empty(order.shape)
    np.put_along_axis(brought, order, gains.T, axis=1)
    return brought


def _points(start: Array, change: Array, order: Array) -> Array:
    """Return the sums on the way there and back, (members, 2 (n_columns + 1), n_pairs, units).

    On the way back, after k steps, those are in that are the last k on the way there: the sums are
    start and end less those of the way there before its last k steps.
    """
    n_pairs, n_columns = order.shape
    points = np.empty((len(start), 2 * (n_columns + 1), *start.shape[1:]), start.dtype)
    points[:, 0] = start
    for step, joining in enumerate(order.T):
        np.add(points[:, step], change[:, np.arange(n_pairs), joining], out=points[:, step + 1])
    there, end = points[:, : n_columns + 1], points[:, n_columns]
    np.subtract((start + end)[:, None], there[:, ::-1], out=points[:, n_columns + 1 :])
    return points


def _values(comparison: Comparison, points: list[Array], asked: Array) -> Array:
    """Return the answers at points.

    Parameters
    ----------
    comparison : Comparison
        The networks.
    points : list of ndarray of shape (members, *shape, units)
        For each part, sums.
    asked : int ndarray that broadcasts to `shape`
        What is asked.

    Returns
    -------
    ndarray of `shape`
    """
    shape = points[0].shape[1:-1]
    flat = [point.reshape(len(point), -1, point.shape[-1]) for point in points]
    values = comparison.networks.values(flat, np.broadcast_to(asked, shape).ravel())
    return values.reshape(shape)


def _gains(values: Array) -> Array:
    """Return the Shapley values of a game.

    Parameters
    ----------
    values : ndarray of shape (n_games, 2**n_columns)
        The value of every set; bit i of its number says whether column i is in it.

    Returns
    -------
    ndarray of shape (n_games, n_columns)

    Examples
    --------
    >>> _gains(np.array([[0.0, 1.0, 2.0, 5.0]]))  # alone they bring 1 and 2, together 5
    array([[2., 3.]])
    """
    n_columns = values.shape[1].bit_length() - 1
    sets = np.arange(values.shape[1])
    sizes = (sets[:, None] >> np.arange(n_columns) & 1).sum(axis=1)
    gains = np.empty((len(values), n_columns))
    for column in range(n_columns):
        without = sets[sets >> column & 1 == 0]
        weight = _weights(n_columns)[sizes[without]]
        gains[:, column] = (values[:, without | 1 << column] - values[:, without]) @ weight
    return gains


def _weights(n_columns: int) -> Array:
    """Return the share of orders in which a set of each size is known before a column joins."""
    orders = factorial(n_columns)
    return np.array(
        [factorial(size) * factorial(n_columns - size - 1) / orders for size in range(n_columns)]
    )
