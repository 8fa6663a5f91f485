"""What a linear model reaches on the same folds is told beside the scores of a fit."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge
from tests.fits import fitting_of
from tests.race.changed import changed

from madaline._models.fitting import Fitting
from madaline._race.linear import _features, linear_models
from madaline._race.race import Race
from madaline._tables.table import Table

N_ROWS = 240


def columns() -> dict[str, np.ndarray]:
    x, z = np.random.default_rng(0).standard_normal((2, N_ROWS))
    color = np.random.default_rng(1).choice(["red", "blue", None], N_ROWS)
    return {"x": x, "z": z, "color": color.astype(object)}


def fitted(target: np.ndarray, task: str, **options) -> Fitting:
    fitting = fitting_of(Table.from_columns(columns()), target, task=task, effort=2, **options)
    for _ in fitting:
        pass
    return fitting


def linear_numbers() -> np.ndarray:
    of, noise = columns(), np.random.default_rng(2).standard_normal(N_ROWS)
    return 3 * of["x"] - of["z"] + 2 * (of["color"] == "red") + noise


@pytest.fixture(scope="module")
def of_numbers() -> Fitting:
    return fitted(linear_numbers(), "regression")


@pytest.fixture(scope="module")
def of_classes() -> Fitting:
    return fitted((linear_numbers() > 0.5).astype(int), "classification")


def raced(fitting: Fitting) -> Race:
    return fitting.race


@pytest.mark.parametrize("kind", ["of_numbers", "of_classes"])
def test_it_is_ridge_or_logistic_regression_on_the_same_folds(kind: str, request) -> None:
    """scikit-learn, with the best of the same strengths by the loss of the held-out rows."""
    race = raced(request.getfixturevalue(kind))
    dataset = race.dataset
    rows, losses, each = dataset.rows, [], []
    for strength in (0.01, 0.1, 1.0, 10.0):
        output = np.zeros((rows.n_evaluated, 1), np.float32)
        for fold in range(rows.n_folds):
            learned, held_out = rows.training(fold), np.arange(N_ROWS)[rows.held_out(fold)]
            x, new = (_features(dataset, fold, places) for places in (learned, held_out))
            target = dataset.target[learned, 0]
            if kind == "of_classes":
                model = LogisticRegression(C=strength, tol=1e-8, max_iter=5000).fit(x, target > 0)
                output[held_out, 0] = model.decision_function(new)
            else:
                output[held_out, 0] = Ridge(alpha=0.5 / strength).fit(x, target).predict(new)
        each.append(output)
        losses.append(dataset.validation_loss(output))
    models = linear_models(dataset, race.multiply_adds)
    assert models is not None
    loss = dataset.validation_loss(models.out_of_fold())
    assert loss == pytest.approx(min(losses), rel=0.01)
    np.testing.assert_allclose(models.out_of_fold(), each[int(np.argmin(losses))], atol=0.1)


@pytest.mark.parametrize("kind", ["of_numbers", "of_classes"])
def test_where_it_does_as_well_this_is_said(kind: str, request) -> None:
    linear = request.getfixturevalue(kind).model().summary.linear
    assert linear.standard_errors_better <= 1
    metrics = (
        ("R²", "root mean squared error") if kind == "of_numbers" else ("accuracy", "log loss")
    )
    assert linear.sentence.startswith("A linear model does ")
    assert all(metric in linear.sentence for metric in metrics)


def test_where_networks_are_better_its_score_is_told(of_numbers) -> None:
    of = columns()
    outcome = fitted(np.abs(of["x"]) * 5 + of["z"], "regression").outcome
    linear = outcome.linear
    assert linear.standard_errors_better > 3
    assert linear.sentence.startswith("A linear model reaches R² 0.")
    assert linear.scores[0].value < outcome.scoring.scores[0].value
    assert linear.scores[0].baseline == outcome.scoring.scores[0].baseline


def test_it_is_kept_with_the_model_and_told_wherever_scores_are(of_classes, tmp_path) -> None:
    from madaline import load

    model = of_classes.model()
    model.save(tmp_path / "m")
    summary = load(tmp_path / "m").model_.summary
    assert summary.linear == model.summary.linear
    assert summary.linear.sentence in summary.beside
    assert summary.linear.sentence in " ".join(str(load(tmp_path / "m").story(full=True)).split())


def test_it_changes_no_network(of_numbers, monkeypatch) -> None:
    import madaline._models.fitting.outcome as outcome

    monkeypatch.setattr(outcome, "linear_models", lambda *_: None)
    without = fitted(linear_numbers(), "regression")
    assert without.model().summary.linear is None
    table = Table.from_columns(columns())
    predictions = of_numbers.model().predict(table)
    np.testing.assert_array_equal(without.model().predict(table), predictions)


def test_a_wide_table_has_none(of_numbers) -> None:
    """With few rows for each feature, a linear model in one strength would be unfair to it."""
    dataset = raced(of_numbers).dataset
    few = changed(dataset, columns={dataset.inputs.plain: (0,) * 60})
    assert linear_models(few, 1e12) is None
