r"""The bins of several numbers side by side, so that one row takes as many steps as one column.

A number :math:`x` lies at the place :math:`p = i + (x - e_i) / (e_{i+1} - e_i)` among its edges,
with :math:`i` the number of its bin. Its features are :math:`\mathrm{clip}(p - i, 0, 1) - m_i`, the
same as in `madaline.data.bins`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from madaline.core.arrays import Array


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
    owner : int ndarray of shape (n_features,)
        The number that each bin belongs to.
    number : float64 ndarray of shape (n_features,)
        The number of each bin, counted from its owner's first.
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
    owner: Array
    number: Array
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
            np.repeat(np.arange(len(counts)), counts),
            np.concatenate([np.arange(float(count)) for count in counts]),
            np.concatenate(list(means)),
        )

    def __len__(self) -> int:
        """Return the number of features."""
        return len(self.means)

    def write(self, numbers: Array, out: Array) -> None:
        """Write the features of some rows, few enough for the cache.

        Parameters
        ----------
        numbers : float64 ndarray of shape (n_numbers, n_samples)
            Finite, none missing.
        out : ndarray of shape (n_samples, n_features)
            Where to write.
        """
        places = np.ascontiguousarray(self.places(numbers).T)  # (n_samples, n_numbers)
        features = places.take(self.owner, axis=1)  # (n_samples, n_features)
        features -= self.number
        np.clip(features, 0, 1, out=features)
        features -= self.means
        out[...] = features

    def places(self, numbers: Array) -> Array:
        """Return the number of the bin plus how far along it each number lies, from 0 to n_bins."""
        half = np.clip(numbers, self.lowest, self.highest) / 2
        found = [
            own.searchsorted(row, "right") for own, row in zip(self.edges, numbers, strict=True)
        ]
        index = np.clip(np.array(found) - 1, 0, self.last)
        place = index + self.first
        return np.asarray(index + (half - self.low[place]) / self.width[place])
