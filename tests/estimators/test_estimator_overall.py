"""What estimators say about what they learned."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.feature_selection import SelectFromModel

from madaline import AdaptiveClassifier, AdaptiveRegressor
from madaline.errors import InputError


@pytest.fixture(scope="module")
def fitted():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(200, 4))
    X[:, 3] = 1.0  # a constant, which is left out
    y = 3 * X[:, 1] + rng.normal(size=200)
    return AdaptiveRegressor(effort=6, random_state=0).fit(X, y), X


def test_importances_are_in_order_and_scikit_learn_selects_by_them(fitted):
    model, X = fitted
    assert model.importances_[0].columns == ("x1",)
    np.testing.assert_array_equal(model.feature_importances_.argmax(), 1)
    assert model.feature_importances_[3] == 0
    assert SelectFromModel(model, prefit=True).get_support().tolist() == [False, True, False, False]
    assert model.importances(X, 3 * X[:, 1])[0].columns == ("x1",)


def test_an_effect_interactions_and_counterfactuals(fitted):
    model, X = fitted
    assert "rises by" in model.effects(X, "x1").sentence
    assert [effect.column for effect in model.effects(X)] == [
        importance.columns[0] for importance in model.importances_ if importance.clear
    ]
    assert repr(model.effects(X)).splitlines() == [one.sentence for one in model.effects(X)]
    with pytest.raises(InputError, match=r"give the table first, as in effects\(X, 'x1'\)"):
        model.effects("x1", X)
    assert len(model.interactions(X)) == 3
    (found,) = model.counterfactuals(X[:1], target=(2, 3), columns=["x1"])
    assert found.found


def test_data_frames_with_everything(mixed):
    X, y = mixed
    model = AdaptiveClassifier(effort=5, random_state=0).fit(X, y)
    assert {one.columns[0] for one in model.importances_} == set(X.columns)
    for column in X.columns:
        assert column in model.effects(X, column).sentence
    assert len(model.importances(X, y, repeats=1)) == 6
    assert len(model.counterfactuals(X.head(2))) == 2


def test_an_estimator_that_is_not_fitted_says_so():
    model = AdaptiveRegressor()
    with pytest.raises(NotFittedError):
        model.effects([[1.0]], "x0")
    with pytest.raises(NotFittedError):
        _ = model.importances_
    assert not hasattr(model, "feature_importances_")
