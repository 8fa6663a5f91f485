"""Layers that look at pictures and sequences: what they say, worked out number by number."""

from __future__ import annotations

import numpy as np
import pytest

from madaline.errors import InputError
from madaline.nn import layers
from madaline.nn.arrays import Workspace
from madaline.nn.gradcheck import check_layer
from madaline.nn.layers import Convolution, Linear, MaxPooling, MeanPooling, _convolution
from madaline.nn.network import Network


def numbers(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def output(layer, x, *, axes=(), training=False):
    network = Network((layer,))
    theta = network.initialize(axes, np.random.default_rng(1), dtype=x.dtype).theta
    workspace = Workspace()
    y, _ = network.forward(network.bind(theta), x, workspace=workspace, training=training)
    return y, network.bind(theta)[0]


@pytest.mark.parametrize("size", [1, 3, 5])
@pytest.mark.parametrize("shape", [(4, 6), (1, 3), (7,)], ids=str)
def test_a_convolution_is_a_weighted_sum_around_each_position(shape, size):
    x = numbers(3, int(np.prod(shape)) * 2)
    layer = Convolution(shape, 2, 5, size)
    y, parameters = output(layer, x)
    height, width = (1, *shape)[-2:]
    high, wide = (size if len(shape) == 2 else 1), size
    grid = x.reshape(3, height, width, 2)
    weight = parameters["weight"].reshape(high, wide, 2, 5)
    expected = np.zeros((3, height, width, 5)) + parameters["bias"]
    for row, column in np.ndindex(height, width):
        for down, right in np.ndindex(high, wide):
            place = row + down - high // 2, column + right - wide // 2
            if 0 <= place[0] < height and 0 <= place[1] < width:
                expected[:, row, column] += grid[:, *place] @ weight[down, right]
    np.testing.assert_allclose(y.reshape(expected.shape), expected, atol=1e-12)


def test_blocks_of_rows_change_nothing(monkeypatch):
    layer, x = Convolution((4, 6), 2, 5), numbers(2, 7, 48)
    whole, _ = output(layer, x, axes=(2,))
    monkeypatch.setattr(_convolution, "BLOCK", 2 * 4 * 6 * 9 * 2)  # blocks of 2, 2, 2 and 1 rows
    np.testing.assert_allclose(output(layer, x, axes=(2,))[0], whole, atol=1e-12)
    assert check_layer(layer, x, axes=(2,)) < 1e-7
    monkeypatch.setattr(
        _convolution, "BLOCK", 1
    )  # blocks of one row, whose lines serve three heights
    for copied in (1, 2**17):
        monkeypatch.setattr(_convolution, "COPIED_NUMBERS", copied)
        np.testing.assert_allclose(output(layer, x, axes=(2,))[0], whole, atol=1e-12)
        assert check_layer(layer, x, axes=(2,)) < 1e-7


def test_chunks_of_rows_may_have_an_axis_of_their_own():
    """Prediction hands over (chunks, rows, features), and parameters with an axis of one."""
    network = Network(
        (
            Convolution((4, 6), 2, 3),
            MaxPooling((4, 6)),
            MeanPooling((2, 3), 2),
            layers.ReLU(),
        )
    )
    x = numbers(5, 8, 48)
    theta = network.initialize((2, 3), np.random.default_rng(0), dtype=float).theta
    workspace = Workspace()
    y, _ = network.forward(network.bind(theta[:, :, None]), x, workspace=workspace)
    assert y.shape == (2, 3, 5, 8, 3)
    expected = network.predict(theta, x.reshape(40, 48))
    np.testing.assert_allclose(y.reshape(expected.shape), expected, atol=1e-12)


def test_work_is_counted_at_every_position():
    network = Network((Convolution((4, 6), 2, 5), Convolution((12,), 10, 1), Linear(12, 2)))
    assert network.multiply_adds() == 24 * 18 * 5 + 12 * 3 * 10 + 12 * 2


def test_pooling_looks_at_windows_side_by_side_and_leaves_out_the_rest():
    x = numbers(3, 5 * 7 * 2)
    by_window = x.reshape(3, 5, 7, 2)[:, :4, :6].reshape(3, 2, 2, 3, 2, 2)
    for layer, pool in ((MaxPooling((5, 7)), np.max), (MeanPooling((5, 7)), np.mean)):
        y, _ = output(layer, x)
        np.testing.assert_allclose(y.reshape(3, 2, 3, 2), pool(by_window, axis=(2, 4)), atol=1e-12)
        assert layer.out_shape == (2, 3)
        assert check_layer(layer, x, axes=(2,)) < 1e-7


def test_of_equal_numbers_one_gets_the_gradient():
    x, gradient = np.ones((1, 16)), np.array([[1.0, 2.0, 3.0, 4.0]])
    _, backward = MaxPooling((4, 4)).forward({}, x, workspace=Workspace())
    by_x = backward(gradient.copy(), {})
    assert by_x.sum() == gradient.sum()
    assert (by_x != 0).sum() == 4


@pytest.mark.parametrize("layer", [MaxPooling((6,), 3), MeanPooling((6,), 3)], ids=str)
def test_windows_may_be_larger(layer):
    assert check_layer(layer, numbers(2, 5, 12), axes=(2,)) < 1e-7


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda: Convolution((4, 4, 4), 1, 1), "give .length,. or .height, width."),
        (lambda: Convolution((0, 4), 1, 1), "at least 1 each"),
        (lambda: Convolution((4, 4), 1, 1, 2), "give an odd one"),
        (lambda: MaxPooling((4, 4), 0), "at least 1"),
        (lambda: MaxPooling((4, 1), 2), "do not fit into the shape"),
    ],
)
def test_what_is_no_grid_is_refused(make, problem):
    with pytest.raises(InputError, match=problem):
        make()
