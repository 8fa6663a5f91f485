"""Dropout: how many units, which members, and only in training."""

from __future__ import annotations

import numpy as np
import pytest

from madaline.errors import InputError
from madaline.nn.arrays import Workspace
from madaline.nn.layers import Dropout


def forward(layer, x, *, training=True, seed=0):
    rng = np.random.default_rng(seed)
    return layer.forward({}, x, workspace=Workspace(), training=training, rng=rng)


def test_prediction_drops_nothing():
    x = np.ones((3, 4), np.float32)
    y, backward = forward(Dropout(0.9), x, training=False)
    assert y is x
    np.testing.assert_array_equal(backward(x.copy(), {}), x)


def test_no_rate_drops_nothing_and_draws_nothing():
    x = np.ones((3, 4), np.float32)
    y, _ = Dropout(0.0).forward({}, x, workspace=Workspace(), training=True)
    assert y is x


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_the_rate_is_the_share_of_silent_units_and_the_mean_is_kept(rate):
    y, _ = forward(Dropout(rate), np.ones((1000, 500), np.float32))
    assert (y == 0).mean() == pytest.approx(rate, abs=0.003)
    assert y.mean() == pytest.approx(1, abs=0.01)


def test_members_have_rates_of_their_own():
    layer = Dropout(((0.0, 0.2), (0.5, 0.8)))
    y, _ = forward(layer, np.ones((2, 2, 200, 500), np.float32))
    shares = (y == 0).mean(axis=(-1, -2))
    np.testing.assert_allclose(shares, layer.rate, atol=0.005)
    np.testing.assert_allclose(y.mean(axis=(-1, -2)), 1, atol=0.02)


def test_members_with_rates_of_their_own_share_an_input():
    y, _ = forward(Dropout((0.5, 0.5)), np.ones((50, 20), np.float32))
    assert y.shape == (2, 50, 20)
    assert (y[0] != y[1]).any()


def test_the_gradient_goes_through_the_same_units():
    y, backward = forward(Dropout(0.5), np.ones((5, 20), np.float32))
    np.testing.assert_array_equal(backward(np.ones((5, 20), np.float32), {}), y)


def test_random_numbers_decide():
    x = np.ones((5, 20), np.float32)
    first, again, other = (forward(Dropout(0.5), x, seed=seed)[0] for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_a_rate_next_to_one_stays_finite():
    y, _ = forward(Dropout(1 - 1e-9), np.ones((5, 20), np.float32))
    assert np.isfinite(y).all()


@pytest.mark.parametrize("rate", [1.0, -0.1, float("nan"), (0.1, 2.0), "half"])
def test_a_rate_that_is_no_probability_is_refused(rate):
    with pytest.raises(InputError, match="rate is"):
        Dropout(rate)


def test_training_needs_random_numbers():
    with pytest.raises(InputError, match="pass rng"):
        Dropout(0.5).forward({}, np.ones((1, 1)), workspace=Workspace(), training=True)
