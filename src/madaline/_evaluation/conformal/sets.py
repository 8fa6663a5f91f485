r"""Prediction sets: all classes that cannot be ruled out at a given coverage.

The nonconformity score of a class :math:`c` is :math:`1 - p_c(x)`. A class is ruled out if its
score is higher than that of the true class in 90 % of the out-of-fold predictions, where the
networks of each fold are compared with their own scores. This gives the smallest sets at a given
coverage (Sadinle, Lei and Wasserman, 2019, "Least ambiguous set-valued classifiers with bounded
error levels", arXiv:1609.00451), cross-fitted as CV+ (Barber, Candes, Ramdas and Tibshirani, 2021,
arXiv:1905.02928; Romano, Sesia and Candes, 2020, arXiv:2006.02544).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from madaline._evaluation.conformal.scores import FoldScores, check_coverage
from madaline.nn.arrays import Array


@dataclass(frozen=True, eq=False)
class PredictionSets:
    """Makes prediction sets; keeps scores of the training rows, but none of the rows.

    Parameters
    ----------
    scores : FoldScores
        One minus the out-of-fold probability of the true class.

    Examples
    --------
    >>> probability = np.array([[0.9, 0.1], [0.8, 0.2], [0.4, 0.6], [0.3, 0.7]])
    >>> sets = PredictionSets.fit(probability, np.array([0, 0, 1, 1]), (0, 2, 4))
    >>> new = np.array([[[0.95, 0.05], [0.6, 0.4]]] * 2)
    >>> sets.predict(new, 0.7, predicted=np.array([0, 0]))
    array([[ True, False],
           [ True, False]])
    >>> sets.predict(new, 0.9, predicted=np.array([0, 0]))
    array([[ True,  True],
           [ True,  True]])
    """

    scores: FoldScores

    @classmethod
    def fit(
        cls, probability: Array, truth: Array, bounds: Sequence[int], weight: Array | None = None
    ) -> PredictionSets:
        """Collect the scores of out-of-fold probabilities.

        Parameters
        ----------
        probability : ndarray of shape (n_samples, n_classes)
            Out-of-fold probabilities, fold after fold.
        truth : int ndarray of shape (n_samples,)
            Index of the true class.
        bounds : sequence of int, of length n_folds + 1
            Start of each fold, and end of the last one.
        weight : ndarray of shape (n_samples,), optional
            Weight of each row.
        """
        scores = 1 - np.take_along_axis(probability, truth[:, None], axis=1)[:, 0]
        return cls(FoldScores.of(scores, bounds, weight))

    def predict(self, probability: Array, coverage: float, predicted: Array | None = None) -> Array:
        """Return which classes are in the set of each row.

        Parameters
        ----------
        probability : ndarray of shape (n_folds, n_samples, n_classes)
            Predictions of the networks of each fold.
        coverage : float
            Share of new rows whose true class the set should contain, between 0 and 1.
        predicted : int ndarray of shape (n_samples,), optional
            Index of the predicted class, which then is always in the set.

        Returns
        -------
        Boolean ndarray of shape (n_samples, n_classes)
            After a fit of few rows, high coverages give sets of all classes.

        Raises
        ------
        InputError
            If the coverage is no share.
        """
        limit = check_coverage(coverage) * (self.scores.n_values + 1)
        scores = (1 - probability).astype(np.float32)  # rounded like the stored scores
        sets = np.asarray(self.scores.number_below(scores) < limit)
        if predicted is not None:
            sets[np.arange(len(sets)), predicted] = True
        return sets

    def to_state(self) -> tuple[dict[str, Any], dict[str, Array]]:
        """Return a JSON-able description and the arrays that go with it."""
        return {}, {"scores": self.scores.values, "counts": self.scores.counts}

    @classmethod
    def from_state(cls, arrays: Mapping[str, Array]) -> PredictionSets:
        """Return the sets that `to_state` described."""
        scores = arrays["scores"] if "scores" in arrays else arrays["strangeness"]  # of old files
        return cls(FoldScores(scores, arrays["counts"]))
