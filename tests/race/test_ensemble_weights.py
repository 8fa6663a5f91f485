from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from madaline._race.ensemble_weights import greedy_weights, weighted_mean
from madaline.nn.losses import BinaryCrossEntropy, CrossEntropy, Squared


@pytest.fixture
def planted():
    """Return outputs of which the first and the third together are much better than any."""
    rng = np.random.default_rng(0)
    target = rng.standard_normal((200, 1))
    error = rng.standard_normal((200, 1))
    outputs = [target + error, target + 3, target - 1.1 * error, rng.standard_normal((200, 1))]
    return np.stack(outputs), target


def test_the_mix_beats_the_best_alone_and_the_equal_mean(planted):
    outputs, target = planted
    loss = Squared()
    weights = greedy_weights(outputs, target, loss)
    mixed = loss.mean(weighted_mean(outputs, weights), target)
    assert mixed < 0.1 * min(loss.mean(output, target) for output in outputs)
    assert mixed < 0.1 * loss.mean(outputs.mean(axis=0), target)
    assert weights[[1, 3]].sum() <= 0.05


@given(st.integers(0, 99), st.integers(1, 30), st.integers(1, 5))
def test_weights_are_nonnegative_shares_of_the_steps(seed, steps, candidates):
    rng = np.random.default_rng(seed)
    outputs, target = rng.standard_normal((candidates, 15, 1)), rng.standard_normal((15, 1))
    weights = greedy_weights(outputs, target, Squared(), steps=steps)
    counts = weights * steps
    np.testing.assert_allclose(counts, counts.round(), atol=1e-9)
    assert weights.min() >= 0
    assert weights.sum() == pytest.approx(1)


@pytest.mark.parametrize("loss", [Squared(), BinaryCrossEntropy()])
def test_the_first_taken_is_the_best_alone(loss):
    rng = np.random.default_rng(1)
    outputs = rng.standard_normal((4, 50, 1))
    target = (rng.random((50, 1)) > 0.5).astype(float)
    losses = [loss.mean(output, target) for output in outputs]
    assert np.argmax(greedy_weights(outputs, target, loss, steps=1)) == np.argmin(losses)


def test_rows_that_weigh_nothing_are_not_asked(planted):
    outputs, target = planted
    weight = np.r_[np.ones(100), np.zeros(100)]
    ruined = outputs.copy()
    ruined[0, 100:] = 1e3
    np.testing.assert_array_equal(
        greedy_weights(ruined, target, Squared(), weight=weight),
        greedy_weights(outputs[:, :100], target[:100], Squared()),
    )


def test_a_single_candidate_takes_all():
    outputs = np.zeros((1, 6, 3))
    assert greedy_weights(outputs, np.eye(3)[[0, 1, 2, 0, 1, 2]], CrossEntropy()) == [1.0]


def test_outputs_combine_in_double_precision():
    outputs = np.array([[[1.0]], [[1e-9]]], np.float32)
    mean = weighted_mean(outputs, np.array([0.5, 0.5]))
    assert mean.dtype == np.float64
    assert mean[0, 0] == pytest.approx(0.5 + 0.5e-9, abs=1e-15)
