from __future__ import annotations

import numpy as np
import pytest

from madaline._models.fitting.memory import ExpectedInputs, estimate
from madaline._race import planning
from madaline._race.features import NetworkInputs
from madaline._race.planning import TableFacts, batch_size_for, make_plan
from madaline._race.recipe import LinearRecipe, TextRecipe
from madaline._tables.splits.folds import FoldedRows

WIDTHS = {0: 8, 16: 100, 64: 300}


def test_batches_grow_with_the_table_within_bounds():
    sizes = [batch_size_for(n_samples) for n_samples in range(20_000)]
    assert set(sizes) == {32, 64, 128, 256}
    assert sizes == sorted(sizes)
    assert [batch_size_for(n_samples) for n_samples in (0, 1, 1000, 5000, 10**7)] == [
        32,
        32,
        32,
        128,
        256,
    ]


@pytest.mark.parametrize("n_samples", [5, 6, 7, 31, 39, 40, 41, 64, 100, 344, 1000, 60_000])
def test_a_batch_fits_into_the_smallest_training_part(n_samples):
    plan = make_plan(TableFacts(n_samples, WIDTHS), epochs=10)
    folds = np.arange(n_samples) % plan.n_folds
    rows = FoldedRows.from_folds(folds)
    assert 1 <= plan.batch_size <= rows.n_training
    order = np.stack(rows.batches(plan.batch_size, np.random.default_rng(0)))
    assert order.shape == (plan.n_folds, rows.steps(plan.batch_size)[0], plan.batch_size)


def test_recipes_of_all_encodings_race():
    plan = make_plan(TableFacts(1000, WIDTHS), epochs=10)
    assert [(recipe.n_bins, recipe.decay_time) for recipe in plan.recipes] == [
        *((0, decay_time) for decay_time in (3, 10, 30)),
        *((n_bins, decay_time) for n_bins in (16, 64) for decay_time in (1, 3, 10)),
    ]
    assert plan.epochs == 10


@pytest.mark.parametrize(
    ("widths", "encodings"),
    [
        ({0: 8, 16: 8, 64: 8}, {0}),
        ({0: 8, 16: 20, 64: 20}, {0, 16}),
        ({0: 8, 16: 20, 64: 60}, {0, 16, 64}),
    ],
)
def test_an_encoding_that_adds_nothing_is_left_out(widths, encodings):
    plan = make_plan(TableFacts(1000, widths), epochs=10)
    assert {recipe.n_bins for recipe in plan.recipes} == encodings
    names = [recipe.name for recipe in plan.recipes]
    assert len(set(names)) == len(names)


def test_an_encoding_that_takes_too_much_memory_is_left_out(monkeypatch):
    monkeypatch.setattr(planning, "MAX_ENCODING", 100 * 1000)
    assert {recipe.n_bins for recipe in make_plan(TableFacts(1000, WIDTHS), epochs=1).recipes} == {
        0,
        16,
    }
    assert {recipe.n_bins for recipe in make_plan(TableFacts(10**5, WIDTHS), epochs=1).recipes} == {
        0
    }


def test_large_tables_have_fewer_folds():
    assert make_plan(TableFacts(150_000, WIDTHS), epochs=1).n_folds == 5
    assert make_plan(TableFacts(150_001, WIDTHS), epochs=1).n_folds == 3


def test_fewer_recipes_stay_after_each_cut():
    plan = make_plan(TableFacts(1000, WIDTHS), epochs=100)
    epochs, stay = zip(*plan.cuts, strict=True)
    assert list(epochs) == sorted(set(epochs))
    assert [len(plan.recipes), *stay] == sorted({len(plan.recipes), *stay}, reverse=True)
    assert min(stay) >= 1


@pytest.mark.parametrize(
    ("n_samples", "n_groups", "n_folds"),
    [
        (5, None, 5),
        (49, None, 5),
        (50, None, 10),
        (1200, None, 10),
        (1201, None, 5),
        (1000, 8, 5),
        (1000, 3, 3),
        (1000, 1, 2),
        (1000, 60, 10),
        (160_000, 2000, 3),
    ],
)
def test_few_rows_have_more_folds_but_not_few_groups(n_samples, n_groups, n_folds):
    assert make_plan(TableFacts(n_samples, WIDTHS, n_groups=n_groups), epochs=1).n_folds == n_folds


def test_texts_have_networks_of_their_own():
    plan = make_plan(
        TableFacts(4000, dict.fromkeys((0, 16, 64), 500), only_texts=True, n_outputs=20), epochs=9
    )
    networks = [recipe for recipe in plan.recipes if not recipe.solved]
    assert {type(recipe) for recipe in networks} == {TextRecipe}
    assert {recipe.units[0] for recipe in networks} == {20}
    assert networks[0].name == "terms · weight decay 0.033 · 20"
    assert plan.recipes[0] in networks  # the speed of training is measured on the first
    linear = [recipe for recipe in plan.recipes if recipe.solved]
    assert {type(recipe) for recipe in linear} == {LinearRecipe}
    assert {recipe.tolerance for recipe in linear} == {1e-4}  # tables have a smaller one
    assert len({recipe.name for recipe in plan.recipes}) == len(networks) + len(linear)


@pytest.mark.parametrize(
    ("n_features", "first"), [(8, 64), (2**14, 64), (2**15, 32), (150_000, 6), (10**6, 4)]
)
def test_the_first_layer_is_narrower_where_features_are_many(n_features, first):
    plan = make_plan(TableFacts(400, dict.fromkeys((0, 16, 64), n_features)), epochs=100)
    assert {one.units for one in plan.recipes} == {(first, 64, 64)}


def test_a_small_table_of_many_levels_takes_little_memory():
    n_features = 150_000
    columns = {0: tuple(number // 30 for number in range(n_features))}
    plan = make_plan(TableFacts(400, dict.fromkeys((0, 16, 64), n_features)), epochs=100)
    inputs = ExpectedInputs(NetworkInputs(columns), n_outputs=1, n_samples=400, n_columns=5000)
    assert estimate(plan, inputs, n_workers=2) < 4 * 2**30  # twice that with 64 units
