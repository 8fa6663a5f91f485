"""The self-normalizing unit: an ELU so scaled that signals keep mean zero and variance one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from madaline.nn.arrays import Array
from madaline.nn.layers.activation import Activation
from madaline.nn.layers.elu import ELU
from madaline.nn.workspace import Workspace

ALPHA = 1.6732632423543772
SCALE = 1.0507009873554805


@dataclass(frozen=True)
class SELU(Activation):
    """``y = SCALE * elu(x)`` with ``alpha = ALPHA``, the fixed point of mean 0 and variance 1.

    It holds with weights from N(0, 1 / fan_in), see `lecun_normal`.

    References
    ----------
    Klambauer, Unterthiner, Mayr and Hochreiter (2017), "Self-normalizing neural networks",
    arXiv:1706.02515.

    Examples
    --------
    >>> y, _ = SELU().forward({}, np.array([[-1.0, 1.0]]), workspace=Workspace())
    >>> y.round(4)
    array([[-1.1113,  1.0507]])
    """

    def value(self, x: Array, workspace: Workspace) -> tuple[Array, Array]:
        """Return the values and the lower side of the ELU."""
        y, lower = ELU(ALPHA).value(x, workspace)
        return np.multiply(y, SCALE, out=y), lower

    def slope(self, x: Array, y: Array, kept: Array, workspace: Workspace) -> Array:
        """Return the slope of the ELU times `SCALE`."""
        slope = ELU(ALPHA).slope(x, y, kept, workspace)
        return np.multiply(slope, SCALE, out=slope)
