"""Networks of sums and SiLU units, side by side: `madaline._runtime.stacked_networks` as nodes."""

from __future__ import annotations

import numpy as np

from madaline._export.features import Features
from madaline._export.graph import Graph
from madaline._runtime.stacked_networks import Product, StackedNetworks
from madaline.nn.arrays import Array

DOUBLE = np.float32(2)
"""The weights of these networks are halves, as ``tanh`` needs them; a sigmoid needs the whole."""


def stacked_output(graph: Graph, features: Features, networks: StackedNetworks) -> str:
    """Return the mean of the raw outputs, float64 of shape (rows, n_outputs).

    Parameters
    ----------
    graph : Graph
        Where nodes are added.
    features : Features
        What goes into the networks.
    networks : StackedNetworks
        The networks.
    """
    outputs: list[str] = []
    sums = _first_sums(graph, features, networks)
    for number, level in enumerate(networks.levels):
        n_units = len(level.bias)
        units = _activated(graph, sums, level.gain)
        if level.readout is not None:
            ending = slice(n_units - len(level.readout), n_units)
            last = graph.cast(_columns(graph, units, ending, n_units), np.float64)
            outputs.append(graph.add("MatMul", last, level.readout.astype(np.float64)))
        if level.products:
            products = [_product(graph, units, own, n_units) for own in level.products]
            bias = DOUBLE * networks.levels[number + 1].bias[None]
            sums = graph.add("Add", _beside(graph, products), bias)
    return graph.add("Sum", *outputs, networks.constant[None])


def _first_sums(graph: Graph, features: Features, networks: StackedNetworks) -> str:
    """Return the sums of the first level: those of the features, and where there are any, bins."""
    weight, bias = DOUBLE * networks.weight, DOUBLE * networks.levels[0].bias
    sums, stop = [], 0
    for n_bins, units, table in networks.lookups:
        if stop < units.start:
            own = slice(stop, units.start)
            sums.append(graph.add("Gemm", features.base, weight[:, own], bias[own]))
        of_base = graph.add("Gemm", features.base, weight[:, units], bias[units])
        of_bins = DOUBLE * table.rows[:, 1]
        sums.append(graph.add("Gemm", features.bins[n_bins], of_bins, of_base))
        stop = units.stop
    if stop < len(bias):
        sums.append(graph.add("Gemm", features.base, weight[:, stop:], bias[stop:]))
    return _beside(graph, sums)


def _activated(graph: Graph, sums: str, gain: Array) -> str:
    """Return SiLU units, or leaky ones, whose gain is above 1."""
    factor = graph.add("Sigmoid", sums)  # (1 + tanh(x / 2)) / 2
    if (gain != 1).any():
        factor = graph.add("Add", factor, (gain[None] - 1) / DOUBLE)
    return graph.add("Mul", sums, factor)


def _product(graph: Graph, units: str, product: Product, n_units: int) -> str:
    """Return what some units add to the next level, each member's own, (rows, members * units).

    The axis of length one keeps ONNX Runtime from making one node of `Transpose` and `MatMul`: up
    to 1.31 that node ends the process where there are no rows.
    """
    members, inputs, outputs = product.weight.shape
    source = _columns(graph, units, product.source, n_units)
    apart = graph.add("Reshape", source, np.array([0, 1, members, inputs]))
    by_member = graph.add("Transpose", apart, perm=[2, 1, 0, 3])
    sums = graph.add("MatMul", by_member, DOUBLE * product.weight[:, None])
    by_row = graph.add("Transpose", sums, perm=[2, 1, 0, 3])
    return graph.add("Reshape", by_row, np.array([0, members * outputs]))


def _columns(graph: Graph, values: str, some: slice, n_columns: int) -> str:
    if some == slice(0, n_columns):
        return values
    starts, stops, axes = (np.array([one]) for one in (some.start, some.stop, 1))
    return graph.add("Slice", values, starts, stops, axes)


def _beside(graph: Graph, parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else graph.add("Concat", *parts, axis=1)
