"""Numbers of every fold in order: how they are spread, without the rows that they belong to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from madaline.nn.arrays import Array

MOST = 2000
"""Numbers that are kept at most. Quantiles of 2,000 evenly spaced ranks differ from those of all
numbers by a two-thousandth of them at most, and a model file stays small."""


@dataclass(frozen=True, eq=False)
class SortedByFold:
    """Numbers that rise within each fold.

    Parameters
    ----------
    values : float32 ndarray of shape (n_values,)
        Fold after fold, ascending within each.
    counts : int ndarray of shape (n_folds,)
        How many of them belong to each fold.
    """

    values: Array
    counts: Array

    @classmethod
    def of(
        cls,
        values: Array,
        bounds: Sequence[int],
        weight: Array | None = None,
        *,
        most: int = MOST,
    ) -> SortedByFold:
        """Sort the numbers of each fold; of very many, keep some at evenly spaced ranks.

        Parameters
        ----------
        values : ndarray of shape (n_samples,)
            One number a row, fold after fold.
        bounds : sequence of int, of length n_folds + 1
            Where each fold starts, and where the last one ends.
        weight : ndarray of shape (n_samples,), optional
            Weight of each row: a row of twice the weight fills twice as many ranks.
        most : int, default=2000
            How many numbers to keep, at most (but one of each fold).

        Examples
        --------
        >>> kept = SortedByFold.of(np.array([3.0, 1.0, 2.0, 9.0, 7.0, 8.0]), (0, 3, 6))
        >>> kept.values, kept.counts
        (array([1., 2., 3., 7., 8., 9.], dtype=float32), array([3, 3]))
        >>> SortedByFold.of(np.arange(9.0), (0, 9), most=3).values
        array([1., 4., 7.], dtype=float32)
        """
        weight = np.ones(len(values)) if weight is None else np.asarray(weight, np.float64)
        folds = [slice(start, stop) for start, stop in pairwise(bounds)]
        total = min(len(values), most)
        shares = np.array([weight[fold].sum() for fold in folds]) / weight.sum()
        counts = np.maximum(1, np.round(total * shares).astype(np.int64))
        kept = [
            _quantiles(values[fold], weight[fold], count)
            for fold, count in zip(folds, counts, strict=True)
        ]
        return cls(np.concatenate(kept).astype(np.float32), counts)

    @property
    def n_values(self) -> int:
        """How many numbers are kept in all."""
        return len(self.values)

    def number_below(self, thresholds: Array) -> Array:
        """Return how many numbers lie below, each fold's below its own thresholds.

        Parameters
        ----------
        thresholds : ndarray of shape (n_folds, ...)
            For each fold what its numbers are compared with.

        Returns
        -------
        int ndarray of shape (...)
            Counts, summed over the folds.
        """
        number = np.zeros(thresholds.shape[1:], np.int64)
        folds = np.split(self.values, np.cumsum(self.counts)[:-1])
        for own, ascending in zip(thresholds, folds, strict=True):
            number += np.searchsorted(ascending, own, side="left")
        return number


def _quantiles(values: Array, weight: Array, count: int) -> Array:
    """Return the values at the middles of `count` equal parts of the weight, ascending."""
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weight[order])
    middles = (np.arange(count) + 0.5) / count * reached[-1]
    places = np.minimum(np.searchsorted(reached, middles), len(values) - 1)
    return np.asarray(values[order][places])
