"""Features of the mean target at a level, without the rows that must be left out."""

from __future__ import annotations

import numpy as np
import pytest

from madaline._tables.encoders.encoded import FoldFeatures
from madaline._tables.encoders.table_encoder import TableEncoder
from madaline._tables.kinds.level_means import LevelMeans
from madaline._tables.schema import Schema
from madaline._tables.table import Table


def draw(n_samples=400, n_levels=80, n_outputs=1, effect=1.0, seed=0):
    rng = np.random.default_rng(seed)
    levels = rng.integers(0, n_levels, n_samples)
    target = effect * rng.normal(size=(n_levels, n_outputs))[levels]
    return levels, target + rng.normal(size=(n_samples, n_outputs)), rng


def deviation(means, levels, target, level, weight=None):
    """Return a level's scaled deviation by the formula, from rows that may tell."""
    weight = np.ones(len(levels)) if weight is None else weight
    own = levels == level
    total = weight[own] @ (target[own] - weight @ target / weight.sum())
    return total / (weight[own].sum() + means.prior) / means.scale


@pytest.mark.parametrize("weighted", [False, True])
def test_level_means_follow_the_formula(weighted):
    levels, target, rng = draw(n_outputs=2)
    weight = rng.uniform(0.5, 2, len(levels)) if weighted else None
    means = LevelMeans.fit(levels, target, weight, n_levels=80)
    learned, parts = np.arange(0, 400, 2), rng.integers(0, 10, 400)
    means_of_rows = means.for_networks(levels, target, weight, learned, parts)
    for row in range(0, 400, 7):
        telling = learned if row % 2 else learned[parts[learned] != parts[row]]
        own = None if weight is None else weight[telling]
        expected = deviation(means, levels[telling], target[telling], levels[row], own)
        np.testing.assert_allclose(means_of_rows[row], expected, rtol=1e-4, atol=1e-6)
    everything = [deviation(means, levels, target, level, weight) for level in range(80)]
    np.testing.assert_allclose(means.values, everything, rtol=1e-4, atol=1e-6)


def test_means_of_pairs_are_those_of_the_rows_of_each_cell():
    levels, target, rng = draw(n_outputs=2, n_levels=20)
    cells, learned, parts = rng.integers(-1, 3, 400), np.arange(0, 400, 2), np.arange(400)
    means = LevelMeans.fit(levels, target, None, n_levels=20, cells=cells, n_cells=3)
    of_rows = means.for_networks(levels, target, None, learned, parts, cells)
    assert means.n_cells == 3
    assert means.values.shape == (20, 6)
    for row in range(0, 400, 7):
        telling = learned if row % 2 else learned[parts[learned] % 10 != row % 10]
        for cell in range(3):
            own = telling[cells[telling] == cell]
            expected = deviation(means, levels[own], target[own], levels[row])
            found = of_rows[row, 2 * cell : 2 * cell + 2]
            # the mean that deviations are from is that of the cell
            np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)


def test_level_means_use_training_rows_alone():
    levels, target, rng = draw()
    means = LevelMeans.fit(levels, target, None, n_levels=80)
    learned, parts, other = np.arange(300), np.arange(400), target.copy()
    other[300:] = 1e3 * rng.normal(size=(100, 1))
    first, second = (means.for_networks(levels, y, None, learned, parts) for y in (target, other))
    np.testing.assert_array_equal(first, second)


def test_level_means_leave_out_the_row_itself():
    levels, target, _ = draw()
    means = LevelMeans.fit(levels, target, None, n_levels=80)
    other = target.copy()
    other[17] += 10
    first, second = (
        means.for_networks(levels, y, None, np.arange(400), np.arange(400)) for y in (target, other)
    )
    # Only the mean of all rows moves, in other parts; within the row's part nothing does.
    np.testing.assert_array_equal(first[7::10], second[7::10])
    assert (first != second).any()


def test_the_prior_is_the_number_of_rows_at_which_a_level_speaks_for_itself():
    levels, target, _ = draw(40_000, 400, effect=0.5)
    means = LevelMeans.fit(levels, target, None, n_levels=400)
    assert means.prior[0] == pytest.approx(1 / 0.5**2, rel=0.2)
    assert np.std(means.values[levels]) == pytest.approx(1, rel=1e-3)


def test_levels_that_tell_nothing_are_all_alike():
    levels, _, _ = draw()
    means = LevelMeans.fit(levels, np.tile([[1.0], [-1.0]], (200, 1)), None, n_levels=80)
    assert np.abs(means.values).max() < 10
    constant = LevelMeans.fit(levels, np.ones((400, 1)), None, n_levels=80)
    assert not constant.values.any()


def test_of_many_classes_the_most_frequent_have_means():
    rng = np.random.default_rng(0)
    classes = np.concatenate([np.repeat(np.arange(10, 20), 30), rng.integers(0, 20, 60)])
    means = LevelMeans.fit(rng.integers(0, 9, 360), np.eye(20)[classes], None, n_levels=9)
    assert means.outputs.tolist() == list(range(10, 20))


def test_a_column_of_many_levels_has_features_that_survive_a_file():
    levels, target, _ = draw(600, 100)
    table = Table.from_columns({"city": np.array([f"c{level}" for level in levels], object)})
    encoder = TableEncoder.fit(table, Schema.infer(table), target=target)
    assert encoder.feature_names(0)[-2:] == ("city: frequency", "city: usual target 0")
    new = Table.from_columns({"city": np.array(["c1", "elsewhere", None], object)})
    x = encoder.encode(new).base
    assert x[0, -1] != 0
    assert x[1, -1] == x[2, -1] == 0
    again = TableEncoder.from_state(*encoder.to_state())
    np.testing.assert_array_equal(again.encode(new).base, x)
    own = FoldFeatures.of(
        encoder.encoders, table, target, None, [np.arange(300), np.arange(600)], levels
    )
    assert own.features.tolist() == [x.shape[1] - 1]
    assert own.values.shape == (2, 600, 1)
    assert not own.values[1].any()  # the parts are the levels: nobody may tell
    few = Table.from_columns({"city": np.array([f"c{level % 60}" for level in levels], object)})
    plain = TableEncoder.fit(few, Schema.infer(few), target=target)
    assert FoldFeatures.of(plain.encoders, few, target, None, [np.arange(600)], levels) is None


def test_more_levels_than_are_remembered_share_a_mean(monkeypatch):
    from madaline._tables.kinds import category

    monkeypatch.setattr(category, "MAX_LEVELS", 70)
    levels = np.concatenate([np.repeat(np.arange(70), 3), np.arange(70, 170)])
    target = np.where(levels < 70, 0.0, 5.0)[:, None]
    target[::2] += 0.5
    table = Table.from_columns({"city": np.array([f"c{level}" for level in levels], object)})
    encoder = TableEncoder.fit(table, Schema.infer(table, {"city": "category"}), target=target)
    new = Table.from_columns({"city": np.array(["c3", "c160", "never seen"], object)})
    few, cut, unseen = encoder.encode(new).base[:, -1]
    assert cut == unseen > 0 > few
