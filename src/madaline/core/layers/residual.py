"""A residual block adds what its layers say to its input, so that they need only learn the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from madaline.core.arrays import Array, Parameters, Rng
from madaline.core.layers.base import Backward, Layer, over_members
from madaline.core.layers.chain import chain_forward, chain_parameters, chain_slots
from madaline.core.population import Slot
from madaline.core.workspace import Workspace


@dataclass(frozen=True)
class Residual(Layer):
    """``y = x + f(x)`` with layers `f` whose output has as many features as their input.

    Parameters
    ----------
    layers : tuple of Layer
        From input to output.

    References
    ----------
    He, Zhang, Ren and Sun (2015), "Deep residual learning", arXiv:1512.03385; without an activation
    after the sum: He et al. (2016), arXiv:1603.05027.

    Examples
    --------
    >>> from madaline.core.layers import Linear, ReLU
    >>> layer = Residual((Linear(2, 4), ReLU(), Linear(4, 2)))
    >>> [slot.name for slot in layer.slots()]
    ['0.weight', '0.bias', '2.weight', '2.bias']
    """

    layers: tuple[Layer, ...]

    def slots(self) -> tuple[Slot, ...]:
        """Return the inner layers' slots, each under the number of its layer."""
        return chain_slots(self.layers)

    def initialize(self, parameters: Parameters, rng: Rng) -> None:
        """Initialize the inner layers."""
        for layer, own in zip(self.layers, self._bind(parameters), strict=True):
            layer.initialize(own, rng)

    def calibrate(self, parameters: Parameters, x: Array) -> None:
        """Let the inner layers measure what comes to them."""
        for layer, own in zip(self.layers, self._bind(parameters), strict=True):
            layer.calibrate(own, x)
            x, _ = layer.forward(own, x, workspace=Workspace())

    def multiply_adds(self) -> int:
        """Return the multiply-adds of one row through the inner layers."""
        return sum(layer.multiply_adds() for layer in self.layers)

    def forward(
        self,
        parameters: Parameters,
        x: Array,
        *,
        workspace: Workspace,
        training: bool = False,
        rng: Rng | None = None,
    ) -> tuple[Array, Backward]:
        """Return ``x + f(x)`` and its backward pass."""
        inner, inner_backward = chain_forward(
            self.layers,
            self._bind(parameters),
            x,
            workspace=workspace,
            training=training,
            rng=rng,
        )
        y = np.add(x, inner, out=over_members(x, inner, workspace))

        def backward(
            gradient: Array, gradients: Parameters, *, input_gradient: bool = True
        ) -> Array:
            branch = workspace.empty(gradient.shape, gradient.dtype)
            branch[...] = gradient  # the inner layers may overwrite theirs
            by_inner = inner_backward(branch, self._bind(gradients), input_gradient=input_gradient)
            if not input_gradient:
                return gradient
            gradient += by_inner
            return gradient

        return y, backward

    def config(self) -> dict[str, Any]:
        """Return the layer's name and the inner layers' configs."""
        return {"layer": "Residual", "layers": [layer.config() for layer in self.layers]}

    def _bind(self, parameters: Parameters) -> list[Parameters]:
        return chain_parameters(self.layers, parameters)
