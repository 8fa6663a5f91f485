"""The Poisson loss, for counts: how many claims, visits, bikes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from madaline.nn.arrays import Array
from madaline.nn.losses.base import Loss

LARGEST_LOG = 30.0
"""Logarithm of the largest count that is predicted, 1e13: beyond it exp goes on as its tangent."""

SMALLEST_MEAN = 1e-6
"""Smallest mean count that a network starts from: the logarithm of none at all is not a number."""


@dataclass(frozen=True)
class Poisson(Loss):
    """Half the Poisson deviance, averaged over the outputs; its best constant is the mean.

    ``exp(output) - target - target * (output - log(target))``: the negative log-likelihood less
    that of a prediction equal to the target, so 0 is perfect and nothing is below. The output is
    the logarithm of the expected count. Targets are at least 0; they need not be whole.

    Above an output of 30 the exponential is replaced by its tangent, in the loss and its slope
    alike: nothing overflows, and the gradient stays that of the loss. Predictions end at exp(30).

    Examples
    --------
    >>> Poisson().rows(np.array([[0.0]]), np.array([[3.0]])).round(4)
    array([1.2958])
    >>> Poisson().prediction(np.array([[0.0]]))
    array([[1.]])
    """

    def rows(self, output: Array, target: Array) -> Array:
        """Return the loss averaged over the outputs, shape (*axes, n_samples)."""
        beyond = np.maximum(output - LARGEST_LOG, 0)
        rows = self.prediction(output) * (1 + beyond) - target * output - _perfect(target)
        return np.asarray(rows.mean(axis=-1))

    def slope(self, output: Array, target: Array, out: Array) -> Array:
        """Write ``(exp(output) - target) / n_outputs`` into `out`."""
        np.minimum(output, LARGEST_LOG, out=out)
        np.exp(out, out=out)
        out -= target
        out *= 1 / output.shape[-1]
        return out

    def prediction(self, output: Array) -> Array:
        """Return ``exp(output)``, the expected count."""
        return np.asarray(np.exp(np.minimum(output, LARGEST_LOG)))

    def initial_output(self, target: Array, weight: Array | None = None) -> Array:
        """Return the logarithm of the mean target, shape (n_outputs,)."""
        mean = np.average(target, axis=0, weights=weight)
        return np.asarray(np.log(np.clip(mean, SMALLEST_MEAN, np.exp(LARGEST_LOG))))


def _perfect(target: Array) -> Array:
    """Return ``target - target * log(target)``, with zero for zero."""
    return np.asarray(target * (1 - np.log(np.where(target > 0, target, 1))))
