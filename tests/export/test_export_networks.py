"""Networks of every layer that races predict the same in a graph."""

from __future__ import annotations

import numpy as np
import pytest
from running import run_graph

from madaline._apps.export.graph import Graph
from madaline._apps.export.inputs import Features
from madaline._apps.export.networks import layered_output, stacked_output
from madaline._models.runtime.frozen_networks import NetworkPart
from madaline._models.runtime.networks import LayeredNetworks, Networks
from madaline.errors import InputError
from madaline.nn.layers import (
    Branches,
    Convolution,
    Dropout,
    Layer,
    LeakySiLU,
    Linear,
    MaxPooling,
    MeanPooling,
    ReLU,
    ScaledLinear,
    SiLU,
    Tanh,
)
from madaline.nn.layers._trees import Trees
from madaline.nn.network import Network

N_FEATURES = 30
IMAGE = (5, 6)
SEQUENCE = (10,)

LAYERS: dict[str, tuple[Layer, ...]] = {
    "rectifiers": (Linear(30, 7), ReLU(), Dropout(0.5), Linear(7, 2)),
    "image": (Convolution(IMAGE, 1, 4), MaxPooling(IMAGE), ReLU(), Linear(24, 2)),
    "deep": (
        Convolution(IMAGE, 1, 3),
        ReLU(),
        MaxPooling(IMAGE),
        Convolution((2, 3), 3, 4),
        ReLU(),
        Linear(24, 1),
    ),
    "channels": (
        Convolution(SEQUENCE, 3, 4, size=7),
        ReLU(),
        MeanPooling(SEQUENCE, 10),
        Linear(4, 3),
    ),
    "sequence": (Convolution(SEQUENCE, 3, 4), MaxPooling(SEQUENCE), ReLU(), Linear(20, 2)),
    "branches": (
        Branches(
            (((0, 12),), ((12, 20), (28, 30)), ((20, 28),)),
            (
                (Convolution((3, 4), 1, 2), ReLU()),
                (ScaledLinear((0,) * 5 + (1,) * 5, 6), SiLU()),
                (ReLU(),),  # which no network has of its own
            ),
        ),
        Linear(38, 2),
    ),
}


def part_of(layers: tuple[Layer, ...], axes: tuple[int, int]) -> NetworkPart:
    network = Network(layers)
    theta = network.initialize(axes, np.random.default_rng(0)).theta
    theta += 0.1 * np.random.default_rng(1).standard_normal(theta.shape, dtype=np.float32)
    return NetworkPart(0, network, theta, np.linspace(0.1, 0.2, axes[0]))


def rows() -> np.ndarray:
    return np.random.default_rng(2).standard_normal((9, N_FEATURES), dtype=np.float32)


@pytest.mark.parametrize("layers", LAYERS.values(), ids=LAYERS.keys())
@pytest.mark.parametrize("axes", [(1, 1), (2, 3)])
def test_layers(layers, axes) -> None:
    part, x = part_of(layers, axes), rows()
    networks = LayeredNetworks.of(part, part.shares, N_FEATURES)
    graph = Graph(["x"])
    output = layered_output(graph, Features("x", {}, {}), networks)
    found = run_graph(graph, output, {"x": x})
    each = part.network.predict(part.theta, x).astype(np.float64)
    expected = np.einsum("r,rfso->so", part.weights, each) / axes[1]
    np.testing.assert_allclose(found, expected, rtol=0, atol=2e-6)
    assert run_graph(graph, output, {"x": x[:0]}).shape == (0, expected.shape[1])


def test_networks_of_several_depths_side_by_side() -> None:
    shapes = {(200, 40): SiLU(), (6,): LeakySiLU(), (9, 5, 4): LeakySiLU(), (7,): SiLU()}
    parts, x = [], rows()
    for units, activation in shapes.items():
        sizes = (N_FEATURES, *units)
        pairs = zip(sizes, units, strict=False)
        hidden = [layer for pair in pairs for layer in (Linear(*pair), activation)]
        parts.append(part_of((*hidden, Linear(units[-1], 2)), (2, 3)))
    networks = Networks(parts, {0: N_FEATURES})
    graph = Graph(["x"])
    outputs = [
        stacked_output(graph, Features("x", {}, {}), stacked) for stacked in networks.mean.stacked
    ]
    assert len(outputs) == 2  # one for each activation
    found = run_graph(graph, graph.add("Sum", *outputs), {"x": x})
    expected = sum(
        np.einsum("r,rfso->so", part.weights, part.network.predict(part.theta, x)) / 3
        for part in parts
    )
    np.testing.assert_allclose(found, expected, rtol=0, atol=3e-6)


@pytest.mark.parametrize("levels", [(), (Linear(N_FEATURES, 6),)], ids=["alone", "of sums"])
def test_trees_split_on_bins(levels) -> None:
    n_base, x = 12, rows()
    trees = Trees(levels[0].out_features if levels else N_FEATURES, 2, 3, 5)
    network = Network((*levels, trees))
    theta = network.initialize((1, 2), np.random.default_rng(0)).theta
    part = NetworkPart(16, network, theta, np.ones(1))
    means = np.linspace(0, 1, N_FEATURES - n_base, dtype=np.float32)
    graph = Graph(["x", "bins"])
    features = Features("x", {16: "bins"}, {16: means})
    output = layered_output(graph, features, LayeredNetworks.of(part, part.shares, N_FEATURES))
    found = run_graph(graph, output, {"x": x[:, :n_base], "bins": x[:, n_base:] + means})
    expected = network.predict(theta, x)[0].mean(axis=0)
    np.testing.assert_allclose(found, expected, rtol=0, atol=2e-6)


def test_other_layers_are_refused() -> None:
    part = part_of((Linear(30, 4), Tanh(), Linear(4, 1)), (1, 1))
    networks = LayeredNetworks.of(part, part.shares, N_FEATURES)
    with pytest.raises(InputError, match="A layer Tanh cannot be exported to ONNX"):
        layered_output(Graph(["x"]), Features("x", {}, {}), networks)
