r"""Piecewise-linear bins let a network change its slope at many points along one number.

A number :math:`x` becomes :math:`T` features, one for each bin :math:`[e_i, e_{i+1}]`:

.. math:: f_i(x) = \mathrm{clip}\left(\frac{x - e_i}{e_{i+1} - e_i}, 0, 1\right) - m_i

with :math:`m_i` the mean over the training rows. Every feature rises from 0 to 1 inside its bin
and is constant outside, so that a linear layer on them draws any line with its corners at the edges
(Gorishniy, Rubachev and Babenko, 2022, https://arxiv.org/abs/2203.05556).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from madaline._tables.statistics import Distribution
from madaline.nn.arrays import Array


@dataclass(frozen=True, eq=False)
class JoinedBins:
    """Edges along several numbers; build it with `of`."""

    edges: tuple[Array, ...]  # (n_bins + 1,): those of each number
    # float64 (n_features,): lower edge and width of each bin, halved, as twice 1e308 would overflow
    low: Array
    width: Array
    means: Array  # float64 (n_features,): mean of each feature over the training rows

    @classmethod
    def of(cls, edges: Sequence[Array], means: Sequence[Array]) -> JoinedBins:
        """Return the bins of at least one number, given the edges and the means of each."""
        width = np.concatenate([np.diff(own / 2) for own in edges])
        width[width == 0] = 1  # half of the smallest number there is
        low = np.concatenate([own[:-1] / 2 for own in edges])
        return cls(tuple(edges), low, width, np.concatenate(list(means)))

    def __len__(self) -> int:
        return len(self.means)

    def locate(
        self,
        numbers: Array,  # float64 (n_numbers, n_samples)
    ) -> tuple[Array, Array]:
        """Return in which bin each number lies, and how far along it.

        `index`: (n_numbers, n_samples): The bin's index among all bins. `part`: From 0 at its lower
        edge to 1 at its upper edge.
        """
        index = self._bins_of(numbers)
        index += self._shift
        part = np.minimum(np.maximum(numbers, self._lowest), self._highest)
        part /= 2
        part -= self.low.take(index)
        part /= self.width.take(index)
        return index, part

    def _bins_of(self, numbers: Array) -> Array:
        """Return the index among `_starts` of the bin of each number."""
        n_numbers, step = self._starts.shape
        first = np.arange(n_numbers)[:, None] * step
        if numbers.shape[1] == 1:  # to count is quicker for a single row
            n_begun = (self._starts <= numbers).sum(axis=1, keepdims=True)
            return np.asarray(first + np.maximum(n_begun - 1, 0))
        index = np.repeat(first, numbers.shape[1], axis=1)
        while step := step // 2:  # by halving, for all numbers at once
            index += step * (self._starts.take(index + step) <= numbers)
        return index

    def features(
        self,
        numbers: Array,  # float64 (n_numbers, n_samples)
    ) -> Array:
        """Return the features of some rows, float32 of shape (n_samples, n_features)."""
        index, part = self.locate(numbers)
        features = index.T.astype(np.float32).take(self.owner, axis=1)
        features -= np.arange(len(self), dtype=np.float32)  # how many bins each lies behind
        features += part.T.astype(np.float32).take(self.owner, axis=1)
        np.clip(features, 0, 1, out=features)
        features -= self.means.astype(np.float32)
        return features

    @cached_property
    def _starts(self) -> Array:
        """Where each bin starts, (n_numbers, a power of two); NaN behind the last bin.

        The first bin has all that is below its upper edge.
        """
        most_bins = max(len(own) - 1 for own in self.edges)
        starts = np.full((len(self.edges), 2 ** (most_bins - 1).bit_length()), np.nan)
        for row, own in zip(starts, self.edges, strict=True):
            row[: len(own) - 1] = own[:-1]
        return starts

    @cached_property
    def _shift(self) -> Array:
        """From a bin's index among `_starts` to that among all bins, shape (n_numbers, 1)."""
        n_numbers, width = self._starts.shape
        return np.asarray(self.first - np.arange(n_numbers)[:, None] * width)

    @cached_property
    def first(self) -> Array:
        """The index of each number's first bin among all bins, shape (n_numbers, 1)."""
        return np.cumsum([0, *[len(own) - 1 for own in self.edges[:-1]]])[:, None]

    @cached_property
    def owner(self) -> Array:
        """The number that each bin belongs to, shape (n_features,)."""
        return np.repeat(np.arange(len(self.edges)), [len(own) - 1 for own in self.edges])

    @cached_property
    def _lowest(self) -> Array:
        return np.array([[own[0]] for own in self.edges])

    @cached_property
    def _highest(self) -> Array:
        return np.array([[own[-1]] for own in self.edges])


@dataclass(frozen=True, eq=False)
class Bins:
    """Edges along one number, and the means that center the features."""

    edges: Array  # float64 (n_bins + 1,): in strictly ascending order
    means: Array  # float64 (n_bins,): mean of each feature over the training rows

    @classmethod
    def fit(
        cls,
        distribution: Distribution,  # the values seen in training
        n_bins: int,  # how many bins at most
        *,
        missing: float,  # weight of the rows without a value; they stand at the median
        median: float,
    ) -> Bins | None:
        """Return bins that no single value fills more than one of, or None where none are needed.

        Edges are quantiles in which a value counts at most 1 / n_bins of the weight. Numbers of at
        most n_bins + 1 distinct values get an edge at each, those of two values need no bins.
        """
        edges = cap_edges(distribution, n_bins)
        if len(edges) < 3:
            return None
        bins = JoinedBins.of([edges], [np.zeros(len(edges) - 1)])
        at_median = bins.features(np.array([[median]]))[0]
        total = _total(bins, distribution) + missing * at_median
        return cls(edges, total / (distribution.total + missing))

    def __len__(self) -> int:
        return len(self.means)


def cap_edges(
    distribution: Distribution,  # the values and their weights
    n_bins: int,  # how many bins at most
) -> Array:
    """Return edges such that a value that occurs very often fills at most one bin.

    The result is float64 (at most n_bins + 1,): in strictly ascending order.
    """
    values = distribution.values
    if len(values) <= n_bins + 1:
        return values
    capped = np.minimum(distribution.weights, distribution.total / n_bins)
    cumulative = np.cumsum(capped)
    shares = np.arange(1, n_bins) / n_bins * cumulative[-1]
    inner = values[np.searchsorted(cumulative, shares)]
    return np.unique(np.concatenate([values[:1], inner, values[-1:]]))


def _total(bins: JoinedBins, distribution: Distribution) -> Array:
    """Return the weighted sum of each feature: what lies in its bin, and all above."""
    (index,), (part,) = bins.locate(distribution.values[None])
    inside = np.bincount(index, distribution.weights * part, len(bins))
    above = distribution.total - np.cumsum(np.bincount(index, distribution.weights, len(bins)))
    return np.asarray(inside + above)
