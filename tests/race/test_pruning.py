from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from tests.race.changed import changed

from madaline._race import pruning as pruning_module
from madaline._race.ensemble import Ensemble, Evaluator
from madaline._race.pruning import Pruning, fewer_units, prune_ensemble
from madaline._race.race import Race
from madaline._race.recipe import TableRecipe
from madaline.nn._surgery import unit_moments

TASKS = ("binary", "multiclass", "regression")


@pytest.fixture
def raced(make_dataset, plan):
    """Return a maker of an ensemble of two trained recipes of two layers, and of its rows."""

    def make(task="regression", **options):
        dataset = make_dataset(task, n_samples=200, **options)
        recipes = (TableRecipe(0, 30, (16, 16)), TableRecipe(16, 30, (16, 16)))
        race = Race(replace(plan, recipes=recipes, epochs=40, patience=9, cuts=()), dataset, 5)
        list(race.run())
        return race.ensemble(), dataset

    return make


def out_of_fold(one, dataset):
    """Recompute what the networks of a member predict for rows that they were not trained on."""
    rows, features = dataset.rows, dataset.features[one.n_bins]
    outputs = [
        one.network.predict(one.theta[fold], features[rows.held_out(fold)])
        for fold in range(rows.n_folds)
    ]
    return np.concatenate(outputs)


@pytest.mark.parametrize("task", TASKS)
def test_what_is_left_is_smaller_and_as_good(task, raced):
    ensemble, dataset = raced(task, weighted=task == "binary")
    pruned = prune_ensemble(ensemble, dataset, epoch=7, tolerance=0.05)
    assert pruned.ensemble.row_multiply_adds < 0.7 * ensemble.row_multiply_adds
    assert sum(pruned.ensemble.weights.values()) == pytest.approx(1)
    last = pruned.decisions[-1]
    assert last.loss == pytest.approx(dataset.validation_loss(pruned.ensemble.output), rel=1e-5)
    assert last.best_loss <= dataset.validation_loss(ensemble.output) * (1 + 1e-5)
    for decision in pruned.decisions:
        increase = decision.loss - decision.best_loss
        assert increase + decision.standard_error <= 0.05 * decision.best_loss
        assert decision.sentence.endswith(".")
        assert decision.epoch == 7


@pytest.mark.parametrize("evaluated_rows", [70, 10**6])
def test_the_outputs_are_those_of_the_networks_that_are_left(evaluated_rows, raced, monkeypatch):
    """Of all rows, even if only every third is evaluated on the way."""
    monkeypatch.setattr(pruning_module, "EVALUATED_ROWS", evaluated_rows)
    ensemble, dataset = raced()
    pruned = prune_ensemble(ensemble, dataset, epoch=7, tolerance=0.2)
    assert any(one.units != (16, 16) for one in pruned.ensemble.members)
    for one in pruned.ensemble.members:
        assert one.theta.shape == (dataset.rows.n_folds, one.network.layout.size)
        np.testing.assert_allclose(one.output, out_of_fold(one, dataset), rtol=1e-4, atol=1e-5)


def test_every_step_is_held_to_the_best_and_not_to_the_step_before(raced):
    """Small losses beside the step before do not add up."""
    ensemble, dataset = raced()
    evaluator = Evaluator(dataset, 1)
    pruning = Pruning(
        evaluator, ensemble, evaluator.losses(ensemble), evaluator.baseline_losses(), 0.05, 7
    )
    worse = ensemble
    for step in range(1, 200):
        changed = worse.members[0]
        drift = np.float32(0.002 * step) * (1 + dataset.features[0][:, :1])
        worse = Ensemble(
            (replace(changed, output=ensemble.members[0].output + drift), *ensemble.members[1:])
        )
        if not pruning._take(worse):
            break
    assert step < 199
    comparison = evaluator.compare(evaluator.losses(pruning.ensemble), evaluator.losses(ensemble))
    assert comparison.loss - comparison.best_loss <= 0.05 * comparison.best_loss


def test_a_recipe_that_does_not_help_is_left_out_and_one_that_does_stays(raced):
    ensemble, dataset = raced()
    good = ensemble.members[0]
    rng = np.random.default_rng(0)
    noise = replace(good, key="noise", output=good.output + rng.normal(size=good.output.shape))
    other = Ensemble((replace(good, weight=0.6), replace(noise, weight=0.4)))
    pruned = prune_ensemble(other, dataset, epoch=7, tolerance=0.05)
    assert list(pruned.ensemble.weights.items()) == [(good.key, pytest.approx(1))]
    assert "Removed from the ensemble (weight 40%)" in pruned.decisions[0].sentence
    opposed = [
        replace(good, key=key, output=dataset.target + sign * spread, weight=0.5)
        for spread in [rng.normal(size=dataset.target.shape)]
        for key, sign in (("above", 1), ("below", -1))
    ]
    evaluator = Evaluator(dataset, 1)
    both = Ensemble(tuple(opposed))
    pruning = Pruning(evaluator, both, evaluator.losses(both), evaluator.baseline_losses(), 0.05, 7)
    pruning.leave_out("above")
    assert set(pruning.ensemble.weights) == {"above", "below"}


def test_units_are_ranked_on_rows_that_a_network_learned_from(raced):
    ensemble, dataset = raced()
    hidden = {n_bins: matrix.copy() for n_bins, matrix in dataset.features.encoded.items()}
    for matrix in hidden.values():
        matrix[dataset.rows.held_out(1)] = 1e3
    rankings = [
        Pruning(Evaluator(rows, 1), ensemble, np.empty(0), np.empty(0), 0.05, 7)._rank(
            ensemble.members[0], 2
        )
        for rows in (dataset, changed(dataset, features=hidden))
    ]
    np.testing.assert_array_equal(rankings[0].moments[1], rankings[1].moments[1])
    assert not np.array_equal(rankings[0].moments[0], rankings[1].moments[0])


def test_little_is_given_away_of_little_that_was_learned(raced):
    """A tolerated rise is a share of what is below the constants' loss where that is less."""
    ensemble, dataset = raced()
    evaluator = Evaluator(dataset, 1)
    best = evaluator.losses(ensemble)
    lighter = Ensemble((replace(ensemble.members[0], output=ensemble.output + 0.02, weight=1.0),))
    learned = best.mean() / 2
    rise = evaluator.compare(evaluator.losses(lighter), best)
    worst = rise.loss - rise.best_loss + rise.standard_error
    assert worst > 0
    for tolerance, taken in ((1.01 * worst / learned, True), (0.99 * worst / learned, False)):
        pruning = Pruning(evaluator, ensemble, best, best + learned, tolerance, 7)
        assert (pruning._take(lighter) is not None) == taken


def test_no_tolerance_prunes_nothing(raced):
    ensemble, dataset = raced()
    pruned = prune_ensemble(ensemble, dataset, epoch=7, tolerance=0.0)
    assert pruned.ensemble is ensemble
    assert (pruned.decisions, pruned.multiply_adds) == ((), 0.0)


@pytest.mark.parametrize("units", [1, 2, 3, 5, 64, 256])
def test_a_layer_is_pruned_in_steps_of_about_a_third_down_to_one_unit(units):
    widths = [units, *fewer_units(units)]
    assert widths[-1] == 1
    assert all(smaller < larger <= 2 * smaller for larger, smaller in pairwise(widths))


def test_units_are_ranked_with_the_rows_of_one_fold_at_a_time(raced, monkeypatch):
    ensemble, dataset = raced()
    shapes = []

    def ranked(network, population, layer, x):
        shapes.append((population.axes, x.ndim))
        return unit_moments(network, population, layer, x)

    monkeypatch.setattr(pruning_module, "unit_moments", ranked)
    prune_ensemble(ensemble, dataset, epoch=7, tolerance=0.05)
    assert set(shapes) == {((1,), 2)}
    assert len(shapes) % dataset.rows.n_folds == 0
