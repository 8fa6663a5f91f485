"""Products of more rows, or of fewer, are only taken where their rows have the same bits."""

from __future__ import annotations

import numpy as np
import pytest

from madaline.nn.layers import Linear, SiLU
from madaline.nn.network import Network
from madaline.runtime.networks import Features, Networks
from madaline.runtime.part import Part
from madaline.runtime.row_counts import CHUNK, LARGEST_PRODUCT, rows_of_product


@pytest.mark.parametrize("inputs", [1, 2, 20, 97, 700, 5000])
@pytest.mark.parametrize("units", [1, 2, 16, 33, 300])
@pytest.mark.parametrize("n_rows", [1, 8, 24, 192])
def test_a_product_is_no_larger_than_allowed_and_has_the_bits_of_a_chunk(
    inputs: int, units: int, n_rows: int
) -> None:
    rng = np.random.default_rng(0)
    weight = rng.standard_normal((1, inputs, units)).astype(np.float32)
    rows = rows_of_product(weight, n_rows)
    assert rows == CHUNK or rows * inputs * units <= LARGEST_PRODUCT
    assert n_rows == 1 or n_rows % rows == 0
    x = rng.standard_normal((max(n_rows, CHUNK), inputs)).astype(np.float32)
    own = np.matmul(x.reshape(-1, rows, inputs), weight)
    chunks = np.matmul(x.reshape(-1, CHUNK, inputs), weight)
    assert own.tobytes() == chunks.tobytes()


def test_where_they_differ_chunks_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    network, rng = Network((Linear(20, 48), SiLU(), Linear(48, 2))), np.random.default_rng(0)
    part = Part(0, network, network.initialize((1, 3), rng).theta, np.ones(1))
    x = rng.standard_normal((300, 20)).astype(np.float32)
    expected = Networks([part], {0: 20}).output(Features(x))
    monkeypatch.setattr("madaline.runtime.row_counts._have_same_bits", lambda *_: False)
    assert rows_of_product(np.ones((1, 20, 48), np.float32), 64) == CHUNK
    networks = Networks([part], {0: 20})
    found = networks.output(Features(x))
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
    for row in (0, 8, 299):
        np.testing.assert_array_equal(networks.output(Features(x[[row]]))[0], found[row])
