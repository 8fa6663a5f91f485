"""Monotone networks: parameters that keep their sign, so that an output never falls with a column.

Every hidden unit has a role. A *free* one depends on no constrained column. A *rising* one never
falls, and a *falling* one never rises, when a constrained column moves in its direction. So weights
between two rising or two falling units are zero or above, those between a rising and a falling one
are zero or below, and those from either to a free unit are zero; those from free units and features
are free, as biases are. The output is a rising unit, and the activation never falls. With units of
both roles, the network can draw convex and concave curves.

References
----------
Sill (1998), "Monotonic networks"; Runje and Shankaranarayana (2023), "Constrained monotonic neural
networks", arXiv:2205.11775.
"""

from __future__ import annotations

import numpy as np

from madaline.nn.arrays import Array
from madaline.nn.layers import Linear, ScaledLinear
from madaline.nn.network import Network
from madaline.nn.optimizers import Bounds

_FREE, _RISING, _FALLING = 0, 1, -1

# Roles of the units of a layer, over and over: a unit keeps its own when others are added
_ROLES = (_FREE, _RISING, _FREE, _FALLING)


def parameter_bounds(network: Network, directions: Array) -> Bounds:
    """Return the bounds of a network's parameters, float32.

    The network is a chain of linear layers, and between them activations that never fall. The
    output must not fall with features whose direction is 1, and must not rise where it is -1.
    """
    lower, upper = (np.full(network.layout.size, end, np.float32) for end in (-np.inf, np.inf))
    below = directions
    last = len(network.layers) - 1
    bound = zip(network.layers, network.bind(lower), network.bind(upper), strict=True)
    for number, (layer, low, high) in enumerate(bound):
        if not isinstance(layer, Linear | ScaledLinear):
            continue
        above = np.resize(_RISING if number == last else _ROLES, layer.out_features)
        signs = np.outer(below, above)
        constrained = below[:, None] != _FREE
        low["weight"][constrained & (signs >= 0)] = 0
        high["weight"][constrained & (signs <= 0)] = 0
        if isinstance(layer, ScaledLinear):
            low["gate"][np.array(layer.columns)[directions != _FREE]] = 0
        below = above
    return Bounds(lower, upper)
