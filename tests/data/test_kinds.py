"""What each kind makes of a column, against formulas that look at one row after the other."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import cos, log, pi, sin, sqrt

import numpy as np
import pytest

from madaline import sequences
from madaline._base.json_checks import Malformed
from madaline._tables.array_checks import check_arrays
from madaline._tables.kinds import category
from madaline._tables.kinds.boolean import BooleanEncoder
from madaline._tables.kinds.category import CategoryEncoder, pair_column
from madaline._tables.kinds.image import ImageEncoder
from madaline._tables.kinds.level_means import LevelMeans
from madaline._tables.kinds.moment import DatetimeEncoder
from madaline._tables.kinds.number import NumberEncoder, RobustScaling
from madaline._tables.kinds.sequence import PatternEncoder, SequenceEncoder
from madaline._tables.kinds.text import TextEncoder
from madaline._tables.schema import Schema
from madaline._tables.statistics import Distribution
from madaline._tables.table import Table


def encoded(encoder, column):
    """Return the features of a column, written over numbers that must not stay."""
    out = np.full((len(column), encoder.n_features), np.nan, np.float32)
    encoder.write(encoder.read(column), out)
    return out


def objects(*values):
    column = np.empty(len(values), object)
    column[:] = values
    return column


def test_moments_become_what_the_calendar_says():
    rng, start = np.random.default_rng(0), datetime(1931, 3, 7, 5, 20)
    moments = [start + timedelta(minutes=int(m)) for m in rng.integers(0, 60_000_000, 80)]
    encoder = DatetimeEncoder.fit("d", objects(*moments, None))
    cycles = ["month", "weekday", "hour"]
    waves = [f"d: {part} ({wave})" for part in cycles for wave in ("sine", "cosine")]
    assert encoder.feature_names == ("d: time", "d: year", *waves, "d is missing")
    assert encoder.rising == (True, True, *[False] * 7)
    x = encoded(encoder, objects(*moments, None))
    since = [(moment - datetime(1970, 1, 1)).total_seconds() for moment in moments]
    for place, values in ((0, since), (1, [moment.year for moment in moments])):
        low, middle, high = np.quantile(values, [0.25, 0.5, 0.75], method="inverted_cdf")
        scaling = encoder.scalings[("time", "year")[place]]
        assert low <= scaling.center <= high
        assert scaling.center == pytest.approx(middle, rel=0.1)
        z = (np.array(values) - scaling.center) / scaling.spread
        np.testing.assert_allclose(x[:-1, place], z / np.sqrt(1 + (z / 3) ** 2), atol=1e-5)
    for row, m in enumerate(moments):
        parts = ((m.month - 1) / 12, m.weekday() / 7, (m.hour + m.minute / 60) / 24)
        expected = [wave(2 * pi * part) for part in parts for wave in (sin, cos)]
        np.testing.assert_allclose(x[row, 2:8], expected, atol=1e-5)
    np.testing.assert_array_equal(x[-1, :8], 0)
    np.testing.assert_allclose(x[:, 8], [*[-1 / 81] * 80, 80 / 81], rtol=1e-5)


@pytest.mark.parametrize("weighted", [False, True])
def test_levels_become_shares_and_the_logarithm_of_their_frequency(weighted):
    """Three levels have features of their own, two share one, and missing has one."""
    rng = np.random.default_rng(1)
    levels = ["e", "d", "c", "b", "a"]
    values = rng.choice([*levels, None], 300, p=[0.3, 0.25, 0.2, 0.1, 0.05, 0.1])
    weight = rng.uniform(0.5, 2, 300) if weighted else None
    own = np.ones(300) if weight is None else weight
    encoder = CategoryEncoder.fit("c", values, weight, most_features=3)
    heavy = {level: own[values == level].sum() for level in levels}
    ordered = sorted(levels, key=lambda level: -heavy[level])
    assert encoder.levels == tuple(ordered)
    np.testing.assert_allclose(encoder.counts, [heavy[level] for level in ordered])
    names = [f"c = {level}" for level in ordered[:3]]
    assert encoder.feature_names == (*names, "c is rare", "c is missing", "c: frequency")
    slots = {**{level: place for place, level in enumerate(ordered[:3])}, None: 4}
    shares = np.zeros(5)
    for value, one in zip(values, own, strict=True):
        shares[slots.get(value, 3)] += one / own.sum()
    logs = np.array([log(heavy[value]) for value in values if value is not None])
    there = own[[value is not None for value in values]]
    center = np.average(logs, weights=there)
    spread = sqrt(np.average((logs - center) ** 2, weights=there))
    x = encoded(encoder, objects(*ordered, None, "new"))
    for row, value in enumerate([*ordered, None, "new"]):
        hot = np.zeros(5)
        hot[slots.get(value, 3)] = value != "new"  # zero everywhere before centering
        np.testing.assert_allclose(x[row, :5], hot - shares, atol=1e-6)
        frequency = 0.0 if value is None else log(heavy.get(value, min(heavy.values())))
        if value is not None:
            frequency = (frequency - center) / spread
        assert x[row, 5] == pytest.approx(frequency, abs=1e-5)
    assert encoder.n_unseen(encoder.read(objects("new", "a", None, "other"))) == 2


def test_few_levels_are_those_of_training_minus_their_shares():
    x = encoded(
        CategoryEncoder.fit("c", objects("a", "b", "a", None)), objects("a", "b", None, "z")
    )
    np.testing.assert_allclose(x, np.r_[np.eye(3), np.zeros((1, 3))] - [0.5, 0.25, 0.25])
    two = CategoryEncoder.fit("c", objects("a", "b", "a", "a"))
    np.testing.assert_allclose(encoded(two, objects("a", "b", "z")).T, [[0.25, -0.75, -0.25]])
    assert (two.feature_names, two.rising, two.candidates) == (("c = a",), (False,), ("a", "b"))
    assert CategoryEncoder.fit("c", objects("a", "a")).feature_names == ()


@pytest.mark.parametrize("n_cells", [1, 3])
def test_the_prior_of_level_means_is_that_of_an_analysis_of_variance(n_cells):
    rng = np.random.default_rng(2)
    levels, cells = rng.integers(0, 12, 500), rng.integers(-1, n_cells, 500)
    weight = rng.uniform(0.5, 2, 500)
    effects = rng.normal(size=(12, n_cells))[levels, cells]
    target = np.column_stack([effects + rng.normal(size=500), rng.normal(size=500) * 3 + effects])
    options = {"cells": cells, "n_cells": n_cells} if n_cells > 1 else {}
    means = LevelMeans.fit(levels, target, weight, n_levels=12, **options)
    if n_cells == 1:
        cells = np.zeros(500, int)
    groups = [(levels == level) & (cells == cell) for level in range(12) for cell in range(n_cells)]
    overall = [
        np.average(target[cells == cell], axis=0, weights=weight[cells == cell])
        for cell in range(n_cells)
    ]
    within = between = 0.0
    sizes = []
    for number, rows in enumerate(groups):
        mean = np.average(target[rows], axis=0, weights=weight[rows])
        within = within + weight[rows] @ (target[rows] - mean) ** 2
        between = between + weight[rows].sum() * (mean - overall[number % n_cells]) ** 2
        sizes.append(weight[rows].sum())
    total = sum(sizes)
    of_rows = within / (total - len(groups))
    usual_size = total - sum(size**2 for size in sizes) / total
    of_levels = (between - (len(groups) - 1) * of_rows) / usual_size
    np.testing.assert_allclose(means.prior, of_rows / of_levels, rtol=1e-9)
    deviations = []
    for number, rows in enumerate(groups):
        own = weight[rows] @ (target[rows] - overall[number % n_cells])
        deviations.append(own / (weight[rows].sum() + means.prior))
    size = np.sqrt(np.average(np.square(deviations), axis=0, weights=sizes))
    np.testing.assert_allclose(means.scale, size, rtol=1e-9)


def test_levels_without_differences_have_an_infinite_prior():
    levels, target = np.arange(40) % 4, np.tile([[0.0], [1.0]], (2, 1))[np.arange(40) // 4 % 4]
    means = LevelMeans.fit(levels, target, None, n_levels=4)
    assert means.prior[0] == np.inf
    np.testing.assert_array_equal(means.values, 0)


@pytest.mark.parametrize(("noise", "paired"), [(1.0, True), (8.0, False)])
def test_levels_are_paired_with_those_of_the_column_that_tells_most(noise, paired, monkeypatch):
    """Where they explain a twentieth of the variance within levels, at least."""
    monkeypatch.setattr(category, "_MIN_FREE", 500)
    rng = np.random.default_rng(3)
    columns = {name: rng.choice([*"abc"], 600).astype(object) for name in ("own", "none", "other")}
    codes = {name: np.array([ord(one) for one in column]) for name, column in columns.items()}
    signs = rng.choice([-1.0, 1.0], (3, 3))
    signs[0, :2] = 1, -1
    target = signs[codes["own"] - 97, codes["other"] - 97] + noise * rng.normal(size=600)
    encoders = {name: CategoryEncoder.fit(name, column) for name, column in columns.items()}
    reads = {encoders[n]: encoders[n].read(columns[n]) for n in ("none", "other")}
    own = encoders["own"]
    found = pair_column(own, own.read(columns["own"]), reads, target[:, None])
    rest = target - np.array([target[codes["other"] == c].mean() for c in codes["other"]])

    def left(key):
        values = sorted(set(key))
        squares = sum(((rest[key == v] - rest[key == v].mean()) ** 2).sum() for v in values)
        return squares / (600 - len(values))

    share = left(codes["own"] * 1000 + codes["other"]) / left(codes["own"])
    assert (share <= 0.95) == paired
    assert (found is encoders["other"]) == paired
    monkeypatch.setattr(category, "_PAIRS_TELL", share * 1.0001)
    assert pair_column(own, own.read(columns["own"]), reads, target[:, None]) is encoders["other"]
    monkeypatch.setattr(category, "_PAIRS_TELL", share * 0.9999)
    best = pair_column(own, own.read(columns["own"]), reads, target[:, None])
    assert best is not encoders["other"]
    monkeypatch.setattr(category, "_MIN_FREE", 592)  # 600 rows, nine pairs
    assert pair_column(own, own.read(columns["own"]), reads, target[:, None]) is None


def test_terms_count_by_their_rarity_and_the_size_of_the_text():
    texts = [
        "tea with milk",
        "tea and cake",
        "cake and milk",
        "milk",
        "tea tea cake",
        "rum and tea",
    ]
    encoder = TextEncoder.fit("t", np.array(texts, object))
    share = {
        term: sum(term in text.split() for text in texts) / len(texts) for term in encoder.terms
    }
    single = [term for term in encoder.terms if " " not in term]
    assert {"tea", "milk", "cake", "and"} == set(single)
    assert list(encoder.terms) == sorted(encoder.terms, key=lambda one: encoder.terms.index(one))
    weights = dict(zip(encoder.terms, encoder.weights, strict=True))
    for term in single:
        assert weights[term] == pytest.approx(sqrt(1 - log(share[term])))
    x = encoded(encoder, np.array(["tea tea tea milk", "rum", None], object))[0]
    expected = np.zeros(len(x))
    expected[encoder.terms.index("tea")] = sqrt(1 + log(3)) * weights["tea"]
    expected[encoder.terms.index("milk")] = weights["milk"]
    if "tea tea" in weights:
        expected[encoder.terms.index("tea tea")] = sqrt(1 + log(2)) * weights["tea tea"]
    np.testing.assert_allclose(x, expected * sqrt(len(x) / (expected**2).sum()), rtol=1e-5)
    assert encoder.n_unseen(np.array(["rum", "tea", "", None, "gin and tonic"], object)) == 1


def test_pixels_are_scaled_by_the_moments_of_each_channel():
    rng = np.random.default_rng(4)
    pixels = rng.uniform(0, 255, (7, 3, 4, 2)) * [1, 0.1]
    weight = rng.uniform(0, 2, 7)
    encoder = ImageEncoder.fit("i", pixels, weight)
    repeated = np.repeat(weight, 12)
    for channel in range(2):
        own = pixels[..., channel].ravel()
        mean = np.average(own, weights=repeated)
        scale = sqrt(np.average((own - mean) ** 2, weights=repeated))
        assert encoder.mean[channel] == pytest.approx(mean)
        assert encoder.scale[channel] == pytest.approx(scale)
        x = encoded(encoder, pixels).reshape(pixels.shape)[..., channel]
        np.testing.assert_allclose(x, (pixels[..., channel] - mean) / scale, atol=1e-4)
    assert encoder.feature_names[5] == "i 0,2,1"


@pytest.mark.parametrize(
    ("low", "high", "brightest"),
    [(0, 1, 1), (0, 0.2, 1), (0, 255, 255), (0, 128, 255), (0, 127, 0), (0, 256, 0), (-1, 1, 0)],
)
def test_the_scale_of_pixels_is_guessed_from_the_largest(low, high, brightest):
    pixels = np.full((2, 2, 2, 1), low, np.float64)
    pixels[0, 0, 0] = high
    encoder = ImageEncoder.fit("i", pixels)
    assert encoder.brightest == brightest
    of_files = encoder.of_files(np.array([0, 51, 255], np.uint8))
    np.testing.assert_allclose(of_files, [0, 0.2, 1] if brightest == 1 else [0, 51, 255])
    assert bool(encoder.files_note) == (brightest == 1)
    assert bool(encoder.off_scale(pixels * 0 + 2.5)) == (brightest == 1)
    assert encoder.off_scale(pixels) == ""
    fractions = np.full((1, 2, 2, 1), 0.5)
    assert bool(encoder.off_scale(fractions)) == (brightest == 255)


def test_steps_are_scaled_by_the_moments_of_each_channel():
    rng = np.random.default_rng(5)
    arrays = [rng.normal([1, 50], [2, 10], (n, 2)) for n in (4, 9, 6)]
    arrays[1][3, 0] = np.nan
    weight = np.array([1.0, 2.0, 0.5])
    encoder = SequenceEncoder.fit("s", sequences([*arrays, None]), np.r_[weight, 3.0])
    for channel in range(2):
        own = np.concatenate([array[:, channel] for array in arrays])
        each = np.concatenate([np.full(len(a), w) for a, w in zip(arrays, weight, strict=True)])
        there = ~np.isnan(own)
        mean = np.average(own[there], weights=each[there])
        scale = sqrt(np.average((own[there] - mean) ** 2, weights=each[there]))
        assert encoder.mean[channel] == pytest.approx(mean, rel=1e-5)
        assert encoder.scale[channel] == pytest.approx(scale, rel=1e-5)
    x = encoded(encoder, sequences([arrays[0]])).reshape(encoder.length, 3)
    z = (arrays[0] - encoder.mean) / encoder.scale
    np.testing.assert_allclose(x[:4, :2], z, atol=1e-4)
    np.testing.assert_array_equal(x[:, 2], np.arange(encoder.length) < 4)
    assert encoder.feature_names[:4] == ("s 0,0", "s 0,1", "s 0,is there", "s 1,0")


@pytest.mark.parametrize("n_channels", [1, 2])
def test_the_outline_of_a_sequence_is_its_mean_in_thirty_two_pieces(n_channels):
    rng = np.random.default_rng(6)
    column = sequences(list(rng.normal(3, 1, (8, 64, n_channels))))
    encoder = PatternEncoder.fit("s", column, most=168)
    steps = encoder.scaled(encoder.read(column))
    x, outline = encoded(encoder, column), steps.reshape(8, 32, 2, n_channels + 1).mean(axis=2)
    n_outline = 32 * (n_channels + 1)
    np.testing.assert_allclose(x[:, :n_outline], outline.reshape(8, -1), atol=1e-5)
    assert encoder.lengths == (32, 64)
    assert encoder.feature_names[n_outline] == "s pattern 0"
    level = [np.median([one.values[:, k].mean() for one in column]) for k in range(n_channels)]
    np.testing.assert_allclose(encoder.steps.mean, level, rtol=1e-5)


def test_a_channel_without_any_number_has_the_level_zero():
    waves = [np.column_stack([np.arange(9.0), np.full(9, np.nan)]) for _ in range(4)]
    encoder = PatternEncoder.fit("s", sequences(waves), most=168)
    assert encoder.steps.mean == (4.0, 0.0)
    assert not encoder.scaled(sequences(waves))[..., 1].any()


def test_numbers_of_one_size_are_scaled_by_half_their_range():
    encoder = NumberEncoder.fit("n", np.array([0.0] * 8 + [-2.0, 6.0]), n_bins=(4,))
    assert (encoder.scaling.center, encoder.scaling.spread) == (0.0, 4.0)
    assert encoder.bin_names(4) == ("n from -2 to 0", "n from 0 to 6")
    assert encoder.bin_names(16) == ()
    assert encoder.candidates == (-2.0, 0.0, 6.0)
    weighted = NumberEncoder.fit("n", np.array([1.0, 2, 3, 4, np.nan]), np.array([1.0, 1, 1, 5, 2]))
    assert weighted.scaling.center == 4.0
    assert weighted.missing_share == pytest.approx(0.2)
    constant = NumberEncoder.fit("n", np.array([7.0, 7.0, np.nan]))
    assert constant.feature_names == ("n is missing",)
    assert constant.rising == (False,)


def test_truth_is_centered_by_its_weight():
    encoder = BooleanEncoder.fit("b", objects(True, False, None), np.array([3.0, 1.0, 1.0]))
    np.testing.assert_allclose(
        encoded(encoder, objects(True, False, None)),
        [[0.25, -0.2], [-0.75, -0.2], [0, 0.8]],
        rtol=1e-6,
    )
    assert encoder.rising == (True, False)


def test_details_count_what_is_there():
    """Each kind says in words what is in its column."""
    columns = {
        "city": [*["Bonn"] * 4, *["Kiel"] * 3, *["Ulm"] * 2, "x" * 30, "y", None],
        "long": [*["l" * 25] * 4, *["m" * 24] * 8],
        "member": [*[True] * 3, *[False] * 5, *[None] * 4],
        "size": [*np.arange(11) / 4 + 0.5, np.nan],
        "since": [*np.datetime64("2020-01-31T10:30") + np.arange(11), None],
    }
    table = Table.from_columns({name: objects(*values) for name, values in columns.items()})
    kinds = {"city": "category", "long": "category", "member": "boolean", "since": "datetime"}
    schema = Schema.infer(table, kinds | {"size": "number"})
    assert schema["city"].detail == "Bonn, Kiel, Ulm and 2 more"
    assert schema["long"].detail == f"{'m' * 24}, {'l' * 21}..."
    assert schema["member"].detail == "true in 38% of the rows"
    assert schema["size"].detail == "from 0.5 to 3"
    assert schema["since"].detail == "from 2020-01-31 10:30:00 to 2020-01-31 10:40:00"
    words = ["one two three", "a longer text of six words"] * 6
    texts = Table.from_columns({"text": objects(*words, "four words are here")})
    assert Schema.infer(texts, {"text": "text"})["text"].detail == "4 words on average"
    waves = sequences([np.arange(n * 2.0).reshape(n, 2) for n in (3, 9, 5)])
    found = Schema.infer(Table.from_columns({"wave": waves}))["wave"].detail
    assert found == "3 to 9 steps, 2 numbers a step"
    pixels = np.arange(48.0).reshape(3, 4, 4, 1)
    found = Schema.infer(Table.from_columns({"pixels": pixels}))["pixels"].detail
    assert found.endswith("from 0 to 47")


def fitted_encoders():
    """Return an encoder of each kind that has arrays, the more of them the better."""
    rng = np.random.default_rng(7)
    levels = rng.integers(0, 80, 400)
    names = np.array([f"l{level}" for level in levels], object)
    target = rng.normal(size=(400, 2))
    encoder = CategoryEncoder.fit("c", names)
    encoder = encoder.with_means(encoder.read(names), target, None)
    other = CategoryEncoder.fit("o", np.array([*"abcd"] * 100, object))
    cells = other.read(np.array([*"abcd"] * 100, object))
    encoder = encoder.with_pair_means(encoder.read(names), other, cells, target, None)
    numbers = NumberEncoder.fit("n", rng.normal(size=100), n_bins=(4, 16))
    patterns = PatternEncoder.fit("s", sequences(list(rng.normal(size=(9, 40, 2)))), most=168)
    return {"levels": encoder, "numbers": numbers, "patterns": patterns}


@pytest.mark.parametrize("name", ["levels", "numbers", "patterns"])
def test_arrays_of_a_file_are_checked_for_size_and_bounds(name):
    """What an encoder writes is accepted, and no array that is shorter or holds NaN."""
    encoder = fitted_encoders()[name]
    state, arrays = encoder.to_state()
    checks = dict(type(encoder).array_checks(state, 2, arrays, ""))
    check_arrays(arrays, checks)
    for own, array in arrays.items():
        wrong = [array[..., :-1], array[:-1]] if array.size > 1 else []
        if array.dtype.kind == "f":
            wrong.append(np.full_like(array, np.nan))
        if checks[own].low > -1e300:
            wrong.append(np.full_like(array, checks[own].low - 1))
        if checks[own].above:
            wrong.append(np.full_like(array, checks[own].low))
        for bad in wrong:
            if own.startswith(("thresholds", "edges")) and bad.shape != array.shape:
                continue  # others are compared with it
            with pytest.raises(Malformed):
                check_arrays(
                    arrays | {own: bad}, dict(type(encoder).array_checks(state, 2, arrays, ""))
                )
    for own in {"counts", "scale", "means.scale", "pairs.scale"} & arrays.keys():  # of any size
        with pytest.raises(Malformed, match="above 0"):
            check_arrays(arrays | {own: np.zeros_like(arrays[own])}, checks)
    for own in {"shares", "means4"} & arrays.keys():  # a share may be one
        check_arrays(arrays | {own: np.ones_like(arrays[own])}, checks)
    for own in {"mean", "shares", "means4", "means.prior"} & arrays.keys():
        check_arrays(arrays | {own: np.zeros_like(arrays[own])}, checks)
    type(encoder).described().from_json(state)
    again = type(encoder).from_state(state, arrays)
    for own, array in again.to_state()[1].items():
        np.testing.assert_array_equal(array, arrays[own])


def test_means_of_rows_are_those_of_levels_and_then_of_pairs():
    encoder = fitted_encoders()["levels"]
    rng = np.random.default_rng(8)
    levels, cells = rng.integers(0, 80, 400), rng.integers(-1, 4, 400)
    target, weight = rng.normal(size=(400, 2)), rng.uniform(0.5, 2, 400)
    learned, parts = np.arange(0, 400, 2), np.arange(400)
    found = encoder.means_of_rows(levels, target, weight, learned, parts, cells)
    facts = levels, target, weight, learned, parts
    expected = encoder.means.for_networks(*facts), encoder.pair_means.for_networks(*facts, cells)
    np.testing.assert_array_equal(found, np.concatenate(expected, axis=1))
    assert encoder.n_means == found.shape[1] == 2 + 4 * 2
    usual = [f"c: usual target {output}" for output in (0, 1)]
    pairs = [f"{one} where o = {level}" for level in "abcd" for one in usual]
    assert encoder.feature_names[-11:] == ("c: frequency", *usual, *pairs)
    x = encoded(encoder, objects(encoder.levels[7], "new", None))
    np.testing.assert_array_equal(x[0, -10:-8], encoder.means.values[7])
    np.testing.assert_array_equal(x[0, -8:], encoder.pair_means.values[7])
    assert not x[1:, -10:].any()
    alone = encoder.means_of_rows(*facts, None)
    np.testing.assert_array_equal(alone, expected[0])


def test_the_most_frequent_terms_have_room_where_memory_is_short():
    texts = np.array(["tea milk", "tea milk", "tea rum", "rum tea cake", "cake"], object)
    assert TextEncoder.fit("t", texts, narrowing=2048).terms == ("tea", "cake")
    assert len(TextEncoder.fit("t", texts).terms) > 3


@pytest.mark.parametrize(
    ("encoder", "change", "problem"),
    [
        (TextEncoder("t", ("a", "b"), (1.0, 2.0)), {"weights": [1.0]}, "2 terms, but 1 weights"),
        (SequenceEncoder("s", 3, (0.0,), (1.0,)), {"scale": [1.0, 1.0]}, "1 mean, but 2 scale"),
        (ImageEncoder("i", (2, 2, 1), (0.0,), (1.0,)), {"mean": [0.0, 1.0]}, "1 channels"),
    ],
)
def test_lists_of_a_file_that_do_not_fit_together_are_named(encoder, change, problem):
    state, _ = encoder.to_state()
    assert type(encoder).from_state(state, {}).to_state()[0] == state
    assert encoder.disagreement(state) == ""
    assert problem in encoder.disagreement(state | change)


def test_a_little_weight_of_missing_values_is_a_level():
    encoder = CategoryEncoder.fit("c", objects("a", "b", "b", None), np.array([1, 1, 1, 0.2]))
    assert encoder.feature_names == ("c = b", "c = a", "c is missing")
    np.testing.assert_allclose(encoder.shares, [2 / 3.2, 1 / 3.2, 0.2 / 3.2])
    empty = CategoryEncoder.fit("c", objects(None, None))
    assert (empty.levels, empty.log_center, empty.log_spread) == ((), 0.0, 1.0)


def test_patterns_are_some_thousand_and_fit_into_the_sequence():
    """A kernel reaches over eight times its dilation."""
    column = sequences(list(np.random.default_rng(9).normal(size=(6, 40, 1))))
    assert 168 < PatternEncoder.fit("s", column, most=900).kernels.n_patterns <= 900
    encoder = PatternEncoder.fit("s", column, most=168)
    state, described = encoder.to_state()[0], PatternEncoder.described()
    assert described.disagreement(state) == ""
    assert described.disagreement(state | {"dilations": [1, 4]}) == ""
    wrong = described.disagreement(state | {"dilations": [1, 5]})
    assert wrong == "has kernels of 40 steps, but 40 steps"


def test_the_spread_of_mostly_one_value_is_half_the_range():
    values = np.array([1.0] * 20 + [-2.0, 6.0])
    scaling = RobustScaling.fit(Distribution.of(values))
    assert (scaling.center, scaling.spread) == (1.0, 4.0)


def test_facts_of_pairs_stand_only_in_files_of_pairs():
    plain = CategoryEncoder.fit("c", objects("a", "b", "a")).to_state()[0]
    assert not {name for name in plain if name.startswith("pair")}
