"""The quality of classes and numbers: counts add up, and figures equal those of scikit-learn."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from madaline._race.evaluation.quality import QUALITY
from madaline._race.evaluation.quality.classification import ClassificationQuality
from madaline._race.evaluation.quality.regression import RegressionQuality


@pytest.fixture
def evaluated() -> tuple[np.ndarray, np.ndarray]:
    """Probabilities of three classes, and which is right."""
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 3, 400)
    probabilities = rng.dirichlet(np.ones(3), 400)
    probabilities[np.arange(400), codes] += 0.5
    return probabilities / probabilities.sum(axis=1, keepdims=True), codes


def test_counts_are_those_of_scikit_learn(evaluated) -> None:
    probabilities, codes = evaluated
    quality = ClassificationQuality.of("abc", probabilities, codes)
    predicted = probabilities.argmax(axis=1)
    assert np.array_equal(quality.matrix, confusion_matrix(codes, predicted))
    assert quality.accuracy == pytest.approx((predicted == codes).mean())
    found = np.array([[one["precision"], one["recall"], one["f1"]] for one in quality.by_class()])
    expected = precision_recall_fscore_support(codes, predicted)
    assert pytest.approx(np.array(expected[:3])) == found.T
    assert sum(quality.bin_sizes) == quality.n_rows == 400


def test_weights_count(evaluated) -> None:
    probabilities, codes = evaluated
    weight = np.random.default_rng(1).random(400)
    quality = ClassificationQuality.of("abc", probabilities, codes, weight=weight)
    predicted = probabilities.argmax(axis=1)
    expected = confusion_matrix(codes, predicted, sample_weight=weight)
    assert quality.matrix == pytest.approx(expected)


def test_mistakes_come_in_the_order_of_their_number(evaluated) -> None:
    quality = ClassificationQuality.of("abc", *evaluated)
    mistakes = [one["rows"] for one in quality.confusions()]
    assert mistakes == sorted(mistakes, reverse=True)
    assert sum(mistakes) == pytest.approx(400 * (1 - quality.accuracy))


def test_a_class_without_rows_has_no_recall(evaluated) -> None:
    probabilities, codes = evaluated
    quality = ClassificationQuality.of("abc", probabilities, np.where(codes == 2, 0, codes))
    missing = quality.by_class()[2]
    assert (missing["rows"], missing["recall"], missing["area"]) == (0, None, None)


def test_of_a_thousand_classes_what_happened_is_kept() -> None:
    rng = np.random.default_rng(0)
    probabilities, codes = rng.random((500, 1000)), rng.integers(0, 1000, 500)
    quality = ClassificationQuality.of([f"c{k}" for k in range(1000)], probabilities, codes)
    assert len(quality.confusion) <= 500
    assert sum(area is not None for area in quality.areas) == 100
    assert len(json.dumps(quality.to_json())) < 60_000


def test_probabilities_that_come_true_lie_on_the_diagonal() -> None:
    rng = np.random.default_rng(0)
    second = rng.random(20_000)
    codes = (rng.random(20_000) < second).astype(int)
    quality = ClassificationQuality.of("ab", np.stack([1 - second, second], axis=1), codes)
    assert quality.observed == pytest.approx(quality.predicted, abs=0.04)
    assert quality.calibration_error < 0.02


@pytest.mark.parametrize("n_rows", [3, 1000])
def test_histograms_are_those_of_numpy(n_rows: int) -> None:
    rng = np.random.default_rng(0)
    truth = rng.standard_cauchy(n_rows)
    prediction = truth + rng.standard_cauchy(n_rows)
    quality = RegressionQuality.of(prediction, truth)
    expected, _ = np.histogram(truth - prediction, quality.error_edges)
    np.testing.assert_array_equal(quality.error_counts, expected)
    assert quality.n_beyond == n_rows - expected.sum() == (8 if n_rows == 1000 else 0)
    pairs, _, _ = np.histogram2d(truth, prediction, (quality.edges, quality.edges))
    np.testing.assert_array_equal(quality.counts, pairs)
    assert list(quality.predictions) == sorted(quality.predictions)
    assert all(list(levels) == sorted(levels) for levels in quality.errors)


def test_a_constant_prediction_of_a_constant_is_drawn() -> None:
    quality = RegressionQuality.of(np.ones(5), np.ones(5))
    assert quality.edges[0] < 1 < quality.edges[-1]
    assert (quality.bias, quality.median_error) == (0, 0)


def test_qualities_survive_json(evaluated) -> None:
    rng = np.random.default_rng(0)
    for quality in (
        ClassificationQuality.of("abc", *evaluated),
        RegressionQuality.of(rng.normal(size=50), rng.normal(size=50)),
    ):
        assert QUALITY.read(json.loads(json.dumps(quality.to_json()))) == quality
