"""Networks taken apart into stages predict the bits of the plain networks."""

from __future__ import annotations

import numpy as np
import pytest

from madaline.core.layers import (
    BatchNorm,
    Layer,
    Linear,
    ReLU,
    Residual,
    ScaledLinear,
    SiLU,
    Tanh,
)
from madaline.core.network import Network
from madaline.core.workspace import Workspace
from madaline.runtime.desk import Desk
from madaline.runtime.networks import Features
from madaline.runtime.stages import take_apart

CHAINS: dict[str, tuple[Layer, ...]] = {
    "linear": (Linear(5, 3),),
    "silu": (Linear(5, 7), SiLU(), Linear(7, 4), SiLU(), Linear(4, 1)),
    "twice": (Linear(5, 3), SiLU(), Linear(3, 4), Linear(4, 2)),
    "begins with silu": (SiLU(), Linear(5, 3)),
    "two silus": (Linear(5, 3), SiLU(), SiLU(), Linear(3, 2)),
    "others": (Linear(5, 7), ReLU(), Linear(7, 4), Tanh(), Linear(4, 2)),
    "gates": (ScaledLinear((0, 0, 1, 2, 2), 6), SiLU(), Linear(6, 2)),
    "between": (Linear(5, 6), BatchNorm(6), SiLU(), Linear(6, 2)),
    "residual": (Linear(5, 6), Residual((Linear(6, 6), SiLU())), Linear(6, 2)),
}


@pytest.mark.parametrize("layers", CHAINS.values(), ids=CHAINS.keys())
@pytest.mark.parametrize("axes", [(1, 1), (2, 3)])
@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_stages_predict_the_same_bits(
    layers: tuple[Layer, ...], axes: tuple[int, int], scale: float
) -> None:
    network, rng = Network(layers), np.random.default_rng(0)
    theta = network.initialize(axes, rng).theta * np.float32(scale)
    x = rng.standard_normal((4, 8, 5), dtype=np.float32)
    plain, parameters = network.fixed(theta[..., None, :])
    expected, _ = plain.forward(parameters, x, workspace=Workspace())
    desk = Desk([(0, take_apart(network, theta))], {0: 5}, n_chunks=4)
    desk.ask(Features({0: x.reshape(32, 5)}), slice(0, 32))
    found = desk.outputs[0].reshape(expected.shape)
    np.testing.assert_array_equal(found, expected)


def test_the_parameters_are_left_as_they_are() -> None:
    network = Network((Linear(2, 2), SiLU(), Linear(2, 1)))
    theta = network.initialize((1,), np.random.default_rng(0)).theta
    before = theta.copy()
    take_apart(network, theta)
    np.testing.assert_array_equal(theta, before)
