import json
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from madaline._tables.encoders.table_encoder import TableEncoder
from madaline._tables.schema import Schema
from madaline._tables.statistics import Distribution
from madaline._tables.table import Table
from madaline.errors import InputError

BINS = (0, 2, 16, 64)


def make_columns(n, seed=0):
    rng = np.random.default_rng(seed)
    number = rng.lognormal(size=n).round(1)
    number[rng.random(n) < 0.2] = np.nan
    color = np.array(["red", "green", "blue", None], dtype=object)[rng.integers(0, 4, n)]
    member = np.array([True, False, None], dtype=object)[rng.integers(0, 3, n)]
    moment = np.datetime64("2020-01-01", "us") + rng.integers(0, 10**14, n).astype("m8[us]")
    return {
        "number": number,
        "other": rng.normal(size=n),
        "color": color,
        "sex": np.array(["f", "m"])[rng.integers(0, 2, n)],
        "member": member,
        "moment": np.where(rng.random(n) < 0.1, np.datetime64("NaT", "us"), moment),
        "city": np.array([f"city {i}" for i in range(200)])[(rng.random(n) ** 2 * 200).astype(int)],
    }


def fit(columns, kinds=None, **options):
    table = columns if isinstance(columns, Table) else Table.from_columns(columns)
    return TableEncoder.fit(table, Schema.infer(table, kinds), **({"n_bins": BINS} | options))


def features(columns, n_bins=0, kinds=None):
    table = Table.from_columns(columns)
    return fit(table, kinds).encode(table).features(n_bins)


@pytest.fixture(scope="module")
def table():
    return Table.from_columns(make_columns(500))


@pytest.fixture(scope="module")
def encoder(table):
    return fit(table)


@pytest.mark.parametrize("n_bins", BINS)
def test_shapes_names_and_columns_agree(table, encoder, n_bins):
    x = encoder.encode(table).features(n_bins)
    assert x.dtype == np.float32
    assert x.flags.c_contiguous
    assert x.shape == (table.n_samples, encoder.n_features(n_bins))
    names, columns = encoder.feature_names(n_bins), encoder.feature_columns(n_bins)
    assert len(names) == len(set(names)) == len(columns) == x.shape[1]
    assert all(
        name.startswith(encoder.columns[column])
        for name, column in zip(names, columns, strict=True)
    )
    assert encoder.columns == table.names
    assert np.isfinite(x).all()
    assert np.abs(x).max() <= 12  # the frequency of a rare level is the largest


def test_unprepared_bins_are_refused(table, encoder):
    for use in (encoder.n_features, encoder.feature_names, encoder.encode(table).features):
        with pytest.raises(InputError, match="7 bins"):
            use(7)


def test_numbers_follow_the_formula():
    numbers = np.array([0.0, 1, 2, 3, 4, 5, 6, 7, 100, np.nan])
    x = features({"n": numbers})
    median, spread = 4.0, 6 - 2
    z = (np.where(np.isnan(numbers), median, numbers) - median) / spread
    np.testing.assert_allclose(x[:, 0], z / np.sqrt(1 + (z / 3) ** 2), rtol=1e-6)
    np.testing.assert_allclose(x[:, 1], np.isnan(numbers) - 0.1, rtol=1e-6)
    spike = np.array([0.0] * 9 + [4.0])
    np.testing.assert_allclose(
        features({"n": spike})[-1, 0], 2 / np.sqrt(1 + (2 / 3) ** 2), rtol=1e-6
    )


def test_bins_follow_the_formula():
    numbers = np.array([0.0, 1, 2, 3, 3, 3, 8])
    x = features({"n": numbers}, 16)[:, 1:]
    edges = np.unique(numbers)
    low, high = edges[:-1], edges[1:]
    expected = np.clip((numbers[:, None] - low) / (high - low), 0, 1)
    np.testing.assert_allclose(x, expected - expected.mean(axis=0), atol=1e-6)


def test_a_spike_fills_at_most_one_bin():
    rng = np.random.default_rng(0)
    numbers = np.concatenate([np.zeros(900), rng.random(1000) + 1])
    edges = fit({"n": numbers}, n_bins=(16,)).encoders[0].bins[16].edges
    assert 10 < len(edges) <= 17
    assert (np.diff(edges) > 0).all()


def test_two_values_need_no_bins():
    encoder = fit({"n": [0, 1, 0, 1], "m": [0, 1, 2, 1]})
    assert encoder.feature_columns(16).tolist() == [0, 1, 1, 1]


def test_all_features_are_centered(table, encoder):
    x = encoder.encode(table).features(64)
    names = encoder.feature_names(64)
    centered = [
        place
        for place, name in enumerate(names)
        if any(
            mark in name
            for mark in (" = ", "missing", "rare", "frequency", "number from", "other from")
        )
    ]
    assert len(centered) > 100
    np.testing.assert_allclose(x[:, centered].mean(axis=0), 0, atol=1e-5)


def test_categories_are_one_hot():
    x = features({"c": ["a", "b", "c", "a"], "s": ["x", "y", "x", "x"]})
    one_hot = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 0, 0]])
    np.testing.assert_allclose(x[:, :3], one_hot - one_hot.mean(axis=0), atol=1e-6)
    halves = np.array([0.5, -0.5, 0.5, 0.5])
    np.testing.assert_allclose(x[:, 3], halves - halves.mean(), atol=1e-6)


def test_missing_is_a_level_of_its_own():
    encoder = fit({"c": ["a", "b", None, "a"]})
    assert encoder.feature_names(0) == ("c = a", "c = b", "c is missing")


def test_new_levels_are_zero_before_centering_and_counted(table, encoder):
    columns = {name: table[name][:4].copy() for name in table.names}
    columns["color"][:] = ["violet", "violet", "red", None]
    encoded = encoder.encode(Table(columns))
    assert encoded.unseen == {"color": 2}
    names = encoder.feature_names(0)
    places = [place for place, name in enumerate(names) if name.startswith("color")]
    x = encoded.base[:, places]
    assert (x[0] < 0).all()
    np.testing.assert_allclose(
        x[2] - x[0], [name == "color = red" for name in names if "color" in name]
    )


def test_rare_levels_share_a_feature():
    levels = [f"l{i}" for i in range(100) for _ in range(200 - i)]
    encoder = fit({"c": levels})
    assert encoder.n_features(0) == 64 + 2
    x = encoder.encode(Table.from_columns({"c": ["l0", "l70", "l99"]})).base
    assert encoder.feature_names(0)[64:] == ("c is rare", "c: frequency")
    assert x[0, 64] < 0 < x[1, 64] == x[2, 64]
    assert x[0, 65] > x[1, 65] > x[2, 65]


def test_a_hundred_thousand_levels_stay_cheap():
    rng = np.random.default_rng(0)
    levels = [f"level {i}" for i in (rng.random(150_000) ** 3 * 100_000).astype(int)]
    table = Table.from_columns({"c": levels, "n": rng.normal(size=len(levels))})
    encoder = fit(table)
    state, arrays = encoder.to_state()
    assert len(json.dumps(state)) + sum(array.nbytes for array in arrays.values()) < 400_000
    encoded = encoder.encode(table)
    assert encoded.base.shape == (150_000, 67)
    assert encoded.unseen == {}  # known rare levels are never called new


def test_booleans_and_moments():
    x = features({"b": [True, False, None, True]})
    np.testing.assert_allclose(
        x, [[1 / 3, -0.25], [-2 / 3, -0.25], [0, 0.75], [1 / 3, -0.25]], rtol=1e-6
    )
    days = np.datetime64("2024-01-01") + np.arange(14)
    encoder = fit({"d": days})
    assert encoder.feature_names(0) == ("d: time", "d: weekday (sine)", "d: weekday (cosine)")
    x = encoder.encode(Table.from_columns({"d": days})).base
    np.testing.assert_allclose(x[:7, 1:], x[7:, 1:], atol=1e-6)
    np.testing.assert_allclose(x[0, 1:], [0, 1], atol=1e-6)  # a Monday
    hours = np.datetime64("2024-01-01T00") + np.arange(0, 24, 6)
    assert fit({"d": hours}).feature_names(0)[-2:] == ("d: hour (sine)", "d: hour (cosine)")


@pytest.mark.parametrize("n_bins", BINS)
def test_state_round_trip_is_bit_identical(table, encoder, n_bins):
    state, arrays = encoder.to_state()
    assert {array.dtype.str for array in arrays.values()} <= {"<f8"}
    again = TableEncoder.from_state(json.loads(json.dumps(state)), arrays)
    other = Table.from_columns(make_columns(300, seed=1))
    before, after = (e.encode(other).features(n_bins) for e in (encoder, again))
    assert before.tobytes() == after.tobytes()
    assert again.feature_names(n_bins) == encoder.feature_names(n_bins)


def test_a_row_alone_has_the_same_bits(table, encoder):
    together = encoder.encode(table).features(64)
    for row in (0, 7, 499):
        alone = encoder.encode(table.take([row])).features(64)
        assert alone.tobytes() == together[[row]].tobytes()


@given(st.lists(st.integers(0, 3), min_size=12, max_size=12), st.integers(0, 100))
def test_weights_are_repetitions(weights, seed):
    weight = np.array(weights + [1] * 8)
    table = Table.from_columns(make_columns(20, seed))
    repeated = table.take(np.repeat(np.arange(20), weight))
    kinds = {"number": "number", "other": "number", "color": "category", "city": "category"}
    schema = Schema.infer(table, kinds)
    weighted = TableEncoder.fit(table, schema, sample_weight=weight)
    plain = TableEncoder.fit(repeated, schema)
    assert weighted.feature_names(64) == plain.feature_names(64)
    for n_bins in (0, 16, 64):
        one, other = (e.encode(table).features(n_bins) for e in (weighted, plain))
        np.testing.assert_array_equal(one, other)


FINITE = st.floats(allow_nan=True, allow_infinity=False)
EXTREME = st.sampled_from([1e300, -1e300, 1e-300, 5e-324, 1.7e308, -1.7e308, 0.0])


@given(st.lists(FINITE | EXTREME, min_size=2, max_size=40), st.lists(FINITE | EXTREME, min_size=1))
def test_no_number_overflows(training, later):
    columns = {"n": np.array(training), "other": np.arange(len(training), dtype=float)}
    encoder = fit(columns)
    new = Table.from_columns({"n": np.array(later), "other": np.zeros(len(later))})
    for n_bins in BINS:
        x = encoder.encode(new).features(n_bins)
        assert np.isfinite(x).all()
        assert np.abs(x).max() <= 3.001


@given(st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=60), st.integers(1, 64))
def test_bins_rise_with_the_number(numbers, n_bins):
    encoder = fit(
        {"n": numbers, "other": range(len(numbers))},
        {"n": "number", "other": "number"},
        n_bins=(n_bins,),
    )
    ordered = Table.from_columns({"n": sorted(numbers), "other": np.zeros(len(numbers))})
    x = encoder.encode(ordered).features(n_bins)
    assert (np.diff(x[:, 1:], axis=0) >= 0).all() or encoder.n_features(n_bins) == 1


def test_prediction_tables_may_differ_in_form(table, encoder):
    shuffled = Table(
        {name: table[name] for name in reversed(table.names)} | {"extra": table["sex"]}
    )
    assert encoder.encode(shuffled).base.tobytes() == encoder.encode(table).base.tobytes()
    texts = Table(dict(table.columns) | {"other": table["other"].astype(str).astype(object)})
    assert encoder.encode(texts).base.tobytes() == encoder.encode(table).base.tobytes()


def test_tables_without_all_columns_are_refused(table, encoder):
    with pytest.raises(InputError, match=r"needs: 'color'; add it"):
        encoder.encode(table.drop(["color"]))
    with pytest.raises(InputError, match=r"'color', 'city'; add them"):
        encoder.encode(table.drop(["color", "city"]))
    wrong = Table(dict(table.columns) | {"number": table["city"]})
    with pytest.raises(InputError, match=r"'number' must hold a number.*'city"):
        encoder.encode(wrong)


def test_numbers_given_as_categories():
    table = Table.from_columns({"zip": [53111, 24103, 53111, None]})
    encoder = fit(table, {"zip": "category"})
    assert encoder.categories == ("zip",)
    text = Table.from_columns({"zip": ["53111", "24103", "53111", None]})
    assert encoder.encode(text).base.tobytes() == encoder.encode(table).base.tobytes()


def test_only_being_missing_can_count():
    x = features(
        {"n": [1.0, None, 1.0, None], "b": [True, None, True, True], "c": ["a", None, "a", "a"]}
    )
    np.testing.assert_allclose(x[:, 0], [-0.5, 0.5, -0.5, 0.5])
    assert x.shape == (4, 3)


def test_a_value_that_was_never_missing_may_be_so_later():
    encoder = fit({"n": [1.0, 2, 3, 4], "c": ["a", "b", "a", "b"]})
    x = encoder.encode(Table.from_columns({"n": [None], "c": [None]})).base
    median = encoder.encode(Table.from_columns({"n": [2.5], "c": [None]})).base
    np.testing.assert_array_equal(x, median)


def test_an_empty_table_is_fine(table, encoder):
    encoded = encoder.encode(table.take([]))
    assert encoded.features(16).shape == (0, encoder.n_features(16))
    assert encoded.n_samples == 0


def test_a_table_without_information_is_refused():
    with pytest.raises(InputError, match=r"No column tells the rows apart.*'c': constant"):
        fit({"c": [1, 1, 1]})
    with pytest.raises(InputError, match=r"1 sample"):
        fit({"c": [1]})


def plain_bins(edges, means, numbers):
    """Write the formula of the bins down for one number after another."""
    rows = []
    for number in numbers:
        half = np.clip(number, edges[0], edges[-1]) / 2
        index = int(np.clip(np.searchsorted(edges, number, side="right") - 1, 0, len(means) - 1))
        width = edges[index + 1] / 2 - edges[index] / 2
        place = index + (half - edges[index] / 2) / (width or 1)
        rows.append([np.clip(place - bin, 0, 1) - mean for bin, mean in enumerate(means)])
    return np.array(rows).reshape(len(numbers), len(means)).astype(np.float32)


@pytest.mark.parametrize("n_bins", [2, 16, 64])
def test_joined_numbers_have_the_features_of_each_alone(n_bins):
    columns = make_columns(700) | {"coin": np.arange(700.0) % 2, "huge": np.arange(700) * 1e305}
    encoder = fit(columns)
    encoded = encoder.encode(Table.from_columns(columns))
    expected = []
    for name, bins in encoder.bins(n_bins).items():
        scaling = next(one for one in encoder.encoders if one.name == name).scaling
        filled = np.where(np.isnan(columns[name]), scaling.center, columns[name])
        expected.append(plain_bins(bins.edges, bins.means, filled))
        place = encoder.feature_names(0).index(name)
        scaled = scaling.apply(filled).astype(np.float32)
        np.testing.assert_array_equal(encoded.base[:, place], scaled)
    assert len(expected) == 3
    bins = encoded.features(n_bins)[:, encoder.n_features(0) :]
    np.testing.assert_allclose(bins, np.concatenate(expected, axis=1), rtol=0, atol=1e-6)


def test_sorting_first_changes_nothing():
    columns = make_columns(500) | {"whole": np.arange(500) % 7}
    table, ones = Table.from_columns(columns), np.ones(500)
    schema = Schema.infer(table)
    sorted_first = TableEncoder.fit(table, schema, n_bins=BINS)
    in_order = TableEncoder.fit(table, schema, n_bins=BINS, sample_weight=ones)
    assert sorted_first.to_state()[0] == in_order.to_state()[0]
    for n_bins in BINS:
        np.testing.assert_array_equal(
            sorted_first.encode(table).features(n_bins), in_order.encode(table).features(n_bins)
        )


@given(st.lists(st.sampled_from([-3.0, -0.0, 0.0, 1.5, 1e300, np.nan]), max_size=12))
def test_a_distribution_is_what_numpy_finds(numbers):
    column = np.array(numbers, dtype=np.float64)
    found = Distribution.of(column)
    values, counts = np.unique(column[~np.isnan(column)], return_counts=True)
    np.testing.assert_array_equal(found.values, values)
    np.testing.assert_array_equal(found.weights, counts)


def test_a_used_encoder_comes_back_from_a_pickle(table, encoder):
    expected = encoder.encode(table).features(16)
    back = pickle.loads(pickle.dumps(encoder))
    np.testing.assert_array_equal(back.encode(table).features(16), expected)
