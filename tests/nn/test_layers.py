"""The laws of layers, each held by every layer of the catalogue."""

from __future__ import annotations

import json
import pickle
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from itertools import product

import numpy as np
import pytest
from catalogue import LAYERS
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.grids import grid

from madaline.errors import ModelFileError
from madaline.nn import layers
from madaline.nn.arrays import Workspace
from madaline.nn.gradcheck import GradientError, check_layer
from madaline.nn.layers import Layer, _linear, layer_from_config
from madaline.nn.network import Network

every_layer = pytest.mark.parametrize("name", LAYERS)
PARAMETRIC = [name for name, make in LAYERS.items() if make(3).slots()]
some_axes = st.sampled_from([(), (1,), (3,), (2, 3)])


class Wrong(Layer):
    """A layer whose gradient by one array is 0.05 % too large."""

    def __init__(self, layer, array):
        self.layer, self.array = layer, array

    def slots(self):
        return self.layer.slots()

    def initialize(self, parameters, rng):
        self.layer.initialize(parameters, rng)

    def forward(self, parameters, x, **options):
        y, backward = self.layer.forward(parameters, x, **options)

        def wrong_backward(gradient, gradients, *, input_gradient=True):
            by_x = backward(gradient, gradients, input_gradient=input_gradient)
            if self.array == "x":
                return by_x * 1.0005
            gradients[self.array][...] *= 1.0005
            return by_x

        return y, wrong_backward


class Run:
    """A layer's forward and backward pass with its own random parameters."""

    def __init__(self, layer, axes, x, dtype=np.float32, *, theta=None, training=True):
        self.network = Network((layer,))
        if theta is None:
            theta = self.network.initialize(axes, np.random.default_rng(1), dtype=dtype).theta
            noise = np.random.default_rng(2).standard_normal(theta.shape)
            theta += (0.1 * noise).astype(dtype)
        self.theta = theta
        parameters = self.network.bind(theta)
        self.y, backward = self.network.forward(
            parameters,
            x,
            workspace=Workspace(),
            training=training,
            rng=np.random.default_rng(3),
        )
        shape = np.broadcast_shapes(self.y.shape, (*axes, 1, 1))
        self.slope = np.random.default_rng(4).standard_normal(shape).astype(dtype)
        self.by_theta = np.full_like(theta, np.nan)
        self.by_x = backward(
            self.slope.copy(), self.network.bind(self.by_theta), input_gradient=True
        )


def numbers(*shape, dtype=np.float32, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


def equal(first, second):
    np.testing.assert_array_equal(first, second, strict=True)


def test_every_layer_is_in_the_catalogue():
    assert {type(make(3)) for make in LAYERS.values()} == set(layers.LAYERS)


# One member, two, a shared input, a partly shared one, one row.
SHAPES = [
    ((), (5, 3)),
    ((2,), (2, 5, 3)),
    ((2,), (5, 3)),
    ((2, 2), (2, 1, 5, 3)),
    ((2,), (2, 1, 3)),
]


@pytest.mark.parametrize(
    ("name", "training", "axes", "shape"), grid(product(LAYERS, [False, True]), SHAPES)
)
def test_gradients_are_right(name, training, axes, shape):
    if training and name == "batch_norm" and shape[-2] == 1:
        pytest.skip("the gradient by a batch of one row is zero, which is not relative to anything")
    error = check_layer(LAYERS[name](3), numbers(*shape), axes=axes, training=training)
    assert error < 1e-7


@pytest.mark.parametrize("name", sorted(LAYERS.keys() - {"trees"}))  # theirs is zero
def test_a_slightly_wrong_input_gradient_is_caught(name):
    with pytest.raises(GradientError, match=r"gradient by x is wrong by [45]\.\de-04"):
        check_layer(Wrong(LAYERS[name](3), "x"), numbers(2, 5, 3), axes=(2,))


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.slow if name.endswith("of_pictures") else ())
        for name in PARAMETRIC
    ],
)
def test_a_slightly_wrong_parameter_gradient_is_caught(name):
    layer = LAYERS[name](3)
    for slot in layer.slots():
        if slot.kind != "structure":
            with pytest.raises(GradientError, match=f"gradient by 0.{slot.name} is wrong"):
                check_layer(Wrong(layer, slot.name), numbers(2, 5, 3), axes=(2,))


@every_layer
def test_structure_has_no_gradient(name):
    run = Run(LAYERS[name](3), (2,), numbers(5, 3))
    for slot in run.network.layout.slots:
        if slot.kind == "structure":
            assert not run.network.layout.views(run.by_theta)[slot.name].any()


@every_layer
@pytest.mark.parametrize("training", [False, True], ids=["prediction", "training"])
def test_inputs_and_parameters_are_left_untouched(name, training):
    x = numbers(2, 5, 3)
    theta = Run(LAYERS[name](3), (2,), x).theta
    x.flags.writeable = theta.flags.writeable = False
    Run(LAYERS[name](3), (2,), x, theta=theta, training=training)


@every_layer
def test_prediction_is_deterministic_and_thread_safe(name):
    layer, x = LAYERS[name](3), numbers(2, 50, 3)
    run = Run(layer, (2,), x, training=False)
    with ThreadPoolExecutor(4) as pool:
        outputs = list(pool.map(lambda _: run.network.predict(run.theta, x), range(40)))
    for output in outputs:
        equal(output, run.y)


@every_layer
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_type_of_numbers_is_preserved(name, dtype):
    run = Run(LAYERS[name](3), (2,), numbers(5, 3, dtype=dtype), dtype)
    assert run.y.dtype == run.by_x.dtype == dtype


@every_layer
@settings(max_examples=12)
@given(axes=some_axes, batch=st.integers(1, 9), features=st.integers(1, 6))
def test_a_population_is_its_members_one_by_one_to_the_bit(name, axes, batch, features):
    layer, x = LAYERS[name](features), numbers(*axes, batch, features)
    # Members share the random numbers of one step, so what is random in training is left out.
    training = not isinstance(layer, layers.Dropout)
    whole = Run(layer, axes, x, training=training)
    assert whole.by_x.shape == x.shape
    for member in np.ndindex(axes):
        theta, own_x = whole.theta[member].copy(), x[member].copy()
        network = Network((layer,))
        y, backward = network.forward(
            network.bind(theta), own_x, workspace=Workspace(), training=training
        )
        by_theta = np.full_like(theta, np.nan)
        by_x = backward(whole.slope[member].copy(), network.bind(by_theta), input_gradient=True)
        equal(y, whole.y[member])
        equal(by_theta, whole.by_theta[member])
        equal(by_x, whole.by_x[member])


def test_wide_tables_do_not_round_differently_in_company():
    """Sums over many features would, if several members were the rows of one product."""
    network = Network((layers.ScaledLinear(tuple(i // 40 for i in range(400)), 16),))
    theta = network.initialize((2, 5), np.random.default_rng(0)).theta
    x, slope = numbers(5, 32, 400), numbers(2, 5, 32, 16)

    def gradient(folds):
        _, backward = network.forward(
            network.bind(theta[:, folds]), x[folds], workspace=Workspace(), training=True
        )
        by_theta = np.empty_like(theta[:, folds])
        backward(slope[:, folds].copy(), network.bind(by_theta))
        return by_theta

    whole = gradient(slice(0, 5))
    for part in (slice(0, 1), slice(1, 3), slice(2, 5)):
        equal(gradient(part), whole[:, part])


@every_layer
@settings(max_examples=12)
@given(axes=some_axes, batch=st.integers(1, 9), features=st.integers(1, 6))
def test_a_shared_input_is_a_repeated_input(name, axes, batch, features):
    layer, x = LAYERS[name](features), numbers(batch, features)
    training = not isinstance(layer, layers.Dropout)
    repeated = np.broadcast_to(x, (*axes, batch, features)).copy()
    one, many = (
        Run(layer, axes, x, training=training),
        Run(layer, axes, repeated, training=training),
    )
    equal(np.broadcast_to(one.y, many.y.shape), many.y)
    equal(one.by_theta, many.by_theta)
    equal(one.by_x, many.by_x)


@every_layer
def test_large_inputs_overflow_nowhere(name):
    x = np.array([[-1e4, 1e4, -1e4], [1e4, 1e4, 1e4], [0, 0, 0], [-88, 89, 3e-4]], np.float32)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        run = Run(LAYERS[name](3), (2,), x)
    assert np.isfinite(run.y).all()
    assert np.isfinite(run.by_x).all()
    assert np.isfinite(run.by_theta).all()


@every_layer
def test_a_second_step_allocates_nothing_of_the_size_of_the_data(name):
    if name in ("dropout", "trees"):
        pytest.skip("dropout draws its random bits anew, and trees look at blocks of rows")
    layer, x = LAYERS[name](32), numbers(4, 1000, 32)
    network, workspace = Network((layer,)), Workspace()
    theta = network.initialize((4,), np.random.default_rng(0)).theta
    by_theta = np.empty_like(theta)
    parameters, gradients = network.bind(theta), network.bind(by_theta)
    slope = np.ones((4, 1000, network.predict(theta, x).shape[-1]), np.float32)

    def step():
        workspace.rewind()
        _, backward = network.forward(parameters, x, workspace=workspace, training=True)
        backward(slope, gradients, input_gradient=True)

    assert peak_of(step) < x.nbytes / 4


def peak_of(step):
    """Return the bytes that a step has allocated at most, after a first one."""
    step()
    tracemalloc.start()
    try:
        step()
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        step()
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()


@every_layer
def test_initialization_fills_every_parameter(name):
    network = Network((LAYERS[name](3),))
    theta = np.full((2, network.layout.size), np.nan, np.float32)
    network.layers[0].initialize(network.bind(theta)[0], np.random.default_rng(0))
    assert np.isfinite(theta).all()


@every_layer
def test_a_layer_comes_back_from_a_file(name):
    layer = LAYERS[name](3)
    assert layer_from_config(json.loads(json.dumps(layer.config()))) == layer


@every_layer
def test_repr_evaluates_to_the_layer(name):
    layer = LAYERS[name](3)
    assert eval(repr(layer), vars(layers)) == layer


@every_layer
def test_a_layer_can_be_pickled(name):
    layer = LAYERS[name](3)
    assert pickle.loads(pickle.dumps(layer)) == layer


@pytest.mark.parametrize(
    "config",
    [{}, {"layer": "Strange"}, {"layer": "Linear", "units": 3}, {"layer": "SiLU", "x": 1}],
    ids=str,
)
def test_a_strange_description_of_a_layer_is_refused(config):
    with pytest.raises(ModelFileError, match="cannot be read"):
        layer_from_config(config)


def test_dropout_rates_for_each_member_come_back_from_a_file():
    layer = layers.Dropout(((0.1, 0.2), (0.3, 0.4)))
    assert layer_from_config(json.loads(json.dumps(layer.config()))) == layer


@every_layer
def test_a_layer_at_rest_predicts_the_same_bits(name):
    layer, x = LAYERS[name](3), numbers(5, 3)
    run = Run(layer, (2,), x)
    (parameters,) = run.network.bind(run.theta)
    expected, _ = layer.forward(parameters, x, workspace=Workspace())
    fixed, own = layer.fixed(parameters)
    equal(fixed.forward(own, x, workspace=Workspace())[0], expected)


def test_members_with_an_axis_of_one_take_several_batches():
    layer, x = layers.Linear(3, 4), numbers(6, 5, 3)
    parameters = {"weight": numbers(2, 1, 3, 4), "bias": numbers(2, 1, 4, seed=1)}
    y, _ = layer.forward(parameters, x, workspace=Workspace())
    assert y.shape == (2, 6, 5, 4)
    for member, batch in np.ndindex(2, 6):
        own = {key: value[member, 0] for key, value in parameters.items()}
        alone, _ = layer.forward(own, x[batch], workspace=Workspace())
        equal(y[member, batch], alone)


def test_gates_of_wide_tables_get_the_same_gradient(monkeypatch):
    layer = layers.ScaledLinear((0, 2, 1, 1, 0, 2, 3), 4)
    by_features = np.random.default_rng(0).normal(size=(2, 7)).astype(np.float32)
    small, wide = np.empty((2, 2, 4), np.float32)
    layer._sum_over_columns(by_features, small)
    monkeypatch.setattr(_linear, "MAX_SELECTOR", 0)
    layer._sum_over_columns(by_features, wide)
    np.testing.assert_allclose(wide, small, rtol=1e-6)
