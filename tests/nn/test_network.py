"""Whole networks: gradients, members, threads, files."""

from __future__ import annotations

import json
import pickle
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from catalogue import LAYERS, LOSSES
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.grids import grid

from madaline.errors import ModelFileError
from madaline.nn import layers
from madaline.nn.arrays import Workspace
from madaline.nn.gradcheck import check_network
from madaline.nn.layers import Branches, Dropout, Linear, ReLU, ScaledLinear, SiLU
from madaline.nn.losses import Squared
from madaline.nn.network import Network
from madaline.nn.optimizers import ScheduleFreeAdamW, StepSize

RICH = Network(
    (
        ScaledLinear((0, 0, 1), 6),
        SiLU(),
        Dropout(0.2),
        Branches((((0, 6),), ((1, 3), (4, 6))), ((ReLU(), Linear(6, 4), SiLU()), (SiLU(),))),
        Linear(8, 2),
    )
)
PLAIN = Network((ScaledLinear((0, 0, 1), 6), SiLU(), Linear(6, 6), SiLU(), Linear(6, 2)))


def numbers(*shape, seed=0, dtype=np.float32):
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


@pytest.mark.parametrize(("name", "training"), grid(LAYERS, [False, True]))
def test_gradients_through_every_layer_are_right(name, training):
    middle = LAYERS[name](4)
    width = Network((middle,)).predict(np.zeros(Network((middle,)).layout.size), np.ones((1, 4)))
    network = Network((Linear(3, 4), middle, Linear(width.shape[-1], 2)))
    x, target = numbers(6, 3), numbers(6, 2, seed=1)
    error = check_network(network, Squared(), x, target, axes=(2,), training=training)
    assert error < 1e-6


@pytest.mark.parametrize(("name", "weighted"), grid(LOSSES, [False, True]))
def test_gradients_of_every_loss_are_right(name, weighted):
    case, x = LOSSES[name], numbers(6, 3)
    n_outputs = case.n_outputs or 2
    target = case.draw(np.random.default_rng(1), (6, n_outputs))
    weight = np.linspace(0.5, 1.5, 6) if weighted else None
    network = Network((*PLAIN.layers[:-1], Linear(6, n_outputs)))
    assert check_network(network, case.loss, x, target, weight, axes=(3,)) < 1e-6


@pytest.mark.parametrize("training", [False, True], ids=["prediction", "training"])
@pytest.mark.parametrize("axes", [(), (3,), (2, 2)])
def test_gradients_of_a_rich_network_are_right(axes, training):
    x, target = numbers(6, 3), numbers(6, 2, seed=1)
    assert check_network(RICH, Squared(), x, target, axes=axes, training=training) < 1e-6


def learn(network, theta_of, x, target, steps=5):
    """Train a population for a few steps and return its parameters."""
    population = theta_of
    optimizer, workspace = ScheduleFreeAdamW(), Workspace()
    optimizer.start(population)
    gradient = np.empty_like(population.theta)
    parameters, gradients = network.bind(population.theta), network.bind(gradient)
    for _ in range(steps):
        workspace.rewind()
        output, backward = network.forward(parameters, x, workspace=workspace, training=True)
        slope = Squared().gradient(output, target, workspace=workspace)
        backward(slope, gradients)
        optimizer.step(population, gradient, StepSize(0.01, 0.001), workspace=workspace)
    return population.theta


@settings(max_examples=10)
@given(
    axes=st.sampled_from([(1,), (3,), (2, 3)]),
    batch=st.integers(1, 40),
)
def test_members_learn_together_as_they_learn_alone_to_the_bit(axes, batch):
    x, target = numbers(batch, 3), numbers(batch, 2, seed=1)
    together = PLAIN.initialize(axes, np.random.default_rng(0))
    start = together.snapshot()
    learn(PLAIN, together, x, target)
    for member in np.ndindex(axes):
        alone = learn(PLAIN, start[member].snapshot(), x, target)
        np.testing.assert_array_equal(alone, together.theta[member], strict=True)


def test_members_learn_in_slices_as_they_learn_together_to_the_bit():
    x, target = numbers(32, 3), numbers(32, 2, seed=1)
    together = PLAIN.initialize((2, 5), np.random.default_rng(0))
    start = together.snapshot()
    learn(PLAIN, together, x, target)
    for group in (slice(0, 2), slice(2, 3), slice(3, 5)):
        sliced = learn(PLAIN, start[:, group], x, target)
        np.testing.assert_array_equal(sliced, together.theta[:, group], strict=True)


def test_prediction_is_the_forward_pass_and_drops_nothing():
    population, x = RICH.initialize((3,), np.random.default_rng(0)), numbers(9, 3)
    output, _ = RICH.forward(RICH.bind(population.theta), x, workspace=Workspace())
    np.testing.assert_array_equal(RICH.predict(population.theta, x), output)


def test_prediction_is_thread_safe():
    population, x = RICH.initialize((3,), np.random.default_rng(0)), numbers(100, 3)
    expected = RICH.predict(population.theta, x)
    with ThreadPoolExecutor(4) as pool:
        for output in pool.map(lambda _: RICH.predict(population.theta, x), range(40)):
            np.testing.assert_array_equal(output, expected)


def test_dropout_draws_anew_at_every_training_step():
    population, x = RICH.initialize((3,), np.random.default_rng(0)), numbers(9, 3)
    rng, parameters = np.random.default_rng(0), RICH.bind(population.theta)
    first, second = (
        RICH.forward(parameters, x, workspace=Workspace(), training=True, rng=rng)[0]
        for _ in range(2)
    )
    assert (first != second).any()


def test_a_training_step_allocates_nothing_of_the_size_of_the_batch():
    network = Network((ScaledLinear((0,) * 64, 64), SiLU(), Linear(64, 64), SiLU(), Linear(64, 1)))
    x, target = numbers(1000, 64), numbers(1000, 1, seed=1)
    population = network.initialize((4,), np.random.default_rng(0))
    workspace, gradient = Workspace(), np.empty_like(population.theta)
    parameters, gradients = network.bind(population.theta), network.bind(gradient)

    def step():
        workspace.rewind()
        output, backward = network.forward(parameters, x, workspace=workspace, training=True)
        backward(Squared().gradient(output, target, workspace=workspace), gradients)

    step()
    tracemalloc.start()
    try:
        step()
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        step()
        peak = tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()
    assert peak < 150_000 < 4 * x.nbytes / 6


@pytest.mark.parametrize("network", [RICH, PLAIN], ids=["rich", "plain"])
def test_a_network_comes_back_from_a_file(network):
    again = Network.from_config(json.loads(json.dumps(network.config())))
    assert again == network
    assert again.layout == network.layout


def test_repr_and_pickle_return_the_network():
    assert eval(repr(RICH), vars(layers) | {"Network": Network}) == RICH
    assert pickle.loads(pickle.dumps(RICH)) == RICH


def test_a_network_with_an_unknown_layer_is_refused():
    with pytest.raises(ModelFileError, match="Strange"):
        Network.from_config({"layers": [{"layer": "Strange"}]})


def test_parameters_are_views_of_the_population():
    population = PLAIN.initialize((3,), np.random.default_rng(0))
    PLAIN.bind(population.theta)[-1]["bias"][...] = 7
    np.testing.assert_array_equal(population.theta[:, -2:], 7)


def test_multiply_adds_count_the_weights():
    assert PLAIN.multiply_adds() == 3 * 6 + 6 * 6 + 6 * 2


@pytest.mark.parametrize(
    ("first", "forward", "by_input"),
    [
        (Linear(4, 5), 4 * 5, 4 * 5),
        (layers.SiLU(), 0, 0),
        (
            layers.Branches(
                (((0, 3),), ((3, 4),)), ((Linear(3, 2), Linear(2, 7)), (layers.ReLU(),))
            ),
            3 * 2 + 2 * 7,
            3 * 2,
        ),
    ],
    ids=lambda one: type(one).__name__,
)
def test_the_gradient_by_the_network_s_input_is_not_counted(first, forward, by_input):
    network = Network((first, Linear(8, 2)))
    assert network.training_multiply_adds() == 3 * (forward + 8 * 2) - by_input
