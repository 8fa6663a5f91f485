"""The ensemble as nodes: networks side by side, networks of any layers, and their mean."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from madaline._apps.export.graph import Graph, Values
from madaline._apps.export.inputs import Features
from madaline._models.runtime.networks import LayeredNetworks
from madaline._models.runtime.predictor import Predictor
from madaline._models.runtime.stacked_networks import Product, StackedNetworks
from madaline.errors import InputError
from madaline.nn.arrays import Array, Parameters
from madaline.nn.layers import (
    Branches,
    Convolution,
    Dropout,
    Layer,
    LeakySiLU,
    Linear,
    MaxPooling,
    Pooling,
    ReLU,
    SiLU,
)
from madaline.nn.layers._activations import LEAK
from madaline.nn.layers._trees import FixedTrees


def convolved(
    graph: Graph,
    x: Values,  # what the layer takes: positions one after the other, the channels of each together
    layer: Convolution,
    parameters: Parameters,  # its weight and its bias
) -> Values:
    """Return a layer's sums around every position."""
    members = len(parameters["bias"])
    channels = layer.in_channels
    units = layer.out_channels
    high, wide = _window(layer)
    weight = parameters["weight"].reshape(members, high, wide, channels, units)
    y = graph.add(
        "Conv",
        _to_grid(graph, Values(x.name, x.members, channels), layer.shape),
        weight.transpose(0, 4, 3, 1, 2).reshape(members * units, channels, high, wide),
        parameters["bias"].ravel(),
        group=x.members,  # all networks share a grid, or each has its own
        pads=[high // 2, wide // 2] * 2,
    )
    return _from_grid(graph, Values(y, members, units), layer.shape)


def pooled(graph: Graph, x: Values, layer: Pooling) -> Values:
    """Return the largest number, or the mean, of each window and channel."""
    operator = "MaxPool" if isinstance(layer, MaxPooling) else "AveragePool"
    window = list(_window(layer))
    grid = _to_grid(graph, x, layer.shape)
    y = graph.add(operator, grid, kernel_shape=window, strides=window)
    return _from_grid(graph, Values(y, x.members, x.channels), layer.out_shape)


def _window(layer: Convolution | Pooling) -> tuple[int, int]:
    """Return the height and the width of a window; a sequence is a picture of height 1."""
    return (layer.size if len(layer.shape) == 2 else 1, layer.size)


def _to_grid(graph: Graph, x: Values, shape: tuple[int, ...]) -> str:
    """Return (members, rows, features) as (rows, members * channels, height, width)."""
    height, width = (1, *shape)[-2:]
    places = graph.add("Reshape", x.name, np.array([0, 0, height, width, x.channels or -1]))
    by_row = graph.add("Transpose", places, perm=[1, 0, 4, 2, 3])
    return graph.add("Reshape", by_row, np.array([0, x.members * x.channels or -1, height, width]))


def _from_grid(graph: Graph, y: Values, shape: tuple[int, ...]) -> Values:
    """Return (rows, members * channels, height, width) as (members, rows, features)."""
    height, width = (1, *shape)[-2:]
    by_row = graph.add("Reshape", y.name, np.array([0, y.members, y.channels or -1, height, width]))
    places = graph.add("Transpose", by_row, perm=[1, 0, 3, 4, 2])
    rows = graph.add("Reshape", places, np.array([0, 0, height * width * y.channels or -1]))
    return Values(rows, y.members, y.channels)


def stacked_output(
    graph: Graph,
    features: Features,  # what goes into the networks
    networks: StackedNetworks,
) -> str:
    """Return the mean of the raw outputs, float64 of shape (rows, n_outputs)."""
    outputs: list[str] = []
    whole = _whole(networks)
    sums = _first_sums(graph, features, networks)
    for number, level in enumerate(networks.levels):
        n_units = len(level.bias)
        units = _activated(graph, sums, networks.activation)
        if level.readout is not None:
            ending = slice(n_units - len(level.readout), n_units)
            last = graph.cast(_columns(graph, units, ending, n_units), np.float64)
            outputs.append(graph.add("MatMul", last, level.readout.astype(np.float64)))
        if level.products:
            products = [
                _product(graph, units, product, n_units, whole) for product in level.products
            ]
            bias = whole * networks.levels[number + 1].bias[None]
            sums = graph.add("Add", _beside(graph, products), bias)
    return graph.add("Sum", *outputs, networks.constant[None])


def _first_sums(graph: Graph, features: Features, networks: StackedNetworks) -> str:
    """Return the sums of the first level: those of the features, and where there are any, bins."""
    whole = _whole(networks)
    weight, bias = whole * networks.weight, whole * networks.levels[0].bias
    sums = []
    stop = 0
    for n_bins, units, table in networks.lookups:
        if stop < units.start:
            between = slice(stop, units.start)
            sums.append(graph.add("Gemm", features.base, weight[:, between], bias[between]))
        of_base = graph.add("Gemm", features.base, weight[:, units], bias[units])
        of_bins = whole * table.rows[:, 1]
        sums.append(graph.add("Gemm", features.bins[n_bins], of_bins, of_base))
        stop = units.stop
    if stop < len(bias):
        sums.append(graph.add("Gemm", features.base, weight[:, stop:], bias[stop:]))
    return _beside(graph, sums)


def _whole(networks: StackedNetworks) -> Array:
    """Return what takes the scale of the activation back: a power of two, so that it is exact."""
    return np.asarray(1 / networks.activation.frozen_scale, np.float32)


def _activated(graph: Graph, x: str, activation: Layer) -> str:
    """Return what an activation makes of some values."""
    match activation:
        case ReLU():
            return graph.add("Relu", x)
        case SiLU():
            return graph.add("Mul", x, graph.add("Sigmoid", x))
        case LeakySiLU():
            factor = graph.add("Sigmoid", x)
            return graph.add("Mul", x, graph.add("Add", factor, np.array(LEAK, np.float32)))
        case _:
            raise InputError(
                "A layer {name} cannot be exported to ONNX.", name=type(activation).__name__
            )


def _product(graph: Graph, units: str, product: Product, n_units: int, whole: Array) -> str:
    """Return what some units add to the next level, each member's own, (rows, members * units).

    The axis of length one keeps ONNX Runtime from making one node of `Transpose` and `MatMul`: up
    to 1.31 that node ends the process where there are no rows.
    """
    members, inputs, outputs = product.weight.shape
    source = _columns(graph, units, product.source, n_units)
    apart = graph.add("Reshape", source, np.array([0, 1, members, inputs]))
    by_member = graph.add("Transpose", apart, perm=[2, 1, 0, 3])
    sums = graph.add("MatMul", by_member, whole * product.weight[:, None])
    by_row = graph.add("Transpose", sums, perm=[2, 1, 0, 3])
    return graph.add("Reshape", by_row, np.array([0, members * outputs]))


def _columns(graph: Graph, values: str, some: slice, n_columns: int) -> str:
    if some == slice(0, n_columns):
        return values
    starts, stops, axes = (np.array([number]) for number in (some.start, some.stop, 1))
    return graph.add("Slice", values, starts, stops, axes)


def _beside(graph: Graph, parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else graph.add("Concat", *parts, axis=1)


def layered_output(
    graph: Graph,
    features: Features,  # what goes into the networks
    networks: LayeredNetworks,
) -> str:
    """Return the mean of the raw outputs, float64 of shape (rows, n_outputs)."""
    x = features.base
    if networks.n_bins in features.bins:
        x = graph.add("Concat", x, features.centered_bins(graph, networks.n_bins), axis=1)
    match [layer for layer, _ in networks.layers]:
        case [FixedTrees()] | [Linear(), FixedTrees()]:
            return trees_output(graph, x, networks)
    rows = Values(graph.add("Unsqueeze", x, np.array([0])))
    output = _chain(graph, rows, networks.layers)
    shares = networks.shares[:, :, None]
    weighted = graph.add("Mul", graph.cast(output.name, np.float64), shares)
    return graph.add("ReduceSum", weighted, np.array([0]), keepdims=0)


def _chain(graph: Graph, x: Values, layers: Sequence[tuple[Layer, Parameters]]) -> Values:
    """Return what layers in a row make of some values."""
    for trained, parameters in layers:
        layer, fixed = trained.fixed(parameters)
        match layer:
            case Dropout():
                pass
            case Linear():
                sums = graph.add("MatMul", x.name, fixed["weight"])
                x = Values(graph.add("Add", sums, fixed["bias"][:, None]), len(fixed["bias"]))
            case Convolution():
                x = convolved(graph, x, layer, fixed)
            case Pooling():
                x = pooled(graph, x, layer)
            case Branches():
                x = _branched(graph, x, layer, fixed)
            case _:
                x = Values(_activated(graph, x.name, layer), x.members, x.channels)
    return x


def _branched(graph: Graph, x: Values, layer: Branches, parameters: Parameters) -> Values:
    """Return what branches make of some values, side by side."""
    outputs = []
    for spans, layers, bound in zip(
        layer.spans, layer.branches, layer.bind(parameters), strict=True
    ):
        some = np.concatenate([np.arange(*span) for span in spans])
        inner = Values(graph.add("Gather", x.name, some, axis=2), x.members)
        outputs.append(_chain(graph, inner, list(zip(layers, bound, strict=True))))
    members = max(output.members for output in outputs)
    zeros = np.zeros((members, 1, 1), np.float32)
    names = [
        output.name if output.members == members else graph.add("Add", output.name, zeros)
        for output in outputs
    ]
    return Values(graph.add("Concat", *names, axis=2), members)


def ensemble_output(
    graph: Graph,
    features: Features,  # what goes into the networks
    predictor: Predictor,  # the networks, and the temperature
) -> str:
    """Return the raw output, float64 of shape (rows, n_outputs)."""
    means = predictor.networks.mean
    outputs = [layered_output(graph, features, part) for part in means.layered]
    outputs += [stacked_output(graph, features, networks) for networks in means.stacked]
    output = outputs[0] if len(outputs) == 1 else graph.add("Sum", *outputs)
    temperature = np.asarray(predictor.temperature, np.float64)
    return output if (temperature == 1).all() else graph.add("Div", output, temperature)


def trees_output(graph: Graph, features: str, networks: LayeredNetworks) -> str:
    """Return the mean of the raw outputs of trees, float64 of shape (rows, n_outputs).

    The trees of all members are one node, whose leaves hold their share of the mean.
    """
    *levels, (layer, fixed) = networks.layers
    assert isinstance(layer, FixedTrees)
    features, n_inputs = _leveled(graph, features, [parameters for _, parameters in levels])
    shares = networks.shares[:, 0]
    tree, node, is_leaf, output = _nodes(layer, fixed["below"])
    member = tree // len(layer.roots)
    below = fixed["below"].reshape(len(shares), -1, 2)
    first = layer.roots[tree % len(layer.roots)]
    at = (member, first + node)
    yes, no = (np.where(is_leaf, 0, below[(*at, side)] - first) for side in (0, 1))
    weights = fixed["value"][at] * shares[member]
    regressor = graph.add(
        "TreeEnsembleRegressor",
        features,
        n_targets=layer.trees.out_features,
        base_values=(shares @ fixed["bias"]).tolist(),
        nodes_treeids=tree.tolist(),
        nodes_nodeids=node.tolist(),
        nodes_featureids=(fixed["feature"][at] + member * n_inputs).tolist(),
        nodes_values=np.where(is_leaf, 0, fixed["threshold"][at]).tolist(),
        nodes_modes=np.where(is_leaf, "LEAF", "BRANCH_LEQ").tolist(),
        nodes_truenodeids=yes.tolist(),
        nodes_falsenodeids=no.tolist(),
        target_treeids=tree[is_leaf].tolist(),
        target_nodeids=node[is_leaf].tolist(),
        target_ids=output[is_leaf].tolist(),
        target_weights=weights[is_leaf].tolist(),
    )
    return graph.cast(regressor, np.float64)


def _leveled(graph: Graph, features: str, levels: Sequence[Parameters]) -> tuple[str, int]:
    """Return the inputs of the trees of all members side by side, and how many each has."""
    n_inputs = 0
    for parameters in levels:
        weight = parameters["weight"]
        n_inputs = weight.shape[2]
        beside = np.moveaxis(weight, 0, 1).reshape(weight.shape[1], -1)
        features = graph.add("Gemm", features, beside, parameters["bias"].ravel())
    return features, n_inputs


def _nodes(layer: FixedTrees, below: Array) -> tuple[Array, Array, Array, Array]:
    """Return the nodes that rows may come to: tree, number in it, whether a leaf, and output."""
    trees = layer.trees
    n_nodes = 2 * trees.n_leaves - 1
    below = below.reshape(-1, n_nodes, 2) - np.tile(layer.roots, len(below))[:, None, None]
    comes = np.zeros(below.shape[:2], bool)
    comes[:, 0] = True
    for number in range(n_nodes):
        reached = np.flatnonzero(comes[:, number])
        for side in (0, 1):
            comes[reached, below[reached, number, side]] = True
    tree, node = np.nonzero(comes)
    output = tree // trees.n_trees % trees.out_features
    return tree, node, node >= trees.n_leaves - 1, output
