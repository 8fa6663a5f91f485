"""Normalization: mean zero and variance one, and statistics that are measured, not remembered."""

from __future__ import annotations

import numpy as np
import pytest

from madaline.nn.layers import BatchNorm, LayerNorm, Linear, Residual, RMSNorm, SiLU
from madaline.nn.network import Network
from madaline.nn.workspace import Workspace

X = np.random.default_rng(0).normal(3.0, 2.0, (4, 50, 6))


def output(layer, x, *, training=False):
    network = Network((layer,))
    theta = network.initialize(x.shape[:-2], np.random.default_rng(0), dtype=np.float64).theta
    return network.forward(network.bind(theta), x, workspace=Workspace(), training=training)[0]


def test_layer_norm_gives_every_row_mean_zero_and_variance_one():
    y = output(LayerNorm(6), X)
    np.testing.assert_allclose(y.mean(axis=-1), 0, atol=1e-12)
    np.testing.assert_allclose(y.var(axis=-1), 1, atol=1e-3)


def test_rms_norm_gives_every_row_mean_square_one():
    np.testing.assert_allclose(np.square(output(RMSNorm(6), X)).mean(axis=-1), 1, atol=1e-3)


def test_batch_norm_gives_every_feature_of_a_batch_mean_zero_and_variance_one():
    y = output(BatchNorm(6), X, training=True)
    np.testing.assert_allclose(y.mean(axis=-2), 0, atol=1e-12)
    np.testing.assert_allclose(y.var(axis=-2), 1, atol=1e-4)


@pytest.mark.parametrize("shape", [(50, 6), (4, 50, 6)], ids=["shared", "own"])
def test_a_calibrated_network_predicts_as_it_trains_on_the_same_rows(shape):
    inner = Residual((BatchNorm(5), SiLU(), Linear(5, 5)))
    network = Network((BatchNorm(6), Linear(6, 5), inner, BatchNorm(5), Linear(5, 1)))
    x = X[0] if len(shape) == 2 else X
    theta = network.initialize((4,), np.random.default_rng(0), dtype=np.float64).theta
    in_training, _ = network.forward(network.bind(theta), x, workspace=Workspace(), training=True)
    assert np.abs(network.predict(theta, x) - in_training).max() > 0.1
    network.calibrate(theta, x)
    np.testing.assert_allclose(network.predict(theta, x), in_training, atol=1e-10)


def test_calibrated_rows_are_predicted_alone_as_among_others():
    network = Network((BatchNorm(6), Linear(6, 2)))
    theta = network.initialize((4,), np.random.default_rng(0), dtype=np.float64).theta
    network.calibrate(theta, X)
    one_by_one = np.concatenate([network.predict(theta, X[:, [row]]) for row in range(50)], axis=1)
    np.testing.assert_allclose(one_by_one, network.predict(theta, X), atol=1e-12)


def test_constant_features_stay_finite():
    for layer in (BatchNorm(6), LayerNorm(6), RMSNorm(6)):
        assert np.isfinite(output(layer, np.zeros((4, 1, 6)), training=True)).all()
