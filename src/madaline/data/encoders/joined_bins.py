r"""The bins of several numbers side by side, so that one row takes as many steps as one column.

A number :math:`x` lies at the place :math:`p = i + (x - e_i) / (e_{i+1} - e_i)` among its edges,
with :math:`i` the number of its bin. Its features are :math:`\mathrm{clip}(p - i, 0, 1) - m_i`, the
same as in `madaline.data.encoders.bins`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from madaline.nn import row_kernels
from madaline.nn.arrays import Array
from madaline.nn.workspace import Workspace

_TWO = np.array(2.0)  # quicker than a number

_FEW_ROWS = 4
"""Rows for which numbers are compared with all edges at once: that takes fewer calls of NumPy."""


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
        workspace = workspace or Workspace()
        own, part = self.locate(numbers, workspace)
        index = np.subtract(own, self.first, out=workspace.empty(own.shape, np.intp))
        part += index
        part -= index  # rounded as part of a place
        part -= self.means.take(own, out=workspace.empty(own.shape, np.float64), mode="clip")
        filled = workspace.empty((len(out), *self._shape), np.float32)
        self._filled.take(own.T, axis=0, out=filled, mode="clip")
        first = np.arange(0, filled.size, filled.shape[2]).reshape(filled.shape[:2])
        filled.reshape(-1)[np.add(first, index.T, out=first)] = part.T
        features = filled.reshape(len(out), -1)
        out[...] = features if self._real is None else features.take(self._real, axis=1)

    def locate(self, numbers: Array, workspace: Workspace) -> tuple[Array, Array]:
        """Return in which bin each number lies, and how far along it.

        Parameters
        ----------
        numbers : float64 ndarray of shape (n_numbers, n_samples)
            Finite, none missing.
        workspace : Workspace
            Does it.

        Returns
        -------
        own : int ndarray of shape (n_numbers, n_samples)
            The bin's place among all bins.
        part : float64 ndarray of the same shape
            From 0 at its lower edge to 1 at its upper edge.
        """
        own = self._own(numbers, workspace)
        if workspace.compiled is not None:
            part = workspace.empty(own.shape, np.float64)
            edges = self.lowest, self.highest, self.low, self.width
            workspace.in_one_call(row_kernels.part_of_bins, numbers, own, *edges, part)
            return own, part
        part, of_bin = (workspace.empty(own.shape, np.float64) for _ in range(2))
        workspace.do(np.maximum, numbers, self.lowest, out=part)
        workspace.do(np.minimum, part, self.highest, out=part)
        workspace.do(np.divide, part, _TWO, out=part)
        workspace.do(self.low.take, own, out=of_bin, mode="clip")
        workspace.do(np.subtract, part, of_bin, out=part)
        workspace.do(self.width.take, own, out=of_bin, mode="clip")
        workspace.do(np.divide, part, of_bin, out=part)
        return own, part

    def places(self, numbers: Array) -> Array:
        """Return the number of the bin plus how far along it each number lies, from 0 to n_bins."""
        own, part = self.locate(numbers, Workspace())
        return np.asarray(part + (own - self.first))

    def _own(self, numbers: Array, workspace: Workspace) -> Array:
        """Return the place of the bin that each number lies in.

        By halving, in all columns at once: each number is compared with one edge at a time.
        """
        n_numbers, width = self._starts.shape
        place = workspace.empty(numbers.shape, np.intp)
        first = self.first
        if workspace.in_one_call(row_kernels.find_bins, numbers, self._starts, first, place):
            return place
        if numbers.shape[1] <= _FEW_ROWS:
            shape = (n_numbers, width - 1, numbers.shape[1])
            are_below = workspace.empty(shape, np.bool_)
            starts = self._starts[:, 1:, None]
            workspace.do(np.less_equal, starts, numbers[:, None], out=are_below)
            workspace.do(np.add.reduce, are_below, axis=1, dtype=np.intp, out=place)
            workspace.do(np.add, place, first, out=place)
            return place
        ahead = workspace.empty(place.shape, np.intp)
        start = workspace.empty(numbers.shape, np.float64)
        is_below = workspace.empty(numbers.shape, np.bool_)
        start_of_all = np.arange(n_numbers)[:, None] * width
        workspace.do(np.copyto, place, start_of_all)
        while width := width // 2:
            workspace.do(np.add, place, width, out=ahead)
            workspace.do(self._starts.take, ahead, out=start, mode="clip")
            workspace.do(np.less_equal, start, numbers, out=is_below)
            workspace.do(np.multiply, is_below, width, out=ahead)
            workspace.do(np.add, place, ahead, out=place)
        workspace.do(np.subtract, place, start_of_all - first, out=place)
        return place

    @cached_property
    def _shape(self) -> tuple[int, int]:
        """How many numbers there are, and how many bins one has at most."""
        return len(self.edges), int(self.last.max()) + 1

    @cached_property
    def _starts(self) -> Array:
        """Where each bin starts, the first before all numbers; behind the last no number is.

        Of shape (n_numbers, a power of two).
        """
        n_numbers, most_bins = self._shape
        starts = np.full((n_numbers, 2 ** (most_bins - 1).bit_length()), np.nan)
        starts[:, 0] = -np.inf
        for row, own in zip(starts, self.edges, strict=True):
            row[1 : len(own) - 1] = own[1:-1]
        return starts

    @cached_property
    def _place(self) -> Array:
        """The number of each bin among those of its number."""
        counts = self.last.ravel() + 1
        return np.arange(len(self)) - np.repeat(self.first.ravel(), counts).astype(np.float64)

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
