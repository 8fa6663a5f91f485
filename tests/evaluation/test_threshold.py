from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics

from madaline._race.evaluation.metrics import (
    CLASS_METRICS,
    TUNED_METRICS,
    cost_metric,
    tune_threshold,
)

BOUNDS = (0, 100, 200, 300)
SKLEARN = {
    "f1": metrics.f1_score,
    "balanced_accuracy": metrics.balanced_accuracy_score,
    "matthews_corrcoef": metrics.matthews_corrcoef,
}


@pytest.fixture
def rare():
    """Probabilities that are right on average, of a class that one row in six has."""
    rng = np.random.default_rng(0)
    probability = rng.beta(1, 5, 300)
    return probability, rng.random(300) < probability, rng.uniform(0.5, 2, 300)


@pytest.mark.parametrize("name", list(TUNED_METRICS))
def test_measures_are_those_of_scikit_learn(rare, name):
    probability, positive, weight = rare
    predicted = probability > 0.3
    probability = np.stack([~predicted, predicted], axis=1)
    value = CLASS_METRICS[name].function(positive, probability, weight)
    assert value == pytest.approx(SKLEARN[name](positive, predicted, sample_weight=weight))


@pytest.mark.parametrize("name", list(TUNED_METRICS))
def test_no_other_threshold_is_better_on_all_rows(rare, name):
    probability, positive, weight = rare
    chosen = tune_threshold(CLASS_METRICS[name], probability, positive, BOUNDS, weight)

    def value(threshold):
        return SKLEARN[name](positive, probability > threshold, sample_weight=weight)

    others = np.unique(probability)
    assert value(chosen.best) == pytest.approx(max(map(value, others)))
    assert chosen.before == pytest.approx(value(0.5))
    assert chosen.after <= value(chosen.best)  # each fold with a threshold of the others


def test_the_threshold_of_costs_is_close_to_that_of_theory():
    rng = np.random.default_rng(0)
    probability = rng.random(30_000)
    positive = rng.random(30_000) < probability
    costs = np.array([[0.0, 1.0], [4.0, 0.0]])
    bounds = (0, 10_000, 20_000, 30_000)
    chosen = tune_threshold(cost_metric(costs), probability, positive, bounds)
    assert chosen.used
    assert chosen.threshold == pytest.approx(1 / 5, abs=0.03)
    assert chosen.after < chosen.before


def test_a_threshold_that_is_a_matter_of_chance_is_not_used():
    rng = np.random.default_rng(3)
    probability = rng.choice([0.2, 0.45, 0.55, 0.8], 60)
    positive = np.where(rng.random(60) < 0.9, probability > 0.5, probability < 0.5)
    chosen = tune_threshold(CLASS_METRICS["f1"], probability, positive, (0, 20, 40, 60))
    assert not chosen.used
    assert chosen.threshold == 0.5
    assert "stays at 0.5" in chosen.sentence


def test_equal_probabilities_leave_no_choice():
    positive = np.array([True, False, True, False])
    chosen = tune_threshold(CLASS_METRICS["f1"], np.full(4, 0.7), positive, (0, 2, 4))
    assert chosen.threshold == 0.5


@pytest.mark.parametrize("name", list(CLASS_METRICS))
def test_metrics_that_see_the_predicted_class_alone_tune_the_threshold(name):
    rng = np.random.default_rng(0)
    probability, truth = rng.dirichlet([1, 1], 200), rng.integers(0, 2, 200)
    surer = np.where(probability > 0.5, 0.99, 0.01)
    function, measure = CLASS_METRICS[name].function, CLASS_METRICS[name].measure
    of_decisions = function(truth, probability, None) == function(truth, surer, None)
    assert of_decisions == (measure is not None)
    assert (name in TUNED_METRICS) == (of_decisions and name != "accuracy")
