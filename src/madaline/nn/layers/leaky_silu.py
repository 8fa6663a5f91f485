"""The leaky SiLU never falls: a chain of it and of positive weights is a monotone function."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from madaline.nn.arrays import Array
from madaline.nn.layers.activation import Activation, empty_like
from madaline.nn.layers.silu import SiLU
from madaline.nn.workspace import Workspace

LEAK = 0.1
"""What is added to the slope; that of SiLU is lowest at x = -2.4, where it is -0.09984."""


@dataclass(frozen=True)
class LeakySiLU(Activation):
    """``y = x * (sigmoid(x) + 0.1)``: SiLU, and a tenth of `x`, so that the slope is above zero.

    Examples
    --------
    >>> y, _ = LeakySiLU().forward({}, np.array([[-2.4, 0.0, 1.0]]), workspace=Workspace())
    >>> y.round(4)
    array([[-0.4396,  0.    ,  0.8311]])
    """

    def value(self, x: Array, workspace: Workspace) -> tuple[Array, Array]:
        """Return ``x * (sigmoid(x) + 0.1)`` and the slope of SiLU."""
        y, kept = SiLU().value(x, workspace)
        slope = SiLU().slope(x, y, kept, workspace)
        np.multiply(x, LEAK, out=kept)
        y += kept
        return y, slope

    def slope(self, x: Array, y: Array, kept: Array, workspace: Workspace) -> Array:
        """Return the slope of SiLU and a tenth."""
        return np.add(kept, LEAK, out=empty_like(x, workspace))
