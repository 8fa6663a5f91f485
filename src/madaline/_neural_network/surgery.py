"""Units are added to a network without losing what it has learned."""

from __future__ import annotations

from madaline._neural_network.parameters import Parameters, from_population, to_population
from madaline.nn.arrays import Rng
from madaline.nn.layers.activations import Activation
from madaline.nn.surgery import hidden_layers, widen


def with_one_more_unit(parameters: Parameters, activation: Activation, rng: Rng) -> Parameters:
    """Return a network with another unit in each hidden layer that predicts the same."""
    network, population = to_population(parameters, activation)
    for layer in hidden_layers(network):
        network, population = widen(network, population, layer, 1, rng)
    return from_population(network, population)
