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
from madaline.core.workspace import Workspace

_FEATURES = 2**18
"""Features worked out at a time, about, so that they stay in the cache."""

_FEW_ROWS = 4
"""Rows for which all bins are worked out: that takes fewer calls of NumPy."""


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

    def write(self, numbers: Array, out: Array, workspace: Workspace | None = None) -> None:
        """Write the features of some rows.

        Of a number's bins all before its own are full and all behind it are empty: these rows are
        looked up, and only the bin that it lies in is worked out.

        Parameters
        ----------
        numbers : float64 ndarray of shape (n_numbers, n_samples)
            Finite, none missing.
        out : float32 ndarray of shape (n_samples, n_features)
            Where to write.
        workspace : Workspace, optional
            Where arrays come from.
        """
        if len(out) <= _FEW_ROWS and self._all_wide:
            self._write_few(numbers, out)
            return
        workspace = workspace or Workspace()
        n_numbers, most_bins = self._shape
        rows = min(len(out), max(1, _FEATURES // (n_numbers * most_bins)))
        for start in range(0, len(out), max(1, rows)):
            some, own = out[start : start + rows], numbers[:, start : start + rows]
            filled = workspace.empty((len(some), n_numbers, most_bins), np.float32)
            self._fill(own, filled, workspace)
            features = filled.reshape(len(some), -1)
            some[...] = features if self._real is None else features.take(self._real, axis=1)

    def _fill(self, numbers: Array, filled: Array, workspace: Workspace) -> None:
        """Write features, as many for each number."""
        index = self._index(numbers, workspace)
        own, part = self._own_places(numbers, index, workspace)
        part -= index
        part -= self.means.take(own, out=workspace.empty(own.shape, np.float64), mode="clip")
        self._filled.take(own.T, axis=0, out=filled, mode="clip")
        first = np.arange(0, filled.size, filled.shape[2]).reshape(filled.shape[:2])
        filled.reshape(-1)[np.add(first, index.T, out=first)] = part.T

    def places(self, numbers: Array) -> Array:
        """Return the number of the bin plus how far along it each number lies, from 0 to n_bins."""
        workspace = Workspace()
        return self._own_places(numbers, self._index(numbers, workspace), workspace)[1]

    def _own_places(
        self, numbers: Array, index: Array, workspace: Workspace
    ) -> tuple[Array, Array]:
        """Return the place of each number's bin among all bins, and its own place, as `places`."""
        own = np.add(index, self.first, out=workspace.empty(index.shape, np.intp))
        place, of_bin = (workspace.empty(index.shape, np.float64) for _ in range(2))
        self._half(numbers, place)
        place -= self.low.take(own, out=of_bin, mode="clip")
        place /= self.width.take(own, out=of_bin, mode="clip")
        place += index
        return own, place

    def _index(self, numbers: Array, workspace: Workspace) -> Array:
        """Return the number of the bin that each number lies in, counted from its first.

        By halving, in all columns at once: each number is compared with one edge at a time.
        """
        n_numbers, width = self._starts.shape
        first = np.arange(n_numbers)[:, None] * width
        place, ahead = (workspace.empty(numbers.shape, np.intp) for _ in range(2))
        start = workspace.empty(numbers.shape, np.float64)
        is_below = workspace.empty(numbers.shape, np.bool_)
        place[...] = first
        while width := width // 2:
            np.add(place, width, out=ahead)
            self._starts.take(ahead, out=start, mode="clip")
            np.less_equal(start, numbers, out=is_below)
            place += np.multiply(is_below, width, out=ahead)
        place -= first
        return place

    def _write_few(self, numbers: Array, out: Array) -> None:
        """Write the features of a few rows, working out all bins: the same bits in fewer calls."""
        half = self._half(numbers, np.empty(numbers.shape))
        part = half.T.take(self._number, axis=1)  # (n_samples, n_features)
        part -= self.low
        np.minimum(np.maximum(part, 0, out=part), self.width, out=part)
        part /= self.width
        part += self._place
        part -= self._place  # rounded as part of a place
        part -= self.means
        out[...] = part.astype(np.float32)

    def _half(self, numbers: Array, out: Array) -> Array:
        """Write half of each number, of one beyond the edges half of the nearest edge."""
        np.minimum(np.maximum(numbers, self.lowest, out=out), self.highest, out=out)
        out /= 2
        return out

    @cached_property
    def _shape(self) -> tuple[int, int]:
        """How many numbers there are, and how many bins one has at most."""
        return len(self.edges), int(self.last.max()) + 1

    @cached_property
    def _starts(self) -> Array:
        """Where each bin starts, the first before all numbers, and infinities behind the last.

        Of shape (n_numbers, a power of two).
        """
        n_numbers, most_bins = self._shape
        starts = np.full((n_numbers, 2 ** (most_bins - 1).bit_length()), np.inf)
        starts[:, 0] = -np.inf
        for row, own in zip(starts, self.edges, strict=True):
            row[1 : len(own) - 1] = own[1:-1]
        return starts

    @cached_property
    def _all_wide(self) -> bool:
        """Whether there are numbers within each bin, once halved."""
        return all((np.diff(own / 2) > 0).all() for own in self.edges)

    @cached_property
    def _number(self) -> Array:
        """Which number each feature is made of."""
        return np.repeat(np.arange(len(self.edges)), self.last.ravel() + 1)

    @cached_property
    def _place(self) -> Array:
        """The number of each bin among those of its number."""
        return np.arange(len(self)) - self.first.ravel()[self._number].astype(np.float64)

    @cached_property
    def _filled(self) -> Array:
        """For each bin the features of a number at its lower edge, (n_features, most_bins)."""
        counts, (n_numbers, most_bins) = self.last + 1, self._shape
        places = np.arange(most_bins)
        means = np.zeros((n_numbers, most_bins))
        means[places < counts] = self.means
        full = (places < self._place[:, None]).astype(np.float64)
        return np.asarray(full - np.repeat(means, counts.ravel(), axis=0), np.float32)

    @cached_property
    def _real(self) -> Array | None:
        """Which columns of `_filled`, number by number, are features; None where all are."""
        real = np.arange(self._shape[1]) <= self.last  # (n_numbers, most_bins)
        return None if real.all() else np.flatnonzero(real)
