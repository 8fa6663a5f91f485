"""Layer normalization brings the units of each row to mean zero and variance one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from madaline.nn.arrays import Array, Parameters, Rng
from madaline.nn.layers.base import Backward, Layer, over_members
from madaline.nn.population import Slot
from madaline.nn.products import sum_over_batch
from madaline.nn.workspace import Workspace


@dataclass(frozen=True)
class LayerNorm(Layer):
    """``y = n * scale + bias`` with ``n = (x - mean) / sqrt(variance + epsilon)``, row by row.

    With ``g = gradient * scale`` the chain rule gives ``(g - mean(g) - n mean(g n)) / deviation``.

    Parameters
    ----------
    features : int
        Number of features.
    epsilon : float, default=1e-5
        Keeps rows finite whose features are all equal.

    References
    ----------
    Ba, Kiros and Hinton (2016), arXiv:1607.06450.

    Examples
    --------
    >>> layer = LayerNorm(2)
    >>> parameters = {"scale": np.ones(2), "bias": np.zeros(2)}
    >>> y, _ = layer.forward(parameters, np.array([[1.0, 5.0]]), workspace=Workspace())
    >>> y.round(4)
    array([[-1.,  1.]])
    """

    features: int
    epsilon: float = 1e-5

    def slots(self) -> tuple[Slot, ...]:
        """Return the scale and the bias."""
        return (
            Slot("scale", (self.features,), "scale"),
            Slot("bias", (self.features,), "bias"),
        )

    def initialize(self, parameters: Parameters, rng: Rng) -> None:
        """Start with a scale of one and a bias of zero."""
        parameters["scale"][...] = 1
        parameters["bias"][...] = 0

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
        normal = workspace.empty(x.shape, x.dtype)
        np.subtract(x, _row_mean(x, workspace), out=normal)
        deviation = root_mean_square(normal, self.epsilon, workspace)  # (..., batch, 1)
        normal /= deviation
        y = np.multiply(normal, scale, out=over_members(x, scale, workspace))
        y += parameters["bias"][..., None, :]

        def backward(
            gradient: Array, gradients: Parameters, *, input_gradient: bool = True
        ) -> Array:
            product = workspace.empty(gradient.shape, gradient.dtype)
            sum_over_batch(gradient, gradients["bias"], workspace)
            sum_over_batch(
                np.multiply(gradient, normal, out=product), gradients["scale"], workspace
            )
            if not input_gradient:
                return gradient
            product *= scale
            gradient *= scale
            gradient -= _row_mean(gradient, workspace)
            np.multiply(normal, _row_mean(product, workspace), out=product)
            gradient -= product
            gradient /= deviation
            return gradient

        return y, backward


def root_mean_square(x: Array, epsilon: float, workspace: Workspace) -> Array:
    """Return ``sqrt(mean(x**2) + epsilon)`` of each row, shape (*axes, batch, 1)."""
    root = workspace.empty((*x.shape[:-1], 1), x.dtype)
    np.vecdot(x, x, out=root[..., 0])
    root *= 1 / x.shape[-1]
    root += epsilon
    return np.sqrt(root, out=root)


def _row_mean(x: Array, workspace: Workspace) -> Array:
    """Return the mean of each row, shape (*axes, batch, 1)."""
    mean = workspace.empty((*x.shape[:-1], 1), x.dtype)
    np.add.reduce(x, axis=-1, keepdims=True, out=mean)
    mean *= 1 / x.shape[-1]
    return mean
