"""Copies of populations, optimizers, layers and cohorts learn on to the same bits."""

from __future__ import annotations

import numpy as np
import pytest
from tests.copying import WAYS, same
from tests.nn.catalogue import LAYERS, LOSSES, OPTIMIZERS
from tests.race.test_cohort import start, state, train

from madaline.nn.arrays import Workspace
from madaline.nn.layers import Linear, SiLU
from madaline.nn.losses import Squared
from madaline.nn.network import Network, write_gradient
from madaline.nn.optimizers import StepSize

X = np.random.default_rng(2).normal(size=(9, 2)).astype(np.float32)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_copy_of_a_population_learns_on_to_the_same_bits(name, way):
    optimizer, network = OPTIMIZERS[name], Network((Linear(2, 3), SiLU(), Linear(3, 1)))
    population = network.initialize((2,), np.random.default_rng(0))
    optimizer.start(population)

    def step(optimizer, network, population, workspace):
        gradient = np.empty_like(population.theta)
        bound = network.bind(population.theta), network.bind(gradient)
        x, target = X, X[:, :1]
        workspace.rewind()
        write_gradient(network, Squared(), *bound, x, target, workspace=workspace)
        optimizer.step(population, gradient, StepSize(0.1), workspace=workspace)

    parts = optimizer, network, population, Workspace()
    step(*parts)
    copied = WAYS[way](parts)
    for one in (parts, copied):
        step(*one)
    assert same(copied[2], population)


@pytest.mark.parametrize("way", WAYS)
def test_copies_of_layers_and_losses_are_equal(way):
    parts = [make(4) for make in LAYERS.values()] + [case.loss for case in LOSSES.values()]
    assert WAYS[way](parts) == parts


@pytest.mark.parametrize("way", WAYS)
def test_a_copy_of_a_cohort_learns_on_to_the_same_bits(way, make_dataset):
    cohort = start(make_dataset())
    train(cohort, 1)
    copied = WAYS[way](cohort)
    for one in (cohort, copied):
        train(one, 1, first=1)
    assert [state(copied, place) for place in range(3)] == [state(cohort, p) for p in range(3)]
