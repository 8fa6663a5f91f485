"""`madaline fit`: what it says, where, and what it writes."""

from __future__ import annotations

import io
import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.grids import some

from madaline import AdaptiveClassifier
from madaline._models.model import FittedModel
from madaline._tell.progress.progress import EventLines


def test_says_what_it_does_and_what_came_of_it(run, fruit, place) -> None:
    outcome = run("fit", fruit, "--target", "kind", "--drop", "price", "--effort", 10)
    assert outcome.code == 0, outcome.err
    assert outcome.err.splitlines()[:5] == [
        "Read fruit.csv: 60 rows, 5 columns.",
        "Columns: 1 number, 1 category, 1 Boolean; missing values in weight.",
        "Target: kind, 2 classes (pear 50%, plum 50%).",
        "Training 9 sets of hyperparameters (recipes) × 10 folds, up to 10 epochs each.",
        "Validation loss: log loss on rows that a network did not learn from.",
    ]
    assert "epoch   1: validation loss" in outcome.err
    assert "accuracy" in outcome.out
    assert "ROC AUC" in outcome.out
    assert "±" in outcome.out
    assert "fruit.madaline" in outcome.out
    assert "madaline predict fruit.madaline TABLE" in outcome.out
    assert [path.name for path in place.iterdir()] == ["fruit.madaline"]


def test_decisions_are_told_as_they_are_kept(run, fruit) -> None:
    outcome = run("fit", fruit, "--target", "kind", "--effort", 10, "--json", "-v")
    told = " ".join(outcome.err.split())
    decisions = json.loads(outcome.out)["decisions"]
    assert decisions
    for decision in decisions:
        line = f"epoch {decision['epoch']} "
        sentence = re.escape(decision["sentence"])
        assert re.search(rf"{line}[^:]{{1,40}}: {sentence}", told), sentence  # a recipe's letter


def test_the_answer_is_on_one_screen(run, fruit) -> None:
    outcome = run("fit", fruit, "--target", "kind", "--effort", 10)
    lines = (outcome.err + outcome.out).splitlines()
    assert len(lines) <= 30
    assert lines[-2] == "  madaline predict fruit.madaline TABLE  # predicts new rows"
    assert "  ! price alone explains" in outcome.out
    assert lines[-1] == "  madaline doctor fruit.madaline         # tells what to do about it"
    assert [line for line in lines if "█" in line]


def test_more_is_printed_where_more_is_asked_for(run, fruit) -> None:
    words = ("fit", fruit, "--target", "kind", "--drop", "price", "--effort", 6)
    usual, decisions, epochs = (run(*words, *more) for more in ((), ("-v",), ("-vv",)))
    history = FittedModel.load("fruit.madaline").records
    assert "1 category: color" not in usual.err
    assert "1 category: color" in decisions.err
    assert "Stopped" in decisions.err
    assert "The prediction is the weighted mean of" in decisions.out
    for record in history:
        line = rf"epoch +{record.epoch}  [A-Z]\S*: validation loss {record.loss:.4f}"
        assert re.search(line, epochs.err)
        assert not re.search(line, decisions.err)


def test_how_to_overrule_the_task_is_said(run, fruit) -> None:
    outcome = run("fit", fruit, "--target", "price", "--effort", 1)
    assert "Target: price, a number from 0." in outcome.err
    assert "Task: regression (add --task classification if that is wrong)." in outcome.err
    assert "--task classification" in outcome.err


@pytest.mark.parametrize("words", [["balanced"], ["pear=1", "plum=1"]])
def test_class_weights_are_scored_beside_the_rows_as_they_are(run, fruit, words) -> None:
    outcome = run("fit", fruit, "--target", "kind", "--effort", 2, "--class-weight", *words)
    assert "balanced accuracy" in outcome.out


@pytest.mark.parametrize(
    ("words", "score"),
    [
        (["absolute"], "mean absolute error"),
        (["quantile", "--quantile", 0.2], "mean pinball loss"),
        (["poisson"], "mean Poisson deviance"),
    ],
)
def test_the_chosen_loss_is_scored_here_and_on_other_rows(run, fruit, words, score) -> None:
    outcome = run("fit", fruit, "--target", "price", "--effort", 2, "--loss", *words)
    assert score in outcome.out
    assert score in run("predict", "fruit.madaline", fruit).err


def test_a_metric_chooses_and_a_number_of_folds(run, fruit) -> None:
    outcome = run(
        "fit", fruit, "--target", "kind", "--effort", 2, "--metric", "roc_auc", "--folds", 3
    )
    assert outcome.out.splitlines()[3].startswith("  ROC AUC")
    assert "× 3 folds" in outcome.err
    assert "Validation loss: how far ROC AUC is from perfect on rows" in outcome.err


def test_no_line_but_a_path_is_wider_than_the_page(run, fruit) -> None:
    outcome = run("fit", fruit, "--target", "kind", "--effort", 10)
    lines = (outcome.err + outcome.out).splitlines()
    assert [line for line in lines if len(line) > 80 and "fruit" not in line] == []


def test_json_is_one_object_and_nothing_else(run, fruit) -> None:
    outcome = run("fit", fruit, "--target", "price", "--effort", 3, "--json")
    result = json.loads(outcome.out, parse_constant=lambda name: pytest.fail(name))
    assert outcome.out.count("\n") == 1
    assert result["task"] == "regression"
    assert result["model"] == "fruit.madaline"
    assert result["bytes"] == Path("fruit.madaline").stat().st_size
    assert result["scores"][0]["metric"] == "r2"
    assert sum(one["weight"] for one in result["members"]) == pytest.approx(1)


def test_quiet_says_the_result_only(run, fruit) -> None:
    for option in ("-q", "--quiet"):
        outcome = run(
            "fit",
            fruit,
            "--target",
            "kind",
            "--effort",
            3,
            "--drop",
            "price",
            "--members",
            "networks",
            option,
        )
        assert outcome.err == ""
        score = r"accuracy (0\.\d+|1) ± [\d.]+ \(baseline 0?\.?\d+\)"
        assert re.fullmatch(rf"fruit\.madaline: {score}\n", outcome.out), outcome.out


def test_a_constant_is_as_good_as_noise(run) -> None:
    rows = [f"{(row * 37) % 101},{row % 2}" for row in range(60)]
    Path("noise.csv").write_text("\n".join(["number,coin", *rows]))
    outcome = run("fit", "noise.csv", "--target", "coin", "--effort", 3)
    assert outcome.code == 0, outcome.err
    assert "not clearly better than the baseline" in outcome.out


@pytest.mark.slow
def test_the_same_seed_gives_the_same_file_on_any_number_of_threads(run, fruit) -> None:
    for name, jobs, seed in (("one", 1, 4), ("two", 2, 4), ("other", 1, 5)):
        words = ("--effort", 3, "--seed", seed, "--jobs", jobs, "-o", f"{name}.madaline")
        assert run("fit", fruit, "--target", "kind", *words).code == 0
    one, two, other = (Path(f"{name}.madaline").read_bytes() for name in ("one", "two", "other"))
    assert one == two
    assert one != other


def test_columns_are_taken_as_told(run, fruit) -> None:
    words = ("--category", "weight", "--drop", "color", "price", "--task", "classification")
    outcome = run("fit", fruit, "--target", "kind", *words, "--effort", 2, "--json")
    columns = {column["name"]: column["kind"] for column in json.loads(outcome.out)["columns"]}
    assert columns == {"weight": "category", "organic": "boolean"}


def test_weight_and_groups_are_no_columns_to_learn_from(run) -> None:
    rows = [f"{row},{row % 7},{row // 4},{row % 3 + 1}" for row in range(80)]
    Path("days.csv").write_text("\n".join(["a,b,day,weight", *rows]))
    words = ("--target", "a", "--groups", "day", "--weight", "weight", "--effort", 2, "--json")
    outcome = run("fit", "days.csv", *words)
    assert outcome.code == 0, outcome.err
    assert [column["name"] for column in json.loads(outcome.out)["columns"]] == ["b"]


@pytest.mark.parametrize("ending", some(["csv.gz", "tsv", "parquet", "jsonl.xz"], 2))
def test_formats(run, fruit, ending) -> None:
    import gzip
    import lzma

    import polars

    frame, name = polars.read_csv(fruit), f"table.v2.{ending}"
    if name.endswith(".parquet"):
        frame.write_parquet(name)
    elif name.endswith(".jsonl.xz"):
        Path(name).write_bytes(lzma.compress(frame.write_ndjson().encode()))
    else:
        text = frame.write_csv(separator="\t" if name.endswith("tsv") else ",").encode()
        Path(name).write_bytes(gzip.compress(text) if name.endswith("gz") else text)
    outcome = run("fit", name, "--target", "kind", "--effort", 2)
    assert outcome.code == 0, outcome.err
    assert Path("table.v2.madaline").is_file()


def test_a_table_from_standard_input(run, fruit, monkeypatch, place) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(fruit.read_bytes())))
    assert run("fit", "-", "--target", "kind", "--effort", 2).code == 0
    assert [path.name for path in place.iterdir()] == ["model.madaline"]


def test_whole_numbers_stay_whole_as_labels(run) -> None:
    rows = [f"{row % 3 + row / 1000},{row % 3 + 1}" for row in range(60)]
    Path("stars.csv").write_text("\n".join(["x,stars", *rows]))
    assert run("fit", "stars.csv", "--target", "stars", "--effort", 5).code == 0
    outcome = run("predict", "stars.madaline", "stars.csv", "--proba")
    header, *lines = outcome.out.splitlines()
    assert header == "stars,probability_1,probability_2,probability_3"
    assert {line.split(",")[0] for line in lines} <= {"1", "2", "3"}


def test_a_stopped_fit_goes_on_and_ends_in_the_same_bits(run, fruit, place, monkeypatch) -> None:
    words = ("fit", fruit, "--target", "kind", "--effort", 8, "-o")
    assert run(*words, "whole.madaline").code == 0
    monkeypatch.setattr("madaline._race.checkpoint.CHECKPOINT_SECONDS", -1)
    monkeypatch.setattr("madaline._race.checkpoint.CHECKPOINT_SHARE", float("inf"))
    show = EventLines.show

    def stop(self, record, decision) -> None:
        if record.epoch == 4:
            raise KeyboardInterrupt
        show(self, record, decision)

    monkeypatch.setattr(EventLines, "show", stop)
    stopped = run(*words, "parts.madaline")
    assert stopped.code == 2
    assert "the same command goes on after epoch 3, from parts.madaline.checkpoint" in stopped.err
    monkeypatch.setattr(EventLines, "show", show)
    resumed = run(*words, "parts.madaline")
    assert "goes on after epoch 3" in resumed.err
    assert sorted(path.name for path in place.iterdir()) == ["parts.madaline", "whole.madaline"]
    assert Path("parts.madaline").read_bytes() == Path("whole.madaline").read_bytes()


def test_a_column_that_gives_the_target_away_is_named(run, fruit) -> None:
    outcome = run("fit", fruit, "--target", "kind", "--effort", 1)
    said = " ".join(outcome.out.split())
    assert "! price alone explains 100.0% of the target; without it the accuracy is about" in said
    outcome = run("fit", fruit, "--target", "kind", "--effort", 1, "-q")
    assert outcome.err.startswith("warning: price alone explains 100.0% of the target")
    outcome = run("fit", fruit, "--target", "kind", "--drop", "price", "--effort", 1)
    assert "! price" not in outcome.out


def test_any_kind_of_a_column_may_be_told(run, place) -> None:
    rows = [f"{row % 2},{2020 + row % 4},x{row % 3},{row % 5}" for row in range(60)]
    Path("told.csv").write_text("\n".join(["flag,year,code,answer", *rows]))
    words = ("fit", "told.csv", "--target", "answer", "--task", "regression", "--effort", "1")
    kinds = ("--kind", "flag=boolean", "year=category")
    result = json.loads(run(*words, *kinds, "--json", "--quiet").out)
    found = {column["name"]: column["kind"] for column in result["columns"]}
    assert found == {"flag": "boolean", "year": "category", "code": "category"}
    report = json.loads(run("report", "told.madaline", "--json").out)
    command = report["reproduce"]["command"]
    assert command.startswith("madaline fit told.csv --target answer")
    assert "--category year --kind flag=boolean" in command


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        ("flag", "--kind is 'flag': give COLUMN=KIND, where KIND is one of number, category"),
        ("flag=color", "--kind is 'flag=color': give COLUMN=KIND"),
        ("flagg=image", "--kind flagg=image names flagg, but the table has no such column"),
        ("flag=image", "Column 'flag' cannot be read as images: give an array"),
        ("flag=sequence", "Column 'flag' cannot be read as sequences: give"),
        ("code=sound", "Column code: There is no file x0"),
        ("code=image", "Column code: x0 cannot be read as an image (there is no such file)"),
        ("code=datetime", "Column 'code' must hold a date such as 2026-11-25 in every row"),
        ("answer=number", "--kind answer=number names answer, which is not one of the columns"),
    ],
)
def test_a_wrong_kind_is_one_sentence(run, place, told, sentence) -> None:
    rows = [f"{row % 2},x{row % 3},{row % 5}" for row in range(60)]
    Path("told.csv").write_text("\n".join(["flag,code,answer", *rows]))
    assert sentence in run("fit", "told.csv", "--target", "answer", "--kind", told).sentence


def test_costs_tune_the_threshold_and_the_confusion_matrix_uses_it(run) -> None:
    numbers = np.random.default_rng(0).normal(size=(300, 2)).round(2)
    chance = np.random.default_rng(1).normal(size=300)
    labels = np.where(numbers[:, 0] + 2 * chance > 1, "yes", "no")
    rows = [f"{a},{b},{label}" for (a, b), label in zip(numbers.tolist(), labels, strict=True)]
    Path("rare.csv").write_text("\n".join(["a,b,bought", *rows]))
    words = ("--target", "bought", "--effort", 3, "--costs", 1, 9)
    fitted = run("fit", "rare.csv", *words)
    assert "The second class is predicted above a probability of" in fitted.out
    found = run("predict", "rare.madaline", "rare.csv").out.splitlines().count("yes")
    facts = json.loads(run("predict", "rare.madaline", "rare.csv", "--json").out)
    matrix = np.array(facts["confusion"]["matrix"])
    assert matrix[:, 1].sum() == found > (labels == "yes").sum()


@pytest.mark.parametrize("costs", [(1,), (1, "much"), (-5, 1)])
def test_costs_that_are_none_are_refused(run, fruit, costs) -> None:
    outcome = run("fit", fruit, "--target", "organic", "--costs", *costs)
    assert outcome.code == 2
    assert "cost" in outcome.err


def test_findings_name_options_on_the_command_line_and_arguments_in_python(run) -> None:
    rng = np.random.default_rng(0)
    x, bought = rng.normal(size=(2, 300))
    y = np.where(x + bought > 1.8, "yes", "no")
    lines = [f"{a:.3f},{label}" for a, label in zip(x.tolist(), y.tolist(), strict=True)]
    Path("t.csv").write_text("\n".join(["x,y", *lines]))
    assert run("fit", "t.csv", "--target", "y", "--effort", 5).code == 0
    model = AdaptiveClassifier(effort=5, random_state=0).fit(x[:, None], y)
    model.save("python.madaline")
    python, option = 'class_weight="balanced"', "--class-weight balanced"
    assert python in str(model.diagnosis_)
    for name in ("t.madaline", "python.madaline"):
        told = " ".join(run("doctor", name).out.split())
        assert option in told
        assert python not in told
    for name, said in (("t.madaline", option), ("python.madaline", python)):
        card = " ".join(run("card", name).out.split())
        assert said in card.replace("\\", "")


def test_a_column_that_all_rests_on_is_told_even_where_little_is(run, place) -> None:
    rng = np.random.default_rng(0)
    y, x, z = rng.normal(size=(3, 300))
    rows = zip(y + 0.35 * rng.normal(size=300), x, z, y, strict=True)
    lines = ["score,x,z,y", *(",".join(f"{value:.4f}" for value in row) for row in rows)]
    Path("table.csv").write_text("\n".join(lines))
    told = " ".join(run("fit", "table.csv", "--target", "y", "--effort", 10, "-q").err.split())
    assert "warning: Predictions rest almost entirely on score (importance" in told
    outcome = run("doctor", "table.madaline")
    assert "Predictions rest almost entirely on score" in " ".join(outcome.out.split())
