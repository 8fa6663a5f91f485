"""Products in pieces are the products, and every member's are its own."""

from __future__ import annotations

import numpy as np
import pytest

from madaline.nn import _products
from madaline.nn.arrays import Workspace

SHAPES = [(256, 128, 128), (256, 64, 256), (96, 128, 200), (7, 500, 500), (250, 130, 128)]


def _matrices(batch, in_features, units, axes=(3,)):
    rng = np.random.default_rng(0)
    shapes = [(*axes, batch, in_features), (*axes, in_features, units), (*axes, batch, units)]
    return [rng.normal(size=shape).astype(np.float32) for shape in shapes]


@pytest.mark.parametrize("shape", SHAPES)
def test_all_three_products_are_those_of_whole_matrices(shape):
    x, weight, gradient = _matrices(*shape)
    output, by_weight = np.empty_like(gradient), np.empty_like(weight)
    _products.write_product(x, weight, output)
    _products.gradient_by_weight(x, gradient, by_weight)
    by_input = _products.gradient_by_input(gradient, weight, Workspace())
    for piecewise, left, right in (
        (output, x, weight),
        (by_weight, x.swapaxes(-1, -2), gradient),
        (by_input, gradient, weight.swapaxes(-1, -2)),
    ):
        exact = left.astype(np.float64) @ right.astype(np.float64)
        np.testing.assert_allclose(piecewise, exact, atol=2e-3)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_member_has_the_same_bits_alone(shape):
    x, weight, gradient = _matrices(*shape)
    together, alone = np.empty_like(gradient), np.empty_like(gradient)
    _products.write_product(x[0], weight, together)  # all members share the batch
    for member in range(len(weight)):
        _products.write_product(x[0], weight[member], alone[member])
    np.testing.assert_array_equal(together, alone)
    together, alone = np.empty_like(weight), np.empty_like(weight)
    _products.gradient_by_weight(x[0], gradient, together)
    for member in range(len(weight)):
        _products.gradient_by_weight(x[0], gradient[member], alone[member])
    np.testing.assert_array_equal(together, alone)
    together = _products.gradient_by_input(gradient, weight, Workspace())
    for member in range(len(weight)):
        own = _products.gradient_by_input(gradient[member], weight[member], Workspace())
        np.testing.assert_array_equal(together[member], own)


def test_pieces_are_equal_small_and_few():
    assert _products.pieces(256, 128 * 128) == 8
    assert _products.pieces(256, 256 * 256) == 1  # 16 rows are too many multiply-adds
    assert _products.pieces(251, 128 * 128) == 1  # a prime number of rows
    assert _products.pieces(256, 1000) == 1  # small as it is


def test_the_rows_of_a_long_batch_are_added_up():
    x = np.random.default_rng(0).normal(size=(2, 9000, 3))
    out = np.empty((2, 3))
    _products.sum_over_batch(x, out)
    np.testing.assert_allclose(out, x.sum(axis=1))
