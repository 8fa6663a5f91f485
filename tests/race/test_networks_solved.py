"""Linear networks of a race are where their loss is lowest, each with its own weight decay."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.race.changed import changed
from tests.race.test_linear_models import ridge

from madaline._race import solving
from madaline._race.cohort import Cohort
from madaline._race.epoch_task import EpochSeed, run_epoch_task
from madaline._race.recipe import LinearRecipe, PatternRecipe
from madaline.nn._engine.executors.executor import Serial
from madaline.nn._engine.numpy_backend import NumpyBackend
from madaline.nn.losses import BinaryCrossEntropy, CrossEntropy, Squared

TIMES = (30.0, 0.3, 3.0)  # in no order


def solved(dataset, recipe):
    """Return the weights and biases after an epoch, (recipes, folds, ...)."""
    recipes = [replace(recipe, decay_time=time) for time in TIMES]
    rngs = [np.random.default_rng(place) for place in range(3)]
    cohort = Cohort.start(recipes, dataset, 16, rngs)
    epoch, shared = EpochSeed(0, 1), Serial().share(dataset)
    order = epoch.order(dataset, 16)
    tasks = cohort.tasks(epoch, order, shared, NumpyBackend(), 1)
    assert len(tasks) == dataset.rows.n_networks  # each fold by itself
    outputs = cohort.take(map(run_epoch_task, tasks))
    layer = cohort.network.bind(np.stack([cohort.averaged(place) for place in range(3)]))[0]
    assert layer["gate"][..., [0, 2, 3]].all()
    for place, output in enumerate(outputs):
        for fold in range(dataset.rows.n_folds):
            held_out = dataset.rows.held_out(fold)
            x = dataset.features[0][held_out]
            expected = x @ layer["weight"][place, fold] + layer["bias"][place, fold]
            np.testing.assert_allclose(output[held_out], expected, atol=1e-4)
    return layer["weight"], layer["bias"]


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("recipe", [LinearRecipe(0, 1), PatternRecipe(0, 1, squares=True)])
def test_numbers_are_solved_by_ridge_regression_of_rows_of_length_one(
    make_dataset, recipe, weighted
):
    dataset = make_dataset("regression", weighted=weighted)
    weight = np.ones(61) if dataset.weight is None else dataset.weight.astype(float)
    length = np.sqrt(dataset.features[0].shape[1])
    weights, biases = solved(dataset, recipe)
    of_squares = isinstance(recipe, PatternRecipe)  # with whole squares of weights, not halves
    for place, time in enumerate(TIMES):
        for fold in range(3):
            own = dataset.rows.training(fold)
            x = dataset.features[0][own].astype(float) / length
            strength = time / 2 if of_squares else time
            found, bias = ridge(x, dataset.target[own], weight[own], strength)
            np.testing.assert_allclose(weights[place, fold], found / length, atol=3e-3)
            np.testing.assert_allclose(biases[place, fold], bias, atol=3e-3)


@pytest.mark.parametrize("loss", [BinaryCrossEntropy(), CrossEntropy()])
def test_classes_are_solved_where_the_slope_of_the_loss_is_that_of_decay(make_dataset, loss):
    dataset = make_dataset("binary" if isinstance(loss, BinaryCrossEntropy) else "multiclass")
    length = np.sqrt(dataset.features[0].shape[1])
    for recipe in (LinearRecipe(0, 1), PatternRecipe(0, 1)):
        weights, biases = solved(dataset, recipe)
        for place, time in enumerate(TIMES):
            for fold in range(3):
                own = dataset.rows.training(fold)
                x = dataset.features[0][own].astype(float)
                output = x @ weights[place, fold] + biases[place, fold]
                if output.shape[1] == 1:
                    share = 1 / (1 + np.exp(-output))
                else:
                    share = np.exp(output) / np.exp(output).sum(axis=1, keepdims=True)
                slope = share - dataset.target[own]
                by_weight = time * (x / length).T @ slope
                np.testing.assert_allclose(by_weight, -weights[place, fold] * length, atol=0.12)
                np.testing.assert_allclose(slope.sum(axis=0), 0, atol=0.12)


def test_timeless_networks_see_nothing_that_rises(make_dataset):
    dataset = changed(make_dataset("regression"), hidden={0: np.array([1])})
    weights, _ = solved(dataset, LinearRecipe(0, 1, timeless=True))
    assert not weights[:, :, 1].any()
    assert weights[:, :, [0, 2, 3]].all()
    seen, _ = solved(dataset, LinearRecipe(0, 1))
    assert seen[:, :, 1].all()


def test_without_changes_the_last_features_count_nothing(make_dataset):
    dataset = changed(make_dataset("regression"), n_changes=1)
    weights, _ = solved(dataset, PatternRecipe(0, 1, squares=True, changes=False))
    assert not weights[:, :, 3].any()
    assert weights[:, :, :3].all()


@pytest.mark.parametrize("n_classes", [2, 3])
def test_least_squares_become_log_odds_that_suit_rows_that_are_left_out(n_classes):
    """Their scale is that of the lowest loss of rows that they did not learn from."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(90, 4))
    classes = np.digitize(x[:, 0] + 0.5 * rng.normal(size=90), [0.0, 0.7][: n_classes - 1])
    target = np.eye(n_classes)[classes] if n_classes > 2 else classes[:, None].astype(float)
    loss = CrossEntropy() if n_classes > 2 else BinaryCrossEntropy()
    wanted = target if n_classes > 2 else 2 * target - 1
    (found,) = solving._squares(x, target, None, loss, [5.0])
    (plain,) = solving._squares(x, wanted, None, Squared(), [5.0])
    factor = found[0][0, 0] / plain[0][0, 0]
    np.testing.assert_allclose(found[0], factor * plain[0], rtol=1e-6)
    np.testing.assert_allclose(found[1], factor * plain[1], rtol=1e-6)
    left_out = np.empty_like(wanted)
    for row in range(90):
        others = np.arange(90) != row
        weights, bias = ridge(x[others], wanted[others], np.ones(89), 2.5)
        left_out[row] = x[row] @ weights + bias
    losses = {one: loss.mean(one * left_out, target) for one in (0.8, 1.0, 1.25)}
    scaled = {one: loss.mean(one * factor * left_out, target) for one in (0.8, 1.0, 1.25)}
    assert min(scaled, key=scaled.get) == 1.0
    assert 2 <= factor <= 32
    assert scaled[1.0] < min(losses.values())
