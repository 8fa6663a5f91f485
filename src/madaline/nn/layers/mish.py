"""Mish, a smooth activation that dips below zero before it rises."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from madaline.nn.arrays import Array
from madaline.nn.layers.activation import Activation, empty_like
from madaline.nn.workspace import Workspace

SATURATED = 20.0
"""Above it ``tanh(softplus(x))`` is 1 even in float64; the powers of exp(x) would overflow."""


@dataclass(frozen=True)
class Mish(Activation):
    """``y = x * tanh(softplus(x))``.

    With ``w = exp(x)`` the tangent is ``t = n / (n + 2)``, ``n = w (w + 2)``: one exponential, no
    logarithm.

    References
    ----------
    Misra (2019), arXiv:1908.08681.

    Examples
    --------
    >>> y, _ = Mish().forward({}, np.array([[0.0, 1.0]]), workspace=Workspace())
    >>> y.round(4)
    array([[0.    , 0.8651]])
    """

    def value(self, x: Array, workspace: Workspace) -> tuple[Array, Array]:
        """Return the values and w."""
        w = np.minimum(x, SATURATED, out=empty_like(x, workspace))
        np.exp(w, out=w)
        y = _tangent(w, empty_like(x, workspace), workspace)
        y *= x
        return y, w

    def slope(self, x: Array, y: Array, kept: Array, workspace: Workspace) -> Array:
        """Return ``t + x t'`` with ``t' = 4 w (w + 1) / (n + 2)**2``."""
        w, d = kept, empty_like(x, workspace)
        slope = np.add(w, 2, out=empty_like(x, workspace))
        slope *= w
        np.add(slope, 2, out=d)  # n + 2
        slope /= d  # t
        rise = np.add(w, 1, out=empty_like(x, workspace))
        rise /= d
        rise *= np.divide(w, d, out=d)
        rise *= x
        rise *= 4
        slope += rise
        return slope


def _tangent(w: Array, out: Array, workspace: Workspace) -> Array:
    """Write ``n / (n + 2)`` into `out` and return it."""
    np.add(w, 2, out=out)
    out *= w
    out /= np.add(out, 2, out=empty_like(w, workspace))
    return out
