"""Networks side by side predict what each of them predicts by itself."""

from __future__ import annotations

import numpy as np
import pytest
from untrained import Features, chain, part_of

from madaline._models.runtime import stacked_networks
from madaline._models.runtime.frozen_networks import freeze
from madaline._models.runtime.networks import Networks
from madaline._models.runtime.stacked_networks import multiply, precise_product
from madaline.nn.arrays import Array
from madaline.nn.layers import (
    Convolution,
    Dropout,
    Layer,
    LeakySiLU,
    Linear,
    MaxPooling,
    ReLU,
    ScaledLinear,
    SiLU,
)
from madaline.nn.network import Network

CHAINS: dict[str, tuple[Layer, ...]] = {
    "linear": (Linear(5, 3),),
    "silu": (Linear(5, 7), SiLU(), Linear(7, 4), SiLU(), Linear(4, 1)),
    "twice": (Linear(5, 3), SiLU(), Linear(3, 4), Linear(4, 2)),
    "begins with silu": (SiLU(), Linear(5, 3)),
    "two silus": (Linear(5, 3), SiLU(), SiLU(), Linear(3, 2)),
    "leaky": (Linear(5, 7), LeakySiLU(), Linear(7, 4), LeakySiLU(), Linear(4, 1)),
    "both silus": (Linear(5, 7), LeakySiLU(), Linear(7, 4), SiLU(), Linear(4, 1)),
    "others": (Linear(5, 7), ReLU(), Linear(7, 4), ReLU(), Linear(4, 2)),
    "gates": (ScaledLinear((0, 0, 1, 2, 2), 6), SiLU(), Linear(6, 2)),
    "dropout": (Linear(5, 6), SiLU(), Dropout(0.5), Linear(6, 2)),
    "grid": (Convolution((5,), 1, 3), MaxPooling((5,)), ReLU(), Linear(6, 2)),
}


@pytest.mark.parametrize("layers", CHAINS.values(), ids=CHAINS.keys())
@pytest.mark.parametrize("axes", [(1, 1), (2, 3)])
@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
@pytest.mark.parametrize("n_rows", [1, 30, 200])
def test_they_predict_what_plain_networks_do(
    layers: tuple[Layer, ...], axes: tuple[int, int], scale: float, n_rows: int
) -> None:
    network, rng = Network(layers), np.random.default_rng(0)
    part = part_of(network, rng, axes)
    part.theta[...] *= np.float32(scale)
    x = rng.standard_normal((n_rows, 5), dtype=np.float32)
    each = network.predict(part.theta, x).astype(np.float64)
    expected = np.einsum("r,rfso->fso", part.weights, each)
    networks = Networks([part], {0: 5})
    room = 1e-5 * np.abs(expected).max(initial=0)
    np.testing.assert_allclose(networks.fold_outputs(Features(x)), expected, atol=room)
    np.testing.assert_allclose(networks.output(Features(x)), expected.mean(axis=0), atol=room)
    assert networks.output(Features(x)).dtype == np.float64


def test_the_parameters_are_left_as_they_are() -> None:
    part = part_of(chain((2, 2), 1), np.random.default_rng(0))
    before = part.theta.copy()
    freeze(part)
    np.testing.assert_array_equal(part.theta, before)


def test_parts_of_any_depth_and_layers_stand_side_by_side() -> None:
    rng = np.random.default_rng(0)
    shapes = [(3,), (3, 5, 4), (3, 6), (3, 3, 4, 5), (3, 2)]
    parts = [part_of(chain(shape, 1), rng) for shape in shapes]
    parts.append(part_of(Network((Linear(3, 2), ReLU(), Linear(2, 1))), rng))
    x = rng.standard_normal((70, 3)).astype(np.float32)
    found = Networks(parts, {0: 3}).output(Features(x))
    alone = [Networks([part], {0: 3}).output(Features(x)) for part in parts]
    np.testing.assert_allclose(found, np.sum(alone, axis=0), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("n_outputs", [3, 1024, 9_000])
def test_networks_of_many_outputs(n_outputs: int) -> None:
    rng = np.random.default_rng(0)
    parts = [part_of(chain(shape, n_outputs), rng) for shape in ((4, 6), (4, 5, 4))]
    networks, x = Networks(parts, {0: 4}), rng.standard_normal((19, 4)).astype(np.float32)
    of_parts = [
        np.einsum("r,rfno->fno", part.weights, part.network.predict(part.theta, x))
        for part in parts
    ]
    of_folds = networks.fold_outputs(Features(x))
    np.testing.assert_allclose(of_folds, np.sum(of_parts, axis=0), atol=1e-5)
    output = networks.output(Features(x))
    np.testing.assert_allclose(output, of_folds.mean(axis=0), atol=1e-5)
    np.testing.assert_allclose(networks.output(Features(x[3:4])), output[3:4], atol=1e-5)


@pytest.mark.parametrize("members", [1, 3])
@pytest.mark.parametrize("shape", [(20, 16), (512, 70), (1100, 300), (3, 40_000), (9_000, 2)])
@pytest.mark.parametrize("n_rows", [8, 64, 136])
def test_products_are_small(
    members: int, shape: tuple[int, int], n_rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng, sizes, plain = np.random.default_rng(0), [], np.matmul

    def matmul(x: Array, weight: Array, out: Array) -> None:
        sizes.append(x.shape[-2] * weight.shape[-2] * weight.shape[-1])
        plain(x, weight, out=out)

    x = rng.standard_normal((members, n_rows, shape[0])).astype(np.float32)
    weight = rng.standard_normal((members, *shape)).astype(np.float32)
    out = np.empty((members, n_rows, shape[1]), np.float32)
    expected = x @ weight
    monkeypatch.setattr(stacked_networks.np, "matmul", matmul)
    multiply(x, weight, out)
    monkeypatch.undo()
    np.testing.assert_allclose(out, expected, atol=1e-5 * np.abs(expected).max())
    assert max(sizes) <= stacked_networks.MAX_ONE_THREAD_WORK


@pytest.mark.parametrize("inputs", [1, 127, 128, 300, 4000])
@pytest.mark.parametrize("units", [1, 26])
def test_sums_over_many_inputs_are_precise(inputs: int, units: int) -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((16, inputs), dtype=np.float32)
    weight = rng.standard_normal((inputs, units), dtype=np.float32)
    exact = x.astype(np.float64) @ weight
    one_by_one = np.add.accumulate(x[:, :, None] * weight, axis=1)[:, -1]
    precise, plain = (
        np.square(each - exact).mean() for each in (precise_product(x, weight), one_by_one)
    )
    assert precise < 1e-13 * inputs + 1e-11
    if inputs == 4000:
        assert precise < plain / 10
