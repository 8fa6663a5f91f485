"""Linear layers: every unit adds up its weighted inputs and a bias."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from madaline.nn._products import (
    gradient_by_input,
    gradient_by_weight,
    sum_over_batch,
    write_product,
)
from madaline.nn.arrays import Array, Parameters, Rng, Workspace
from madaline.nn.initializers import Initializer, he_normal, uniform
from madaline.nn.layers._base import Backward, Layer
from madaline.nn.population import Slot


@dataclass(frozen=True)
class Linear(Layer):
    """Weighted sums: ``y = x @ weight + bias``.

    With ``gradient`` = dL/dy the chain rule gives ``dL/dweight = x.T @ gradient``,
    ``dL/dbias = gradient.sum(over the batch)`` and ``dL/dx = gradient @ weight.T``.

    >>> layer = Linear(2, 1)
    >>> parameters = {"weight": np.array([[1.0], [2.0]]), "bias": np.array([0.5])}
    >>> y, backward = layer.forward(parameters, np.array([[3.0, 4.0]]), workspace=Workspace())
    >>> y
    array([[11.5]])
    """

    in_features: int  # number of inputs
    out_features: int  # number of units
    # where the weights (default: He) and biases (default: uniform within ±1) start
    weight_initializer: Initializer = field(
        default=he_normal, repr=False, metadata={"saved": False}
    )
    # where the weights (default: He) and biases (default: uniform within ±1) start
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
        y = _affine(x, weight, bias, workspace)

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


def _affine(x: Array, weight: Array, bias: Array, workspace: Workspace) -> Array:
    """Return ``x @ weight + bias`` for every member, shape (*axes, batch, out_features).

    Axes of one in `weight` are shared by several batches in `x`, those of `x` by the members.
    """
    axes = weight.shape[:-2]
    if x.ndim > 2 and x.shape[:-2] != axes:
        axes = np.broadcast_shapes(axes, x.shape[:-2])
    y = workspace.empty((*axes, x.shape[-2], weight.shape[-1]), weight.dtype)
    write_product(x, weight, y)
    y += bias[..., None, :]
    return y


# Elements of the matrix that sums over the features of each column, at most: 128 MiB
MAX_SELECTOR = 2**25


@dataclass(frozen=True)
class ScaledLinear(Layer):
    """Inputs scaled by one learned gate for each column, then weighted sums.

    ``y = (x * gate[columns]) @ weight + bias``. All features made from one column of the table (its
    bins, its levels) share a gate. The gate is multiplied into the weight instead of the input:
    ``y = x @ (gate[columns, None] * weight) + bias`` is the same and saves a product in backward.

    The scaling layer of RealMLP: Holzmüller, Grinsztajn and Steinwart (2024), arXiv:2407.04491.

    >>> layer = ScaledLinear(columns=(0, 0, 1), out_features=1)
    >>> [slot.shape for slot in layer.slots()]
    [(2,), (3, 1), (1,)]
    """

    # for each input feature, the number of the column that it was made from
    columns: tuple[int, ...]
    out_features: int  # number of units
    # where the weights (default: He) and biases (default: uniform within ±1) start
    weight_initializer: Initializer = field(
        default=he_normal, repr=False, metadata={"saved": False}
    )
    # where the weights (default: He) and biases (default: uniform within ±1) start
    bias_initializer: Initializer = field(default=uniform, repr=False, metadata={"saved": False})

    @property
    def in_features(self) -> int:
        """Number of inputs."""
        return len(self.columns)

    @property
    def n_columns(self) -> int:
        """Number of gates."""
        return max(self.columns) + 1

    @cached_property
    def _index(self) -> Array:
        return np.asarray(self.columns, np.intp)

    @cached_property
    def _selector(self) -> Array:
        """One row for each feature with a one at its column, shape (in_features, n_columns)."""
        return np.eye(self.n_columns, dtype=np.float32)[self._index]

    @cached_property
    def _runs(self) -> tuple[Array, Array]:
        """The features in the order of their columns, and where each column starts there."""
        order = np.argsort(self._index, kind="stable")
        return order, np.searchsorted(self._index[order], np.arange(self.n_columns))

    def slots(self) -> tuple[Slot, ...]:
        """Return the gates, the weight and the bias."""
        return (
            Slot("gate", (self.n_columns,), "gate", 1),
            Slot("weight", (self.in_features, self.out_features), "weight", self.in_features),
            Slot("bias", (self.out_features,), "bias", self.in_features),
        )

    def initialize(self, parameters: Parameters, rng: Rng) -> None:
        """Open every gate and draw the weights and the biases."""
        parameters["gate"][...] = 1
        self.weight_initializer(parameters["weight"], self.in_features, self.out_features, rng)
        self.bias_initializer(parameters["bias"], self.in_features, self.out_features, rng)

    def fixed(self, parameters: Parameters) -> tuple[Layer, Parameters]:
        """Return a linear layer that has the gates in its weight."""
        weight, bias = parameters["weight"], parameters["bias"]
        scaled = np.multiply(weight, self._feature_gate(parameters))
        return Linear(self.in_features, self.out_features), {"weight": scaled, "bias": bias}

    def forward(
        self,
        parameters: Parameters,
        x: Array,
        *,
        workspace: Workspace,
        training: bool = False,
        rng: Rng | None = None,
    ) -> tuple[Array, Backward]:
        """Return the output and its backward pass."""
        weight, bias = parameters["weight"], parameters["bias"]
        gate = self._feature_gate(parameters)
        scaled = workspace.empty(weight.shape, weight.dtype)
        np.multiply(weight, gate, out=scaled)
        y = _affine(x, scaled, bias, workspace)

        def backward(
            gradient: Array, gradients: Parameters, *, input_gradient: bool = True
        ) -> Array:
            by_scaled = gradients["weight"]
            gradient_by_weight(x, gradient, by_scaled)
            by_feature_gate = np.vecdot(weight, by_scaled)  # (*axes, in)
            self._sum_over_columns(by_feature_gate, gradients["gate"])
            by_scaled *= gate  # by the weight
            sum_over_batch(gradient, gradients["bias"])
            if not input_gradient:
                return gradient
            return gradient_by_input(gradient, scaled, workspace)  # (*axes, batch, in)

        return y, backward

    def _sum_over_columns(self, of_features: Array, out: Array) -> None:
        """Write the sum over the features of each column, (*axes, in) to (*axes, columns)."""
        if self.in_features * self.n_columns > MAX_SELECTOR:
            order, starts = self._runs
            np.add.reduceat(of_features.take(order, axis=-1), starts, axis=-1, out=out)
            return
        selector = self._selector.astype(of_features.dtype, copy=False)
        # One member at a time: rows of one product round differently for other members beside.
        np.matmul(of_features[..., None, :], selector, out=out[..., None, :])

    def _feature_gate(self, parameters: Parameters) -> Array:
        """Return the gate of each feature, shape (*axes, in_features, 1)."""
        return np.take(parameters["gate"], self._index, axis=-1, mode="clip")[..., None]
