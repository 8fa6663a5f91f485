"""What stretches of time promise: by hand on a few, and in simulations whose drift is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from madaline._race.evaluation.score import Score
from madaline._race.time.forward import (
    Aging,
    ForwardScores,
    Noticed,
    Stretch,
    drift_of,
    drifted,
    metric_of_stretches,
    promised,
    stretch_weights,
    worsening,
)
from madaline._race.time.stretches import ROW_ORDER


def forward_of(values, last_known=None, **more) -> ForwardScores:
    last_known = last_known or [None] * len(values)
    stretches = tuple(
        Stretch(10.0 * k, 10.0 * k + 9, 10, 50 + 10 * k, value, 9.0, last)
        for k, (value, last) in enumerate(zip(values, last_known, strict=True))
    )
    facts = {"name": ROW_ORDER, "of_dates": False, "metric": "rmse"} | more
    return ForwardScores(stretches=stretches, **facts)


@pytest.mark.parametrize("n_stretches", [3, 4, 8])
@pytest.mark.parametrize("higher_is_better", [False, True])
def test_a_slope_counts_from_three_of_its_standard_errors_on(n_stretches, higher_is_better):
    """Series of a known slope and variance, each beside the regression of SciPy."""
    rng, found = np.random.default_rng(0), 0
    for _ in range(200):
        slope = rng.choice([-0.5, 0.0, 0.2, 0.5])
        values = 5 + slope * np.arange(n_stretches) + 0.2 * rng.normal(size=n_stretches)
        fit = stats.linregress(np.arange(n_stretches), values)
        worse = fit.slope < 0 if higher_is_better else fit.slope > 0
        clear = worse and abs(fit.slope) > 3 * fit.stderr
        expected = fit.slope if clear else 0.0
        got = worsening(values, higher_is_better=higher_is_better)
        assert got == pytest.approx(expected)
        found += clear
    assert 20 < found < 180


def test_chance_alone_is_hardly_ever_taken_for_a_trend():
    """Three standard errors with six degrees of freedom: 1.2 % on one side."""
    rng = np.random.default_rng(1)
    found = [worsening(rng.normal(size=8), higher_is_better=False) > 0 for _ in range(4000)]
    assert np.mean(found) == pytest.approx(stats.t.sf(3, 6), abs=0.006)
    assert worsening(np.array([1.0, 9.0]), higher_is_better=False) == 0
    assert worsening(np.array([1.0, 2.0, 3.0]), higher_is_better=False) == pytest.approx(1)
    assert worsening(np.array([3.0, 2.0, 1.0]), higher_is_better=False) == 0
    assert worsening(np.array([3.0, 2.0, 1.0]), higher_is_better=True) == pytest.approx(-1)


def test_weights_of_stretches_rise_with_time():
    assert stretch_weights(4).tolist() == [0.1, 0.2, 0.3, 0.4]


def by_hand(values, baselines, errors, scatter):
    """Return value and error of the next stretch, as `promised` documents them."""
    n, weights = len(values), np.arange(1, len(values) + 1) / sum(range(1, len(values) + 1))
    value = np.dot(weights, values)
    usual = scatter(value, np.dot(weights, baselines))
    spread = (2 * usual**2 + np.sum((np.array(values) - np.mean(values)) ** 2)) / (2 + n - 1)
    spread = max(spread, np.mean(np.square(errors)))
    return value, np.sqrt(spread + spread * np.sum(weights**2))


@pytest.mark.parametrize(
    ("metric", "higher", "scatter"),
    [
        ("rmse", False, lambda value, base: 0.25 * value),
        ("mean_absolute_error", False, lambda value, base: 0.25 * value),
        ("log_loss", False, lambda value, base: 0.25 * abs(value - base)),
        ("r2", True, lambda value, base: 0.25 * abs(value - base)),
        ("accuracy", True, lambda value, base: 0.25 * abs(value - base)),
    ],
)
def test_the_next_stretch_is_promised_what_the_latest_ones_say(metric, higher, scatter):
    values, baselines = (0.60, 0.66, 0.58, 0.64), (0.9, 1.0, 1.1, 0.8)
    for errors in ((0.01,) * 4, (0.3, 0.2, 0.4, 0.1)):
        stretches = [
            (Score("other", 7.0, 1.0, 1.0, True), Score(metric, value, error, base, higher, 0.5))
            for value, error, base in zip(values, errors, baselines, strict=True)
        ]
        found = promised(stretches)[1]
        value, error = by_hand(values, baselines, errors, scatter)
        assert found.value == pytest.approx(value)
        assert found.standard_error == pytest.approx(error)
        assert found.baseline == pytest.approx(np.dot([0.1, 0.2, 0.3, 0.4], baselines))
        assert (found.metric, found.gain) == (metric, 0.0)


def test_a_single_stretch_promises_itself_with_the_usual_scatter():
    (found,) = promised([(Score("rmse", 2.0, 0.1, 5.0, False),)])
    assert found.value == 2.0
    assert found.standard_error == pytest.approx(0.25 * 2 * np.sqrt(2))


def test_a_clear_trend_goes_on_to_the_next_stretch():
    values = (1.0, 1.2, 1.4, 1.6)
    (found,) = promised([(Score("rmse", value, 0.0, 9.0, False),) for value in values])
    assert found.value == pytest.approx(1.8)  # what follows
    (found,) = promised([(Score("r2", -value, 0.0, 0.0, True),) for value in values])
    assert found.value == pytest.approx(-1.8)
    falling = promised([(Score("rmse", value, 0.0, 9.0, False),) for value in values[::-1]])
    assert falling[0].value == pytest.approx(np.dot([0.1, 0.2, 0.3, 0.4], values[::-1]))


def test_what_is_promised_holds_of_the_next_stretch():
    """Scores that scatter as is usual: the next one is within a standard error as often as due."""
    rng, hits = np.random.default_rng(2), []
    for _ in range(2000):
        values = 2 * (1 + 0.25 * rng.normal(size=5))
        (found,) = promised([(Score("rmse", value, 0.0, 9.0, False),) for value in values[:4]])
        hits.append(abs(values[4] - found.value) < found.standard_error)
    assert np.mean(hits) == pytest.approx(0.683, abs=0.05)


def test_drift_is_the_mean_growth_of_a_stretch():
    assert drift_of(()) == 0
    assert drift_of([Aging(7.0, 1.21)]) == pytest.approx(0.21)
    aging = [Aging(10.0, 1.1), Aging(20.0, 1.3), Aging(30.0, 0.9)]
    rate = np.mean([np.log(1.1), np.log(1.3) / 2, np.log(0.9) / 3])
    assert drift_of(aging) == pytest.approx(np.exp(rate) - 1)
    assert drift_of([Aging(10.0, 0.0), Aging(20.0, 1.44)]) == pytest.approx(0.2)
    assert drift_of([Aging(10.0, 0.0)]) == 0


@pytest.mark.parametrize(
    ("metric", "value", "higher", "more"),
    [("rmse", 2.0, False, 0.4), ("accuracy", 0.9, True, -0.02), ("r2", -0.5, True, -0.3)],
)
def test_a_drift_makes_the_loss_larger_by_its_share_or_not(metric, value, higher, more):
    found = drifted(Score(metric, value, 0.03, 0.5, higher), 0.2)
    assert found.value == pytest.approx(value + more)
    assert found.standard_error == pytest.approx(np.sqrt(0.03**2 + more**2))
    assert drifted(found, -0.2) == found
    stretches = [(Score(metric, value, 0.03, 0.5, higher),)] * 2
    (plain,), (with_drift,) = promised(stretches), promised(stretches, 0.2)
    assert with_drift == drifted(plain, 0.2)


def test_the_gain_of_the_last_known_value_has_the_error_of_its_stretches():
    values, last = np.array([5.0, 6.0, 4.0]), np.array([4.0, 5.5, 4.2])
    forward, weights = forward_of(values.tolist(), last.tolist()), np.array([1, 2, 3]) / 6
    gain, error = forward.last_known_gain
    differences = values - last
    assert gain == pytest.approx(weights @ differences)
    left = [np.average(np.delete(differences, k), weights=np.delete(weights, k)) for k in range(3)]
    assert error == pytest.approx(np.sqrt(np.sum((np.array(left) - gain) ** 2)))
    higher = replace(forward, metric="r2")
    assert higher.last_known_gain == (pytest.approx(-gain), pytest.approx(error))
    assert forward_of([5.0, 6.0]).last_known_gain == (0.0, 0.0)
    assert forward.values().tolist() == values.tolist()
    assert forward.values("baseline").tolist() == [9, 9, 9]
    assert forward.overall("last_known") == pytest.approx(weights @ last)


@pytest.mark.parametrize(
    ("metric", "higher"),
    [("rmse", False), ("log_loss", False), ("r2", True), ("accuracy", True), ("brier", False)],
)
def test_which_metrics_are_better_when_higher(metric, higher):
    assert forward_of([1.0], metric=metric).higher_is_better is higher


def test_lengths_are_those_between_the_starts_of_stretches():
    firsts = (0.0, 10.0, 30.0, 60.0)
    stretches = tuple(Stretch(first, first + 5, 6, 50, 1.0, 2.0) for first in firsts)
    forward = replace(forward_of([1.0]), stretches=stretches)
    assert forward.lengths == (10, 20, 30)
    assert forward.length == 20
    assert replace(forward, gap=4.0).reach == 24
    assert replace(forward, gap=4.0, ahead=33.0).reach == 37
    assert replace(forward, horizon=7.0).lengths == (7,) * 4
    assert replace(forward, stretches=stretches[:1]).lengths == (5,)


def test_lengths_and_moments_in_words():
    years = replace(forward_of([1.0]), name="birth_year")
    assert (years.span(1.0), years.span(2.5)) == ("1 year", "2.5 years")
    assert years.moment(1969.4) == "1969"
    assert forward_of([1.0]).span(12.0) == "12 rows"
    assert forward_of([1.0]).moment(1234.0) == "row 1,234"
    speed = replace(forward_of([1.0]), name="speed")
    assert speed.span(3.25) == "3.25 (speed)"
    assert speed.moment(3.25) == "3.25"
    assert speed.when(Stretch(2.0, 2.0, 3, 3, 1.0, 1.0)) == "2"
    assert speed.when(Stretch(2.0, 4.0, 3, 3, 1.0, 1.0)) == "2 to 4"
    assert forward_of([1.0]).when(Stretch(0.0, 9.0, 10, 50, 1.0, 1.0)) == "row 0 to 9"
    assert not replace(years, of_dates=True).of_years
    assert replace(forward_of([1.0]), name="year, month").columns == (
        "year, month",
        "year",
        "month",
    )
    assert replace(forward_of([1.0]), name="day").columns == ("day",)
    assert forward_of([1.0]).columns == ()


def test_rows_of_an_update_are_one_more_stretch():
    forward = forward_of([1.0, 2.0])
    later = forward.after_update(
        np.array([40.0, np.nan, 25.0]), n_learned=99, loss=3.0, baseline=4.0, of_later_rows=True
    )
    assert later.stretches[-1] == Stretch(25.0, 40.0, 3, 99, 3.0, 4.0)
    assert (later.updated, later.of_later_rows) == (True, True)
    late = forward.after_update(
        np.array([3.0, 7.0]), n_learned=99, loss=3.0, baseline=4.0, of_later_rows=False
    )
    assert (late.stretches[-1].first, late.stretches[-1].last) == (19.0, 19.0)
    assert not late.of_later_rows
    many = forward_of([1.0] * 1000).after_update(
        np.array([1e6]), n_learned=9, loss=3.0, baseline=4.0, of_later_rows=True
    )
    assert len(many.stretches) == 1000


def test_later_rows_are_harder_from_two_standard_errors_on():
    assert Noticed(1.0, 2.1, 0.5).is_clear
    assert not Noticed(1.0, 2.0, 0.5).is_clear


def test_stretches_are_told_by_their_loss():
    names = ("accuracy", "roc_auc", "log_loss")
    scores = tuple(Score(name, 1.0, 1.0, 1.0, True) for name in names)
    assert metric_of_stretches([scores]) == "log_loss"
    assert metric_of_stretches([scores[:2]]) == "accuracy"


@pytest.mark.parametrize(
    ("gain", "expected"), [(0.2, "as well"), (0.26, "better"), (-0.24, "as well"), (-0.26, "worse")]
)
def test_a_twentieth_of_the_metric_is_alike_where_errors_are_large(gain, expected):
    """The metric is 5, so that .25 is alike; the differences scatter by far more."""
    values = [5.0, 5.0, 5.0, 5.0]
    last = [5 - gain - 4, 5 - gain + 2, 5 - gain + 4, 5 - gain - 3]  # weighted differences of zero
    forward = forward_of(values, last)
    assert forward.last_known_gain[0] == pytest.approx(gain)
    assert forward.last_known_predicts == expected
