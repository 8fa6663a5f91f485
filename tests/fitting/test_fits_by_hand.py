"""What a fit says of itself, each number worked out from its out-of-fold outputs."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn import metrics
from tests.fits import fitting_of

from madaline._models.fitting.fit import check_kept_columns, left_out_columns
from madaline._models.fitting.prediction import divided
from madaline._models.fitting.target_views import views_of
from madaline._models.request import FitRequest
from madaline._race.evaluation.conformal import PredictionIntervals, PredictionSets
from madaline._race.evaluation.score import mean_and_error
from madaline._race.time.time_request import TimeRequest
from madaline._tables.table import Table
from madaline._tables.target import ClassEncoder, CountEncoder, JointEncoder, RegressionEncoder
from madaline.errors import InputError
from madaline.nn.losses import Absolute, Squared


@pytest.fixture(scope="module")
def lagged():
    """A fit with lags, whose rows are predicted from one to six rows ahead."""
    rng = np.random.default_rng(0)
    y = np.cumsum(rng.normal(size=140))
    table = Table.from_columns({"x": rng.normal(size=140)})
    fitting = fitting_of(table, y, time=True, lags=[1, 2], horizon=6, effort=1)
    list(fitting)
    return fitting


@pytest.fixture(scope="module")
def weighted():
    """A fit of weighted rows in groups, with balanced classes."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(120, 2))
    labels = np.where(x[:, 0] + rng.normal(size=120) > 0.8, "b", "a").astype(object)
    weight, groups = rng.uniform(0.5, 2, 120), np.arange(120) // 2
    from madaline._race.evaluation.objective import Objective

    fitting = fitting_of(
        Table.from_columns({"x": x[:, 0], "z": x[:, 1]}),
        labels,
        objective=Objective(class_weight="balanced"),
        sample_weight=weight,
        groups=groups,
        effort=2,
    )
    list(fitting)
    return fitting, labels, weight, groups


def sigmoid(output):
    return 1 / (1 + np.exp(-output))


def test_scores_of_weighted_rows_count_the_given_weights_and_groups(weighted):
    fitting, labels, weight, groups = weighted
    accuracy, even, area, loss = fitting.outcome.scoring.scores
    output, truth = fitting.out_of_fold()[:, 0].astype(float), labels == "b"
    hits = (output > 0) == truth
    assert accuracy.out_of_fold == pytest.approx(np.average(hits, weights=weight))
    assert accuracy.standard_error == pytest.approx(
        mean_and_error(hits.astype(float), weight, groups)[1], rel=1e-4
    )
    frequent = np.average(truth, weights=weight)
    # The best constant of balanced classes says neither: a tie is the first class.
    assert accuracy.baseline in (pytest.approx(frequent), pytest.approx(1 - frequent))
    assert even.out_of_fold == pytest.approx(
        metrics.balanced_accuracy_score(truth, hits == truth, sample_weight=weight)
    )
    assert area.out_of_fold == pytest.approx(
        metrics.roc_auc_score(truth, output, sample_weight=weight), rel=1e-5
    )
    p = sigmoid(output)
    assert loss.out_of_fold == pytest.approx(
        metrics.log_loss(truth, p, sample_weight=weight), rel=1e-5
    )
    assert loss.baseline == pytest.approx(np.log(2), rel=0.02)


def test_networks_are_better_than_constants_by_so_many_errors(weighted):
    """With the weights that networks learned from: those of rows times those of classes."""
    fitting, labels, weight, groups = weighted
    output, truth = fitting.out_of_fold()[:, 0].astype(float), (labels == "b").astype(float)
    totals = np.array([weight[truth == 0].sum(), weight[truth == 1].sum()])
    whole = weight * (weight.sum() / (2 * totals))[truth.astype(int)]
    prior = np.empty(120)
    rows = fitting.rows
    for fold in range(rows.n_folds):
        learned, held_out = rows.order[rows.training(fold)], rows.order[rows.held_out(fold)]
        mean = whole.mean()
        ones = (whole[learned] / mean) @ truth[learned] + 0.5
        share = ones / (whole[learned].sum() / mean + 1)
        prior[held_out] = np.log(share / (1 - share))
    gain = (np.logaddexp(0, prior) - truth * prior) - (np.logaddexp(0, output) - truth * output)
    mean, error = mean_and_error(gain, whole, groups)
    assert fitting.outcome.scoring.better_than_constants() == pytest.approx(mean / error, rel=1e-3)


def test_metrics_of_distances_are_those_of_their_rows(lagged):
    outcome = lagged.outcome
    dataset = lagged.prepared.own_dataset
    steps = lagged.prepared.steps[dataset.evaluated]
    error = (outcome.scoring.output - dataset.target[dataset.evaluated])[:, 0].astype(float)
    scale = outcome.views[0].scale
    found = outcome.scoring.forward.distances
    assert [(one.first, one.last) for one in found] == [(1, 2), (3, 4), (5, 6)]
    for one in found:
        rows = (steps >= one.first) & (steps <= one.last)
        assert one.value == pytest.approx(scale * np.sqrt(np.mean(error[rows] ** 2)), rel=1e-5)


def test_stretches_of_a_fit_are_its_out_of_fold_errors(lagged):
    outcome, dataset = lagged.outcome, lagged.prepared.own_dataset
    scale, rows = outcome.views[0].scale, lagged.rows
    for fold, stretch in enumerate(outcome.scoring.forward.stretches):
        places = rows.held_out(fold)
        error = (outcome.scoring.output[places] - dataset.target[places])[:, 0].astype(float)
        assert stretch.value == pytest.approx(scale * np.sqrt(np.mean(error**2)), rel=1e-5)
        learned = dataset.target[rows.training(fold), 0].astype(float)
        constant = learned.mean() - dataset.target[places, 0]
        assert stretch.baseline == pytest.approx(scale * np.sqrt(np.mean(constant**2)), rel=1e-4)
        assert stretch.n_rows == places.stop - places.start


def test_intervals_of_a_fit_are_those_of_its_errors(fittings, lagged):
    fitting = fittings["regression"][0]
    dataset, bounds = fitting.prepared.own_dataset, fitting.rows.bounds
    output, target = fitting.outcome.ensemble.output[:, 0], dataset.target[:, 0]
    expected = PredictionIntervals.fit(output, target, bounds)
    found = fitting.model().predictor.conformal
    np.testing.assert_allclose(found.scores.values, expected.scores.values, rtol=1e-5)
    np.testing.assert_allclose(found.knots, expected.knots, rtol=1e-5)
    assert (found.low, found.high) == (expected.low, expected.high)
    later, outcome = lagged.prepared.later, lagged.outcome
    own = lagged.prepared.own_dataset
    output = np.concatenate(later.outputs(outcome.ensemble, 1.0))[:, 0]
    places = np.concatenate(later.ahead)
    target, steps = own.target[places, 0], lagged.prepared.steps[places].astype(float)
    from madaline._race.time.forward import drift_of

    drift = drift_of(later.aging(outcome.ensemble, 1.0))
    widening = later.widening(places, output - target, drift)
    assert widening > 1
    order = np.concatenate([np.arange(first, len(places), 3) for first in range(3)])
    sizes = [len(range(first, len(places), 3)) for first in range(3)]
    expected = PredictionIntervals.fit(
        output[order], target[order], (0, *np.cumsum(sizes).tolist()),
        limits=outcome.views[0].encoder.encoded_range, widening=widening, ahead=steps[order],
    )  # fmt: skip
    found = outcome.predictor().conformal
    np.testing.assert_allclose(found.scores.values, expected.scores.values, rtol=1e-4)
    np.testing.assert_allclose(found.steps, expected.steps, rtol=1e-4)
    assert found.scores.counts.tolist() == sizes


def test_sets_of_a_fit_are_those_of_its_probabilities(fittings):
    for task in ("binary", "multiclass"):
        fitting = fittings[task][0]
        dataset = fitting.prepared.own_dataset
        output = fitting.outcome.ensemble.output / fitting.outcome.temperature
        probability = dataset.loss.prediction(output)
        truth = dataset.target.argmax(axis=1)
        if task == "binary":
            probability = np.concatenate([1 - probability, probability], axis=1)
            truth = dataset.target[:, 0].astype(int)
        expected = PredictionSets.fit(probability, truth, fitting.rows.bounds)
        found = fitting.model().predictor.conformal
        np.testing.assert_allclose(found.scores.values, expected.scores.values, rtol=1e-4)


def test_the_quality_and_the_diagnosis_are_of_the_rows_as_they_were_given(weighted, fittings):
    fitting, labels, weight, _ = weighted
    quality = fitting.evaluation.quality()
    output = fitting.out_of_fold()[:, 0]
    expected = metrics.confusion_matrix(labels == "b", output > 0, sample_weight=weight)
    np.testing.assert_allclose(quality.matrix, expected / weight.mean(), rtol=1e-5)
    regression = fittings["regression"][0]
    quality = regression.evaluation.quality()
    encoder = regression.target_encoder
    prediction = encoder.center + encoder.scale * regression.out_of_fold()[:, 0]
    truth = regression.prepared.data.target
    clipped = np.clip(prediction, truth.min(), truth.max())
    assert quality.bias == pytest.approx(np.mean(truth - clipped), abs=1e-3)
    assert quality.median_error == pytest.approx(np.median(np.abs(truth - clipped)), rel=1e-3)


def test_members_and_work_are_those_of_the_networks(fittings):
    for fitting, _ in fittings.values():
        summary, ensemble = fitting.model().summary, fitting.outcome.ensemble
        work = sum(one.network.multiply_adds() * fitting.rows.n_folds for one in ensemble.members)
        assert summary.row_multiply_adds == work
        assert summary.n_samples == summary.n_evaluated == 160
        assert summary.n_folds == fitting.rows.n_folds
        assert summary.epochs == fitting.race.epoch
        weights = [one.weight for one in summary.members]
        assert weights == sorted(weights, reverse=True)
        assert sum(weights) == pytest.approx(1)


def test_networks_that_predict_alone_count_in_what_a_row_costs(lagged):
    """Of the networks of stretches and the final ones, those three predict."""
    ensemble, rows = lagged.outcome.ensemble, lagged.rows
    work = sum(one.network.multiply_adds() * 3 for one in ensemble.members)
    assert rows.n_networks == rows.n_folds + 3
    assert lagged.model().summary.row_multiply_adds == pytest.approx(work, abs=1)


def test_views_are_the_targets_one_by_one():
    numbers = RegressionEncoder(0.0, 3.0, -9, 9)
    (alone,) = views_of(numbers, "y")
    assert (alone.name, alone.scale, alone.outputs) == ("y", 3.0, slice(None))
    assert not alone.of_classes
    classes = ClassEncoder(np.array(["a", "b"], object))
    first, second = views_of(JointEncoder(("u", "v"), (numbers, classes)), "y")
    assert (first.name, second.name) == ("u", "v")
    assert (first.outputs, second.outputs) == (slice(0, 1), slice(1, 2))
    assert (second.scale, second.of_classes) == (1.0, True)
    (count,) = views_of(CountEncoder.fit(np.array([2.0, 4.0])), "n")
    assert count.scale == count.encoder.scale


def test_importances_of_differences_are_in_units_of_their_variance():
    (view,) = views_of(RegressionEncoder(0.0, 3.0, -9, 9), "y")
    target = np.array([[1.0], [3.0], [9.0], [99.0]])
    dataset = SimpleNamespace(loss=Squared(), offset=object(), target=target, evaluated=slice(0, 3))
    assert view.measure(dataset).factor == pytest.approx(1 / np.var([1, 3, 9]))
    dataset.offset = None
    assert view.measure(dataset).factor == 1
    dataset.loss, dataset.offset = Absolute(), object()
    assert view.measure(dataset).factor == 3


def test_outputs_are_divided_by_a_temperature_unless_it_is_one():
    output = np.ones((3, 2))
    assert divided(output, 1.0) is output
    assert divided(output, np.ones(2)) is output
    assert divided(output, np.array([1.0, 2.0])).tolist() == [[1, 0.5]] * 3


def test_outputs_are_in_the_order_of_the_table(weighted):
    fitting, *_ = weighted
    order = fitting.rows.order
    np.testing.assert_array_equal(
        fitting.out_of_fold()[order], fitting.outcome.scoring.output.astype(float)
    )
    given = fitting.prepared
    assert given.n_given == given.n_own == 120
    assert given.n_predicted == 1
    assert given.own_weight.mean() == pytest.approx(1)
    np.testing.assert_allclose(
        given.own_weight, (weighted[2] / weighted[2].mean())[order], rtol=1e-6
    )


def test_rows_with_lags_count_once(lagged):
    given = lagged.prepared
    assert given.n_given == 140
    assert given.n_own == given.time.lagged.made.n_own < given.rows.n_samples
    found = lagged.out_of_fold()[:, 0]
    assert len(found) == 140
    evaluated = given.time.lagged.given[given.rows.order[: given.rows.n_evaluated]]
    assert set(np.flatnonzero(~np.isnan(found))) == set(evaluated.tolist())


def test_what_was_asked_is_kept(lagged):
    asked = lagged.model().summary.request
    assert asked.time == TimeRequest(True, horizon=6, lags=(1, 2))
    assert asked == FitRequest(task="regression", effort=1, time=asked.time)
    assert left_out_columns(FitRequest(kinds={"a": "dropped", "b": "number"})) == ["a"]


def test_rows_are_kept_where_that_can_be(lagged):
    schema = lagged.schema
    check_kept_columns(schema, 0, n_outputs=3, of_past=True, of_probabilities=True)
    check_kept_columns(schema, 9)
    for given, words in (
        ({"of_past": True}, "model with lags"),
        ({"n_outputs": 2}, "a model of 2 outputs"),
        ({"of_probabilities": True}, "learned from probabilities"),
    ):
        with pytest.raises(InputError, match=words):
            check_kept_columns(schema, 9, **given)


def test_a_fit_that_was_pruned_has_scores_of_what_was_before(fittings):
    """Pruning was guided by these rows: scores are those of the ensemble before it."""
    for task in ("multiclass", "regression"):
        outcome = fittings[task][0].outcome
        before = outcome.pruned.before.output / outcome.temperature
        np.testing.assert_array_equal(outcome.scoring.output, before)
        dataset = outcome.prepared.own_dataset
        loss = dataset.validation_loss(before)
        if task == "multiclass":
            assert outcome.scoring.scores[-1].out_of_fold == pytest.approx(loss, rel=1e-5)
        else:
            rmse = outcome.views[0].scale * np.sqrt(2 * loss)
            unit = dataset.loss.rows(np.zeros((1, 1)), np.ones((1, 1)))[0]
            rmse = outcome.views[0].scale * np.sqrt(loss / unit)
            assert outcome.scoring.scores[1].out_of_fold == pytest.approx(rmse, rel=1e-5)


def test_scores_of_a_metric_come_first(fittings):
    outcome = fittings["binary"][0].outcome
    prepared = replace(outcome.prepared)
    from madaline._race.evaluation.objective import Objective

    labels = prepared.data.target[prepared.rows.order]
    metric = Objective(metric="brier").make_metric(
        prepared.target_encoder, labels, None, n_evaluated=len(labels)
    )
    prepared = replace(prepared, dataset=replace(prepared.dataset, metric=metric))
    own = replace(outcome, prepared=prepared)
    own.__dict__["_raced"] = outcome._raced
    first, *others = own.scoring.scores
    p = sigmoid(outcome.scoring.output[:, 0])
    truth = prepared.dataset.target[:, 0]
    assert first.metric == "brier"
    assert first.value == pytest.approx(np.mean((p - truth) ** 2), rel=1e-5)
    assert [one.metric for one in others] == ["accuracy", "roc_auc", "log_loss"]
