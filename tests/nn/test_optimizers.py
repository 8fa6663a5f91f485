"""The laws of optimizers, each held by every optimizer of the catalogue."""

from __future__ import annotations

import pickle
import tracemalloc

import numpy as np
import pytest
from catalogue import OPTIMIZERS

from madaline.nn import optimizers
from madaline.nn.arrays import Workspace
from madaline.nn.optimizers import (
    Adam,
    Optimizer,
    ScheduleFreeAdamW,
    StepSize,
    weights_only,
)
from madaline.nn.population import Layout, Population, Slot

every_optimizer = pytest.mark.parametrize("name", OPTIMIZERS)
LAYOUT = Layout((Slot("weight", (4, 3), "weight", 4), Slot("bias", (3,), "bias")))


def begin(optimizer, axes=(), dtype=np.float64, layout=LAYOUT):
    """Return a random population with the optimizer's memory."""
    rng = np.random.default_rng(0)
    population = Population(layout, rng.normal(size=(*axes, layout.size)).astype(dtype))
    optimizer.start(population)
    return population


def gradients(population, steps, seed=1):
    rng = np.random.default_rng(seed)
    shape = (steps, *population.theta.shape)
    return rng.normal(size=shape).astype(population.theta.dtype)


def settings_for(population, seed=2):
    """Return a step size with settings of each member, and of each parameter."""
    rng, dtype = np.random.default_rng(seed), population.theta.dtype
    column = (*population.axes, 1)
    return StepSize(
        rng.uniform(0.01, 0.1, column).astype(dtype),
        rng.uniform(0, 0.01, column).astype(dtype) * weights_only(population.layout),
        population.layout.row(lambda slot: float(slot.fan_in), dtype.type),
    )


def run(optimizer, population, gradients, size):
    for gradient in gradients:
        optimizer.step(population, gradient.copy(), size, workspace=Workspace())
    return population


def part(size, index):
    return StepSize(size.learning_rate[index], size.weight_decay[index], size.rates)


def assert_same(first, second):
    np.testing.assert_array_equal(first.theta, second.theta)
    assert first.memory.keys() == second.memory.keys()
    assert first.columns.keys() == second.columns.keys()
    for name, matrix in (first.memory | first.columns).items():
        np.testing.assert_array_equal(matrix, (second.memory | second.columns)[name])


def test_every_optimizer_is_in_the_catalogue():
    exported = {
        value
        for value in vars(optimizers).values()
        if isinstance(value, type) and issubclass(value, Optimizer) and value is not Optimizer
    }
    assert {type(optimizer) for optimizer in OPTIMIZERS.values()} == exported


@every_optimizer
def test_it_finds_the_bottom_of_a_bowl(name):
    optimizer = OPTIMIZERS[name]
    population = begin(optimizer, (2,))
    bottom = np.linspace(-1, 1, LAYOUT.size)
    steepness = np.geomspace(0.3, 3, LAYOUT.size)
    # Averaging does what a falling rate is for.
    falls = not isinstance(optimizer, ScheduleFreeAdamW)
    for step in range(2000):
        size = StepSize(0.05 * (1 + np.cos(np.pi * step / 2000)) / 2 if falls else 0.05)
        slope = steepness * (population.theta - bottom)
        optimizer.step(population, slope, size, workspace=Workspace())
    np.testing.assert_allclose(
        optimizer.averaged(population), np.broadcast_to(bottom, (2, LAYOUT.size)), atol=0.02
    )


@every_optimizer
def test_the_first_step_goes_downhill(name):
    population = begin(OPTIMIZERS[name])
    before, gradient = population.theta.copy(), gradients(population, 1)
    run(OPTIMIZERS[name], population, gradient, StepSize(0.01))
    assert (np.sign(population.theta - before) == -np.sign(gradient[0])).all()


@every_optimizer
def test_settings_of_each_member_are_separate_runs(name):
    optimizer = OPTIMIZERS[name]
    population = begin(optimizer, (2, 3), np.float32)
    size, slopes = settings_for(population), gradients(population, 5)
    alone = population.snapshot()
    run(optimizer, population, slopes, size)
    for member in np.ndindex(2, 3):
        one = run(optimizer, alone[member].snapshot(), slopes[:, *member], part(size, member))
        assert_same(one, population[member])


@every_optimizer
@pytest.mark.parametrize("index", [[2, 0], [0, 1, 2, 1], [1]], ids=["take", "clone", "drop"])
def test_memory_follows_the_rows(name, index):
    optimizer = OPTIMIZERS[name]
    population = run_some = begin(optimizer, (3,), np.float32)
    size, slopes = settings_for(population), gradients(population, 6)
    run(optimizer, run_some, slopes[:3], size)
    taken_first = population.take(index)
    run(optimizer, taken_first, slopes[3:, index], part(size, index))
    run(optimizer, population, slopes[3:], size)
    assert_same(taken_first, population.take(index))


@every_optimizer
def test_without_a_gradient_only_weights_shrink(name):
    population = begin(OPTIMIZERS[name], (2,))
    before, size = population.theta.copy(), StepSize(0.1, 0.02 * weights_only(LAYOUT))
    run(OPTIMIZERS[name], population, np.zeros((1, 2, LAYOUT.size)), size)
    change = LAYOUT.views(OPTIMIZERS[name].averaged(population) / before)
    np.testing.assert_allclose(change["weight"], 0.98)
    np.testing.assert_allclose(change["bias"], 1)


@every_optimizer
def test_weight_decay_does_not_depend_on_the_learning_rate_or_the_gradient(name):
    ways = []
    for decay in (0.0, 0.02):
        population = begin(OPTIMIZERS[name])
        start = population.theta.copy()
        run(OPTIMIZERS[name], population, gradients(population, 1), StepSize(0.1, decay))
        ways.append(population.theta)
    np.testing.assert_allclose(ways[0] - ways[1], 0.02 * start, rtol=1e-9)


@every_optimizer
def test_a_learning_rate_of_zero_stays_where_it_is(name):
    population = begin(OPTIMIZERS[name])
    before = population.theta.copy()
    run(OPTIMIZERS[name], population, gradients(population, 3), StepSize(0.0))
    np.testing.assert_allclose(population.theta, before, rtol=1e-15)
    run(OPTIMIZERS[name], population, gradients(population, 3), StepSize(0.1))
    assert np.isfinite(population.theta).all()


@every_optimizer
def test_rates_multiply_the_learning_rate(name):
    rates = np.linspace(0.5, 2, LAYOUT.size)
    population, plain = begin(OPTIMIZERS[name]), begin(OPTIMIZERS[name])
    before, slopes = plain.theta.copy(), gradients(plain, 1)
    run(OPTIMIZERS[name], population, slopes, StepSize(0.1, rates=rates))
    run(OPTIMIZERS[name], plain, slopes, StepSize(0.1))
    np.testing.assert_allclose(population.theta - before, rates * (plain.theta - before))


@every_optimizer
def test_a_second_step_allocates_nothing_of_the_size_of_the_population(name):
    optimizer, layout = OPTIMIZERS[name], Layout((Slot("weight", (200, 200)),))
    population = begin(optimizer, (10,), np.float32, layout)
    gradient, size, workspace = gradients(population, 1)[0], settings_for(population), Workspace()

    def step():
        workspace.rewind()
        optimizer.step(population, gradient, size, workspace=workspace)

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
    assert peak < 100_000 < gradient.nbytes / 10


@every_optimizer
def test_the_type_of_numbers_is_preserved(name):
    population = begin(OPTIMIZERS[name], (2,), np.float32)
    run(OPTIMIZERS[name], population, gradients(population, 2), settings_for(population))
    everything = [population.theta, *population.memory.values(), *population.columns.values()]
    assert {array.dtype for array in everything} == {np.dtype(np.float32)}
    assert OPTIMIZERS[name].averaged(population).dtype == np.float32


@every_optimizer
def test_repr_evaluates_and_pickle_returns_the_optimizer(name):
    optimizer = OPTIMIZERS[name]
    assert eval(repr(optimizer), vars(optimizers)) == optimizer
    assert pickle.loads(pickle.dumps(optimizer)) == optimizer


def test_adam_is_the_textbook_one():
    population = begin(Adam())
    theta, slopes = population.theta.copy(), gradients(population, 20)
    m = v = np.zeros_like(theta)
    for k, g in enumerate(slopes, 1):
        m = 0.9 * m + 0.1 * g
        v = 0.999 * v + 0.001 * g**2
        step = (m / (1 - 0.9**k)) / (np.sqrt(v / (1 - 0.999**k)) + 1e-8)
        theta = theta - 0.03 * step - 0.01 * theta
    run(Adam(), population, slopes, StepSize(0.03, 0.01))
    np.testing.assert_allclose(population.theta, theta, rtol=1e-10)


@pytest.mark.parametrize("power", [0, 1, 3])
def test_schedule_free_is_the_textbook_one(power):
    optimizer = ScheduleFreeAdamW(power=power)
    population = begin(optimizer)
    x = y = z = population.theta.copy()
    v, weights, slopes = np.zeros_like(x), 0.0, gradients(population, 30)
    for k, g in enumerate(slopes, 1):
        rate = 0.03 * min(1, k / 10)
        optimizer.step(population, g.copy(), StepSize(rate, 0.01), workspace=Workspace())
        v = 0.999 * v + 0.001 * g**2
        z = z - rate * g / (np.sqrt(v / (1 - 0.999**k)) + 1e-8) - 0.01 * y
        weights += rate**2 * k**power
        c = rate**2 * k**power / weights
        x = (1 - c) * x + c * z
        y = 0.1 * z + 0.9 * x
        np.testing.assert_allclose(population.theta, y, rtol=1e-9)
        np.testing.assert_allclose(population.memory["z"], z, rtol=1e-9)
        np.testing.assert_allclose(optimizer.averaged(population), x, rtol=1e-9)
