"""The cross-entropy of two classes: how surprising the true class was."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from madaline.nn.arrays import Array
from madaline.nn.losses.base import Loss


@dataclass(frozen=True)
class BinaryCrossEntropy(Loss):
    """``-t log p - (1 - t) log(1 - p)`` with ``p = sigmoid(output)``, averaged over the outputs.

    The output is the log-odds of the second class. Targets are probabilities from 0 to 1.

    Parameters
    ----------
    label_smoothing : float, default=0
        Share of every target that is replaced by one half.

    Examples
    --------
    >>> loss = BinaryCrossEntropy()
    >>> loss.rows(np.array([[0.0]]), np.array([[1.0]])).round(4)
    array([0.6931])
    >>> loss.prediction(np.array([[0.0]]))
    array([[0.5]])
    """

    label_smoothing: float = 0.0

    def rows(self, output: Array, target: Array) -> Array:
        """Return ``log(1 + exp(output)) - target * output``, shape (*axes, n_samples)."""
        rows = np.logaddexp(0, output) - self._smooth(target) * output
        return np.asarray(rows.mean(axis=-1))

    def slope(self, output: Array, target: Array, out: Array) -> Array:
        """Write ``(sigmoid(output) - target) / n_outputs`` into `out`."""
        smoothed = self._smooth(target)
        sigmoid(output, out)
        out -= smoothed
        if output.shape[-1] > 1:
            out *= 1 / output.shape[-1]
        return out

    def prediction(self, output: Array) -> Array:
        """Return ``sigmoid(output)``, the probability of the second class."""
        return sigmoid(output, np.empty_like(output))

    def initial_output(self, target: Array, weight: Array | None = None) -> Array:
        """Return the log-odds of the mean target, shape (n_outputs,)."""
        mean = np.average(self._smooth(target), axis=0, weights=weight)
        mean = np.clip(mean, 1e-6, 1 - 1e-6)
        return np.asarray(np.log(mean) - np.log1p(-mean))

    def one_of_each(self, n_outputs: int) -> Array:
        """Return the targets of a row of each class, shape (2, n_outputs)."""
        return np.repeat([[0.0], [1.0]], n_outputs, axis=1)

    def _smooth(self, target: Array) -> Array:
        if self.label_smoothing == 0:
            return target
        return target * (1 - self.label_smoothing) + self.label_smoothing / 2


def sigmoid(output: Array, out: Array) -> Array:
    """Write ``1 / (1 + exp(-output))`` into `out`, as ``(1 + tanh(output / 2)) / 2``.

    Examples
    --------
    >>> sigmoid(np.array([-1e4, 0.0, 1e4]), np.empty(3))
    array([0. , 0.5, 1. ])
    """
    np.multiply(output, 0.5, out=out)
    np.tanh(out, out=out)
    out += 1
    out *= 0.5
    return out
