"""Units are added to a network, or taken away, without losing what it has learned."""

from __future__ import annotations

from madaline.neural_network.parameters import Parameters, from_population, to_population
from madaline.nn.arrays import Array, Rng
from madaline.nn.layers.activation import Activation
from madaline.nn.surgery import hidden_layers, rank_units, widen


def with_one_more_unit(parameters: Parameters, activation: Activation, rng: Rng) -> Parameters:
    """Return a network with another unit in each hidden layer that predicts the same."""
    network, population = to_population(parameters, activation)
    for layer in hidden_layers(network):
        network, population = widen(network, population, layer, 1, rng)
    return from_population(network, population)


def with_half_of_the_units(parameters: Parameters, activation: Activation, x: Array) -> Parameters:
    """Return a network with half of the units in each hidden layer that predicts about the same.

    Those go that the others can replace best; the weights of the others make up for them.
    """
    network, population = to_population(parameters, activation)
    for layer, units in zip(hidden_layers(network), parameters.hidden_size, strict=True):
        ranking = rank_units(network, population, layer, x)
        network, population = ranking.prune(-(-units // 2))
    return from_population(network, population)
