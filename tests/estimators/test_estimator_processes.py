"""Fits in several processes: the same bits, and estimators that know nothing of them afterwards."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.model_selection import cross_val_score

from madaline import AdaptiveClassifier, AdaptiveRegressor
from madaline.nn._engine import numpy_backend
from madaline.nn._engine.executors import choice
from madaline.nn._engine.executors.processes import Processes

pd = pytest.importorskip("pandas")


@pytest.fixture
def started(monkeypatch):
    """Let the smallest fit be worth processes; return how many each fit starts."""
    counts = []

    def start(n_workers):
        counts.append(n_workers)
        return Processes(n_workers)

    monkeypatch.setattr(choice, "Processes", start)
    monkeypatch.setattr(choice, "MIN_PROCESS_WORK", 0.0)
    return counts


def fit_both(kind, X, y, **arguments):
    """Return an estimator fitted in this process and one fitted in three."""
    model = kind(effort=3, random_state=0, **arguments)
    return [clone(model).set_params(n_jobs=n_jobs).fit(X, y) for n_jobs in (1, 3)]


@pytest.mark.slow
def test_a_table_with_categories_gives_the_same_bits(started, make_columns):
    columns, target = make_columns("regression")
    columns["street"] = [f"street {number % 23}" for number in range(len(target))]
    X = pd.DataFrame(columns)
    one, three = fit_both(AdaptiveRegressor, X, target)
    np.testing.assert_array_equal(one.predict(X), three.predict(X))
    np.testing.assert_array_equal(one.oof_prediction_, three.oof_prediction_)
    assert started == [3]


@pytest.mark.slow
def test_images_give_the_same_bits(started):
    X, y = load_digits(return_X_y=True)
    X = X[:120].reshape(-1, 8, 8)
    one, three = fit_both(AdaptiveClassifier, X, y[:120])
    np.testing.assert_array_equal(one.predict_proba(X), three.predict_proba(X))
    assert started == [3]


@pytest.mark.slow
def test_a_fitted_estimator_can_be_pickled_and_predicts_the_same(started, make_columns):
    columns, target = make_columns("binary")
    X = pd.DataFrame(columns)
    model = AdaptiveClassifier(effort=3, random_state=0, n_jobs=2).fit(X, target)
    assert started == [2]
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))
    again.fit(X, target)
    assert started == [2, 2]


@pytest.mark.slow
def test_threads_of_compiled_fits_give_the_same_bits(make_columns, monkeypatch):
    pytest.importorskip("numba", reason="numba is not installed")
    monkeypatch.setattr(numpy_backend, "MIN_COMPILED_WORK", 0.0)
    columns, target = make_columns("multiclass")
    X = pd.DataFrame(columns)
    one, three = fit_both(AdaptiveClassifier, X, target)
    np.testing.assert_array_equal(one.predict_proba(X), three.predict_proba(X))


@pytest.mark.slow
def test_cross_validation_in_processes_and_in_threads(started, make_columns):
    columns, target = make_columns("binary")
    X = pd.DataFrame(columns)
    model = AdaptiveClassifier(effort=2, random_state=0, n_jobs=2)
    scores = cross_val_score(model, X, target, cv=2, n_jobs=2)
    assert started == []
    from joblib import parallel_config

    with parallel_config(backend="threading"):
        again = cross_val_score(model, X, target, cv=2, n_jobs=2)
    assert started == [2, 2]
    np.testing.assert_array_equal(scores, again)
