"""Each kind of column becomes the same features in a graph as in its encoder."""

from __future__ import annotations

import numpy as np
import pytest
from running import exported, of_networks

from madaline._models.runtime.frozen_networks import NetworkPart
from madaline._tables.kinds.boolean import BooleanEncoder
from madaline._tables.kinds.category import MAX_LEVELS, CategoryEncoder
from madaline._tables.kinds.moment import DatetimeEncoder
from madaline._tables.kinds.number import NumberEncoder
from madaline.nn.layers import Linear
from madaline.nn.network import Network


@pytest.fixture
def check(fittings, tmp_path):
    """Return what holds that a file makes the features of a column that its encoder makes."""
    model = fittings["regression"][0].model()

    def compare(encoder, column, n_bins=0):
        n_features = encoder.n_features + (encoder.n_bin_features(n_bins) if n_bins else 0)
        network = Network((Linear(n_features, 1),))
        theta = np.random.default_rng(0).standard_normal((1, 2, n_features + 1), np.float32)
        alone = of_networks(model, [encoder], NetworkPart(n_bins, network, theta, np.ones(1)))
        rows = {encoder.name: column}
        (found,) = exported(alone, tmp_path / "model.onnx", rows)
        np.testing.assert_allclose(found, alone.predict(rows), rtol=0, atol=3e-6)

    return compare


EDGES = [
    "NaT",
    "1600-02-29",
    "1900-02-28T23:59:59",
    "1900-03-01",
    "1969-12-31T23:59:59.999999",
    "1970-01-01",
    "2000-02-29",
    "2023-01-01",
    "2024-12-31T23:59:59.999999",
    "2100-02-28",
]


@pytest.mark.parametrize("unit", ["us", "D"])
@pytest.mark.parametrize("seed", range(3))
def test_dates(unit, seed, check) -> None:
    rng = np.random.default_rng(seed)
    first, last = np.array(["0001-01-01", "9999-12-31"], "M8[us]").astype(np.int64)
    far = rng.integers(first, last, 300).astype("M8[us]")
    near = rng.integers(0, 2 * 10**15, 300).astype("M8[us]")
    edges = np.array(EDGES, "M8[us]")
    column = np.concatenate([far, near, edges]).astype(f"M8[{unit}]").astype("M8[us]")
    encoder = DatetimeEncoder.fit("x", np.concatenate([near, edges]))
    assert encoder.n_features == 9
    check(encoder, column)


def test_dates_of_which_little_varies(check) -> None:
    column = np.array(["2026-01-01", "2026-01-02", "2026-01-03"], "M8[us]")
    encoder = DatetimeEncoder.fit("x", column)
    assert encoder.n_features == 3
    check(encoder, column)


@pytest.mark.parametrize("known", [[True, False], [True, False, None], [True, None]])
def test_booleans(known, check) -> None:
    column = np.array([*known, True], dtype=object)
    encoder = BooleanEncoder.fit("x", column)
    check(encoder, np.array([True, False, None], dtype=object))


LEVELS = {
    "two": ["a", "b", "a"],
    "three": ["a", "b", "c"],
    "missing": ["a", "b", "c", None],
    "empty text": ["a", "", "c", None],
    "strange": ["a", "", "<missing>", "<unseen>", None],
    "rare": [f"level {number}" for number in range(99)] * 2 + ["level 0", None],
    "cut": [f"level {number}" for number in range(MAX_LEVELS + 5)],
}


@pytest.mark.parametrize("levels", LEVELS.values(), ids=LEVELS.keys())
@pytest.mark.parametrize("means", [False, True])
def test_categories(levels, means, check) -> None:
    column = np.array(levels, dtype=object)
    encoder = CategoryEncoder.fit("x", column)
    if means:
        target = np.arange(len(column))[:, None] % 7.0
        encoder = encoder.with_means(encoder.read(column), target, None)
    some = [*dict.fromkeys(levels[:120]), None, "", "never", "<missing>", "<<missing>>", "<unseen>"]
    check(encoder, np.array(some, dtype=object))


def test_numbers_as_levels_are_their_shortest_text(check) -> None:
    encoder = CategoryEncoder.fit("x", np.array([3.0, 0.5, np.nan, 7.0]))
    column = np.array([3.0, np.nan, 0.5, 8.0])
    check(encoder, column)


def test_bins(check) -> None:
    rng = np.random.default_rng(0)
    columns = [
        np.where(rng.random(500) < 0.1, np.nan, rng.normal(size=500)),
        1.5e308 * rng.uniform(-1, 1, 500),
    ]
    for column in columns:
        encoder = NumberEncoder.fit("x", column, n_bins=(16,))
        check(encoder, np.append(column, [0.0, 1e308, -1e308]), n_bins=16)
