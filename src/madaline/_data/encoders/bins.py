r"""Piecewise-linear bins let a network change its slope at many points along one number.

A number :math:`x` becomes :math:`T` features, one for each bin :math:`[e_i, e_{i+1}]`:

.. math:: f_i(x) = \mathrm{clip}\left(\frac{x - e_i}{e_{i+1} - e_i}, 0, 1\right) - m_i

with :math:`m_i` the mean over the training rows. Every feature rises from 0 to 1 inside its bin
and is constant outside, so that a linear layer on them draws any line with its corners at the edges
(Gorishniy, Rubachev and Babenko, 2022, https://arxiv.org/abs/2203.05556).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from madaline._data.encoders.joined_bins import JoinedBins
from madaline._data.statistics import Distribution
from madaline.nn.arrays import Array


@dataclass(frozen=True, eq=False)
class Bins:
    """Edges along one number, and the means that center the features.

    Parameters
    ----------
    edges : float64 ndarray of shape (n_bins + 1,)
        In strictly ascending order.
    means : float64 ndarray of shape (n_bins,)
        Mean of each feature over the training rows.

    Examples
    --------
    >>> bins = Bins.fit(Distribution.of(np.arange(9.0)), 2, missing=0.0, median=4.0)
    >>> bins.edges, bins.means.round(2)
    (array([0., 4., 8.]), array([0.72, 0.28]))
    """

    edges: Array
    means: Array

    @classmethod
    def fit(
        cls, distribution: Distribution, n_bins: int, *, missing: float, median: float
    ) -> Bins | None:
        """Return bins that no single value fills more than one of, or None where none are needed.

        Edges are quantiles in which a value counts at most 1 / n_bins of the weight. Numbers of at
        most n_bins + 1 distinct values get an edge at each, those of two values need no bins.

        Parameters
        ----------
        distribution : Distribution
            The values seen in training.
        n_bins : int
            How many bins at most.
        missing : float
            Weight of the rows without a value; they stand at the median.
        median : float
            The median.
        """
        edges = cap_edges(distribution, n_bins)
        if len(edges) < 3:
            return None
        bins = JoinedBins.of([edges], [np.zeros(len(edges) - 1)])
        at_median = bins.features(np.array([[median]]))[0]
        total = _total(bins, distribution) + missing * at_median
        return cls(edges, total / (distribution.total + missing))

    def __len__(self) -> int:
        """Return the number of bins."""
        return len(self.means)


def cap_edges(distribution: Distribution, n_bins: int) -> Array:
    """Return edges such that a value that occurs very often fills at most one bin.

    Parameters
    ----------
    distribution : Distribution
        The values and their weights.
    n_bins : int
        How many bins at most.

    Returns
    -------
    float64 ndarray of shape (at most n_bins + 1,)
        In strictly ascending order.

    Examples
    --------
    >>> zeros_and_more = np.concatenate([np.zeros(900), np.arange(1.0, 101.0)])
    >>> cap_edges(Distribution.of(zeros_and_more), 4)
    array([  0.,  13., 100.])
    """
    values = distribution.values
    if len(values) <= n_bins + 1:
        return values
    capped = np.minimum(distribution.weights, distribution.total / n_bins)
    cumulative = np.cumsum(capped)
    shares = np.arange(1, n_bins) / n_bins * cumulative[-1]
    inner = values[np.minimum(np.searchsorted(cumulative, shares), len(values) - 1)]
    return np.unique(np.concatenate([values[:1], inner, values[-1:]]))


def _total(bins: JoinedBins, distribution: Distribution) -> Array:
    """Return the weighted sum of each feature: what lies in its bin, and all above."""
    (index,), (part,) = bins.locate(distribution.values[None])
    inside = np.bincount(index, distribution.weights * part, len(bins))
    above = distribution.total - np.cumsum(np.bincount(index, distribution.weights, len(bins)))
    return np.asarray(inside + above)
