"""A network is a chain of layers: the output of each is the input of the next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from madaline.nn.arrays import Array, Parameters, Rng, Workspace
from madaline.nn.layers import Trees, layer_from_config
from madaline.nn.layers._base import Layer
from madaline.nn.layers._branches import ChainBackward, chain_forward, chain_parameters, chain_slots
from madaline.nn.losses import Loss
from madaline.nn.population import Layout, Population

# Features that `Network.predict` takes at a time, 1 MiB in float32: what its layers make of them
# stays near the cache, and that of many large images fits in memory
_PREDICTED_FEATURES = 2**18


@dataclass(frozen=True)
class Network:
    """Layers in a row. It holds no parameters: a `Population` does, for any number of members.

    Parameters
    ----------
    layers : tuple of Layer
        From input to output.

    Examples
    --------
    >>> from madaline.nn.layers import Linear, SiLU
    >>> network = Network((Linear(2, 8), SiLU(), Linear(8, 1)))
    >>> population = network.initialize((3,), np.random.default_rng(0))
    >>> population.members, population.layout.size
    (3, 33)
    >>> network.predict(population.theta, np.zeros((5, 2), np.float32)).shape
    (3, 5, 1)
    """

    layers: tuple[Layer, ...]

    @cached_property
    def layout(self) -> Layout:
        """Where each layer's parameters stand in a row of the population."""
        return Layout(chain_slots(self.layers))

    def initialize(
        self, axes: tuple[int, ...], rng: Rng, *, dtype: npt.DTypeLike = np.float32
    ) -> Population:
        """Return a new population of this network."""
        theta = np.zeros((*axes, self.layout.size), dtype)
        for layer, parameters in zip(self.layers, self.bind(theta), strict=True):
            layer.initialize(parameters, rng)
        return Population(self.layout, theta)

    def bind(self, matrix: Array) -> list[Parameters]:
        """Return each layer's own named views of parameters or gradients, for many steps."""
        return chain_parameters(self.layers, self.layout.views(matrix))

    def fixed(self, theta: Array) -> tuple[Network, list[Parameters]]:
        """Return a network and bound parameters that predict the same bits, for many predictions.

        What only depends on the parameters is done; the network has no `layout` for `theta`.

        >>> from madaline.nn.layers import ScaledLinear
        >>> network = Network((ScaledLinear((0, 0, 1), 2),))
        >>> network.fixed(network.initialize((5,), np.random.default_rng(0)).theta)[0]
        Network(layers=(Linear(in_features=3, out_features=2),))
        """
        bound = zip(self.layers, self.bind(theta), strict=True)
        pairs = [layer.fixed(parameters) for layer, parameters in bound]
        return Network(tuple(layer for layer, _ in pairs)), [parameters for _, parameters in pairs]

    def forward(
        self,
        parameters: Sequence[Parameters],
        x: Array,  # (*axes, batch, in_features)
        *,
        workspace: Workspace,
        training: bool = False,
        rng: Rng | None = None,
    ) -> tuple[Array, ChainBackward]:
        """Return the raw output, before the loss's inverse link, and the backward pass.

        Leading axes of one in `x`, or fewer of them, are shared by the members.
        """
        return chain_forward(
            self.layers, parameters, x, workspace=workspace, training=training, rng=rng
        )

    def predict(
        self,
        theta: Array,  # (*axes, parameters)
        x: Array,  # (*axes, n_samples, in_features)
    ) -> Array:
        """Return the raw output of every member, (*axes, n_samples, n_outputs), keeping nothing."""
        rows = max(1, _PREDICTED_FEATURES // max(1, x.shape[-1]))
        parts = [
            self._predict(theta, x[..., start : start + rows, :])
            for start in range(0, max(1, x.shape[-2]), rows)
        ]
        return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=-2)

    def _predict(self, theta: Array, x: Array) -> Array:
        for layer, parameters in zip(self.layers, self.bind(theta), strict=True):
            x, _ = layer.forward(parameters, x, workspace=Workspace())
        return x

    def width(self, in_features: int) -> int:
        """Return how many numbers come out of the widest layer, a row.

        >>> from madaline.nn.layers import Convolution, MaxPooling
        >>> Network((Convolution((4, 4), 1, 5), MaxPooling((4, 4)))).width(16)
        80
        """
        x, widest = np.zeros((1, in_features), np.float32), 1
        for layer, parameters in zip(
            self.layers, self.bind(np.zeros(self.layout.size, np.float32)), strict=True
        ):
            widest = max(widest, layer.width(parameters, x))
            x, _ = layer.forward(parameters, x, workspace=Workspace())
        return widest

    @property
    def of_trees(self) -> bool:
        """Whether trees make the output: it is no function that gradients could learn."""
        return isinstance(self.layers[-1], Trees)

    def config(self) -> dict[str, Any]:
        """Return the layers as JSON-able values, for a file."""
        return {"layers": [layer.config() for layer in self.layers]}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Network:
        """Return the network that `config` described.

        >>> Network.from_config({"layers": [{"layer": "SiLU"}]})
        Network(layers=(SiLU(),))
        """
        return cls(tuple(layer_from_config(layer) for layer in config["layers"]))

    def multiply_adds(self) -> int:
        """Return the multiply-adds of one forward pass of one row through one member."""
        return sum(layer.multiply_adds() for layer in self.layers)

    def training_multiply_adds(self) -> int:
        """Return the multiply-adds of one row in a step: forward, and twice as many back.

        The gradient by the network's input is not taken.

        >>> from madaline.nn.layers import Linear
        >>> Network((Linear(4, 3), Linear(3, 2))).training_multiply_adds()  # 3 x (12 + 6) - 12
        42
        """
        return 3 * self.multiply_adds() - self.layers[0].input_multiply_adds()


def write_gradient(
    network: Network,
    loss: Loss,
    parameters: Sequence[Parameters],
    gradients: Sequence[Parameters],
    x: Array,  # (*axes, batch, in_features)
    target: Array,  # (*axes, batch, n_outputs)
    weight: Array | None = None,  # (*axes, batch)
    *,
    workspace: Workspace,
    rng: Rng | None = None,
) -> None:
    """Write the gradient of the mean loss of a batch by every parameter.

    >>> import numpy as np
    >>> from madaline.nn.layers import Linear
    >>> from madaline.nn.losses import Squared
    >>> network, gradient = Network((Linear(1, 1),)), np.empty(2)
    >>> bound = network.bind(np.array([2.0, 0.0])), network.bind(gradient)
    >>> x, target = np.array([[1.0]]), np.array([[5.0]])
    >>> write_gradient(network, Squared(), *bound, x, target, workspace=Workspace())
    >>> gradient  # the slope of (2 w + b - 5)**2
    array([-6., -6.])
    """
    output, backward = network.forward(parameters, x, workspace=workspace, training=True, rng=rng)
    backward(loss.gradient(output, target, weight, workspace=workspace), gradients)
