"""The population keeps up with a stream: weights, replay, late labels, classes that appear."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from madaline._models.online.learner import OnlineLearner
from madaline._models.online.networks import (
    _EQUAL_SHARE,
    _MEMORIES,
    OnlineNetworks,
    TimeScales,
    Weighting,
)
from madaline._models.online.replay import Replay
from madaline._models.online.tasks import _RANGE_MARGIN, Classes, Numbers
from madaline._tables.table import Table
from madaline.nn.losses import Squared


def stream(n_rows: int, *, seed: int = 0, flipped: bool = False):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n_rows, 3))
    y = np.where((X[:, 0] + X[:, 1] > 0) != flipped, "up", "down")
    return X, y


def table(X):
    return Table.from_columns({f"x{number}": column for number, column in enumerate(X.T)})


def accuracy(learner, X, y):
    made = learner.predict(table(X))
    return np.mean(np.array(learner.task.classes)[made.mixture.argmax(axis=1)] == y)


def test_it_learns_and_follows_a_change():
    learner = OnlineLearner(Classes(), ["x0", "x1", "x2"], seed=0)
    X, y = stream(800)
    learner.learn(table(X), y)
    assert accuracy(learner, *stream(300, seed=1)) > 0.9
    X, y = stream(800, seed=2, flipped=True)
    learner.learn(table(X), y)
    assert accuracy(learner, *stream(300, seed=3, flipped=True)) > 0.85


def test_predicting_changes_nothing():
    learner = OnlineLearner(Classes(), ["x0", "x1", "x2"], seed=0)
    X, y = stream(100)
    learner.learn(table(X), y)
    first = learner.predict(table(X)).mixture
    np.testing.assert_array_equal(learner.predict(table(X)).mixture, first)
    alone = learner.predict(table(X[5:6])).mixture
    np.testing.assert_allclose(alone[0], first[5], rtol=1e-5)


def test_probabilities_sum_to_one():
    learner = OnlineLearner(Classes(), ["x0", "x1", "x2"], seed=0)
    X, y = stream(60)
    learner.learn(table(X), y)
    np.testing.assert_allclose(learner.predict(table(X)).mixture.sum(axis=1), 1)


def test_a_class_that_appears_later_is_learned():
    learner = OnlineLearner(Classes(), ["x0", "x1", "x2"], seed=0)
    X, y = stream(200)
    learner.learn(table(X), y)
    far = np.random.default_rng(9).standard_normal((100, 3)) + 6
    learner.learn(table(far), np.full(100, "far"))
    assert learner.task.classes[2] == "far"
    assert accuracy(learner, far + 0.1, np.full(100, "far")) > 0.9


def test_a_late_column_is_soon_on_a_scale_of_its_own():
    learner = OnlineLearner(Classes(), ["x0", "x1", "x2"], seed=0)
    X, y = stream(1100)
    learner.learn(table(X), y)
    far = np.random.default_rng(5).normal(1000, 300, 70)
    for row, late in zip(X, far, strict=False):
        learner.learn({"x0": row[0], "late": late}, np.array(["up" if late > 1000 else "down"]))
    kept = learner.replay.x[learner.replay.newest(70)]
    late = learner.inputs.n_history + learner.inputs.encoder._arrays.scaled_features[3]
    assert np.corrcoef(kept[:, late], far)[0, 1] > 0.9
    assert np.abs(kept[:, late]).mean() < 1


def test_widening_does_not_change_predictions():
    networks = OnlineNetworks(TimeScales.all(), 4, 2, np.random.default_rng(0))
    views = networks.population.layout.views(networks.population.memory["mean"])
    views["2.weight"][:] = np.random.default_rng(1).standard_normal(views["2.weight"].shape)
    x = np.random.default_rng(2).standard_normal((5, 4)).astype(np.float32)
    before = networks.outputs(x, np.ones((len(networks.scales), 1, 4), np.float32))
    networks.widen(np.array([0, 2, 3, 5]), 7, 3)
    wider = np.zeros((5, 7), np.float32)
    wider[:, [0, 2, 3, 5]] = x
    after = networks.outputs(wider, np.ones((len(networks.scales), 1, 7), np.float32))
    np.testing.assert_allclose(after[..., :2], before, rtol=1e-5, atol=1e-6)


def test_members_of_the_longest_memory_predict_with_mean_weights():
    scales = TimeScales.all()
    networks = OnlineNetworks(scales, 2, 1, np.random.default_rng(0))
    rng, seen = np.random.default_rng(1), np.ones((len(scales), 1, 2), np.float32)
    for _ in range(100):
        x = rng.standard_normal((len(scales), 8, 2)).astype(np.float32)
        networks.step(x, x[..., :1], np.ones(x.shape[:2], np.float32), Squared(), seen)
    theta, mean = networks.population.theta, networks.population.memory["mean"]
    averaged = scales.horizons[:, 0] == scales.horizons.max()
    np.testing.assert_allclose(mean[~averaged], theta[~averaged], rtol=1e-4, atol=1e-6)
    assert (np.abs(mean - theta).max(axis=1)[averaged] > 1e-3).all()
    x = rng.standard_normal((3, 2)).astype(np.float32)
    outputs = networks.outputs(x, seen)
    theta[averaged] = 0
    np.testing.assert_array_equal(networks.outputs(x, seen), outputs)


def test_some_members_do_not_see_all_inputs():
    learner = OnlineLearner(Classes(), ["x0", "x1", "x2"], seed=0)
    X, y = stream(50)
    learner.learn(table(X), y)
    scales, n_history = learner.scales, learner.inputs.n_history

    def differ(places):
        x = np.zeros((2, learner.inputs.n_inputs), np.float32)
        x[1, places] = 5
        outputs = learner.networks.outputs(x, learner.seen)
        return (outputs[:, 0] != outputs[:, 1]).any(axis=1)

    labels = differ(np.arange(n_history))
    assert not labels[: scales.n_without].any()
    assert labels[scales.n_without :].all()
    quarters = differ(n_history + learner.inputs.encoder.quarter_features.ravel())
    smallest = scales.learning_rates[:, 0] == scales.learning_rates.min()
    np.testing.assert_array_equal(quarters, ~smallest)
    assert differ(n_history + np.arange(1)).all()


@given(st.integers(1, 40), st.lists(st.integers(1, 9), min_size=1, max_size=12))
def test_the_replay_keeps_the_latest_rows(capacity, sizes):
    replay, added = Replay(capacity, 1, 1, 1), []
    for size in sizes:
        size = min(size, capacity)
        rows = np.arange(len(added), len(added) + size, dtype=float)[:, None]
        replay.add(rows, rows, rows, np.ones(size))
        added += rows.ravel().tolist()
    kept = replay.newest(replay.n_kept)
    assert replay.raw[kept, 0].tolist() == added[-capacity:]
    horizons = np.array([[1], [3], [10**6]])
    drawn = replay.raw[replay.draw(horizons, 50, np.random.default_rng(0)), 0]
    for row, horizon in zip(drawn, (1, 3, capacity), strict=True):
        assert set(row.tolist()) <= set(added[-min(horizon, capacity) :])


@settings(deadline=None)
@given(st.integers(2, 6), st.integers(1, 30), st.integers(0, 10**6))
def test_weights_of_rows_at_once_are_those_of_rows_one_by_one(members, rows, seed):
    rng = np.random.default_rng(seed)
    losses = rng.exponential(size=(rows, members))
    aggregated = rng.exponential(size=(rows, len(_MEMORIES) + 1))
    once, singly = Weighting(members), Weighting(members)
    once.update(losses, aggregated)
    for row in range(rows):
        singly.update(losses[row : row + 1], aggregated[row : row + 1])
    np.testing.assert_allclose(once.weights, singly.weights, rtol=1e-9)
    assert once.weights.sum() == pytest.approx(1)
    assert once.weights.min() > _EQUAL_SHARE / members / 2


def test_weights_follow_whoever_is_right_lately():
    weighting = Weighting(3)
    aggregated = np.ones((1, len(_MEMORIES) + 1))
    for right in (0, 2):
        losses = np.ones((1, 3))
        losses[0, right] = 0.05
        for _ in range(100):
            weighting.update(losses, aggregated)
        assert weighting.weights.argmax() == right


def test_numbers_keep_their_unit_when_the_scale_drifts():
    learner = OnlineLearner(Numbers(), ["x0", "x1", "x2"], seed=0)
    X, _ = stream(1500)
    y = 1000 + 50 * X[:, 0]
    for start in range(0, 1500, 50):
        learner.learn(table(X[start : start + 50]), y[start : start + 50])
    assert learner.task.center == pytest.approx(1000, abs=10)
    predicted = learner.predict(table(X)).mixture[:, 0]
    assert np.sqrt(np.mean((predicted - y) ** 2)) < 10


def test_predictions_lie_hardly_beyond_the_numbers_of_late():
    learner = OnlineLearner(Numbers(), ["x0", "x1", "x2"], seed=0)
    X, _ = stream(500)
    y = 5 + X[:, 0]
    learner.learn(table(X), y)
    margin = _RANGE_MARGIN * np.ptp(y)
    far = learner.predict(table(1e6 * X)).members
    assert far.max() == pytest.approx(y.max() + margin)
    assert far.min() >= y.min() - margin - 1e-9


def test_a_change_of_the_targets_scale_changes_no_network():
    learner = OnlineLearner(Numbers(), ["x0", "x1", "x2"], seed=0)
    X, _ = stream(200)
    learner.learn(table(X), 5 + X[:, 0])

    def predicted():  # those that see the latest labels see them on another scale
        x = learner.predict(table(X)).x
        outputs = learner.networks.outputs(x, learner.seen)[: learner.scales.n_without]
        return outputs * learner.task.spread + learner.task.center

    before, spread = predicted(), learner.task.spread
    learner.replay.target *= 0.5
    learner._rescale_target()
    assert learner.task.spread != spread
    np.testing.assert_allclose(predicted(), before, rtol=1e-4, atol=1e-4)


def test_late_labels_weigh_what_was_predicted_at_the_time():
    learner = OnlineLearner(Classes(), ["x0", "x1", "x2"], seed=0)
    X, y = stream(50)
    learner.learn(table(X), y)
    row = dict(zip(["x0", "x1", "x2"], X[0].tolist(), strict=True))
    made = learner.observe(row)
    losses = learner.weighting.losses.copy()
    X, late = stream(20, seed=4)
    learner.learn(table(X), late)
    expected = learner.weighting.losses.copy()
    memories = _MEMORIES
    learner.learn(row, y[:1], predicted=made)
    surprise = -np.log(made.members[:, 0, learner.task.classes.index(y[0])])
    np.testing.assert_allclose(learner.weighting.losses, expected * memories + surprise)
    assert not np.array_equal(losses, learner.weighting.losses)
