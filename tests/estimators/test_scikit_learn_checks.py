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


@parametrize_with_checks([AdaptiveClassifier(effort=12), AdaptiveRegressor(effort=12)])
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
