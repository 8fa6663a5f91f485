from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from madaline._race.evaluation.score import (
    FoldOutputs,
    ScoredRows,
    classification_scores,
    regression_scores,
)
from madaline.nn.losses import BinaryCrossEntropy, CrossEntropy, Squared


def squares(output, target):
    return np.square(output - target)[:, 0]


@pytest.mark.parametrize("n_folds", [3, 5, 10])
def test_what_scatters_goes_and_what_all_share_stays(n_folds):
    """Networks with a common error and one of their own: the mean of all loses the latter."""
    rng = np.random.default_rng(0)
    target = rng.standard_normal((20_000, 1))
    own = 0.5 * rng.standard_normal((n_folds, 20_000, 1))
    fold_outputs = FoldOutputs(target + 0.3 + own, np.arange(20_000) % n_folds, target, 0 * target)
    assert fold_outputs.gain(squares) == pytest.approx(-0.25 * (1 - 1 / n_folds), rel=0.03)


def test_a_row_s_own_networks_do_not_count():
    target = np.zeros((4, 1))
    outputs = np.ones((4, 4, 1))
    outputs[np.arange(4), np.arange(4)] = 100.0  # what each fold's networks say of their own row
    assert FoldOutputs(outputs, np.arange(4), target, target + 9).gain(squares) == 0


def test_what_networks_gain_on_rows_that_they_know_by_heart_counts_for_nothing():
    """Networks that learned noise: each knows most of its rows, their mean all; new rows none."""
    rng = np.random.default_rng(0)
    target = rng.integers(0, 2, (2000, 1)).astype(float)
    own, rows = np.arange(2000) % 5, np.arange(2000)
    outputs = 2 * target - 1 + 1.5 * rng.standard_normal((5, 2000, 1))
    outputs[own, rows] = rng.standard_normal((2000, 1))
    alone = outputs[own, rows]
    fold_outputs = FoldOutputs(outputs, own, target, np.zeros_like(target))
    scores = classification_scores(
        BinaryCrossEntropy(),
        ScoredRows(alone, np.zeros_like(target), target, fold_outputs=fold_outputs),
    )
    for score in scores:
        assert abs(score.gain) < 0.04, score.metric
    mean = outputs.sum(axis=0) - alone
    assert ((mean > 0) == target).mean() > ((outputs[0] > 0) == target).mean() + 0.1


def test_two_folds_tell_nothing():
    outputs = np.array([[[1.0]] * 2, [[-1.0]] * 2])
    assert FoldOutputs(outputs, np.arange(2), *np.zeros((2, 2, 1))).gain(squares) == 0


def test_weights_count():
    outputs = np.array([[[1.0], [0.0]], [[-1.0], [0.0]], [[0.0], [0.0]]])
    own, target = np.array([2, 2]), np.zeros((2, 1))
    alike = FoldOutputs(outputs, own, target, target + 9).gain(squares)
    first = FoldOutputs(outputs, own, target, target + 9, np.array([1.0, 0.0])).gain(squares)
    assert first == pytest.approx(2 * alike)
    assert first == pytest.approx(-1 * (1 - 1 / 3) / (1 - 1 / 2))


def test_regression_scores_promise_what_the_mean_reaches():
    rng = np.random.default_rng(1)
    target = rng.standard_normal((3000, 1))
    outputs = target + 0.5 * rng.standard_normal((5, 3000, 1))
    own = np.arange(3000) % 5
    alone = outputs[own, np.arange(3000)]
    prior = np.full_like(target, target.mean())
    r2, rmse = regression_scores(
        Squared(),
        ScoredRows(alone, prior, target, fold_outputs=FoldOutputs(outputs, own, target, prior)),
        scale=2.0,
    )
    mean = outputs.mean(axis=0)
    assert rmse.value == pytest.approx(2 * np.sqrt(squares(mean, target).mean()), rel=0.08)
    assert r2.value == pytest.approx(1 - squares(mean, target).mean() / target.var(), abs=0.01)


def test_classification_scores_promise_what_the_mean_reaches():
    rng = np.random.default_rng(2)
    codes = rng.integers(0, 3, 6000)
    target = np.eye(3)[codes]
    outputs = target + 1.5 * rng.standard_normal((5, 6000, 3))
    own = np.arange(6000) % 5
    alone = outputs[own, np.arange(6000)]
    accuracy, balanced, area, log_loss = classification_scores(
        CrossEntropy(),
        ScoredRows(
            alone,
            np.zeros_like(target),
            target,
            fold_outputs=FoldOutputs(outputs, own, target, np.zeros_like(target)),
        ),
        weighted=np.zeros_like(target),
    )
    mean = outputs.mean(axis=0)
    hits = (mean.argmax(axis=1) == codes).mean()
    assert accuracy.value == pytest.approx(hits, abs=0.02)
    assert accuracy.value > (alone.argmax(axis=1) == codes).mean() + 0.1
    assert balanced.value == pytest.approx(hits, abs=0.02)
    together, one = (
        roc_auc_score(codes, CrossEntropy().prediction(output), multi_class="ovr")
        for output in (mean, alone)
    )
    assert area.value == pytest.approx(together, abs=0.02)
    assert area.value > one + 0.05
    expected = CrossEntropy().rows(mean, target).mean()
    assert log_loss.value == pytest.approx(expected, rel=0.03)
