"""The compiled backend takes the steps of the reference, within 1e-5, and covers what it says."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from madaline._race.monotone import parameter_bounds
from madaline.nn._engine import numba_backend
from madaline.nn._engine.backend import Batches, TrainingRule
from madaline.nn._engine.numba_backend import COMPILING
from madaline.nn._engine.numpy_backend import (
    MIN_COMPILED_WORK,
    NumpyBackend,
    backend_named,
    choose_backend,
)
from madaline.nn._sparse_rows import SparseRows
from madaline.nn.layers import Dropout, LeakySiLU, Linear, ReLU, ScaledLinear, SiLU, Tanh
from madaline.nn.losses import (
    Absolute,
    BinaryCrossEntropy,
    CrossEntropy,
    Huber,
    Poisson,
    Quantile,
    Quantiles,
    Squared,
)
from madaline.nn.network import Network
from madaline.nn.optimizers import Adam, GradientDescent, ScheduleFreeAdamW, weights_only

pytest.importorskip("numba", reason="numba is not installed")

LOSSES = [
    (CrossEntropy(), 5),
    (CrossEntropy(0.1), 3),
    (BinaryCrossEntropy(), 1),
    (BinaryCrossEntropy(0.2), 2),
    (Squared(), 2),
    (Squared(), 1),
    (Absolute(), 1),
    (Absolute(), 3),
    (Huber(0.7), 1),
    (Quantile(0.8), 1),
    (Quantiles((0.1, 0.5, 0.8)), 3),
    (Poisson(), 1),
    (Poisson(), 2),
]
N_SAMPLES = 150
ROUNDING = 1e-6
"""Gradients below this may be sums of terms that cancel."""


class HiddenColumns:
    """Hides a quarter of the columns, as an augmentation."""

    def __init__(self, columns):
        self.columns = np.asarray(columns)

    def column_factors(self, shape, rng):
        return rng.integers(0, 4, (*shape, self.columns.max() + 1)).clip(0, 1).astype(np.float32)

    def apply(self, x, rngs, workspace):
        factors = np.stack([self.column_factors(x.shape[1:2], rng) for rng in rngs])
        return x * factors[..., self.columns]


@st.composite
def networks(draw):
    """Draw a network that races on tables, with its loss."""
    n_features = draw(st.integers(1, 12))
    columns = np.unique(
        draw(st.lists(st.integers(0, 5), min_size=n_features, max_size=n_features)),
        return_inverse=True,
    )[1]
    units = draw(st.lists(st.integers(1, 20), min_size=1, max_size=4))
    activation = draw(st.sampled_from([SiLU(), ReLU(), LeakySiLU()]))
    loss, n_outputs = draw(st.sampled_from(LOSSES))
    gated = draw(st.booleans())
    first = ScaledLinear(tuple(map(int, columns)), units[0]) if gated else None
    layers = [first or Linear(n_features, units[0]), activation]
    for below, above in pairwise(units):
        layers += [Linear(below, above), activation]
    return Network((*layers, Linear(units[-1], n_outputs))), loss, columns if gated else None


def prepared(network, loss, optimizer, axes, seed):
    population = network.initialize(axes, np.random.default_rng(seed))
    optimizer.start(population)
    rng = np.random.default_rng(seed + 1)
    for name in ("learning_rate", "weight_decay"):
        values = rng.uniform(0.001, 0.02, (axes[0], 1, 1)).astype(np.float32)
        population.columns[name] = np.broadcast_to(values, (*axes, 1)).copy()
    rates = network.layout.row(lambda slot: 1 / np.sqrt(slot.fan_in))
    rule = TrainingRule(network, loss, optimizer, rates, weights_only(network.layout), 3.0)
    return population, rule


def batches(n_features, n_outputs, n_folds, *, seed, steps=1, columns=None, weighted=True):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((N_SAMPLES, n_features)).astype(np.float32)
    target = np.eye(max(2, n_outputs), dtype=np.float32)[rng.integers(0, 2, N_SAMPLES)]
    return Batches(
        x,
        np.ascontiguousarray(target[:, :n_outputs]),
        rng.uniform(0.2, 1.8, N_SAMPLES).astype(np.float32) if weighted else None,
        np.array([0]),
        rng.standard_normal((n_folds, N_SAMPLES, 1)).astype(np.float32),
        rng.integers(0, N_SAMPLES, (n_folds, steps, 32)),
        None if columns is None else HiddenColumns(columns),
        _rngs(n_folds),
    )


def without_zeros(batches, *, seed):
    """Return batches of rows that are mostly zero, and the same without their zeros."""
    shown = np.random.default_rng(seed).random(batches.features.shape) < 0.3
    nothing = {"fold_columns": np.zeros(0, np.intp), "fold_values": batches.fold_values[..., :0]}
    with_zeros = replace(batches, features=batches.features * shown, **nothing)
    return with_zeros, replace(with_zeros, features=SparseRows.of([with_zeros.features]))


def trained(name, population, rule, *arguments, **named):
    return trained_on(batches(*arguments, **named), name, population, rule)


def trained_on(batches, name, population, rule):
    members = population.snapshot()
    with np.errstate(over="ignore", invalid="ignore"):
        backend_named(name).train(rule, members, batches)
    return members


TRAINING = """
import hashlib
from tests.engine.test_backends import *

for loss, n_outputs in LOSSES:
    for optimizer in (ScheduleFreeAdamW(power=1.0), Adam()):
        layers = ScaledLinear((0, 1, 2, 2), 24), SiLU(), Linear(24, n_outputs)
        population, rule = prepared(Network(layers), loss, optimizer, (2, 2), 0)
        members = trained("numba", population, rule, 4, n_outputs, 2, seed=0, steps=5)
        print(hashlib.sha256(members.theta.tobytes()).hexdigest())
"""


@pytest.mark.slow
def test_the_process_that_compiles_has_the_bits_of_those_that_load(tmp_path):
    settings = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    command = [sys.executable, "-W", "error", "-c", TRAINING]
    compiling, loading = (
        subprocess.run(command, env=settings, check=True, capture_output=True).stdout
        for _ in range(2)
    )
    assert len(set(compiling.split())) > len(LOSSES)  # each of another network
    assert compiling == loading


def largest_difference(one, other):
    scale = max(1e-3, float(np.abs(one).max()))
    return float(np.abs(one - other).max()) / scale


def decided(one, other, optimizer):
    """Return the parameters of one and of the other whose gradient is more than rounding.

    The first step is as long wherever the gradient is not zero, however small: where terms cancel,
    rounding decides which way it goes.
    """
    squares = (each.memory["squares"] for each in (one, other))
    slopes = [np.sqrt(square / (1 - optimizer.beta2)) for square in squares]
    assert largest_difference(*slopes) < 1e-5
    clear = slopes[0] > ROUNDING
    return np.where(clear, one.theta, 0), np.where(clear, other.theta, 0)


@settings(max_examples=60)
@given(
    networks(),
    st.sampled_from([ScheduleFreeAdamW(power=1.0), ScheduleFreeAdamW(), Adam()]),
    st.booleans(),
    st.integers(0, 99),
)
def test_a_step_agrees_with_the_reference(drawn, optimizer, weighted, seed):
    network, loss, columns = drawn
    population, rule = prepared(network, loss, optimizer, (2, 3), seed)
    assert backend_named("numba").covers(rule)
    sizes = network.layers[0].in_features, network.layers[-1].out_features, 3
    settings = {"seed": seed, "columns": columns, "weighted": weighted}
    one, other = (
        trained(name, population, rule, *sizes, **settings) for name in ("numpy", "numba")
    )
    assert largest_difference(*decided(one, other, optimizer)) < 1e-5
    for name in one.columns:
        np.testing.assert_allclose(one.columns[name], other.columns[name], rtol=1e-6)


@settings(max_examples=60)
@given(networks(), st.booleans(), st.integers(0, 99))
def test_a_step_on_rows_without_zeros_agrees_with_the_reference(drawn, hiding, seed):
    network, loss, columns = drawn
    optimizer = ScheduleFreeAdamW(power=1.0)
    population, rule = prepared(network, loss, optimizer, (2, 3), seed)
    n_features, n_outputs = network.layers[0].in_features, network.layers[-1].out_features
    given = batches(n_features, n_outputs, 3, seed=seed, columns=columns if hiding else None)
    with_zeros, without = without_zeros(given, seed=seed)
    expected = trained_on(with_zeros, "numpy", population, rule)
    found = trained_on(replace(without, rngs=_rngs(3)), "numba", population, rule)
    assert largest_difference(*decided(expected, found, optimizer)) < 1e-5
    same = trained_on(replace(without, rngs=_rngs(3)), "numpy", population, rule)
    np.testing.assert_array_equal(expected.theta, same.theta)


def _rngs(n_folds):
    return [np.random.default_rng(fold) for fold in range(n_folds)]


def test_steps_within_bounds_agree():
    network = Network((ScaledLinear((0, 1, 1, 2), 8), LeakySiLU(), Linear(8, 1)))
    population, rule = prepared(network, Squared(), ScheduleFreeAdamW(power=1.0), (1, 2), 0)
    bounds = parameter_bounds(network, np.array([1, 0, -1, 0]))
    population.theta[...] = bounds.reflected(population.theta)
    population.memory["z"][...] = population.theta
    rule = replace(rule, bounds=bounds)
    arguments = {"seed": 0, "steps": 50}
    one, other = (
        trained(name, population, rule, 4, 1, 2, **arguments) for name in ("numpy", "numba")
    )
    assert largest_difference(one.theta, other.theta) < 1e-4
    for members in (one, other):
        for theta in (members.memory["z"], rule.averaged(members)):
            assert np.array_equal(theta, bounds.nearest(theta))
    assert np.count_nonzero(one.memory["z"] == 0) > np.count_nonzero(population.theta == 0)


def test_many_steps_stay_together():
    network = Network((ScaledLinear((0, 1, 1, 2), 8), SiLU(), Linear(8, 8), SiLU(), Linear(8, 1)))
    population, rule = prepared(network, Squared(), ScheduleFreeAdamW(power=1.0), (1, 2), 0)
    one, other = (
        trained(name, population, rule, 4, 1, 2, seed=0, steps=50) for name in ("numpy", "numba")
    )
    assert largest_difference(one.theta, other.theta) < 1e-4


@pytest.mark.parametrize("name", ["numpy", "numba"])
def test_members_train_alone_as_in_company(name):
    network = Network((ScaledLinear((0, 1, 1, 2), 8), SiLU(), Linear(8, 3)))
    population, rule = prepared(network, CrossEntropy(), ScheduleFreeAdamW(), (2, 3), 0)
    together = trained(name, population, rule, 4, 3, 3, seed=0, steps=4)
    for recipe in range(2):
        alone = trained(name, population[recipe : recipe + 1], rule, 4, 3, 3, seed=0, steps=4)
        np.testing.assert_array_equal(alone.theta[0], together.theta[recipe])


def test_outputs_agree_and_do_not_depend_on_the_chunk():
    network = Network((ScaledLinear((0, 1), 40), SiLU(), Linear(40, 3)))
    theta = network.initialize((4,), np.random.default_rng(0)).theta
    x = np.random.default_rng(1).standard_normal((50, 2)).astype(np.float32)
    expected = NumpyBackend().predict(network, theta, x, 1000)
    for name, chunk in (("numba", 1000), ("numba", 7), ("numpy", 7)):
        for rows in (x, SparseRows.of([x])):
            output = backend_named(name).predict(network, theta, rows, chunk)
            np.testing.assert_allclose(output, expected, rtol=1e-5, atol=1e-6)


def test_divergence_is_seen_by_both():
    network = Network((Linear(4, 8), SiLU(), Linear(8, 1)))
    population, rule = prepared(network, Squared(), ScheduleFreeAdamW(), (1, 1), 0)
    population.theta[...] = np.nan
    for name in ("numpy", "numba"):
        assert np.isnan(trained(name, population, rule, 4, 1, 1, seed=0).theta).all()


LINEAR = Linear(4, 4)


@pytest.mark.parametrize(
    ("layers", "loss", "optimizer"),
    [
        ((LINEAR,), Squared(), ScheduleFreeAdamW()),
        ((LINEAR, Tanh(), LINEAR), Squared(), ScheduleFreeAdamW()),
        ((LINEAR, SiLU(), LINEAR, ReLU(), LINEAR), Squared(), ScheduleFreeAdamW()),
        ((LINEAR, Dropout(0.1), LINEAR, SiLU(), LINEAR), Squared(), ScheduleFreeAdamW()),
        ((LINEAR, SiLU(), LINEAR), Squared(), GradientDescent()),
    ],
)
def test_what_it_does_not_know_goes_the_numpy_way(layers, loss, optimizer):
    _, rule = prepared(Network(layers), loss, optimizer, (1, 1), 0)
    assert not backend_named("numba").covers(rule)
    assert backend_named("numpy").covers(rule)


def test_small_work_is_not_worth_loading_what_is_compiled():
    assert choose_backend(0.5 * MIN_COMPILED_WORK).name == "numpy"
    assert choose_backend(2 * MIN_COMPILED_WORK).name == "numba"


def test_the_wait_is_told_where_something_is_compiled_and_only_there(monkeypatch, capsys):
    from numba import njit

    for call_once, told in ((lambda: None, ""), (lambda: njit(lambda: 1)(), COMPILING + "\n")):
        monkeypatch.setattr(numba_backend, "_call_once", call_once)
        numba_backend._compile.__wrapped__()
        assert capsys.readouterr().err == told
