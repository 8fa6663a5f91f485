"""GELU, the activation of transformers: an input counts by how rare a larger one would be."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from madaline.nn.arrays import Array
from madaline.nn.layers.activation import Activation, empty_like
from madaline.nn.workspace import Workspace

SQRT_2_OVER_PI = 0.7978845608028654
CUBIC = 0.044715


@dataclass(frozen=True)
class GELU(Activation):
    """``y = x (1 + t) / 2`` with ``t = tanh(sqrt(2 / pi) (x + 0.044715 x**3))``.

    This is the tanh form, within 0.0005 of the exact ``x * normal_cdf(x)``.

    References
    ----------
    Hendrycks and Gimpel (2016), "Gaussian error linear units", arXiv:1606.08415.

    Examples
    --------
    >>> y, _ = GELU().forward({}, np.array([[0.0, 1.0]]), workspace=Workspace())
    >>> y.round(4)
    array([[0.    , 0.8412]])
    """

    def value(self, x: Array, workspace: Workspace) -> tuple[Array, Array]:
        """Return the values and t."""
        t = np.multiply(x, x, out=empty_like(x, workspace))
        t *= CUBIC * SQRT_2_OVER_PI
        t += SQRT_2_OVER_PI
        t *= x
        np.tanh(t, out=t)
        y = np.add(t, 1, out=empty_like(x, workspace))
        y *= x
        y *= 0.5
        return y, t

    def slope(self, x: Array, y: Array, kept: Array, workspace: Workspace) -> Array:
        """Return ``(1 + t + x (1 - t**2) u') / 2``, u' being the slope of what tanh is taken of."""
        slope = np.multiply(x, x, out=empty_like(x, workspace))
        slope *= 3 * CUBIC * SQRT_2_OVER_PI
        slope += SQRT_2_OVER_PI  # u'
        slope *= x
        rest = np.multiply(kept, kept, out=empty_like(x, workspace))
        np.subtract(1, rest, out=rest)
        slope *= rest
        slope += kept
        slope += 1
        slope *= 0.5
        return slope
