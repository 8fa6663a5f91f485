"""Softplus, the rectifier with its corner rounded off."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from madaline.nn.arrays import Array
from madaline.nn.layers.activation import Activation, empty_like
from madaline.nn.workspace import Workspace


@dataclass(frozen=True)
class Softplus(Activation):
    """``y = log(1 + exp(x))``, always above zero.

    References
    ----------
    Dugas, Bengio, Bélisle, Nadeau and Garcia (2000), "Incorporating second-order functional
    knowledge for better option pricing".

    Examples
    --------
    >>> y, _ = Softplus().forward({}, np.array([[0.0, 1.0]]), workspace=Workspace())
    >>> y.round(4)
    array([[0.6931, 1.3133]])
    """

    def value(self, x: Array, workspace: Workspace) -> tuple[Array, Array]:
        """Return ``max(x, 0) + log(1 + exp(-|x|))``, which cannot overflow, twice."""
        y = softplus(x, workspace)
        return y, y

    def slope(self, x: Array, y: Array, kept: Array, workspace: Workspace) -> Array:
        """Return ``sigmoid(x) = 1 - exp(-y)``."""
        slope = np.negative(y, out=empty_like(x, workspace))
        np.expm1(slope, out=slope)
        return np.negative(slope, out=slope)


def softplus(x: Array, workspace: Workspace) -> Array:
    """Return ``log(1 + exp(x))``."""
    y = np.abs(x, out=empty_like(x, workspace))
    np.negative(y, out=y)
    np.exp(y, out=y)
    np.log1p(y, out=y)
    y += np.maximum(x, 0, out=empty_like(x, workspace))
    return y
