r"""Attributions by gradients: how steep the answer is on the way from the background to the row.

On the straight way from a row :math:`b` of the background to the row :math:`x`, the answer
:math:`f` changes by the sum of what the features contribute:

.. math:: a_i = (x_i - b_i) \int_0^1 \partial_i f(b + t (x - b)) \, dt

The way is straight in the features that networks see, and the features of a column are added up.
In the table it would bend: half the way from Bonn to Kiel is no city, and a number would meet the
edges of its bins one after another, where the slope jumps. Among the features it is smooth, as the
networks are, so that few nodes of Gauss and Legendre give the integral, and its ends, which are
all that the sum depends on, are the two rows whatever the encoding.

References
----------
Sundararajan, Taly and Yan (2017), "Axiomatic attribution for deep networks", arXiv:1703.01365, for
one row to begin at; Erion et al. (2021), "Improving performance of deep learning models with
axiomatic attribution priors and expected gradients", arXiv:1906.10670, for the mean over many.
"""

from __future__ import annotations

import numpy as np

from madaline.core.arrays import Array
from madaline.errors import InputError
from madaline.explain.comparison import Comparison

FEWEST_NODES, MOST_NODES = 8, 256
"""Nodes of the integral: as many at first, and at most, where nobody says how many."""

TOLERANCE = 1e-4
"""What may remain of the difference, as a share of the range of the output."""


def slope_attributions(comparison: Comparison) -> Array:
    """Return the slope at each row times its mean difference from the background.

    What they add up to is the output only where networks are linear.

    Returns
    -------
    float64 ndarray of shape (n_samples, n_columns)
    """
    rows = np.arange(comparison.n_samples)
    return _along_the_way(comparison, rows, np.ones(1), np.ones(1))


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
        attributions do not yet add up are gone through again with twice as many.

    Returns
    -------
    float64 ndarray of shape (n_samples, n_columns)

    Raises
    ------
    InputError
        If they do not add up to `TOLERANCE` of the range of the output.
    """
    attributions = np.zeros((comparison.n_samples, comparison.n_columns))
    difference = output - comparison.base
    allowed = TOLERANCE * np.maximum(comparison.networks.answer.extent, np.abs(difference))
    wrong, asked = np.arange(comparison.n_samples), nodes or FEWEST_NODES
    while len(wrong):
        attributions[wrong] = _along_the_way(comparison, wrong, *_nodes(asked))
        remaining = np.abs(difference - attributions.sum(axis=1))
        wrong = np.flatnonzero(~(remaining <= allowed))
        if len(wrong) and (nodes is not None or asked >= MOST_NODES):
            worst = wrong[remaining[wrong].argmax()]
            raise InputError(
                f"With {asked} nodes, the attributions of a row miss its output by"
                f" {remaining[worst]:.2g}, more than {TOLERANCE:.0e} of the range: give nodes="
                f"{2 * asked} or more."
            )
        asked *= 2
    return attributions


def _along_the_way(comparison: Comparison, rows: Array, places: Array, weights: Array) -> Array:
    """Return gradient times difference, the gradients at places from 0 to 1 weighted and added up.

    Returns
    -------
    float64 ndarray of shape (len(rows), n_columns)
        The mean over the background.
    """
    attributions = np.zeros((comparison.n_samples, comparison.n_columns))
    for pairs in comparison.pairs(rows):
        starts, asked = comparison.starts(pairs), comparison.asked[pairs.rows]
        ways = [end - start for end, start in zip(comparison.ends(pairs), starts, strict=True)]
        totals = [np.zeros_like(way) for way in ways]
        for place, weight in zip(
            places.astype(np.float32), weights.astype(np.float32), strict=True
        ):
            points = [start + place * way for start, way in zip(starts, ways, strict=True)]
            for total, gradient in zip(
                totals, comparison.networks.gradients(points, asked), strict=True
            ):
                total += weight * gradient
        np.add.at(attributions, pairs.rows, comparison.column_totals(pairs, totals))
    return attributions[rows] / comparison.n_others


def _nodes(count: int) -> tuple[Array, Array]:
    """Return the places and weights of Gauss and Legendre between 0 and 1.

    They are exact for polynomials up to the power ``2 * count - 1``.

    Examples
    --------
    >>> places, weights = _nodes(2)
    >>> places.round(4), round(float(weights @ places**3), 12)  # the integral of t**3
    (array([0.2113, 0.7887]), 0.25)
    """
    places, weights = np.polynomial.legendre.leggauss(count)
    return (places + 1) / 2, weights / 2
