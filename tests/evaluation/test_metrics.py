from __future__ import annotations

import pickle
from dataclasses import replace

import numpy as np
import pytest
from sklearn import metrics

from madaline._race.ensemble_weights import weighted_mean
from madaline._race.evaluation.metrics import CLASS_METRICS, NUMBER_METRICS
from madaline._race.evaluation.objective import Objective
from madaline._race.evaluation.score import mean_and_error
from madaline._tables.target import ClassEncoder, CountEncoder, RegressionEncoder
from madaline.errors import InputError
from madaline.nn.losses import BinaryCrossEntropy

N = 200


def hard(function):
    return lambda y, p, **weight: function(y, p.argmax(axis=1), **weight)


def second(function):
    return lambda y, p, **weight: function(y, p[:, 1], **weight)


CLASSES = {
    "accuracy": (hard(metrics.accuracy_score),) * 2,
    "balanced_accuracy": (hard(metrics.balanced_accuracy_score),) * 2,
    "roc_auc": (
        second(metrics.roc_auc_score),
        lambda y, p, **weight: metrics.roc_auc_score(y, p, multi_class="ovr", **weight),
    ),
    "average_precision": (
        second(metrics.average_precision_score),
        lambda y, p, **weight: metrics.average_precision_score(np.eye(4)[y], p, **weight),
    ),
    "f1": (
        hard(metrics.f1_score),
        lambda y, p, **weight: metrics.f1_score(y, p.argmax(axis=1), average="macro", **weight),
    ),
    "brier": (
        second(metrics.brier_score_loss),
        lambda y, p, sample_weight=None: np.average(
            np.square(p - np.eye(4)[y]).sum(axis=1), weights=sample_weight
        ),
    ),
}
NUMBERS = {
    "r2": metrics.r2_score,
    "squared": metrics.mean_squared_error,
    "absolute": metrics.mean_absolute_error,
    "quantile": lambda y, p, **weight: metrics.mean_pinball_loss(y, p, alpha=0.8, **weight),
    "poisson": metrics.mean_poisson_deviance,
}


def classes(n_classes, wanted, *, weight=None, n_evaluated=N):
    """Return a metric of labels, raw outputs that know something, the codes and probabilities."""
    rng = np.random.default_rng(0)
    codes = rng.integers(0, n_classes, N)
    codes[:n_classes] = np.arange(n_classes)
    labels = np.array(list("abcd"))[codes]
    output = rng.standard_normal((N, n_classes)) + 1.5 * np.eye(n_classes)[codes]
    probability = np.exp(output) / np.exp(output).sum(axis=1, keepdims=True)
    if n_classes == 2:
        output = output[:, 1:] - output[:, :1]
    target_encoder = ClassEncoder.fit(labels)
    metric = Objective(metric=wanted).make_metric(
        target_encoder, labels, weight, n_evaluated=n_evaluated
    )
    return metric, output, codes, probability


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("n_classes", [2, 4])
@pytest.mark.parametrize("name", list(CLASSES))
def test_metrics_of_classes_are_those_of_scikit_learn(name, n_classes, weighted):
    weight = np.random.default_rng(1).uniform(0.2, 2, N) if weighted else None
    metric, output, codes, probability = classes(n_classes, name, weight=weight)
    oracle = CLASSES[name][n_classes > 2]
    value = metric.value(output, slice(0, N))
    assert value == pytest.approx(oracle(codes, probability, sample_weight=weight))
    assert metric.best == (0 if name == "brier" else 1)
    assert metric.distance(output, slice(0, N)) == pytest.approx(abs(metric.best - value))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", list(NUMBERS))
def test_metrics_of_numbers_are_those_of_scikit_learn(name, weighted):
    rng = np.random.default_rng(2)
    weight = rng.uniform(0.2, 2, N) if weighted else None
    target = rng.poisson(3.0, N).astype(float)
    target_encoder = RegressionEncoder.fit(target)
    quantile = 0.8 if name == "quantile" else 0.5
    loss = "squared" if name != "squared" else "absolute"
    objective = Objective(loss=loss, metric=name, quantile=quantile)
    metric = objective.make_metric(target_encoder, target, weight, n_evaluated=N)
    prediction = rng.uniform(1, 6, N)
    output = (prediction[:, None] - target_encoder.center) / target_encoder.scale
    expected = NUMBERS[name](target, prediction, sample_weight=weight)
    assert metric.value(output, slice(0, N)) == pytest.approx(expected)
    assert metric.best == pytest.approx(1 if name == "r2" else 0, abs=1e-4)


@pytest.mark.parametrize("name", [*CLASS_METRICS, *NUMBER_METRICS])
def test_metrics_go_to_other_processes(name):
    kind = (CLASS_METRICS | NUMBER_METRICS)[name]
    assert pickle.loads(pickle.dumps(kind)).name == kind.name


def test_a_metric_that_is_the_loss_is_none():
    target_encoder = RegressionEncoder.fit(np.arange(9.0))
    for objective in (Objective(), Objective(loss="poisson", metric="poisson")):
        assert objective.make_metric(target_encoder, np.arange(9.0), None, n_evaluated=9) is None
    assert classes(2, "log_loss")[0] is None
    assert (
        Objective(metric="squared").make_metric(target_encoder, np.arange(9.0), None, n_evaluated=9)
        is None
    )


def test_a_function_gets_labels_and_probabilities():
    def surely(labels, probability):
        assert set(labels) == {"a", "b"}
        return probability[np.arange(len(labels)), (labels == "b").astype(int)].mean()

    metric, output, codes, probability = classes(2, surely)
    found = metric.value(output[:50], np.arange(50))
    assert found == pytest.approx(probability[np.arange(50), codes[:50]].mean())
    assert (metric.name, metric.best) == ("surely", 1)


def test_a_function_gets_numbers_in_their_own_unit():
    target = np.array([0.0, 10.0, 20.0])
    seen = []

    def metric_of(truth, prediction):
        seen.append((truth, prediction))
        return -np.abs(truth - prediction).max()

    metric = Objective(loss="poisson", metric=metric_of).make_metric(
        CountEncoder.fit(target), target, None, n_evaluated=3
    )
    assert metric.value(np.log([[0.5], [1.0], [2.0]]), slice(0, 3)) == pytest.approx(-5)
    assert np.array_equal(seen[-1][0], target)


@pytest.mark.parametrize(
    ("wanted", "match"),
    [
        (lambda y, p: "good", "returned 'good': let it return a number"),
        (lambda y, p: np.inf, "perfect predictions give inf"),
        (lambda y, p: [][1], "list index"),
    ],
)
def test_functions_that_are_no_metrics_are_refused(wanted, match):
    with pytest.raises((InputError, IndexError), match=match):
        classes(2, wanted)


def test_rows_that_cannot_be_ranked_are_named():
    labels = np.array(["a"] * 5 + ["b"] * 5)
    with pytest.raises(InputError, match=r"roc_auc cannot be computed on these 5 rows"):
        Objective(metric="roc_auc").make_metric(
            ClassEncoder.fit(labels), labels, None, n_evaluated=5
        )


def test_what_diverged_is_infinitely_worse():
    metric, output, _, _ = classes(4, "accuracy")
    assert metric.distance(np.where(output > 2, np.inf, output), slice(0, N)) == np.inf


@pytest.mark.parametrize("grouped", [False, True])
def test_the_error_of_a_metric_that_is_a_mean_is_that_of_a_mean(grouped):
    metric, output, codes, _ = classes(2, "accuracy")
    rng = np.random.default_rng(3)
    groups = rng.integers(0, 60, N) if grouped else None
    score = metric.score(output, np.zeros((N, 1)), groups)
    hits = ((output[:, 0] > 0) == codes).astype(float)
    value, error = mean_and_error(hits, None, groups)
    assert score.value == pytest.approx(value)
    assert score.standard_error == pytest.approx(error, rel=0.4)
    assert score.baseline == pytest.approx(np.mean(codes == 0))


@pytest.mark.parametrize("groups", [np.zeros(9, int), np.array([0] * 8 + [1])])
def test_a_mean_of_one_group_has_an_unknown_error(groups):
    weight = np.where(groups == 0, 0.1, 1e-18)
    value, error = mean_and_error(np.arange(9) / 7, weight, groups)
    assert value == pytest.approx(np.average(np.arange(9) / 7, weights=weight))
    assert error == np.inf


def test_the_metric_selects_instead_of_the_loss(make_dataset):
    dataset = make_dataset("binary", n_samples=90)
    truth = 2 * dataset.target - 1
    wrong = np.arange(90)[:, None]
    timid = np.where(wrong < 30, -0.1, 0.5) * truth  # a third wrong, but never sure
    bold = np.where(wrong >= 85, -20.0, 5.0) * truth  # rarely wrong, and then very sure
    outputs = np.stack([timid, bold]).astype(np.float32)
    labels = dataset.target[:, 0].astype(int)
    metric = Objective(metric="accuracy").make_metric(
        ClassEncoder.fit(labels), labels, None, n_evaluated=90
    )
    by_metric = replace(dataset, metric=metric)
    assert dataset.validation_loss(timid) < dataset.validation_loss(bold)
    assert by_metric.validation_loss(bold) == pytest.approx(5 / 90, abs=1e-5)
    assert by_metric.validation_loss(timid) == pytest.approx(30 / 90, abs=1e-5)
    assert np.argmax(dataset.best_weights(outputs)) == 0
    shares = by_metric.best_weights(outputs)
    assert by_metric.validation_loss(weighted_mean(outputs, shares)) == pytest.approx(
        5 / 90, abs=1e-5
    )
    shares = by_metric.best_weights(outputs, by_loss=True)
    assert np.array_equal(shares, dataset.best_weights(outputs))
    assert by_metric.digest != dataset.digest
    surer = 1.1 * bold  # as accurate, with a higher loss
    assert by_metric.validation_loss(bold) < by_metric.validation_loss(surer)
    assert isinstance(dataset.loss, BinaryCrossEntropy)


@pytest.mark.parametrize(
    ("settings", "task", "match"),
    [
        ({"metric": "auc"}, None, "metric is 'auc': choose one of log_loss, accuracy"),
        ({"metric": 3}, None, "metric is 3"),
        ({"metric": "r2"}, "classification", "'r2' is not for classes: choose one of log_loss"),
        ({"metric": "f1"}, "regression", "'f1' is not for numbers: choose one of r2, squared"),
        ({"metric": "r2", "quantile": 0.7}, None, "quantile is 0.7, but"),
    ],
)
def test_metrics_that_make_no_sense_are_refused(settings, task, match):
    with pytest.raises(InputError, match=match):
        Objective(**settings).check_task(task)


def test_a_metric_may_tell_the_task():
    assert Objective(metric="f1").task == "classification"
    assert Objective(metric="r2").task == "regression"
    assert Objective(metric=metrics.r2_score).task is None
