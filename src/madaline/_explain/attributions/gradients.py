r"""Attributions by gradients, averaged on the path from the background to the row.

On the straight path from a row :math:`b` of the background to the row :math:`x`, the explained
value :math:`f` changes by the sum of the contributions of the features:

.. math:: a_i = (x_i - b_i) \int_0^1 \partial_i f(b + t (x - b)) \, dt

The path is straight in the encoded features, and the contributions of a column's features are added
up. In the table there is no straight path: halfway from Bonn to Kiel is no city, and a number would
cross the edges of its bins one after another, where the gradient jumps. In the features the
networks are smooth, so that few Gauss-Legendre nodes give the integral. Networks for images or
sounds have kinks instead, and are evaluated segment by segment (`rescale_rule.py`).

References
----------
Sundararajan, Taly and Yan (2017), "Axiomatic attribution for deep networks", arXiv:1703.01365, for
one background row; Erion et al. (2021), "Improving performance of deep learning models with
axiomatic attribution priors and expected gradients", arXiv:1906.10670, for the mean over many.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeAlias

import numpy as np

from madaline._explain.attributions.comparison import Comparison
from madaline.errors import InputError
from madaline.nn.arrays import Array

FEWEST_NODES, MOST_NODES = 8, 256
"""Nodes of the integral at first, and at most, unless given."""

SEGMENTS = 2
"""Segments at first of a path through networks with kinks."""

Gradients: TypeAlias = Callable[[Sequence[Array], Sequence[Array], Array], list[Array]]
"""From the sums of pairs at both ends, and the classes, to the gradients for each part."""

TOLERANCE = 1e-4
"""Allowed error of the sum of attributions, as a share of the range of the output."""


def local_attributions(comparison: Comparison) -> Array:
    """Return the gradient at each row times its mean difference from the background.

    They add up to the output only where networks are linear.

    Returns
    -------
    float64 ndarray of shape (n_samples, n_attributions)
        Of each column, then of each position of the grids.
    """
    networks, rows = comparison.networks, np.arange(comparison.n_samples)
    return _mean_over_pairs(
        comparison, rows, lambda _, ends, classes: networks.gradients(ends, classes)
    )


def integrated_attributions(
    comparison: Comparison, output: Array, *, nodes: int | None = None
) -> Array:
    """Return the integrals over the paths from the background to each row.

    Parameters
    ----------
    comparison : Comparison
        The rows and the background; of several background rows, the mean.
    output : ndarray of shape (n_samples,)
        The explained value of each row, the sum of base and attributions.
    nodes : int, optional
        Nodes on each path; by default as many as needed: rows whose attributions do not yet add up
        are evaluated again with more.

    Returns
    -------
    float64 ndarray of shape (n_samples, n_attributions)
        Of each column, then of each position of the grids.

    Raises
    ------
    InputError
        If they do not add up to `TOLERANCE` of the range of the output.
    """
    networks = comparison.networks
    attributions = np.zeros((comparison.n_samples, comparison.n_attributions))
    difference = output - comparison.base
    allowed = TOLERANCE * np.maximum(networks.scale.extent, np.abs(difference))
    first = SEGMENTS if networks.have_kinks else FEWEST_NODES
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
        if len(wrong) and (nodes is not None or counts[wrong].max() >= MOST_NODES):
            worst = wrong[remaining[wrong].argmax()]
            raise InputError(
                f"With {counts[worst]} nodes, the attributions of a row miss its output by"
                f" {remaining[worst]:.2g}, more than {TOLERANCE:.0e} of the range: give nodes="
                f"{2 * counts[worst]} or more."
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

    Examples
    --------
    >>> _more_nodes(np.array([8, 8, 32]), np.array([1.5, 60.0, np.inf])).tolist()
    [16, 24, 96]
    """
    halvings = np.ceil(np.log2(2 * np.nan_to_num(excess, nan=np.inf, posinf=np.inf)))
    return np.asarray(np.minimum(counts + 4 * halvings, 3 * counts), np.intp)


def _mean_over_pairs(comparison: Comparison, rows: Array, gradients: Gradients) -> Array:
    """Return gradient times difference, averaged over the background.

    Returns
    -------
    float64 ndarray of shape (len(rows), n_attributions)
    """
    attributions = np.zeros((comparison.n_samples, comparison.n_attributions))
    for pairs in comparison.pairs(rows):
        found = gradients(comparison.starts(pairs), comparison.ends(pairs), pairs.class_index)
        np.add.at(attributions, pairs.rows, comparison.attributions(pairs, found))
    return attributions[rows] / comparison.n_background
