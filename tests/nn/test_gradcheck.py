"""The gradient check itself: what it lets pass and what it catches."""

from __future__ import annotations

import numpy as np
import pytest

from madaline.nn import gradcheck
from madaline.nn.gradcheck import GradientError, check_gradient, check_layer, check_network
from madaline.nn.layers import LeakyReLU, Linear, ReLU, Tanh
from madaline.nn.losses import Squared
from madaline.nn.network import Network


def cube(x):
    return float((x**3).sum())


@pytest.mark.parametrize("size", [1, 10, 1000])
def test_a_right_gradient_passes(size):
    x = np.random.default_rng(0).normal(size=size)
    assert check_gradient(cube, x, 3 * x**2) < 1e-8


@pytest.mark.parametrize("size", [1, 10, 1000])
@pytest.mark.parametrize("factor", [1.0005, 0.9995, -1.0, 0.0])
def test_a_wrong_gradient_is_caught(size, factor):
    x = np.random.default_rng(0).normal(size=size)
    with pytest.raises(GradientError, match="The gradient by x is wrong"):
        check_gradient(cube, x, factor * 3 * x**2, name="x")


def test_one_wrong_entry_among_many_is_caught():
    x = np.random.default_rng(0).normal(size=1000)
    gradient = 3 * x**2
    gradient[np.abs(x).argmax()] *= 1.0005
    with pytest.raises(GradientError):
        check_gradient(cube, x, gradient)


def test_a_gradient_that_is_not_a_number_is_caught():
    x = np.ones(3)
    with pytest.raises(GradientError):
        check_gradient(cube, x, np.array([3.0, np.nan, 3.0]))


def test_the_point_is_restored():
    x = np.random.default_rng(0).normal(size=(3, 4))
    before = x.copy()
    check_gradient(cube, x, 3 * x**2)
    np.testing.assert_array_equal(x, before)


def test_the_message_names_array_place_and_values():
    with pytest.raises(GradientError, match=r"by angle is wrong by .* at \(1,\) it is 13, .* 12\."):
        check_gradient(cube, np.array([1.0, 2.0]), np.array([3.0, 13.0]), name="angle")


def test_a_direction_tells_of_entries_that_were_not_looked_at(monkeypatch):
    """Its error is told, too, where it is within the tolerance."""
    monkeypatch.setattr(gradcheck, "_COORDINATES", 2)
    x = np.linspace(1, 2, 40)
    right = check_gradient(cube, x, 3 * x**2)
    wrong = check_gradient(cube, x, 3 * x**2 * (1 + 1e-7 * (x > 1.1)), tolerance=1e-5)
    assert right < 1e-9
    assert 1e-9 < wrong < 1e-6
    with pytest.raises(GradientError, match="in a random direction"):
        check_gradient(cube, x, 3 * x**2 + 0.1 * (np.arange(40) == 20))


def test_errors_are_relative_to_a_thousandth_of_one_at_least():
    """Where a gradient is nearly zero; or of the function's value, where that is larger."""
    for value, floor in ((0.0, 1e-3), (9.0, 1e-2)):
        assert check_gradient(lambda _, v=value: v, np.ones(1), np.array([0.9e-6 * floor])) > 0
        with pytest.raises(GradientError):
            check_gradient(lambda _, v=value: v, np.ones(1), np.array([1.1e-6 * floor]))


def test_an_entry_near_a_kink_is_left_out():
    x = np.array([[1.0, -2.0, 1e-6, 3.0]])
    assert check_layer(ReLU(), x) < 1e-8


def test_nothing_but_kinks_cannot_be_checked():
    with pytest.raises(GradientError, match="kinks"):
        check_layer(ReLU(), np.full((2, 3), 2e-6))


def test_kinks_hide_no_mistake():
    class WrongReLU(LeakyReLU):
        def slope(self, x, y, kept, workspace):
            return super().slope(x, y, kept, workspace) * 1.0005

    x = np.random.default_rng(0).normal(size=(20, 3))
    x[0] = 1e-6
    with pytest.raises(GradientError, match="by x is wrong"):
        check_layer(WrongReLU(), x)


def test_a_mistake_deep_in_a_network_is_named():
    class WrongLinear(Linear):
        def forward(self, parameters, x, **options):
            y, backward = super().forward(parameters, x, **options)

            def wrong_backward(gradient, gradients, *, input_gradient=True):
                by_x = backward(gradient, gradients, input_gradient=input_gradient)
                gradients["bias"][...] *= 1.0005
                return by_x

            return y, wrong_backward

    network = Network((Linear(3, 4), Tanh(), WrongLinear(4, 4), Tanh(), Linear(4, 1)))
    x = np.random.default_rng(0).normal(size=(5, 3))
    with pytest.raises(GradientError, match=r"by 2\.bias is wrong"):
        check_network(network, Squared(), x, np.ones((5, 1)), axes=(2,))


def test_the_error_is_also_an_assertion_error():
    with pytest.raises(AssertionError):
        check_gradient(cube, np.ones(2), np.ones(2))
