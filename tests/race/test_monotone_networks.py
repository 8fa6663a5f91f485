"""Networks within their bounds are monotone, whatever their parameters, and stay so in a race."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.race.changed import changed

from madaline._race.checkpoint import resume, save_checkpoint
from madaline._race.monotone import parameter_bounds
from madaline._race.pruning import prune_ensemble
from madaline._race.race import Race
from madaline._race.recipe import TableRecipe
from madaline.nn.layers import LeakySiLU, Linear, ScaledLinear
from madaline.nn.network import Network
from madaline.records.model_decisions import UnitsRemoved
from madaline.records.race_decisions import Grown, Simplified

DIRECTIONS = np.array([1, 0, -1, 0])
ROOM = 1e-5  # rounding, as a share of the outputs


def falls(network, theta, directions, seed):
    """Return how far outputs go in the wrong direction, as a share of their size, at most."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(200, len(directions))).astype(np.float32)
    further = x + directions * rng.exponential(size=x.shape).astype(np.float32)
    before, after = (network.predict(theta, one.astype(np.float32)) for one in (x, further))
    return float((before - after).max() / np.abs(before).max())


@given(st.lists(st.integers(1, 9), min_size=1, max_size=4), st.integers(0, 999))
def test_any_parameters_within_the_bounds_are_monotone(units, seed):
    rng = np.random.default_rng(seed)
    directions = rng.integers(-1, 2, 4)
    layers = [ScaledLinear((0, 1, 1, 2), units[0]), LeakySiLU()]
    for below, above in pairwise(units):
        layers += [Linear(below, above), LeakySiLU()]
    network = Network((*layers, Linear(units[-1], 1)))
    theta = rng.normal(size=(3, network.layout.size)).astype(np.float32)
    bounds = parameter_bounds(network, directions)
    for within in (bounds.nearest(theta), bounds.reflected(theta)):
        assert np.array_equal(within, bounds.nearest(within))
        assert falls(network, within, directions, seed) < ROOM


def test_bounds_follow_from_directions_and_the_roles_of_units():
    network = Network((ScaledLinear((0, 1, 2), 4), LeakySiLU(), Linear(4, 1)))
    bounds = parameter_bounds(network, np.array([1, -1, 0]))
    (low, _, last_low), (high, _, last_high) = map(network.bind, (bounds.lower, bounds.upper))
    free, inf = [-np.inf] * 4, np.inf  # the units are free, rising, free and falling
    np.testing.assert_array_equal(low["weight"], [[0, 0, 0, -inf], [0, -inf, 0, 0], free])
    np.testing.assert_array_equal(high["weight"], [[0, inf, 0, 0], [0, 0, 0, inf], [inf] * 4])
    np.testing.assert_array_equal(low["gate"], [0, 0, -inf])
    np.testing.assert_array_equal(last_low["weight"][:, 0], [-inf, 0, -inf, -inf])
    np.testing.assert_array_equal(last_high["weight"][:, 0], [inf, inf, inf, 0])


def test_networks_without_bounds_are_not_monotone():
    network = Network((Linear(4, 8), LeakySiLU(), Linear(8, 1)))
    theta = network.initialize((3,), np.random.default_rng(0)).theta
    assert falls(network, theta, DIRECTIONS, 0) > 0.1


@pytest.fixture
def constrained(make_dataset, plan):
    """A race whose target is against the constraints, and that grows and hides columns."""
    dataset = make_dataset("regression", n_samples=200)
    directions = {n: np.resize(DIRECTIONS, x.shape[1]) for n, x in dataset.features.encoded.items()}
    recipes = tuple(TableRecipe(n, 30, (16, 16), monotone=True) for n in (0, 16))
    often = {"overfit": 9.0, "fewest_columns": 1, "rows_for_a_parameter": 0.0, "widest": 64}
    plan = replace(plan, recipes=recipes, epochs=40, patience=2, **often)
    return Race(plan, changed(dataset, directions=directions), 5)


def test_all_networks_of_a_race_are_monotone(constrained):
    decisions = [decision for _, decision in constrained.run()]
    assert {Grown, Simplified} <= set(map(type, decisions))
    for one in constrained.candidates.values():
        directions = constrained.dataset.inputs.directions[one.recipe.n_bins]
        assert falls(one.network, one.theta, directions, 0) < ROOM


def test_pruned_networks_are_monotone(constrained):
    list(constrained.run())
    ensemble, dataset = constrained.ensemble(), constrained.dataset
    pruned = prune_ensemble(ensemble, dataset, epoch=7, tolerance=0.3)
    assert UnitsRemoved in set(map(type, pruned.decisions))
    for one in pruned.ensemble.members:
        assert falls(one.network, one.theta, dataset.inputs.directions[one.n_bins], 0) < ROOM


def test_a_constrained_race_goes_on_in_the_same_bits(constrained, bits, tmp_path):
    def race():
        return Race(constrained.plan, constrained.dataset, 5)

    list(constrained.run())
    interrupted, resumed = race(), race()
    for _ in range(3):
        list(interrupted.run_epoch())
    save_checkpoint(tmp_path / "state", interrupted, [], [])
    assert resume(tmp_path / "state", resumed) is not None
    list(resumed.run())
    assert bits(resumed) == bits(constrained)
    free = Race(constrained.plan, changed(constrained.dataset, directions={}), 5)
    assert resume(tmp_path / "state", free) is None
