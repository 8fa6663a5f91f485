"""Errors of metrics, thresholds, weights of classes and calibration against independent ones."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize, minimize_scalar
from sklearn import metrics
from sklearn.utils.class_weight import compute_class_weight

from madaline._race.evaluation.calibration import best_temperatures, calibrate, calibration_error
from madaline._race.evaluation.metrics import CLASS_METRICS, cost_metric, tune_threshold
from madaline._race.evaluation.objective import Objective, class_weights
from madaline._race.evaluation.quality.classification import ClassificationQuality
from madaline._race.evaluation.quality.coverage import Curves
from madaline._race.evaluation.quality.regression import RegressionQuality
from madaline._race.evaluation.score import mean_and_error
from madaline._tables.target import ClassEncoder, RegressionEncoder
from madaline.errors import InputError
from madaline.nn.losses import BinaryCrossEntropy, CrossEntropy


def sigmoid(output):
    return 1 / (1 + np.exp(-output))


@pytest.mark.parametrize("grouped", [False, True])
def test_the_error_of_a_metric_is_the_jackknife_of_twenty_blocks(grouped):
    rng = np.random.default_rng(0)
    truth, weight = (rng.random(110) < 0.4).astype(int), rng.uniform(0.5, 2, 110)
    output, prior = rng.normal(size=(110, 1)) + truth[:, None], rng.normal(size=(90, 1))
    metric = Objective(metric="brier").make_metric(
        ClassEncoder(np.array([0, 1])), truth, weight, n_evaluated=90
    )
    groups = np.arange(90) // 3 if grouped else None
    score = metric.score(output[:90], prior, groups)
    own, blocks = np.arange(90), (np.arange(90) if groups is None else groups) % 20

    def brier(p, rows):
        return np.average((p - truth[rows]) ** 2, weights=weight[rows])

    p = sigmoid(output[:, 0])
    left = np.array([brier(p[own[blocks != b]], own[blocks != b]) for b in range(20)])
    assert score.value == pytest.approx(brier(p[:90], own))
    assert score.standard_error == pytest.approx(
        np.sqrt(19 / 20 * np.sum((left - left.mean()) ** 2))
    )
    assert score.baseline == pytest.approx(brier(sigmoid(prior.mean()), own))
    assert (score.metric, score.higher_is_better) == ("brier", False)
    assert metric.distance(output[:90], slice(0, 90)) == pytest.approx(score.value)


def test_a_block_of_all_rows_of_a_class_does_not_count():
    truth = np.zeros(60, int)
    truth[[5, 25, 45]] = 1  # all in one block of twenty
    output = np.linspace(-1, 1, 60)[:, None]
    metric = Objective(metric="roc_auc").make_metric(
        ClassEncoder(np.array([0, 1])), truth, None, n_evaluated=60
    )
    score = metric.score(output, 0 * output, None)
    left = [
        metrics.roc_auc_score(np.delete(truth, r), np.delete(output[:, 0], r))
        for r in (np.arange(block, 60, 20) for block in range(20) if block != 5)
    ]
    assert score.standard_error == pytest.approx(np.sqrt(18 * np.var(left)))


def test_a_value_that_diverged_is_none():
    metric = Objective(metric="r2").make_metric(
        RegressionEncoder(0.0, 2.0, -9, 9), np.arange(4.0), None, n_evaluated=4
    )
    value = metric.value(np.array([[0.0], [1.0], [0.5], [2.0]]), slice(0, 4))
    assert value == pytest.approx(metrics.r2_score(np.arange(4.0), [0, 2, 1, 4]))
    assert np.isnan(metric.value(np.full((4, 1), np.nan), slice(0, 4)))
    assert metric.distance(np.full((4, 1), np.nan), slice(0, 4)) == np.inf


def test_the_mean_cost_of_five_rows():
    kind = cost_metric([[0, 1], [5, 2]])
    truth, second = np.array([0, 1, 1, 0, 1]), np.array([0.2, 0.9, 0.1, 0.7, 0.6])
    weight = np.array([1.0, 2.0, 1.0, 1.0, 3.0])
    probability = np.stack([1 - second, second], axis=1)
    # 0 right, 1 found at 2, 1 missed at 5, 0 taken for 1 at 1, 1 found at 2
    assert kind.function(truth, probability, None) == pytest.approx((0 + 2 + 5 + 1 + 2) / 5)
    assert kind.function(truth, probability, weight) == pytest.approx((4 + 5 + 1 + 6) / 8)
    assert not kind.higher_is_better


@pytest.mark.parametrize("name", ["accuracy", "balanced_accuracy", "f1", "matthews_corrcoef"])
def test_metrics_of_decisions_leave_out_classes_without_rows(name):
    """Three classes are known, and one of them neither has rows nor is predicted."""
    truth = np.array([0, 0, 1, 1, 1, 0])
    guess = np.array([0, 1, 1, 1, 0, 0])
    weight = np.array([1.0, 2.0, 1.0, 0.5, 1.0, 3.0])
    own = {"sample_weight": weight}
    expected = {
        "accuracy": metrics.accuracy_score(truth, guess, **own),
        "balanced_accuracy": metrics.balanced_accuracy_score(truth, guess, **own),
        "f1": metrics.f1_score(truth, guess, average="macro", **own),
        "matthews_corrcoef": metrics.matthews_corrcoef(truth, guess, **own),
    }[name]
    found = CLASS_METRICS[name].function(truth, np.eye(3)[guess], weight)
    assert found == pytest.approx(expected)


def test_rankings_of_several_classes_leave_out_those_without_rows():
    rng = np.random.default_rng(1)
    truth, probability = np.array([0, 1, 0, 1, 1, 0]), rng.dirichlet([1, 1, 1], 6)
    for name, oracle in (
        ("roc_auc", metrics.roc_auc_score),
        ("average_precision", metrics.average_precision_score),
    ):
        expected = np.mean([oracle(truth == k, probability[:, k]) for k in (0, 1)])
        found = CLASS_METRICS[name].function(truth, probability, None)
        assert found == pytest.approx(expected)
    assert np.isnan(CLASS_METRICS["roc_auc"].function(np.zeros(6, int), probability, None))
    two = probability[:, :2]
    assert np.isnan(CLASS_METRICS["roc_auc"].function(np.ones(6, int), two, None))


def test_metrics_of_several_targets_are_means():
    rng = np.random.default_rng(2)
    target = rng.poisson(3, (40, 2)).astype(float)
    objective = Objective(metric="absolute")
    encoder = objective.fit_target_encoder("regression", target, None, names=("a", "b"))
    metric = objective.make_metric(encoder, target, None, n_evaluated=40)
    output = rng.normal(size=(40, 2))
    predicted = np.column_stack(
        [one.decode(output[:, [k]]) for k, one in enumerate(encoder.encoders)]
    )
    expected = np.mean(np.abs(target - predicted))
    assert metric.value(output, slice(0, 40)) == pytest.approx(expected)


@pytest.mark.parametrize("name", ["f1", "cost"])
def test_a_threshold_is_the_best_of_all_and_evaluated_where_it_was_not_tuned(name):
    rng = np.random.default_rng(3)
    probability = rng.random(60).round(2)
    positive, weight = rng.random(60) < probability, rng.uniform(0.5, 2, 60)
    costs = np.array([[0, 1], [3, 0]])
    kind = CLASS_METRICS["f1"] if name == "f1" else cost_metric(costs)

    def value(truth, predicted, w):
        if name == "f1":
            return metrics.f1_score(truth, predicted, sample_weight=w)
        return np.average(costs[truth.astype(int), predicted.astype(int)], weights=w)

    def best(rows):
        values = np.unique(probability[rows])
        middles = (values[1:] + values[:-1]) / 2
        scores = np.array(
            [value(positive[rows], probability[rows] > t, weight[rows]) for t in middles]
        )
        scores = scores if name == "f1" else -scores
        good = np.flatnonzero(scores >= scores.max() - 1e-12)
        return middles[good[len(good) // 2]]

    chosen = tune_threshold(kind, probability, positive, (0, 25, 60), weight)
    assert chosen.best == pytest.approx(best(np.arange(60)))
    first, second = best(np.arange(25, 60)), best(np.arange(25))
    predicted = probability > np.repeat([first, second], [25, 35])
    assert chosen.after == pytest.approx(value(positive, predicted, weight))
    assert chosen.before == pytest.approx(value(positive, probability > 0.5, weight))


def test_a_threshold_is_never_zero_or_one():
    probability, positive = np.array([0.0, 1e-15, 0.0, 1e-15]), np.array([0, 1, 0, 1], bool)
    chosen = tune_threshold(CLASS_METRICS["f1"], probability, positive, (0, 2, 4))
    assert chosen.best == 1e-12
    chosen = tune_threshold(CLASS_METRICS["f1"], 1 - probability, ~positive, (0, 2, 4))
    assert chosen.best == pytest.approx(1 - 1e-12, abs=1e-15)


@pytest.mark.parametrize("n_outputs", [1, 3])
def test_temperatures_are_those_of_the_lowest_smoothed_loss(n_outputs):
    rng = np.random.default_rng(4)
    output = 2.5 * rng.normal(size=(120, n_outputs))
    if n_outputs == 1:
        loss, target = BinaryCrossEntropy(), (rng.random((120, 1)) < sigmoid(output / 2)) * 1.0
    else:
        loss = CrossEntropy()
        target = np.eye(3)[(output / 2 + rng.gumbel(size=output.shape)).argmax(axis=1)]
    weight = rng.uniform(0.5, 2, 120)
    rows = np.arange(100)
    doubt = 1 / (1 + weight[rows].sum())
    smooth = (1 - doubt) * target + doubt / max(2, n_outputs)

    def smoothed(temperature):
        scaled = output[rows] / temperature
        if n_outputs == 1:
            p = sigmoid(scaled[:, 0])
            each = -(smooth[rows, 0] * np.log(p) + (1 - smooth[rows, 0]) * np.log(1 - p))
        else:
            each = -(smooth[rows] * np.log(loss.prediction(scaled))).sum(axis=1)
        return np.average(each, weights=weight[rows])

    expected = minimize_scalar(smoothed, bounds=(0.25, 4), method="bounded").x
    (found,) = best_temperatures(loss, output, target, [rows], weight)
    assert found == pytest.approx(expected, rel=2e-3)
    assert best_temperatures(loss, output / 99, target, [rows])[0] == pytest.approx(0.25, rel=2e-3)
    assert best_temperatures(loss, -output, target, [rows])[0] == pytest.approx(4, rel=2e-3)


def test_a_calibration_gains_what_the_temperatures_of_other_folds_do():
    rng = np.random.default_rng(5)
    output = 4 * rng.normal(size=(300, 3))
    target = np.eye(3)[(output / 2.5 + rng.gumbel(size=output.shape)).argmax(axis=1)]
    weight, groups, bounds = rng.uniform(0.5, 2, 300), np.arange(300) // 2, (0, 90, 200, 300)
    loss, gain = CrossEntropy(), np.empty(300)
    found = calibrate(loss, output, target, bounds, weight, groups)

    def losses(scaled):
        return -np.log((loss.prediction(scaled) * target).sum(axis=1))

    for start, stop in ((0, 90), (90, 200), (200, 300)):
        rest = np.r_[0:start, stop:300]
        (own,) = best_temperatures(loss, output, target, [rest], weight)
        gain[start:stop] = (losses(output) - losses(output / own))[start:stop]
    mean, error = mean_and_error(gain, weight, groups)
    assert (found.gain, found.standard_error) == pytest.approx((mean, error), rel=1e-4)
    (whole,) = best_temperatures(loss, output, target, [np.arange(300)], weight)
    assert found.best == pytest.approx(whole)
    for scaled, stated in ((output, found.error_before), (output / whole, found.error_after)):
        p = loss.prediction(scaled)
        hits = p.argmax(axis=1) == target.argmax(axis=1)
        order = np.argsort(p.max(axis=1), kind="stable")
        parts = [
            abs(np.sum((weight * (hits - p.max(axis=1)))[part]))
            for part in np.array_split(order, 15)
        ]
        assert stated == pytest.approx(sum(parts) / weight.sum(), rel=1e-4)


def test_an_offset_and_a_temperature_are_those_of_a_logistic_regression():
    rng = np.random.default_rng(6)
    right = 3 * rng.normal(size=2000) - 4
    truth = (rng.random(2000) < sigmoid(right)).astype(float)
    output, bounds = (0.5 * right - 1.2)[:, None], (0, 1000, 2000)
    found = calibrate(BinaryCrossEntropy(), output, truth[:, None], bounds)
    doubt = 1 / 2001
    smooth = (1 - doubt) * truth + doubt / 2

    def negative_likelihood(line):
        z = line[0] * output[:, 0] + line[1]
        return np.mean(np.logaddexp(0, z) - smooth * z)

    slope, intercept = minimize(negative_likelihood, [1.0, 0.0]).x
    assert found.used
    assert found.temperature == pytest.approx(1 / slope, rel=1e-3)
    assert found.offset == pytest.approx(intercept / slope, rel=1e-3)
    corrected = (output[:, 0] + intercept / slope) * slope
    p = sigmoid(corrected)
    confidence, hits = np.maximum(p, 1 - p), (p > 0.5) == (truth > 0.5)
    assert found.error_after == pytest.approx(calibration_error(confidence, hits), abs=1e-3)
    before = np.logaddexp(0, output[:, 0]) - truth * output[:, 0]
    after = np.logaddexp(0, corrected) - truth * corrected
    assert found.gain == pytest.approx(np.mean(before - after), rel=0.05)


def test_calibration_errors_of_weighted_rows_by_hand():
    confidence, hits = np.array([0.9, 0.6, 0.7, 0.8]), np.array([1, 0, 1, 0])
    weight = np.array([1.0, 2.0, 3.0, 4.0])
    low, high = abs(2 * -0.6 + 3 * 0.3), abs(4 * -0.8 + 1 * 0.1)
    assert calibration_error(confidence, hits, weight, bins=2) == pytest.approx((low + high) / 10)
    assert calibration_error(confidence, hits, bins=1) == pytest.approx(abs(2 - 3.0) / 4)
    each = (0.1 + 0.6 + 0.3 + 0.8) / 4
    assert calibration_error(confidence, hits, bins=9) == pytest.approx(each)


def test_weights_of_classes_are_those_of_scikit_learn():
    codes = np.array([0, 0, 0, 1, 2, 2])
    labels = np.array(["a", "b", "c"], object)
    expected = compute_class_weight("balanced", classes=np.arange(3), y=codes)
    assert class_weights("balanced", labels, codes) == pytest.approx(expected)
    weight = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    assert class_weights("balanced", labels, codes, weight) == pytest.approx(
        21 / (3 * np.array([6, 4, 11]))
    )
    assert class_weights({"b": 5}, labels, codes).tolist() == [1, 5, 1]
    assert class_weights({"a": 1, "b": 2, "c": 3, "d": 4}, labels, codes).tolist() == [1, 2, 3]
    with pytest.raises(InputError, match="names the class 'd', which no row has"):
        class_weights({"d": 2}, labels, codes)


def test_weights_of_rows_are_products():
    labels, codes = np.array(["a", "b"], object), np.array([0, 1, 1])
    objective = Objective(class_weight={"b": 3.0})
    assert objective.row_weight(labels, codes, None).tolist() == [1, 3, 3]
    assert objective.row_weight(labels, codes, np.array([2.0, 5.0, 1.0])).tolist() == [2, 15, 3]
    assert Objective().row_weight(labels, codes, None) is None


@pytest.mark.parametrize("class_weight", [{"a": 2.0, "c": 0.5}, "balanced"])
def test_weighted_probabilities_have_the_weighted_loss(class_weight):
    rng = np.random.default_rng(7)
    labels, t, q = (
        np.array(list("abc"), object),
        rng.dirichlet([1] * 3, 9),
        rng.dirichlet([1] * 3, 9),
    )
    weight = rng.uniform(0.5, 2, 9)
    for own in (None, weight):
        each = np.ones(9) if own is None else own
        totals = (t * each[:, None]).sum(axis=0)
        factors = np.array([2.0, 1.0, 0.5])
        if class_weight == "balanced":
            factors = totals.sum() / (3 * totals)
        expected = each @ (factors * t * -np.log(q)).sum(axis=1)
        probabilities, weights = Objective(class_weight=class_weight).weigh_probabilities(
            labels, t, own
        )
        assert probabilities.sum(axis=1) == pytest.approx(np.ones(9))
        assert weights @ (probabilities * -np.log(q)).sum(axis=1) == pytest.approx(expected)
    assert Objective().weigh_probabilities(labels, t, weight) == (t, weight)


@pytest.mark.parametrize(
    ("settings", "right"),
    [
        ({"threshold": 0.5}, True),
        ({"threshold": 1e-9}, False),
        ({"threshold": 1 - 1e-9}, False),
        ({"threshold": "x"}, False),
        ({"costs": [[0, 1], [1, 0]]}, True),
        ({"costs": [[-1e15, 1], [1, 0]]}, True),
        ({"costs": [[0, 2e15], [1, 0]]}, False),
        ({"costs": [[1, 1], [1, 0]]}, False),
        ({"costs": [[0, 1], [1, 1]]}, False),
        ({"costs": [[0, 1]]}, False),
        ({"costs": "x"}, False),
        ({"loss": "huber"}, False),
        ({"metric": "brier"}, True),
        ({"metric": 7}, False),
        ({"class_weight": "balanced"}, True),
        ({"class_weight": "even"}, False),
        ({"class_weight": {"a": 1e15}}, True),
        ({"class_weight": {"a": 1e-15}}, True),
        ({"class_weight": {"a": 2e15}}, False),
        ({"class_weight": {"a": 0}}, False),
        ({"class_weight": {"a": "x"}}, False),
        ({"loss": "quantile", "quantile": 1e-9}, True),
        ({"loss": "quantile", "quantile": 1 - 1e-9}, True),
        ({"loss": "quantile", "quantile": 1e-10}, False),
        ({"loss": "quantile", "quantile": 1 - 1e-10}, False),
        ({"metric": "quantile", "quantile": 0.7}, True),
        ({"loss": "absolute", "quantile": 0.7}, False),
        ({"loss": "quantile", "quantile": (0.1, 0.9)}, True),
        ({"loss": "quantile", "quantile": (1e-9, 1 - 1e-9)}, True),
        ({"loss": "quantile", "quantile": (0.1,)}, False),
        ({"loss": "quantile", "quantile": (0.5, 0.5)}, False),
        ({"loss": "quantile", "quantile": (0.9, 0.1)}, False),
        ({"loss": "quantile", "quantile": (0.0, 0.1)}, False),
        ({"loss": "quantile", "quantile": (0.1, 1.0)}, False),
        ({"loss": "quantile", "quantile": ("x", "y")}, False),
        ({"loss": "quantile", "quantile": (0.1, 0.9), "metric": "r2"}, False),
        ({"loss": "absolute", "quantile": (0.1, 0.9)}, False),
    ],
)
def test_objectives_that_can_be_and_those_that_cannot(settings, right):
    if right:
        Objective(**settings)
    else:
        with pytest.raises(InputError):
            Objective(**settings)


@pytest.mark.parametrize(
    ("settings", "task", "n_targets", "right"),
    [
        ({"loss": "absolute"}, "classification", 1, False),
        ({"loss": "absolute"}, "regression", 1, True),
        ({"metric": "f1"}, "classification", 1, True),
        ({"metric": "log_loss"}, "classification", 1, True),
        ({"metric": "log_loss"}, "regression", 1, False),
        ({"class_weight": "balanced"}, "regression", 1, False),
        ({"class_weight": "balanced"}, "classification", 1, True),
        ({"class_weight": "balanced"}, "classification", 2, False),
        ({"threshold": 0.3}, "regression", 1, False),
        ({"costs": [[0, 1], [1, 0]]}, "regression", 1, False),
        ({"threshold": 0.3}, "classification", 1, True),
        ({"threshold": 0.3}, "classification", 2, False),
        ({"costs": [[0, 1], [1, 0]]}, "classification", 2, False),
        ({"loss": "quantile", "quantile": (0.1, 0.9)}, "regression", 1, True),
        ({"loss": "quantile", "quantile": (0.1, 0.9)}, "regression", 2, False),
        ({"loss": "quantile", "quantile": 0.1}, "regression", 2, True),
        ({"metric": "r2"}, "regression", 2, True),
        ({"metric": metrics.r2_score}, "regression", 2, False),
        ({"metric": metrics.r2_score}, "regression", 1, True),
    ],
)
def test_objectives_suit_tasks_and_numbers_of_targets(settings, task, n_targets, right):
    objective = Objective(**settings)
    if right:
        objective.check_task(task, n_targets=n_targets)
    else:
        with pytest.raises(InputError):
            objective.check_task(task, n_targets=n_targets)


def test_an_objective_says_the_task_and_its_settings():
    assert [
        Objective(**one).task
        for one in (
            {"loss": "poisson"},
            {"metric": "absolute"},
            {"threshold": 0.2},
            {"class_weight": "balanced"},
            {"costs": [[0, 1], [1, 0]]},
            {"metric": "log_loss"},
            {},
        )
    ] == ["regression"] * 2 + ["classification"] * 4 + [None]
    assert Objective().to_json() == {}
    levels = Objective(loss="quantile", quantile=(0.1, 0.9))
    assert levels.to_json() == {"loss": "quantile", "quantile": [0.1, 0.9]}
    assert levels.levels == (0.1, 0.9)
    one = Objective(metric="quantile", quantile=0.7)
    assert one.to_json() == {"quantile": 0.7, "metric": "quantile"}
    day = np.datetime64("2024-01-02")
    told = Objective(class_weight={day: 2, np.int64(3): 4}, costs=[[0, 1], [2, 0]])
    assert told.to_json() == {
        "class_weight": [["2024-01-02", 2.0], [3, 4.0]],
        "costs": [[0.0, 1.0], [2.0, 0.0]],
    }
    assert Objective(class_weight="balanced", threshold=0.25).to_json() == {
        "class_weight": "balanced",
        "threshold": 0.25,
    }


def test_what_a_threshold_is_tuned_for():
    assert Objective(metric="f1").decision_metric is CLASS_METRICS["f1"]
    assert Objective(metric="accuracy").decision_metric is None
    assert Objective(metric="f1", threshold=0.2).decision_metric is None
    assert Objective(costs=[[0, 1], [2, 0]]).decision_metric.name == "cost"
    labels = np.array(["a", "b", "b", "c"], object)
    with pytest.raises(InputError, match="there are 3 classes"):
        Objective(threshold=0.2).fit_target_encoder("classification", labels, None)
    with pytest.raises(InputError, match="there are 3 classes"):
        Objective(costs=[[0, 1], [2, 0]]).fit_target_encoder("classification", labels, None)
    encoder = Objective(threshold=0.2).fit_target_encoder("classification", labels[:3], None)
    assert encoder.threshold == 0.2
    plain = Objective(costs=[[0, 1], [2, 0]]).fit_target_encoder("classification", labels[:3], None)
    assert plain.threshold == 0.5


def test_areas_on_five_rows_by_hand():
    """Above one of two negatives lie both positives; above the other one and a half."""
    score, positive = np.array([0.9, 0.5, 0.5, 0.1, 0.2]), np.array([1, 1, 0, 0, 0], bool)
    found = Curves.of("yes", score, positive)
    assert found.area == pytest.approx((3 + 2.5) / 6)
    assert found.average_precision == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)
    assert found.prevalence == pytest.approx(2 / 5)
    assert found.recall == (0.5, 1, 1, 1)
    assert found.precision == (1, 0.6667, 0.5, 0.4)
    assert found.true_positive == (0, 0.5, 1, 1, 1)
    assert found.false_positive == (0, 0, 0.3333, 0.6667, 1)


def test_the_quality_of_classes_on_five_rows_by_hand():
    second = np.array([0.9, 0.2, 0.6, 0.4, 0.3])
    codes, weight = np.array([1, 0, 0, 1, 0]), np.array([1.0, 2.0, 0.5, 0.5, 1.0])
    quality = ClassificationQuality.of(
        "ab", np.stack([1 - second, second], axis=1), codes, weight=weight
    )
    assert quality.matrix.tolist() == [[3, 0.5], [0.5, 1]]
    assert quality.accuracy == pytest.approx(4 / 5)
    np.testing.assert_allclose(quality.shares, [[6 / 7, 1 / 7], [1 / 3, 2 / 3]])
    first, other = quality.by_class()
    assert (first["rows"], first["precision"], first["recall"]) == (3.5, 3 / 3.5, 3 / 3.5)
    assert other["f1"] == pytest.approx(2 / (1.5 + 1.5))
    worst = quality.confusions()[0]
    assert (worst["true"], worst["predicted"], worst["rows"]) == ("a", "b", 0.5)
    assert worst["share"] == pytest.approx(0.5 / 3.5)
    assert quality.confusions(1) == [worst]
    assert quality.predicted == (0.2, 0.3, 0.4, 0.6, 0.9)
    assert quality.observed == (0, 0, 1, 0, 1)
    chosen = ClassificationQuality.of(
        "ab", np.stack([1 - second, second], axis=1), codes, predicted=np.ones(5, int)
    )
    assert chosen.matrix.tolist() == [[0, 3], [0, 2]]
    assert chosen.by_class()[0]["precision"] is None
    off = np.array([0.1, 0.2, 0.6, 0.6, 0.3])  # each row is a part: confidence less hit
    assert quality.calibration_error == pytest.approx(weight @ off / 5)


def test_bins_of_reliability_are_means_by_weights():
    rng = np.random.default_rng(8)
    p = rng.dirichlet([1] * 3, 95)
    codes, weight = rng.integers(0, 3, 95), rng.uniform(0.5, 2, 95)
    quality = ClassificationQuality.of("abc", p, codes, weight=weight)
    order = np.argsort(p.max(axis=1), kind="stable")
    parts = np.array_split(order, 10)
    hits = p.argmax(axis=1) == codes
    assert quality.bin_sizes == tuple(map(len, parts))
    for values, found in ((p.max(axis=1), quality.predicted), (hits, quality.observed)):
        expected = [np.average(values[part], weights=weight[part]) for part in parts]
        assert found == pytest.approx(expected)
    areas = [one.area for one in quality.curves]
    assert areas == sorted(areas)
    assert sorted(quality.areas) == pytest.approx(areas)


def test_the_quality_of_numbers_by_hand():
    rng = np.random.default_rng(9)
    prediction = rng.normal(size=100)
    truth, weight = prediction + rng.normal(size=100) + 0.3, rng.uniform(0.5, 2, 100)
    quality = RegressionQuality.of(prediction, truth, weight=weight)
    error = truth - prediction
    assert quality.bias == pytest.approx(np.average(error, weights=weight))
    assert quality.median_error == pytest.approx(np.median(np.abs(error)))
    parts = np.array_split(np.argsort(prediction), 10)
    assert quality.predictions == pytest.approx([prediction[part].mean() for part in parts])
    levels = [np.quantile(error[part], [0.05, 0.25, 0.5, 0.75, 0.95]) for part in parts]
    np.testing.assert_allclose(quality.errors, levels)
    columns = quality.to_columns()
    assert columns["error_25%"] == [part[1] for part in quality.errors]
    assert columns["prediction"] == list(quality.predictions)
    spread = np.ptp(np.array(quality.errors)[:, [0, 4]], axis=1)
    figure = quality.spread_figure()
    assert f"span {spread.min():.4g} to {spread.max():.4g}." in figure.description
    assert quality.error_edges[0] == error.min()
    assert quality.error_edges[-1] == error.max()
    assert sum(map(sum, quality.counts)) == 100
