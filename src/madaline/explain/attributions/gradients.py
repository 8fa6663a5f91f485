r"""Attributions by gradients: how steep the answer is on the way from the background to the row.

On the straight way from a row :math:`b` of the background to the row :math:`x`, the answer
:math:`f` changes by the sum of what the features contribute:

.. math:: a_i = (x_i - b_i) \int_0^1 \partial_i f(b + t (x - b)) \, dt

The way is straight in the features that networks see, and the features of a column are added up.
In the table it would bend: half the way from Bonn to Kiel is no city, and a number would meet the
edges of its bins one after another, where the slope jumps. Among the features it is smooth, as the
networks are, so that few nodes of Gauss and Legendre give the integral, and its ends, which are
all that the sum depends on, are the two rows whatever the encoding. Networks that look at a grid
have kinks instead, and are asked segment by segment (`secants.py`).

References
----------
Sundararajan, Taly and Yan (2017), "Axiomatic attribution for deep networks", arXiv:1703.01365, for
one row to begin at; Erion et al. (2021), "Improving performance of deep learning models with
axiomatic attribution priors and expected gradients", arXiv:1906.10670, for the mean over many.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np

from madaline.errors import InputError
from madaline.explain.attributions.comparison import Comparison
from madaline.nn.arrays import Array

FEWEST_NODES, MOST_NODES = 8, 256
"""Nodes of the integral: as many at first, and at most, where nobody says how many."""

SEGMENTS = 2
"""The same at first of the segments of a way through networks with kinks."""

Gradients: TypeAlias = Callable[[Sequence[Array], Sequence[Array], Array], list[Array]]
"""From the sums of pairs at both ends, and what is asked, to the gradients for each part."""

TOLERANCE = 1e-4
"""What may remain of the difference, as a share of the range of the output."""


def slope_attributions(comparison: Comparison) -> Array:
    """Return the slope at each row times its mean difference from the background.

    What they add up to is the output only where networks are linear.

    Returns
    -------
    float64 ndarray of shape (n_samples, n_shares)
        Of each column, then of each position of the grids.
    """
    return _mean_over_pairs(
        comparison,
        np.arange(comparison.n_samples),
        lambda _, ends, asked: comparison.networks.gradients(ends, asked),
    )


def integrated_attributions(
    comparison: Comparison, output: Array, *, nodes: int | None = None
) -> Array:
    """Return the integrals over the ways from the background to each row.

    Parameters
    ----------
    comparison : Comparison
        The rows and the background; of several background rows, the mean.
    output : ndarray of shape (n_samples,)
        The answer to each row, which base and attributions must add up to.
    nodes : int, optional
        Where on each way the networks are asked; by default as often as it takes: rows whose
        attributions do not yet add up are gone through again with more.

    Returns
    -------
    float64 ndarray of shape (n_samples, n_shares)
        Of each column, then of each position of the grids.

    Raises
    ------
    InputError
        If they do not add up to `TOLERANCE` of the range of the output.
    """
    attributions = np.zeros((comparison.n_samples, comparison.n_shares))
    difference = output - comparison.base
    allowed = TOLERANCE * np.maximum(comparison.networks.answer.extent, np.abs(difference))
    asked = np.full(comparison.n_samples, nodes or _first_nodes(comparison))
    wrong = np.arange(comparison.n_samples)
    while len(wrong):
        for count in np.unique(asked[wrong]):
            rows = wrong[asked[wrong] == count]
            attributions[rows] = _integrals(comparison, rows, int(count))
        columns = attributions[:, : comparison.n_columns]
        remaining = np.abs(difference - columns.sum(axis=1))
        wrong = np.flatnonzero(~(remaining <= allowed))
        if len(wrong) and (nodes is not None or asked[wrong].max() >= MOST_NODES):
            worst = wrong[remaining[wrong].argmax()]
            raise InputError(
                f"With {asked[worst]} nodes, the attributions of a row miss its output by"
                f" {remaining[worst]:.2g}, more than {TOLERANCE:.0e} of the range: give nodes="
                f"{2 * asked[worst]} or more."
            )
        times = remaining[wrong] / allowed[wrong]
        asked[wrong] = _next_nodes(comparison, asked[wrong], times)
    return attributions


def _first_nodes(comparison: Comparison) -> int:
    return SEGMENTS if comparison.networks.have_kinks else FEWEST_NODES


def _next_nodes(comparison: Comparison, asked: Array, times: Array) -> Array:
    return 2 * asked if comparison.networks.have_kinks else _more(asked, times)


def _more(asked: Array, times: Array) -> Array:
    """Return how many nodes to ask next where so many times too much remains.

    In letter, four nodes more about halved what remained. One halving more than it takes is cheaper
    than to come back; more than three times the nodes are not risked.

    Examples
    --------
    >>> _more(np.array([8, 8, 32]), np.array([1.5, 60.0, np.inf])).tolist()
    [16, 24, 96]
    """
    halvings = np.ceil(np.log2(2 * np.nan_to_num(times, nan=np.inf, posinf=np.inf)))
    return np.asarray(np.minimum(asked + 4 * halvings, 3 * asked), np.intp)


def _integrals(comparison: Comparison, rows: Array, nodes: int) -> Array:
    return _mean_over_pairs(
        comparison,
        rows,
        lambda starts, ends, asked: comparison.networks.mean_gradients(starts, ends, asked, nodes),
    )


def _mean_over_pairs(comparison: Comparison, rows: Array, gradients: Gradients) -> Array:
    """Return gradient times difference, the mean over the background.

    Returns
    -------
    float64 ndarray of shape (len(rows), n_shares)
    """
    attributions = np.zeros((comparison.n_samples, comparison.n_shares))
    for pairs in comparison.pairs(rows):
        asked = comparison.asked[pairs.rows]
        found = gradients(comparison.starts(pairs), comparison.ends(pairs), asked)
        np.add.at(attributions, pairs.rows, comparison.shares(pairs, found))
    return attributions[rows] / comparison.n_others
