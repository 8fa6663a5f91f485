"""Networks of every layer that races predict the same in a graph."""

from __future__ import annotations

import numpy as np
import pytest
from running import exported, of_networks, onnx, session_of

from madaline._apps.export import onnx_feed
from madaline._models.runtime.frozen_networks import NetworkPart
from madaline._tables.kinds.number import NumberEncoder
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
)
from madaline.nn.layers._trees import Trees
from madaline.nn.network import Network

N_FEATURES = 30
IMAGE = (5, 6)
SEQUENCE = (10,)

LAYERS: dict[str, tuple[Layer, ...]] = {
    "sums": (Linear(30, 1),),
    "rectifiers": (Linear(30, 7), ReLU(), Dropout(0.5), Linear(7, 1)),
    "image": (Convolution(IMAGE, 1, 4), MaxPooling(IMAGE), ReLU(), Linear(24, 1)),
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
        Linear(4, 1),
    ),
    "sequence": (Convolution(SEQUENCE, 3, 4), MaxPooling(SEQUENCE), ReLU(), Linear(20, 1)),
    "branches": (
        Branches(
            (((0, 12),), ((12, 20), (28, 30)), ((20, 28),)),
            (
                (Convolution((3, 4), 1, 2), ReLU()),
                (ScaledLinear((0,) * 5 + (1,) * 5, 6), SiLU()),
                (ReLU(),),  # which no network has of its own
            ),
        ),
        Linear(38, 1),
    ),
}


def part_of(layers: tuple[Layer, ...], axes: tuple[int, int], n_bins: int = 0) -> NetworkPart:
    network = Network(layers)
    theta = network.initialize(axes, np.random.default_rng(0)).theta
    if not isinstance(layers[-1], Trees):
        theta += 0.1 * np.random.default_rng(1).standard_normal(theta.shape, dtype=np.float32)
    return NetworkPart(n_bins, network, theta, np.linspace(0.1, 0.2, axes[0]))


def rows_of(seed: int, n_rows: int) -> dict[str, np.ndarray]:
    columns = np.random.default_rng(seed).standard_normal((N_FEATURES, n_rows))
    return {f"x{number}": column for number, column in enumerate(columns)}


@pytest.fixture
def check(fittings, tmp_path):
    """Return what holds that a file predicts networks do, no rows, too, and counts nodes."""
    model, rows = fittings["regression"][0].model(), rows_of(2, 9)
    encoders = [NumberEncoder.fit(*one, n_bins=(16,)) for one in rows_of(1, 200).items()]

    def compare(*parts: NetworkPart) -> int:
        own, path = of_networks(model, encoders, *parts), tmp_path / "model.onnx"
        (found,) = exported(own, path, rows)
        np.testing.assert_allclose(found, own.predict(rows), rtol=0, atol=3e-6)
        nothing = {name: x[:0] for name, x in onnx_feed(own.predictor, rows).items()}
        assert session_of(path).run(None, nothing)[0].shape == (0,)
        return len(onnx.load(path).graph.node)

    return compare


@pytest.mark.parametrize("layers", LAYERS.values(), ids=LAYERS.keys())
@pytest.mark.parametrize("axes", [(1, 1), (2, 3)])
def test_layers(layers, axes, check) -> None:
    check(part_of(layers, axes))


def test_branches_of_bins(check) -> None:
    bins = ((N_FEATURES, N_FEATURES + 40), (200, 210))
    chains = ((Convolution((3, 4), 1, 2), ReLU()), (Linear(50, 6), SiLU()))
    branches = Branches((((0, 12),), bins), chains)
    check(part_of((branches, Linear(30, 1)), (2, 3), 16))


def test_networks_of_several_depths_side_by_side(check) -> None:
    shapes = {(200, 40): SiLU(), (6,): LeakySiLU(), (9, 5, 4): LeakySiLU(), (7,): SiLU()}
    parts = []
    for units, activation in shapes.items():
        sizes = (N_FEATURES, *units)
        pairs = zip(sizes, units, strict=False)
        hidden = [layer for pair in pairs for layer in (Linear(*pair), activation)]
        parts.append(part_of((*hidden, Linear(units[-1], 1)), (2, 3)))
    check(*parts)


@pytest.mark.parametrize("n_bins", [0, 16])
def test_networks_of_nearly_equal_sizes_are_one(n_bins, check) -> None:
    n_features = N_FEATURES * (17 if n_bins else 1)
    parts = []
    for first, second in ((12, 9), (11, 8), (10, 10)):
        hidden = Linear(n_features, first), SiLU(), Linear(first, second), SiLU()
        parts.append(part_of((*hidden, Linear(second, 1)), (2, 3), n_bins))
    assert check(*parts) < 1.5 * check(*parts[:1])


@pytest.mark.parametrize("levels", [False, True], ids=["alone", "of sums"])
def test_trees_split_on_bins(levels, check) -> None:
    n_features = N_FEATURES * 17
    layers = (Linear(n_features, 6), Trees(6, 1, 3, 5)) if levels else (Trees(n_features, 1, 3, 5),)
    check(part_of(layers, (1, 2), 16))
