from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from sklearn import metrics
from sklearn.metrics import accuracy_score, log_loss, r2_score, root_mean_squared_error

from madaline._race.evaluation.score import (
    Score,
    ScoredRows,
    classification_scores,
    regression_scores,
    share_and_error,
    standard_errors_better,
)
from madaline.nn.losses import (
    Absolute,
    BinaryCrossEntropy,
    CrossEntropy,
    Poisson,
    Quantile,
    Squared,
)


def softmax(output):
    exponentials = np.exp(output - output.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)


def regression_data(rng, n_samples):
    """Draw a weak fit, so that what the target scatters by matters for R²."""
    target = rng.standard_normal((n_samples, 1))
    return 0.3 * target + 0.2 * rng.standard_normal((n_samples, 1)), target


def binary_data(rng, n_samples):
    output = 2 * rng.standard_normal((n_samples, 1))
    target = (rng.random((n_samples, 1)) < 1 / (1 + np.exp(-output))).astype(np.float64)
    return output, target


@pytest.mark.parametrize("weighted", [False, True])
def test_regression_scores_are_those_of_scikit_learn(weighted):
    rng = np.random.default_rng(0)
    output, target = regression_data(rng, 80)
    weight = rng.uniform(0.1, 2, 80) if weighted else None
    prior = np.full_like(target, np.average(target[:, 0], weights=weight))
    r2, rmse = regression_scores(Squared(), ScoredRows(output, prior, target, weight), scale=10.0)
    assert (r2.metric, rmse.metric) == ("r2", "rmse")
    assert r2.value == pytest.approx(r2_score(target, output, sample_weight=weight))
    root = root_mean_squared_error(target, output, sample_weight=weight)
    assert rmse.value == pytest.approx(10 * root)
    constant = root_mean_squared_error(target, prior, sample_weight=weight)
    assert (r2.baseline, rmse.baseline) == (0, pytest.approx(10 * constant))
    assert (r2.higher_is_better, rmse.higher_is_better) == (True, False)


@pytest.mark.parametrize("weighted", [False, True])
def test_binary_scores_are_those_of_scikit_learn(weighted):
    rng = np.random.default_rng(1)
    output, target = binary_data(rng, 80)
    weight = rng.uniform(0.1, 2, 80) if weighted else None
    prior = np.full_like(output, 0.4)
    accuracy, area, loss = classification_scores(
        BinaryCrossEntropy(), ScoredRows(output, prior, target, weight)
    )
    for raw, scores in ((output, ("value", "value")), (prior, ("baseline", "baseline"))):
        probability = 1 / (1 + np.exp(-raw[:, 0]))
        expected = (
            accuracy_score(target[:, 0], probability > 0.5, sample_weight=weight),
            log_loss(target[:, 0], probability, sample_weight=weight),
        )
        found = (getattr(accuracy, scores[0]), getattr(loss, scores[1]))
        assert found == pytest.approx(expected)
    expected = metrics.roc_auc_score(target[:, 0], output[:, 0], sample_weight=weight)
    assert (area.value, area.baseline) == (pytest.approx(expected), 0.5)
    assert (accuracy.metric, area.metric, loss.metric) == ("accuracy", "roc_auc", "log_loss")
    assert (accuracy.higher_is_better, loss.higher_is_better) == (True, False)


@pytest.mark.parametrize("weighted", [False, True])
def test_multiclass_scores_are_those_of_scikit_learn(weighted):
    rng = np.random.default_rng(2)
    labels, output = rng.integers(0, 4, 80), rng.standard_normal((80, 4))
    weight = rng.uniform(0.1, 2, 80) if weighted else None
    target = np.eye(4)[labels]
    prior = np.broadcast_to([0.1, 0.5, 0, 0], output.shape)
    accuracy, area, loss = classification_scores(
        CrossEntropy(), ScoredRows(output, prior, target, weight)
    )
    assert accuracy.value == pytest.approx(
        accuracy_score(labels, output.argmax(axis=1), sample_weight=weight)
    )
    assert accuracy.baseline == pytest.approx(
        accuracy_score(labels, np.ones(80), sample_weight=weight)
    )
    expected = metrics.roc_auc_score(
        labels, softmax(output), multi_class="ovr", sample_weight=weight
    )
    assert area.value == pytest.approx(expected)
    assert loss.value == pytest.approx(log_loss(labels, softmax(output), sample_weight=weight))


def test_one_class_has_no_area():
    target = np.ones((20, 1))
    scores = classification_scores(BinaryCrossEntropy(), ScoredRows(target, target, target))
    assert [score.metric for score in scores] == ["accuracy", "log_loss"]


def mean_scores(rng, weight):
    output, target = binary_data(rng, len(weight))
    return classification_scores(BinaryCrossEntropy(), ScoredRows(output, output, target, weight))


def ratio_scores(rng, weight):
    output, target = regression_data(rng, len(weight))
    return regression_scores(
        Squared(), ScoredRows(output, np.zeros_like(target), target, weight), scale=3.0
    )


@pytest.mark.parametrize("scores_of", [mean_scores, ratio_scores])
@pytest.mark.parametrize("weighted", [False, True])
def test_standard_errors_are_the_scatter_over_many_tables(scores_of, weighted):
    """Draw many tables: the values scatter by what each table alone says they should."""
    rng = np.random.default_rng(3)
    weight = rng.lognormal(0, 0.8, 400) if weighted else np.ones(400)
    tables = [scores_of(rng, weight) for _ in range(400)]
    for metric in range(2):
        values = [scores[metric].value for scores in tables]
        errors = [scores[metric].standard_error for scores in tables]
        assert np.mean(errors) == pytest.approx(np.std(values), rel=0.12)


def test_standard_errors_agree_with_the_bootstrap():
    rng = np.random.default_rng(4)
    output, target = regression_data(rng, 500)
    prior = np.zeros_like(target)
    scores = regression_scores(Squared(), ScoredRows(output, prior, target), scale=1.0)
    draws = [rng.integers(0, 500, 500) for _ in range(500)]
    resampled = [
        regression_scores(Squared(), ScoredRows(output[rows], prior[rows], target[rows]), scale=1.0)
        for rows in draws
    ]
    for metric in range(2):
        scatter = np.std([scores[metric].value for scores in resampled])
        assert scores[metric].standard_error == pytest.approx(scatter, rel=0.12)


def test_integer_weights_count_as_repeated_rows():
    rng = np.random.default_rng(5)
    output, target = regression_data(rng, 30)
    weight = rng.integers(1, 4, 30)
    rows = np.repeat(np.arange(30), weight)
    prior = np.zeros_like(target)
    weighted = regression_scores(Squared(), ScoredRows(output, prior, target, weight), scale=1.0)
    repeated = regression_scores(
        Squared(), ScoredRows(output[rows], prior[rows], target[rows]), scale=1.0
    )
    for one, other in zip(weighted, repeated, strict=True):
        assert one.value == pytest.approx(other.value)


def test_standard_errors_better_is_the_paired_statistic():
    rng = np.random.default_rng(6)
    output, target = regression_data(rng, 100)
    prior = np.zeros_like(target)
    gain = (np.square(prior - target) - np.square(output - target))[:, 0] / 2
    rows = Squared().rows(np.zeros((1, 1)), np.ones((1, 1)))[0]
    gain *= rows / 0.5  # whatever factor the loss has
    expected = gain.mean() / (gain.std() * 10 / 99)  # leaving one out moves a mean by 1/99
    assert standard_errors_better(Squared(), ScoredRows(output, prior, target)) == pytest.approx(
        expected
    )


def test_a_row_with_nearly_all_the_weight_is_no_evidence():
    rng = np.random.default_rng(8)
    output, target = regression_data(rng, 60)
    for heavy in (1e3, 1e6, 1e12):
        weight = np.ones(60)
        weight[np.abs(target[:, 0]).argmax()] = heavy
        better = standard_errors_better(
            Squared(), ScoredRows(output, np.zeros_like(target), target, weight)
        )
        assert 0 < better < 2


def test_standard_errors_better_separates_skill_from_noise():
    rng = np.random.default_rng(7)
    output, target = binary_data(rng, 400)
    prior = np.zeros_like(output)
    loss = BinaryCrossEntropy()
    assert standard_errors_better(loss, ScoredRows(output, prior, target)) > 8
    assert standard_errors_better(loss, ScoredRows(-output, prior, target)) < -8
    # A target that the output says nothing about: the harm of noise is small and of random size.
    guesses = 0.02 * rng.standard_normal((2000, 400, 1))
    targets = rng.integers(0, 2, (2000, 400, 1)).astype(np.float64)
    found = [
        standard_errors_better(loss, ScoredRows(guess, prior, truth))
        for guess, truth in zip(guesses, targets, strict=True)
    ]
    assert abs(np.mean(found)) < 0.5
    assert np.std(found) == pytest.approx(1, rel=0.1)


def test_standard_errors_better_without_scatter():
    target, prior = np.ones((5, 1)), np.zeros((5, 1))
    assert standard_errors_better(Squared(), ScoredRows(prior, prior, target)) == 0
    assert standard_errors_better(Squared(), ScoredRows(target, prior, target)) == np.inf
    assert standard_errors_better(Squared(), ScoredRows(prior, target, target)) == -np.inf


def test_perfect_predictions_and_a_constant_target_have_scores():
    target = np.array([[1.0], [2.0], [3.0]])
    r2, rmse = regression_scores(
        Squared(), ScoredRows(target, np.full((3, 1), 2.0), target), scale=1.0
    )
    assert (r2.value, rmse.value, rmse.standard_error) == (1, 0, 0)
    r2, rmse = regression_scores(Squared(), ScoredRows(*[np.zeros((3, 1))] * 3), scale=1.0)
    assert (r2.value, r2.standard_error, rmse.value) == (0, 0, 0)


def test_the_error_of_grouped_rows_is_that_of_groups():
    """Twenty copies of a row in a group tell no more than the row alone."""
    rng = np.random.default_rng(0)
    output, prior, target = rng.normal(size=(3, 40, 1))
    alone = regression_scores(Squared(), ScoredRows(output, prior, target), scale=1.0)
    copies = [np.repeat(array, 20, axis=0) for array in (output, prior, target)]
    groups = np.repeat(np.arange(40), 20)
    grouped = regression_scores(Squared(), ScoredRows(*copies, groups=groups), scale=1.0)
    for one, many in zip(alone, grouped, strict=True):
        assert many.value == pytest.approx(one.value)
        assert many.standard_error == pytest.approx(one.standard_error)
    mixed = regression_scores(Squared(), ScoredRows(*copies), scale=1.0)
    assert mixed[0].standard_error < alone[0].standard_error / 3


def test_a_score_in_one_line():
    score = Score("accuracy", 0.98765, 0.0123, 0.5, True)
    assert str(score) == "accuracy 0.988 ± 0.012 (baseline: 0.5)"
    assert Score.from_json(score.to_json()) == score


def test_the_error_of_balanced_accuracy_is_its_scatter_from_sample_to_sample():
    rng = np.random.default_rng(9)
    found = []
    for _ in range(400):
        target = (np.arange(300) % 10 == 0).astype(float)[:, None]
        output = np.where(rng.random((300, 1)) < np.where(target > 0, 0.7, 0.9), target, 1 - target)
        signs = 2 * output - 1
        found.append(
            classification_scores(
                BinaryCrossEntropy(),
                ScoredRows(signs, np.full((300, 1), -1.0), target),
                weighted=np.zeros((300, 1)),
            )[1]
        )
    assert np.mean([score.value for score in found]) == pytest.approx(0.8, abs=0.01)
    scatter = np.std([score.value for score in found])
    assert np.mean([score.standard_error for score in found]) == pytest.approx(scatter, rel=0.1)
    assert {score.baseline for score in found} == {0.5}


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(
    ("loss", "oracle"),
    [
        (Absolute(), metrics.mean_absolute_error),
        (Quantile(0.8), partial(metrics.mean_pinball_loss, alpha=0.8)),
        (Poisson(), metrics.mean_poisson_deviance),
    ],
    ids=["absolute", "quantile", "poisson"],
)
def test_scores_of_other_losses_are_those_of_scikit_learn(loss, oracle, weighted):
    rng = np.random.default_rng(3)
    target = rng.poisson(3, (80, 1)) / 3.0
    output = loss.initial_output(target) + 0.3 * rng.standard_normal((80, 1))
    prior = np.full_like(target, loss.initial_output(target))
    means = np.full_like(target, target.mean())
    weight = rng.uniform(0.2, 2, 80) if weighted else None
    first, r2 = regression_scores(
        loss, ScoredRows(output, prior, target, weight), means=means, scale=3.0
    )
    truth, predicted, constant = (
        3 * array[:, 0] for array in (target, loss.prediction(output), loss.prediction(prior))
    )
    assert first.metric == getattr(oracle, "func", oracle).__name__
    assert first.value == pytest.approx(oracle(truth, predicted, sample_weight=weight))
    assert first.baseline == pytest.approx(oracle(truth, constant, sample_weight=weight))
    assert not first.higher_is_better
    mean = np.average((truth - 3 * target.mean()) ** 2, weights=weight)
    error = np.average((truth - predicted) ** 2, weights=weight)
    assert r2.value == pytest.approx(1 - error / mean)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_scores_without_an_error_are_uncertain_by_the_rule_of_three(n_classes):
    codes = np.arange(300) % n_classes
    target = np.eye(n_classes)[codes][:, n_classes == 2 :]
    output, loss = 20 * target - 10, BinaryCrossEntropy() if n_classes == 2 else CrossEntropy()
    weighted = np.zeros_like(target)
    accuracy, balanced, area, _ = classification_scores(
        loss, ScoredRows(output, weighted, target), weighted=weighted
    )
    assert [accuracy.value, balanced.value, area.value] == [1, 1, 1]
    assert accuracy.standard_error == 1.5 / 300
    assert balanced.standard_error == pytest.approx(1.5 / 300 * np.sqrt(n_classes))
    assert area.standard_error == pytest.approx(1.5 / 300 / (4 * (n_classes - 1) / n_classes**2))
    groups = np.repeat(np.arange(30), 10)
    grouped, *_ = classification_scores(loss, ScoredRows(output, weighted, target, groups=groups))
    assert grouped.standard_error == 1.5 / 30
    nothing, *_ = classification_scores(loss, ScoredRows(-output, weighted, target))
    assert (nothing.value, nothing.standard_error) == (0, 1.5 / 300)


def test_the_interval_of_a_share_without_an_error_holds():
    """Of samples in which all rows are right, the truth is within two standard errors of 1."""
    rng = np.random.default_rng(0)
    truths = 1 - rng.random(20_000) / 20
    perfect = truths[(rng.random((20_000, 100)) < truths[:, None]).all(axis=1)]
    assert np.mean(perfect >= 1 - 2 * share_and_error(np.ones(100))[1]) > 0.94
