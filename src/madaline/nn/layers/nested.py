"""A layer that is made of other layers: what residual blocks and layers at each position share."""

from __future__ import annotations

from typing import Any

from madaline.nn.arrays import Array, Parameters, Rng
from madaline.nn.layers.base import Layer
from madaline.nn.layers.chain import chain_parameters, chain_slots
from madaline.nn.population import Slot
from madaline.nn.workspace import Workspace


class Nested(Layer):
    """Layers in a row, the same for every subclass, which says what goes in and what comes out.

    Subclasses are dataclasses with a field `layers`; each inner layer's parameters stand under its
    number.
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
        x = self._entering(x)
        for layer, own in zip(self.layers, self._bind(parameters), strict=True):
            layer.calibrate(own, x)
            x, _ = layer.forward(own, x, workspace=Workspace())

    def multiply_adds(self) -> int:
        """Return the multiply-adds of one row through the inner layers."""
        return sum(layer.multiply_adds() for layer in self.layers)

    def input_multiply_adds(self) -> int:
        """Return the multiply-adds of one row's gradient by the first inner layer's input."""
        return self.layers[0].input_multiply_adds() if self.layers else 0

    def config(self) -> dict[str, Any]:
        """Return the layer's name, its settings and the inner layers' configs."""
        return super().config() | {"layers": [layer.config() for layer in self.layers]}

    def _entering(self, x: Array) -> Array:
        """Return what the first inner layer is given for an input."""
        return x

    def _bind(self, parameters: Parameters) -> list[Parameters]:
        return chain_parameters(self.layers, parameters)
