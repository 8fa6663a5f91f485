"""SiLU, a smooth relative of the rectifier."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from madaline.nn import kernels
from madaline.nn.arrays import Array
from madaline.nn.layers.activation import Activation, as_logistic, empty_like, tanh_of_half
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

    repeatable: ClassVar[bool] = True

    def value(self, x: Array, workspace: Workspace) -> tuple[Array, Array]:
        """Return ``x * sigmoid(x)`` and the sigmoid."""
        sigmoid, y = tanh_of_half(x, workspace), empty_like(x, workspace)
        if not workspace.in_one_pass(kernels.silu, x, sigmoid, y):
            workspace.do(as_logistic, sigmoid)
            workspace.do(np.multiply, x, sigmoid, out=y)
        return y, sigmoid

    def slope(self, x: Array, y: Array, kept: Array, workspace: Workspace) -> Array:
        """Return ``s + y (1 - s) = s + y - y s`` with the sigmoid s."""
        slope = empty_like(x, workspace)
        workspace.do(np.multiply, y, kept, out=slope)
        workspace.do(np.subtract, y, slope, out=slope)
        workspace.do(np.add, slope, kept, out=slope)
        return slope

    def bend_back(
        self, gradient: Array, x: Array, y: Array, kept: Array, workspace: Workspace
    ) -> None:
        """Multiply the gradient by the slope."""
        if not workspace.in_one_pass(kernels.silu_back, gradient, y, kept):
            super().bend_back(gradient, x, y, kept, workspace)
