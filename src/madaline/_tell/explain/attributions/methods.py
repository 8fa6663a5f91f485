r"""Methods of attribution: expected and integrated gradients, slopes, Shapley values.

*Gradients*: on the straight path from a row :math:`b` of the background to the row :math:`x`, the
explained value :math:`f` changes by the sum of the contributions of the features:

.. math:: a_i = (x_i - b_i) \int_0^1 \partial_i f(b + t (x - b)) \, dt

The path is straight in the encoded features, and the contributions of a column's features are added
up. In the table there is no straight path: halfway from Bonn to Kiel is no city, and a number would
cross the edges of its bins one after another, where the gradient jumps. In the features the
networks are smooth, so that few Gauss-Legendre nodes give the integral. Networks for images or
sounds have kinks instead, and are evaluated segment by segment (`rescale`). For one background row
see Sundararajan, Taly and Yan (2017), "Axiomatic attribution for deep networks", arXiv:1703.01365;
for the mean over many Erion et al. (2021), "Improving performance of deep learning models with
axiomatic attribution priors and expected gradients", arXiv:1906.10670.

*Shapley values*: let :math:`v(S)` be the mean explained value when the columns :math:`S` are the
row's and all others those of a row of the background. The Shapley value of a column is the gain of
:math:`v` when the column joins, averaged over all orders in which columns may join:

.. math:: a_i = \sum_{S \not\ni i} \frac{|S|! \, (d - |S| - 1)!}{d!} (v(S \cup i) - v(S))

With few columns, all :math:`2^d` sets are evaluated. With more, orders are drawn at random; each is
evaluated forward and backward, as the errors of a column's early and late gains tend to cancel.
See Shapley (1953), "A value for n-person games"; for random orders Strumbelj and Kononenko (2014),
"Explaining prediction models and individual predictions with feature contributions"; for the
reversed ones (antithetic sampling) Mitchell et al. (2022), "Sampling permutations for Shapley value
estimation", arXiv:2104.12199.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from math import ceil, factorial
from typing import TypeAlias

import numpy as np

from madaline._tell.explain.attributions.comparison import BackgroundComparison
from madaline._tell.explain.attributions.parts import Pairs
from madaline.errors import InputError
from madaline.nn.arrays import Array

# Nodes of the integral at first, unless given: they do for all of 200 rows of adult and 50 of
# california_housing, but for one of 20 rows of letter, where 32 do
_MIN_NODES = 8
_MAX_NODES = 256
_SEGMENTS = 2  # at first, of a path through networks with kinks: by 3 % another map than 4
_TOLERANCE = 1e-4  # error of the sum of attributions, as a share of the range of the output

MAX_EXACT_COLUMNS = 10  # up to which all sets, at most 1,024, are evaluated
PERMUTATIONS = 32  # orders drawn for a row, unless given
_MIN_ROUNDS = 2  # orders drawn for a pair, as the standard error needs two

# From the sums of pairs at both ends, and the classes, to the gradients for each part.
_Gradients: TypeAlias = Callable[[Sequence[Array], Sequence[Array], Array], list[Array]]


def local_attributions(comparison: BackgroundComparison) -> Array:  # (n_samples, n_attributions)
    """Return the gradient at each row times its mean difference from the background.

    They add up to the output only where networks are linear.
    """
    networks = comparison.networks
    rows = np.arange(comparison.n_samples)
    return _mean_over_pairs(
        comparison, rows, lambda _, ends, classes: networks.gradients(ends, classes)
    )


def integrated_attributions(
    comparison: BackgroundComparison,
    output: Array,  # (n_samples,), the explained value: the sum of base and attributions
    *,
    nodes: int | None = None,
) -> Array:  # (n_samples, n_attributions)
    """Return the integrals over the paths from the background to each row, averaged over it.

    Rows whose attributions do not yet add up are evaluated again with more nodes, unless their
    number is given; `InputError` if they do not.
    """
    networks = comparison.networks
    attributions = np.zeros((comparison.n_samples, comparison.n_attributions))
    difference = output - comparison.base
    allowed = _TOLERANCE * np.maximum(networks.scale.extent, np.abs(difference))
    first = _SEGMENTS if networks.have_kinks else _MIN_NODES
    counts = np.full(comparison.n_samples, nodes or first)
    wrong = np.arange(comparison.n_samples)
    while len(wrong):
        for count in np.unique(counts[wrong]):
            rows = wrong[counts[wrong] == count]
            gradients = partial(networks.mean_gradients, nodes=int(count))
            attributions[rows] = _mean_over_pairs(comparison, rows, gradients)
        columns = attributions[:, : comparison.n_columns]
        remaining = np.abs(difference - columns.sum(axis=1))
        wrong = np.flatnonzero(~(remaining <= allowed))
        if len(wrong) and (nodes is not None or counts[wrong].max() >= _MAX_NODES):
            worst = wrong[remaining[wrong].argmax()]
            raise InputError(
                "With {counts} nodes, the attributions of a row miss its output by {remaining:.2g}, more than {TOLERANCE:.0e} of the range: give nodes={text} or more.",
                counts=counts[worst],
                remaining=remaining[worst],
                TOLERANCE=_TOLERANCE,
                text=2 * counts[worst],
            )
        if networks.have_kinks:
            counts[wrong] *= 2
        else:
            counts[wrong] = _more_nodes(counts[wrong], remaining[wrong] / allowed[wrong])
    return attributions


def _more_nodes(counts: Array, excess: Array) -> Array:
    """Return the nodes to try next where the error is so many times too large.

    In letter, four more nodes about halved the error. One halving more than needed is cheaper than
    another round; more than three times the nodes are not risked.

    >>> _more_nodes(np.array([8, 8, 32]), np.array([1.5, 60.0, np.inf])).tolist()
    [16, 24, 96]
    """
    halvings = np.ceil(np.log2(2 * np.nan_to_num(excess, nan=np.inf, posinf=np.inf)))
    return np.asarray(np.minimum(counts + 4 * halvings, 3 * counts), np.intp)


def _mean_over_pairs(
    comparison: BackgroundComparison, rows: Array, gradients: _Gradients
) -> Array:  # (len(rows), n_attributions)
    """Return gradient times difference, averaged over the background."""
    attributions = np.zeros((comparison.n_samples, comparison.n_attributions))
    for pairs in comparison.pairs(rows):
        of_parts = gradients(comparison.starts(pairs), comparison.ends(pairs), pairs.class_index)
        np.add.at(attributions, pairs.rows, comparison.attributions(pairs, of_parts))
    return attributions[rows] / comparison.n_background


def exact_shapley(comparison: BackgroundComparison) -> Array:
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
    comparison: BackgroundComparison, *, permutations: int = PERMUTATIONS, seed: int = 0
) -> tuple[Array, Array]:  # both (n_samples, n_columns)
    """Return the Shapley values by random orders, and their standard errors.

    All rows share the orders, each also reversed, so that a row's values do not depend on the other
    rows. The errors are those of the orders alone; the background counts as fixed.
    """
    rounds = max(_MIN_ROUNDS, ceil(permutations / comparison.n_background))
    shape = (comparison.n_background, rounds, comparison.n_columns)
    orders = np.random.default_rng(seed).permuted(
        np.broadcast_to(np.arange(comparison.n_columns), shape), axis=-1
    )
    totals = np.zeros((2, comparison.n_samples, comparison.n_columns))
    rows = np.arange(comparison.n_samples)
    evaluations = 2 * (comparison.n_columns + 1)
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
    comparison: BackgroundComparison,
    pairs: Pairs,
    changes: list[Array],  # (members, n_pairs, n_columns, units) for each part
    order: Array,  # (n_pairs, n_columns) ints, the columns as they join
) -> Array:  # (n_pairs, n_columns)
    """Return the mean gains of columns that join in an order and its reverse."""
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
    """Return the sums after each step, (members, 2 (n_columns + 1), n_pairs, units).

    The steps are those of an order and of its reverse.

    After k steps of the reverse, the columns of the last k steps of the order are known: the sums
    are start plus end minus those of the order before its last k steps.
    """
    n_pairs, n_columns = order.shape
    points = np.empty((len(start), 2 * (n_columns + 1), *start.shape[1:]), start.dtype)
    points[:, 0] = start
    for step, joining in enumerate(order.T):
        np.add(points[:, step], change[:, np.arange(n_pairs), joining], out=points[:, step + 1])
    forward, end = points[:, : n_columns + 1], points[:, n_columns]
    np.subtract((start + end)[:, None], forward[:, ::-1], out=points[:, n_columns + 1 :])
    return points


def _values(comparison: BackgroundComparison, points: list[Array], class_index: Array) -> Array:
    """Return the explained values at points, whose sums are of shape (members, *shape, units)."""
    shape = points[0].shape[1:-1]
    flat = [point.reshape(len(point), -1, point.shape[-1]) for point in points]
    values = comparison.networks.values(flat, np.broadcast_to(class_index, shape).ravel())
    return values.reshape(shape)


def _gains(values: Array) -> Array:  # (n_games, n_columns)
    """Return the Shapley values of games, given the value of every set, (n_games, 2**n_columns).

    Bit i of a set's number is set if it contains column i.

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
