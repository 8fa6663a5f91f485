"""river takes the estimators of `madaline.river` wherever it takes its own."""

from __future__ import annotations

import copy
import doctest
import pickle
import random

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("river", reason="river is not installed")

from river import (
    checks,
    compose,
    conf,
    datasets,
    drift,
    ensemble,
    evaluate,
    feature_extraction,
    imblearn,
    metrics,
    model_selection,
    multiclass,
    preprocessing,
    stats,
    time_series,
)
from sklearn.base import clone

import madaline
import madaline.river
from madaline import river as ours
from madaline.errors import InputError

CHECKS = [
    pytest.param(model, check, id=f"{type(model).__name__}-{number}-{check.__name__}")
    for model in (ours.OnlineClassifier(), ours.OnlineRegressor())
    for number, check in enumerate(checks.yield_checks(model))
]


@pytest.mark.parametrize(("model", "check"), CHECKS)
def test_checks_of_river(model, check):
    random.seed(0)
    check(model.clone())


def classifier(seed=0):
    return ours.OnlineClassifier(seed=seed)


def regressor(seed=0):
    return ours.OnlineRegressor(seed=seed)


def emails():
    for text in ["good fine day", "bad rain", "good sun", "bad cold rain", "fine warm sun"] * 20:
        yield text, "good" in text or "fine" in text


SCALED = preprocessing.StandardScaler() | classifier()
CLASSIFIERS = {
    "alone": (classifier(), 0.82),
    "pipeline": (SCALED, 0.82),
    "one of several steps": (
        compose.Discard("ip_in_url") + (compose.Select("ip_in_url") | preprocessing.OneHotEncoder())
        | classifier(),
        0.8,
    ),
    "drift retraining": (
        drift.DriftRetrainingClassifier(classifier(), drift.binary.DDM()),
        0.8,
    ),
    "bagging": (ensemble.BaggingClassifier(classifier(), n_models=2, seed=0), 0.8),
    "ADWIN bagging": (ensemble.ADWINBaggingClassifier(classifier(), n_models=2, seed=0), 0.8),
    "voting": (ensemble.VotingClassifier([classifier(0), classifier(1)]), 0.8),
    "stacking": (ensemble.StackingClassifier([classifier(0), SCALED], classifier(1)), 0.8),
    "one against the rest": (multiclass.OneVsRestClassifier(classifier()), 0.8),
    "sampling": (imblearn.RandomUnderSampler(classifier(), {True: 0.5, False: 0.5}, seed=0), 0.8),
    "successive halving": (
        model_selection.SuccessiveHalvingClassifier(
            [classifier(seed) for seed in range(2)], metrics.Accuracy(), budget=200
        ),
        0.8,
    ),
}


@pytest.mark.parametrize(("model", "least"), CLASSIFIERS.values(), ids=CLASSIFIERS)
def test_classifiers(model, least):
    data = datasets.Phishing().take(200)
    assert evaluate.progressive_val_score(data, model.clone(), metrics.Accuracy()).get() > least


REGRESSORS = {
    "pipeline": preprocessing.StandardScaler() | regressor(),
    "scaled target": preprocessing.TargetStandardScaler(regressor()),
    "bagging": ensemble.BaggingRegressor(regressor(), n_models=2, seed=0),
    "aggregate": feature_extraction.Agg("you_gov", by="ordinal_date", how=stats.Mean())
    | regressor(),
    "greedy": model_selection.GreedyRegressor([regressor(0), regressor(1)]),
}


@pytest.mark.parametrize("model", REGRESSORS.values(), ids=REGRESSORS)
def test_regressors(model):
    data = datasets.TrumpApproval().take(200)
    assert evaluate.progressive_val_score(data, model.clone(), metrics.MAE()).get() < 6


def test_more_classes_than_two_and_labels_that_come_late():
    data = datasets.ImageSegments().take(300)
    assert evaluate.progressive_val_score(data, classifier(), metrics.MacroF1()).get() > 0.7
    late = evaluate.progressive_val_score(
        datasets.TrumpApproval().take(200), regressor(), metrics.MAE(), "ordinal_date", 3
    )
    assert late.get() < 6


@pytest.mark.parametrize("ngrams", [(1, 1), (1, 2)])
def test_words_that_appear(ngrams):
    model = feature_extraction.BagOfWords(ngram_range=ngrams) | classifier()
    assert evaluate.progressive_val_score(emails(), model, metrics.Accuracy()).get() > 0.9


def test_a_row_is_traced_through_a_pipeline():
    model = SCALED.clone()
    x, y = next(iter(datasets.Phishing()))
    model.learn_one(x, y)
    assert "OnlineClassifier" in model.debug_one(x)


def test_the_first_rows_may_be_empty():
    model = time_series.SNARIMAX(p=3, d=1, q=1, regressor=regressor())
    for number in range(60):
        model.learn_one(float(number % 7))
    assert np.isfinite(model.forecast(3)).all()


def test_intervals():
    model = conf.RegressionJackknife(regressor())
    for x, y in datasets.TrumpApproval().take(60):
        model.learn_one(x, y)
    assert model.predict_one(x, with_interval=True).lower < y + 5


def test_the_bits_are_those_of_madaline():
    other, model = madaline.OnlineClassifier(random_state=0), classifier()
    for x, y in datasets.Phishing().take(100):
        assert model.predict_proba_one(x) == other.predict_proba_one(x)
        model.learn_one(x, y)
        other.learn_one(x, y)


def test_tables():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(60, 2)), columns=["a", "b"], index=range(5, 65))
    y = X["a"] > 0
    model = preprocessing.StandardScaler() | classifier()
    assert model.predict_many(X).tolist() == [None] * 60
    assert model.predict_proba_many(X).empty
    model.learn_many(X, y)
    assert (model.predict_many(X) == y).mean() > 0.8
    proba = model.predict_proba_many(X)
    assert proba.columns.tolist() == [False, True]
    assert proba.index.equals(X.index)
    numbers = regressor().learn_many(X, X["a"]).predict_many(X)
    assert np.corrcoef(numbers, X["a"])[0, 1] > 0.9
    assert model.predict_many(X.head(0)).empty
    with pytest.raises(InputError, match="y has 59 labels, but X has 60 rows"):
        classifier().learn_many(X, y[1:])


def test_copies_and_files(tmp_path):
    model = classifier(3)
    for x, y in datasets.Phishing().take(50):
        model.learn_one(x, y)
    model.save(tmp_path / "stream.madaline")
    loaded = ours.OnlineClassifier.load(tmp_path / "stream.madaline")
    for other in (pickle.loads(pickle.dumps(model)), copy.deepcopy(model), loaded):
        assert other.predict_proba_one(x) == model.predict_proba_one(x)
    assert loaded.get_params() == {"missing": None, "max_regimes": 16, "seed": 3}
    assert clone(model).get_params() == {"missing": None, "max_regimes": 16, "seed": 3}
    assert model.clone({"seed": 4}).seed == 4


def test_few_rows_wait_in_vain():
    model = classifier()
    model.learn_one({"a": 1.0}, True)
    for number in range(1100):
        model.predict_one({"a": float(number)})
    assert len(model.pending_) == 1000


def test_examples():
    results = doctest.testmod(madaline.river, optionflags=doctest.ELLIPSIS)
    assert results.attempted > 6
    assert results.failed == 0
