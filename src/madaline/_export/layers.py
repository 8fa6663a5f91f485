"""Networks of convolutions and other layers: `madaline._runtime.layered_networks` as nodes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from madaline._export.convolutions import convolved, pooled
from madaline._export.features import Features
from madaline._export.graph import Graph, Values
from madaline._runtime.layered_networks import LayeredNetworks
from madaline.errors import InputError
from madaline.nn.arrays import Parameters
from madaline.nn.layers import (
    Branches,
    Convolution,
    Dropout,
    Linear,
    Pooling,
    ReLU,
    SiLU,
)
from madaline.nn.layers.base import Layer


def layered_output(graph: Graph, features: Features, networks: LayeredNetworks) -> str:
    """Return the mean of the raw outputs, float64 of shape (rows, n_outputs).

    Parameters
    ----------
    graph : Graph
        Where nodes are added.
    features : Features
        What goes into the networks.
    networks : LayeredNetworks
        The networks.

    Raises
    ------
    InputError
        If a layer cannot be exported.
    """
    x = features.base
    if networks.n_bins in features.bins:
        x = graph.add("Concat", x, features.centered_bins(graph, networks.n_bins), axis=1)
    rows = Values(graph.add("Unsqueeze", x, np.array([0])))
    output = _chain(graph, rows, networks.layers)
    shares = networks.shares[:, :, None]
    weighted = graph.add("Mul", graph.cast(output.name, np.float64), shares)
    return graph.add("ReduceSum", weighted, np.array([0]), keepdims=0)


def _chain(graph: Graph, x: Values, layers: Sequence[tuple[Layer, Parameters]]) -> Values:
    """Return what layers in a row make of some values."""
    for given, parameters in layers:
        layer, own = given.fixed(parameters)
        match layer:
            case Dropout():
                pass
            case Linear():
                sums = graph.add("MatMul", x.name, own["weight"])
                x = Values(graph.add("Add", sums, own["bias"][:, None]), len(own["bias"]))
            case ReLU():
                x = Values(graph.add("Relu", x.name), x.members)
            case SiLU():
                factor = graph.add("Sigmoid", x.name)
                x = Values(graph.add("Mul", x.name, factor), x.members)
            case Convolution():
                x = convolved(graph, x, layer, own)
            case Pooling():
                x = pooled(graph, x, layer)
            case Branches():
                x = _branched(graph, x, layer, own)
            case _:
                raise InputError(f"A layer {type(layer).__name__} cannot be exported to ONNX.")
    return x


def _branched(graph: Graph, x: Values, layer: Branches, own: Parameters) -> Values:
    """Return what branches make of some values, side by side."""
    outputs = []
    for spans, layers, bound in zip(layer.spans, layer.branches, layer.bind(own), strict=True):
        some = np.concatenate([np.arange(*span) for span in spans])
        inner = Values(graph.add("Gather", x.name, some, axis=2), x.members)
        outputs.append(_chain(graph, inner, list(zip(layers, bound, strict=True))))
    members = max(one.members for one in outputs)
    zeros = np.zeros((members, 1, 1), np.float32)
    names = [
        one.name if one.members == members else graph.add("Add", one.name, zeros) for one in outputs
    ]
    return Values(graph.add("Concat", *names, axis=2), members)
