"""The absolute error, for numbers whose rare large errors should not rule."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from madaline.nn.arrays import Array
from madaline.nn.losses.base import Loss
from madaline.nn.losses.quantile import weighted_quantile


@dataclass(frozen=True)
class Absolute(Loss):
    """``|output - target|``, averaged over the outputs; its best constant is the median.

    Examples
    --------
    >>> Absolute().rows(np.array([[1.0], [3.0]]), np.array([[0.0], [5.0]]))
    array([1., 2.])
    """

    def rows(self, output: Array, target: Array) -> Array:
        """Return ``|output - target|`` averaged over the outputs, shape (*axes, n_samples)."""
        return np.asarray(np.abs(output - target).mean(axis=-1))

    def slope(self, output: Array, target: Array, out: Array) -> Array:
        """Write ``sign(output - target) / n_outputs`` into `out`."""
        np.subtract(output, target, out=out)
        np.sign(out, out=out)
        out *= 1 / output.shape[-1]
        return out

    def prediction(self, output: Array) -> Array:
        """Return the output as it is."""
        return output

    def initial_output(self, target: Array, weight: Array | None = None) -> Array:
        """Return the median target, the lower one of two, shape (n_outputs,)."""
        return weighted_quantile(target, 0.5, weight)
