"""Fits in several processes: the same bits, and estimators that know nothing of them afterwards."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from joblib import Parallel, delayed
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.model_selection import cross_val_score

from madaline import AdaptiveClassifier, AdaptiveRegressor
from madaline.race import workers
from madaline.race.crew import Crew

pd = pytest.importorskip("pandas")


@pytest.fixture
def crews(monkeypatch):
    """Let the smallest fit be worth processes; return how many others each crew has."""
    started = []

    def start(n_workers, n_bytes):
        started.append(n_workers)
        return Crew(n_workers, n_bytes)

    monkeypatch.setattr(workers, "Crew", start)
    monkeypatch.setattr(workers, "WORTH_PROCESSES", 0.0)
    monkeypatch.setattr(workers, "SOON_OVER", 0.0)
    return started


def fit_both(kind, X, y, **arguments):
    """Return an estimator fitted in this process and one fitted in three."""
    model = kind(effort=3, random_state=0, **arguments)
    return [clone(model).set_params(n_jobs=n_jobs).fit(X, y) for n_jobs in (1, 3)]


def test_a_table_with_categories_gives_the_same_bits(crews, make_columns):
    columns, target = make_columns("regression")
    columns["street"] = [f"street {number % 23}" for number in range(len(target))]
    X = pd.DataFrame(columns)
    one, three = fit_both(AdaptiveRegressor, X, target)
    np.testing.assert_array_equal(one.predict(X), three.predict(X))
    np.testing.assert_array_equal(one.oof_prediction_, three.oof_prediction_)
    assert crews == [2]


def test_images_give_the_same_bits(crews):
    X, y = load_digits(return_X_y=True)
    X = X[:120].reshape(-1, 8, 8)
    one, three = fit_both(AdaptiveClassifier, X, y[:120])
    np.testing.assert_array_equal(one.predict_proba(X), three.predict_proba(X))
    assert crews == [2]


def test_a_fitted_estimator_can_be_pickled_and_predicts_the_same(crews, make_columns):
    columns, target = make_columns("binary")
    X = pd.DataFrame(columns)
    model = AdaptiveClassifier(effort=3, random_state=0, n_jobs=2).fit(X, target)
    assert crews == [1]
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))
    again.fit(X, target)
    assert crews == [1, 1]


def fit_in_a_worker(X, y):
    """Fit where the smallest fit is worth processes and none can be started."""
    workers.WORTH_PROCESSES, workers.Crew = 0.0, None
    return AdaptiveClassifier(effort=2, random_state=0, n_jobs=2).fit(X, y).predict_proba(X)


def test_fits_in_the_processes_of_joblib_start_none_of_their_own(crews, make_columns):
    columns, target = make_columns("binary")
    X = pd.DataFrame(columns)
    answers = Parallel(n_jobs=2)(delayed(fit_in_a_worker)(X, target) for _ in range(2))
    expected = AdaptiveClassifier(effort=2, random_state=0, n_jobs=2).fit(X, target)
    for answer in answers:
        np.testing.assert_array_equal(answer, expected.predict_proba(X))
    assert crews == [1]


def test_cross_validation_in_processes_and_in_threads(crews, make_columns):
    columns, target = make_columns("binary")
    X = pd.DataFrame(columns)
    model = AdaptiveClassifier(effort=2, random_state=0, n_jobs=2)
    scores = cross_val_score(model, X, target, cv=2, n_jobs=2)
    assert crews == []
    from joblib import parallel_config

    with parallel_config(backend="threading"):
        again = cross_val_score(model, X, target, cv=2, n_jobs=2)
    assert crews == [1, 1]
    np.testing.assert_array_equal(scores, again)
