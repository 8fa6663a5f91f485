"""Root-mean-square normalization: layer normalization without centering."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from madaline.nn.arrays import Array, Parameters, Rng
from madaline.nn.layers.base import Backward, Layer, over_members
from madaline.nn.layers.layer_norm import root_mean_square
from madaline.nn.population import Slot
from madaline.nn.products import sum_over_batch
from madaline.nn.workspace import Workspace


@dataclass(frozen=True)
class RMSNorm(Layer):
    """``y = n * scale`` with ``n = x / sqrt(mean(x**2) + epsilon)`` over the features.

    With ``g = gradient * scale`` the chain rule gives ``(g - n mean(g n)) / root``.

    Parameters
    ----------
    features : int
        Number of features.
    epsilon : float, default=1e-5
        Keeps rows of zeros finite.

    References
    ----------
    Zhang and Sennrich (2019), "Root mean square layer normalization", arXiv:1910.07467.

    Examples
    --------
    >>> y, _ = RMSNorm(2).forward(
    ...     {"scale": np.ones(2)}, np.array([[3.0, 3.0]]), workspace=Workspace()
    ... )
    >>> y.round(4)
    array([[1., 1.]])
    """

    features: int
    epsilon: float = 1e-5

    def slots(self) -> tuple[Slot, ...]:
        """Return the scale."""
        return (Slot("scale", (self.features,), "scale"),)

    def initialize(self, parameters: Parameters, rng: Rng) -> None:
        """Start with a scale of one."""
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
        """Return the normalized rows and the backward pass."""
        scale = parameters["scale"][..., None, :]  # (*axes, 1, features)
        root = root_mean_square(x, self.epsilon, workspace)  # (..., batch, 1)
        normal = np.divide(x, root, out=workspace.empty(x.shape, x.dtype))
        y = np.multiply(normal, scale, out=over_members(x, scale, workspace))

        def backward(
            gradient: Array, gradients: Parameters, *, input_gradient: bool = True
        ) -> Array:
            product = workspace.empty(gradient.shape, gradient.dtype)
            sum_over_batch(
                np.multiply(gradient, normal, out=product), gradients["scale"], workspace
            )
            if not input_gradient:
                return gradient
            gradient *= scale
            share = workspace.empty((*gradient.shape[:-1], 1), gradient.dtype)
            np.vecdot(gradient, normal, out=share[..., 0])
            share *= 1 / self.features
            gradient -= np.multiply(normal, share, out=product)
            gradient /= root
            return gradient

        return y, backward
