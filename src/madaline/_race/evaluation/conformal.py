r"""Conformal prediction: intervals and sets that contain the truth as often as they promise.

*Intervals*: the errors of out-of-fold predictions bound the errors on new rows. The rows :math:`i`
of fold :math:`k` have the scores :math:`r_i = (y_i - \mu_k(x_i)) / s(\mu_k(x_i))`, errors in units
of a local scale :math:`s`. For a new row :math:`x` every score is applied to the prediction of the
networks that made it,

.. math:: \mu_{k(i)}(x) + r_i \, s(\mu_{k(i)}(x)),

and the interval reaches from the 5th to the 95th percentile of these numbers (for 90 %). That is
CV+ (Barber, Candes, Ramdas and Tibshirani, 2021, "Predictive inference with the jackknife+",
arXiv:1905.02928) with signed errors, so that skewed errors give asymmetric intervals, and with a
scale that depends on the prediction alone, since errors are often larger for large targets.

*Sets*: the nonconformity score of a class :math:`c` is :math:`1 - p_c(x)`. A class is ruled out if
its score is higher than that of the true class in 90 % of the out-of-fold predictions, where the
networks of each fold are compared with their own scores. This gives the smallest sets at a given
coverage (Sadinle, Lei and Wasserman, 2019, "Least ambiguous set-valued classifiers with bounded
error levels", arXiv:1609.00451), cross-fitted as CV+ (Romano, Sesia and Candes, 2020,
arXiv:2006.02544).

*Quantiles*: to each predicted quantile a number is added, the quantile of its out-of-fold errors
(Romano, Patterson and Candes, 2019, "Conformalized quantile regression", arXiv:1905.03222).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, floor
from numbers import Real
from typing import Any

import numpy as np

from madaline._base.language import _
from madaline._tables.io.tensor_header import named
from madaline.errors import InputError
from madaline.nn.arrays import Array, row_blocks

_MAX_SCORES = 2000  # that are kept: enough for quantiles within .05 %, in a small file
_MAX_KNOTS = 10  # bins of equal size, by prediction, in which the scale of errors is measured
_MIN_BIN_ROWS = 50  # where there is more than one bin
_MIN_STEP_ROWS = 20  # where there is more than one bin of steps ahead
_MIN_SCALE = 0.1  # as a share of the mean error: few rows may be accurate by chance


@dataclass(frozen=True, eq=False)
class FoldScores:
    """The nonconformity scores of out-of-fold predictions, sorted within each fold."""

    values: Array  # (n_values,), fold after fold, ascending within each
    counts: Array  # (n_folds,) ints, number of scores of each fold

    @classmethod
    def of(
        cls,
        values: Array,  # (n_samples,), one score a row, fold after fold
        bounds: Sequence[int],  # (n_folds + 1,), start of each fold, and end of the last one
        weight: Array | None = None,  # (n_samples,), twice the weight fills twice as many ranks
        *,
        most: int = _MAX_SCORES,
    ) -> FoldScores:
        """Sort the scores of each fold; of more than `most`, keep those at evenly spaced ranks.

        One of each fold is kept at least.
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
        """Return how many scores lie below those of their folds, from (n_folds, ...) to (...)."""
        number = np.zeros(thresholds.shape[1:], np.int64)
        folds = np.split(self.values, np.cumsum(self.counts)[:-1])
        for threshold, scores in zip(thresholds, folds, strict=True):
            number += np.searchsorted(scores, threshold, side="left")
        return number


def check_coverage(coverage: Any) -> float:
    """Return a coverage, the share of new rows whose truth an interval or a set should contain.

    >>> check_coverage(0.9)
    0.9
    >>> check_coverage(90)
    Traceback (most recent call last):
    madaline.errors.InputError: coverage is 90: give a share between 0 and 1, such as 0.9.
    """
    number = isinstance(coverage, Real) and not isinstance(coverage, bool)
    if not number or not 0 < coverage < 1:
        raise InputError(
            "coverage is {coverage!r}: give a share between 0 and 1, such as 0.9.",
            coverage=coverage,
        )
    return float(coverage)


def _quantiles(values: Array, weight: Array, count: int) -> Array:
    """Return the values at the middles of `count` equal parts of the weight, ascending."""
    order = np.argsort(values, kind="stable")
    cumulative = np.cumsum(weight[order])
    middles = (np.arange(count) + 0.5) / count * cumulative[-1]
    indices = np.minimum(np.searchsorted(cumulative, middles), len(values) - 1)
    return np.asarray(values[order][indices])


def quantile_offsets(
    levels: Sequence[float],
    errors: Array,  # (n_samples, n_levels), true values minus out-of-fold quantiles
    weight: Array | None = None,  # (n_samples,)
) -> Array:  # (n_levels,)
    """Return what is added to each quantile, so that it holds on new rows.

    Above the median, a share `level` of new truths or more lies at or below it; below the median,
    `level` or fewer lie below it. Of fewer rows than that needs, the outermost error is returned.

    >>> errors = np.arange(1.0, 100.0)[:, None] - [50, 50, 50]
    >>> quantile_offsets((0.1, 0.5, 0.9), errors)
    array([-40.,   0.,  40.])
    >>> quantile_offsets((0.01, 0.999), errors[:, :2])
    array([-49.,  49.])
    """
    offsets = []
    for level, error in zip(levels, errors.T, strict=True):
        share = max(level, 1 - level)
        sign = -1 if level < 0.5 else 1
        if share > 0.5:
            share = min(1.0, share * (1 + 1 / len(error)))
        share -= 1e-9  # 0.95 * 20 is not always 19
        ranked = np.quantile(sign * error, share, weights=weight, method="inverted_cdf")
        offsets.append(sign * ranked)
    return np.array(offsets)


@dataclass(frozen=True, eq=False)
class PredictionIntervals:
    """Makes prediction intervals; keeps scores of the training rows, but none of the rows.

    >>> rng = np.random.default_rng(0)
    >>> output = rng.standard_normal(1000)
    >>> target = output + 0.1 * rng.standard_normal(1000)
    >>> intervals = PredictionIntervals.fit(output, target, (0, 500, 1000))
    >>> intervals.predict(np.array([[0.0, 1.0], [0.0, 1.0]]), 0.9).round(1)
    array([[-0.2,  0.2],
           [ 0.8,  1.2]])
    """

    scores: FoldScores  # errors of out-of-fold predictions in units of the local scale
    knots: Array  # (2, n_knots), ascending predictions, and the scale of errors at each
    low: float  # the range of the target, to which predictions are clipped
    high: float
    # (2, n_knots), ascending steps ahead, and how much larger than usual errors are at each
    steps: Array | None = None

    @classmethod
    def fit(
        cls,
        output: Array,  # (n_samples,), out-of-fold predictions, fold after fold
        target: Array,  # (n_samples,), the true values
        bounds: Sequence[int],  # (n_folds + 1,), start of each fold, and end of the last one
        weight: Array | None = None,  # (n_samples,)
        limits: tuple[float, float] | None = None,  # of intervals; by default the target's range
        *,
        widening: float = 1.0,  # by what intervals are wider than errors so far make them
        ahead: Array | None = None,  # (n_samples,), how many steps ahead rows were predicted
        sizes: Array
        | float = 1.0,  # (n_samples,) or one, of what is predicted: errors are shares of them
    ) -> PredictionIntervals:
        """Collect the scores of out-of-fold predictions."""
        low, high = limits or (float(target.min()), float(target.max()))
        output, target = np.clip(output, low, high).astype(np.float64), target.astype(np.float64)
        output, error = output / sizes, (target - output) / sizes
        knots = _knots(output, np.abs(error), weight)
        error = widening * error / np.interp(output, *knots)
        steps = None if ahead is None else _knots(ahead, np.abs(error), weight, _MIN_STEP_ROWS)
        if ahead is not None and steps is not None:
            error = error / np.interp(ahead, *steps)
        return cls(FoldScores.of(error, bounds, weight), knots, low, high, steps)

    def predict(
        self,
        output: Array,  # (n_folds, n_samples), predictions of the networks of each fold
        coverage: float,
        steps: Array | None = None,  # (n_samples,), how far ahead rows are predicted
        sizes: Array | None = None,  # (n_samples,), of what is predicted
    ) -> Array:  # (n_samples, 2)
        """Return the interval of each row, within the range of the training target.

        `InputError` if the coverage is no share, or too high for the number of scores.
        """
        lower, upper = self._ranks(check_coverage(coverage))
        center = np.clip(output.T.astype(np.float64), self.low, self.high)  # (n_samples, n_folds)
        size = 1.0 if sizes is None else sizes[:, None]
        scale = size * np.interp(center / size, *self.knots)
        if self.steps is not None and steps is not None:
            scale *= np.interp(steps, *self.steps)[:, None]
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
        arrays = {"scores": self.scores.values, "counts": self.scores.counts, "knots": self.knots}
        state: dict[str, Any] = {"low": self.low, "high": self.high}
        if self.steps is None:
            return state, arrays
        return state | {"of_steps": True}, arrays | {"steps": self.steps}

    @classmethod
    def from_state(
        cls, state: Mapping[str, Any], arrays: Mapping[str, Array]
    ) -> PredictionIntervals:
        """Return the intervals that `to_state` described."""
        scores = FoldScores(arrays["scores"], arrays["counts"])
        return cls(scores, arrays["knots"], state["low"], state["high"], arrays.get("steps"))

    @property
    def max_coverage(self) -> float:
        """The highest coverage that so many scores allow, rounded down."""
        number = self.scores.n_values
        return floor(1000 * (number - 1) / (number + 1)) / 1000

    def _ranks(self, coverage: float) -> tuple[int, int]:
        """Return the ranks of the bounds among the sorted values, counted from zero."""
        number = self.scores.n_values
        tail = (1 - coverage) / 2
        most = self.max_coverage
        slack = 1e-9  # 0.05 * 20 is not always 1
        lower = floor(tail * (number + 1) + slack)
        upper = ceil((1 - tail) * (number + 1) - slack)
        if lower < 1:
            remedy = (
                _("give {most:.3g} or less").format(most=most)
                if most > 0
                else "learn from more rows"
            )
            raise InputError(
                "coverage is {coverage:g}, too high for {number} out-of-fold predictions: {remedy}.",
                coverage=coverage,
                number=number,
                remedy=remedy,
            )
        return lower - 1, upper - 1


def _knots(
    output: Array, errors: Array, weight: Array | None, min_rows: int = _MIN_BIN_ROWS
) -> Array:
    """Return the mean prediction and the mean error of bins of equal size, shape (2, n_bins)."""
    n_bins = max(1, min(_MAX_KNOTS, len(output) // min_rows))
    bins = np.array_split(np.argsort(output, kind="stable"), n_bins)
    weight = np.ones(len(output)) if weight is None else weight
    means = [
        [np.average(values[rows], weights=weight[rows]) for rows in bins]
        for values in (output, errors)
    ]
    mean = float(np.average(errors, weights=weight))
    knots = np.array(means, np.float64)
    knots[1] = np.maximum(knots[1], _MIN_SCALE * mean) if mean else 1.0
    return knots


@dataclass(frozen=True, eq=False)
class PredictionSets:
    """Makes prediction sets; keeps scores of the training rows, but none of the rows.

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

    scores: FoldScores  # one minus the out-of-fold probability of the true class

    @classmethod
    def fit(
        cls,
        probability: Array,  # (n_samples, n_classes), out-of-fold probabilities, fold after fold
        truth: Array,  # (n_samples,) ints, index of the true class
        bounds: Sequence[int],  # (n_folds + 1,), start of each fold, and end of the last one
        weight: Array | None = None,  # (n_samples,)
    ) -> PredictionSets:
        """Collect the scores of out-of-fold probabilities."""
        scores = 1 - np.take_along_axis(probability, truth[:, None], axis=1)[:, 0]
        return cls(FoldScores.of(scores, bounds, weight))

    def predict(
        self,
        probability: Array,  # (n_folds, n_samples, n_classes), by the networks of each fold
        coverage: float,
        predicted: Array | None = None,  # (n_samples,), indices of classes always in the set
    ) -> Array:  # (n_samples, n_classes)
        """Return which classes are in the set of each row.

        After a fit of few rows, high coverages give sets of all classes.
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
        return cls(FoldScores(arrays["scores"], arrays["counts"]))


@dataclass(frozen=True, eq=False)
class JointConformal:
    """How far off unseen rows were, for each target.

    The coverage is that of each target alone; all of them at once are covered less often.
    """

    each: tuple[PredictionIntervals | PredictionSets, ...]  # one for each target, all of one type

    def to_state(self) -> tuple[dict[str, Any], dict[str, Array]]:
        """Return a JSON-able description and the arrays that go with it."""
        states: list[dict[str, Any]] = []
        arrays: dict[str, Array] = {}
        for number, conformal in enumerate(self.each):
            state, of_target = conformal.to_state()
            states.append(state)
            arrays |= {f"{number}.{name}": array for name, array in of_target.items()}
        return {"each": states}, arrays


def conformal_from_state(
    state: Mapping[str, Any], arrays: Mapping[str, Array]
) -> PredictionIntervals | PredictionSets | JointConformal:
    """Return what `to_state` described: intervals have a range, sets have none."""
    if "each" in state:
        return JointConformal(
            tuple(
                _single(of_target, named(arrays, f"{k}."))
                for k, of_target in enumerate(state["each"])
            )
        )
    return _single(state, arrays)


def _single(
    state: Mapping[str, Any], arrays: Mapping[str, Array]
) -> PredictionIntervals | PredictionSets:
    if "low" in state:
        return PredictionIntervals.from_state(state, arrays)
    return PredictionSets.from_state(arrays)
