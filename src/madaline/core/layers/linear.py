"""The linear layer: every unit adds up its weighted inputs and a bias."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf

import numpy as np

from madaline.core.arrays import Array, Parameters, Rng
from madaline.core.initializers import Initializer, he_normal, uniform
from madaline.core.layers.base import Backward, Layer
from madaline.core.population import Slot
from madaline.core.workspace import Workspace

MOST_ONES = 4096
"""Rows that are added up at a time; of a picture, each position may be a row."""


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
            weight_gradient(x, gradient, gradients["weight"])
            sum_over_batch(gradient, gradients["bias"])
            if not input_gradient:
                return gradient
            shape = (*gradient.shape[:-1], self.in_features)
            out = workspace.empty(shape, gradient.dtype)
            return np.matmul(gradient, weight.swapaxes(-1, -2), out=out)  # (*axes, batch, in)

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
    write_product(x, weight, y, workspace)
    y += bias[..., None, :]
    return y


def write_product(x: Array, weight: Array, out: Array, workspace: Workspace) -> None:
    """Write ``x @ weight`` of every member into `out`, shape (*axes, batch, out_features)."""
    batch, (in_features, units) = x.shape[-2], weight.shape[-2:]
    if batch * in_features * units <= (workspace.largest_product or inf):
        np.matmul(x, weight, out=out)
    else:
        _product_in_blocks(x, weight, out, workspace)


def _product_in_blocks(x: Array, weight: Array, out: Array, workspace: Workspace) -> None:
    """Write ``x @ weight`` into `out`, no product larger than the workspace allows."""
    batch, in_features, units = x.shape[-2], x.shape[-1], weight.shape[-1]
    size = max(1, (workspace.largest_product or 0) // max(1, batch * units))
    np.matmul(x[..., :size], weight[..., :size, :], out=out)
    for start in range(size, in_features, size):
        block = slice(start, start + size)
        part = workspace.empty(out.shape, out.dtype)
        out += np.matmul(x[..., block], weight[..., block, :], out=part)


def weight_gradient(x: Array, gradient: Array, out: Array) -> None:
    """Write ``x.T @ gradient`` of every member into `out`, shape (*axes, in, out)."""
    np.matmul(x.swapaxes(-1, -2), gradient, out=out)


def sum_over_batch(gradient: Array, out: Array) -> None:
    """Write the sum over the batch into `out`, shape (*axes, features).

    A product with a row of ones takes a third of the time of ``sum`` over the second last axis.
    """
    row = np.ones((1, min(gradient.shape[-2], MOST_ONES)), gradient.dtype)
    np.matmul(row, gradient[..., :MOST_ONES, :], out=out[..., None, :])
    for start in range(MOST_ONES, gradient.shape[-2], MOST_ONES):
        block = gradient[..., start : start + MOST_ONES, :]
        out += np.matmul(row[:, : block.shape[-2]], block)[..., 0, :]
