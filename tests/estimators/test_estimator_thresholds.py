"""The threshold of two classes: tuned, given, changed, saved."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score

import madaline
from madaline import AdaptiveClassifier
from madaline.errors import InputError
from madaline.records.model_decisions import ThresholdChosen

QUICK = {"effort": 6, "random_state": 0}


@pytest.fixture(scope="module")
def rare():
    """A class that one row in six has, with noise."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(900, 3))
    y = np.where(X[:, 0] + rng.normal(scale=1.2, size=900) > 1.6, "yes", "no")
    return X, y


@pytest.fixture(scope="module")
def tuned(rare):
    return AdaptiveClassifier(metric="f1", **QUICK).fit(*rare)


def choices(model):
    return [one for one in model.decisions_ if isinstance(one, ThresholdChosen)]


def test_findings_count_as_the_confusion_matrix_does(tuned):
    (confused,) = [one for one in tuned.diagnosis_ if one.kind == "confused classes"]
    assert confused.evidence["confused"] == tuned.quality_.matrix[1, 0]


def test_f1_is_better_than_at_one_half(rare, tuned):
    (chosen,) = choices(tuned)
    assert chosen.used
    assert tuned.threshold_ == chosen.threshold < 0.5
    found = tuned.oof_proba_[:, 1]
    better, even = (f1_score(rare[1] == "yes", found > t) for t in (tuned.threshold_, 0.5))
    assert better > even + 0.02
    assert chosen.sentence in " ".join(str(tuned.story(full=True)).split())


def test_predictions_follow_it_and_probabilities_do_not(rare, tuned):
    probability = tuned.predict_proba(rare[0])[:, 1]
    expected = np.where(probability > tuned.threshold_, "yes", "no")
    np.testing.assert_array_equal(tuned.predict(rare[0]), expected)
    even = AdaptiveClassifier(metric="f1", threshold=0.5, **QUICK).fit(*rare)
    assert choices(even) == []
    np.testing.assert_array_equal(even.predict_proba(rare[0])[:, 1], probability)
    assert (even.predict(rare[0]) != tuned.predict(rare[0])).any()


def test_scores_and_the_confusion_matrix_are_those_of_the_threshold(rare, tuned):
    found = tuned.oof_proba_[:, 1] > tuned.threshold_
    scores = {score.metric: score for score in tuned.scores_}
    truth = rare[1] == "yes"
    assert scores["f1"].out_of_fold == pytest.approx(f1_score(truth, found), abs=1e-9)
    assert tuned.oof_score_ == pytest.approx(accuracy_score(truth, found), abs=1e-9)
    assert scores["accuracy"].baseline == pytest.approx(1 - truth.mean())
    np.testing.assert_allclose(tuned.quality_.matrix, confusion_matrix(truth, found))


def test_a_saved_model_keeps_it(rare, tuned, tmp_path):
    tuned.save(tmp_path / "model.madaline")
    for load in (madaline.load, madaline.runtime.load):
        again = load(tmp_path / "model.madaline")
        np.testing.assert_array_equal(again.predict(dict_of(rare[0])), tuned.predict(rare[0]))
    assert madaline.load(tmp_path / "model.madaline").threshold_ == tuned.threshold_


def dict_of(X):
    return {f"x{number}": column for number, column in enumerate(X.T)}


def test_it_can_be_given_and_changed(rare):
    model = AdaptiveClassifier(threshold=0.2, **QUICK).fit(*rare)
    assert model.threshold_ == 0.2
    many = (model.predict(rare[0]) == "yes").sum()
    assert (model.set_threshold(0.9).predict(rare[0]) == "yes").sum() < many
    assert model.threshold_ == 0.9
    sets = model.predict_set(rare[0], coverage=0.5)
    assert sets[np.arange(len(sets)), (model.predict(rare[0]) == "yes").astype(int)].all()


def test_costs_lower_the_threshold_of_what_is_dear_to_miss(rare):
    model = AdaptiveClassifier(costs=[[0, 1], [9, 0]], **QUICK).fit(*rare)
    (chosen,) = choices(model)
    assert chosen.metric == "cost"
    assert chosen.after < chosen.before
    assert model.threshold_ < 0.35


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"threshold": 1.5}, "threshold is 1.5"),
        ({"threshold": "low"}, "threshold is 'low'"),
        ({"costs": [[0, 1]]}, "costs is"),
        ({"costs": [[1, 0], [0, 1]]}, "a mistake costs more than a hit"),
    ],
)
def test_what_is_no_threshold_or_cost(rare, arguments, words):
    with pytest.raises(InputError, match=words):
        AdaptiveClassifier(**arguments, **QUICK).fit(*rare)


def test_three_classes_have_no_threshold():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60, 2)), np.arange(60) % 3
    with pytest.raises(InputError, match="there are 3 classes"):
        AdaptiveClassifier(threshold=0.3, **QUICK).fit(X, y)
    model = AdaptiveClassifier(metric="f1", effort=1, random_state=0)
    with pytest.warns(madaline.errors.NothingLearnedWarning):
        model.fit(X, y)
    assert choices(model) == []
    with pytest.raises(InputError, match="for 3 classes"):
        model.set_threshold(0.3)
