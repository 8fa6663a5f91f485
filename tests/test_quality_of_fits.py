"""The quality of fits and of tables says what scores say."""

from __future__ import annotations

import numpy as np
import pytest

from madaline._models.model import FittedModel
from madaline._models.model.quality_of_table import quality_of_table
from madaline._race.evaluation.conformal import PredictionIntervals
from madaline._race.evaluation.quality.coverage import interval_coverage, set_coverage
from madaline._tables.table import Table


@pytest.mark.parametrize("task", ["binary", "multiclass"])
def test_of_a_fit_the_accuracy_is_the_score(fittings, task: str) -> None:
    model = FittedModel.load(fittings[task][1])
    accuracy = next(
        score.out_of_fold for score in model.summary.scores if score.metric == "accuracy"
    )
    assert model.quality.accuracy == pytest.approx(accuracy)
    assert model.quality.n_rows == model.summary.n_evaluated
    assert [one.nominal for one in model.quality.coverage] == [0.5, 0.8, 0.9, 0.95]


def test_of_a_fit_the_errors_are_in_the_unit_of_the_target(fittings) -> None:
    fitting, path = fittings["regression"]
    quality = FittedModel.load(path).quality
    assert 600 < quality.edges[0] < quality.edges[-1] < 1500
    rmse = next(score.value for score in fitting.model().summary.scores if score.metric == "rmse")
    assert 0.2 * rmse < quality.median_error < rmse


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_of_a_table_it_is_that_of_its_predictions(fittings, make_columns, task: str) -> None:
    model = FittedModel.load(fittings[task][1])
    columns, target = make_columns(task, seed=1)
    table, target = Table.from_columns(columns), np.asarray(target)
    quality = quality_of_table(model.predictor, table, target)
    if task == "regression":
        assert quality.bias == pytest.approx(np.mean(target - model.predict(table)))
    else:
        assert quality.accuracy == pytest.approx(np.mean(model.predict(table) == target))


def test_rows_whose_class_is_unknown_or_missing_do_not_count(fittings, make_columns) -> None:
    model = FittedModel.load(fittings["binary"][1])
    columns, target = make_columns("binary")
    target[:3] = ["maybe", None, "maybe"]
    table = Table.from_columns(columns)
    assert quality_of_table(model.predictor, table, target).n_rows == len(target) - 3
    assert quality_of_table(model.predictor, table, np.full(len(target), None)) is None
    numbers = FittedModel.load(fittings["regression"][1]).predictor
    assert quality_of_table(numbers, table, np.full(len(target), np.nan)) is None


def test_cross_fitted_sets_have_their_coverage() -> None:
    rng = np.random.default_rng(0)
    probabilities = rng.dirichlet(np.ones(6), 3000)
    codes = np.array([rng.choice(6, p=row) for row in probabilities])
    found = set_coverage(probabilities, codes, (0, 1000, 2000, 3000))
    for one in found[1:]:
        assert one.observed == pytest.approx(one.nominal, abs=0.03)
    assert found[0].size < found[-1].size


def test_intervals_around_a_prediction_are_those_of_folds_that_agree() -> None:
    rng = np.random.default_rng(0)
    prediction = rng.normal(size=400)
    truth = prediction + rng.normal(size=400) * (1 + np.abs(prediction))
    intervals = PredictionIntervals.fit(prediction, truth, (0, 200, 400))
    both = np.stack([prediction[:50]] * 2)
    assert intervals.around(prediction[:50], 0.8) == pytest.approx(intervals.predict(both, 0.8))


def test_few_rows_have_low_coverages_and_one_fold_none() -> None:
    rng = np.random.default_rng(0)
    prediction, truth = rng.normal(size=(2, 24))
    assert [one.nominal for one in interval_coverage(prediction, truth, (0, 12, 24))] == [0.5, 0.8]
    assert interval_coverage(prediction, truth, (0, 24)) == ()
