"""Initializers: the spread they promise, from the random numbers they are given."""

from __future__ import annotations

import numpy as np
import pytest

from madaline.nn import initializers

SPREADS = {
    initializers.zeros: 0,
    initializers.he_normal: np.sqrt(2 / 200),
    initializers.near_zero: np.sqrt(2 / 200) / 16,
    initializers.lecun_normal: np.sqrt(1 / 200),
    initializers.standard_normal: 1,
    initializers.uniform: np.sqrt(1 / 3),
}


@pytest.mark.parametrize("initializer", SPREADS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_spread_is_as_promised(initializer, dtype):
    values = np.full((3, 200, 300), np.nan, dtype)
    initializer(values, 200, 300, np.random.default_rng(0))
    assert values.std() == pytest.approx(SPREADS[initializer], rel=0.02)
    assert values.mean() == pytest.approx(0, abs=0.01)


@pytest.mark.parametrize("initializer", SPREADS)
def test_the_same_random_numbers_give_the_same_values(initializer):
    first, second = np.empty((4, 5)), np.empty((4, 5))
    initializer(first, 4, 5, np.random.default_rng(0))
    initializer(second, 4, 5, np.random.default_rng(0))
    np.testing.assert_array_equal(first, second)
