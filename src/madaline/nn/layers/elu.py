"""The exponential linear unit: a rectifier whose lower side bends to a floor."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from madaline.nn.arrays import Array
from madaline.nn.layers.activation import Activation, empty_like
from madaline.nn.workspace import Workspace


@dataclass(frozen=True)
class ELU(Activation):
    """``y = x`` above zero and ``alpha * (exp(x) - 1)`` below.

    Parameters
    ----------
    alpha : float, default=1
        Depth of the floor, and the slope just below zero.

    References
    ----------
    Clevert, Unterthiner and Hochreiter (2015), arXiv:1511.07289.

    Examples
    --------
    >>> y, _ = ELU().forward({}, np.array([[-1.0, 3.0]]), workspace=Workspace())
    >>> y.round(4)
    array([[-0.6321,  3.    ]])
    """

    alpha: float = 1.0

    def value(self, x: Array, workspace: Workspace) -> tuple[Array, Array]:
        """Return the values and their lower side ``alpha * (exp(min(x, 0)) - 1)``."""
        lower = np.minimum(x, 0, out=empty_like(x, workspace))
        np.expm1(lower, out=lower)
        lower *= self.alpha
        y = np.maximum(x, 0, out=empty_like(x, workspace))
        y += lower
        return y, lower

    def slope(self, x: Array, y: Array, kept: Array, workspace: Workspace) -> Array:
        """Return 1 above zero and ``alpha * exp(x)`` below: the lower side plus `alpha`."""
        slope = np.greater(x, 0, out=empty_like(x, workspace))
        slope *= 1 - self.alpha
        slope += self.alpha
        slope += kept
        return slope
