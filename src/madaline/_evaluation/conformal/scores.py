"""What intervals and sets share: nonconformity scores sorted within folds, and the coverage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from numbers import Real
from typing import Any

import numpy as np

from madaline.errors import InputError
from madaline.nn.arrays import Array

MOST = 2000
"""Number of scores that are kept, at most: enough for quantiles within .05 %, in a small file."""


@dataclass(frozen=True, eq=False)
class FoldScores:
    """The nonconformity scores of out-of-fold predictions, sorted within each fold.

    Parameters
    ----------
    values : float32 ndarray of shape (n_values,)
        Fold after fold, ascending within each.
    counts : int ndarray of shape (n_folds,)
        Number of scores of each fold.
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
    ) -> FoldScores:
        """Sort the scores of each fold; of more than `most`, keep those at evenly spaced ranks.

        Parameters
        ----------
        values : ndarray of shape (n_samples,)
            One score a row, fold after fold.
        bounds : sequence of int, of length n_folds + 1
            Start of each fold, and end of the last one.
        weight : ndarray of shape (n_samples,), optional
            Weight of each row: a row of twice the weight fills twice as many ranks.
        most : int, default=2000
            Number of scores to keep, at most (but one of each fold).

        Examples
        --------
        >>> scores = FoldScores.of(np.array([3.0, 1.0, 2.0, 9.0, 7.0, 8.0]), (0, 3, 6))
        >>> scores.values, scores.counts
        (array([1., 2., 3., 7., 8., 9.], dtype=float32), array([3, 3]))
        >>> FoldScores.of(np.arange(9.0), (0, 9), most=3).values
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
        """Number of scores of all folds."""
        return len(self.values)

    def number_below(self, thresholds: Array) -> Array:
        """Return how many scores lie below the thresholds of their folds.

        Parameters
        ----------
        thresholds : ndarray of shape (n_folds, ...)
            For each fold the values to compare its scores with.

        Returns
        -------
        int ndarray of shape (...)
            Counts, summed over the folds.
        """
        number = np.zeros(thresholds.shape[1:], np.int64)
        folds = np.split(self.values, np.cumsum(self.counts)[:-1])
        for threshold, scores in zip(thresholds, folds, strict=True):
            number += np.searchsorted(scores, threshold, side="left")
        return number


def check_coverage(coverage: Any) -> float:
    """Return a coverage, the share of new rows whose truth an interval or a set should contain.

    Examples
    --------
    >>> check_coverage(0.9)
    0.9
    >>> check_coverage(90)
    Traceback (most recent call last):
    madaline.errors.InputError: coverage is 90: give a share between 0 and 1, such as 0.9.
    """
    number = isinstance(coverage, Real) and not isinstance(coverage, bool)
    if not number or not 0 < coverage < 1:
        raise InputError(f"coverage is {coverage!r}: give a share between 0 and 1, such as 0.9.")
    return float(coverage)


def _quantiles(values: Array, weight: Array, count: int) -> Array:
    """Return the values at the middles of `count` equal parts of the weight, ascending."""
    order = np.argsort(values, kind="stable")
    cumulative = np.cumsum(weight[order])
    middles = (np.arange(count) + 0.5) / count * cumulative[-1]
    indices = np.minimum(np.searchsorted(cumulative, middles), len(values) - 1)
    return np.asarray(values[order][indices])
