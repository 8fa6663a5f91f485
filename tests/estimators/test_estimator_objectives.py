"""What is to be made small: losses of numbers, class weights, metrics."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    balanced_accuracy_score,
    f1_score,
    log_loss,
    mean_absolute_error,
    mean_pinball_loss,
    mean_poisson_deviance,
    r2_score,
    roc_auc_score,
)
from tests.grids import some

from madaline import AdaptiveClassifier, AdaptiveRegressor, load
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
        "roc_auc": roc_auc_score(y, model.oof_proba_[:, 1], sample_weight=own),
        "log_loss": log_loss(y, model.oof_proba_, sample_weight=own),
    }
    assert {name: score.out_of_fold for name, score in scores.items()} == pytest.approx(
        expected, rel=1e-5
    )
    assert model.oof_score_ == scores["accuracy"].out_of_fold
    assert scores["accuracy"].baseline == pytest.approx(np.average(y == "usual", weights=own))
    assert scores["balanced_accuracy"].baseline == 0.5


@pytest.mark.slow
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


@pytest.fixture(scope="module")
def skewed():
    """Return a table, and counts whose mean is far above their median."""
    rng = np.random.default_rng(2)
    X = rng.normal(size=(600, 3))
    return X, rng.poisson(np.exp(X[:, 0]) * rng.gamma(1, 1, 600) * 3).astype(float)


METRICS = {
    "absolute": mean_absolute_error,
    "quantile": lambda y, predicted: mean_pinball_loss(y, predicted, alpha=0.9),
    "poisson": mean_poisson_deviance,
}


@pytest.fixture(scope="module")
def models(skewed):
    """Return a model for each loss."""
    losses = {"squared": {}, "absolute": {}, "quantile": {"quantile": 0.9}, "poisson": {}}
    return {
        loss: AdaptiveRegressor(loss=loss, effort=15, random_state=0, **settings).fit(*skewed)
        for loss, settings in losses.items()
    }


@pytest.mark.parametrize("loss", list(METRICS))
def test_the_chosen_loss_is_the_first_score_and_better_than_with_another(models, skewed, loss):
    y, metric = skewed[1], METRICS[loss]
    score = models[loss].scores_[0]
    assert score.out_of_fold == pytest.approx(metric(y, models[loss].oof_prediction_), rel=0.02)
    assert score.value < metric(y, np.maximum(models["squared"].oof_prediction_, 1e-3))
    assert score.value + 2 * score.standard_error < score.baseline
    assert models[loss].model_.summary.learned


@pytest.mark.parametrize("loss", ["squared", *METRICS])
def test_oof_score_stays_that_of_score(models, skewed, loss):
    oof = models[loss].oof_prediction_
    assert models[loss].oof_score_ == pytest.approx(r2_score(skewed[1], oof), abs=0.02)


def test_predictions_are_what_the_loss_says(models, skewed):
    X, y = skewed
    below = {loss: (y <= model.oof_prediction_).mean() for loss, model in models.items()}
    assert below["absolute"] == pytest.approx(0.5, abs=0.08)
    assert below["quantile"] == pytest.approx(0.9, abs=0.04)
    assert models["poisson"].oof_prediction_.mean() == pytest.approx(y.mean(), rel=0.1)
    assert models["poisson"].predict(X * 100).min() >= 0


@pytest.mark.parametrize("loss", list(METRICS))
def test_saved_models_predict_the_same_bits(models, skewed, loss, tmp_path):
    models[loss].save(tmp_path / "model")
    read = load(tmp_path / "model")
    columns = {f"x{place}": column for place, column in enumerate(skewed[0].T)}
    assert np.array_equal(read.predict(columns), models[loss].predict(skewed[0]))


def test_the_unit_of_the_target_does_not_matter(models, skewed):
    X, y = skewed
    other = AdaptiveRegressor(loss="poisson", effort=15, random_state=0).fit(X, y * 1024)
    np.testing.assert_allclose(other.predict(X), 1024 * models["poisson"].predict(X), rtol=1e-3)


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ({"loss": "gamma"}, "loss is 'gamma': choose one of squared, absolute"),
        ({"loss": "quantile", "quantile": 1}, "quantile is 1: give a number between 0 and 1"),
        ({"loss": "quantile", "quantile": None}, "quantile is None"),
        ({"quantile": 0.9}, "quantile is 0.9, but the loss is squared"),
        ({"loss": "poisson"}, "amounts of 0 or more, but the target holds -1"),
    ],
)
def test_losses_that_make_no_sense_are_refused(skewed, settings, match):
    X, y = skewed
    with pytest.raises(InputError, match=match):
        AdaptiveRegressor(**settings).fit(X, y - 1)


def test_nothing_but_zeros_is_predicted_as_zero(skewed):
    model = AdaptiveRegressor(loss="poisson", effort=2).fit(skewed[0], np.zeros(600))
    assert np.array_equal(model.predict(skewed[0]), np.zeros(600))


@pytest.mark.parametrize("loss", ["squared", *METRICS])
def test_intervals_hold_their_share_whatever_the_loss(models, loss):
    rng = np.random.default_rng(5)
    X = rng.normal(size=(1000, 3))
    y = rng.poisson(np.exp(X[:, 0]) * rng.gamma(1, 1, 1000) * 3)
    low, high = models[loss].predict_interval(X, coverage=0.8).T
    held = ((low <= y) & (y <= high)).mean()
    assert 0.75 < held < 0.95  # more than asked for, as many counts lie on a bound, which is 0


@pytest.mark.parametrize("metric", some(["balanced_accuracy", "roc_auc", "f1"], 1))
@pytest.mark.filterwarnings("ignore::madaline.errors.NothingLearnedWarning")
def test_a_metric_is_the_first_score_and_that_of_the_out_of_fold_predictions(rare, metric):
    X, y = rare
    model = AdaptiveClassifier(metric=metric, class_weight="balanced", **QUICK).fit(X, y)
    probability, truth = model.oof_proba_[:, 1], (y == "usual").astype(int)

    def value(threshold):
        return {
            "balanced_accuracy": balanced_accuracy_score(truth, probability > threshold),
            "roc_auc": roc_auc_score(truth, probability),
            "f1": f1_score(truth, probability > threshold),
        }[metric]

    assert model.scores_[0].metric == metric
    assert model.scores_[0].value == pytest.approx(value(model.threshold_))
    found = probability > model.threshold_
    assert model.oof_score_ == pytest.approx(accuracy_score(truth, found))
    # What chose is the shortfall at one half: no recipe alone was better, but for the loss's trace.
    assert min(model.history_["loss"]) == pytest.approx(1 - value(0.5), abs=0.06)


def test_a_function_chooses(skewed):
    X, y = skewed

    def within_one(truth, prediction):
        return np.mean(np.abs(truth - prediction) <= 1)

    model = AdaptiveRegressor(metric=within_one, loss="absolute", **QUICK).fit(X, y)
    score = model.scores_[0]
    assert score.metric == "within_one"
    assert score.value == pytest.approx(within_one(y, model.oof_prediction_), abs=0.01)
    assert score.value > score.baseline + 2 * score.standard_error
    assert [other.metric for other in model.scores_[1:]] == ["mean_absolute_error", "r2"]


def test_a_metric_judges_a_validation_set(rare):
    X, y = rare
    folds = np.where(np.arange(len(y)) % 3, -1, 0)
    model = AdaptiveClassifier(metric="average_precision", **QUICK).fit(X, y, folds=folds)
    evaluated = folds == 0
    assert model.scores_[0].value == pytest.approx(
        average_precision_score(y[evaluated] == "usual", model.oof_proba_[evaluated, 1])
    )
