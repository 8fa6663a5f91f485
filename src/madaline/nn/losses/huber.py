"""The Huber loss: squared for small errors, absolute for large ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from madaline.errors import InputError
from madaline.nn.arrays import Array
from madaline.nn.losses.base import Loss


@dataclass(frozen=True)
class Huber(Loss):
    """``e**2 / 2`` up to an error of `delta`, then ``delta (|e| - delta / 2)``; the outputs' mean.

    Parameters
    ----------
    delta : float, default=1
        Error, in the unit of the target, above which errors count as outliers.

    Raises
    ------
    InputError
        If delta is not above zero.

    References
    ----------
    Huber (1964), "Robust estimation of a location parameter".

    Examples
    --------
    >>> Huber(1.0).rows(np.array([[0.5], [3.0]]), np.zeros((2, 1)))
    array([0.125, 2.5  ])
    """

    delta: float = 1.0

    def __post_init__(self) -> None:
        """Check delta."""
        if not 0 < self.delta < np.inf:
            raise InputError(f"delta is {self.delta}: give a number above 0.")

    def rows(self, output: Array, target: Array) -> Array:
        """Return the loss averaged over the outputs, shape (*axes, n_samples)."""
        error = np.abs(output - target)
        small = np.minimum(error, self.delta)  # small * (error - small / 2) is both cases
        return np.asarray((small * (error - small / 2)).mean(axis=-1))

    def slope(self, output: Array, target: Array, out: Array) -> Array:
        """Write the error, clipped to ±delta, divided by n_outputs, into `out`."""
        np.subtract(output, target, out=out)
        np.clip(out, -self.delta, self.delta, out=out)
        out *= 1 / output.shape[-1]
        return out

    def prediction(self, output: Array) -> Array:
        """Return the output as it is."""
        return output

    def initial_output(self, target: Array, weight: Array | None = None) -> Array:
        """Return the constant where the clipped errors cancel, shape (n_outputs,).

        It has no formula. The weighted sum of the clipped errors rises with the constant, so that
        halving the interval between the smallest and the largest target finds it.
        """
        targets = np.asarray(target, np.float64)
        share = np.ones(len(targets)) if weight is None else np.asarray(weight, np.float64)
        low, high = targets.min(axis=0), targets.max(axis=0)
        for _ in range(np.finfo(np.float64).nmant + 1):
            middle = (low + high) / 2
            total = share @ np.clip(middle - targets, -self.delta, self.delta)
            low, high = np.where(total < 0, middle, low), np.where(total < 0, high, middle)
        return np.asarray((low + high) / 2)
