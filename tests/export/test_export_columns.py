"""Each kind of column becomes the same features in a graph as in its encoder."""

from __future__ import annotations

import numpy as np
import pytest
from running import run_graph

from madaline._apps.export.columns import (
    EXPORTED,
    bin_features,
    boolean_features,
    category_features,
    date_features,
    fill,
)
from madaline._apps.export.graph import Graph
from madaline._tables.kinds.boolean import BooleanEncoder
from madaline._tables.kinds.category import MAX_LEVELS, CategoryEncoder
from madaline._tables.kinds.moment import DatetimeEncoder
from madaline._tables.kinds.number import JoinedNumbers, NumberEncoder
from madaline._tables.table import Table


def written(encoder, column):
    out = np.empty((len(column), encoder.n_features), np.float32)
    encoder.write(encoder.read(column), out)
    return out


def check(encoder, features, column):
    """Compare the features of a column in ONNX Runtime with those of the encoder."""
    graph = Graph(["x"])
    result = features(graph, "x", encoder)
    given = EXPORTED[type(encoder)].values(encoder, Table({encoder.name: column}))
    found = run_graph(graph, result, {"x": given})
    np.testing.assert_allclose(found, written(encoder, column), rtol=0, atol=2e-7)


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
def test_dates(unit, seed) -> None:
    rng = np.random.default_rng(seed)
    first, last = np.array(["0001-01-01", "9999-12-31"], "M8[us]").astype(np.int64)
    far = rng.integers(first, last, 300).astype("M8[us]")
    near = rng.integers(0, 2 * 10**15, 300).astype("M8[us]")
    edges = np.array(EDGES, "M8[us]")
    column = np.concatenate([far, near, edges]).astype(f"M8[{unit}]").astype("M8[us]")
    encoder = DatetimeEncoder.fit("x", np.concatenate([near, edges]))
    assert encoder.n_features == 9
    check(encoder, date_features, column)


def test_dates_of_which_little_varies() -> None:
    column = np.array(["2026-01-01", "2026-01-02", "2026-01-03"], "M8[us]")
    encoder = DatetimeEncoder.fit("x", column)
    assert encoder.n_features == 3
    check(encoder, date_features, column)


@pytest.mark.parametrize("known", [[True, False], [True, False, None], [True, None]])
def test_booleans(known) -> None:
    column = np.array([*known, True], dtype=object)
    encoder = BooleanEncoder.fit("x", column)
    check(encoder, boolean_features, np.array([True, False, None], dtype=object))


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
def test_categories(levels, means) -> None:
    column = np.array(levels, dtype=object)
    encoder = CategoryEncoder.fit("x", column)
    if means:
        target = np.arange(len(column))[:, None] % 7.0
        encoder = encoder.with_means(encoder.read(column), target, None)
    some = [*dict.fromkeys(levels[:120]), None, "", "never", "<missing>", "<<missing>>", "<unseen>"]
    check(encoder, category_features, np.array(some, dtype=object))


def test_numbers_as_levels_are_their_shortest_text() -> None:
    encoder = CategoryEncoder.fit("x", np.array([3.0, 0.5, np.nan, 7.0]))
    column = np.array([3.0, np.nan, 0.5, 8.0])
    levels = EXPORTED[CategoryEncoder].values(encoder, Table({"x": column}))
    assert levels[:, 0].tolist() == ["3", "", "0.5", "8"]
    check(encoder, category_features, column)


def test_bins() -> None:
    rng = np.random.default_rng(0)
    columns = [
        np.where(rng.random(500) < 0.1, np.nan, rng.normal(size=500)),
        rng.integers(0, 2, 500).astype(float),  # needs no bins
        1.5e308 * rng.uniform(-1, 1, 500),
    ]
    encoders = [NumberEncoder.fit(f"x{n}", one, n_bins=(16,)) for n, one in enumerate(columns)]
    joined = JoinedNumbers(tuple(encoders), (0, 2, 3))
    given = {
        f"x{n}": np.append(one, [0.0, 1e308, -1e308])[:, None] for n, one in enumerate(columns)
    }
    graph = Graph(given)
    numbers, _ = fill(graph, list(given), joined)
    found = run_graph(graph, bin_features(graph, numbers, 16, joined), given)
    filled, _ = joined.fill(np.concatenate(list(given.values()), axis=1).T.copy())
    expected = joined.bin_features(16, filled) + joined.bins[16].means
    np.testing.assert_allclose(found, expected, rtol=0, atol=3e-7)
