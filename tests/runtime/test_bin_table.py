"""Bins of numbers, looked up, add what products of their features add."""

from __future__ import annotations

import numpy as np
import pytest
from untrained import networks_of

from madaline.data.encoders.joined_bins import JoinedBins
from madaline.data.table import Table
from madaline.nn.arrays import Array
from madaline.nn.workspace import Workspace
from madaline.runtime.bin_table import BinTable


def some_columns(n_rows: int, seed: int) -> dict[str, Array]:
    rng = np.random.default_rng(seed)
    wide = rng.standard_normal(n_rows) * 1e6
    wide[rng.random(n_rows) < 0.2] = np.nan
    columns = {"wide": wide, "even": rng.random(n_rows), "few": rng.integers(0, 2, n_rows) * 1.0}
    return columns | {"level": rng.choice(list("abc"), n_rows)}


@pytest.mark.parametrize("units", [1, 2, 30])
@pytest.mark.parametrize("n_rows", [1, 3, 700])
def test_a_table_adds_what_a_product_adds(units: int, n_rows: int) -> None:
    rng = np.random.default_rng(0)
    edges = [np.sort(rng.standard_normal(n)) for n in (3, 17, 65)]
    bins = JoinedBins.of(edges, [rng.random(len(own) - 1) for own in edges])
    numbers = rng.standard_normal((3, n_rows)) * 2
    weight = rng.standard_normal((len(bins), units)).astype(np.float32)
    features = np.empty((n_rows, len(bins)), np.float32)
    bins.write(numbers, features)
    table, constant = BinTable.of(np.asfortranarray(weight), bins)
    assert table.before.flags.c_contiguous  # as kernels want
    assert table.full.flags.c_contiguous
    sums = np.ones((n_rows, units), np.float32)
    table.add(*bins.locate(numbers, Workspace()), sums, slice(0, units), Workspace())
    np.testing.assert_allclose(sums + constant, 1 + features @ weight, rtol=1e-4, atol=1e-4)
    for row in range(min(n_rows, 5)):
        alone = np.ones((1, units), np.float32)
        located = bins.locate(numbers[:, [row]], Workspace())
        table.add(*located, alone, slice(0, units), Workspace())
        np.testing.assert_array_equal(alone[0], sums[row])


@pytest.mark.parametrize("used", [(16,), (0, 16), (64, 16, 0, 16)])
def test_networks_that_look_up_bins_say_what_plain_ones_do(used: tuple[int, ...]) -> None:
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
    np.testing.assert_array_equal(networks.fold_outputs(one)[:, 0], found[:, 7])
