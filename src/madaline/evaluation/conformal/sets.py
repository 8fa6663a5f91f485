r"""Prediction sets: the classes that cannot be ruled out, so that the truth is among them.

A class :math:`c` is as strange for a row as its probability is low, :math:`1 - p_c(x)`. It is ruled
out where it would be stranger than the truth was in 90 % of the rows that networks never saw, each
fold's rows being compared with what its own networks say. This gives the smallest sets at a given
coverage (Sadinle, Lei and Wasserman, 2019, "Least ambiguous set-valued classifiers with bounded
error levels", arXiv:1609.00451), cross-fitted as CV+ (Barber, Candes, Ramdas and Tibshirani, 2021,
arXiv:1905.02928; Romano, Sesia and Candes, 2020, arXiv:2006.02544).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from madaline.evaluation.conformal.coverage import read_coverage
from madaline.evaluation.conformal.sorted_by_fold import SortedByFold
from madaline.nn.arrays import Array


@dataclass(frozen=True, eq=False)
class Sets:
    """What prediction sets need to know of the rows that were learned from: no row of them.

    Parameters
    ----------
    strangeness : SortedByFold
        One minus the probability of the true class, of unseen rows.

    Examples
    --------
    >>> probability = np.array([[0.9, 0.1], [0.8, 0.2], [0.4, 0.6], [0.3, 0.7]])
    >>> sets = Sets.fit(probability, np.array([0, 0, 1, 1]), (0, 2, 4))
    >>> new = np.array([[[0.95, 0.05], [0.6, 0.4]]] * 2)
    >>> sets.predict(new, 0.7, predicted=np.array([0, 0]))
    array([[ True, False],
           [ True, False]])
    >>> sets.predict(new, 0.9, predicted=np.array([0, 0]))
    array([[ True,  True],
           [ True,  True]])
    """

    strangeness: SortedByFold

    @classmethod
    def fit(
        cls, probability: Array, truth: Array, bounds: Sequence[int], weight: Array | None = None
    ) -> Sets:
        """Learn from out-of-fold probabilities how strange the truth may be.

        Parameters
        ----------
        probability : ndarray of shape (n_samples, n_classes)
            By networks that never saw the row, fold after fold.
        truth : int ndarray of shape (n_samples,)
            Number of the true class.
        bounds : sequence of int, of length n_folds + 1
            Where each fold starts, and where the last one ends.
        weight : ndarray of shape (n_samples,), optional
            Weight of each row.
        """
        strangeness = 1 - np.take_along_axis(probability, truth[:, None], axis=1)[:, 0]
        return cls(SortedByFold.of(strangeness, bounds, weight))

    def predict(self, probability: Array, coverage: float, predicted: Array | None = None) -> Array:
        """Return which classes are in the set of each row.

        Parameters
        ----------
        probability : ndarray of shape (n_folds, n_samples, n_classes)
            What the networks of each fold say.
        coverage : float
            Share of new rows whose true class the set should hold, between 0 and 1.
        predicted : int ndarray of shape (n_samples,), optional
            Number of the class that is predicted, which then is always in the set.

        Returns
        -------
        Boolean ndarray of shape (n_samples, n_classes)
            Where few rows have been learned from and the coverage is high, all classes.

        Raises
        ------
        InputError
            If the coverage is no share.
        """
        limit = read_coverage(coverage) * (self.strangeness.n_values + 1)
        # As the known ones were rounded, so must be what is compared with them.
        strangeness = (1 - probability).astype(np.float32)
        sets = np.asarray(self.strangeness.number_below(strangeness) < limit)
        if predicted is not None:
            sets[np.arange(len(sets)), predicted] = True
        return sets

    def to_state(self) -> tuple[dict[str, Any], dict[str, Array]]:
        """Return a JSON-able description and the arrays that go with it."""
        return {}, {"strangeness": self.strangeness.values, "counts": self.strangeness.counts}

    @classmethod
    def from_state(cls, arrays: Mapping[str, Array]) -> Sets:
        """Return the sets that `to_state` described."""
        return cls(SortedByFold(arrays["strangeness"], arrays["counts"]))
