"""The logistic sigmoid, the activation that textbooks begin with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from madaline.nn.arrays import Array
from madaline.nn.layers.activation import Activation, empty_like, sigmoid
from madaline.nn.workspace import Workspace


@dataclass(frozen=True)
class Sigmoid(Activation):
    """``y = 1 / (1 + exp(-x))``: from almost 0 far below zero to almost 1 far above.

    Its slope is ``y (1 - y)``, at most a quarter: the gradient shrinks with every such layer.

    References
    ----------
    Rumelhart, Hinton and Williams (1986), "Learning representations by back-propagating errors".

    Examples
    --------
    >>> y, _ = Sigmoid().forward({}, np.array([[0.0, 1.0]]), workspace=Workspace())
    >>> y.round(4)
    array([[0.5   , 0.7311]])
    """

    def value(self, x: Array, workspace: Workspace) -> tuple[Array, Array]:
        """Return the sigmoid of `x`, twice."""
        y = sigmoid(x, workspace)
        return y, y

    def slope(self, x: Array, y: Array, kept: Array, workspace: Workspace) -> Array:
        """Return ``y - y**2``."""
        slope = np.multiply(y, y, out=empty_like(x, workspace))
        return np.subtract(y, slope, out=slope)
