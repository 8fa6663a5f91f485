"""Input scaling: one learned factor for each feature says how much it matters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from madaline.nn.arrays import Array, Parameters, Rng
from madaline.nn.layers.base import Backward, Layer, over_members
from madaline.nn.population import Slot
from madaline.nn.products import sum_over_batch
from madaline.nn.workspace import Workspace


@dataclass(frozen=True)
class Scale(Layer):
    """``y = x * scale``, feature by feature.

    `ScaledLinear` does the same within a first layer, at less cost and with a factor for each
    column of the table.

    Parameters
    ----------
    features : int
        Number of features.

    References
    ----------
    The scaling layer of RealMLP: Holzmüller, Grinsztajn and Steinwart (2024), arXiv:2407.04491.

    Examples
    --------
    >>> y, _ = Scale(2).forward(
    ...     {"scale": np.array([2.0, 0.5])}, np.array([[1.0, 4.0]]), workspace=Workspace()
    ... )
    >>> y
    array([[2., 2.]])
    """

    features: int

    def slots(self) -> tuple[Slot, ...]:
        """Return the factors; like those of `ScaledLinear` they are gates."""
        return (Slot("scale", (self.features,), "gate"),)

    def initialize(self, parameters: Parameters, rng: Rng) -> None:
        """Start with factors of one."""
        parameters["scale"][...] = 1

    def forward(
        self,
        parameters: Parameters,
        x: Array,
        *,
        workspace: Workspace,
        training: bool = False,
        rng: Rng | None = None,
    ) -> tuple[Array, Backward]:
        """Return ``x * scale`` and its backward pass."""
        scale = parameters["scale"][..., None, :]  # (*axes, 1, features)
        y = np.multiply(x, scale, out=over_members(x, scale, workspace))

        def backward(
            gradient: Array, gradients: Parameters, *, input_gradient: bool = True
        ) -> Array:
            product = workspace.empty(gradient.shape, gradient.dtype)
            sum_over_batch(np.multiply(gradient, x, out=product), gradients["scale"], workspace)
            if not input_gradient:
                return gradient
            return np.multiply(gradient, scale, out=gradient)

        return y, backward
