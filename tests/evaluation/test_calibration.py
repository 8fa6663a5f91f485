"""A temperature is found where networks are too sure, or not sure enough, and only there."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from madaline._models.runtime.predictor import Predictor
from madaline._race.evaluation.calibration import best_temperatures, calibrate, calibration_error
from madaline._tables.table import Table
from madaline.nn.losses import BinaryCrossEntropy, CrossEntropy

BOUNDS = (0, 1000, 2000, 3000)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def true_logits(rng, n_outputs, n_samples=3000):
    """Return a loss, raw outputs that are right, and targets drawn from them."""
    loss = BinaryCrossEntropy() if n_outputs == 1 else CrossEntropy()
    output = 2 * rng.standard_normal((n_samples, n_outputs))
    if n_outputs == 1:
        return loss, output, (rng.random((n_samples, 1)) < loss.prediction(output)).astype(float)
    noise = rng.gumbel(size=output.shape)
    return loss, output, np.eye(n_outputs)[(output + noise).argmax(axis=1)]


@pytest.mark.parametrize("n_outputs", [1, 3])
@pytest.mark.parametrize("temperature", [0.5, 2.0])
def test_finds_by_how_much_networks_are_too_sure(rng, n_outputs, temperature):
    loss, output, target = true_logits(rng, n_outputs)
    calibration = calibrate(loss, temperature * output, target, BOUNDS)
    assert calibration.used
    assert calibration.temperature == pytest.approx(temperature, rel=0.1)
    losses = [loss.mean(one, target) for one in (temperature * output, output)]
    assert calibration.gain == pytest.approx(losses[0] - losses[1], rel=0.1)
    assert calibration.error_after < calibration.error_before / 2
    assert ("Overconfident" in calibration.sentence) == (temperature > 1)


def test_right_probabilities_mostly_stay_as_they_are():
    used = 0
    for seed in range(20):
        loss, output, target = true_logits(np.random.default_rng(seed), 1)
        calibration = calibrate(loss, output, target, BOUNDS)
        used += calibration.used
        if not calibration.used:
            assert calibration.temperature == 1
            assert "are not recalibrated" in calibration.sentence
    assert used <= 4  # one standard error leaves one in six to chance at most


def rare_class(rng, offset=-1.5, n_samples=3000):
    """Return outputs of a rare class that all stay near those of the frequent one."""
    right = 3 * rng.standard_normal((n_samples, 1)) - 5
    target = (rng.random((n_samples, 1)) < BinaryCrossEntropy().prediction(right)).astype(float)
    return 0.4 * right + offset, target


@pytest.mark.parametrize("offset", [-1.5, 1.5])
def test_two_classes_may_have_an_offset(rng, offset):
    output, target = rare_class(rng, offset)
    calibration = calibrate(BinaryCrossEntropy(), output, target, BOUNDS)
    assert calibration.used
    assert calibration.offset == pytest.approx(-offset, abs=0.15)
    assert calibration.temperature == pytest.approx(0.4, rel=0.15)
    corrected = (output + calibration.offset) / calibration.temperature
    losses = [BinaryCrossEntropy().mean(one, target) for one in (output, corrected)]
    assert calibration.gain == pytest.approx(losses[0] - losses[1], rel=0.1)
    assert f"adding {calibration.offset:.2f} to the raw outputs" in calibration.sentence


def test_an_offset_counts_rows_by_their_weights(rng):
    output, target = rare_class(rng, n_samples=300)
    weight, bounds = np.tile([1.0, 2.0, 3.0], 100), (0, 100, 200, 300)
    weighted = calibrate(BinaryCrossEntropy(), output, target, bounds, weight)
    places = np.repeat(np.arange(300), weight.astype(int))
    bounds = [int(np.searchsorted(places, bound)) for bound in bounds]
    repeated = calibrate(BinaryCrossEntropy(), output[places], target[places], bounds)
    assert weighted.offset == pytest.approx(repeated.offset, rel=1e-3)
    assert weighted.best == pytest.approx(repeated.best, rel=1e-3)


def test_right_probabilities_get_no_offset():
    offsets = 0
    for seed in range(20):
        loss, output, target = true_logits(np.random.default_rng(seed), 1)
        offsets += calibrate(loss, output, target, BOUNDS).offset != 0
    assert offsets <= 4


def best_temperature(loss, output, target, weight=None):
    return best_temperatures(loss, output, target, [np.arange(len(target))], weight)[0]


def test_searches_side_by_side_find_what_each_finds_alone(rng):
    loss, output, target = true_logits(rng, 3, n_samples=200)
    halves, factor = np.split(np.arange(200), 2), np.repeat([[0.5], [3.0]], 100, axis=0)
    found = best_temperatures(loss, factor * output, target, halves)
    alone = [best_temperature(loss, (factor * output)[own], target[own]) for own in halves]
    assert found[0] < 1 < found[1]
    assert found.tolist() == pytest.approx(alone, rel=1e-3)


def test_the_best_temperature_has_the_lowest_loss(rng):
    loss, output, target = true_logits(rng, 3, n_samples=200)
    weight = rng.exponential(size=200)
    best = best_temperature(loss, 3 * output, target, weight)
    losses = [loss.mean(3 * output / one, target, weight) for one in (best / 1.1, best, best * 1.1)]
    assert losses[1] == min(losses)
    twice = np.repeat(np.arange(200), [1, 2] * 100)
    repeated = best_temperature(loss, output[twice], target[twice])
    assert repeated == best_temperature(loss, output, target, np.tile([1.0, 2.0], 100))


def test_networks_that_are_always_right_promise_one_error_in_as_many_rows(rng):
    loss = BinaryCrossEntropy()
    for n_samples in (100, 1000):
        output = np.where(rng.random((n_samples, 1)) < 0.5, 4.0, -4.0)
        best = best_temperature(loss, output, (output > 0).astype(float))
        error = 1 - loss.prediction(np.array([[4.0]]) / best)[0, 0]
        assert error == pytest.approx(0.5 / n_samples, rel=0.05)


def test_a_few_groups_are_less_evidence_than_their_rows(rng):
    loss, output, target = true_logits(rng, 1)
    alone = calibrate(loss, 1.3 * output, target, BOUNDS)
    grouped = calibrate(loss, 1.3 * output, target, BOUNDS, groups=np.arange(3000) // 500)
    assert grouped.gain == alone.gain
    assert grouped.standard_error != alone.standard_error


def test_calibration_error_of_right_and_wrong_probabilities(rng):
    confidence = rng.uniform(0.5, 1, 20_000)
    hits = rng.random(20_000) < confidence
    assert calibration_error(confidence, hits) < 0.02
    wrong = rng.random(20_000) < confidence - 0.1
    assert calibration_error(confidence, wrong) == pytest.approx(0.1, abs=0.02)
    weight = np.where(hits, 1.0, 0.0)
    assert calibration_error(confidence, hits, weight) == pytest.approx(2 / 9, abs=0.01)


def test_the_temperature_divides_every_raw_output_and_survives(fittings, make_columns):
    for task in ("binary", "multiclass"):
        plain = fittings[task][0].model().predictor
        table = Table.from_columns(make_columns(task, seed=9)[0])
        hot = replace(plain, temperature=2 * plain.temperature)
        np.testing.assert_array_equal(hot.output(table), plain.output(table) / 2)
        np.testing.assert_array_equal(hot.fold_outputs(table), plain.fold_outputs(table) / 2)
        np.testing.assert_array_equal(hot.predict(table), plain.predict(table))
        assert hot.predict_proba(table).max() < plain.predict_proba(table).max()
        description, arrays = hot.to_state()
        again = Predictor.from_checked(json.loads(json.dumps(description)), arrays)
        np.testing.assert_array_equal(again.output(table), hot.output(table))


def test_out_of_fold_outputs_and_scores_are_those_of_the_temperature(fittings):
    fitting = fittings["multiclass"][0]
    model = fitting.model()
    dataset, order = fitting.race.dataset, fitting.rows.order
    raw = fitting.outcome.pruned.before.output / model.predictor.temperature
    np.testing.assert_array_equal(fitting.out_of_fold()[order], raw)
    assert model.summary.scores[-1].out_of_fold == pytest.approx(dataset.validation_loss(raw))
    assert [one.action for one in model.decisions].count("calibrate") == 1
