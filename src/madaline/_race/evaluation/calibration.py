r"""Calibration: of the rows that get 80 %, eight in ten should be right.

Overconfident (or underconfident) networks are corrected by one number, the temperature :math:`T`:
all raw outputs are divided by it, which changes no predicted class (Guo, Pleiss, Sun and
Weinberger, 2017, "On calibration of modern neural networks", arXiv:1706.04599). It is learned from
out-of-fold outputs, and used only if that lowers the loss by more than a standard error.

Where one of two classes is rare and features are many, as in texts, weights that decay keep all
outputs near those of the frequent class. Then a number is added to the outputs, too (Platt, 1999,
"Probabilistic outputs for support vector machines"), if that lowers the loss by more than a
standard error once more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from math import log
from typing import final

import numpy as np

from madaline._race.evaluation.score import mean_and_error
from madaline.nn._engine.solving import solve_linear
from madaline.nn.arrays import Array, row_blocks
from madaline.nn.losses import BinaryCrossEntropy, Loss
from madaline.records.model_decisions import Calibrated

_MAX_TEMPERATURE = 4.0  # the highest that is tried; the lowest is its reciprocal
_HALVINGS = 12  # of the range of temperatures: to within a thousandth of the logarithm
_NO_DECAY = 1e9  # time scale of weight decay of two numbers that rows decide alone
_BINS = 15  # parts in which confidence and accuracy are compared, as many as Guo et al. took


def calibrate(
    loss: Loss,
    output: Array,  # (n_samples, n_outputs), raw out-of-fold outputs, fold after fold
    target: Array,  # (n_samples, n_outputs), one-hot classes, or 0 and 1
    bounds: Sequence[int],  # (n_folds + 1,), where each fold starts, and where the last one ends
    weight: Array | None = None,  # (n_samples,)
    groups: Array | None = None,  # (n_samples,) ints, rows of one group are not independent
    *,
    epoch: int = 0,
    with_offset: bool = True,
) -> Calibrated:
    """Find the best temperature, and evaluate it on folds that it was not learned from.

    The same with an offset, which two classes may have.
    """
    raw = _RawOutputs(loss, np.asarray(output, np.float64), target, bounds, weight, groups)
    searches = raw.searches
    divisors = best_temperatures(loss, raw.output, target, searches, weight)
    gain = raw.gain(np.zeros_like(divisors), divisors)
    plain = raw.decision(0.0, float(divisors[-1]), gain, epoch)
    if not (with_offset and isinstance(loss, BinaryCrossEntropy) and raw.output.shape[1] == 1):
        return plain
    offsets, divisors = _best_corrections(raw.output, target, searches, weight)
    moved = raw.gain(offsets, divisors)
    more, error = mean_and_error(moved - (gain if plain.used else 0), weight, groups)
    better = raw.decision(float(offsets[-1]), float(divisors[-1]), moved, epoch)
    return better if more > error and better.used else plain


@final
@dataclass(frozen=True, eq=False)
class _RawOutputs:
    """Raw out-of-fold outputs, which a temperature and an offset correct."""

    loss: Loss
    output: Array
    target: Array
    bounds: Sequence[int]
    weight: Array | None
    groups: Array | None

    @property
    def folds(self) -> list[slice]:
        """The rows of each fold."""
        return list(map(slice, self.bounds[:-1], self.bounds[1:]))

    @property
    def searches(self) -> list[Array]:
        """The rows outside of each fold, and all rows."""
        indices = np.arange(len(self.target))
        return [*(np.delete(indices, fold) for fold in self.folds), indices]

    def gain(self, offsets: Array, divisors: Array) -> Array:
        """Return by how much the loss of each row falls with the correction of its fold."""
        gain = np.empty(len(self.target))
        for fold, offset, divisor in zip(self.folds, offsets[:-1], divisors[:-1], strict=True):
            output, target = self.output[fold], self.target[fold]
            corrected = self.loss.rows((output + offset) / divisor, target)
            gain[fold] = self.loss.rows(output, target) - corrected
        return gain

    def decision(self, offset: float, divisor: float, gain: Array, epoch: int) -> Calibrated:
        """Return a correction of all rows, and what it gains on folds that it was not found on."""
        mean, error = mean_and_error(gain, self.weight, self.groups)
        # of many classes, a copy would be large
        moved = self.output + offset if offset else self.output
        before, after = (
            calibration_error(
                *_confidence(self.loss, output, temperature, self.target), self.weight
            )
            for output, temperature in ((self.output, 1.0), (moved, divisor))
        )
        facts = divisor, mean, error, before, after, offset
        return Calibrated(epoch, "the ensemble", *facts)


def _best_corrections(
    output: Array,  # (n_samples, 1), raw outputs
    target: Array,  # (n_samples, 1), 0 and 1
    searches: Sequence[Array],
    weight: Array | None,
) -> tuple[Array, Array]:  # (n_searches,) each
    """Return what is added to raw outputs, and what they are then divided by, of lowest loss.

    Targets are smoothed as in `best_temperatures`.
    """
    corrections = []
    for rows in searches:
        own = None if weight is None else weight[rows]
        total = len(rows) if own is None else float(own.sum())
        loss = BinaryCrossEntropy(label_smoothing=1 / (1 + total))
        start = np.ones((1, 1)), np.zeros(1)
        given = output[rows], target[rows], own, loss
        scale, bias = solve_linear(*given, decay_time=_NO_DECAY, tolerance=1e-12, start=start)
        sharpness = max(float(scale[0, 0]), 1 / _MAX_TEMPERATURE)
        corrections.append((float(bias[0]) / sharpness, 1 / sharpness))
    offsets, divisors = np.array(corrections).T
    return offsets, divisors


def best_temperatures(
    loss: Loss,
    output: Array,  # (n_samples, n_outputs), raw outputs
    target: Array,  # (n_samples, n_outputs), one-hot classes, or 0 and 1
    searches: Sequence[Array],  # rows of each search; side by side, as most share predictions
    weight: Array | None = None,  # (n_samples,)
) -> Array:  # (n_searches,)
    """Return the temperature with the lowest loss of some rows, from a quarter to four.

    The loss is convex in the reciprocal of the temperature, so its slope changes sign once. Targets
    are smoothed as if one more row of unknown class were spread over all rows: even where all
    predictions are right, the probability of an error stays about one in as many rows (Platt, 1999,
    "Probabilistic outputs for support vector machines").
    """
    of_truth = _mean_outputs(output, lambda rows: target[rows])
    of_doubt = output.sum(axis=1) / max(2, output.shape[1])
    weights = [None if weight is None else weight[rows] for rows in searches]

    def prediction(sharpness: float, rows: slice) -> Array:
        return loss.prediction(sharpness * output[rows])

    def slope(of_prediction: Array, rows: Array, of_rows: Array | None) -> float:
        doubt = 1 / (1 + (len(rows) if of_rows is None else float(of_rows.sum())))
        aim = (1 - doubt) * of_truth[rows] + doubt * of_doubt[rows]
        return float(np.average(of_prediction[rows] - aim, weights=of_rows))

    high = np.full(len(searches), log(_MAX_TEMPERATURE))
    low = -high
    for _ in range(_HALVINGS):
        middles = (low + high) / 2
        for middle in np.unique(middles):
            means = _mean_outputs(output, partial(prediction, float(np.exp(middle))))
            for number in np.flatnonzero(middles == middle).tolist():
                overconfident = slope(means, searches[number], weights[number]) > 0
                (high if overconfident else low)[number] = middle
    return np.asarray(np.exp(-(low + high) / 2))


def calibration_error(
    confidence: Array,  # (n_samples,), probability of the predicted class
    hits: Array,  # (n_samples,), whether the predicted class is right
    weight: Array | None = None,  # (n_samples,)
    *,
    bins: int = _BINS,
) -> float:
    r"""Return the expected calibration error of the predicted class.

    The rows are sorted by the probability of their predicted class and cut into parts of equal
    size. It is :math:`\sum_b w_b \, |a_b - c_b|`, with the share :math:`w_b` of the rows in part
    :math:`b`, the share :math:`a_b` of them that are right, and their mean probability :math:`c_b`.
    Even perfect probabilities do not reach zero, as :math:`a_b` is a matter of chance.

    References
    ----------
    Guo et al. (2017), arXiv:1706.04599, with parts of equal size as in Nixon et al. (2019),
    arXiv:1904.01685.

    Examples
    --------
    >>> error = calibration_error(np.array([0.6, 0.6, 0.9, 0.9]), np.array([1, 0, 1, 1]), bins=2)
    >>> round(error, 3)  # half the rows are right in 50 % instead of 60, the others in 100 not 90
    0.1
    """
    weight = np.ones(len(confidence)) if weight is None else np.asarray(weight, np.float64)
    excess = weight * (np.asarray(hits, np.float64) - confidence)
    parts = np.array_split(np.argsort(confidence, kind="stable"), min(bins, len(confidence)))
    return float(sum(abs(excess[part].sum()) for part in parts) / weight.sum())


def _mean_outputs(output: Array, shares: Callable[[slice], Array]) -> Array:
    """Return the mean output of each row by the shares of its classes, in float64."""
    means = np.empty(len(output))
    for rows in row_blocks(*output.shape):
        means[rows] = np.sum(output[rows] * shares(rows), axis=1)
    return means


def _confidence(
    loss: Loss, output: Array, temperature: float, target: Array
) -> tuple[Array, Array]:
    """Return the probability of each row's predicted class, and whether that is right."""
    confidence, hits = np.empty(len(output)), np.empty(len(output), bool)
    for rows in row_blocks(*output.shape):
        prediction = loss.prediction(output[rows] / temperature)
        truth = target[rows]
        if truth.shape[1] > 1:
            confidence[rows] = prediction.max(axis=1)
            hits[rows] = prediction.argmax(axis=1) == truth.argmax(axis=1)
        else:
            second = prediction[:, 0]
            confidence[rows] = np.maximum(second, 1 - second)
            hits[rows] = (second > 0.5) == (truth[:, 0] > 0.5)
    return confidence, hits
