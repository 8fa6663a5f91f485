"""Bins of numbers, looked up, add what products of their features add."""

from __future__ import annotations

import numpy as np
import pytest
from untrained import networks_of

from madaline._models.runtime import networks as module
from madaline._models.runtime.stacked_networks import BinTable, Buffers
from madaline._tables.kinds.bins import JoinedBins
from madaline._tables.table import Table
from madaline.nn._engine.compiled_prediction import compiled_prediction
from madaline.nn.arrays import Array


def some_columns(n_rows: int, seed: int) -> dict[str, Array]:
    rng = np.random.default_rng(seed)
    wide = rng.standard_normal(n_rows) * 1e6
    wide[rng.random(n_rows) < 0.2] = np.nan
    columns = {"wide": wide, "even": rng.random(n_rows), "few": rng.integers(0, 2, n_rows) * 1.0}
    return columns | {"level": rng.choice(list("abc"), n_rows)}


@pytest.mark.parametrize("units", [1, 2, 30])
@pytest.mark.parametrize("n_rows", [0, 1, 3, 700])
@pytest.mark.parametrize("how", ["numpy", "compiled"])
def test_a_table_adds_what_a_product_adds(
    units: int, n_rows: int, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled = compiled_prediction() if how == "compiled" else None
    if how == "compiled" and compiled is None:
        pytest.skip("numba is not installed")
    monkeypatch.setattr("madaline._models.runtime.stacked_networks.NUMBERS", 5_000)
    rng = np.random.default_rng(0)
    edges = [np.sort(rng.standard_normal(n)) for n in (3, 17, 65)]
    bins = JoinedBins.of(edges, [rng.random(len(own) - 1) for own in edges])
    numbers = rng.standard_normal((3, n_rows)) * 2
    weight = rng.standard_normal((len(bins), units)).astype(np.float32)
    table = BinTable.of(weight, bins)
    sums = table.sums(*bins.locate(numbers), Buffers(), compiled)
    expected = bins.features(numbers) @ weight
    np.testing.assert_allclose(sums + table.constant, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("used", [(16,), (0, 16), (64, 16, 0, 16)])
@pytest.mark.parametrize("worth", [1, np.inf])
def test_networks_that_look_up_bins_predict_what_plain_ones_do(
    used: tuple[int, ...], worth: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MIN_COMPILED_WORK", worth)
    networks, parts, encoder = networks_of(some_columns(400, 0), used)
    table = Table.from_columns(some_columns(300, 2))
    encoded = encoder.encode(table)
    expected = [
        np.einsum(
            "r,rfso->fso", part.weights, part.network.predict(part.theta, encoded.features(n_bins))
        )
        for part, n_bins in zip(parts, used, strict=True)
    ]
    found = networks.fold_outputs(encoded)
    np.testing.assert_allclose(found, np.sum(expected, axis=0), rtol=1e-4, atol=1e-5)
    one = encoder.encode(table.take([7]))
    np.testing.assert_allclose(networks.fold_outputs(one)[:, 0], found[:, 7], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("tiny", [1.0, 1e-300, 5e-324])
def test_numbers_at_edges_and_beyond_lie_in_the_right_bins(tiny: float) -> None:
    edges = np.arange(5) * tiny, np.array([-1e308, 0, 1e-9, 1e308]), np.array([0.0, 1, 2])
    bins = JoinedBins.of(edges, [np.zeros(len(own) - 1) for own in edges])
    outside = [0, 1e308, -1e308, 1.5e308, -1.5e308]
    numbers = np.array([[0, 2, 4, 9, -1.0], outside, [0.5, 1, 2, 3, -9]])
    numbers[0] *= tiny
    with np.errstate(all="raise", under="ignore"):
        index, part = bins.locate(numbers)
    assert (index - bins.first).tolist() == [[0, 2, 3, 3, 0], [1, 2, 0, 2, 0], [0, 1, 1, 1, 0]]
    if tiny > 5e-324:  # half of which is zero
        assert part[0].tolist() == [0, 0, 1, 1, 0]
    assert part[1:].tolist() == [[0, 1, 0, 1, 0], [0.5, 0, 1, 1, 0]]
