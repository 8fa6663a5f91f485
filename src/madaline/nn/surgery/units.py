"""The layers whose units can be added or removed, and the layers that read them."""

from __future__ import annotations

from dataclasses import replace

from madaline.errors import InputError
from madaline.nn.layers import Linear, ScaledLinear
from madaline.nn.network import Network


def hidden_layers(network: Network) -> list[int]:
    """Return the numbers of the linear layers whose units are hidden.

    Parameters
    ----------
    network : Network
        The layers.

    Returns
    -------
    list of int
        Those that `widen` and `prune` can change, if no layer behind them forbids it.

    Examples
    --------
    >>> from madaline.nn.layers import SiLU
    >>> hidden_layers(Network((Linear(2, 3), SiLU(), Linear(3, 1))))
    [0]
    """
    layers = enumerate(network.layers)
    return [number for number, layer in layers if isinstance(layer, Linear | ScaledLinear)][:-1]


def units_of(network: Network, layer: int) -> int:
    """Return how many units a layer has; only linear layers have any."""
    if not 0 <= layer < len(network.layers):
        raise InputError(f"There is no layer {layer}: the network has {len(network.layers)}.")
    found = network.layers[layer]
    if not isinstance(found, Linear | ScaledLinear):
        raise InputError(
            f"Layer {layer} is {type(found).__name__}: only the units of Linear and ScaledLinear"
            " layers can be added or removed."
        )
    return found.out_features


def with_units(network: Network, layer: int, units: int) -> tuple[Network, int]:
    """Return the network with another number of units, and the number of the layer that reads."""
    layers = list(network.layers)
    writer = layers[layer]
    if isinstance(writer, Linear | ScaledLinear):
        layers[layer] = replace(writer, out_features=units)
    for number in range(layer + 1, len(layers)):
        between = layers[number]
        if isinstance(between, Linear):
            layers[number] = replace(between, in_features=units)
            return Network(tuple(layers)), number
        if between.slots():
            raise InputError(
                f"Layer {number} ({type(between).__name__}) does not treat the units one by one, so"
                " adding or removing some would change its other outputs: choose another."
            )
    raise InputError(
        f"The units of layer {layer} are the network's outputs: choose a hidden layer."
    )
