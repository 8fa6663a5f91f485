"""Linear networks of patterns: which race, and that they are the same however many workers."""

from __future__ import annotations

import numpy as np
import pytest

from madaline import AdaptiveClassifier, AdaptiveRegressor, sequences
from madaline._race import planning
from madaline._race.planning import (
    ENCODINGS,
    MAX_LOSS_ROWS,
    MAX_PATTERN_ROWS,
    MAX_ROWS_ALONE,
    TableFacts,
    make_plan,
)
from madaline._race.recipe import RECIPE, PatternRecipe, TableRecipe
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


@pytest.mark.slow
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
    widths = dict.fromkeys(ENCODINGS, 5000)
    few, more, many, most = (
        make_plan(TableFacts(n, widths, patterns=True), epochs=9)
        for n in (MAX_LOSS_ROWS, MAX_ROWS_ALONE, MAX_PATTERN_ROWS, MAX_PATTERN_ROWS + 1)
    )
    assert {type(recipe) for recipe in few.recipes + more.recipes} == {PatternRecipe}
    assert len({recipe.name for recipe in few.recipes}) == len(few.recipes)
    assert {recipe.squares for recipe in few.recipes} == {True, False}
    assert {recipe.squares for recipe in more.recipes} == {True}
    assert {type(recipe) for recipe in many.recipes} == {PatternRecipe, TableRecipe}
    assert {type(recipe) for recipe in most.recipes} == {TableRecipe}


@pytest.mark.slow
def test_networks_with_hidden_layers_race_beside_them(monkeypatch):
    monkeypatch.setattr(planning, "MAX_ROWS_ALONE", 50)
    (waves, counts), (new, new_counts) = make_waves(60), make_waves(100, seed=1)
    model = AdaptiveClassifier(random_state=0, effort=3).fit(waves, counts % 2, folds=3)
    tried = " ".join(str(decision) for decision in model.decisions_)
    assert "linear by least squares" in tried
    assert "3×64" in tried
    assert model.score(new, new_counts % 2) > 0.7


def test_without_changes_their_patterns_count_nothing():
    waves, counts = make_waves(60)
    model = AdaptiveClassifier(random_state=0).fit(waves, counts % 2)
    (kernels,) = [one.kernels for one in model.model_.predictor.encoder.encoders]
    encoder, parts = model.model_.predictor.encoder, model.model_.predictor.parts
    assert encoder.n_changes == kernels.n_changes == kernels.n_patterns // 2
    names = {one.name for one in model.model_.summary.members}
    weights = np.concatenate(
        [
            part.network.bind(part.theta)[0]["weight"].reshape(-1, encoder.n_features(0))
            for part in parts
        ]
    )
    with_changes = [bool(weight[-kernels.n_changes :].any()) for weight in weights]
    assert sum(with_changes) == 10 * sum("without changes" not in name for name in names)


def test_a_recipe_is_read_as_what_it_was():
    recipe = PatternRecipe(0, 10, squares=True)
    assert RECIPE.read(recipe.to_json()) == recipe
    assert type(RECIPE.read(recipe.to_json())) is PatternRecipe
