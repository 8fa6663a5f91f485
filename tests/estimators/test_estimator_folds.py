"""Folds as somebody wants them: what is evaluated, and by networks that learned from what."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import r2_score
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    RepeatedKFold,
    StratifiedKFold,
    TimeSeriesSplit,
)

from madaline import AdaptiveClassifier, AdaptiveRegressor, load
from madaline.errors import InputError

QUICK = {"effort": 8, "random_state": 0}


def test_a_validation_set_is_one_fold(line, tmp_path):
    X, y = line
    folds = np.where(np.arange(len(y)) % 4, -1, 0)
    model = AdaptiveRegressor(**QUICK).fit(X, y, folds=folds)
    evaluated = folds == 0
    summary = model.model_.summary
    assert (summary.n_samples, summary.n_evaluated, summary.n_folds) == (len(y), evaluated.sum(), 1)
    assert np.array_equal(np.isfinite(model.oof_prediction_), evaluated)
    assert model.oof_score_ == pytest.approx(
        1
        - np.square(y - model.oof_prediction_)[evaluated].sum()
        / np.square(y[evaluated] - y[~evaluated].mean()).sum(),
        abs=0.01,
    )
    # The one network of each recipe was evaluated, and then pruned.
    assert r2_score(model.oof_prediction_[evaluated], model.predict(X)[evaluated]) > 0.9
    model.save(tmp_path / "model")
    columns = {f"x{place}": column for place, column in enumerate(X.T)}
    assert np.array_equal(load(tmp_path / "model").predict(columns), model.predict(X))
    assert np.isfinite(model.predict_interval(X, 0.8)).all()


def test_rows_that_are_never_evaluated_are_learned_from(line):
    X, _ = line
    right = X[:, 0] > 0
    y = np.where(right, 10 + X[:, 1], X[:, 1])
    folds = np.where(right, -1, np.arange(len(y)) % 3)
    model = AdaptiveRegressor(effort=20, random_state=0).fit(X, y, folds=folds)
    assert model.predict(X[right]).mean() == pytest.approx(10, abs=1)
    assert np.array_equal(np.isnan(model.oof_prediction_), right)


def test_networks_learn_from_the_rows_that_they_are_told_to():
    # The target is noise that is shared within a group: only a network that saw it could know it.
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(40), 5)
    X, y = rng.normal(size=(40, 3))[groups], rng.normal(size=40)[groups]
    evaluated = [
        np.flatnonzero((groups // 10 == fold) & (np.arange(200) % 5 < 2)) for fold in range(4)
    ]
    others = [np.setdiff1d(np.arange(200), rows) for rows in evaluated]
    strangers = [np.flatnonzero(groups // 10 != fold) for fold in range(4)]
    mixed, apart = (
        AdaptiveRegressor(random_state=0).fit(
            X, y, folds=list(zip(learned, evaluated, strict=True))
        )
        for learned in (others, strangers)
    )
    assert mixed.oof_score_ > 0.5
    assert apart.oof_score_ < 0.3


def test_folds_of_a_splitter_are_those_of_its_pairs_and_numbers(halves):
    X, y = halves
    splitter = StratifiedKFold(4, shuffle=True, random_state=3)
    pairs = list(splitter.split(X, y))
    numbers = np.empty(len(y), int)
    for fold, (_, evaluated) in enumerate(pairs):
        numbers[evaluated] = fold
    given = (splitter, pairs, iter(pairs), numbers, list(numbers), pd.Series(numbers))
    models = [AdaptiveClassifier(**QUICK).fit(X, y, folds=folds) for folds in given]
    for model in models:
        assert np.array_equal(model.oof_proba_, models[0].oof_proba_)
    assert models[0].model_.summary.n_folds == 4


def test_a_number_of_folds(halves):
    X, y = halves
    assert AdaptiveClassifier(**QUICK).fit(X, y, folds=3).model_.summary.n_folds == 3
    default = AdaptiveClassifier(**QUICK).fit(X, y)
    ten = AdaptiveClassifier(**QUICK).fit(X, y, folds=default.model_.summary.n_folds)
    assert np.array_equal(default.oof_proba_, ten.oof_proba_)


def test_a_time_series_is_evaluated_by_its_past(line):
    X, y = line
    past = [(np.arange(start), np.arange(start, start + 30)) for start in (30, 60, 90)]
    model = AdaptiveRegressor(effort=30, random_state=0).fit(X, y, folds=past)
    assert np.array_equal(np.isnan(model.oof_prediction_), np.arange(120) < 30)
    assert r2_score(y[30:], model.oof_prediction_[30:]) > 0.8


def test_no_gain_is_promised_where_folds_learn_from_unlike_rows():
    rng = np.random.default_rng(1)
    time = np.arange(300.0)
    X = np.column_stack([time, rng.standard_normal(300)])
    y = X[:, 1] + time / 50 + 3 * np.sin(time / 40) + rng.standard_normal(300)
    given = {"in time": TimeSeriesSplit(5), "at random": KFold(5, shuffle=True, random_state=0)}
    scores = {
        name: AdaptiveRegressor(effort=30, random_state=0).fit(X, y, folds=folds).scores_
        for name, folds in given.items()
    }
    assert all(score.value == score.out_of_fold for score in scores["in time"])
    assert all(score.value != score.out_of_fold for score in scores["at random"])


def test_groups_and_weights_go_with_folds(halves):
    X, y = halves
    groups = np.arange(len(y)) // 7
    weight = np.where(np.arange(len(y)) % 7, 1.0, 0.0)
    model = AdaptiveClassifier(**QUICK)
    model.fit(X, y, sample_weight=weight, groups=groups, folds=GroupKFold(4))
    assert np.array_equal(np.isnan(model.oof_proba_[:, 0]), weight == 0)
    with pytest.raises(InputError, match="divide the group"):
        model.fit(X, y, groups=groups, folds=list(KFold(4).split(X)))


@pytest.mark.filterwarnings("ignore::madaline.errors.NothingLearnedWarning")
def test_copies_in_a_tiny_table_stay_apart_where_folds_do():
    X, y = np.tile(np.arange(8.0), 2)[:, None], np.tile(np.arange(8) % 2, 2)
    folds = np.repeat([0, -1], 8)
    model = AdaptiveClassifier(effort=2, random_state=0).fit(X, y, folds=folds)
    assert model.model_.summary.n_evaluated == 8
    assert np.array_equal(np.isnan(model.oof_proba_[:, 0]), folds == -1)


@pytest.mark.parametrize(
    ("folds", "match"),
    [
        (1, "folds is 1: give a number of folds, at least 2"),
        (121, "120 rows are too few for 121 folds"),
        (np.zeros(7, int), r"folds has shape \(7,\), but X has 120 rows"),
        (np.zeros(120, int), "no row to learn from"),
        (RepeatedKFold(n_splits=3, n_repeats=2), "held out in several folds"),
        (2.5, "folds is 2.5: give a number of folds"),
        (True, "folds is True"),
        ("time", "no pair of row numbers"),
    ],
)
def test_what_is_no_fold_is_refused(halves, folds, match):
    with pytest.raises(InputError, match=match):
        AdaptiveClassifier(**QUICK).fit(*halves, folds=folds)
