"""Statistics of batch normalization are measured where training ends, and folded into weights.

In prediction the layer is a factor and a shift for each unit. A convolution with other weights and
biases does the same, so that nothing that predicts, exports or explains has to know it.
"""

from __future__ import annotations

import numpy as np

from madaline.nn.arrays import Array, Parameters, Workspace
from madaline.nn.layers import BatchNormalization
from madaline.nn.network import Network


def has_normalization(network: Network) -> bool:
    """Return whether some layer normalizes batches."""
    return any(isinstance(layer, BatchNormalization) for layer in network.layers)


def measure_statistics(
    network: Network,
    theta: Array,  # (*axes, parameters)
    x: Array,  # (n_samples, in_features)
) -> None:
    """Store the statistics of some rows in the parameters of a network."""
    for layer, parameters in zip(network.layers, network.bind(theta), strict=True):
        if isinstance(layer, BatchNormalization):
            parameters["mean"][...], parameters["scale"][...] = layer.statistics(x, Workspace())
        x, _ = layer.forward(parameters, x, workspace=Workspace())


def copy_statistics(network: Network, theta: Array, out: Array) -> None:
    """Copy mean and scale of every normalization, and nothing else, from a matrix to another."""
    pairs = zip(network.bind(theta), network.bind(out), strict=True)
    for layer, (parameters, other) in zip(network.layers, pairs, strict=True):
        if isinstance(layer, BatchNormalization):
            for name in ("mean", "scale"):
                other[name][...] = parameters[name]


def without_normalization(network: Network) -> Network:
    """Return the network that `folded` gives parameters for."""
    if not has_normalization(network):
        return network
    layers = (layer for layer in network.layers if not isinstance(layer, BatchNormalization))
    return Network(tuple(layers))


def folded(network: Network, theta: Array) -> Array:
    """Return parameters with which a network without normalization predicts the same.

    Every normalization stands behind a convolution, whose weights and biases it changes.
    """
    if not has_normalization(network):
        return theta
    plain = without_normalization(network)
    out = np.empty((*theta.shape[:-1], plain.layout.size), theta.dtype)
    kept = iter(plain.bind(out))
    below: Parameters = {}
    for layer, parameters in zip(network.layers, network.bind(theta), strict=True):
        if isinstance(layer, BatchNormalization):
            _fold(parameters, below)
            continue
        below = dict(next(kept))
        for name, values in parameters.items():
            below[name][...] = values
    return out


def _fold(parameters: Parameters, below: Parameters) -> None:
    """Change the weight and the bias of the convolution below."""
    factor = parameters["gain"] * parameters["scale"]
    below["weight"] *= factor[..., None, :]
    below["bias"] -= parameters["mean"]
    below["bias"] *= factor
    below["bias"] += parameters["shift"]
