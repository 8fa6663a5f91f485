"""Kinds at their limits: columns that hardly tell anything, and what a file may hold at most."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from madaline import sequences, sounds
from madaline._base.codec import fields_of
from madaline._base.json_checks import Malformed
from madaline._tables.array_checks import check_arrays
from madaline._tables.kinds import KINDS, sequence, text
from madaline._tables.kinds.bins import JoinedBins, cap_edges
from madaline._tables.kinds.boolean import BooleanEncoder, BooleanKind
from madaline._tables.kinds.image import ImageEncoder, ImageKind
from madaline._tables.kinds.kind import ColumnSchema, TrainingColumn, format_short
from madaline._tables.kinds.moment import DatetimeEncoder, DatetimeKind, _parts
from madaline._tables.kinds.number import NumberEncoder, NumberKind, RobustScaling, is_whole
from madaline._tables.kinds.sequence import PatternEncoder, SequenceEncoder, SequenceKind
from madaline._tables.kinds.sound import SoundEncoder, SoundKind
from madaline._tables.kinds.text import TextEncoder, TextKind
from madaline._tables.statistics import Distribution
from madaline._tables.table import Table
from madaline.errors import InputError


def objects(*values):
    column = np.empty(len(values), object)
    column[:] = values
    return column


def encoded(encoder, column):
    out = np.full((len(column), encoder.n_features), np.nan, np.float32)
    encoder.write(encoder.read(column), out)
    return out


def column_of(kind, values, **more):
    return TrainingColumn(Table({"c": values}), ColumnSchema("c", kind, 0, 0, ""), **more)


def test_which_kinds_are_in_order_and_hold_one_value():
    assert {one for one, kind in KINDS.items() if kind.ordered} == {"number", "boolean", "datetime"}
    assert {one for one, kind in KINDS.items() if kind.has_levels} == {"category", "boolean"}
    assert {one for one, kind in KINDS.items() if kind.profiled} == {
        "number", "boolean", "datetime", "category",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("number", "words"),
    [(-999_999_999, "-999999999"), (1e9, "1e+09"), (12.0, "12"), (1.23456, "1.235")],
)
def test_short_numbers_have_four_digits_or_are_whole(number, words):
    assert format_short(number) == words


def test_numbers_are_whole_where_all_are():
    assert is_whole(np.array([-1.0, np.nan, 3.0]))
    assert not is_whole(np.array([1.0, 2.5]))
    assert is_whole(np.zeros(0))
    later = np.r_[np.full(2**17, 1.0), 0.5]  # more than a block
    assert not is_whole(later)
    assert not is_whole(later[::-1])


@pytest.mark.parametrize(
    ("numbers", "center", "spread"),
    [
        ([-1.7e308, -1.7e308, 1.7e308, 1.7e308], 0.0, np.finfo(float).max),
        ([0.0, 0.0, 0.0, 0.0, 0.0, 5e-324], 0.0, 5e-324),
        ([7.0], 7.0, 5e-324),
    ],
)
def test_the_spread_of_numbers_is_a_number_above_zero(numbers, center, spread):
    scaling = RobustScaling.fit(Distribution.of(np.array(numbers)))
    assert (scaling.center, scaling.spread) == (center, spread)
    assert np.isfinite(scaling.apply(np.array([*numbers, 1e308, -1e308]))).all()


def test_columns_without_any_value_have_no_features():
    numbers = NumberEncoder.fit("n", np.full(3, np.nan), n_bins=(4,))
    assert (numbers.feature_names, numbers.candidates, numbers.missing_share) == ((), (), None)
    assert (numbers.scaling.center, numbers.scaling.spread) == (0.0, 1.0)
    truth = BooleanEncoder.fit("b", objects(None, None))
    assert (truth.feature_names, truth.true_share, truth.missing_share) == ((), 0.0, None)
    assert BooleanEncoder.fit("b", objects(True, True)).feature_names == ()
    assert BooleanEncoder.fit("b", objects(False, False)).feature_names == ()
    assert truth.candidates == (True, False)
    moments = DatetimeEncoder.fit("d", objects(None, None))
    assert (moments.feature_names, moments.missing_share) == ((), None)


@pytest.mark.parametrize(
    ("kind", "empty"),
    [
        (NumberKind(), np.full(2, np.nan)),
        (DatetimeKind(), np.full(2, np.datetime64("NaT", "us"))),
        (BooleanKind(), objects(None, None)),
        (TextKind(), objects(None, None)),
        (SequenceKind(), objects(None, None)),
        (SoundKind(), objects(None, None)),
    ],
)
def test_columns_without_any_value_have_no_details(kind, empty):
    assert kind.detail(Table({"c": empty}), "c") == ""


def test_columns_with_weights_are_not_fitted_by_their_order():
    numbers, weight = np.array([3.0, 1, 2, 2]), np.array([1.0, 5, 1, 1])
    plain, weighted = column_of("number", numbers), column_of("number", numbers, weight=weight)
    assert plain.ascending("f").tolist() == [1, 2, 2, 3]
    assert plain.ascending("M") is weighted.ascending("f") is weighted.ascending("M") is None
    assert NumberKind().fit(plain).scaling.center == 2
    assert NumberKind().fit(weighted).scaling.center == 1
    assert weighted.weighted()[1] is weight
    values, counts = plain.weighted()
    assert dict(zip(values.tolist(), counts.tolist(), strict=True)) == {1: 1, 2: 2, 3: 1}


def test_details_name_both_ends_of_a_range():
    waves = sequences([np.arange(4.0), np.arange(9.0)])
    assert SequenceKind().detail(Table({"c": waves}), "c") == "4 to 9 steps, a number a step"
    tones = [np.sin(np.arange(n)) for n in (4000, 8000)]
    heard = np.append(sounds(tones, [8000, 16000]), objects(None))
    assert (
        SoundKind().detail(Table({"c": heard}), "c") == "0.5 to 0.5 seconds, 8,000 to 16,000 hertz"
    )
    pixels = np.zeros((0, 4, 3, 1))
    assert ImageKind().detail(Table({"c": pixels}), "c") == "4 x 3 pixels, gray"
    halves = Table({"c": np.array([0.5, np.nan, 2])})
    assert NumberKind().detail(halves, "c") == "from 0.5 to 2"
    assert NumberKind().detail(Table({"c": np.array([1.0, 3])}), "c") == "whole, from 1 to 3"


def edges_by_hand(weights, n_bins):
    """Return where the capped weight so far reaches each share of all of it, without rounding."""
    capped = [min(Fraction(one), Fraction(sum(weights), n_bins)) for one in weights]
    so_far = [sum(capped[: place + 1]) for place in range(len(capped))]
    inner = [
        next(place for place, one in enumerate(so_far) if one >= so_far[-1] * Fraction(k, n_bins))
        for k in range(1, n_bins)
    ]
    return sorted({0, *inner, len(weights) - 1})


@pytest.mark.parametrize("n_bins", [2, 4, 8])
@pytest.mark.parametrize("seed", range(4))
def test_edges_are_quantiles_of_capped_weights(n_bins, seed):
    rng = np.random.default_rng(seed)
    weights = rng.integers(1, 4, n_bins + 2 + 5 * seed)
    weights[rng.integers(len(weights))] = 40
    values = np.arange(len(weights)) ** 2.0
    edges = cap_edges(Distribution(values, weights.astype(float)), n_bins)
    assert edges.tolist() == [place**2 for place in edges_by_hand(weights.tolist(), n_bins)]
    few = Distribution(values[: n_bins + 1], weights[: n_bins + 1].astype(float))
    assert cap_edges(few, n_bins).tolist() == values[: n_bins + 1].tolist()


@pytest.mark.parametrize("n_bins", [1, 3, 4, 5, 8, 9])
def test_a_number_lies_in_the_bin_around_it(n_bins):
    edges = np.arange(n_bins + 1) ** 2.0
    bins = JoinedBins.of([edges, np.array([0.0, 5e-324, 1.0])], [np.zeros(n_bins), np.zeros(2)])
    numbers = np.r_[-1.0, edges, (edges[1:] + edges[:-1]) / 2, 1e3]
    index, part = bins.locate(np.stack([numbers, np.clip(numbers, 0, 1)]))
    for number, bin, own in zip(numbers, index[0], part[0], strict=True):
        inside = min(max(number, 0), edges[-1])
        assert edges[bin] + own * (edges[bin + 1] - edges[bin]) == pytest.approx(inside)
        assert bin == max(0, np.searchsorted(edges[:-1], number, side="right") - 1)
        alone = bins.locate(np.array([[number], [0.0]]))
        assert (alone[0][0, 0], alone[1][0, 0]) == (bin, own)
    assert set(index[1]) <= {n_bins, n_bins + 1}
    assert np.isfinite(part).all()


def test_bins_of_a_file_have_two_edges_more_than_nothing():
    encoder = NumberEncoder.fit("n", np.arange(40.0), n_bins=(4,))
    state, arrays = encoder.to_state()

    def look(edges, means):
        changed = {"edges4": np.array(edges, float), "means4": np.array(means, float)}
        checks = NumberEncoder.array_checks(state, 1, changed, "")
        check_arrays(changed, dict(checks))

    look(arrays["edges4"], arrays["means4"])
    look([0, 1, 2], [0.5, 1 + 5e-10])
    for edges, means in (
        ([0, 1], [0.5]),
        ([0, 1, 2, 3, 4, 5], [0.5] * 5),
        ([0, 2, 1], [0.5] * 2),
        ([0, 1, 1], [0.5] * 2),
        ([0, 1, 2], [0.5] * 3),
        ([0, 1, 2], [0.5, 1 + 1e-8]),
        ([0, 1, 2], [0.5, -1e-9]),
    ):
        with pytest.raises(Malformed):
            look(edges, means)
    checks = dict(NumberEncoder.array_checks(state, 1, {}, ""))
    assert (checks["edges4"].shape, checks["means4"].shape) == ((3,), (2,))


def fitted():
    sizes = np.random.default_rng(0).normal(size=(9, 20))
    waves, heard = sequences(list(sizes)), sounds([np.sin(np.arange(900))] * 3, 8000)
    return {
        "numbers": NumberEncoder.fit("n", sizes[0], n_bins=(4,)),
        "text": TextEncoder("t", ("a", "b"), (1.0, 2.0)),
        "image": ImageEncoder("i", (2, 2, 1), (0.0,), (1.0,)),
        "steps": SequenceEncoder.fit("s", waves),
        "patterns": PatternEncoder.fit("s", waves, most=168),
        "sound": SoundEncoder.fit("a", heard),
        "moments": DatetimeEncoder.fit("d", np.datetime64("2026-01-01") + np.arange(90)),
        "schema": ColumnSchema("c", "number", 0, 3, ""),
    }


LIMITS = [
    ("numbers", {"bins": [1, 1024]}, {"bins": [0]}),
    ("numbers", {"bins": [*range(1, 17)]}, {"bins": [*range(1, 18)]}),
    ("numbers", {"bins": []}, {"bins": [4, 4]}),
    ("numbers", {"missing_share": 1.0}, {"missing_share": 1.1}),
    ("numbers", {"spread": 1e-300}, {"spread": 0.0}),
    ("numbers", {"bins": [1]}, {"bins": [1025]}),
    ("text", {"weights": [1000, 1e-9]}, {"weights": [1000.5, 1]}),
    ("text", {"weights": [1, 2]}, {"weights": [1, 0]}),
    ("text", {"count_power": 1.0}, {"count_power": 1.01}),
    ("text", {"count_power": 0.01}, {"count_power": 0.0}),
    ("text", {"terms": ["c", "d"]}, {"terms": ["c", "c"]}),
    ("text", {"terms": ["c", "d"]}, {"terms": [], "weights": []}),
    ("image", {"shape": [1, 4096, 1]}, {"shape": [1, 4097, 1]}),
    ("image", {"shape": [4096, 1, 1]}, {"shape": [0, 1, 1]}),
    ("image", {"brightest": 255}, {"brightest": 254}),
    ("image", {"scale": [1e-9]}, {"scale": [0.0]}),
    ("steps", {"length": 2048}, {"length": 2049}),
    ("steps", {"length": 1}, {"length": 0}),
    ("steps", {"mean": [0.0] * 4096, "scale": [1.0] * 4096}, {"mean": [], "scale": []}),
    ("steps", {"scale": [2.0]}, {"mean": [0.0] * 4097, "scale": [1.0] * 4097}),
    ("patterns", {"dilations": [1, 2]}, {"dilations": []}),
    ("patterns", {"dilations": [2]}, {"dilations": [0]}),
    ("sound", {}, {"spectrogram": {"bands": 39, "highest": 4000.0}}),
    ("moments", {"cycles": ["hour", "month"]}, {"cycles": ["hour", "hour"]}),
    ("moments", {"cycles": []}, {"cycles": ["minute"]}),
    ("schema", {"quartiles": [0.0] * 5}, {"quartiles": [0.0] * 6}),
    ("schema", {"kind": "dropped"}, {"kind": "none"}),
]


@pytest.mark.parametrize(("name", "fine", "wrong"), LIMITS)
def test_what_a_file_tells_of_kinds_has_limits(name, fine, wrong):
    encoder = fitted()[name]
    state = encoder.to_json() if name == "schema" else encoder.to_state()[0]
    check = fields_of(type(encoder))
    check(state)
    check(state | fine)
    with pytest.raises(Malformed):
        check(state | wrong)


def test_what_a_schema_of_an_older_file_does_not_tell():
    facts = {"name": "c", "kind": "number", "n_missing": 0, "n_distinct": 3, "detail": ""}
    read = ColumnSchema.from_json(facts)
    assert (read.quartiles, read.whole, read.written, read.note) == ((), False, None, "")
    assert (
        TextEncoder.from_json({"name": "t", "terms": ["a"], "weights": [1.0]}).with_pieces is False
    )


def test_midnight_and_noon_are_whole_hours_in_any_year():
    days = np.datetime64("1931-03-07", "us") + np.arange(0, 60_000, 7) * np.timedelta64(1, "D")
    parts = _parts(np.concatenate([days, days + np.timedelta64(12, "h")]))
    assert set(parts["hour"]) == {0.0, 12.0}
    calendar = [day.astype("datetime64[D]").astype(object) for day in days]
    assert parts["weekday"][: len(days)].tolist() == [day.weekday() for day in calendar]
    assert parts["month"][: len(days)].tolist() == [day.month - 1 for day in calendar]
    assert parts["year"][: len(days)].tolist() == [day.year for day in calendar]
    assert parts["time"][0] == days[0].astype("datetime64[s]").astype(int)


def test_parts_of_moments_that_must_rise_are_no_cycles():
    days = np.datetime64("2024-01-01", "us") + np.arange(400) * np.timedelta64(25, "h")
    free = DatetimeKind().fit(column_of("datetime", days))
    assert free.cycles == ("month", "weekday", "hour")
    risen = DatetimeKind().fit(column_of("datetime", days, monotone=True))
    assert (risen.cycles, tuple(risen.scalings)) == ((), ("time", "year"))
    assert risen.rising == (True, True)
    twice = DatetimeEncoder.fit("c", np.repeat(days[:2], [1, 3]))
    assert tuple(twice.scalings) == ("time",)


def test_pixels_that_hardly_differ_are_scaled_and_equal_ones_are_not():
    pixels = np.full((2, 2, 2, 3), 0.5)
    pixels[..., 0] *= 1 + 1e-4 * np.array([[1, -1], [-1, 1]])
    pixels[..., 2] = 0
    encoder = ImageEncoder.fit("i", pixels)
    assert encoder.scale == pytest.approx((0.5e-4, 1, 1))
    assert np.isfinite(encoded(encoder, pixels)).all()
    wide = np.full((2, 15), 7, np.float32)
    encoder.write(pixels, wide[:, :12])  # beside other columns
    np.testing.assert_array_equal(wide[:, :12], encoded(encoder, pixels))
    assert (wide[:, 12:] == 7).all()


def test_images_are_averaged_over_more_than_a_block():
    pixels = np.random.default_rng(0).integers(0, 99, (40, 64, 64, 1), np.uint8)
    encoder = ImageEncoder.fit("i", pixels)
    assert encoder.mean == pytest.approx((pixels.mean(),))
    assert encoder.scale == pytest.approx((pixels.std(),))


@pytest.mark.parametrize(("highest", "brightest"), [(0, 0), (1.5, 0), (127.5, 0), (127.6, 255)])
def test_pixels_are_fractions_or_bytes_or_neither(highest, brightest):
    pixels = np.zeros((2, 2, 2, 1))
    pixels[1, 1, 1] = highest
    assert ImageEncoder.fit("i", pixels).brightest == brightest


def test_pixels_on_another_scale_are_told():
    fractions = ImageEncoder("i", (1, 1, 1), (0.0,), (1.0,), 1)
    one = np.ones((1, 1, 1, 1))
    assert fractions.off_scale(2 * one) == ""  # resized, perhaps
    assert "go up to 2.5" in fractions.off_scale(2.5 * one)
    assert fractions.off_scale(one[:0]) == ""
    dark = ImageEncoder("i", (1, 1, 1), (0.0,), (1.0,), 255)
    assert dark.off_scale(one.astype(np.uint8)) == ""  # bytes are no fractions
    assert "pixels are fractions" in dark.off_scale(one)
    unclear = ImageEncoder("i", (1, 1, 1), (0.0,), (1.0,))
    assert unclear.off_scale(9 * one) == unclear.files_note == ""


def test_steps_that_hardly_differ_are_scaled_and_equal_ones_are_not():
    steps = np.tile([[1 + 2e-4, 0.0, 0.1], [1 - 2e-4, 0.0, 0.1]], (3, 1))
    encoder = SequenceEncoder.fit("s", sequences([steps, steps[:4]]))
    assert encoder.scale == pytest.approx((2e-4, 1, 1), rel=1e-3)
    with pytest.raises(InputError, match=r"of 2 numbers a step, but .* from 3"):
        encoder.read(sequences([steps[:, :2]]))


def test_long_sequences_have_some_hundred_steps_and_two_thousand_for_patterns():
    long = sequences(list(np.random.default_rng(0).normal(size=(2, 2100, 1))))
    assert SequenceEncoder.fit("s", long).length == 512
    assert PatternEncoder.fit("s", long, most=168).steps.length == 2048
    mostly = sequences([np.arange(10.0) + n for n in range(40)] + [np.arange(90.0)])
    assert SequenceEncoder.fit("s", mostly).length == 10
    assert PatternEncoder.fit("s", mostly, most=168).steps.length == 30
    alone = SequenceKind().fit(column_of("sequence", mostly, alone=True, narrowing=8))
    assert 5376 / 16 < alone.kernels.n_patterns <= 5376 / 8
    beside = SequenceKind().fit(column_of("sequence", mostly))
    assert isinstance(beside, SequenceEncoder)
    assert alone.n_channels == beside.n_channels == 1


@pytest.mark.parametrize(("shift", "is_zero"), [(0.09, True), (0.15, False)])
def test_a_level_near_zero_is_zero(shift, is_zero):
    """Within a tenth of the standard deviation."""
    wave = np.array([1.0, -1.0] * 8)
    encoder = PatternEncoder.fit("s", sequences([wave + shift] * 5), most=168)
    assert encoder.steps.mean == pytest.approx((0.0 if is_zero else shift,))


def test_the_level_of_a_single_step_is_its_number():
    encoder = PatternEncoder.fit("s", sequences([[[4.0]], [[6.0]], [[5.0]]]), most=168)
    assert encoder.steps.mean == (5.0,)


@pytest.mark.parametrize(("n_samples", "step"), [(256, 1), (257, 2), (513, 3)])
def test_patterns_are_scaled_by_some_hundred_sequences(n_samples, step):
    column = sequences(list(np.random.default_rng(0).normal(size=(n_samples, 9, 1))))
    encoder = PatternEncoder.fit("s", column, most=168)
    shares = encoder.kernels.shares(encoder.scaled(column[::step])[..., :-1])
    np.testing.assert_allclose(encoder.mean, shares.mean(axis=0), rtol=1e-6)
    same = PatternEncoder.fit("s", sequences([np.arange(9.0)] * 3), most=168)
    assert (same.scale == 1).all()


def test_short_sequences_have_patterns_beside_longer_ones():
    rng = np.random.default_rng(0)
    column = sequences([rng.normal(size=n) for n in (12, 30, 30, 30)])
    encoder = PatternEncoder.fit("s", column, most=168)
    x = encoded(encoder, column)
    assert x[0, -encoder.kernels.n_patterns :].any()
    blocks = np.concatenate([encoded(encoder, column[[row]]) for row in range(4)])
    np.testing.assert_allclose(x, blocks, atol=1e-5)


def test_features_of_all_rows_together_take_a_gibibyte():
    rows = objects(*sequences(list(np.random.default_rng(0).normal(size=(6, 20, 1)))))
    many = np.concatenate([rows, np.full(2**17 - 6, None, object)])
    assert 1024 < PatternEncoder.fit("s", many).kernels.n_patterns <= 2048
    assert sequence._MAX_NUMBERS == text._MAX_NUMBERS == 2**30 / np.float32().nbytes
