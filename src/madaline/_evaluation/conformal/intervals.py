r"""Prediction intervals: the errors of out-of-fold predictions bound the errors on new rows.

The rows :math:`i` of fold :math:`k` have the scores
:math:`r_i = (y_i - \mu_k(x_i)) / s(\mu_k(x_i))`, errors in units of a local scale :math:`s`. For a
new row :math:`x` every score is applied to the prediction of the networks that made it,

.. math:: \mu_{k(i)}(x) + r_i \, s(\mu_{k(i)}(x)),

and the interval reaches from the 5th to the 95th percentile of these numbers (for 90 %). That is
CV+ (Barber, Candes, Ramdas and Tibshirani, 2021, "Predictive inference with the jackknife+",
arXiv:1905.02928) with signed errors, so that skewed errors give asymmetric intervals, and with a
scale that depends on the prediction alone, since errors are often larger for large targets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor
from typing import Any

import numpy as np

from madaline._evaluation.conformal.scores import FoldScores, check_coverage
from madaline.errors import InputError
from madaline.nn.arrays import Array, row_blocks

KNOTS = 10
"""Number of bins of equal size, by prediction, in which the scale of errors is measured."""

FEWEST = 50
"""Rows of a bin, at least, where there is more than one."""

LOWEST_SCALE = 0.1
"""Lowest local scale, as a share of the mean error: few rows may be accurate by chance."""


@dataclass(frozen=True, eq=False)
class PredictionIntervals:
    """Makes prediction intervals; keeps scores of the training rows, but none of the rows.

    Parameters
    ----------
    scores : FoldScores
        Errors of out-of-fold predictions in units of the local scale.
    knots : ndarray of shape (2, n_knots)
        Ascending predictions, and the scale of errors at each; it is linear between them.
    low, high : float
        Range of the target, to which predictions are clipped.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> output = rng.standard_normal(1000)
    >>> target = output + 0.1 * rng.standard_normal(1000)
    >>> intervals = PredictionIntervals.fit(output, target, (0, 500, 1000))
    >>> intervals.predict(np.array([[0.0, 1.0], [0.0, 1.0]]), 0.9).round(1)
    array([[-0.2,  0.2],
           [ 0.8,  1.2]])
    """

    scores: FoldScores
    knots: Array
    low: float
    high: float

    @classmethod
    def fit(
        cls, output: Array, target: Array, bounds: Sequence[int], weight: Array | None = None
    ) -> PredictionIntervals:
        """Collect the scores of out-of-fold predictions.

        Parameters
        ----------
        output, target : ndarray of shape (n_samples,)
            Out-of-fold predictions and true values, fold after fold.
        bounds : sequence of int, of length n_folds + 1
            Start of each fold, and end of the last one.
        weight : ndarray of shape (n_samples,), optional
            Weight of each row.
        """
        low, high = float(target.min()), float(target.max())
        output, target = np.clip(output, low, high).astype(np.float64), target.astype(np.float64)
        error = target - output
        knots = _knots(output, np.abs(error), weight)
        scores = FoldScores.of(error / np.interp(output, *knots), bounds, weight)
        return cls(scores, knots, low, high)

    def predict(self, output: Array, coverage: float) -> Array:
        """Return the interval of each row.

        Parameters
        ----------
        output : ndarray of shape (n_folds, n_samples)
            Predictions of the networks of each fold.
        coverage : float
            Share of new rows whose true value the interval should contain, between 0 and 1.

        Returns
        -------
        ndarray of shape (n_samples, 2)
            Lower and upper bounds, within the range of the training target.

        Raises
        ------
        InputError
            If the coverage is no share, or too high for the number of scores.
        """
        lower, upper = self._ranks(check_coverage(coverage))
        center = np.clip(output.T.astype(np.float64), self.low, self.high)  # (n_samples, n_folds)
        scale = np.interp(center, *self.knots)
        fold = np.repeat(np.arange(len(output)), self.scores.counts)
        bounds = np.empty((len(center), 2))
        for rows in row_blocks(len(center), len(fold)):
            values = center[rows, fold] + scale[rows, fold] * self.scores.values
            values.partition((lower, upper), axis=1)  # (rows, n_values)
            bounds[rows] = values[:, [lower, upper]]
        return np.clip(bounds, self.low, self.high)

    def around(self, output: Array, coverage: float) -> Array:
        """Return the interval of each row, shape (n_samples, 2), where all folds predict the same.

        `output` is that prediction, of shape (n_samples,).
        """
        ranks = list(self._ranks(check_coverage(coverage)))
        center = np.clip(output.astype(np.float64), self.low, self.high)[:, None]
        bounds = center + np.interp(center, *self.knots) * np.sort(self.scores.values)[ranks]
        return np.asarray(np.clip(bounds, self.low, self.high))

    def to_state(self) -> tuple[dict[str, Any], dict[str, Array]]:
        """Return a JSON-able description and the arrays that go with it."""
        arrays = {
            "scores": self.scores.values,
            "counts": self.scores.counts,
            "knots": self.knots,
        }
        return {"low": self.low, "high": self.high}, arrays

    @classmethod
    def from_state(
        cls, state: Mapping[str, Any], arrays: Mapping[str, Array]
    ) -> PredictionIntervals:
        """Return the intervals that `to_state` described."""
        scores = arrays["scores"] if "scores" in arrays else arrays["residuals"]  # of old files
        return cls(
            FoldScores(scores, arrays["counts"]), arrays["knots"], state["low"], state["high"]
        )

    def _ranks(self, coverage: float) -> tuple[int, int]:
        """Return the ranks of the bounds among the sorted values, counted from zero."""
        number, tail = self.scores.n_values, (1 - coverage) / 2
        slack = 1e-9  # 0.05 * 20 is not always 1
        lower = floor(tail * (number + 1) + slack)
        upper = ceil((1 - tail) * (number + 1) - slack)
        if lower < 1:
            most = floor(1000 * (number - 1) / (number + 1)) / 1000
            remedy = f"give {most:.3g} or less" if most > 0 else "learn from more rows"
            raise InputError(
                f"coverage is {coverage:g}, too high for {number} out-of-fold predictions:"
                f" {remedy}."
            )
        return lower - 1, upper - 1


def _knots(output: Array, errors: Array, weight: Array | None) -> Array:
    """Return the mean prediction and the mean error of bins of equal size, shape (2, n_bins)."""
    n_bins = max(1, min(KNOTS, len(output) // FEWEST))
    bins = np.array_split(np.argsort(output, kind="stable"), n_bins)
    weight = np.ones(len(output)) if weight is None else weight
    means = [
        [np.average(values[rows], weights=weight[rows]) for rows in bins]
        for values in (output, errors)
    ]
    mean = float(np.average(errors, weights=weight))
    knots = np.array(means, np.float64)
    knots[1] = np.maximum(knots[1], LOWEST_SCALE * mean) if mean else 1.0
    return knots
