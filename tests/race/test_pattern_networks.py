"""Linear networks of patterns: which race, and that they are the same however many workers."""

from __future__ import annotations

import numpy as np
import pytest

from madaline import AdaptiveClassifier, AdaptiveRegressor, sequences
from madaline.race.planning.make_plan import make_plan
from madaline.race.planning.patterns import MOST_ROWS
from madaline.race.recipe import LeastSquaresRecipe, LinearRecipe, Recipe, TableRecipe
from madaline.records.race_decisions import Solved

LENGTH = 50


def make_waves(n_samples, seed=0):
    """Return noisy waves of two channels, and how many there are in each."""
    rng = np.random.default_rng(seed)
    counts = rng.integers(2, 8, n_samples)
    phase = rng.uniform(0, 6, (n_samples, 1))
    wave = np.sin(np.arange(LENGTH) * 6.28 * counts[:, None] / LENGTH + phase)
    noise = rng.standard_normal((n_samples, LENGTH, 2)) / 2
    return sequences(list(np.stack([wave, -wave], axis=2) + noise)), counts


@pytest.mark.parametrize("classes", [2, 3])
def test_they_are_solved_and_the_same_for_any_number_of_workers(classes):
    (waves, counts), (new, new_counts) = make_waves(60), make_waves(100, seed=1)
    one, two = (
        AdaptiveClassifier(random_state=0, n_jobs=n_jobs).fit(waves, counts % classes)
        for n_jobs in (1, 2)
    )
    assert {type(decision) for decision in one.decisions_ if decision.action == "stop"} == {Solved}
    assert any("least squares" in str(decision) for decision in one.decisions_)
    assert one.score(new, new_counts % classes) > (0.8 if classes == 2 else 0.7)
    np.testing.assert_array_equal(one.predict_proba(new), two.predict_proba(new))


def test_they_predict_numbers():
    (waves, counts), (new, new_counts) = make_waves(60), make_waves(100, seed=1)
    model = AdaptiveRegressor(random_state=0).fit(waves, counts.astype(float))
    assert model.score(new, new_counts.astype(float)) > 0.7


def test_hidden_layers_learn_from_many_rows():
    widths = dict.fromkeys((0, 16, 64), 5000)
    few, many = (make_plan(n, widths, epochs=9, patterns=True) for n in (MOST_ROWS, MOST_ROWS + 1))
    assert {type(recipe) for recipe in few.recipes} == {LinearRecipe, LeastSquaresRecipe}
    assert len({recipe.name for recipe in few.recipes}) == len(few.recipes)
    assert {type(recipe) for recipe in many.recipes} == {TableRecipe}


def test_a_recipe_is_read_as_what_it_was():
    recipe = LeastSquaresRecipe(0, 10)
    assert Recipe.from_json(recipe.to_json()) == recipe
    assert type(Recipe.from_json(recipe.to_json())) is LeastSquaresRecipe
