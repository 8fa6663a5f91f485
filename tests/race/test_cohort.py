from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.race.changed import changed

from madaline._race import cohort as cohort_module
from madaline._race.architecture import build_network
from madaline._race.augmentation import Augmentation
from madaline._race.cohort import Cohort, learning_rate_multiple
from madaline._race.epoch_task import EpochSeed, run_epoch_task
from madaline._race.recipe import TableRecipe
from madaline.nn._engine.executors.executor import Serial
from madaline.nn._engine.numpy_backend import NumpyBackend
from madaline.nn.arrays import Workspace
from madaline.nn.losses import BinaryCrossEntropy, CrossEntropy, Squared

RECIPES = [
    TableRecipe(0, 3, (8, 8)),
    TableRecipe(0, 10, (8, 8)),
    TableRecipe(0, 30, (8, 8), learning_rate=0.01),
]


def start(dataset, recipes=RECIPES, batch_size=16):
    rngs = [np.random.default_rng([7, place]) for place in range(len(recipes))]
    return Cohort.start(recipes, dataset, batch_size, rngs)


def train(cohort, epochs, first=0):
    for number in range(first, first + epochs):
        epoch = EpochSeed(7, number)
        order = epoch.order(cohort.dataset, cohort.batch_size)
        shared = Serial().share(cohort.dataset)
        cohort.take(map(run_epoch_task, cohort.tasks(epoch, order, shared, NumpyBackend(), 1)))


def evaluated(cohort, fold, rows):
    """Return the raw outputs of a fold's averaged networks for some rows."""
    theta = cohort.rule.optimizer.averaged(cohort.population[:, fold])
    x = cohort.dataset.encoded(cohort.recipes[0].n_bins, fold, rows)
    return NumpyBackend().predict(cohort.network, theta, x, 1024)


def out_of_fold(cohort):
    rows = cohort.dataset.rows
    outputs = [evaluated(cohort, fold, rows.held_out(fold)) for fold in range(rows.n_folds)]
    return np.concatenate(outputs, axis=1)


def state(cohort, place):
    population = cohort.population
    matrices = [population.theta, *population.memory.values(), *population.columns.values()]
    return [matrix[place].tobytes() for matrix in matrices]


def test_networks_start_at_the_prior_of_their_own_training_rows(make_dataset):
    for task in ("binary", "multiclass", "regression"):
        dataset = make_dataset(task, weighted=True)
        expected = np.broadcast_to(dataset.prior_output(), (3, *dataset.target.shape))
        np.testing.assert_allclose(out_of_fold(start(dataset)), expected, rtol=1e-6)


@pytest.mark.parametrize("poisoned", ["features", "target", "weight"])
def test_a_row_that_is_held_out_never_reaches_its_fold_s_networks(make_dataset, poisoned):
    dataset = make_dataset(weighted=True)
    arrays = {"features": dataset.features[0], "target": dataset.target}
    arrays["weight"] = dataset.weight
    arrays[poisoned][dataset.rows.held_out(1)] = np.nan  # whoever touches it becomes nan
    with np.errstate(invalid="ignore"):
        cohort = start(dataset)
        train(cohort, 2)
    finite = np.isfinite(cohort.population.theta).all(axis=-1)  # (recipes, folds)
    np.testing.assert_array_equal(finite, [[False, True, False]] * len(RECIPES))


def test_a_row_of_weight_zero_teaches_nothing(make_dataset):
    dataset = make_dataset(weighted=True)
    dataset.weight[5] = 0
    other = replace(dataset, target=dataset.target.copy())
    other.target[5] = 1 - other.target[5]
    first, second = start(dataset), start(other)
    train(first, 2)
    train(second, 2)
    np.testing.assert_array_equal(first.population.theta, second.population.theta)


def test_training_lowers_the_loss_on_the_training_rows(make_dataset):
    dataset = make_dataset("regression", n_samples=90)
    cohort = start(dataset)
    rows = dataset.rows
    before = dataset.validation_loss(dataset.prior_output())
    train(cohort, 40)
    for fold in range(rows.n_folds):
        learned = rows.training(fold)
        output = evaluated(cohort, fold, slice(None))[:, learned]
        assert np.all(dataset.loss.mean(output, dataset.target[learned]) < 0.3 * before)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("elements", [1, 2 * 3 * 16 * 8, 2**30])
def test_groups_do_not_matter(make_dataset, monkeypatch, elements, weighted):
    dataset = make_dataset(n_folds=5, weighted=weighted)
    expected = start(dataset)
    train(expected, 2)
    monkeypatch.setattr(cohort_module, "GROUP_ELEMENTS", elements)
    cohort = start(dataset)
    train(cohort, 2)
    assert [state(cohort, place) for place in range(3)] == [
        state(expected, place) for place in range(3)
    ]


@pytest.mark.parametrize(("elements", "sizes"), [(1, [1] * 5), (768, [2, 2, 1]), (10**9, [5])])
def test_groups_fit_the_cache(make_dataset, monkeypatch, elements, sizes):
    monkeypatch.setattr(cohort_module, "GROUP_ELEMENTS", elements)
    groups = start(make_dataset(n_folds=5))._groups(NumpyBackend(), 1)
    assert [len(range(5)[group.folds]) for group in groups] == sizes
    assert all(group.recipes == slice(0, 3) for group in groups)


def test_groups_of_large_networks_are_small(make_dataset, monkeypatch):
    cohort = start(make_dataset(n_folds=5))
    monkeypatch.setattr(cohort_module, "GROUP_PARAMETERS", 2 * 3 * cohort.network.layout.size)
    groups = cohort._groups(NumpyBackend(), 1)
    assert [len(range(5)[group.folds]) for group in groups] == [2, 2, 1]


def test_a_dropped_recipe_is_not_missed_by_the_others(make_dataset):
    dataset = make_dataset(weighted=True)
    all_three, two = start(dataset), start(dataset)
    train(all_three, 2)
    train(two, 2)
    two.keep([2, 0])
    assert [recipe.decay_time for recipe in two.recipes] == [30, 3]
    train(all_three, 2, first=2)
    train(two, 2, first=2)
    assert state(two, 0) == state(all_three, 2)
    assert state(two, 1) == state(all_three, 0)
    np.testing.assert_array_equal(out_of_fold(two), out_of_fold(all_three)[[2, 0]])


def test_a_recipe_learns_the_same_alone_as_in_company(make_dataset):
    dataset = make_dataset()
    company = start(dataset)
    alone = Cohort.start(RECIPES[1:2], dataset, 16, [np.random.default_rng([7, 1])])
    train(company, 3)
    train(alone, 3)
    assert state(alone, 0) == state(company, 1)


def test_each_recipe_has_its_own_learning_rate_and_decay(make_dataset):
    cohort = start(make_dataset())
    rate, decay = (cohort.population.columns[name] for name in ("learning_rate", "weight_decay"))
    np.testing.assert_allclose(rate[:, 2, 0], [0.03, 0.03, 0.01], rtol=1e-6)
    assert decay.shape == (3, 3, 1)
    expected = [1 / (recipe.decay_time * cohort.steps[0]) for recipe in RECIPES]
    np.testing.assert_allclose(decay[:, 0, 0], expected, rtol=1e-6)


def test_a_shorter_decay_time_keeps_weights_smaller(make_dataset):
    recipes = [TableRecipe(0, decay_time, (8, 8)) for decay_time in (1, 100)]
    cohort = start(make_dataset(shuffled=True), recipes)
    train(cohort, 30)
    strong, weak = (np.abs(cohort.averaged(place)).mean() for place in range(2))
    assert strong < 0.7 * weak


def test_evaluation_does_not_change_the_networks(make_dataset):
    cohort = start(make_dataset())
    train(cohort, 1)
    before = [state(cohort, place) for place in range(3)]
    out_of_fold(cohort)
    cohort.averaged(0)[...] = 0
    assert [state(cohort, place) for place in range(3)] == before


def test_multiply_adds_agree_with_a_count_by_hand(make_dataset):
    # 61 rows in folds of 21, 20, 20: the fewest training rows are 40, two batches of 16.
    # One row through one network: 4 x 8 + 8 x 8 + 8 x 1 = 104. Back costs twice as much, but for
    # the gradient by the inputs, 4 x 8 = 32, which is not taken.
    cohort = start(make_dataset())
    assert cohort.steps == [2] * 3
    training = 3 * 2 * 16 * (3 * 104 - 32)  # folds, steps, batch; forward and twice back
    judging = 61 * 104  # every row by the one network that never saw it
    assert cohort.multiply_adds == 3 * (training + judging)
    cohort.keep([1])
    assert cohort.multiply_adds == training + judging


def test_the_network_has_the_recipe_s_layers(make_dataset):
    network = build_network(TableRecipe(16, 3, (8, 5)), make_dataset().inputs, 3)
    shapes = {slot.name: slot.shape for slot in network.layout.slots}
    weights = [shape for shape in shapes.values() if len(shape) == 2]
    assert weights == [(7, 8), (8, 5), (5, 3)]
    gates = [slot.shape for slot in network.layout.slots if slot.kind == "gate"]
    assert gates == [(7,)]


def test_weights_learn_faster_the_fewer_inputs_meet(make_dataset):
    slots = build_network(RECIPES[0], make_dataset().inputs, 1).layout.slots
    multiples = {slot.name: learning_rate_multiple(slot) for slot in slots}
    assert multiples == {
        "0.gate": 6.0,
        "0.weight": 5.0,
        "0.bias": 1.0,
        "2.weight": pytest.approx(10 / 8**0.5),
        "2.bias": 1.0,
        "4.weight": pytest.approx(10 / 8**0.5),
        "4.bias": 1.0,
    }


def test_hidden_columns_are_zero_with_all_their_features_and_the_rest_scaled_up(make_dataset):
    dataset = changed(make_dataset(), columns={0: (0, 1, 1, 2), 16: (0, 1, 1, 2, 0, 3, 3)})
    augmentation = Augmentation.of(TableRecipe(16, 3, (8, 8), column_dropout=0.25), dataset.inputs)
    assert augmentation.active
    assert not Augmentation.of(TableRecipe(16, 3, (8, 8)), dataset.inputs).active
    shown, columns = np.ones((3, 2000, 7), np.float32), np.asarray(dataset.inputs.columns[16])
    rngs = [np.random.default_rng(fold) for fold in range(3)]
    assert augmentation.apply(shown, rngs, Workspace()) is shown
    assert set(np.unique(shown)) == {np.float32(0), np.float32(1 / 0.75)}
    for column in range(4):
        features = shown[..., columns == column]
        assert np.all(features == features[..., :1])
        np.testing.assert_allclose((features[..., 0] == 0).mean(axis=1), 0.25, atol=0.04)
    assert not np.array_equal(shown[0], shown[1])
    assert not np.array_equal(shown[..., 0], shown[..., 1])


def test_columns_are_hidden_in_training_only(make_dataset):
    dataset = make_dataset()
    hiding = start(dataset, [TableRecipe(0, 3, (8, 8), column_dropout=0.5)])
    seeing = start(dataset, [TableRecipe(0, 3, (8, 8))])
    before = dataset.features[0].copy()
    np.testing.assert_array_equal(out_of_fold(hiding), out_of_fold(seeing))
    train(hiding, 1)
    train(seeing, 1)
    np.testing.assert_array_equal(dataset.features[0], before)
    assert not np.array_equal(hiding.population.theta, seeing.population.theta)
    seeing.population.theta[...] = hiding.population.theta
    seeing.population.memory["z"][...] = hiding.population.memory["z"]
    np.testing.assert_array_equal(out_of_fold(hiding), out_of_fold(seeing))


@pytest.mark.parametrize(
    ("task", "expected"),
    [
        ("binary", BinaryCrossEntropy(0.1)),
        ("multiclass", CrossEntropy(0.1)),
        ("regression", Squared()),
    ],
)
def test_labels_are_smoothed_in_training_only(make_dataset, task, expected):
    dataset = make_dataset(task)
    recipe = TableRecipe(0, 3, (8, 8), label_smoothing=0.1)
    cohort = start(dataset, [recipe])
    assert cohort.rule.loss == expected
    assert dataset.loss == type(expected)()
    assert "label smoothing 0.1" in recipe.name
