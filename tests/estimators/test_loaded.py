"""A loaded model is the estimator that was saved, but for the rows it was trained on."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits

from madaline import AdaptiveClassifier, AdaptiveRegressor, load, runtime
from madaline.errors import InputError, MadalineError

OLD = Path(__file__).parents[1] / "data" / "files" / "0.1.0"


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(
        {
            "id": np.arange(200),
            "size": rng.normal(size=200),
            "town": rng.choice(["Bonn", "Kiel", "Ulm"], 200),
            "noise": rng.normal(size=200),
        }
    )
    return X, np.where(X["size"] + (X["town"] == "Kiel") > 0.3, "yes", "no")


@pytest.fixture(scope="module")
def fitted(table):
    weight = {"no": 1.0, "yes": 2.0}
    settings = {"effort": 6, "random_state": 3, "metric": "roc_auc", "class_weight": weight}
    return AdaptiveClassifier(kinds={"town": "category"}, **settings).fit(*table, folds=3)


@pytest.fixture(scope="module")
def loaded(fitted, tmp_path_factory):
    path = tmp_path_factory.mktemp("models") / "towns.madaline"
    fitted.save(path)
    return load(path)


def test_it_is_the_same_estimator(fitted, loaded, table):
    X, y = table
    assert type(loaded) is AdaptiveClassifier
    assert loaded.get_params() == fitted.get_params()
    for name in ("classes_", "feature_names_in_"):
        np.testing.assert_array_equal(getattr(loaded, name), getattr(fitted, name))
    for name in (
        "n_features_in_", "n_iter_", "scores_", "oof_score_", "decisions_", "history_", "quality_",
        "diagnosis_", "importances_",
    ):  # fmt: skip
        assert getattr(loaded, name) == getattr(fitted, name), name
    for method in ("predict", "predict_proba", "decision_function", "predict_set"):
        np.testing.assert_array_equal(getattr(loaded, method)(X), getattr(fitted, method)(X))
    assert loaded.score(X, y) == fitted.score(X, y)
    assert str(loaded.story()) == str(fitted.story())


def test_it_explains_with_rows_that_are_given(fitted, loaded, table):
    X, y = table
    rows = X[:5]
    expected = fitted.explain(rows, background=X[50:90])
    np.testing.assert_array_equal(
        loaded.explain(rows, background=X[50:90]).attributions, expected.attributions
    )
    assert loaded.explain(rows).background.startswith("an average training row")
    assert loaded.effects(X, "size").sentence == fitted.effects(X, "size").sentence
    assert loaded.counterfactuals(rows) == fitted.counterfactuals(rows)
    assert loaded.importances(X, y) == fitted.importances(X, y)
    assert loaded.diagnose(X) == fitted.diagnose(X)


def test_it_reports_and_is_saved_again(fitted, loaded, table, tmp_path):
    assert loaded.report_data()["rows"] is None
    assert loaded.report_data(*table)["rows"]["n_rows"] == len(table[0])
    assert "yes" in loaded.card()
    loaded.save(tmp_path / "again")
    fitted.save(tmp_path / "first")
    assert (tmp_path / "again").read_bytes() == (tmp_path / "first").read_bytes()


@pytest.mark.parametrize("name", ["background_", "oof_proba_", "label_quality_"])
def test_what_is_about_the_training_rows_is_refused_with_what_to_do(fitted, loaded, name):
    assert not hasattr(loaded, name)
    with pytest.raises(AttributeError, match=r"a model file does not hold: .*joblib\.dump"):
        getattr(loaded, name)
    assert hasattr(fitted, name)
    with pytest.raises(AttributeError, match="'AdaptiveClassifier' object has no attribute"):
        AdaptiveClassifier().__getattr__(name)


def test_it_takes_columns_by_name(fitted, loaded, table):
    X, y = table
    expected = fitted.predict_proba(X)
    for rows in (
        X[["noise", "town", "size"]],  # the identifier is not used
        X.assign(answer=y)[["answer", *X.columns[::-1]]],
        pl.DataFrame(X.to_dict("list")).drop("id"),
        X.drop(columns="id").to_dict("list"),
        X.to_dict("records"),
    ):
        for model in (fitted, loaded):
            np.testing.assert_array_equal(model.predict_proba(rows), expected)
    with pytest.raises(InputError, match="X lacks 'size'"):
        loaded.predict(X[["town", "noise"]].to_dict("list"))
    with pytest.raises(ValueError, match="size"):
        loaded.predict(X[["town", "noise"]])


def test_a_dictionary_of_single_values_is_a_row(fitted, loaded, table, tmp_path):
    X, _ = table
    row = {"town": "Kiel", "size": 0.25, "noise": None, "id": 7}
    expected = fitted.predict_proba(pd.DataFrame([row])[X.columns])
    fitted.save(tmp_path / "model")
    for model in (fitted, loaded, runtime.load(tmp_path / "model")):
        np.testing.assert_array_equal(model.predict_proba(row), expected)
        np.testing.assert_array_equal(model.predict_proba([row]), expected)
        assert model.predict({**row, "size": np.float32(0.25)}).shape == (1,)
        with pytest.raises(MadalineError, match="size"):
            model.predict({"town": "Kiel", "noise": 0.1})
    assert len(loaded.explain(row)) == 1
    with pytest.raises(InputError, match="X has 1 row: give at least two"):
        AdaptiveClassifier().fit(row, ["yes"])


def test_it_can_be_cloned_and_fitted_again(fitted, loaded, table):
    assert clone(loaded).get_params() == fitted.get_params()
    again = clone(loaded).fit(*table, folds=3)
    np.testing.assert_array_equal(again.predict_proba(table[0]), fitted.predict_proba(table[0]))
    assert again.background_.n_samples == 100


def test_arrays_and_images_have_no_names(tmp_path):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 3))
    model = AdaptiveRegressor(loss="quantile", quantile=0.8, effort=3, random_state=0)
    model.fit(X, X[:, 0] + X[:, 1], folds=2).save(tmp_path / "numbers")
    numbers = load(tmp_path / "numbers")
    assert numbers.get_params() == model.get_params()
    assert not hasattr(numbers, "feature_names_in_")
    np.testing.assert_array_equal(numbers.predict(X), model.predict(X))
    np.testing.assert_array_equal(numbers.predict_interval(X, 0.8), model.predict_interval(X, 0.8))
    with pytest.raises(ValueError, match="2 features"):
        numbers.predict(X[:, :2])
    digits = load_digits()
    images, labels = digits.images[:150], digits.target[:150] > 4
    model = AdaptiveClassifier(effort=2, random_state=0).fit(images, labels, folds=2)
    model.save(tmp_path / "images")
    pictures = load(tmp_path / "images")
    assert pictures.n_features_in_ == model.n_features_in_ == 64
    np.testing.assert_array_equal(pictures.predict(images), model.predict(images))


def test_a_metric_that_is_a_function_is_not_in_the_file(line, tmp_path):
    def mine(truth, prediction):
        return -abs(truth - prediction).mean()

    model = AdaptiveRegressor(metric=mine, effort=2, random_state=0).fit(*line, folds=2)
    model.save(tmp_path / "model")
    again = load(tmp_path / "model")
    assert again.metric is None
    assert again.scores_[0].metric == "mine"


@pytest.mark.parametrize("name", json.loads((OLD / "predictions.json").read_text()))
def test_models_of_0_1_0_are_estimators(name):
    model = load(OLD / f"{name}.madaline")
    of_classes = isinstance(model, AdaptiveClassifier)
    assert hasattr(model, "classes_") == of_classes
    assert model.scores_
    assert model.oof_score_ > 0.5
    assert type(model).__name__ in model._repr_html_()
