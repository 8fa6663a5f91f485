"""The linear layer: every unit adds up its weighted inputs and a bias."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from madaline.nn.arrays import Array, Parameters, Rng
from madaline.nn.initializers import Initializer, he_normal, uniform
from madaline.nn.layers.base import Backward, Layer
from madaline.nn.population import Slot
from madaline.nn.products import (
    gradient_by_input,
    gradient_by_weight,
    sum_over_batch,
    write_product,
)
from madaline.nn.workspace import Workspace


@dataclass(frozen=True)
class Linear(Layer):
    """Weighted sums: ``y = x @ weight + bias``.

    With ``gradient`` = dL/dy the chain rule gives ``dL/dweight = x.T @ gradient``,
    ``dL/dbias = gradient.sum(over the batch)`` and ``dL/dx = gradient @ weight.T``.

    Parameters
    ----------
    in_features : int
        Number of inputs.
    out_features : int
        Number of units.
    weight_initializer, bias_initializer : Initializer
        Where the weights (default: He) and biases (default: uniform within ±1) start.

    Examples
    --------
    >>> layer = Linear(2, 1)
    >>> parameters = {"weight": np.array([[1.0], [2.0]]), "bias": np.array([0.5])}
    >>> y, backward = layer.forward(parameters, np.array([[3.0, 4.0]]), workspace=Workspace())
    >>> y
    array([[11.5]])
    """

    in_features: int
    out_features: int
    weight_initializer: Initializer = field(
        default=he_normal, repr=False, metadata={"saved": False}
    )
    bias_initializer: Initializer = field(default=uniform, repr=False, metadata={"saved": False})

    def slots(self) -> tuple[Slot, ...]:
        """Return the weight and the bias."""
        return (
            Slot("weight", (self.in_features, self.out_features), "weight", self.in_features),
            Slot("bias", (self.out_features,), "bias", self.in_features),
        )

    def initialize(self, parameters: Parameters, rng: Rng) -> None:
        """Draw the weights and the biases."""
        self.weight_initializer(parameters["weight"], self.in_features, self.out_features, rng)
        self.bias_initializer(parameters["bias"], self.in_features, self.out_features, rng)

    def forward(
        self,
        parameters: Parameters,
        x: Array,
        *,
        workspace: Workspace,
        training: bool = False,
        rng: Rng | None = None,
    ) -> tuple[Array, Backward]:
        """Return ``x @ weight + bias`` and its backward pass."""
        weight, bias = parameters["weight"], parameters["bias"]
        y = affine(x, weight, bias, workspace)

        def backward(
            gradient: Array, gradients: Parameters, *, input_gradient: bool = True
        ) -> Array:
            if gradients:
                gradient_by_weight(x, gradient, gradients["weight"])
                sum_over_batch(gradient, gradients["bias"])
            if not input_gradient:
                return gradient
            return gradient_by_input(gradient, weight, workspace)  # (*axes, batch, in)

        return y, backward


def affine(x: Array, weight: Array, bias: Array, workspace: Workspace) -> Array:
    """Return ``x @ weight + bias`` for every member, shape (*axes, batch, out_features).

    Axes of one in `weight` are shared by several batches in `x`, those of `x` by the members.

    Examples
    --------
    >>> weight, bias = np.ones((3, 2, 1)), np.array([[0.0], [1.0], [2.0]])  # three members
    >>> affine(np.array([[3.0, 4.0]]), weight, bias, Workspace()).ravel()
    array([7., 8., 9.])
    """
    axes = weight.shape[:-2]
    if x.ndim > 2 and x.shape[:-2] != axes:
        axes = np.broadcast_shapes(axes, x.shape[:-2])
    y = workspace.empty((*axes, x.shape[-2], weight.shape[-1]), weight.dtype)
    write_product(x, weight, y)
    y += bias[..., None, :]
    return y
