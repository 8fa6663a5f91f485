r"""Calibration: of the rows that get 80 %, eight in ten should be right.

Networks that are too sure of themselves (or not sure enough) are corrected by one number, the
temperature :math:`T`: all raw outputs are divided by it, which changes no predicted class
(Guo, Pleiss, Sun and Weinberger, 2017, "On calibration of modern neural networks",
arXiv:1706.04599). It is learned from the rows that networks never saw, and kept only if it helps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

import numpy as np

from madaline.core.arrays import Array
from madaline.core.losses.base import Loss
from madaline.training.decisions import Decision
from madaline.training.score import mean_and_error

MOST = 4.0
"""The highest temperature that is looked at; the lowest is its reciprocal."""

HALVINGS = 12
"""How often the range of temperatures is halved: to within a thousandth of the logarithm."""

STANDARD_ERRORS = 1.0
"""By how many of its standard errors the loss must gain for a temperature to be used."""

BINS = 15
"""Parts of equal size in which confidence and accuracy are compared, as many as Guo et al. took."""


@dataclass(frozen=True)
class Calibration:
    """What a temperature would do, and whether it is used.

    Parameters
    ----------
    best : float
        The temperature with the lowest out-of-fold loss.
    gain : float
        By how much the loss of each fold falls with the temperature of the others.
    standard_error : float
        How far off that gain may easily be.
    error_before, error_after : float
        Expected calibration error of the out-of-fold probabilities without and with `best`.
    """

    best: float
    gain: float
    standard_error: float
    error_before: float
    error_after: float

    @property
    def used(self) -> bool:
        """Whether the gain is beyond its noise."""
        return self.gain > STANDARD_ERRORS * self.standard_error

    @property
    def temperature(self) -> float:
        """What raw outputs are to be divided by."""
        return self.best if self.used else 1.0

    def decision(self, epoch: int) -> Decision:
        """Return what was decided after an epoch, in words."""
        too = "not sure enough of themselves" if self.best < 1 else "too sure of themselves"
        if self.used:
            reason = (
                f"On rows that they never saw the networks were {too}: what they say is divided by"
                " {temperature:.2f}, which lowers the loss by {gain:.4f} ± {standard_error:.4f}"
                " (calibration error {error_before:.3f} before, {error_after:.3f} after)."
            )
        else:
            reason = (
                "Probabilities stay as they are: dividing what the networks say by the best number"
                " ({temperature:.2f}) changes the loss on unseen rows by {change:+.4f} ±"
                " {standard_error:.4f}, which is no clear gain (calibration error"
                " {error_before:.3f})."
            )
        evidence = {
            "temperature": self.best,
            "gain": self.gain,
            "change": -self.gain,
            "standard_error": self.standard_error,
            "error_before": self.error_before,
            "error_after": self.error_after,
        }
        return Decision(epoch, "calibrate", "the mix", reason, evidence)


def calibrate(
    loss: Loss,
    output: Array,
    target: Array,
    bounds: Sequence[int],
    weight: Array | None = None,
    groups: Array | None = None,
) -> Calibration:
    """Find the best temperature, and judge it on folds that it was not learned from.

    Parameters
    ----------
    loss : Loss
        A cross-entropy.
    output : ndarray of shape (n_samples, n_outputs)
        Raw out-of-fold outputs, fold after fold.
    target : ndarray of shape (n_samples, n_outputs)
        One-hot classes, or 0 and 1.
    bounds : sequence of int, of length n_folds + 1
        Where each fold starts, and where the last one ends.
    weight : ndarray of shape (n_samples,), optional
        Weight of each row.
    groups : int ndarray of shape (n_samples,), optional
        Rows of one group are not independent.

    Examples
    --------
    >>> from madaline.core.losses import BinaryCrossEntropy
    >>> rng = np.random.default_rng(0)
    >>> output = rng.standard_normal((3000, 1))
    >>> target = (rng.random((3000, 1)) < 1 / (1 + np.exp(-output))).astype(float)
    >>> calibration = calibrate(BinaryCrossEntropy(), 2 * output, target, (0, 1000, 2000, 3000))
    >>> round(calibration.temperature, 1)
    2.0
    """
    output = output.astype(np.float64)
    fold = np.repeat(np.arange(len(bounds) - 1), np.diff(bounds))
    divisor = np.array(
        [
            best_temperature(loss, output[rest], target[rest], _rows(weight, rest))
            for rest in (fold != number for number in range(len(bounds) - 1))
        ]
    )
    gain = loss.rows(output, target) - loss.rows(output / divisor[fold, None], target)
    mean, error = mean_and_error(gain, weight, groups)
    best = best_temperature(loss, output, target, weight)
    before, after = (
        calibration_error(*_confidence(loss, one, target), weight)
        for one in (output, output / best)
    )
    return Calibration(best, mean, error, before, after)


def best_temperature(
    loss: Loss, output: Array, target: Array, weight: Array | None = None
) -> float:
    """Return the temperature with the lowest loss, from a quarter to four.

    The loss is convex in the reciprocal of the temperature, so its slope changes sign once. Targets
    are a little unsure, as if one more row of unknown class were spread over all rows: where all
    are right, no error is promised to be much rarer than one in as many rows (Platt, 1999,
    "Probabilistic outputs for support vector machines").
    """
    n_samples = len(target) if weight is None else float(weight.sum())
    doubt = 1 / (n_samples + 1)
    target = (1 - doubt) * target + doubt / max(2, target.shape[1])

    def slope(sharpness: float) -> float:
        excess = loss.prediction(sharpness * output) - target
        return float(np.average((excess * output).sum(axis=1), weights=weight))

    low, high = -log(MOST), log(MOST)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if slope(float(np.exp(middle))) > 0 else (middle, high)
    return float(np.exp(-(low + high) / 2))


def calibration_error(
    confidence: Array, hits: Array, weight: Array | None = None, *, bins: int = BINS
) -> float:
    r"""Return the expected calibration error of the predicted class.

    The rows are sorted by the probability of their predicted class and cut into parts of equal
    size. It is :math:`\sum_b w_b \, |a_b - c_b|`, with the share :math:`w_b` of the rows in part
    :math:`b`, the share :math:`a_b` of them that are right, and their mean probability :math:`c_b`.
    Even perfect probabilities do not reach zero, as :math:`a_b` is a matter of chance.

    Parameters
    ----------
    confidence : ndarray of shape (n_samples,)
        Probability of the predicted class.
    hits : ndarray of shape (n_samples,)
        Whether the predicted class is right.
    weight : ndarray of shape (n_samples,), optional
        Weight of each row.
    bins : int, default=15
        Number of parts.

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


def _confidence(loss: Loss, output: Array, target: Array) -> tuple[Array, Array]:
    """Return the probability of each row's predicted class, and whether that is right."""
    prediction = loss.prediction(output)
    if target.shape[1] > 1:
        return prediction.max(axis=1), prediction.argmax(axis=1) == target.argmax(axis=1)
    second = prediction[:, 0]
    return np.maximum(second, 1 - second), (second > 0.5) == (target[:, 0] > 0.5)


def _rows(weight: Array | None, chosen: Array) -> Array | None:
    return None if weight is None else weight[chosen]
