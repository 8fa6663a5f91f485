"""Intervals and sets contain the truth of as many new rows as asked for, or of a few more."""

from __future__ import annotations

import numpy as np
import pytest

from madaline import runtime
from madaline._race.evaluation.conformal import (
    FoldScores,
    PredictionIntervals,
    PredictionSets,
    quantile_offsets,
)
from madaline._tables.table import Table
from madaline.errors import InputError

BOUNDS = (0, 400, 800, 1200)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def skewed(rng, n_samples):
    """Return predictions and targets whose errors are skewed, and grow with the prediction."""
    output = rng.uniform(0, 3, n_samples)
    return output, output + (0.05 + 0.3 * output) * (rng.exponential(size=n_samples) - 1)


def held(bounds, target):
    return (bounds[:, 0] <= target) & (target <= bounds[:, 1])


@pytest.mark.parametrize("coverage", [0.5, 0.8, 0.9, 0.99])
def test_intervals_have_their_coverage_on_both_sides_and_everywhere(rng, coverage):
    intervals = PredictionIntervals.fit(*skewed(rng, 1200), BOUNDS)
    output, target = skewed(rng, 20_000)
    bounds = intervals.predict(np.tile(output, (3, 1)), coverage)
    tail = (1 - coverage) / 2
    assert np.mean(target < bounds[:, 0]) == pytest.approx(tail, abs=0.02)
    assert np.mean(target > bounds[:, 1]) == pytest.approx(tail, abs=0.02)
    for small in (output < 1, output > 2):  # one width for all would hold .99 and .76 of these
        assert held(bounds, target)[small].mean() == pytest.approx(coverage, abs=0.05)


def test_intervals_are_the_order_statistics_of_every_error_tried_on_its_own_fold(rng):
    """With few rows there is one scale, so the numbers can be worked out one by one."""
    output, target = rng.standard_normal((2, 39))
    bounds, new = (0, 20, 39), rng.standard_normal((2, 7)) / 4
    intervals = PredictionIntervals.fit(output, target, bounds)
    fold = np.repeat([0, 1], [20, 19])
    output = np.clip(output, target.min(), target.max())
    for row in range(7):
        tried = np.sort(new[fold, row] + target - output)
        expected = np.clip(tried[[1, 37]], target.min(), target.max())  # .05 and .95 of 40
        np.testing.assert_allclose(intervals.predict(new, 0.9)[row], expected, rtol=1e-5)


def test_folds_that_disagree_make_wide_intervals(rng):
    intervals = PredictionIntervals.fit(*skewed(rng, 1200), BOUNDS)
    agreed, torn = (
        intervals.predict(np.array([[value] for value in values]), 0.9)
        for values in ((1.5, 1.5, 1.5), (0.5, 1.5, 2.5))
    )
    assert np.ptp(torn) > 1.5 * np.ptp(agreed)


def test_intervals_stay_in_the_range_of_the_target(rng):
    output, target = skewed(rng, 1200)
    bounds = PredictionIntervals.fit(output, target, BOUNDS).predict(
        np.array([[-1e30, 1e30]] * 3), 0.9
    )
    assert bounds.min() == target.min()
    assert bounds.max() == target.max()
    assert np.all(bounds[:, 0] < bounds[:, 1])


def test_perfect_predictions_have_intervals_of_no_width(rng):
    target = rng.standard_normal(1200)
    bounds = PredictionIntervals.fit(target, target, BOUNDS).predict(np.array([[0.5]] * 3), 0.9)
    np.testing.assert_allclose(bounds, 0.5)


def test_a_row_of_weight_two_is_like_two_rows(rng):
    output, target = skewed(rng, 600)
    weight = np.tile([1.0, 2.0], 300)
    twice = np.repeat(np.arange(600), [1, 2] * 300)
    new = np.array([[0.3, 1.0, 2.5]] * 2)
    weighted = PredictionIntervals.fit(output, target, (0, 300, 600), weight).predict(new, 0.9)
    repeated = PredictionIntervals.fit(output[twice], target[twice], (0, 450, 900)).predict(
        new, 0.9
    )
    np.testing.assert_allclose(weighted, repeated, rtol=0.05)
    plain = PredictionIntervals.fit(output, target, (0, 300, 600), np.full(600, 0.5)).predict(
        new, 0.9
    )
    np.testing.assert_array_equal(
        plain, PredictionIntervals.fit(output, target, (0, 300, 600)).predict(new, 0.9)
    )


def test_few_scores_of_many_rows_have_the_same_quantiles(rng):
    values = rng.standard_normal(90_000)
    kept = FoldScores.of(values, (0, 30_000, 60_000, 90_000))
    assert kept.n_values <= 2001
    levels = np.linspace(0.01, 0.99, 99)
    found = [kept.number_below(np.full(3, limit)) for limit in np.quantile(values, levels)]
    np.testing.assert_allclose(np.array(found) / kept.n_values, levels, atol=0.01)


def test_too_high_a_coverage_for_few_rows_is_refused(rng):
    intervals = PredictionIntervals.fit(*rng.standard_normal((2, 10)), (0, 5, 10))
    with pytest.raises(InputError, match=r"coverage is 0\.9, too high for 10 .* give 0\.818 or"):
        intervals.predict(np.zeros((2, 1)), 0.9)
    assert intervals.predict(np.zeros((2, 1)), 0.818).shape == (1, 2)


@pytest.mark.parametrize("coverage", [0, 1, 90, -0.1, float("nan"), True, "0.9", None])
def test_a_coverage_is_a_share(rng, coverage):
    with pytest.raises(InputError, match="between 0 and 1"):
        PredictionIntervals.fit(*rng.standard_normal((2, 10)), (0, 5, 10)).predict(
            np.zeros((2, 1)), coverage
        )


@pytest.mark.parametrize("coverage", [0.5, 0.8, 0.95])
def test_sets_have_their_coverage(rng, coverage):
    def rows(n_samples):
        probability = rng.dirichlet([0.5] * 4, n_samples)
        steps = probability.cumsum(axis=1)
        return probability, (rng.random((n_samples, 1)) > steps).sum(axis=1).clip(max=3)

    sets = PredictionSets.fit(*rows(1200), BOUNDS)
    probability, truth = rows(20_000)
    found = sets.predict(np.tile(probability, (3, 1, 1)), coverage)
    assert found[np.arange(20_000), truth].mean() == pytest.approx(coverage, abs=0.03)
    # What is in a set is more probable than what is not.
    assert np.where(found, probability, 1).min() >= np.where(found, 0, probability).max() - 1e-6


def test_few_rows_rule_nothing_out():
    sets = PredictionSets.fit(np.array([[0.9, 0.1], [0.2, 0.8]]), np.array([0, 1]), (0, 1, 2))
    assert sets.predict(np.array([[[0.999, 0.001]]] * 2), 0.9).all()


@pytest.mark.parametrize("task", ["binary", "multiclass"])
def test_sets_of_a_model_survive_the_file_and_hold_the_prediction(fittings, make_columns, task):
    fitting, path = fittings[task]
    table = Table.from_columns(make_columns(task, seed=9)[0])
    predictor = runtime.load(path)
    sets = predictor.predict_set(table, 0.9)
    np.testing.assert_array_equal(sets, fitting.model().predict_set(table, 0.9))
    assert sets.dtype == bool
    places = predictor.predict_proba(table).argmax(axis=1)
    for coverage in (0.05, 0.9):
        assert predictor.predict_set(table, coverage)[np.arange(len(sets)), places].all()
    assert predictor.predict_set(table, 0.99).sum() > sets.sum()
    with pytest.raises(InputError, match="predict_set"):
        predictor.predict_interval(table)


def test_intervals_of_a_model_survive_the_file_and_hold_the_truth(fittings, make_columns):
    fitting, path = fittings["regression"]
    columns, target = make_columns("regression", n_samples=400, seed=9)
    predictor = runtime.load(path)
    bounds = predictor.predict_interval(columns, 0.8)
    np.testing.assert_array_equal(bounds, fitting.model().predict_interval(columns, 0.8))
    assert 0.72 < held(bounds, target).mean() < 0.92
    prediction = predictor.predict(columns)
    assert held(bounds, prediction).mean() > 0.99
    one = Table.from_columns(columns).take([7])
    np.testing.assert_allclose(predictor.predict_interval(one, 0.8), bounds[[7]], rtol=1e-5)
    with pytest.raises(InputError, match="predict_interval"):
        predictor.predict_set(columns)


def test_fold_outputs_have_the_output_as_their_mean(fittings, make_columns):
    for task, n_outputs in (("binary", 1), ("multiclass", 3), ("regression", 1)):
        predictor = runtime.load(fittings[task][1])
        columns = make_columns(task, n_samples=70, seed=9)[0]
        outputs = predictor.fold_outputs(columns)
        assert outputs.shape == (10, 70, n_outputs)
        np.testing.assert_allclose(
            outputs.mean(axis=0), predictor.output(columns), rtol=1e-5, atol=1e-6
        )


def test_no_rows_have_no_intervals_and_no_sets(fittings, make_columns):
    nothing = {name: [] for name in make_columns("binary")[0]}
    assert runtime.load(fittings["regression"][1]).predict_interval(nothing).shape == (0, 2)
    assert runtime.load(fittings["multiclass"][1]).predict_set(nothing).shape == (0, 3)


@pytest.mark.parametrize("n_rows", [19, 150])
def test_moved_quantiles_hold_on_new_rows_however_wrong_they_are(rng, n_rows):
    levels, given = (0.05, 0.1, 0.5, 0.9, 0.95), [0.0, -3.0, 1.0, 1.0, -2.0]
    errors = rng.exponential(size=(600, n_rows))[:, :, None] - given
    offsets = np.array([quantile_offsets(levels, one) for one in errors])
    below = np.mean(-np.expm1(-(offsets + given)), axis=0)  # of the distribution itself
    ranks = {19: [1, 2, 10, 18, 19], 150: [7, 15, 75, 136, 144]}[n_rows]
    np.testing.assert_allclose(below, np.array(ranks) / (n_rows + 1), atol=0.01)


def test_rows_without_weight_move_no_quantile_and_few_rows_move_it_to_the_outermost_error():
    errors = np.array([[-9.0], [1.0], [2.0], [3.0], [9.0]])
    weight = np.array([0.0, 1.0, 1.0, 1.0, 0.0])
    for level, expected in ((0.01, 1.0), (0.3, 1.0), (0.5, 2.0), (0.7, 3.0), (0.99, 3.0)):
        assert quantile_offsets((level,), errors, weight) == expected
