"""Scores and their standard errors, worked out independently on a few rows."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics

from madaline._race.evaluation.ranking import area_of_rows
from madaline._race.evaluation.score import (
    FoldOutputs,
    Score,
    ScoredRows,
    certain_error,
    classification_scores,
    effective_size,
    mean_and_error,
    regression_scores,
    share_and_error,
    standard_errors_better,
)
from madaline._race.evaluation.scores import (
    Scores,
    label_scores,
    mean_scores,
    quantile_scores,
    score_predictions,
)
from madaline.errors import InputError
from madaline.nn.losses import BinaryCrossEntropy, CrossEntropy, Poisson, Squared

VALUES = np.array([1.0, 2.0, 4.0, 7.0, 11.0])
WEIGHT = np.array([1.0, 3.0, 2.0, 1.0, 0.5])
GROUPS = np.array([0, 0, 1, 2, 2])


def jackknife(values, weight, groups, mean=np.average):
    """Return the error of a mean by leaving each group out in turn."""
    whole = mean(values, weights=weight)
    parts = [groups != group for group in np.unique(groups)]
    left = [mean(values[part], weights=weight[part]) for part in parts]
    return np.sqrt(np.sum(np.square(np.array(left) - whole)))


def test_the_error_of_five_rows_is_that_of_the_textbook():
    mean, error = mean_and_error(VALUES, None, None)
    assert mean == 5
    assert error == pytest.approx(np.sqrt((16 + 9 + 1 + 4 + 36) / 16))
    assert error == pytest.approx(stats.sem(VALUES) * np.sqrt(5 / 4))  # its variance by n / (n - 1)


@pytest.mark.parametrize("weight", [np.ones(5), WEIGHT])
@pytest.mark.parametrize("groups", [np.arange(5), GROUPS])
def test_errors_are_what_leaving_a_group_out_changes(weight, groups):
    mean, error = mean_and_error(VALUES, weight, groups)
    assert mean == pytest.approx(np.average(VALUES, weights=weight))
    assert error == pytest.approx(jackknife(VALUES, weight, groups))
    share, error = share_and_error(VALUES > 3, weight, groups)
    assert share == pytest.approx(weight[2:].sum() / weight.sum())
    assert error == pytest.approx(jackknife(VALUES > 3, weight, groups))


def test_one_row_has_a_mean_without_a_known_scatter():
    assert mean_and_error(np.array([3.0]), None, None) == (3.0, 0.0)


def test_rows_of_unequal_weight_count_as_fewer():
    assert effective_size(5, None, None) == 5
    assert effective_size(3, np.array([1.0, 1.0, 2.0]), None) == pytest.approx(16 / 6)
    assert effective_size(3, np.array([1.0, 1.0, 2.0]), np.array([0, 0, 1])) == pytest.approx(2)
    assert effective_size(4, None, np.array([0, 0, 0, 1])) == pytest.approx(16 / 10)
    assert [certain_error(n) for n in (1, 3, 6, 300)] == [0.5, 0.5, 0.25, 0.005]
    assert share_and_error(np.ones(4), groups=np.array([0, 0, 0, 1])) == (1, 0.5)
    assert share_and_error(np.zeros(30), np.full(30, 7.0)) == (0, pytest.approx(0.05))


def test_the_interval_of_a_mean_holds_in_as_many_samples_as_normal_errors_say():
    rng = np.random.default_rng(0)
    found = [mean_and_error(rng.normal(2, 3, 60), None, None) for _ in range(2000)]
    mean, error = np.array(found).T
    assert np.mean(np.abs(mean - 2) < error) == pytest.approx(0.683, abs=0.03)
    assert np.mean(np.abs(mean - 2) < 2 * error) == pytest.approx(0.954, abs=0.02)


def test_the_gain_of_averaging_is_that_of_its_formula():
    rng = np.random.default_rng(0)
    target, prior, own = rng.normal(size=(7, 1)), np.full((7, 1), 0.3), np.arange(7) % 4
    outputs, weight = target + 0.2 * rng.normal(size=(4, 7, 1)), rng.uniform(0.5, 2, 7)
    outputs[own, np.arange(7)] = 0.6 * target  # what they did not learn they know less well
    trained, together, new, constant = [], [], [], []
    for row in range(7):
        others = [fold for fold in range(4) if fold != own[row]]
        errors = [(outputs[fold, row, 0] - target[row, 0]) ** 2 for fold in range(4)]
        trained.append(np.mean([errors[fold] for fold in others]))
        together.append((np.mean(outputs[others, row, 0]) - target[row, 0]) ** 2)
        new.append(errors[own[row]])
        constant.append((0.3 - target[row, 0]) ** 2)
    mean = [np.average(rows, weights=weight) for rows in (trained, together, new, constant)]
    share = np.clip((mean[2] - mean[3]) / (mean[0] - mean[3]), 0, 1)
    assert 0 < share < 1
    expected = (3 / 4) / (2 / 3) * share * (mean[1] - mean[0])
    folds = FoldOutputs(outputs, own, target, prior, weight)
    found = folds.gain(lambda output, truth: np.square(output - truth)[:, 0])
    assert found == pytest.approx(expected)
    unweighted = folds.gain(lambda output, truth: np.square(output - truth)[:, 0], np.ones(7))
    assert unweighted != pytest.approx(expected)
    assert (folds.of_output(0).target == target).all()


def regression(rng, n_rows=6):
    target = rng.normal(size=(n_rows, 1))
    return target + 0.4 * rng.normal(size=(n_rows, 1)), target


@pytest.mark.parametrize("groups", [None, np.array([0, 0, 1, 2, 2, 3])])
def test_errors_of_squares_are_those_of_the_delta_method(groups):
    rng = np.random.default_rng(1)
    output, target = regression(rng)
    weight, prior = rng.uniform(0.5, 2, 6), np.full((6, 1), 0.2)
    r2, rmse = regression_scores(
        Squared(), ScoredRows(output, prior, target, weight, groups), scale=3.0
    )
    of = np.arange(6) if groups is None else groups
    squares, constant = (output - target)[:, 0] ** 2, (0.2 - target[:, 0]) ** 2
    error, base = np.average(squares, weights=weight), np.average(constant, weights=weight)
    assert r2.value == pytest.approx(1 - error / base)
    relative = squares - error / base * constant
    assert r2.standard_error == pytest.approx(jackknife(relative, weight, of) / base)
    assert rmse.value == pytest.approx(3 * np.sqrt(error))
    half = 3 * jackknife(squares, weight, of) / (2 * np.sqrt(error))
    assert rmse.standard_error == pytest.approx(half)
    assert rmse.baseline == pytest.approx(3 * np.sqrt(base))
    assert (r2.gain, rmse.gain) == (0, 0)


def test_what_averaging_gains_is_added_to_the_squares():
    rng = np.random.default_rng(2)
    output, target = regression(rng, 60)
    prior, own = np.zeros((60, 1)), np.arange(60) % 3
    folds = FoldOutputs(target + 0.4 * rng.normal(size=(3, 60, 1)), own, target, prior)
    gain = folds.gain(lambda one, truth: np.square(one - truth)[:, 0])
    assert gain < 0
    r2, rmse = regression_scores(
        Squared(), ScoredRows(output, prior, target, fold_outputs=folds), scale=2.0
    )
    error, base = np.mean((output - target) ** 2), np.mean(target**2)
    assert r2.value == pytest.approx(1 - (error + gain) / base)
    assert r2.out_of_fold == pytest.approx(1 - error / base)
    assert rmse.value == pytest.approx(2 * np.sqrt(error + gain))
    assert rmse.out_of_fold == pytest.approx(2 * np.sqrt(error))
    squares = (output - target)[:, 0] ** 2
    of_mean = mean_and_error(squares, None, None)[1]
    assert rmse.standard_error == pytest.approx(2 * of_mean / (2 * np.sqrt(error + gain)))


def test_a_gain_ends_at_perfect_predictions():
    rng = np.random.default_rng(3)
    target = rng.normal(size=(40, 1))
    wild = FoldOutputs(
        target + 3 * rng.normal(size=(5, 40, 1)), np.arange(40) % 5, target, 99 + 0 * target
    )
    near = target + 0.01
    r2, rmse = regression_scores(
        Squared(), ScoredRows(near, 0 * target, target, fold_outputs=wild), scale=1.0
    )
    assert (r2.value, rmse.value, rmse.standard_error) == (1.0, 0.0, 0.0)
    assert r2.out_of_fold == pytest.approx(1 - 1e-4 / np.mean(target**2))
    assert rmse.out_of_fold == pytest.approx(0.01)


def softplus(output):
    return np.log1p(np.exp(output))


def test_scores_of_two_classes_on_six_rows():
    output = np.array([[2.0], [0.4], [-1.0], [0.2], [-3.0], [0.6]])
    truth = np.array([1, 1, 0, 0, 0, 1])
    prior, weighted = np.full((6, 1), -0.2), np.full((6, 1), 0.1)
    accuracy, even, area, loss = classification_scores(
        BinaryCrossEntropy(), ScoredRows(output, prior, truth[:, None]), weighted=weighted, cut=0.5
    )
    assert accuracy.value == pytest.approx(5 / 6)  # the second row lies below the cut
    assert accuracy.baseline == pytest.approx(3 / 6)
    hits = np.array([1, 0, 1, 1, 1, 1.0])
    assert accuracy.standard_error == pytest.approx(jackknife(hits, np.ones(6), np.arange(6)))
    assert even.value == pytest.approx((2 / 3 + 1) / 2)
    assert even.baseline == 0.5
    assert area.value == 1
    assert area.baseline == 0.5
    sign = 1 - 2 * truth
    assert loss.value == pytest.approx(softplus(sign * output[:, 0]).mean())
    assert loss.baseline == pytest.approx(softplus(sign * 0.1).mean())
    assert [one.higher_is_better for one in (accuracy, even, area, loss)] == [True] * 3 + [False]


def test_recalls_have_the_error_of_rows_that_make_classes_weigh_the_same():
    rng = np.random.default_rng(4)
    truth, guess = rng.integers(0, 3, 50), rng.integers(0, 3, 50)
    weight, groups = rng.uniform(0.5, 2, 50), np.arange(50) // 2
    target = np.eye(3)[truth]
    even = classification_scores(
        CrossEntropy(),
        ScoredRows(np.eye(3)[guess], 0 * target, target, weight, groups),
        weighted=0 * target,
    )[1]
    assert even.metric == "balanced_accuracy"
    expected = metrics.balanced_accuracy_score(truth, guess, sample_weight=weight)
    assert even.value == pytest.approx(expected)
    assert even.baseline == pytest.approx(1 / 3)
    hits, excess, share = truth == guess, np.zeros(50), np.zeros(50)
    for label in range(3):
        own = truth == label
        recall = np.average(hits[own], weights=weight[own])
        share[own] = weight[own] / weight[own].sum()
        excess[own] = share[own] * (hits[own] - recall)
    sums = [np.bincount(groups, each) for each in (excess, share)]
    assert even.standard_error == pytest.approx(np.sqrt(np.sum((sums[0] / (3 - sums[1])) ** 2)))


def test_recalls_gain_by_averaging_with_classes_of_the_same_weight():
    rng = np.random.default_rng(5)
    truth = (np.arange(90) % 5 == 0).astype(int)
    target, prior, own = truth[:, None].astype(float), np.full((90, 1), -1.0), np.arange(90) % 3
    outputs = 2 * target - 1 + 1.5 * rng.normal(size=(3, 90, 1))
    weight = rng.uniform(0.5, 2, 90)
    folds = FoldOutputs(outputs, own, target, prior, weight)
    even = classification_scores(
        BinaryCrossEntropy(),
        ScoredRows(outputs[own, np.arange(90)], prior, target, weight, fold_outputs=folds),
        weighted=0 * prior,
    )[1]
    totals = np.bincount(truth, weight)

    def hits(output, target):
        return ((output > 0) == (target > 0.5))[:, 0].astype(float)

    assert even.gain == pytest.approx(folds.gain(hits, weight / totals[truth]))
    assert even.gain != 0


def test_the_log_loss_of_probabilities_is_the_cross_entropy_with_them():
    output, truth = np.array([[1.0], [-2.0], [0.5]]), np.array([[1.0], [0.0], [1.0]])
    whole = np.array([[0.8], [0.3], [0.6]])
    *_, loss = classification_scores(
        BinaryCrossEntropy(), ScoredRows(output, 0 * output, truth), probabilities=whole
    )
    expected = whole * softplus(-output) + (1 - whole) * softplus(output)
    assert loss.value == pytest.approx(expected.mean())
    assert loss.baseline == pytest.approx(np.log(2))


@pytest.mark.parametrize("weighted", [False, True])
def test_the_error_of_an_area_is_that_of_delong(weighted):
    rng = np.random.default_rng(6)
    truth = rng.random(300) < 0.3
    score = rng.normal(size=300) + truth
    weight = rng.integers(1, 3, 300).astype(float) if weighted else None
    each = np.ones(300) if weight is None else weight
    shares = area_of_rows(score[:, None], truth[:, None].astype(float), weight)
    area, error = mean_and_error(shares, weight, None)
    assert area == pytest.approx(metrics.roc_auc_score(truth, score, sample_weight=weight))
    above = (score[truth][:, None] > score[~truth]) + 0.5 * (score[truth][:, None] == score[~truth])
    of_true = np.average(above, axis=1, weights=each[~truth])
    of_false = np.average(above, axis=0, weights=each[truth])
    variance = sum(
        jackknife(part, each[rows], np.arange(len(part))) ** 2
        for part, rows in ((of_true, truth), (of_false, ~truth))
    )
    assert error == pytest.approx(np.sqrt(variance), rel=0.02)


def test_an_area_of_several_classes_leaves_out_those_without_rows():
    probabilities = np.array([[0.5, 0.3, 0.2], [0.2, 0.6, 0.2], [0.4, 0.5, 0.1], [0.3, 0.4, 0.3]])
    truth = np.array([0, 1, 0, 1])
    shares = area_of_rows(probabilities, np.eye(3)[truth])
    areas = [metrics.roc_auc_score(truth == k, probabilities[:, k]) for k in (0, 1)]
    assert shares.mean() == pytest.approx(np.mean(areas))
    assert area_of_rows(np.ones((3, 101)) / 101, np.eye(101)[:3]) is None
    assert area_of_rows(np.ones((3, 100)) / 100, np.eye(100)[:3]) is not None
    assert area_of_rows(np.ones((2, 1)), np.zeros((2, 1))) is None


def test_two_classes_in_two_columns_are_ranked_by_the_second():
    probabilities = np.array([[0.9, 0.1], [0.4, 0.6], [0.7, 0.3]])
    shares = area_of_rows(probabilities, np.eye(2)[[0, 1, 1]])
    assert shares.mean() == pytest.approx(1)


def test_a_single_class_of_hits_has_the_error_of_its_rows_alone():
    """The recalls are 1 and 0: each is uncertain by the rule of three of its own rows."""
    truth = np.repeat([0.0, 1.0], [12, 60])[:, None]
    output = -np.ones((72, 1))
    scores = classification_scores(
        BinaryCrossEntropy(), ScoredRows(output, output, truth), weighted=0 * output
    )
    assert scores[1].value == 0.5
    expected = np.sqrt((1.5 / 12) ** 2 + (1.5 / 60) ** 2) / 2
    assert scores[1].standard_error == pytest.approx(expected)
    sure = classification_scores(
        BinaryCrossEntropy(), ScoredRows(2 * truth - 1, output, truth), weighted=0 * output
    )
    assert sure[2].standard_error == pytest.approx(1.5 / (4 / (1 / 12 + 1 / 60)))


def test_losses_that_do_not_scatter_are_infinitely_better_or_worse():
    target, prior = np.full((4, 1), 2.0), np.zeros((4, 1))
    assert standard_errors_better(Squared(), ScoredRows(target, prior, target)) == np.inf
    assert standard_errors_better(Squared(), ScoredRows(2 * target + 1, prior, target)) == -np.inf
    rng = np.random.default_rng(7)
    output, target = regression(rng, 9)
    weight, groups = rng.uniform(1, 2, 9), np.arange(9) // 2
    gain = ((0.1 - target) ** 2 - (output - target) ** 2)[:, 0]
    expected = np.average(gain, weights=weight) / jackknife(gain, weight, groups)
    found = standard_errors_better(
        Squared(), ScoredRows(output, np.full((9, 1), 0.1), target, weight, groups)
    )
    assert found == pytest.approx(expected)


def test_means_of_scores_are_means_of_all_their_numbers():
    each = [
        [Score("r2", 0.5, 0.1, 0.2, True, 0.02), Score("rmse", 3.0, 0.1, 4.0, False)],
        [Score("r2", 0.9, 0.3, 0.4, True, 0.04)],
    ]
    (found,) = mean_scores(each)
    expected = (0.7, 0.2, 0.3, 0.03)
    assert (found.value, found.standard_error, found.baseline, found.gain) == pytest.approx(
        expected
    )


def test_the_share_of_a_pinball_loss_that_is_explained():
    each = [
        [Score("mean_pinball_loss", 1.0, 0.2, 4.0, False, -0.1)],
        [Score("mean_pinball_loss", 3.0, 0.1, 5.0, False, -0.2)],
    ]
    explained, loss = quantile_scores(each)
    assert explained.value == pytest.approx(((1 - 1 / 4) + (1 - 3 / 5)) / 2)
    assert explained.standard_error == pytest.approx((0.2 / 4 + 0.1 / 5) / 2)
    assert explained.gain == pytest.approx((0.1 / 4 + 0.2 / 5) / 2)
    assert (loss.value, loss.standard_error, loss.baseline) == pytest.approx((2.0, 0.15, 4.5))


@pytest.mark.parametrize("groups", [None, np.arange(60) // 3])
def test_errors_of_label_scores_are_those_of_twenty_blocks(groups):
    rng = np.random.default_rng(8)
    truth, probability = rng.random((60, 3)) < 0.4, rng.random((60, 3))
    baseline = np.broadcast_to([0.2, 0.7, 0.4], (60, 3))
    weight = rng.uniform(0.5, 2, 60)
    found = label_scores(probability, baseline, truth, weight, groups)
    blocks = (np.arange(60) if groups is None else groups) % 20

    def measures(predicted, rows):
        own = {"sample_weight": weight[rows], "zero_division": 0}
        return [
            metrics.accuracy_score(truth[rows], predicted[rows], sample_weight=weight[rows]),
            *(
                metrics.f1_score(truth[rows], predicted[rows], average=a, **own)
                for a in ("micro", "macro")
            ),
        ]

    every = np.arange(60)
    left = np.array([measures(probability > 0.5, blocks != block) for block in range(20)])
    assert [one.value for one in found] == pytest.approx(measures(probability > 0.5, every))
    assert [one.baseline for one in found] == pytest.approx(measures(baseline > 0.5, every))
    errors = np.sqrt(19 / 20 * np.sum((left - left.mean(axis=0)) ** 2, axis=0))
    assert [one.standard_error for one in found] == pytest.approx(errors)
    assert found[0].metric == "subset_accuracy"
    right = label_scores(truth.astype(float), baseline, truth, groups=groups)
    n = 60 if groups is None else 20
    assert (right[0].value, right[0].standard_error) == (1, pytest.approx(1.5 / n))


def test_predictions_of_numbers_are_scored_beside_the_constant_of_these_rows():
    truth = np.array([1.0, 2.0, np.nan, 4.0, 9.0])
    prediction = np.array([1.5, 2.0, 7.0, 5.0, 7.0])
    r2, rmse = score_predictions(prediction, truth, loss=Squared(), name="y")
    known = ~np.isnan(truth)
    assert r2.value == pytest.approx(metrics.r2_score(truth[known], prediction[known]))
    assert rmse.value == pytest.approx(np.sqrt((0.25 + 0 + 1 + 4) / 4))
    assert rmse.baseline == pytest.approx(np.std([1, 2, 4, 9]))
    assert score_predictions(prediction, np.full(5, np.nan), loss=Squared(), name="y") == ()


def test_squares_of_huge_numbers_do_not_overflow():
    truth, prediction = np.array([1e-3, 1e200, 3e200]), np.array([0.0, 1e-3, 1.0])
    r2, rmse = score_predictions(prediction, truth, loss=Squared(), name="y")
    assert rmse.value == pytest.approx(1e200 * np.sqrt(10 / 3))
    assert r2.value == pytest.approx(metrics.r2_score([0, 1, 3], [0, 0, 0]))
    _, rmse = score_predictions(truth, prediction, loss=Squared(), name="y")
    assert rmse.value == pytest.approx(1e200 * np.sqrt(10 / 3))


def test_predictions_of_counts_are_scored_by_their_deviance():
    truth, prediction = np.array([0.0, 2.0, 5.0, 1.0]), np.array([0.5, 2.0, 4.0, 0.0])
    deviance, r2 = score_predictions(prediction, truth, loss=Poisson(), name="n")
    expected = metrics.mean_poisson_deviance(truth[:3], prediction[:3]) * 3 / 4
    assert deviance.value > expected  # the last row alone makes it large
    assert deviance.baseline == pytest.approx(metrics.mean_poisson_deviance(truth, np.full(4, 2.0)))
    assert r2.value == pytest.approx(metrics.r2_score(truth, prediction))
    with pytest.raises(InputError, match=r"The column n holds -1, .* correct it"):
        score_predictions(prediction, np.array([0.0, -1.0, 5.0, 1.0]), loss=Poisson(), name="n")


def test_predictions_of_classes_are_scored_with_their_outputs():
    classes = np.array(["a", "b"], object)
    truth = np.array(["a", "b", "b", None, "c", "a", "a"], object)
    output = np.array([[-1.0], [2.0], [0.3], [9.0], [9.0], [0.5], [-2.0]])
    predicted = np.where(output[:, 0] > 0.4, "b", "a").astype(object)
    options = {"loss": BinaryCrossEntropy(), "name": "y", "classes": classes}
    (alone,) = score_predictions(predicted, truth, loss=BinaryCrossEntropy(), name="y")
    accuracy, area, loss = score_predictions(predicted, truth, output=output, cut=0.4, **options)
    assert accuracy == alone
    assert accuracy.value == pytest.approx(3 / 6)  # of a, b, b, c, a, a
    assert accuracy.baseline == pytest.approx(3 / 6)
    known, codes = [0, 1, 2, 5, 6], np.array([0, 1, 1, 0, 0])
    assert area.value == pytest.approx(metrics.roc_auc_score(codes, output[known, 0]))
    sign = 1 - 2 * codes
    assert loss.value == pytest.approx(softplus(sign * output[known, 0]).mean())
    entropy = -(0.4 * np.log(0.4) + 0.6 * np.log(0.6))
    assert loss.baseline == pytest.approx(entropy, rel=1e-3)
    even = score_predictions(
        predicted, truth, output=output, cut=0.4, class_weight="balanced", **options
    )
    assert [one.metric for one in even][1] == "balanced_accuracy"
    assert even[1].value == pytest.approx((2 / 3 + 1 / 2) / 2)
    assert even[-1].baseline == pytest.approx(np.log(2), rel=1e-3)  # classes weigh the same
    told = score_predictions(
        predicted, truth, output=output, class_weight={"a": 2.0, "b": 1.0}, **options
    )
    share = 2 / 8  # of b: two rows of weight 1 beside three of weight 2
    mixed = -(0.4 * np.log(share) + 0.6 * np.log(1 - share))
    assert told[-1].baseline == pytest.approx(mixed, rel=1e-3)
    nothing = score_predictions(predicted[[4]], truth[[4]], output=output[[4]], **options)
    assert [one.metric for one in nothing] == ["accuracy"]


def test_a_table_of_scores_holds_their_numbers():
    scores = Scores([Score("rmse", 2.0, 0.25, 5.0, False)])
    assert scores.to_columns() == {
        "metric": ["rmse"],
        "value": [2.0],
        "standard_error": [0.25],
        "baseline": [5.0],
        "higher_is_better": [False],
    }
    html = scores._repr_html_()
    assert "2.00 ± 0.25" in html
    assert "root mean squared error" in html
