"""Networks of very many outputs: products stay small, and what they say is what it is."""

from __future__ import annotations

import numpy as np
import pytest

from madaline.nn.layers import Linear, SiLU
from madaline.nn.network import Network
from madaline.runtime.joined_networks import WIDEST
from madaline.runtime.networks import Features, Networks
from madaline.runtime.part import Part
from madaline.runtime.row_counts import CHUNK, LARGEST_PRODUCT


@pytest.mark.parametrize("n_outputs", [3, WIDEST // 3, WIDEST, WIDEST + 1, 9_000])
def test_means_are_those_of_the_networks(n_outputs: int) -> None:
    rng = np.random.default_rng(0)
    parts = [_part((6,), n_outputs, rng), _part((5, 4), n_outputs, rng)]
    networks, x = Networks(parts, {0: 4}), rng.standard_normal((19, 4)).astype(np.float32)
    of_parts = [
        np.einsum("r,rfno->fno", part.weights, part.network.predict(part.theta, x))
        for part in parts
    ]
    of_folds = networks.fold_outputs(Features(x))
    np.testing.assert_allclose(of_folds, np.sum(of_parts, axis=0), atol=1e-5)
    output = networks.output(Features(x))
    np.testing.assert_allclose(output, of_folds.mean(axis=0), atol=1e-5)
    assert np.array_equal(networks.output(Features(x[3:4])), output[3:4])
    assert np.array_equal(networks.fold_outputs(Features(x[3:4])), of_folds[:, 3:4])


def test_many_inputs_are_multiplied_at_a_time() -> None:
    part = _part((6,), 9_000, np.random.default_rng(0))
    networks = Networks([part], {0: 4})
    means = networks._side_by_side.means([part.fold_shares])
    widths = [own.weight.shape[2] for own in means.products]
    assert sum(widths) == 3 * 9_000
    assert all(16 * CHUNK * width <= LARGEST_PRODUCT for width in widths)


def _part(units: tuple[int, ...], n_outputs: int, rng: np.random.Generator) -> Part:
    layers, width = [], 4
    for size in units:
        layers += [Linear(width, size), SiLU()]
        width = size
    network = Network((*layers, Linear(width, n_outputs)))
    return Part(0, network, network.initialize((2, 3), rng).theta, np.array([0.3, 0.2]))
