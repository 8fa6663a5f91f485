"""`madaline explain`: what is printed and written, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import madaline
from madaline._tables.io.table_files import read_file
from madaline._tell.explain import explain


def test_says_for_five_rows_what_each_column_adds(run, model, fruit) -> None:
    outcome = run("explain", model, fruit)
    assert outcome.code == 0, outcome.err
    heading = " ".join(outcome.out.partition("\n\n")[0].split())
    assert heading.startswith(
        "The base value is the log-odds of the same class for an average training row (each number"
    )
    assert heading.endswith("times the difference (expected gradients).")
    assert outcome.out.count("  (sum ") == 5
    assert "Row 0: kind is plum, log-odds" in outcome.out
    assert "weight = " in outcome.out
    assert max(map(len, outcome.out.splitlines())) <= 80


def test_the_unit_of_an_explanation_is_translated(run, model, fruit) -> None:
    told = run("explain", model, fruit, "--lang", "zh").out
    assert "第 0 行：kind 为 plum，对数几率 " in told
    assert "log-odds" not in told
    assert " （概率" not in told


def test_rows_background_class_and_method_are_chosen(run, model, fruit) -> None:
    words = ["--rows", "2", "--background", fruit, "--class", "pear", "--method", "shapley"]
    outcome = run("explain", model, fruit, "--probability", *words)
    assert outcome.code == 0, outcome.err
    heading = " ".join(outcome.out.partition("\n\n")[0].split())
    assert "the probability of the same class for 60 given rows. Each column" in heading
    assert heading.endswith("(Shapley values).")
    assert outcome.out.count("kind is pear, probability 0.") == 2


def test_all_rows_are_written_to_a_file(run, price_model, fruit) -> None:
    outcome = run("explain", price_model, fruit, "-o", "why.csv", "--json")
    assert outcome.code == 0, outcome.err
    assert json.loads(outcome.out)["output"] == "why.csv"
    assert "Wrote the explanation of 60 rows to why.csv." in outcome.err
    written = read_file("why.csv").table
    expected = explain(madaline.load(price_model).model_, read_file(fruit).table).to_columns()
    assert list(written.names) == list(expected)
    np.testing.assert_allclose(written["attribution_weight"], expected["attribution_weight"])


def test_json(run, model, fruit) -> None:
    facts = json.loads(run("explain", model, fruit, "--json", "--rows", "3").out)
    assert facts["scale"] == "log_odds"
    assert facts["n_samples"] == 3
    columns = facts["columns"]
    parts = [columns[name] for name in columns if name.startswith("attribution_")]
    total = np.sum([columns["base"], *parts, columns["remaining"]], axis=0)
    np.testing.assert_allclose(total, columns["output"])


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--class", "apple"], "There is no class 'apple': choose one of pear, plum"),
        (["--method", "lime"], "method is 'lime'"),
        (["--rows", "0"], "--rows is 0"),
        (["--nodes", "1"], "give nodes=2"),
        (["-o", "nowhere/why.csv"], "no folder"),
    ],
)
def test_what_cannot_be_is_a_sentence(run, model, fruit, words, sentence) -> None:
    assert sentence in run("explain", model, fruit, *words).sentence


def test_a_table_that_lacks_a_column(run, model) -> None:
    Path("new.csv").write_text("weight,organic\n101,true\n")
    assert "color" in run("explain", model, "new.csv").sentence


def test_a_background_without_rows(run, model, fruit) -> None:
    Path("none.csv").write_text("weight,color,organic\n")
    assert "row" in run("explain", model, fruit, "--background", "none.csv").sentence
