import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from madaline._tables.target import (
    TARGETS,
    ClassEncoder,
    CountEncoder,
    RegressionEncoder,
    check_learnable,
    infer_task,
)
from madaline._tables.target.values import MAX_TARGET
from madaline.errors import InputError

RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("values", "task", "words"),
    [
        (np.array(["a", "b", "b"]), "classification", "text"),
        (np.array(["a", None], dtype=object), "classification", "text"),
        (np.array([True, False]), "classification", "Booleans"),
        (np.array([True, None, False], dtype=object), "classification", "Booleans"),
        (np.array([0, 1, 1]), "classification", "two different values"),
        (np.array([-1.0, 1.0, np.nan]), "classification", "two different values"),
        (np.array([1, 2, 3] * 20), "classification", "from 1 to 3 without a gap"),
        (np.arange(10).repeat(20), "classification", "0 to 9"),
        (RNG.integers(3, 10, 500), "regression", "3 to 9, not numbered"),
        (np.array([4, 6, 8] * 30), "regression", "4 to 8, not numbered"),
        (np.arange(8), "regression", "too many"),
        (np.array([0, 2, 5] * 30), "regression", "0 to 5 with gaps"),
        (np.arange(30).repeat(20), "regression", "too many"),
        (RNG.normal(size=50), "regression", "decimals"),
        (np.array([1.5, None, 2, 3], dtype=object), "regression", "decimals"),
    ],
)
def test_the_task_is_inferred_from_the_target(values, task, words):
    found, reason = infer_task(values)
    assert found == task
    assert words in reason


LABELS = [
    np.array(["no", "yes"]),
    np.array(["no", "yes"], dtype=object),
    np.array([3, 7]),
    np.array([3, 7], np.uint8),
    np.array([0.5, 2.0]),
    np.array([False, True]),
    np.array([1, 2], dtype=object),
    np.array([1, 2.5, "x"], dtype=object),
    np.array([False, True], dtype=object),
    np.array([np.int64(1), np.int64(2)], dtype=object),
]


@pytest.mark.parametrize("labels", LABELS, ids=lambda labels: f"{labels.dtype}-{labels[0]!r}")
def test_labels_keep_their_type_through_a_file(labels):
    values = labels[RNG.permutation(np.arange(30) % len(labels))]
    encoder = ClassEncoder.fit(values)
    again = TARGETS.read(json.loads(json.dumps(encoder.to_json())))
    assert again.classes.dtype == labels.dtype
    assert [type(c) for c in again.classes.tolist()] == [type(c) for c in encoder.classes.tolist()]
    codes = again.encode(values)
    assert codes.dtype == np.int64
    np.testing.assert_array_equal(codes, encoder.encode(values))
    np.testing.assert_array_equal(again.decode(np.eye(len(labels))[codes]), values)


def test_classes_are_in_order_whatever_the_order_of_rows():
    for values in (["b", "a", "c"], ["c", "b", "a"]):
        assert ClassEncoder.fit(np.array(values, dtype=object)).classes.tolist() == ["a", "b", "c"]
    mixed = [ClassEncoder.fit(np.array(v, dtype=object)) for v in (["x", 2, 1], [1, 2, "x"])]
    assert mixed[0].classes.tolist() == mixed[1].classes.tolist() == [1, 2, "x"]


def test_classes_without_weight_are_left_out():
    values, weight = np.array(["a", "b", "c", "a"]), np.array([1, 2, 0, 0])
    assert ClassEncoder.fit(values, weight).classes.tolist() == ["a", "b"]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.array(["a", "a"]), "only one class: a"),
        (np.array([]), "only one class"),
        (np.array(["a", None], dtype=object), r"no value .* in 1 of 2 rows, the first is row 1"),
        (np.array([0.0, np.nan]), "Input y contains NaN"),
        (np.array([0.0, np.inf]), "infinity"),
        (RNG.normal(size=100), "Unknown label type: continuous"),
        (np.zeros((2, 2)), "one value a row"),
        (np.array([1j, 2]), "Complex data not supported"),
    ],
)
def test_labels_that_are_no_classes_are_refused(values, message):
    with pytest.raises(InputError, match=message):
        ClassEncoder.fit(values)


def test_unknown_labels_are_refused():
    encoder = ClassEncoder.fit(np.array(["a", "b"]))
    with pytest.raises(InputError, match="'c' is not among the classes 'a', 'b'"):
        encoder.encode(np.array(["c"]))


def test_numbers_are_standardized_and_come_back():
    values = RNG.normal(5, 3, 100)
    encoder = RegressionEncoder.fit(values)
    encoded = encoder.encode(values)
    assert encoded.dtype == np.float32
    np.testing.assert_allclose([encoded.mean(), encoded.std()], [0, 1], atol=1e-6)
    np.testing.assert_allclose(encoder.decode(encoded[:, None]), values, rtol=1e-5)
    assert encoder.decode(np.array([[-99.0], [99.0]])).tolist() == [values.min(), values.max()]
    assert TARGETS.read(json.loads(json.dumps(encoder.to_json()))) == encoder


def test_a_number_too_far_from_those_learned_from_is_refused():
    encoder = RegressionEncoder.fit(np.array([1.0, 3.0]))
    assert np.isfinite(np.square(encoder.encode(np.array([1e14])))).all()
    with pytest.raises(InputError, match=r"holds 1e\+100 in row 2 .*learned from \(1 to 3\)"):
        encoder.encode(np.array([1.0, 2.0, 1e100]))


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.array([2**70, 1], dtype=object), "a whole number of 71 bits"),
        (np.array([10**5000, 1], dtype=object), "a whole number of 16610 bits"),
        (np.array([np.inf, "a"], dtype=object), "holds an infinity"),
    ],
)
def test_labels_that_no_file_holds_are_refused(labels, message):
    with pytest.raises(InputError, match=message):
        ClassEncoder.fit(labels)


@pytest.mark.parametrize("dtype", [">i8", ">U3", ">f4", "longdouble", "<u8", "<i2"])
def test_labels_of_any_type_have_one_that_a_file_can_name(dtype):
    labels = np.array([1, 2]).astype(dtype)
    encoder = ClassEncoder.fit(labels)
    assert encoder.classes.dtype.isnative
    assert encoder.classes.dtype.itemsize <= 12
    assert encoder.encode(labels).tolist() == [0, 1]


def test_a_constant_has_the_scale_one():
    encoder = RegressionEncoder.fit(np.array([7, 7]))
    assert (encoder.center, encoder.scale) == (7.0, 1.0)
    assert encoder.decode(np.array([3.0])).tolist() == [7.0]


@given(st.lists(st.floats(-MAX_TARGET, MAX_TARGET), min_size=1, max_size=20))
def test_no_target_overflows(values):
    values = np.array(values)
    encoder = RegressionEncoder.fit(values)
    encoded = encoder.encode(values)
    assert np.isfinite(encoded).all()
    decoded = encoder.decode(encoded)
    assert ((decoded >= encoder.low) & (decoded <= encoder.high)).all()


@given(st.lists(st.tuples(st.integers(-50, 50), st.integers(0, 3)), min_size=2, max_size=30))
def test_target_weights_are_repetitions(rows):
    values, weight = np.array(rows).T
    weight = np.append(weight, 1)
    values = np.append(values, 0) / 7
    assert RegressionEncoder.fit(values, weight) == RegressionEncoder.fit(np.repeat(values, weight))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.array([1.0, np.nan]), "no value .* in 1 of 2 rows"),
        (np.array([1.0, np.inf]), r"infinity .* in row 1"),
        (np.array([1.0, -1.5e308]), r"holds -1.5e\+308 in row 1 .*up to 1e\+150"),
        (np.array(["1", "b"], dtype=object), "holds text .*'b'"),
        (np.array(["a", "b"]), "needs numbers"),
        (np.array(["2020-01-01"], "M8[D]"), "needs numbers"),
        (np.array([]), "no rows"),
    ],
)
def test_targets_that_are_no_numbers_are_refused(values, message):
    with pytest.raises(InputError, match=message):
        RegressionEncoder.fit(values)


@pytest.mark.parametrize(
    ("values", "task", "message"),
    [
        (np.array([None, None]), "classification", "'y' has no value in any row"),
        (np.array([1.0, np.nan]), "regression", "'y' has no value in 1 of 2 rows"),
        (np.array([2.0, 2.0]), "regression", r"only one value \(2.0\)"),
        (np.array(["a", "a"]), "classification", r"only one class \(a\)"),
    ],
)
def test_what_cannot_be_learned_is_refused(values, task, message):
    with pytest.raises(InputError, match=message):
        check_learnable(values, task, name="y")
    check_learnable(np.array([1.0, 2.0]), task)


@given(st.lists(st.floats(0, MAX_TARGET), min_size=1, max_size=9), st.booleans())
def test_amounts_come_back_whatever_their_unit(values, weighted):
    values = np.array(values)
    weight = np.linspace(1, 2, len(values)) if weighted else None
    encoder = CountEncoder.fit(values, weight)
    mean = np.average(values / (values.max() or 1), weights=weight) * (values.max() or 1)
    assert encoder.scale == (pytest.approx(mean) if mean else 1)
    decoded = encoder.decode(encoder.encode(values))
    np.testing.assert_allclose(decoded, values, rtol=1e-6, atol=1e-37 * encoder.scale)
    assert TARGETS.read(json.loads(json.dumps(encoder.to_json()))) == encoder


def test_amounts_below_zero_are_refused():
    with pytest.raises(InputError, match=r"the target holds -0.5: choose another loss"):
        CountEncoder.fit(np.array([1.0, -0.5, 3.0]))
