from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge

from madaline.nn._engine.solving import solve_linear, sparse_rows
from madaline.nn.losses import BinaryCrossEntropy, CrossEntropy, Squared


def sparse_features(n_samples=300, n_features=20):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((n_samples, n_features)).astype(np.float32)
    return x * (rng.random(x.shape) < 0.3)


def start(n_outputs, n_features=20):
    return np.zeros((n_features, n_outputs)), np.zeros(n_outputs)


@pytest.mark.parametrize("n_classes", [2, 4])
@pytest.mark.parametrize("decay_time", [0.3, 30.0])
@pytest.mark.parametrize("weighted", [False, True])
def test_it_finds_what_logistic_regression_finds(n_classes, decay_time, weighted):
    x, rng = sparse_features(), np.random.default_rng(1)
    classes = (x[:, :n_classes] + 0.5 * rng.standard_normal((len(x), n_classes))).argmax(axis=1)
    weight = rng.integers(1, 4, len(x)) / 2 if weighted else None
    one_hot = np.eye(n_classes, dtype=np.float32)[classes]
    target, loss = (
        (one_hot[:, 1:], BinaryCrossEntropy()) if n_classes == 2 else (one_hot, CrossEntropy())
    )
    found, bias = solve_linear(
        sparse_rows(x, np.arange(len(x))),
        target,
        weight,
        loss,
        decay_time=decay_time,
        start=start(target.shape[1]),
    )
    peer = LogisticRegression(C=decay_time, tol=1e-8, max_iter=1000).fit(x, classes, weight)
    expected = peer.decision_function(x).reshape(len(x), -1)
    output = x @ found + bias
    output -= output.mean(axis=1, keepdims=True) if n_classes > 2 else 0
    assert np.abs(output - expected).max() < 0.02 * np.abs(expected).max()


def test_it_finds_what_ridge_regression_finds():
    x = sparse_features()
    target = x[:, :1] - 2 * x[:, 1:2] + np.random.default_rng(1).standard_normal((len(x), 1))
    rows = np.arange(100, 300)
    found, bias = solve_linear(
        sparse_rows(x, rows), target[rows], None, Squared(), decay_time=1, start=start(1)
    )
    curvature = Squared().slope(np.ones((1, 1)), np.zeros((1, 1)), np.empty((1, 1)))[0, 0]
    peer = Ridge(alpha=1 / curvature).fit(x[rows], target[rows, 0])
    assert np.allclose(x @ found[:, 0] + bias, peer.predict(x), atol=0.01)


def test_a_larger_tolerance_ends_sooner_and_never_above_the_start():
    x = sparse_features()
    target = x[:, :1] - 2 * x[:, 1:2] + np.random.default_rng(1).standard_normal((len(x), 1))
    losses = []
    for tolerance in (1e-9, 1e-2, 0.9):
        found, bias = solve_linear(
            sparse_rows(x, np.arange(len(x))),
            target,
            None,
            Squared(),
            decay_time=1e6,
            tolerance=tolerance,
            start=start(1),
        )
        losses.append(Squared().mean(x @ found + bias, target))
    assert losses == sorted(losses)
    assert losses[0] < 0.99 * losses[-1] < 0.99 * Squared().mean(np.zeros_like(target), target)
