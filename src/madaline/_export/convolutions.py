"""Convolutions and pooling: the networks' channels stand side by side on one grid."""

from __future__ import annotations

import numpy as np

from madaline._export.graph import Graph, Values
from madaline.nn.arrays import Parameters
from madaline.nn.layers import Convolution, MaxPooling, Pooling


def convolved(graph: Graph, x: Values, layer: Convolution, own: Parameters) -> Values:
    """Return a layer's sums around every position.

    Parameters
    ----------
    graph : Graph
        Where nodes are added.
    x : Values
        What the layer takes: positions one after the other, the channels of each together.
    layer : Convolution
        The layer.
    own : mapping of str to ndarray
        Its weight and its bias.
    """
    members, channels, units = len(own["bias"]), layer.in_channels, layer.out_channels
    high, wide = _window(layer)
    weight = own["weight"].reshape(members, high, wide, channels, units)
    y = graph.add(
        "Conv",
        _to_grid(graph, x, layer.shape),
        weight.transpose(0, 4, 3, 1, 2).reshape(members * units, channels, high, wide),
        own["bias"].ravel(),
        group=x.members,  # all networks share a grid, or each has its own
        pads=[high // 2, wide // 2] * 2,
    )
    return _from_grid(graph, Values(y, members), layer.shape)


def pooled(graph: Graph, x: Values, layer: Pooling) -> Values:
    """Return the largest number, or the mean, of each window and channel."""
    operator = "MaxPool" if isinstance(layer, MaxPooling) else "AveragePool"
    window = list(_window(layer))
    grid = _to_grid(graph, x, layer.shape)
    y = graph.add(operator, grid, kernel_shape=window, strides=window)
    return _from_grid(graph, Values(y, x.members), layer.out_shape)


def _window(layer: Convolution | Pooling) -> tuple[int, int]:
    """Return the height and the width of a window; a sequence is a picture of height 1."""
    return (layer.size if len(layer.shape) == 2 else 1, layer.size)


def _to_grid(graph: Graph, x: Values, shape: tuple[int, ...]) -> str:
    """Return (members, rows, features) as (rows, members * channels, height, width)."""
    height, width = (1, *shape)[-2:]
    places = graph.add("Reshape", x.name, np.array([0, 0, height, width, -1]))
    by_row = graph.add("Transpose", places, perm=[1, 0, 4, 2, 3])
    return graph.add("Reshape", by_row, np.array([0, -1, height, width]))


def _from_grid(graph: Graph, y: Values, shape: tuple[int, ...]) -> Values:
    """Return (rows, members * channels, height, width) as (members, rows, features)."""
    height, width = (1, *shape)[-2:]
    by_row = graph.add("Reshape", y.name, np.array([0, y.members, -1, height, width]))
    places = graph.add("Transpose", by_row, perm=[1, 0, 3, 4, 2])
    rows = graph.add("Reshape", places, np.array([0, 0, -1]))
    return Values(rows, y.members)
