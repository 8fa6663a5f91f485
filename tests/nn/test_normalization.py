"""Batch normalization is measured where training ends, and folded into the convolution below."""

from __future__ import annotations

import numpy as np

from madaline.nn._normalization import (
    copy_statistics,
    folded,
    measure_statistics,
    without_normalization,
)
from madaline.nn.arrays import Workspace
from madaline.nn.layers import BatchNormalization, Convolution, Linear, MaxPooling, ReLU
from madaline.nn.network import Network

DEEP = Network(
    (
        Convolution((4, 6), 2, 3),
        BatchNormalization(24, 3),
        MaxPooling((4, 6)),
        ReLU(),
        Convolution((2, 3), 3, 5),
        BatchNormalization(6, 5),
        ReLU(),
        Linear(30, 2),
    )
)


def networks():
    """Return parameters of three networks that have learned something, and rows."""
    rng = np.random.default_rng(0)
    theta = DEEP.initialize((3,), rng).theta
    theta += 0.3 * rng.standard_normal(theta.shape, np.float32)
    return theta, 2 + 3 * rng.standard_normal((50, 48), np.float32)


def test_a_folded_network_predicts_the_same():
    theta, x = networks()
    plain = without_normalization(DEEP)
    assert [type(layer).__name__ for layer in plain.layers].count("Convolution") == 2
    assert not any(isinstance(layer, BatchNormalization) for layer in plain.layers)
    given = theta.copy()
    after, before = plain.predict(folded(DEEP, theta), x), DEEP.predict(theta, x)
    np.testing.assert_allclose(after, before, rtol=1e-4, atol=1e-4)
    np.testing.assert_array_equal(theta, given)


def test_what_is_measured_on_rows_predicts_them_as_in_training():
    theta, x = networks()
    measure_statistics(DEEP, theta, x)
    whole = np.broadcast_to(x, (3, *x.shape))
    trained, _ = DEEP.forward(DEEP.bind(theta), whole, workspace=Workspace(), training=True)
    np.testing.assert_allclose(DEEP.predict(theta, x), trained, rtol=1e-4, atol=1e-4)
    normalized, _ = Network(DEEP.layers[:2]).forward(
        DEEP.bind(theta)[:2], whole, workspace=Workspace(), training=True
    )
    by_channel = normalized.reshape(3, -1, 3)
    own = DEEP.bind(theta)[1]
    np.testing.assert_allclose(by_channel.mean(axis=1), own["shift"], atol=1e-4)
    np.testing.assert_allclose(by_channel.std(axis=1), np.abs(own["gain"]), rtol=1e-3)


def test_statistics_are_copied_and_nothing_else():
    theta, x = networks()
    other = theta.copy()
    measure_statistics(DEEP, theta, x)
    theta[:, 0] += 1  # a weight
    copy_statistics(DEEP, theta, other)
    changed = theta != other
    assert changed[:, 0].all()
    assert not changed[:, 1:].any()


def test_networks_without_it_stay_as_they_are():
    network = Network((Linear(3, 2),))
    theta = network.initialize((), np.random.default_rng(0)).theta
    assert without_normalization(network) is network
    assert folded(network, theta) is theta
