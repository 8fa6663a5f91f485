"""ROC curves and precision are those of scikit-learn."""

from __future__ import annotations

import json
from dataclasses import asdict

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve

from madaline._race.evaluation.quality.coverage import MAX_POINTS, Curves


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("ties", [False, True])
def test_areas_are_those_of_scikit_learn(weighted: bool, ties: bool) -> None:
    rng = np.random.default_rng(0)
    positive = rng.random(500) < 0.3
    score = rng.normal(size=500) + positive
    score = score.round(0) if ties else score
    weight = rng.random(500) if weighted else None
    found = Curves.of("yes", score, positive, weight)
    assert found.area == pytest.approx(roc_auc_score(positive, score, sample_weight=weight))
    expected = average_precision_score(positive, score, sample_weight=weight)
    assert found.average_precision == pytest.approx(expected)
    assert found.prevalence == pytest.approx(np.average(positive, weights=weight))


def test_the_kept_points_lie_on_the_curve() -> None:
    rng = np.random.default_rng(1)
    positive = rng.random(5000) < 0.5
    score = rng.normal(size=5000) + positive
    found = Curves.of("yes", score, positive)
    assert len(found.false_positive) <= MAX_POINTS + 2
    assert (found.false_positive[0], found.true_positive[0]) == (0, 0)
    assert (found.false_positive[-1], found.true_positive[-1]) == (1, 1)
    false_positive, true_positive, _ = roc_curve(positive, score, drop_intermediate=False)
    there = np.interp(found.false_positive, false_positive, true_positive)
    assert np.abs(there - found.true_positive).max() < 0.02
    assert np.trapezoid(found.true_positive, found.false_positive) == pytest.approx(
        found.area, abs=0.005
    )


def test_a_class_of_all_rows_or_none_has_no_curve() -> None:
    score = np.array([0.1, 0.2])
    assert Curves.of("all", score, np.array([True, True])) is None
    assert Curves.of("none", score, np.array([False, False])) is None


def test_curves_survive_json() -> None:
    found = Curves.of("yes", np.array([0.9, 0.1, 0.5]), np.array([True, False, True]))
    assert Curves.from_json(json.loads(json.dumps(asdict(found)))) == found
