"""Columns of probabilities as target on the command line."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

ROWS = 160


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a table of two columns of probabilities, one of truth, and a model."""
    from madaline._apps.cli import main

    place = tmp_path_factory.mktemp("probabilities")
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(size=(ROWS, 3)), columns=list("abc"))
    table["yes"] = 1 / (1 + np.exp(-2 * table.a))
    table["no"] = 1 - table.yes
    table["word"] = "x"
    table.to_csv(place / "t.csv", index=False)
    rest = ["--drop", "word", "--effort", "3", "--folds", "3", "-q"]
    options = ["--target", "no,yes", "--probabilities", *rest, "-o", str(place / "m.madaline")]
    assert main(["fit", str(place / "t.csv"), *options]) == 0
    table["class"] = np.where(table.a > 0, "yes", "no")
    table.to_csv(place / "truth.csv", index=False)
    return place


def test_the_class_is_predicted_and_scored_against_labels(run, folder):
    done = run("predict", folder / "m.madaline", folder / "truth.csv", "--proba", "-o", "out.csv")
    assert done.code == 0
    assert pd.read_csv("out.csv").columns.tolist() == ["class", "probability_no", "probability_yes"]
    assert "accuracy" in done.err


def test_what_was_learned_is_told(run, folder):
    info = run("info", folder / "m.madaline").out
    story = run("story", folder / "m.madaline", "--full").out
    for text in (info, story):
        assert "learned the probabilities of 2 classes" in " ".join(text.split())
    done = run("fit", folder / "t.csv", "--target", "no,yes", "--probabilities", "--effort", "1")
    assert "the probabilities of 2 classes (no 5" in done.err


def test_the_report_has_the_command(run, folder):
    assert run("report", folder / "m.madaline", "-o", "r.html").code == 0
    with open("r.html", encoding="utf-8") as file:
        assert "--target no,yes --probabilities" in file.read()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--target", "yes"], "--probabilities needs a column for each class"),
        (["--target", "yes,a"], "fractions in several columns are read as the probabilities"),
        (["--target", "yes,word"], "the column word holds text"),
        (["--target", "no,yes", "--task", "regression"], "--task is regression"),
        (["--target", "no,yes", "--class-weight", "x=2"], "class_weight names the class 'x'"),
    ],
)
def test_what_are_no_probabilities_is_refused(run, folder, options, words):
    done = run("fit", folder / "t.csv", *options, "--probabilities")
    assert done.code == 2
    assert words in " ".join(done.err.split())


def test_the_facts_name_the_setting(run, folder):
    facts = json.loads(run("info", folder / "m.madaline", "--json").out)
    assert facts["of_probabilities"] is True
