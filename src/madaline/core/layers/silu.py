"""SiLU, a smooth relative of the rectifier."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from madaline.core.arrays import Array, Parameters, Rng
from madaline.core.layers.base import Backward, Layer
from madaline.core.workspace import Workspace


@dataclass(frozen=True)
class SiLU(Layer):
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

    def forward(
        self,
        parameters: Parameters,
        x: Array,
        *,
        workspace: Workspace,
        training: bool = False,
        rng: Rng | None = None,
    ) -> tuple[Array, Backward]:
        """Return ``x * sigmoid(x)`` and its backward pass.

        The sigmoid is taken as ``(1 + tanh(x / 2)) / 2``, which cannot overflow.
        """
        sigmoid = workspace.empty(x.shape, x.dtype)
        np.multiply(x, 0.5, out=sigmoid)
        np.tanh(sigmoid, out=sigmoid)
        sigmoid += 1
        sigmoid *= 0.5
        y = np.multiply(x, sigmoid, out=workspace.empty(x.shape, x.dtype))

        def backward(
            gradient: Array, gradients: Parameters, *, input_gradient: bool = True
        ) -> Array:
            slope = workspace.empty(x.shape, x.dtype)  # s + y (1 - s) = s + y - y s
            np.multiply(y, sigmoid, out=slope)
            np.subtract(y, slope, out=slope)
            slope += sigmoid
            return np.multiply(gradient, slope, out=gradient)

        return y, backward
