"""Wild labels, weights and values: no learner is ruined by them, and true changes are learned."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from madaline import OnlineClassifier, OnlineRegressor
from madaline._models.online.columns import MAX_LEFT_OUT, MAX_NUMBER, ROWS_PER_LEFT_OUT, reach
from madaline._models.online.replay import _MAX_GROWTH, _MAX_WEIGHT, Replay

FINITE = st.floats(allow_nan=False, allow_infinity=False)
SOME = st.one_of(st.floats(-5, 5), FINITE, st.sampled_from([1e20, -1e39, 1e308, -1e308]))
WEIGHTS = st.one_of(st.floats(0.1, 5), st.floats(1e-12, 1e12))


def stream(n_rows, seed=0):
    X = np.random.default_rng(seed).standard_normal((n_rows, 3))
    return X, 20 + 3 * X[:, 0] + np.sin(2 * X[:, 1])


def errors(X, y, *, learned=None, weight=None):
    """Return the error of each row, in a stream that goes astray somewhere."""
    learned = y if learned is None else learned
    model, predicted = OnlineRegressor(random_state=0), []
    for row in range(len(y)):
        x = dict(zip("abc", X[row].tolist(), strict=True))
        predicted.append(model.predict_one(x))
        if weight is None or weight[row] == 1:
            model.learn_one(x, learned[row])
        else:
            some = {name: [value] for name, value in x.items()}
            model.partial_fit(some, learned[row : row + 1], sample_weight=weight[row : row + 1])
    return np.array(predicted) - y


@pytest.fixture(scope="module")
def good():
    """The errors where nothing goes astray."""
    return errors(*stream(1400))


def later(found, row, n_rows=500):
    return np.sqrt(np.mean(np.square(found[row : row + n_rows])))


@given(
    st.lists(FINITE, min_size=2 * ROWS_PER_LEFT_OUT, max_size=80),
    st.integers(1, MAX_LEFT_OUT),
    FINITE,
)
def test_a_few_wild_numbers_do_not_widen_the_reach(numbers, n_wild, wild):
    n_wild = min(n_wild, (len(numbers) - 1) // ROWS_PER_LEFT_OUT)
    values = np.clip(numbers, -MAX_NUMBER, MAX_NUMBER)
    values[:n_wild] = np.clip(wild, -MAX_NUMBER, MAX_NUMBER)
    low, high = reach(np.sort(values)[None], np.array([len(values)]))
    good = values[n_wild:]
    if np.ptp(np.sort(good)[1:-1]):
        assert high[0] <= good.max() + np.ptp(good)
        assert low[0] >= good.min() - np.ptp(good)


def test_what_came_twice_among_equal_numbers_is_believed_and_what_came_once_is_not():
    for times, expected in ((1, 0.0), (2, 14.0)):
        values = np.sort(np.concatenate([np.zeros(500), np.full(times, 7.0)]))
        assert reach(values[None], np.array([len(values)]))[1] == expected


def test_missing_numbers_do_not_count():
    values = np.array([[*np.arange(40.0), np.nan, np.nan], [*np.arange(42.0)]])
    low, high = reach(values, np.array([40, 42]))
    np.testing.assert_array_equal(low, [2 - 35, 2 - 37])
    np.testing.assert_array_equal(high, [37 + 35, 39 + 37])


@settings(deadline=None, max_examples=40)
@given(st.data(), st.sampled_from([OnlineClassifier, OnlineRegressor]), st.integers(1, 40))
def test_predictions_are_finite_whatever_is_learned(data, estimator, n_rows):
    X = np.array(data.draw(st.lists(st.tuples(SOME, SOME), min_size=n_rows, max_size=n_rows)))
    y = np.array(data.draw(st.lists(SOME, min_size=n_rows, max_size=n_rows)))
    weight = np.array(data.draw(st.lists(WEIGHTS, min_size=n_rows, max_size=n_rows)))
    y = np.where(y > 0, "up", "down") if estimator is OnlineClassifier else y
    model, alone = estimator(random_state=0), data.draw(st.integers(0, n_rows - 1))
    for row in range(alone):
        x = {"x0": float(X[row, 0]), "x1": float(X[row, 1])}
        model.predict_one(x)
        model.learn_one(x, y[row])
    model.partial_fit(X[alone:], y[alone:], sample_weight=weight[alone:])
    predict = "predict_proba" if estimator is OnlineClassifier else "predict"
    predicted = getattr(model, predict)(X)
    assert np.isfinite(predicted).all()
    with tempfile.TemporaryDirectory() as folder:
        model.save(Path(folder) / "stream.madaline")
        again = estimator.load(Path(folder) / "stream.madaline")
    np.testing.assert_array_equal(getattr(again, predict)(X), predicted)


@pytest.mark.parametrize(("place", "wild"), [(400, 1e4), (400, -1e300), (0, 1e20), (5, -1e6)])
def test_one_wild_label_is_got_over(good, place, wild):
    X, y = stream(1400)
    learned = y.copy()
    learned[place] = wild
    found = errors(X, y, learned=learned)
    assert later(found, 900) < 1.1 * later(good, 900)
    if place == 400:
        assert later(found, 401, 100) < 1.2 * later(good, 401, 100)


def test_a_wild_label_in_a_table_is_got_over():
    X, y = stream(2000)
    wild = y.copy()
    wild[300] = 1e25
    good, found = (  # predictions of the other rows
        OnlineRegressor(random_state=0).partial_fit(X[:1500], learned[:1500]).predict(X[1500:])
        for learned in (y, wild)
    )
    assert later(found - y[1500:], 0) < 1.1 * later(good - y[1500:], 0)


@pytest.mark.parametrize("change", [lambda y: 1e5 * y, lambda y: y + 40, lambda y: -1e60 * y])
def test_a_change_of_level_or_scale_is_learned(change):
    X, y = stream(1000)
    y[600:] = change(y[600:])
    found = errors(X, y)
    assert later(found, 750, 250) < 0.5 * np.std(y[600:])


def test_a_wild_weight_is_got_over(good):
    X, y = stream(1400)
    weight = np.ones(len(y))
    weight[400] = 1e12
    assert later(errors(X, y, weight=weight), 900) < 1.1 * later(good, 900)


def test_a_column_that_alternates_between_the_largest_numbers():
    model = OnlineClassifier(random_state=0)
    for row in range(300):
        model.learn_one({"a": 1e308 if row % 2 else -1e308}, "odd" if row % 2 else "even")
    assert model.predict_proba_one({"a": 1e308})["odd"] > 0.9


def test_weights_count_by_their_ratio_whatever_their_size():
    weights = np.full(60, 1e30)
    replay, row = Replay(100, 1, 1, 1), np.zeros((1, 1))
    for weight in weights:
        replay.add(row, row, row, np.array([weight]))
    assert replay.weight[0] == _MAX_GROWTH
    assert replay.weight[59] == _MAX_WEIGHT
    replay.add(row, row, row, np.array([0.0]))
    assert replay.weight[60] == 0


def test_a_learner_that_has_only_predicted_is_read_back(tmp_path):
    model = OnlineRegressor(random_state=0)
    model.predict_one({"a": 1.0})
    model.save(tmp_path / "stream.madaline")
    again = OnlineRegressor.load(tmp_path / "stream.madaline")
    assert again.learn_one({"a": 1.0}, 5.0).predict_one({"a": 1.0}) == pytest.approx(5)
