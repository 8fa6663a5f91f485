"""The hyperbolic tangent, a sigmoid centered at zero."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from madaline.nn.arrays import Array
from madaline.nn.layers.activation import Activation, empty_like
from madaline.nn.workspace import Workspace


@dataclass(frozen=True)
class Tanh(Activation):
    """``y = tanh(x)``, from -1 far below zero to 1 far above.

    References
    ----------
    LeCun, Bottou, Orr and Müller (1998), "Efficient BackProp", on why centered is better.

    Examples
    --------
    >>> y, _ = Tanh().forward({}, np.array([[0.0, 1.0]]), workspace=Workspace())
    >>> y.round(4)
    array([[0.    , 0.7616]])
    """

    def value(self, x: Array, workspace: Workspace) -> tuple[Array, Array]:
        """Return ``tanh(x)``, twice."""
        y = np.tanh(x, out=empty_like(x, workspace))
        return y, y

    def slope(self, x: Array, y: Array, kept: Array, workspace: Workspace) -> Array:
        """Return ``1 - y**2``."""
        slope = np.multiply(y, y, out=empty_like(x, workspace))
        return np.subtract(1, slope, out=slope)
