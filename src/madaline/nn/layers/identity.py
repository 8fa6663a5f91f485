"""A layer that changes nothing, for where a layer is expected and none is wanted."""

from __future__ import annotations

from dataclasses import dataclass

from madaline.nn.arrays import Array, Parameters, Rng
from madaline.nn.layers.base import Backward, Layer, pass_through
from madaline.nn.workspace import Workspace


@dataclass(frozen=True)
class Identity(Layer):
    """``y = x``.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([[-2.0, 3.0]])
    >>> y, _ = Identity().forward({}, x, workspace=Workspace())
    >>> y is x
    True
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
        """Return `x` itself, and gradients as they come."""
        return x, pass_through
