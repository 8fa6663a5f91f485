"""scikit-learn's own checks, without a single expected failure."""

from __future__ import annotations

import pytest
from sklearn.utils.estimator_checks import (
    check_classifiers_train,
    check_fit_idempotent,
    check_regressors_train,
    parametrize_with_checks,
)

from madaline import AdaptiveClassifier, AdaptiveRegressor

# Many of these checks fit to noise.
pytestmark = pytest.mark.filterwarnings("ignore::madaline.errors.NothingLearnedWarning")


@parametrize_with_checks([AdaptiveClassifier(effort=12), AdaptiveRegressor(effort=12)])
def test_with_little_effort(estimator, check):
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
