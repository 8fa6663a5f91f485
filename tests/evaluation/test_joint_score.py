"""The scores of several targets are means, and those of rows of labels scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score

from madaline._race.evaluation.score import Score
from madaline._race.evaluation.scores import label_scores, mean_scores, quantile_scores


def scores(*values, metric="r2", baseline=0.0):
    return [[Score(metric, value, value / 10, baseline, True, 0.01)] for value in values]


def test_metrics_that_all_targets_have_are_averaged():
    each = scores(0.5, 0.9)
    each[0].append(Score("roc_auc", 0.7, 0.1, 0.5, True))  # the other one has a constant label
    (found,) = mean_scores(each)
    assert found == Score("r2", pytest.approx(0.7), pytest.approx(0.07), 0.0, True, 0.01)


def test_explained_pinball_loss_is_averaged_over_the_levels():
    each = [
        [Score("mean_pinball_loss", 1.0, 0.1, 4.0, False)],
        [Score("mean_pinball_loss", 2.0, 0.1, 4.0, False)],
    ]
    explained, loss = quantile_scores(each)
    assert explained.value == pytest.approx((0.75 + 0.5) / 2)
    assert (explained.baseline, explained.higher_is_better) == (0.0, True)
    assert loss.value == pytest.approx(1.5)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("grouped", [False, True])
def test_label_scores_agree_with_scikit_learn(weighted, grouped):
    rng = np.random.default_rng(0)
    truth, probability = rng.random((90, 3)) < 0.4, rng.random((90, 3))
    weight = rng.integers(1, 4, 90) if weighted else None
    groups = np.arange(90) // 3 if grouped else None
    found = label_scores(probability, np.full((90, 3), 0.4), truth, weight, groups)
    predicted = probability > 0.5
    assert [score.value for score in found] == [
        pytest.approx(accuracy_score(truth, predicted, sample_weight=weight)),
        pytest.approx(f1_score(truth, predicted, average="micro", sample_weight=weight)),
        pytest.approx(f1_score(truth, predicted, average="macro", sample_weight=weight)),
    ]
    none = accuracy_score(truth, np.zeros_like(truth), sample_weight=weight)
    assert [score.baseline for score in found] == [pytest.approx(none), 0.0, 0.0]
    assert all(0 < score.standard_error < 0.2 for score in found)


def test_a_label_that_no_row_has_and_none_is_predicted_to_have_is_zero():
    truth = np.zeros((4, 2), bool)
    found = label_scores(np.zeros((4, 2)), np.zeros((4, 2)), truth)
    assert [score.value for score in found] == [1.0, 0.0, 0.0]
