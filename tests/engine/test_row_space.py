from __future__ import annotations

import numpy as np
import pytest

from madaline.nn._engine.solving import RowSpace, least_squares, solve_linear
from madaline.nn.losses import CrossEntropy


@pytest.fixture
def rows():
    rng = np.random.default_rng(0)
    features = rng.standard_normal((30, 200)).astype(np.float32)
    features[7] = features[3]  # so that there are fewer directions than rows
    return features, np.eye(3)[rng.integers(0, 3, 30)], rng.uniform(0.5, 2, 30)


def test_products_of_rows_are_those_of_their_features(rows):
    features = rows[0]
    space = RowSpace.of(features)
    assert space.rows.shape == (30, 29)
    np.testing.assert_allclose(space.rows @ space.rows.T, features @ features.T / 200, atol=1e-5)


def test_what_is_solved_among_rows_is_what_is_solved_among_features(rows):
    features, target, weight = rows
    space = RowSpace.of(features)
    learned = np.arange(20)
    found = [
        solve_linear(
            x[learned],
            target[learned],
            weight[learned],
            CrossEntropy(),
            decay_time=3.0,
            start=(np.zeros((x.shape[1], 3)), np.zeros(3)),
        )
        for x in (space.rows, features.astype(np.float64) / np.sqrt(200))
    ]
    (own, bias), (weights, expected_bias) = found
    np.testing.assert_allclose(space.weight(own), weights / np.sqrt(200), atol=2e-4)
    np.testing.assert_allclose(bias, expected_bias, atol=1e-2)
    output = features[20:] @ space.weight(own) + bias  # of rows that were not learned from
    np.testing.assert_allclose(output, space.rows[20:] @ own + bias, atol=1e-4)


def ridge(x, target, weight, decay_time):
    """Return what solves the normal equations, the bias among the features."""
    wide = np.concatenate([x, np.ones((len(x), 1))], axis=1)
    decay = np.diag([1 / decay_time] * x.shape[1] + [0])
    return np.linalg.solve(
        wide.T @ (weight[:, None] * wide) + decay, wide.T @ (weight[:, None] * target)
    )


@pytest.mark.parametrize("n_features", [5, 60])
def test_least_squares_solve_the_normal_equations(rows, n_features):
    features, target, weight = rows
    x = features[:, :n_features].astype(np.float64)
    for decay_time, found in zip(
        (0.1, 10), least_squares(x, target, weight, (0.1, 10)), strict=True
    ):
        expected = ridge(x, target, weight, decay_time)
        np.testing.assert_allclose(found.weight, expected[:-1], atol=1e-8)
        np.testing.assert_allclose(found.bias, expected[-1], atol=1e-8)
        for row in (0, 7, 29):
            others = np.delete(np.arange(30), row)
            refitted = ridge(x[others], target[others], weight[others], decay_time)
            output = x[row] @ refitted[:-1] + refitted[-1]
            np.testing.assert_allclose(found.left_out[row], output, atol=1e-6)
