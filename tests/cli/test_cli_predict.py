"""`madaline predict`: predictions in the order of the rows, and what is said about them."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, confusion_matrix, log_loss, roc_auc_score

from madaline._apps.cli.known_truth import confusion_lines
from madaline._race.evaluation.quality.classification import ClassificationQuality
from madaline._race.evaluation.scores import score_predictions
from madaline.nn.losses import Squared

HEADER = "weight,color,organic\n"


def test_prints_one_column_named_like_the_target(run, model) -> None:
    Path("new.csv").write_text(HEADER + "101,red,true\n161,green,false\n,yellow,true\n")
    outcome = run("predict", model, "new.csv")
    assert outcome.code == 0, outcome.err
    assert outcome.err == ""
    lines = outcome.out.splitlines()
    assert lines[:3] == ["kind", "plum", "pear"]
    assert lines[3] in {"plum", "pear"}


def test_scores_of_numbers_at_the_edge_of_what_a_file_can_hold() -> None:
    truth = 1.7e308 * np.linspace(-1, 1, 50)
    r2, rmse = score_predictions(truth / 2, truth, loss=Squared(), name="huge")
    assert r2.value == pytest.approx(0.75)
    assert rmse.value == pytest.approx(truth.max() / 2 * np.sqrt(51 / 49 / 3))
    nothing = np.zeros(9)
    assert score_predictions(nothing, nothing, loss=Squared(), name="zero")[1].value == 0


def test_probabilities_add_up_and_agree_with_the_labels(run, model, fruit) -> None:
    rows = list(csv.DictReader(io.StringIO(run("predict", model, fruit, "--proba").out)))
    assert list(rows[0]) == ["kind", "probability_pear", "probability_plum"]
    for row in rows:
        pear, plum = float(row["probability_pear"]), float(row["probability_plum"])
        assert pear + plum == pytest.approx(1)
        assert row["kind"] == ("pear" if pear > plum else "plum")


def test_a_number_is_predicted_to_the_last_bit(run, price_model, fruit) -> None:
    import madaline
    from madaline._tables.io.table_files import read_file

    lines = run("predict", price_model, fruit).out.splitlines()
    expected = madaline.load(price_model).predict(read_file(fruit).table)
    assert lines[0] == "price"
    np.testing.assert_array_equal(np.array(lines[1:], float), expected)


def test_order_of_columns_and_extra_columns_do_not_matter(run, model) -> None:
    Path("new.csv").write_text(HEADER + "101,red,true\n161,green,false\n")
    Path("other.csv").write_text("note,organic,color,weight\nx,true,red,101\n7,false,green,161\n")
    assert run("predict", model, "new.csv").out == run("predict", model, "other.csv").out


def test_new_categories_are_counted(run, model) -> None:
    Path("new.csv").write_text(HEADER + "101,blue,true\n161,black,false\n100,red,true\n")
    outcome = run("predict", model, "new.csv")
    assert outcome.code == 0
    assert outcome.err == "warning: categories that the model does not know: color in 2 rows.\n"
    assert outcome.out.count("\n") == 4


def test_scores_where_the_truth_is_known(run, model, price_model, fruit) -> None:
    outcome = run("predict", model, fruit, "--proba")
    rows = list(csv.DictReader(io.StringIO(outcome.out)))
    truth = [row["kind"] for row in csv.DictReader(io.StringIO(fruit.read_text()))]
    predicted = [row["kind"] for row in rows]
    plum = [float(row["probability_plum"]) for row in rows]
    scores = json.loads(run("predict", model, fruit, "--json").out)["scores"]
    assert {score["metric"]: score["value"] for score in scores} == {
        "accuracy": accuracy_score(truth, predicted),
        "roc_auc": pytest.approx(roc_auc_score(np.array(truth) == "plum", plum)),
        "log_loss": pytest.approx(log_loss(truth, np.stack([1 - np.array(plum), plum], axis=1))),
    }
    for name in ("accuracy", "ROC AUC", "log loss"):
        assert f"\n  {name} (" in outcome.err
    (pears, no_plums), (no_pears, plums) = confusion_matrix(truth, predicted).tolist()
    words = [line.split() for line in outcome.err.splitlines()]
    assert ["pear", str(pears), str(no_plums), f"{pears / 30:.1%}"] in words
    assert ["plum", str(no_pears), str(plums), f"{plums / 30:.1%}"] in words
    assert "accuracy" not in outcome.out
    assert "warning: the model was trained on most of these rows" in outcome.err
    other = "\n".join([HEADER.strip() + ",kind", "101.3,red,true,plum", "163.4,green,true,pear"])
    Path("other.csv").write_text(other)
    outcome = run("predict", model, "other.csv")
    assert "Scores of kind, 2 rows:" in outcome.err
    assert "warning" not in outcome.err
    assert "root mean squared error" in run("predict", price_model, fruit).err


def test_copies_of_training_rows_are_not_scored(run, model, fruit) -> None:
    lines = fruit.read_text().splitlines()
    kinds = {"pear": "plum", "plum": "pear"}
    swapped = [line.rpartition(",") for line in lines[1:]]  # rows as in training, another target
    new = [f"{row},{kinds[kind]}" for row, _, kind in swapped]
    Path("mixed.csv").write_text("\n".join([*lines, *new]))
    outcome = run("predict", model, "mixed.csv", "--json")
    facts = json.loads(outcome.out)
    assert facts["n_left_out"] == len(lines) - 1
    assert f"Scores of kind, {len(new)} rows:" in outcome.err
    assert f"{len(new)} more rows are copies of training rows" in outcome.err
    Path("new.csv").write_text("\n".join([lines[0], *new]))
    outcome = run("predict", model, "new.csv", "--json")
    values, others = (  # of rows alone and in a table: equal to 1e-5
        [score["value"] for score in scores]
        for scores in (json.loads(outcome.out)["scores"], facts["scores"])
    )
    assert values == pytest.approx(others, rel=1e-5)
    assert "training" not in outcome.err


def test_rows_of_unknown_classes_count_as_errors(run, model) -> None:
    Path("new.csv").write_text("weight,color,organic,kind\n101,red,true,plum\n101,red,true,fig\n")
    outcome = run("predict", model, "new.csv", "--json")
    result = json.loads(outcome.out)
    assert [one["metric"] for one in result["scores"]] == ["accuracy", "log_loss"]
    assert result["scores"][0]["value"] == 0.5
    assert result["confusion"]["matrix"] == [[0, 0], [0, 1]]
    assert "1 row has a class that the model was not trained on" in outcome.err


def test_of_many_classes_the_most_frequent_confusions_are_listed() -> None:
    labels = [f"class {number}" for number in range(12)]
    probabilities = np.eye(12)[[0, 1, 1, 1, *range(4, 12)]]
    quality = ClassificationQuality.of(labels, probabilities, np.arange(12))
    assert list(confusion_lines(quality)) == [
        "Most frequent confusions of 12 classes (--json: all):",
        "  class 2 predicted as class 1: 1 (100%)",
        "  class 3 predicted as class 1: 1 (100%)",
    ]


def test_columns_that_identify_rows_come_first(run, model, fruit) -> None:
    lines = fruit.read_text().splitlines()
    numbered = [f"{n:03}," + line for n, line in enumerate(lines[1:])]
    Path("new.csv").write_text("\n".join(["number," + lines[0], *numbered]))
    rows = list(csv.DictReader(io.StringIO(run("predict", model, "new.csv", "--id", "number").out)))
    assert list(rows[0]) == ["number", "kind"]
    assert [row["number"] for row in rows] == [f"{n:03}" for n in range(60)]
    outcome = run("predict", model, "new.csv", "--id", "number", "color", "-o", "out.parquet")
    assert outcome.code == 0, outcome.err
    import polars

    frame = polars.read_parquet("out.parquet")
    assert frame.columns == ["number", "color", "kind"]
    assert frame["color"].to_list() == [line.split(",")[1] for line in lines[1:]]


def test_large_whole_numbers_stay_the_same(run, model) -> None:
    import polars

    number = 2**60 + 1
    frame = {"n": [number], "weight": [101.0], "color": ["red"], "organic": [True]}
    polars.DataFrame(frame).write_parquet("new.parquet")
    assert (
        run("predict", model, "new.parquet", "--id", "n")
        .out.splitlines()[1]
        .startswith(f"{number},")
    )


def test_columns_that_cannot_identify_rows_are_named(run, model, fruit) -> None:
    assert (
        "The table has no column colour, which was to identify the rows: check the name."
        in run("predict", model, fruit, "--id", "colour").sentence
    )
    assert (
        "--id names kind, which is predicted"
        in run("predict", model, fruit, "--id", "kind").sentence
    )


def test_standard_input_and_output(run, model, fruit, monkeypatch, place) -> None:
    expected = run("predict", model, fruit).out
    for words in ((), ("-o", "-")):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(fruit.read_bytes())))
        assert run("predict", model, "-", *words).out == expected
    assert list(place.iterdir()) == []


@pytest.mark.parametrize("suffix", ["csv", "tsv", "csv.gz", "parquet", "jsonl", "csv.xz"])
def test_writes_a_file_by_its_ending(run, model, fruit, suffix) -> None:
    from madaline._tables.io.table_files import read_file

    path = Path(f"out.{suffix}")
    outcome = run("predict", model, fruit, "--proba", "-o", path)
    assert outcome.code == 0, outcome.err
    assert outcome.out == ""
    assert "60 predictions" in outcome.err
    printed = list(csv.DictReader(io.StringIO(run("predict", model, fruit, "--proba").out)))
    written = read_file(path).table
    assert list(written["kind"]) == [row["kind"] for row in printed]
    probabilities = [float(row["probability_pear"]) for row in printed]
    assert written["probability_pear"].tolist() == probabilities


def test_json(run, model, fruit) -> None:
    result = json.loads(run("predict", model, fruit, "--json", "--proba").out)
    assert result["target"] == "kind"
    assert result["n_samples"] == 60
    assert result["scores"][0]["metric"] == "accuracy"
    assert set(result["columns"]) == {"kind", "probability_pear", "probability_plum"}
    outcome = run("predict", model, fruit, "--json", "-o", "out.csv")
    assert json.loads(outcome.out)["output"] == "out.csv"


def test_needed_column_that_is_missing_is_named(run, model) -> None:
    Path("new.csv").write_text("weight,organic\n101,true\n")
    assert "color" in run("predict", model, "new.csv").sentence


def test_text_where_numbers_were_learned_is_named(run, model) -> None:
    Path("new.csv").write_text(HEADER + "heavy,red,true\nlight,red,true\n")
    sentence = run("predict", model, "new.csv").sentence
    assert "weight" in sentence
    assert "heavy" in sentence


def test_a_number_has_no_probabilities(run, price_model, fruit) -> None:
    assert "--proba" in run("predict", price_model, fruit, "--proba").sentence


def test_output_in_a_missing_folder(run, model, fruit) -> None:
    assert "no folder" in run("predict", model, fruit, "-o", "nowhere/out.csv").sentence


@pytest.mark.parametrize("damage", ["cut", "flipped", "foreign", "newer", "missing", "folder"])
def test_models_that_cannot_be_read(run, model, fruit, damage) -> None:
    path, content = Path("bad.madaline"), model.read_bytes()
    if damage == "folder":
        path.mkdir()
    elif damage == "cut":
        path.write_bytes(content[: len(content) // 2])
    elif damage == "flipped":
        path.write_bytes(content[:-9] + bytes([content[-9] ^ 1]) + content[-8:])
    elif damage == "foreign":
        path.write_bytes(fruit.read_bytes())
    elif damage == "newer":
        assert content.count(b'"version":"1"') == 1
        path.write_bytes(content.replace(b'"version":"1"', b'"version":"9"'))
    for words in (("predict", path, fruit), ("info", path)):
        sentence = run(*words).sentence
        assert "bad.madaline" in sentence
        assert {"newer": "upgrade"}.get(damage, "") in sentence


def test_neither_scikit_learn_nor_pandas_is_imported(model, fruit, environment) -> None:
    code = (
        "import sys\nfrom madaline._apps.cli import main\n"
        f"assert main(['predict', {str(model)!r}, {str(fruit)!r}]) == 0\n"
        f"assert main(['info', {str(model)!r}]) == 0\n"
        "assert not {'sklearn', 'pandas', 'scipy', 'rich'} & set(sys.modules)\n"
    )
    command = [sys.executable, "-c", code]
    subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)


def test_coverage_adds_bounds_that_hold_most_prices(run, price_model, fruit) -> None:
    rows = list(
        csv.DictReader(io.StringIO(run("predict", price_model, fruit, "--coverage", "0.8").out))
    )
    assert list(rows[0]) == ["price", "price_low", "price_high"]
    truth = [float(row["price"]) for row in csv.DictReader(io.StringIO(fruit.read_text()))]
    held = [
        float(row["price_low"]) <= price <= float(row["price_high"])
        for row, price in zip(rows, truth, strict=True)
    ]
    assert np.mean(held) > 0.7


def test_coverage_adds_the_classes_that_cannot_be_ruled_out(run, model, fruit) -> None:
    outcome = run("predict", model, fruit, "--coverage", "0.999")
    rows = list(csv.DictReader(io.StringIO(outcome.out)))
    assert list(rows[0]) == ["kind", "kind_set"]
    assert {row["kind_set"] for row in rows} <= {"pear", "plum", "pear | plum"}
    assert all(row["kind"] in row["kind_set"].split(" | ") for row in rows)
    assert any(row["kind_set"] == "pear | plum" for row in rows)


@pytest.mark.parametrize("coverage", ["90", "0", "high", "nan"])
def test_a_coverage_is_a_share(run, model, fruit, coverage) -> None:
    sentence = run("predict", model, fruit, "--coverage", coverage).sentence
    assert f"'{coverage}' is no share between 0 and 1" in sentence


def test_a_coverage_that_few_rows_cannot_promise(run, price_model, fruit) -> None:
    sentence = run("predict", price_model, fruit, "--coverage", "0.99").sentence
    assert "too high for 60 out-of-fold predictions: give 0.967 or less" in sentence
