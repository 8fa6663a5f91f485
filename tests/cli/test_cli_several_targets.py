"""Several targets, labels and quantiles on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

ROWS = 160


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a table, and with a model of two numbers, of two labels, and of quantiles."""
    from madaline._apps.cli import main

    place = tmp_path_factory.mktemp("several")
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(size=(ROWS, 3)), columns=list("abc"))
    table["width"] = table.a + table.b
    table["weight"] = 500 + 90 * (table.a - table.c)
    table["sunny"] = np.where(table.a + rng.normal(size=ROWS) > 0, "yes", "no")
    table["windy"] = np.where(table.b + rng.normal(size=ROWS) > 0, "yes", "no")
    table.to_csv(place / "t.csv", index=False)
    numbers, labels = ["width", "weight"], ["sunny", "windy"]
    given = {
        "numbers": ["--target", "width,weight", "--drop", *labels],
        "labels": ["--target", "sunny", "--target", "windy", "--drop", *numbers],
        "quantiles": ["--target", "weight", "--loss", "quantile", "--quantile", "0.1,0.5,0.9"],
    }
    for name, options in given.items():
        path = str(place / f"{name}.madaline")
        rest = ["--effort", "3", "--folds", "3", "-q", "-o", path]
        assert main(["fit", str(place / "t.csv"), *options, *rest]) == 0
    return place


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("numbers", ["width", "weight", "width_low", "width_high", "weight_low", "weight_high"]),
        ("labels", ["sunny", "windy", "sunny_set", "windy_set"]),
        ("quantiles", ["weight_0.1", "weight_0.5", "weight_0.9", "weight_low", "weight_high"]),
    ],
)
def test_each_output_is_a_column(run, folder, name, columns):
    path = folder / f"{name}.madaline"
    done = run("predict", path, folder / "t.csv", "--coverage", "0.8", "-o", "out.csv")
    assert done.code == 0
    assert pd.read_csv("out.csv").columns.tolist() == columns
    outputs = json.loads(run("predict", path, folder / "t.csv", "--json").out)["outputs"]
    assert [one["target"] for one in outputs] == {
        "numbers": ["width", "weight"],
        "labels": ["sunny", "windy"],
        "quantiles": [f"weight (quantile {level})" for level in (0.1, 0.5, 0.9)],
    }[name]
    assert done.err.count("Scores of ") == len(outputs)
    assert done.err.count("warning: the model was trained on most of these rows") == 1


def test_labels_have_probabilities(run, folder):
    run("predict", folder / "labels.madaline", folder / "t.csv", "--proba", "-o", "out.csv")
    found = pd.read_csv("out.csv")
    assert ((found.probability_windy > 0.5) == (found.windy == "yes")).all()


def test_info_and_story_show_each_target(run, folder):
    page = run("info", folder / "numbers.madaline").out
    assert "Predicts width, weight (2 numbers, predicted together)" in page
    assert "each by itself" in page
    page = run("info", folder / "quantiles.madaline").out
    assert "Predicts weight (3 quantiles of a number: 0.1, 0.5, 0.9)" in page
    assert "the R² of each: width" in run(
        "story", folder / "numbers.madaline", "--full"
    ).out.replace("\n", " ")


def test_one_output_is_explained(run, folder):
    page = run(
        "explain", folder / "numbers.madaline", folder / "t.csv", "--rows", "1", "--target", "width"
    ).out
    assert "Row 0: width" in page
    page = run("effects", folder / "quantiles.madaline", folder / "t.csv", "--target", "0.9").out
    assert "weight (quantile 0.9)" in page
    page = run("counterfactual", folder / "labels.madaline", folder / "t.csv", "--target", "sunny")
    assert "Row 0 is predicted" in page.out
    words = ("explain", folder / "labels.madaline", folder / "t.csv")
    assert "predicts sunny and windy: name one of them with --target." in run(*words).sentence
    assert "does not predict: did you mean sunny?" in run(*words, "--target", "suny").sentence


def test_a_report_and_a_card_are_of_all(run, folder):
    assert run("report", folder / "labels.madaline", folder / "t.csv", "-o", "r.html").code == 0
    page = Path("r.html").read_text("utf-8")
    assert "<summary>sunny</summary>" in page
    assert "<summary>windy</summary>" in page
    data = json.loads(run("report", folder / "numbers.madaline", folder / "t.csv", "--json").out)
    assert [one["target"] for one in data["outputs"]] == ["width", "weight"]
    assert "--target width,weight" in data["reproduce"]["command"]
    data = json.loads(run("report", folder / "quantiles.madaline", "--json").out)
    assert "--quantile 0.1,0.5,0.9" in data["reproduce"]["command"]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--target", "width,sunny"], "must be of one task, but width suggests regression and"),
        (["--target", "width,hight"], "--target names width,hight, but the table has no such"),
        (["--target", "width", "--drop", "width"], "Column width is named by --target and by"),
        (["--target", "sunny,windy", "--threshold", "0.4"], "threshold is given, but there are 2"),
        (["--target", "width", "--quantile", "x"], "'x' is no number between 0 and 1"),
    ],
)
def test_what_does_not_go_together_is_refused(run, folder, options, sentence):
    assert sentence in run("fit", folder / "t.csv", *options, "-o", "m.madaline").sentence


def test_a_column_with_a_comma_is_one_target(run):
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"x": rng.normal(size=60)})
    pd.DataFrame({"a,b": table.x * 2, "x": table.x}).to_csv("t.csv", index=False)
    assert run("fit", "t.csv", "--target", "a,b", "--effort", "1", "-q").code == 0


def test_rows_that_lack_one_of_the_targets_are_left_out(run, folder):
    table = pd.read_csv(folder / "t.csv")
    table.loc[4, "weight"] = np.nan
    table.to_csv("holed.csv", index=False)
    done = run("fit", "holed.csv", "--target", "width,weight", "--effort", "1")
    assert "width or weight has no value in 1 of 160 rows, which is left out." in done.err
