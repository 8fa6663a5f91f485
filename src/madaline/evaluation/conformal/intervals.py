r"""Prediction intervals: how far off unseen rows were says how far off new rows will be.

The networks of fold :math:`k` never saw its rows :math:`i`, which lie off their prediction by
:math:`r_i = (y_i - \mu_k(x_i)) / s(\mu_k(x_i))`, in units of a local scale :math:`s`. For a new row
:math:`x` every such error is tried on the networks that made it,

.. math:: \mu_{k(i)}(x) + r_i \, s(\mu_{k(i)}(x)),

and the interval reaches from the 5th to the 95th percentile of these numbers (for 90 %). That is
CV+ (Barber, Candes, Ramdas and Tibshirani, 2021, "Predictive inference with the jackknife+",
arXiv:1905.02928) with signed errors, so that a long tail is long on its own side only, and with a
scale that depends on the prediction alone, since large targets often err by more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor
from typing import Any

import numpy as np

from madaline.errors import InputError
from madaline.evaluation.conformal.coverage import read_coverage
from madaline.evaluation.conformal.sorted_by_fold import SortedByFold
from madaline.nn.arrays import Array, row_blocks

KNOTS = 10
"""Parts of equal size, by prediction, whose errors are measured apart."""

FEWEST = 50
"""Rows that such a part has at least, where there is more than one."""

LOWEST_SCALE = 0.1
"""Lowest local scale, as a share of the mean error: a few lucky rows promise nothing."""


@dataclass(frozen=True, eq=False)
class Intervals:
    """What prediction intervals need to know of the rows that were learned from: no row of them.

    Parameters
    ----------
    residuals : SortedByFold
        Errors of unseen rows in units of the local scale.
    knots : ndarray of shape (2, n_knots)
        Predictions in ascending order, and the scale of errors there; between them it is linear.
    low, high : float
        Range of the target; predictions are taken to stay in it.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> output = rng.standard_normal(1000)
    >>> target = output + 0.1 * rng.standard_normal(1000)
    >>> intervals = Intervals.fit(output, target, (0, 500, 1000))
    >>> intervals.predict(np.array([[0.0, 1.0], [0.0, 1.0]]), 0.9).round(1)
    array([[-0.2,  0.2],
           [ 0.8,  1.2]])
    """

    residuals: SortedByFold
    knots: Array
    low: float
    high: float

    @classmethod
    def fit(
        cls, output: Array, target: Array, bounds: Sequence[int], weight: Array | None = None
    ) -> Intervals:
        """Learn from out-of-fold predictions how far off predictions are.

        Parameters
        ----------
        output, target : ndarray of shape (n_samples,)
            Predictions by networks that never saw the row, and the truth, fold after fold.
        bounds : sequence of int, of length n_folds + 1
            Where each fold starts, and where the last one ends.
        weight : ndarray of shape (n_samples,), optional
            Weight of each row.
        """
        low, high = float(target.min()), float(target.max())
        output, target = np.clip(output, low, high).astype(np.float64), target.astype(np.float64)
        residuals = target - output
        knots = _knots(output, np.abs(residuals), weight)
        relative = residuals / np.interp(output, *knots)
        return cls(SortedByFold.of(relative, bounds, weight), knots, low, high)

    def predict(self, output: Array, coverage: float) -> Array:
        """Return the bounds of the interval of each row.

        Parameters
        ----------
        output : ndarray of shape (n_folds, n_samples)
            What the networks of each fold say.
        coverage : float
            Share of new rows whose truth the interval should hold, between 0 and 1.

        Returns
        -------
        ndarray of shape (n_samples, 2)
            Lower and upper bounds, within the range of the training target.

        Raises
        ------
        InputError
            If the coverage is no share, or the errors are too few to tell so rare ones.
        """
        lower, upper = self._ranks(read_coverage(coverage))
        center = np.clip(output.T.astype(np.float64), self.low, self.high)  # (n_samples, n_folds)
        scale = np.interp(center, *self.knots)
        fold = np.repeat(np.arange(len(output)), self.residuals.counts)
        bounds = np.empty((len(center), 2))
        for rows in row_blocks(len(center), len(fold)):
            tried = center[rows, fold] + scale[rows, fold] * self.residuals.values
            tried.partition((lower, upper), axis=1)  # (rows, n_values)
            bounds[rows] = tried[:, [lower, upper]]
        return np.clip(bounds, self.low, self.high)

    def around(self, output: Array, coverage: float) -> Array:
        """Return the bounds that `predict` finds where the networks of all folds say the same.

        Parameters
        ----------
        output : ndarray of shape (n_samples,)
            What they say.
        coverage : float
            As in `predict`.

        Returns
        -------
        ndarray of shape (n_samples, 2)
            Lower and upper bounds.
        """
        ranks = list(self._ranks(read_coverage(coverage)))
        center = np.clip(output.astype(np.float64), self.low, self.high)[:, None]
        ends = center + np.interp(center, *self.knots) * np.sort(self.residuals.values)[ranks]
        return np.asarray(np.clip(ends, self.low, self.high))

    def to_state(self) -> tuple[dict[str, Any], dict[str, Array]]:
        """Return a JSON-able description and the arrays that go with it."""
        arrays = {
            "residuals": self.residuals.values,
            "counts": self.residuals.counts,
            "knots": self.knots,
        }
        return {"low": self.low, "high": self.high}, arrays

    @classmethod
    def from_state(cls, state: Mapping[str, Any], arrays: Mapping[str, Array]) -> Intervals:
        """Return the intervals that `to_state` described."""
        residuals = SortedByFold(arrays["residuals"], arrays["counts"])
        return cls(residuals, arrays["knots"], state["low"], state["high"])

    def _ranks(self, coverage: float) -> tuple[int, int]:
        """Return which of the numbers in order are the bounds, counted from zero."""
        number, tail = self.residuals.n_values, (1 - coverage) / 2
        slack = 1e-9  # 0.05 * 20 is not always 1
        lower = floor(tail * (number + 1) + slack)
        upper = ceil((1 - tail) * (number + 1) - slack)
        if lower < 1:
            most = floor(1000 * (number - 1) / (number + 1)) / 1000
            remedy = f"give {most:.3g} or less" if most > 0 else "learn from more rows"
            raise InputError(
                f"coverage is {coverage:g}, which {number} errors of unseen rows cannot promise:"
                f" {remedy}."
            )
        return lower - 1, upper - 1


def _knots(output: Array, errors: Array, weight: Array | None) -> Array:
    """Return the mean prediction and the mean error of parts of equal size, shape (2, parts)."""
    parts = np.array_split(np.argsort(output, kind="stable"), _n_parts(len(output)))
    weight = np.ones(len(output)) if weight is None else weight
    means = [
        [np.average(values[part], weights=weight[part]) for part in parts]
        for values in (output, errors)
    ]
    mean = float(np.average(errors, weights=weight))
    knots = np.array(means, np.float64)
    knots[1] = np.maximum(knots[1], LOWEST_SCALE * mean) if mean else 1.0
    return knots


def _n_parts(n_samples: int) -> int:
    return max(1, min(KNOTS, n_samples // FEWEST))
