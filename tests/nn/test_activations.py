"""Activations compared with their definitions, written as plainly as possible."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special, stats

from madaline.errors import InputError
from madaline.nn import layers
from madaline.nn.arrays import Workspace

DEFINITIONS = {
    layers.ELU(1.5): lambda x: np.where(x > 0, x, 1.5 * (np.exp(np.minimum(x, 0)) - 1)),
    layers.GELU(): lambda x: x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))) / 2,
    layers.LeakyReLU(0.2): lambda x: np.where(x > 0, x, 0.2 * x),
    layers.LeakySiLU(): lambda x: x * (special.expit(x) + 0.1),
    layers.Mish(): lambda x: x * np.tanh(np.logaddexp(0, x)),
    layers.ReLU(): lambda x: np.where(x > 0, x, 0),
    layers.SELU(): lambda x: (
        1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * (np.exp(np.minimum(x, 0)) - 1))
    ),
    layers.Sigmoid(): special.expit,
    layers.SiLU(): lambda x: x * special.expit(x),
    layers.Softplus(): lambda x: np.logaddexp(0, x),
    layers.Tanh(): np.tanh,
}
every_activation = pytest.mark.parametrize("layer", DEFINITIONS, ids=repr)


def test_every_activation_has_a_definition():
    activations = {one for one in layers.LAYERS if issubclass(one, layers.Activation)}
    assert activations == {*map(type, DEFINITIONS)}


def value(layer, x):
    return layer.forward({}, x, workspace=Workspace())[0]


@every_activation
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-14), (np.float32, 1e-6)])
def test_an_activation_is_its_definition(layer, dtype, tolerance):
    x = np.linspace(-50, 50, 2001)[None]
    y = value(layer, x.astype(dtype))
    np.testing.assert_allclose(y, DEFINITIONS[layer](x), rtol=10 * tolerance, atol=10 * tolerance)


def test_gelu_is_close_to_its_exact_form():
    x = np.linspace(-6, 6, 1001)[None]
    assert np.abs(value(layers.GELU(), x) - x * stats.norm.cdf(x)).max() < 5e-4


def test_selu_keeps_mean_zero_and_variance_one():
    y = value(layers.SELU(), np.random.default_rng(0).standard_normal((1, 1_000_000)))
    assert abs(y.mean()) < 0.005
    assert abs(y.var() - 1) < 0.01


@pytest.mark.parametrize("slope", [-0.1, 1.5, float("nan")])
def test_a_leak_that_is_none_is_refused(slope):
    with pytest.raises(InputError, match="negative_slope is"):
        layers.LeakyReLU(slope)
