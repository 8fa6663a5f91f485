"""The parameters of a network as a textbook writes them: the weights and biases of each layer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from madaline.nn._surgery import hidden_layers, widen
from madaline.nn.arrays import Array, Rng
from madaline.nn.initializers import he_normal, lecun_normal, uniform
from madaline.nn.layers import Activation, Layer, Linear
from madaline.nn.network import Network
from madaline.nn.population import Population


@dataclass
class Parameters:
    """The weights and biases of each layer, first layer first; training changes them.

    Attributes
    ----------
    weights : list[array]
        Of each layer, (in_features, out_features).
    biases : list[array]
        Of each layer, (out_features,).
    """

    weights: list[Array]
    biases: list[Array]

    def __iter__(self) -> Iterator[Array]:
        """Yield every array: all weights, then all biases."""
        yield from (*self.weights, *self.biases)

    @property
    def hidden_size(self) -> tuple[int, ...]:
        """Units of each hidden layer."""
        return tuple(len(bias) for bias in self.biases[:-1])

    @property
    def names(self) -> list[str]:
        """A name of each array, in the same order."""
        kinds = (("weights", self.weights), ("biases", self.biases))
        return [f"{kind}[{number}]" for kind, arrays in kinds for number in range(len(arrays))]

    def copy(self) -> Parameters:
        """Return a copy to come back to."""
        return Parameters([w.copy() for w in self.weights], [b.copy() for b in self.biases])

    def replace_by(self, other: Parameters) -> None:
        """Take over the arrays of others; the lists stay the same objects."""
        self.weights[:], self.biases[:] = other.weights, other.biases


class Gradients(Parameters):
    """The derivative of the loss by every weight and every bias, layer by layer."""


def initial_parameters(sizes: Sequence[int], rng: Rng) -> Parameters:
    """Return random weights and biases for layers of these sizes, inputs first.

    >>> [w.shape for w in initial_parameters([2, 5, 1], np.random.default_rng(0)).weights]
    [(2, 5), (5, 1)]
    """
    parameters = Parameters([], [])
    for fan_in, fan_out in pairwise(sizes):
        weights = np.empty((fan_in, fan_out))
        bias = np.zeros(fan_out)
        if len(parameters.weights) < len(sizes) - 2:
            he_normal(weights, fan_in, fan_out, rng)
            uniform(bias, fan_in, fan_out, rng)
        else:
            lecun_normal(weights, fan_in, fan_out, rng)
        parameters.weights.append(weights)
        parameters.biases.append(bias)
    return parameters


def to_population(parameters: Parameters, activation: Activation) -> tuple[Network, Population]:
    """Return the network as layers and a population of one, for surgery and diagnosis."""
    layers: list[Layer] = []
    for weights in parameters.weights:
        layers += [Linear(*weights.shape), activation]
    network = Network(tuple(layers[:-1]))
    pairs = zip(parameters.weights, parameters.biases, strict=True)
    theta = np.concatenate([part.ravel() for pair in pairs for part in pair])
    return network, Population(network.layout, theta)


def from_population(network: Network, population: Population) -> Parameters:
    """Return the weights and biases of a population of one."""
    layers = [named for named in network.bind(population.theta) if named]
    return Parameters(
        [named["weight"].copy() for named in layers], [named["bias"].copy() for named in layers]
    )


def twice_as_wide(parameters: Parameters, activation: Activation, rng: Rng) -> Parameters:
    """Return a network with twice the units in each hidden layer that predicts the same.

    New units have random incoming weights, and outgoing weights of zero.
    """
    network, population = to_population(parameters, activation)
    for layer, units in zip(hidden_layers(network), parameters.hidden_size, strict=True):
        network, population = widen(network, population, layer, units, rng)
    return from_population(network, population)
