"""Work is counted by hand: it decides what is affordable, and what is told of the time left."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from madaline._race.ensemble import Ensemble, Evaluator
from madaline._race.importance import _permutation_work
from madaline._race.pruning import Pruning
from madaline._race.race import Race, measure_speed
from madaline._race.recipe import TableRecipe
from madaline._race.trees.racing import _OF_MANY, _Trees

FORWARD = 4 * 8 + 8 * 8 + 8  # of a row, where there are four features and (8, 8) units
STEP = 16 * (3 * FORWARD - 4 * 8)  # of a batch: back costs twice as much, without the inputs


@pytest.fixture
def race(plan, make_dataset):
    """A race of four recipes, two of them with seven features instead of four."""
    return Race(replace(plan, epochs=6), make_dataset("regression"), 0)


def test_what_is_planned_is_all_epochs_of_all_recipes(race):
    wide = 7 * 8 + 8 * 8 + 8
    wide_step = 16 * (3 * wide - 7 * 8)
    epoch = 2 * (3 * 2 * (STEP + wide_step) + 61 * (FORWARD + wide))
    assert race.planned_multiply_adds == 6 * epoch
    race.plan = replace(race.plan, expected_work=0.25)
    assert race.planned_multiply_adds == 1.5 * epoch


def test_speed_is_the_work_of_the_batches_that_took_long_enough(plan, make_dataset, monkeypatch):
    """Twice as many each time, until a twentieth of a second is over, or all have been tried."""
    race = Race(plan, make_dataset("regression", n_samples=400), 0)  # 266 rows: 16 batches
    seconds = [0.01, 0.02, 0.06]
    ticks = np.cumsum([step for one in seconds for step in (1.0, one)]).tolist()
    trained = []
    monkeypatch.setattr("madaline._race.race.run_training", lambda t: trained.append(t.order.shape))
    speed = measure_speed(race, iter(ticks).__next__)
    assert speed == pytest.approx(2 * 3 * 8 * STEP / 0.06)
    assert trained == [(3, steps, 16) for steps in (2, 4, 8)]
    speed = measure_speed(race, iter(np.arange(0, 1, 0.03).tolist()).__next__)
    assert speed == pytest.approx(2 * 3 * 16 * STEP / 0.03)


@pytest.fixture
def trees(make_dataset):
    """A maker of trees of 61 rows, with the work of the race before them."""

    def make(work=0.0, *, levels=(), **facts):
        dataset = make_dataset("multiclass")
        attributes = {"dataset": dataset, "levels": levels, "n_blocks": 1, "patience": _OF_MANY}
        one = object.__new__(_Trees)
        one.__dict__.update(attributes, _work_of_race=work, **facts)
        return one

    return make


def test_the_work_of_a_round_is_that_of_its_trees_inputs_and_rows(trees):
    rows = 40  # that a network learns from, at least
    assert trees()._work_of_round == 3 * (2e7 + 8e5 * 4 + rows * (6e3 + 150 * 4))
    # a category is one input, whatever the number of its features
    assert trees(levels=((0, 1, 2),))._work_of_round == 3 * (2e7 + 8e5 * 2 + rows * (6e3 + 150 * 2))


def test_trees_are_slow_where_the_first_rounds_take_longer_than_the_race(trees):
    assert not trees().are_slow
    slow = trees(2e11)
    slow.__dict__["_work_of_round"] = 2e11 / 100 / 3
    assert not slow.are_slow
    slow.__dict__["_work_of_round"] *= 1.01
    assert slow.are_slow
    few = trees()
    few.__dict__["_work_of_round"] = 0.99e11 / 100 / 3
    assert not few.are_slow


@pytest.fixture
def member(plan, make_dataset):
    """An ensemble's only member, of three folds, with hidden layers of 16 and 8 units."""
    recipes = (TableRecipe(0, 30, (16, 8)),)
    race = Race(replace(plan, recipes=recipes, epochs=1), make_dataset("regression"), 5)
    list(race.run())
    return race.ensemble().members[0], race.dataset


def test_pruning_counts_the_rows_that_units_are_ranked_on_and_least_squares(member):
    one, dataset = member
    pruning = Pruning(Evaluator(dataset, 1), Ensemble((one,)), np.zeros(61), np.zeros(61), 0.05, 7)
    ranking = pruning._rank(one, 0)
    rows = 40  # the fewest that a network learned from: fewer than eight for each unit
    assert pruning.multiply_adds == 3 * (rows * (4 * 16 + 16**2) + 2 * 16**3)
    before = pruning.multiply_adds
    pruning._narrowed(one, ranking, 5, pruning.evaluator.layer_inputs(one, 0))
    assert pruning.multiply_adds - before == 61 * (4 * 5 + 5 * 8 + 8)


def test_permuting_takes_the_first_layer_twice_and_the_others_for_each_column(member):
    one, _ = member
    ensemble = SimpleNamespace(members=(one, one))
    assert _permutation_work(ensemble, 5) == 2 * (2 * 4 * 16 + 5 * (16 * 8 + 8))
