"""Series of different sizes have a score on their own scale, beside the seasonal naive forecast."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pytest

import madaline
from madaline import AdaptiveRegressor
from madaline._models.diagnosis.over_time import find_over_time
from madaline._models.story.forward import forward_sentences, tell_best_of_series
from madaline._race.time.forward import ForwardScores
from madaline._race.time.series_scores import SeriesScores, score_series
from madaline._race.time.time_request import TimeRequest
from madaline.errors import LaterRowsWarning

SEASON, LENGTH = 4, 40


def shops(sizes):
    """Return a table of shops with a season, and their sales."""
    rng = np.random.default_rng(0)
    months = np.arange(np.datetime64("2015-01"), np.datetime64("2015-01") + LENGTH)
    season = 3 + np.sin(2 * np.pi * np.arange(LENGTH) / SEASON)
    sales = [size * (season + 0.1 * rng.normal(size=LENGTH)) for size in sizes]
    names = np.repeat([f"s{number}" for number in range(len(sizes))], LENGTH)
    table = {"shop": names.astype(object), "month": np.tile(months, len(sizes)).astype("M8[D]")}
    return table, np.concatenate(sales)


def fitted(sizes):
    """Return a fit of shops on one scale, and its warnings of later rows."""
    table, sales = shops(sizes)
    model = AdaptiveRegressor(preset="quick", effort=2, random_state=0, loss="poisson")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.fit(table, sales, time="month", series="shop", lags=[1, SEASON])
    return model, [str(one.message) for one in caught if one.category is LaterRowsWarning]


@pytest.fixture(scope="module")
def unequal():
    return fitted([1.0, 30.0, 1e5])


def test_a_fit_of_series_of_different_sizes_says_how_small_ones_are_predicted(unequal):
    model, told = unequal
    scores = model.model_.summary.forward.by_series
    (warning,) = told
    assert warning.startswith("On the scale of each shop, the mean absolute scaled error (MASE) is")
    assert "The largest shop is 100,000 times the smallest, so the largest decide" in warning
    assert f"seasonal naive forecast ({SEASON} rows before)" in warning
    assert warning.endswith(
        "Use the seasonal naive forecast, or divide the target of each shop by its mean."
    )
    assert scores.scaled_error > 10 * scores.naive_error
    assert warning in model.model_.summary.on_later_rows
    (finding,) = [one for one in model.model_.diagnosis if one.subject == "shop"]
    assert (finding.kind, finding.severity) == ("last known value", "high")


def test_series_of_all_sizes_are_predicted_alike(tmp_path):
    table, sales = shops([1.0, 1e6])
    model = AdaptiveRegressor(effort=8, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LaterRowsWarning)
        model.fit(table, sales, time="month", series="shop", lags=[1, SEASON], horizon=2)
    ahead = model.forecast(coverage=0.8)
    small, large = (ahead["shop"] == name for name in ("s0", "s1"))
    season = 3 + np.sin(2 * np.pi * (LENGTH + np.arange(2)) / SEASON)
    for of_shop, size in ((small, 1.0), (large, 1e6)):
        np.testing.assert_allclose(ahead["target"][of_shop] / size, season, atol=0.5)
        width = (ahead["target_high"] - ahead["target_low"])[of_shop] / size
        assert np.all((width > 0.1) & (width < 1.5))
    model.save(tmp_path / "shops.madaline")
    again = madaline.load(tmp_path / "shops.madaline").forecast(coverage=0.8)
    np.testing.assert_array_equal(again["target_low"], ahead["target_low"])
    later = {"shop": ahead["shop"], "month": ahead["month"]}
    explanation = model.explain(later, background=later)
    np.testing.assert_allclose(explanation.output, ahead["target"])
    assert np.abs(explanation.remaining / explanation.output).max() < 1e-3
    scores = model.model_.summary.forward.by_series
    assert scores.divided
    assert scores.scaled_error < 1.2
    assert "learned each on its own scale" in " ".join(model.model_.summary.on_later_rows)


def test_the_naive_error_is_that_of_the_value_a_season_before(unequal):
    forward = unequal[0].model_.summary.forward
    table, sales = shops([1.0, 30.0, 1e5])
    first = forward.stretches[0].first
    errors = []
    for name in np.unique(table["shop"]):
        own = sales[table["shop"] == name]
        times = table["month"][table["shop"] == name].astype("M8[s]").astype(float)
        changes = np.abs(own[SEASON:] - own[:-SEASON])
        later = times[SEASON:] >= first
        # the first row of a series has no past, and is not learned
        errors.append(changes[later].mean() / np.abs(own[1 + SEASON :] - own[1:-SEASON]).mean())
    assert forward.by_series.naive_error == pytest.approx(np.mean(errors))
    assert forward.by_series.season == SEASON


def test_series_of_about_one_size_are_scored_without_a_warning_of_sizes():
    model, told = fitted([1.0, 2.0])
    scores = model.model_.summary.forward.by_series
    assert scores.n_series == 2
    assert not any("times the smallest" in one for one in told)
    (sentence,) = [one for one in model.model_.summary.on_later_rows if "MASE" in one]
    assert "times the smallest" not in sentence


def test_scores_are_those_of_each_series_by_itself():
    rng = np.random.default_rng(1)
    series = rng.permutation(np.repeat(["a", "b", "c", "zero"], 30))
    times = rng.permutation(120).astype(float)
    size = np.array([{"a": 1.0, "b": 50.0, "c": 1e6, "zero": 0.0}[name] for name in series])
    target = size * rng.lognormal(size=120)
    rows = rng.permutation(120)[:70]
    predicted = target[rows] + size[rows] * rng.normal(size=70)
    repeated = target[rows] * 1.7
    scores = score_series("s", series, times, target, rows, predicted, {1: repeated, 7: repeated})
    own, naive, sizes = [], [], []
    for name in "abc":
        values = target[series == name][np.argsort(times[series == name])]
        scale = np.mean(np.abs(values[scores.season :] - values[: -scores.season]))
        some = series[rows] == name
        own.append(np.mean(np.abs(predicted - target[rows])[some]) / scale)
        naive.append(np.mean(np.abs(repeated - target[rows])[some]) / scale)
        sizes.append(np.mean(np.abs(values)))
    assert scores.scaled_error == pytest.approx(np.mean(own))
    assert scores.naive_error == pytest.approx(np.mean(naive))
    assert scores.ratio == pytest.approx(max(sizes) / min(sizes))
    assert scores.won == np.mean(np.less(own, naive))
    assert scores.n_series == 3


def test_where_networks_are_better_no_other_forecast_is_advised(forward: ForwardScores):
    scores = SeriesScores("shop", 40, 1200.0, 12, 0.8, 1.1, 0.75, standard_error=0.05)
    forward = replace(forward, by_series=scores)
    (told,) = [
        one
        for one in forward_sentences(forward, of_numbers=True, time=TimeRequest(lags=(1,)))
        if "scaled error" in one
    ]
    assert told == (
        "On the scale of each shop, the mean absolute scaled error (MASE) is 0.8 ± 0.05, that of"
        " the seasonal naive forecast (12 rows before) 1.1; the model is better for 75% of 40."
        " The largest shop is 1,200 times the smallest, so the largest decide the root mean"
        " squared error."
    )
    assert not [one for one in find_over_time(forward, of_numbers=True) if one.subject == "shop"]
    last = replace(scores, season=1)
    assert last.naive == "last known value"


def test_the_story_tells_which_forecast_is_best_for_which_series():
    rng = np.random.default_rng(0)
    names = np.repeat([f"s{number}" for number in range(8)], 12)
    times, target = np.tile(np.arange(12.0), 8), rng.normal(size=96).cumsum() + 50
    rows = np.arange(96)
    naive, model = target + 2.0, np.where(names < "s5", target + 1.0, target + 3.0)
    model = np.where(names == "s7", target + 9.0, model)
    theta = np.where(names == "s6", target, target + 4.0)
    scores = score_series("shop", names, times, target, rows, model, {1: naive}, theta)
    assert scores.best == (5 / 8, 2 / 8, 1 / 8)
    assert scores.hardest[0].name == "s7"
    best, hardest = tell_best_of_series(scores)
    assert best == (
        "Of 8 series (shop), the best forecast is the model for 62%, the last known value for 25%"
        " and Theta alone for 12%."
    )
    assert hardest.startswith("The hardest have the largest scaled errors: s7 (")
    again = SeriesScores.from_json(scores.to_json())
    assert again == scores
