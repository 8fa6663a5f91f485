r"""The bins of several numbers side by side, so that one row takes as many steps as one column.

A number :math:`x` lies at the place :math:`p = i + (x - e_i) / (e_{i+1} - e_i)` among its edges,
with :math:`i` the number of its bin. Its features are :math:`\mathrm{clip}(p - i, 0, 1) - m_i`, the
same as in `madaline.data.bins`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from madaline.core.arrays import Array

_FEATURES = 2**18
"""Features worked out at a time, about, so that they stay in the cache."""

_FEW_ROWS = 4
"""Rows for which comparing with all edges at once is quicker than a search in each column."""


@dataclass(frozen=True, eq=False)
class JoinedBins:
    """Edges along several numbers; build it with `of`.

    Parameters
    ----------
    edges : tuple of float64 ndarray of shape (n_bins + 1,)
        Those of each number.
    lowest, highest : float64 ndarray of shape (n_numbers, 1)
        First and last edge of each.
    first, last : int ndarray of shape (n_numbers, 1)
        Place of its first bin among all bins, and how many follow that.
    low, width : float64 ndarray of shape (n_features,)
        Lower edge and width of each bin, halved, as twice 1e308 would overflow.
    means : float64 ndarray of shape (n_features,)
        Mean of each feature over the training rows.

    Examples
    --------
    >>> edges = np.array([0.0, 1.0, 3.0]), np.array([0.0, 10.0, 20.0, 30.0])
    >>> bins = JoinedBins.of(edges, [np.full(2, 0.5), np.zeros(3)])
    >>> bins.places(np.array([[2.0, 9.0], [5.0, 25.0]]))
    array([[1.5, 2. ],
           [0.5, 2.5]])
    >>> out = np.empty((2, len(bins)), np.float32)
    >>> bins.write(np.array([[2.0, 9.0], [5.0, 25.0]]), out)
    >>> out
    array([[0.5, 0. , 0.5, 0. , 0. ],
           [0.5, 0.5, 1. , 1. , 0.5]], dtype=float32)
    """

    edges: tuple[Array, ...]
    lowest: Array
    highest: Array
    first: Array
    last: Array
    low: Array
    width: Array
    means: Array

    @classmethod
    def of(cls, edges: Sequence[Array], means: Sequence[Array]) -> JoinedBins:
        """Return the bins of at least one number, given the edges and the means of each."""
        counts = np.array([len(own) for own in means])
        width = np.concatenate([np.diff(own / 2) for own in edges])
        width[width == 0] = 1  # half of the smallest number there is
        return cls(
            tuple(edges),
            np.array([[own[0]] for own in edges]),
            np.array([[own[-1]] for own in edges]),
            (np.cumsum(counts) - counts)[:, None],
            (counts - 1)[:, None],
            np.concatenate([own[:-1] / 2 for own in edges]),
            width,
            np.concatenate(list(means)),
        )

    def __len__(self) -> int:
        """Return the number of features."""
        return len(self.means)

    def write(self, numbers: Array, out: Array) -> None:
        """Write the features of some rows.

        Of a number's bins all before its own are full and all behind it are empty: these rows are
        looked up, and only the bin that it lies in is worked out.

        Parameters
        ----------
        numbers : float64 ndarray of shape (n_numbers, n_samples)
            Finite, none missing.
        out : float32 ndarray of shape (n_samples, n_features)
            Where to write.
        """
        n_numbers, most_bins = self._shape
        rows = min(len(out), max(1, _FEATURES // (n_numbers * most_bins)))
        filled = np.empty((rows, n_numbers, most_bins), np.float32)
        starts = np.arange(0, filled.size, most_bins).reshape(rows, n_numbers)
        for start in range(0, len(out), max(1, rows)):
            some = out[start : start + rows]
            count = len(some)
            self._fill(numbers[:, start : start + rows], filled[:count], starts[:count])
            features = filled[:count].reshape(count, -1)
            some[...] = features if self._real is None else features.take(self._real, axis=1)

    def _fill(self, numbers: Array, filled: Array, starts: Array) -> None:
        """Write features, as many for each number, given the place of the first ones."""
        index = self._index(numbers)
        own = index + self.first  # (n_numbers, n_samples)
        part = self._places(numbers, index, own) - index
        part -= self.means[own]
        self._filled.take(own.T, axis=0, out=filled, mode="clip")
        filled.reshape(-1)[starts + index.T] = part.T

    def places(self, numbers: Array) -> Array:
        """Return the number of the bin plus how far along it each number lies, from 0 to n_bins."""
        index = self._index(numbers)
        return self._places(numbers, index, index + self.first)

    def _places(self, numbers: Array, index: Array, own: Array) -> Array:
        half = np.clip(numbers, self.lowest, self.highest) / 2
        return np.asarray(index + (half - self.low[own]) / self.width[own])

    def _index(self, numbers: Array) -> Array:
        """Return the number of the bin that each number lies in, counted from its first."""
        if numbers.shape[1] <= _FEW_ROWS:
            below = (self._all_edges <= numbers[:, :, None]).sum(axis=2)
        else:
            below = self._count_edges_below(numbers)
        return np.asarray(np.clip(below - 1, 0, self.last))

    def _count_edges_below(self, numbers: Array) -> Array:
        """Return how many edges are not above each number, edge by edge.

        A search in each column would ask less often, but guesses its way: that takes five times as
        long.
        """
        below, is_below = np.zeros(numbers.shape, np.intp), np.empty(numbers.shape, bool)
        for start in range(0, self._all_edges.shape[2], 255):  # as many as a byte can count
            count = np.zeros(numbers.shape, np.uint8)
            for edge in np.moveaxis(self._all_edges[..., start : start + 255], 2, 0):
                np.less_equal(edge, numbers, out=is_below)
                count += is_below.view(np.uint8)
            below += count
        return below

    @cached_property
    def _shape(self) -> tuple[int, int]:
        """How many numbers there are, and how many bins one has at most."""
        return len(self.edges), int(self.last.max()) + 1

    @cached_property
    def _all_edges(self) -> Array:
        """All edges, shape (n_numbers, 1, most_bins + 1), with infinities behind the last."""
        n_numbers, most_bins = self._shape
        table = np.full((n_numbers, 1, most_bins + 1), np.inf)
        for row, own in zip(table, self.edges, strict=True):
            row[0, : len(own)] = own
        return table

    @cached_property
    def _filled(self) -> Array:
        """For each bin the features of a number at its lower edge, (n_features, most_bins)."""
        counts, (n_numbers, most_bins) = self.last + 1, self._shape
        places = np.arange(most_bins)
        means = np.zeros((n_numbers, most_bins))
        means[places < counts] = self.means
        number = np.arange(len(self)) - np.repeat(self.first, counts.ravel())
        full = (places < number[:, None]).astype(np.float64)
        return np.asarray(full - np.repeat(means, counts.ravel(), axis=0), np.float32)

    @cached_property
    def _real(self) -> Array | None:
        """Which columns of `_filled`, number by number, are features; None where all are."""
        real = np.arange(self._shape[1]) <= self.last  # (n_numbers, most_bins)
        return None if real.all() else np.flatnonzero(real)
