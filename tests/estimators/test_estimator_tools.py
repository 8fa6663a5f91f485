"""The estimators inside scikit-learn's tools: pipelines, searches, calibration, routing."""

from __future__ import annotations

import joblib
import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.ensemble import StackingRegressor, VotingClassifier
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    cross_val_predict,
    cross_val_score,
    cross_validate,
)
from sklearn.multioutput import MultiOutputClassifier, MultiOutputRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.utils.fixes import parse_version
from tests.grids import some

from madaline import AdaptiveClassifier, AdaptiveRegressor

QUICK = {"effort": 8, "random_state": 0}


def test_pipeline_with_column_transformer_and_frames_between(mixed):
    X, y = mixed
    X = X[["size", "color"]]
    steps = make_column_transformer(
        (StandardScaler(), ["size"]),
        (OneHotEncoder(sparse_output=False, handle_unknown="ignore"), ["color"]),
    )
    pipeline = make_pipeline(steps, AdaptiveClassifier(**QUICK)).set_output(transform="pandas")
    pipeline.fit(X, y)
    assert pipeline[-1].feature_names_in_[0] == "standardscaler__size"
    assert pipeline.score(X, y) > 0.8


@pytest.mark.filterwarnings("ignore::madaline.errors.NothingLearnedWarning")
def test_sparse_output_of_a_transformer(mixed):
    X, y = mixed
    encoder = OneHotEncoder(sparse_output=True, handle_unknown="ignore")
    pipeline = make_pipeline(encoder, AdaptiveClassifier(**QUICK)).fit(X[["color", "grade"]], y)
    assert pipeline.predict(X[["color", "grade"]]).shape == y.shape


@pytest.mark.slow
def test_grid_search_finds_that_more_effort_is_better(line):
    X, y = line
    grid = {"effort": [1, 12]}
    search = GridSearchCV(AdaptiveRegressor(random_state=0), grid, cv=3, error_score="raise")
    assert search.fit(X, y).best_params_ == {"effort": 12}


@pytest.mark.slow
def test_cross_validation(mixed):
    X, y = mixed
    model = AdaptiveClassifier(**QUICK)
    assert cross_val_score(model, X, y, cv=3, error_score="raise").mean() > 0.7
    probabilities = cross_val_predict(model, X, y, cv=3, method="predict_proba")
    assert probabilities.shape == (len(y), 2)


@pytest.mark.parametrize(
    "name", some(["roc_auc", "neg_log_loss", "neg_brier_score", "f1_macro"], 1)
)
def test_scorers(halves, name):
    model = AdaptiveClassifier(**QUICK)
    scores = cross_val_score(model, *halves, cv=2, scoring=name, error_score="raise")
    assert np.isfinite(scores).all()


def test_clone_copies_arguments_and_nothing_learned(halves):
    model = AdaptiveClassifier(effort=8, kinds={"x0": "number"}, n_jobs=2, random_state=3)
    copy = clone(model.fit(*halves))
    assert copy.get_params() == model.get_params()
    assert not hasattr(copy, "model_")


def test_calibration(halves):
    X, y = halves
    calibrated = CalibratedClassifierCV(AdaptiveClassifier(**QUICK), cv=2).fit(X, y)
    assert calibrated.score(X, y) > 0.85


@pytest.mark.slow
def test_voting_and_stacking(halves, line):
    members = [("networks", AdaptiveClassifier(**QUICK)), ("linear", LogisticRegression())]
    assert VotingClassifier(members, voting="soft").fit(*halves).score(*halves) > 0.85
    members = [("networks", AdaptiveRegressor(**QUICK)), ("linear", Ridge())]
    assert StackingRegressor(members, cv=2).fit(*line).score(*line) > 0.8


def test_permutation_importance_finds_the_column_that_decides(line):
    X, y = line
    model = AdaptiveRegressor(effort=20, random_state=0).fit(X, y)
    importance = permutation_importance(model, X, y, n_repeats=3, random_state=0)
    assert importance.importances_mean.argmax() == 0


@pytest.mark.skipif(
    parse_version(sklearn.__version__) < parse_version("1.8"),
    reason="pipelines route weights to their score since scikit-learn 1.8",
)
def test_metadata_routing_brings_weights_and_groups_to_fit(halves):
    X, y = halves
    groups = np.arange(len(y)) // 4
    weight = np.where(np.arange(len(y)) % 4, 1.0, 0.0)
    with sklearn.config_context(enable_metadata_routing=True):
        model = AdaptiveClassifier(**QUICK).set_fit_request(sample_weight=True, groups=True)
        model.set_score_request(sample_weight=True)
        pipeline = make_pipeline(StandardScaler().set_fit_request(sample_weight=False), model)
        result = cross_validate(
            pipeline,
            X,
            y,
            cv=GroupKFold(2),
            params={"sample_weight": weight, "groups": groups},
            return_estimator=True,
            return_indices=True,
            error_score="raise",
        )
    fitted, rows = result["estimator"][0][-1], result["indices"]["train"][0]
    assert np.array_equal(np.isnan(fitted.oof_proba_[:, 0]), weight[rows] == 0)


def test_pickled_model_predicts_the_same_bits(mixed, tmp_path):
    X, y = mixed
    model = AdaptiveClassifier(**QUICK).fit(X, y)
    joblib.dump(model, tmp_path / "model.joblib")
    again = joblib.load(tmp_path / "model.joblib")
    assert np.array_equal(again.predict_proba(X), model.predict_proba(X))


@pytest.mark.slow
def test_parallel_searches(halves):
    model = AdaptiveClassifier(**QUICK)
    one, two = (
        cross_val_score(model, *halves, cv=2, n_jobs=n_jobs, error_score="raise")
        for n_jobs in (1, 2)
    )
    assert np.array_equal(one, two)


def test_html_shows_the_arguments(halves):
    html = AdaptiveClassifier(**QUICK).fit(*halves)._repr_html_()
    assert "AdaptiveClassifier" in html
    assert "effort" in html


def test_repr_names_what_was_set():
    assert repr(AdaptiveRegressor(effort=8, kinds={"zip": "category"})) == (
        "AdaptiveRegressor(effort=8, kinds={'zip': 'category'})"
    )


def test_out_of_fold_score_promises_what_new_rows_show():
    rng = np.random.default_rng(5)
    X = pd.DataFrame(rng.normal(size=(600, 4)), columns=list("abcd"))
    y = X["a"] * X["b"] + rng.normal(size=600)
    model = AdaptiveRegressor(random_state=0).fit(X[:400], y[:400])
    promised, error = model.scores_[0].value, model.scores_[0].standard_error
    assert abs(model.score(X[400:], y[400:]) - promised) < 4 * error


@pytest.mark.slow
def test_a_model_for_each_of_several_targets(line):
    X, y = line
    both = np.stack([y, -y + X[:, 1]], axis=1)
    numbers = MultiOutputRegressor(AdaptiveRegressor(**QUICK)).fit(X, both)
    assert numbers.predict(X).shape == both.shape
    labels = MultiOutputClassifier(AdaptiveClassifier(**QUICK)).fit(X, both > 0)
    assert (labels.predict(X) == (both > 0)).mean() > 0.8
