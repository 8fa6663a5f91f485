"""The leaky rectifier: a unit that is off still learns a little."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from madaline.errors import InputError
from madaline.nn.arrays import Array
from madaline.nn.layers.activation import Activation, empty_like
from madaline.nn.workspace import Workspace


@dataclass(frozen=True)
class LeakyReLU(Activation):
    """``y = x`` above zero and ``negative_slope * x`` below.

    Parameters
    ----------
    negative_slope : float, default=0.01
        Slope below zero, from 0 to 1.

    Raises
    ------
    InputError
        If the slope is not from 0 to 1.

    References
    ----------
    Maas, Hannun and Ng (2013), "Rectifier nonlinearities improve neural network acoustic models".

    Examples
    --------
    >>> y, _ = LeakyReLU(0.5).forward({}, np.array([[-2.0, 3.0]]), workspace=Workspace())
    >>> y
    array([[-1.,  3.]])
    """

    negative_slope: float = 0.01

    def __post_init__(self) -> None:
        """Check the slope: the larger of `x` and `slope * x` is right for these only."""
        if not 0 <= self.negative_slope <= 1:
            raise InputError(f"negative_slope is {self.negative_slope}: give a number from 0 to 1.")

    def value(self, x: Array, workspace: Workspace) -> tuple[Array, Array]:
        """Return ``max(x, negative_slope * x)``, twice."""
        y = np.multiply(x, self.negative_slope, out=empty_like(x, workspace))
        np.maximum(x, y, out=y)
        return y, y

    def slope(self, x: Array, y: Array, kept: Array, workspace: Workspace) -> Array:
        """Return 1 where `x` is above zero and `negative_slope` elsewhere."""
        slope = np.greater(x, 0, out=empty_like(x, workspace))
        slope *= 1 - self.negative_slope
        slope += self.negative_slope
        return slope
