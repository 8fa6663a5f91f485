"""Intervals and sets by hand on a few rows, and their coverage wherever errors are different."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from madaline._race.evaluation.conformal import (
    FoldScores,
    JointConformal,
    PredictionIntervals,
    PredictionSets,
    conformal_from_state,
)
from madaline._race.evaluation.quality.coverage import Coverage, interval_coverage, set_coverage
from madaline.errors import InputError


def held(bounds, target):
    return (bounds[:, 0] <= target) & (target <= bounds[:, 1])


def far_and_near(rng, n_rows, slope=0.5):
    """Return predictions, truths and distances; errors grow with the distance alone."""
    ahead = rng.integers(1, 11, n_rows).astype(float)
    output = rng.uniform(-20, 20, n_rows)
    return output, output + (1 + slope * ahead) * rng.normal(size=n_rows), ahead


def normal_coverage(bounds, output, deviation):
    """Return how probable truths within bounds are, given their deviation from the prediction."""
    low, high = ((bounds[:, side] - output) / deviation for side in (0, 1))
    return stats.norm.cdf(high) - stats.norm.cdf(low)


def test_intervals_hold_as_much_at_every_distance():
    """The noise of rows ten steps ahead is four times as large as that of the next one."""
    output, target, ahead = far_and_near(np.random.default_rng(0), 20_000)
    fitted = PredictionIntervals.fit(output, target, (0, 10_000, 20_000), ahead=ahead)
    distance, output = (x.ravel() for x in np.meshgrid(np.arange(1.0, 11), np.linspace(-9, 9, 7)))
    deviation = 1 + 0.5 * distance
    bounds, blind = (fitted.predict(np.stack([output] * 2), 0.8, x) for x in (distance, None))
    found, without = (normal_coverage(x, output, deviation) for x in (bounds, blind))
    np.testing.assert_allclose(found, 0.8, atol=0.04)
    np.testing.assert_allclose(np.ptp(bounds, axis=1), 2 * 1.2816 * deviation, rtol=0.1)
    assert without[distance == 1].min() > 0.95
    assert without[distance == 10].max() < 0.7


def test_intervals_hold_as_much_for_small_and_large_predictions():
    rng = np.random.default_rng(1)
    output = rng.uniform(0, 10, 20_000)
    target = output + (0.2 + output) * rng.normal(size=20_000)
    fitted = PredictionIntervals.fit(output, target, (0, 10_000, 20_000), limits=(-99.0, 99.0))
    output = np.linspace(0.5, 9.5, 30)
    bounds = fitted.predict(np.stack([output] * 2), 0.9)
    np.testing.assert_allclose(normal_coverage(bounds, output, 0.2 + output), 0.9, atol=0.03)


def test_scales_of_errors_are_means_of_bins():
    """Of 120 rows two bins are made: their mean predictions and mean absolute errors."""
    output = np.arange(120.0)
    error = np.where(np.arange(120) < 60, 1.0, 3.0) * np.tile([1, -1], 60)
    weight = np.tile([1.0, 1.0, 2.0], 40)
    fitted = PredictionIntervals.fit(
        output, output + error, (0, 60, 120), weight, limits=(-9.0, 999.0)
    )
    means = [np.average(np.arange(a, a + 60), weights=weight[a : a + 60]) for a in (0, 60)]
    np.testing.assert_allclose(fitted.knots, [means, [1, 3]])
    few = PredictionIntervals.fit(output[:99], (output + error)[:99], (0, 50, 99))
    assert few.knots.shape == (2, 1)
    most = PredictionIntervals.fit(np.arange(900.0), np.arange(900.0) + 1, (0, 450, 900))
    assert most.knots.shape == (2, 10)


def test_a_part_without_errors_has_a_tenth_of_the_usual_ones():
    output, target = np.arange(100.0), np.arange(100.0)
    target[50:] += np.tile([2.0, -2.0], 25)
    fitted = PredictionIntervals.fit(output, target, (0, 50, 100), limits=(-9.0, 999.0))
    np.testing.assert_allclose(fitted.knots[1], [0.1, 2])  # the mean error is 1


def test_the_scale_of_distances_is_in_units_of_that_of_predictions():
    """Errors of 2 at distance 1 and 6 at distance 2, of one scale of 4: .5 and 1.5 of it."""
    ahead = np.repeat([1.0, 2.0], 20)
    output, size = np.linspace(0, 1, 40), np.repeat([2.0, 6.0], 20)
    sign = np.tile([1, -1], 20)
    fitted = PredictionIntervals.fit(
        output, output + sign * size, (0, 40), limits=(-99.0, 99.0), ahead=ahead
    )
    np.testing.assert_allclose(fitted.knots, [[0.5], [4]])
    np.testing.assert_allclose(fitted.steps, [[1, 2], [0.5, 1.5]])
    np.testing.assert_allclose(fitted.scores.values, [-1] * 20 + [1] * 20)
    bounds = fitted.predict(np.zeros((1, 3)), 0.8, np.array([1.0, 1.5, 2.0]))
    np.testing.assert_allclose(bounds, [[-2, 2], [-4, 4], [-6, 6]], rtol=1e-5)
    np.testing.assert_allclose(fitted.predict(np.zeros((1, 1)), 0.8), [[-4, 4]], rtol=1e-5)


def test_wider_intervals_are_wider_by_the_factor():
    rng = np.random.default_rng(2)
    output, target = rng.normal(size=(2, 200))
    limits = (-99.0, 99.0)
    narrow, wide = (
        PredictionIntervals.fit(output, target, (0, 100, 200), limits=limits, widening=by)
        for by in (1.0, 1.7)
    )
    center = np.array([[0.1, 0.4]] * 2)
    sides = [fitted.predict(center, 0.9) - center[0][:, None] for fitted in (narrow, wide)]
    np.testing.assert_allclose(sides[1], 1.7 * sides[0], rtol=1e-5)
    assert (wide.low, wide.high) == limits


def test_a_row_of_the_same_prediction_by_all_folds_has_the_same_interval_by_both_ways():
    rng = np.random.default_rng(3)
    output, target = rng.normal(size=(2, 300))
    fitted = PredictionIntervals.fit(output, target, (0, 120, 300))
    new = rng.normal(size=9)
    for coverage in (0.5, 0.8, 0.95):
        expected = fitted.predict(np.stack([new] * 2), coverage)
        np.testing.assert_allclose(fitted.around(new, coverage), expected, rtol=1e-5)


@pytest.mark.parametrize(("n_rows", "most"), [(10, 0.818), (19, 0.9), (39, 0.95), (199, 0.99)])
def test_the_highest_coverage_is_that_of_all_scores_between_the_ends(n_rows, most):
    """The lowest and the highest of n scores leave out 1 / (n + 1) on either side."""
    rng = np.random.default_rng(4)
    fitted = PredictionIntervals.fit(*rng.normal(size=(2, n_rows)), (0, n_rows))
    assert fitted.max_coverage == most
    fitted.predict(np.zeros((1, 1)), most)
    with pytest.raises(InputError, match=f"coverage is {most + 0.005:g}, too high for {n_rows}"):
        fitted.predict(np.zeros((1, 1)), most + 0.005)


def test_one_score_is_too_few_for_any_interval():
    fitted = PredictionIntervals.fit(np.zeros(1), np.ones(1), (0, 1))
    with pytest.raises(InputError, match="learn from more rows"):
        fitted.predict(np.zeros((1, 1)), 0.01)


def test_kept_scores_are_those_at_the_middles_of_equal_weights():
    values = np.array([5.0, 1.0, 3.0, 2.0, 4.0, 9.0, 7.0, 8.0])
    kept = FoldScores.of(values, (0, 5, 8), most=4)
    assert kept.counts.tolist() == [2, 2]  # 5 of 8 and 3 of 8 of four, rounded
    assert kept.values.tolist() == [2, 4, 7, 9]
    heavy = FoldScores.of(values, (0, 5, 8), np.array([1, 1, 9, 1, 1, 1, 1, 1.0]), most=4)
    assert heavy.counts.tolist() == [3, 1]  # 13 of 16 and 3 of 16
    assert heavy.values.tolist() == [3, 3, 3, 8]
    every = FoldScores.of(values, (0, 5, 8))
    assert every.values.tolist() == [1, 2, 3, 4, 5, 7, 8, 9]
    assert every.counts.tolist() == [5, 3]
    one = FoldScores.of(np.arange(1001.0), (0, 1000, 1001), most=3)
    assert one.counts.tolist() == [3, 1]  # each fold keeps one at least


def test_scores_are_counted_below_the_threshold_of_their_fold():
    kept = FoldScores.of(np.array([1.0, 2, 3, 10, 20]), (0, 3, 5))
    thresholds = np.array([[2.0, 9.0], [20.0, 0.0]])
    assert kept.number_below(thresholds).tolist() == [1 + 1, 3 + 0]


def test_sets_are_those_of_counted_scores():
    """Of nine rows the true class had these probabilities: ruled out are scores above 80 %."""
    of_truth = np.array([0.9, 0.8, 0.7, 0.95, 0.6, 0.85, 0.5, 0.75, 0.99])
    probability = np.stack([of_truth, 1 - of_truth], axis=1)
    fitted = PredictionSets.fit(probability, np.zeros(9, int), (0, 5, 9))
    assert np.sort(fitted.scores.values) == pytest.approx(np.sort(1 - of_truth))
    new = np.stack([[0.55, 0.45], [0.35, 0.65]])
    # A class of probability p has the score 1 - p: 8 of 9 lie below .45, and 8 < .8 * 10 is false.
    assert fitted.predict(np.stack([new] * 2), 0.8).tolist() == [[False, False], [False, True]]
    assert fitted.predict(np.stack([new] * 2), 0.85).tolist() == [[True, False], [False, True]]
    always = fitted.predict(np.stack([new] * 2), 0.8, np.array([1, 0]))
    assert always.tolist() == [[False, True], [True, True]]


def test_sets_hold_as_many_truths_of_weighted_rows():
    rng = np.random.default_rng(5)
    p = rng.beta(2, 1, 3000)
    truth = (rng.random(3000) < p).astype(int)
    probability, weight = np.stack([1 - p, p], axis=1), np.where(truth, 5.0, 1.0)
    fitted = PredictionSets.fit(probability, truth, (0, 1500, 3000), weight)
    found = fitted.predict(np.stack([probability] * 2), 0.9)[np.arange(3000), truth]
    assert np.average(found, weights=weight) == pytest.approx(0.9, abs=0.01)
    assert found.mean() < 0.88


def test_states_survive_with_their_distances():
    rng = np.random.default_rng(6)
    output, target, ahead = far_and_near(rng, 200)
    of_steps = PredictionIntervals.fit(output, target, (0, 100, 200), ahead=ahead)
    plain = PredictionIntervals.fit(output, target, (0, 100, 200))
    new = rng.normal(size=(2, 5))
    for fitted in (of_steps, plain):
        again = conformal_from_state(*fitted.to_state())
        steps = np.arange(1.0, 6.0)
        expected = fitted.predict(new, 0.8, steps)
        np.testing.assert_array_equal(again.predict(new, 0.8, steps), expected)
    assert "of_steps" not in plain.to_state()[0]
    joint = JointConformal((of_steps, plain))
    again = conformal_from_state(*joint.to_state())
    for one, other in zip(again.each, joint.each, strict=True):
        np.testing.assert_array_equal(one.predict(new, 0.8), other.predict(new, 0.8))
    sets = PredictionSets.fit(np.full((4, 2), 0.5), np.zeros(4, int), (0, 2, 4))
    again = conformal_from_state(*sets.to_state())
    np.testing.assert_array_equal(again.scores.values, sets.scores.values)


def test_observed_coverage_counts_rows_at_the_ends_and_by_their_weights():
    bounds = np.array([[0.0, 1.0], [0.0, 2.0], [0.0, 3.0], [1.0, 2.0]])
    truth, weight = np.array([1.0, 0.0, 3.5, 0.5]), np.array([1.0, 2.0, 3.0, 4.0])
    found = Coverage.of_intervals(bounds, truth, 0.8, weight)
    assert (found.nominal, found.observed) == (0.8, pytest.approx(3 / 10))
    assert found.size == pytest.approx((1 + 2 * 2 + 3 * 3 + 4) / 10)
    sets = np.array([[True, False], [True, True], [False, True]])
    found = Coverage.of_sets(sets, np.array([0, 1, 0]), 0.9)
    assert (found.observed, found.size) == (pytest.approx(2 / 3), pytest.approx(4 / 3))
    assert str(found) == "asked for 90%, observed 66.7%"


def test_the_coverage_of_each_fold_is_that_of_intervals_of_the_others():
    rng = np.random.default_rng(7)
    truth = rng.normal(size=60)
    prediction, weight = truth + rng.normal(size=60), rng.uniform(0.5, 2, 60)
    bounds = (0, 20, 45, 60)
    found = interval_coverage(prediction, truth, bounds, weight)
    assert [one.nominal for one in found] == [0.5, 0.8, 0.9]  # .95 needs 39 of the others: 35 rows
    for one in found:
        hits, widths = np.empty(60), np.empty(60)
        for start, stop in ((0, 20), (20, 45), (45, 60)):
            rest = np.r_[0:start, stop:60]
            fitted = PredictionIntervals.fit(
                prediction[rest], truth[rest], (0, len(rest)), weight[rest]
            )
            own = fitted.predict(prediction[None, start:stop], one.nominal)
            hits[start:stop] = held(own, truth[start:stop])
            widths[start:stop] = own[:, 1] - own[:, 0]
        assert one.observed == pytest.approx(np.average(hits, weights=weight))
        assert one.size == pytest.approx(np.average(widths, weights=weight), rel=1e-5)
    assert interval_coverage(prediction, truth, (0, 60)) == ()


def test_the_coverage_of_right_predictions_is_the_one_asked_for():
    rng = np.random.default_rng(8)
    prediction = rng.normal(size=4000)
    truth = prediction + rng.normal(size=4000)
    bounds = (0, 1000, 2000, 3000, 4000)
    for one in interval_coverage(prediction, truth, bounds):
        assert one.observed == pytest.approx(one.nominal, abs=0.02)
    p = rng.random(4000)
    codes, weight = (rng.random(4000) < p).astype(int), rng.uniform(0.5, 2, 4000)
    found = set_coverage(np.stack([1 - p, p], axis=1), codes, bounds, weight)
    for one in found[1:]:  # a set of half the rows holds the most probable class, too
        assert one.observed == pytest.approx(one.nominal, abs=0.02)
        assert 1 <= one.size <= 2


def test_of_many_probabilities_every_so_many_rows_are_asked(monkeypatch):
    rng = np.random.default_rng(9)
    p = rng.random(400)
    codes, weight = (rng.random(400) < p).astype(int), rng.uniform(0.5, 2, 400)
    probabilities, bounds = np.stack([1 - p, p], axis=1), (0, 200, 400)
    monkeypatch.setattr("madaline._race.evaluation.quality.coverage._MAX_PROBABILITIES", 300)
    found = set_coverage(probabilities, codes, bounds, weight)
    rows = np.r_[0:200:3, 200:400:3]  # 800 probabilities are three times 300 and less
    hits = np.empty(len(rows))
    for place, row in enumerate(rows):
        rest = np.r_[200:400] if row < 200 else np.r_[0:200]
        fitted = PredictionSets.fit(probabilities[rest], codes[rest], (0, 200), weight[rest])
        own = fitted.predict(probabilities[None, [row]], 0.8, probabilities[[row]].argmax(axis=1))
        hits[place] = own[0, codes[row]]
    assert found[1].observed == pytest.approx(np.average(hits, weights=weight[rows]))
