"""The rectifier, the plainest activation: a unit is on or off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from madaline.nn import kernels
from madaline.nn.arrays import Array
from madaline.nn.layers.activation import Activation, empty_like
from madaline.nn.workspace import Workspace


@dataclass(frozen=True)
class ReLU(Activation):
    """``y = max(x, 0)``; its slope at zero is taken as zero.

    References
    ----------
    Nair and Hinton (2010), "Rectified linear units improve restricted Boltzmann machines".

    Examples
    --------
    >>> y, _ = ReLU().forward({}, np.array([[-2.0, 3.0]]), workspace=Workspace())
    >>> y
    array([[0., 3.]])
    """

    repeatable: ClassVar[bool] = True

    def value(self, x: Array, workspace: Workspace) -> tuple[Array, Array]:
        """Return ``max(x, 0)``, twice.

        NumPy compares two arrays at three times the speed of an array and a number.
        """
        y = empty_like(x, workspace)
        if workspace.in_one_pass(kernels.rectify, x, y):
            return y, y
        zeros = workspace.empty(x.shape[-2:], x.dtype)
        workspace.do(zeros.fill, 0)
        workspace.do(np.maximum, x, zeros, out=y)
        return y, y

    def slope(self, x: Array, y: Array, kept: Array, workspace: Workspace) -> Array:
        """Return 1 where `x` is above zero and 0 elsewhere."""
        slope = empty_like(x, workspace)
        workspace.do(np.greater, y, 0, out=slope)
        return slope

    def bend_back(
        self, gradient: Array, x: Array, y: Array, kept: Array, workspace: Workspace
    ) -> None:
        """Multiply the gradient by the slope."""
        if not workspace.in_one_pass(kernels.rectify_back, gradient, y):
            super().bend_back(gradient, x, y, kept, workspace)
