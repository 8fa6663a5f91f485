"""SiLU, a smooth relative of the rectifier."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from madaline.core.arrays import Array
from madaline.core.layers.activation import Activation, empty_like, logistic
from madaline.core.workspace import Workspace


@dataclass(frozen=True)
class SiLU(Activation):
    """``y = x * sigmoid(x)``: almost zero far below zero, almost `x` far above.

    References
    ----------
    Elfwing, Uchibe and Doya (2017), arXiv:1702.03118; also known as Swish.

    Examples
    --------
    >>> y, _ = SiLU().forward({}, np.array([[0.0, 1.0]]), workspace=Workspace())
    >>> y.round(4)
    array([[0.    , 0.7311]])
    """

    def value(self, x: Array, workspace: Workspace) -> tuple[Array, Array]:
        """Return ``x * sigmoid(x)`` and the sigmoid."""
        sigmoid = logistic(x, workspace)
        return np.multiply(x, sigmoid, out=empty_like(x, workspace)), sigmoid

    def slope(self, x: Array, y: Array, kept: Array, workspace: Workspace) -> Array:
        """Return ``s + y (1 - s) = s + y - y s`` with the sigmoid s."""
        slope = np.multiply(y, kept, out=empty_like(x, workspace))
        np.subtract(y, slope, out=slope)
        slope += kept
        return slope
