"""A report says what the model and the other commands say."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from madaline._models.model import FittedModel
from madaline._race.evaluation.objective import Objective
from madaline._race.evaluation.scores import score_predictions
from madaline._tables.table import Table
from madaline._tell.explain import explain
from madaline._tell.explain.effects import effects
from madaline._tell.report.data import Report
from madaline.errors import InputError
from madaline.nn.losses import BinaryCrossEntropy

TASKS = ("binary", "multiclass", "regression")


def report_data(*given, **names) -> dict[str, Any]:
    return Report.of(*given, **names).to_json()


@pytest.mark.parametrize("task", TASKS)
def test_without_rows_it_has_what_the_file_holds(models, task: str) -> None:
    model = models[task]
    data = json.loads(json.dumps(report_data(model)))
    assert data["rows"] is None
    assert data["summary"]["scores"] == [score.to_json() for score in model.summary.scores]
    assert data["story"] == json.loads(json.dumps(model.story().to_json()))
    assert data["history"]["loss"] == [record.loss for record in model.records]
    assert data["quality"] == json.loads(json.dumps(model.quality.to_json()))
    assert len(data["columns"]) == 7
    assert data["findings"] == json.loads(json.dumps(model.diagnosis.facts()))


@pytest.mark.parametrize("weight", ["balanced", {"no": 1.0, "yes": 3.0}])
def test_scores_after_weights_of_classes_stand_beside_a_constant_with_them(weight) -> None:
    truth = np.array(["yes", "no", "no", "no"], object)
    output = np.array([[1.0], [-1.0], [0.5], [-2.0]])
    predicted, classes = np.where(output[:, 0] > 0, "yes", "no"), np.array(["no", "yes"])
    facts = {"loss": BinaryCrossEntropy(), "name": "y", "classes": classes, "output": output}
    plain = {one.metric: one for one in score_predictions(predicted, truth, **facts)}
    scores = score_predictions(predicted, truth, class_weight=weight, **facts)
    weighted = {one.metric: one for one in scores}
    assert weighted["balanced_accuracy"].value == pytest.approx((1 + 2 / 3) / 2)
    assert weighted["log_loss"].value == plain["log_loss"].value
    assert plain["log_loss"].baseline < 0.6
    assert weighted["log_loss"].baseline == pytest.approx(np.log(2), abs=1e-3)


@pytest.mark.parametrize("task", TASKS)
def test_with_rows_it_says_what_the_other_commands_say(models, rows, task: str) -> None:
    model, (table, target) = models[task], rows[task]
    found = report_data(model, table, target, rows="new rows")["rows"]
    scores = score_predictions(
        model.predict(table),
        target,
        loss=model.predictor.loss,
        name="target",
        classes=getattr(model.predictor.target_encoder, "classes", None),
        output=model.predictor.output(table),
    )
    assert not found["trained_on"]
    assert found["scores"] == [score.to_json() for score in scores]
    for one in found["effects"]:
        assert one["sentence"] == effects(model, table, one["column"]).sentence
    for one in found["explanations"]:
        alone = explain(model, table.take(np.array([one["row"]])), background=table)
        assert one["output"] == pytest.approx(alone.output[0], rel=1e-5, abs=1e-5)
        assert one["base"] == pytest.approx(alone.base[0], rel=1e-5, abs=1e-5)
        told = sum(column["attribution"] for column in one["columns"]) + one["others"]
        assert one["base"] + told + one["remaining"] == pytest.approx(
            one["output"], rel=1e-5, abs=1e-5
        )
    assert found["findings"] == model.diagnose(table).facts()


@pytest.mark.parametrize("task", TASKS)
def test_rows_trained_on_are_not_scored(models, make_columns, task: str) -> None:
    columns, target = make_columns(task)
    old = Table.from_columns(columns)
    for rows in (slice(None), slice(5, 60)):
        found = report_data(models[task], old.take(rows), np.asarray(target)[rows])["rows"]
        assert found["trained_on"]
        assert (found["scores"], found["quality"]) == ([], None)
        assert found["explanations"]


def test_samples_are_the_most_and_the_least_confident_and_a_mistake(models, rows) -> None:
    model, (table, target) = models["binary"], rows["binary"]
    sureness = model.predict_proba(table).max(axis=1)
    wrong = np.flatnonzero(model.predict(table) != target)
    found = {
        one["why"]: one["row"] for one in report_data(model, table, target)["rows"]["explanations"]
    }
    assert found["The most confident prediction"] == np.argsort(sureness, kind="stable")[-1]
    assert found["The least confident prediction"] == sureness.argmin()
    assert found["The most confident mistake"] == wrong[sureness[wrong].argmax()]
    assert len(report_data(model, table)["rows"]["explanations"]) == 3  # nobody knows the truth


def test_of_numbers_the_largest_error_is_told(models, rows) -> None:
    model, (table, target) = models["regression"], rows["regression"]
    target = target.copy()
    target[7] += 5000
    target[9] = np.nan
    found = report_data(model, table, target)["rows"]["explanations"][-1]
    assert (found["why"], found["row"]) == ("The largest error", 7)
    assert found["truth"] == target[7]


def test_one_row_has_no_effect_and_one_explanation(models, rows) -> None:
    table, target = rows["binary"]
    found = report_data(models["binary"], table.take(slice(1)), target[:1])["rows"]
    assert (found["effects"], found["interactions"]) == ([], [])
    assert {one["row"] for one in found["explanations"]} == {0}


def test_what_a_table_lacks_is_said(models, rows) -> None:
    table, target = rows["binary"]
    with pytest.raises(InputError, match="width"):
        report_data(models["binary"], table.drop(["width"]))
    with pytest.raises(InputError, match="no rows"):
        report_data(models["binary"], table.take(slice(0)))
    with pytest.raises(InputError, match="one value for each row"):
        report_data(models["binary"], table, target[:5])
    with pytest.raises(InputError, match="target"):
        report_data(models["regression"], table, np.array(["a"] * table.n_samples, object))


def test_dictionaries_and_frames_are_rows_too(models, make_columns) -> None:
    import pandas as pd

    columns, _ = make_columns("binary")
    for table in (columns, pd.DataFrame(columns), Table.from_columns(columns)):
        assert report_data(models["binary"], table)["rows"]["n_rows"] == 160


def test_how_to_reproduce_is_what_was_asked_for(models) -> None:
    model = models["binary"]

    def again(**asked):
        goal = {
            name: asked.pop(name) for name in ("metric", "class_weight", "costs") if name in asked
        }
        given = asked.pop("given", ())
        request = replace(model.summary.request, **asked, objective=Objective(**goal))
        summary = replace(model.summary, request=request, given=given)
        return report_data(replace(model, summary=summary))["reproduce"]

    assert again()["command"] == (
        "madaline fit TABLE --target target --task classification --effort 12"
    )
    assert "AdaptiveClassifier(effort=12, random_state=0)" in again()["python"]
    asked = {
        "effort": 100,
        "seed": 7,
        "kinds": {"a zip": "category", "b": "dropped"},
        "metric": "roc_auc",
        "class_weight": {"yes": 2.0, "no": 1.0},
        "folds": 4,
    }
    assert again(**asked)["command"] == (
        "madaline fit TABLE --target target --task classification --category 'a zip' --drop b"
        " --metric roc_auc --folds 4 --seed 7 --class-weight yes=2 no=1"
    )
    assert "class_weight={'yes': 2.0, 'no': 1.0}" in again(**asked)["python"]
    assert again(preset="quick")["command"].endswith(" --preset quick --effort 12")
    assert again(metric=lambda truth, prediction: 1.0)["command"] is None
    assert again(costs=[[0.0, 1.0], [2.5, 0.0]])["command"].endswith(" --effort 12 --costs 1 2.5")
    assert again(costs=[[-1.0, 1.0], [2.5, 0.0]])["command"] is None
    assert "--kind day=datetime --effort" in again(kinds={"day": "datetime"})["command"]
    assert again(source="my pictures/")["command"].startswith(
        "madaline fit 'my pictures/' --task classification"
    )
    given = again(given=("sample_weight", "groups"))
    assert "model.fit(X, y, sample_weight=sample_weight, groups=groups)" in given["python"]
    assert "give it sample weight and groups again" in given["remarks"][-1]
    assert given["command"] is None
    named = again(given=("groups",), file_options=["--groups", "day", "--drop=-x"])
    assert named["command"].endswith("--groups day --drop=-x --effort 12")
    assert len(named["remarks"]) == 1


def test_the_command_makes_the_same_bits(models, make_columns, tmp_path, monkeypatch) -> None:
    import shlex

    import pandas as pd

    from madaline._apps.cli import main

    model = models["multiclass"]
    columns, target = make_columns("multiclass")
    pd.DataFrame(columns | {"target": target}).to_parquet(tmp_path / "table.parquet")
    monkeypatch.chdir(tmp_path)
    command = report_data(model)["reproduce"]["command"].replace("TABLE", "table.parquet")
    assert main([*shlex.split(command)[1:], "-o", "again", "--quiet"]) == 0
    again = type(model).load(tmp_path / "again")
    table = Table.from_columns(columns)
    assert np.array_equal(again.predict_proba(table), model.predict_proba(table))


def test_the_command_names_what_the_columns_of_the_file_were_for(tmp_path, monkeypatch) -> None:
    """What is fitted from the printed command predicts the same bits, every option told."""
    import shlex

    import pandas as pd

    from madaline._apps.cli import main

    rng = np.random.default_rng(0)
    size = rng.normal(size=240)
    columns = {
        "size": size,
        "zip code": rng.integers(10, 14, 240),
        "-noted late": 2 * size,
        "id": np.arange(240),
        "counts": np.where(rng.random(240) < 0.1, 0.0, rng.uniform(0.5, 2, 240)),
        "day": np.arange(240) // 6,
        "grade": np.digitize(size + 0.3 * rng.normal(size=240), [-0.5, 0.5]),
    }
    pd.DataFrame(columns).to_csv(tmp_path / "table.csv", index=False)
    monkeypatch.chdir(tmp_path)
    typed = (
        "fit table.csv --target grade --category grade 'zip code' --drop=id '--drop=-noted late'"
        " --weight counts --groups day --folds 3 --effort 4 --seed 5 --class-weight 0=1.5 -o first"
    )
    assert main([*shlex.split(typed), "--quiet"]) == 0
    first = FittedModel.load(tmp_path / "first")
    again = report_data(first)["reproduce"]
    assert len(again["remarks"]) == 1
    command = shlex.split(again["command"])
    assert main([*command[1:], "-o", "again", "--quiet"]) == 0
    assert (tmp_path / "again").read_bytes() == (tmp_path / "first").read_bytes()
    table = Table.from_columns({"size": size, "zip code": columns["zip code"].astype(str)})
    predicted = FittedModel.load(tmp_path / "again").predict_proba(table)
    assert np.array_equal(predicted, first.predict_proba(table))
