"""Networks that look at a grid race as all others do, and what needs columns leaves them alone."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest

from madaline._race.architecture import build_network, width
from madaline._race.augmentation import Augmentation
from madaline._race.checkpoint import resume, save_checkpoint
from madaline._race.cohort import Cohort
from madaline._race.dataset import Dataset
from madaline._race.epoch_task import EpochSeed, run_epoch_task
from madaline._race.features import NetworkInputs, RowFeatures
from madaline._race.planning import TableFacts, make_plan
from madaline._race.race import Race
from madaline._race.recipe import RECIPE as READER
from madaline._race.recipe import GridRecipe, TableRecipe
from madaline._race.recipe_policies import slower
from madaline._tables.media.grids import Grid
from madaline._tables.splits.folds import FoldedRows
from madaline.nn._engine.executors.executor import Serial, Threads
from madaline.nn._engine.numpy_backend import NumpyBackend
from madaline.nn._surgery import hidden_layers
from madaline.nn.arrays import Workspace
from madaline.nn.layers import BatchNormalization, Convolution, Linear, ScaledLinear
from madaline.nn.losses import BinaryCrossEntropy
from madaline.records.race_decisions import AugmentationSettled, WarpedFurther

GRID = (6, 5)
WHOLE = Grid(0, 60, GRID)
RECIPE = GridRecipe(0, 10, (8,), channels=((3, 4),), dropout=0.2, warping=1.0)


@pytest.fixture
def dataset():
    """Images with a bright upper or lower half."""
    rng = np.random.default_rng(0)
    target = (rng.random((60, 1)) < 0.5).astype(np.float32)
    x = rng.standard_normal((60, *GRID, 2)).astype(np.float32)
    x[:, :3] += 2 * target[..., None, None] - 1
    rows = FoldedRows.from_folds(np.arange(60) % 3)
    features = RowFeatures({0: x.reshape(60, -1)[rows.order]})
    inputs = NetworkInputs({0: (0,) * 60}, (WHOLE,))
    return Dataset(rows, features, inputs, target[rows.order], BinaryCrossEntropy())


def test_the_plan_for_a_grid_has_recipes_with_and_without_warping():
    plan = make_plan(TableFacts(4000, {0: 784}, grids=(Grid(0, 784, (28, 28)),)), epochs=30)
    assert {recipe.channels for recipe in plan.recipes} == {((16, 32),)}
    assert sorted(recipe.warping for recipe in plan.recipes) == [0, 0.3, 0.3]
    assert sorted(recipe.flips for recipe in plan.recipes) == [0, 0, 0.5]
    assert len({recipe.name for recipe in plan.recipes}) == 3
    assert (plan.n_folds, plan.batch_size, plan.epochs) == (5, 32, 25)
    assert (
        make_plan(TableFacts(20, {0: 784}, grids=(Grid(0, 784, (28, 28)),)), epochs=30).batch_size
        <= 16
    )
    of_columns = make_plan(TableFacts(4000, {0: 8, 16: 9, 64: 9}), epochs=30).recipes
    assert {type(recipe) for recipe in of_columns} == {TableRecipe}


def test_layers_look_at_a_coarser_grid_each_time(dataset):
    network = build_network(RECIPE, dataset.inputs, 1)
    shapes = [layer.shape for layer in network.layers if isinstance(layer, Convolution)]
    assert shapes == [(6, 5), (3, 2)]
    assert not any(isinstance(layer, ScaledLinear) for layer in network.layers)
    first, last = (layer for layer in network.layers if isinstance(layer, Linear))
    assert (first.in_features, last.in_features, last.out_features) == (4, 8, 1)
    assert width(RECIPE, dataset.inputs, 1) == 90
    deeper = build_network(replace(RECIPE, channels=((3, 4, 5, 6),)), dataset.inputs, 1)
    assert deeper.predict(np.zeros(deeper.layout.size), np.zeros((2, 60))).shape == (2, 1)


def test_a_recipe_comes_back_from_json():
    assert READER.read(json.loads(json.dumps(RECIPE.to_json()))) == RECIPE
    assert RECIPE.name == "convolutions 3-4 · weight decay 0.1 · 8 · warping 1"
    assert replace(RECIPE, flips=0.5).name.endswith("flips 50% · warping 1")


def test_images_are_flipped_and_what_stands_beside_them_stays(dataset):
    grids = (Grid(1, 31, (6, 5)), Grid(31, 47, (8,)))
    wider = NetworkInputs({0: tuple(range(48))}, grids)
    x = np.random.default_rng(0).random((2, 50, 48), dtype=np.float32)
    given = x.copy()
    recipe = replace(RECIPE, channels=((3,), (4,)), warping=0.0, flips=0.5)
    rngs = [np.random.default_rng(one) for one in range(2)]
    changed = Augmentation.of(recipe, wider).apply(x, rngs, Workspace())
    images, before = (one[..., 1:31].reshape(100, 6, 5) for one in (changed, given))
    flipped = [np.array_equal(one, own[:, ::-1]) for one, own in zip(images, before, strict=True)]
    same = [np.array_equal(one, own) for one, own in zip(images, before, strict=True)]
    assert np.array_equal(flipped, np.logical_not(same))
    assert 30 < sum(flipped) < 70
    assert np.array_equal(changed[..., 31:], given[..., 31:])
    assert np.array_equal(changed[..., 0], given[..., 0])


@pytest.mark.parametrize("warping", [0.0, 1.0])
def test_a_row_that_is_held_out_never_reaches_its_fold_s_networks(dataset, warping):
    dataset.features[0][dataset.rows.held_out(1)] = np.nan  # whoever touches it becomes nan
    recipes = [replace(RECIPE, warping=warping)]
    cohort = Cohort.start(recipes, dataset, 16, [np.random.default_rng(0)])
    epoch, shared = EpochSeed(0, 1), Serial().share(dataset)
    tasks = cohort.tasks(epoch, epoch.order(dataset, 16), shared, NumpyBackend(), 1)
    with np.errstate(invalid="ignore"):
        cohort.take(map(run_epoch_task, tasks))
    finite = np.isfinite(cohort.population.theta).all(axis=-1)
    np.testing.assert_array_equal(finite, [[False, True, False]])


def test_what_is_kept_of_normalized_networks_has_none_and_predicts_what_was_evaluated(dataset):
    recipe = replace(RECIPE, depth=2, normalized=True)
    assert recipe.name.startswith("convolutions 3-2×4")
    plan = make_plan(TableFacts(60, {0: 60}, grids=(WHOLE,)), epochs=4, n_folds=3)
    race = Race(replace(plan, recipes=(recipe,), epochs=4), dataset, seed=0)
    for _ in islice(race.run(), 3):
        pass
    assert any(isinstance(layer, BatchNormalization) for layer in race.cohorts[0].network.layers)
    kept = race.state.best
    assert kept.network == build_network(recipe, dataset.inputs, 1)
    assert not any(isinstance(layer, BatchNormalization) for layer in kept.network.layers)
    for fold, theta in enumerate(kept.theta):
        rows = dataset.rows.held_out(fold)
        output = kept.network.predict(theta, dataset.encoded(0, fold, rows))
        np.testing.assert_allclose(output, kept.output[rows], atol=1e-5)
    race._slow_down(kept, slower(recipe))
    assert race.cohorts[-1].network == kept.network
    assert not race.cohorts[-1].recipes[0].normalized


def test_a_race_of_normalized_networks_goes_on_from_a_checkpoint(dataset, bits, tmp_path):
    recipe = replace(RECIPE, depth=2, normalized=True, warping=0.01)  # hardly a difference
    plan = make_plan(TableFacts(60, {0: 60}, grids=(WHOLE,)), epochs=4, n_folds=3)
    recipes = (recipe, replace(recipe, flips=0.5), replace(recipe, warping=0.0))
    plan = replace(plan, recipes=recipes, epochs=5)
    whole, interrupted = Race(plan, dataset, seed=0), Race(plan, dataset, seed=0)
    decisions = [decision for _, decision in whole.run() if decision is not None]
    assert [type(one) for one in decisions[:3]] == [*[AugmentationSettled] * 2, WarpedFurther]
    for _ in range(3):
        for _ in interrupted.run_epoch():
            pass
    (racing,) = interrupted.state.racing
    assert racing.recipe.warping == 1.0
    assert interrupted.cohorts[0].recipes == [racing.recipe]
    save_checkpoint(tmp_path / "state", interrupted, [], [])
    resumed = Race(plan, dataset, seed=0, executor=Threads(2))
    resume(tmp_path / "state", resumed)
    for _ in resumed.run():
        pass
    assert bits(resumed) == bits(whole)


def test_a_race_on_a_grid_learns_and_grows_only_what_is_behind_the_convolutions(dataset):
    plan = make_plan(TableFacts(60, {0: 60}, grids=(WHOLE,)), epochs=12, n_folds=3)
    race = Race(plan, dataset, seed=0)
    for _ in race.run():
        pass
    best = race.state.best
    assert best.loss < 0.5 * dataset.validation_loss(dataset.prior_output())
    race._grow(best)
    wider = race.candidates[list(race.candidates)[-1]]
    assert wider.recipe.units == (256,)
    assert len(hidden_layers(wider.network)) == 1
    places = dataset.rows.held_out(0)
    before, after = (
        one.predict(theta, dataset.encoded(0, 0, places))
        for one, theta in (
            (best.network, best.theta[0]),
            (wider.network, race.cohorts[-1].population.theta[0, 0]),
        )
    )
    np.testing.assert_allclose(after, before, atol=1e-5)


def test_the_plan_for_sounds_moves_them_or_leaves_them():
    frames = Grid(0, 286, (22,), spectral=True)
    plan = make_plan(TableFacts(270, {0: 286}, grids=(frames,)), epochs=30)
    assert {recipe.channels for recipe in plan.recipes} == {((64, 64, 64),)}
    assert len({recipe.name for recipe in plan.recipes}) == 3
    moved = sorted((one.warping, one.offset, one.pitch) for one in plan.recipes)
    assert moved == [(0, 0, 0), (1, 0.3, 1), (1, 0.3, 1)]
    assert not any(one.flips for one in plan.recipes)
    assert plan.recipes[0].name.endswith("warping 1 · offset 0.3 · pitch shift 1")
    assert READER.read(json.loads(json.dumps(plan.recipes[0].to_json()))) == plan.recipes[0]


@pytest.mark.parametrize("length", [1, 2, 3, 5, 9])
def test_short_sounds_have_networks_too(dataset, length):
    grid = Grid(0, 2 * length, (length,), spectral=True)
    plan = make_plan(TableFacts(60, {0: 2 * length}, grids=(grid,)), epochs=5)
    short = replace(dataset.inputs, columns={0: (0,) * 2 * length}, grids=(grid,))
    for recipe in plan.recipes:
        network = build_network(recipe, short, 1)
        theta = network.initialize((), np.random.default_rng(0)).theta
        x = np.ones((3, 2 * length), np.float32)
        assert network.predict(theta, x).shape == (3, 1)


def test_each_pattern_has_a_gate_of_its_own(dataset):
    table = replace(dataset.inputs, columns={0: (0, 1, 1, 1, 1, 2)}, patterns=((1, 5),))
    network = build_network(TableRecipe(0, 10), table, 1)
    assert network.layers[0].columns == (0, 2, 3, 4, 5, 1)


def test_sequences_are_moved_in_training_and_evaluated_as_they_are():
    rng = np.random.default_rng(0)
    target = (rng.random((60, 1)) < 0.5).astype(np.float32)
    x = np.ones((60, 8, 4), np.float32)
    x[..., :3] = rng.normal(size=(60, 8, 3)) + 3 * target[:, None]
    rows = FoldedRows.from_folds(np.arange(60) % 3)
    features = RowFeatures({0: x.reshape(60, -1)[rows.order]})
    given = features[0].copy()
    steps = Grid(0, 32, (8,), spectral=True)
    inputs = NetworkInputs({0: (0,) * 32}, (steps,))
    dataset = Dataset(rows, features, inputs, target[rows.order], BinaryCrossEntropy())
    recipes = (replace(RECIPE, offset=0.5, pitch=1.0), replace(RECIPE, warping=0.0))
    plan = replace(
        make_plan(TableFacts(60, {0: 32}, grids=(steps,)), epochs=20, n_folds=3), recipes=recipes
    )
    race = Race(plan, dataset, seed=0)
    for _ in race.run():
        pass
    assert race.state.best.loss < 0.5 * dataset.validation_loss(dataset.prior_output())
    np.testing.assert_array_equal(features[0], given)


def test_channels_of_a_sequence_are_warped_together():
    """In time alone: where channels were alike, they stay so."""
    grid, steps = Grid(0, 44, (22,)), np.sin(np.arange(22, dtype=np.float32))
    x = np.broadcast_to(np.repeat(steps, 2), (2, 5, 44)).copy()
    augmentation = Augmentation((0,) * 44, 0.0, (grid,), warping=1.0)
    rngs = [np.random.default_rng(fold) for fold in range(2)]
    warped = augmentation.apply(x.copy(), rngs, Workspace()).reshape(2, 5, 22, 2)
    np.testing.assert_allclose(warped[..., 0], warped[..., 1], atol=1e-6)
    assert np.abs(warped[..., 0] - steps).max(axis=-1).min() > 0.01
