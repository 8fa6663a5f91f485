"""Copies, restarts and ends of recipes, carried out one by one on a race of a few epochs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from madaline._race.race import Race
from madaline._race.recipe_policies import GrowthPolicy, LearningRatePolicy, slower, wider


@pytest.fixture
def race(make_dataset, plan):
    """A race after three epochs; the first recipe was best after the second of them."""
    race = Race(replace(plan, patience=99, cuts=()), make_dataset(), 5)
    for _ in range(3):
        list(race.run_epoch())
    race.candidates["1"].epoch = 2
    return race


def test_copies_know_how_long_their_networks_were_trained(race):
    parent = race.candidates["1"]
    parent.inherited_epochs = 4
    race._slow_down(parent, slower(parent.recipe))
    copy = race.candidates["5"]
    assert (copy.recipe_id, copy.entered, copy.parent_id) == ("5", 3, "1")
    assert copy.inherited_epochs == 6
    assert (copy.epoch, copy.record, copy.racing) == (0, None, True)
    np.testing.assert_array_equal(race.cohorts[-1].population.theta[0], parent.theta)
    race._add_copy(parent, wider(parent.recipe), parent.network)
    assert race.candidates["6"].inherited_epochs == 7  # the latest networks, not the best


def test_wider_copies_predict_the_same_and_learn_on(race):
    parent, dataset = race.candidates["1"], race.dataset
    race._grow(parent)
    copy, cohort = race.candidates["5"], race.cohorts[-1]
    assert copy.recipe == wider(parent.recipe)
    assert copy.recipe.units == (16, 16)
    for fold in range(3):
        x = dataset.features[0]
        before = parent.network.predict(parent.theta[fold], x)
        after = copy.network.predict(cohort.population.theta[0, fold], x)
        np.testing.assert_allclose(after, before, atol=1e-5)
    race._grow(race.candidates["2"])
    assert not np.array_equal(cohort.population.theta, race.cohorts[-1].population.theta)


def test_what_diverged_starts_from_its_best_epoch_at_a_rate_that_is_new(race):
    one, other = race.candidates["1"], race.candidates["2"]
    race._slow_down(one, slower(one.recipe))
    race._start_over(one)
    assert not one.racing
    copy = race.candidates["6"]
    assert copy.recipe.learning_rate == pytest.approx(0.03 / 9)
    assert (copy.parent_id, copy.inherited_epochs) == ("1", 2)
    other.epoch = 0
    race._start_over(other)
    anew = race.candidates["7"]
    assert anew.recipe.learning_rate == pytest.approx(0.01)
    assert (anew.parent_id, anew.inherited_epochs, anew.entered) == ("", 0, 3)
    raced = [recipe for cohort in race.cohorts for recipe in cohort.recipes]
    assert one.recipe not in raced
    assert other.recipe not in raced


def test_what_ends_leaves_its_cohort_and_keeps_its_outputs(race):
    one, two = race.candidates["1"], race.candidates["2"]
    race.leave_out(["1"])
    assert [cohort.recipes for cohort in race.cohorts] == [
        [two.recipe],
        [race.candidates["3"].recipe, race.candidates["4"].recipe],
    ]
    assert not one.racing
    assert len(one.output)
    race.forget_outputs()
    assert not any(len(one.output) for one in race.candidates.values())


def test_the_end_of_an_epoch_that_is_stopped_decides_nothing(make_dataset, plan):
    race = Race(plan, make_dataset(), 5)
    assert list(race.run_epoch(lambda: True)) == []
    assert race.epoch == 1
    assert not race.evaluated
    told = iter([False] * 3 + [True] * 99)
    records = list(race.run_epoch(lambda: next(told)))
    assert all(decision is None for _, decision in records)


def test_small_gains_do_not_count_where_the_plan_says_so(make_dataset, plan):
    race = Race(replace(plan, patience=99, cuts=(), flat_gain=9.0), make_dataset(), 5)
    list(race.run_epoch())
    one = race.candidates["1"]
    assert (one.gained_epoch, one.gained_loss) == (1, one.loss)
    gained = one.gained_loss
    for _ in range(3):
        list(race.run_epoch())
    assert one.epoch > 1
    assert (one.gained_epoch, one.gained_loss) == (1, gained)
    usual = Race(replace(plan, patience=99, cuts=()), make_dataset(), 5)
    list(usual.run_epoch())
    assert usual.candidates["1"].gained_epoch is None
    gains = {type(one): one.min_gain for one in race._policies() if hasattr(one, "min_gain")}
    assert gains == {LearningRatePolicy: 18.0, GrowthPolicy: 18.0}
