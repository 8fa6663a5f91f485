"""What is to be made small: class weights."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, balanced_accuracy_score, log_loss

from madaline import AdaptiveClassifier
from madaline.errors import InputError

QUICK = {"effort": 8, "random_state": 0}


@pytest.fixture(scope="module")
def rare():
    """Return a table with one class in twenty that overlaps with the other."""
    rng = np.random.default_rng(0)
    y = np.where(rng.random(600) < 0.05, "rare", "usual")
    return rng.normal(size=(600, 2)) + 1.2 * (y == "rare")[:, None], y


def test_balanced_classes_find_what_is_rare(rare):
    X, y = rare
    plain = AdaptiveClassifier(**QUICK).fit(X, y)
    balanced = AdaptiveClassifier(class_weight="balanced", **QUICK).fit(X, y)
    scores = [
        balanced_accuracy_score(y, one.classes_[one.oof_proba_.argmax(axis=1)])
        for one in (plain, balanced)
    ]
    assert scores[1] > scores[0] + 0.1
    assert balanced.oof_proba_[:, 0].mean() > 4 * plain.oof_proba_[:, 0].mean()


def test_scores_of_weighted_classes_are_those_of_the_rows_as_they_are(rare):
    X, y = rare
    own = np.random.default_rng(1).uniform(0.5, 2, len(y))
    model = AdaptiveClassifier(class_weight="balanced", **QUICK).fit(X, y, sample_weight=own)
    scores = {score.metric: score for score in model.scores_}
    labels = model.classes_[model.oof_proba_.argmax(axis=1)]
    expected = {
        "accuracy": accuracy_score(y, labels, sample_weight=own),
        "balanced_accuracy": balanced_accuracy_score(y, labels, sample_weight=own),
        "log_loss": log_loss(y, model.oof_proba_, sample_weight=own),
    }
    assert {name: score.value for name, score in scores.items()} == pytest.approx(
        expected, rel=1e-5
    )
    assert model.oof_score_ == scores["accuracy"].value
    assert scores["accuracy"].constant == pytest.approx(np.average(y == "usual", weights=own))
    assert scores["balanced_accuracy"].constant == 0.5


def test_a_class_weight_is_the_same_as_rows_of_that_weight(rare):
    X, y = rare
    weighted = AdaptiveClassifier(class_weight={"rare": 3.0}, **QUICK).fit(X, y)
    heavy = np.where(y == "rare", 3.0, 1.0)
    rows = AdaptiveClassifier(**QUICK).fit(X, y, sample_weight=heavy)
    assert np.array_equal(weighted.oof_proba_, rows.oof_proba_)


@pytest.mark.parametrize("wrong", ["even", 3, {"rare": 0}, {"common": 2}])
def test_class_weights_that_make_no_sense_are_refused(rare, wrong):
    with pytest.raises(InputError, match="class_weight"):
        AdaptiveClassifier(class_weight=wrong).fit(*rare)
