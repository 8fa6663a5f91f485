"""The squared error, for numbers whose large errors hurt most."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from madaline.nn.arrays import Array
from madaline.nn.losses.base import Loss


@dataclass(frozen=True)
class Squared(Loss):
    """``(output - target)**2``, averaged over the outputs; its best constant is the mean.

    Some books halve it; here the mean is plain, so that its root is the RMSE.

    Examples
    --------
    >>> Squared().rows(np.array([[1.0], [3.0]]), np.array([[0.0], [3.0]]))
    array([1., 0.])
    """

    def rows(self, output: Array, target: Array) -> Array:
        """Return ``(output - target)**2`` averaged over the outputs, shape (*axes, n_samples)."""
        return np.asarray(np.square(output - target).mean(axis=-1))

    def slope(self, output: Array, target: Array, out: Array) -> Array:
        """Write ``2 (output - target) / n_outputs`` into `out`."""
        np.subtract(output, target, out=out)
        out *= 2 / output.shape[-1]
        return out

    def prediction(self, output: Array) -> Array:
        """Return the output as it is."""
        return output

    def initial_output(self, target: Array, weight: Array | None = None) -> Array:
        """Return the mean target, shape (n_outputs,)."""
        return np.asarray(np.average(target, axis=0, weights=weight))
