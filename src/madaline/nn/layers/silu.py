"""SiLU, a smooth relative of the rectifier."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from madaline.nn.arrays import Array
from madaline.nn.layers.activation import Activation, empty_like, sigmoid
from madaline.nn.workspace import Workspace


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
        s = sigmoid(x, workspace)
        return np.multiply(x, s, out=empty_like(x, workspace)), s

    def slope(self, x: Array, y: Array, kept: Array, workspace: Workspace) -> Array:
        """Return ``s + y (1 - s) = s + y - y s`` with the sigmoid s."""
        slope = np.multiply(y, kept, out=empty_like(x, workspace))
        np.subtract(y, slope, out=slope)
        slope += kept
        return slope
