"""Networks taken apart into stages, side by side, predict what the plain networks do."""

from __future__ import annotations

import numpy as np
import pytest

from madaline.nn.layers import Branches, Layer, Linear, ReLU, ScaledLinear, SiLU, Tanh
from madaline.nn.network import Network
from madaline.runtime.networks import Features, Networks
from madaline.runtime.part import Part
from madaline.runtime.stages import take_apart

CHAINS: dict[str, tuple[Layer, ...]] = {
    "linear": (Linear(5, 3),),
    "silu": (Linear(5, 7), SiLU(), Linear(7, 4), SiLU(), Linear(4, 1)),
    "twice": (Linear(5, 3), SiLU(), Linear(3, 4), Linear(4, 2)),
    "begins with silu": (SiLU(), Linear(5, 3)),
    "two silus": (Linear(5, 3), SiLU(), SiLU(), Linear(3, 2)),
    "others": (Linear(5, 7), ReLU(), Linear(7, 4), Tanh(), Linear(4, 2)),
    "gates": (ScaledLinear((0, 0, 1, 2, 2), 6), SiLU(), Linear(6, 2)),
    "between": (Linear(5, 6), ScaledLinear((0,) * 6, 6), SiLU(), Linear(6, 2)),
    "branches": (Linear(5, 6), Branches((((0, 6),),), ((Linear(6, 6), SiLU()),)), Linear(6, 2)),
}


@pytest.mark.parametrize("layers", CHAINS.values(), ids=CHAINS.keys())
@pytest.mark.parametrize("axes", [(1, 1), (2, 3)])
@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
@pytest.mark.parametrize("n_rows", [1, 8, 30, 200])
def test_stages_predict_what_plain_networks_do(
    layers: tuple[Layer, ...], axes: tuple[int, int], scale: float, n_rows: int
) -> None:
    network, rng = Network(layers), np.random.default_rng(0)
    theta = network.initialize(axes, rng).theta * np.float32(scale)
    x = rng.standard_normal((n_rows, 5), dtype=np.float32)
    weights = rng.random(axes[0])
    expected = np.einsum("r,rfso->fso", weights, network.predict(theta, x).astype(np.float64))
    networks = Networks([Part(0, network, theta, weights)], {0: 5})
    room = 1e-5 * np.abs(expected).max()
    np.testing.assert_allclose(networks.fold_outputs(Features(x)), expected, atol=room)
    np.testing.assert_allclose(networks.output(Features(x)), expected.mean(axis=0), atol=room)


def test_the_parameters_are_left_as_they_are() -> None:
    network = Network((Linear(2, 2), SiLU(), Linear(2, 1)))
    theta = network.initialize((1,), np.random.default_rng(0)).theta
    before = theta.copy()
    take_apart(network, theta)
    np.testing.assert_array_equal(theta, before)
