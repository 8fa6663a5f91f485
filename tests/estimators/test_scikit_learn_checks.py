"""scikit-learn's own checks; fitted estimators pass all of them."""

from __future__ import annotations

import pytest
from sklearn.utils.estimator_checks import (
    check_classifiers_train,
    check_fit_idempotent,
    check_regressors_train,
    parametrize_with_checks,
)

from madaline import AdaptiveClassifier, AdaptiveRegressor, OnlineClassifier, OnlineRegressor

# Many of these checks fit to noise.
pytestmark = pytest.mark.filterwarnings("ignore::madaline.errors.NothingLearnedWarning")


LONG = {
    "check_class_weight_classifiers",
    "check_classifiers_multilabel_representation_invariance",
    "check_classifiers_train",
    "check_estimator_sparse_array",
    "check_estimator_sparse_matrix",
    "check_regressor_data_not_an_array",
    "check_regressors_int",
    "check_regressors_train",
}


def all_checks(*estimators):
    """Return what runs all checks, of which those that fit for long are slow."""
    names, values = parametrize_with_checks(estimators).args
    marked = [
        pytest.param(
            estimator,
            check,
            marks=pytest.mark.slow if check.func.__name__ in LONG else (),
            id=f"{type(estimator).__name__}-{check.func.__name__}{check.keywords or ''}",
        )
        for estimator, check in values
    ]
    return pytest.mark.parametrize(names, marked)


@all_checks(AdaptiveClassifier(effort=12), AdaptiveRegressor(effort=12))
def test_with_little_effort(estimator, check):
    check(estimator)


STEPS = "a row of weight two is one larger step on a stream, not two steps"


def of_streams(estimator):
    names = ("dense", "sparse")
    return {f"check_sample_weight_equivalence_on_{name}_data": STEPS for name in names}


@parametrize_with_checks(
    [OnlineClassifier(random_state=0), OnlineRegressor(random_state=0)],
    expected_failed_checks=of_streams,
)
def test_of_online_estimators(estimator, check):
    check(estimator)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("check", "estimator"),
    [
        (check_classifiers_train, AdaptiveClassifier()),
        (check_regressors_train, AdaptiveRegressor()),
        (check_fit_idempotent, AdaptiveClassifier()),
        (check_fit_idempotent, AdaptiveRegressor()),
    ],
)
def test_with_default_arguments(check, estimator):
    check(type(estimator).__name__, estimator)
