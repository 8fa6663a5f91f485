"""`madaline effects` and `madaline counterfactual`, and what `fit` and `info` say of columns."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from madaline._apps.cli.sections import importance_lines
from madaline._models.model import FittedModel
from madaline._race.importance import Importance


def test_info_says_what_matters(run, model) -> None:
    out = run("info", model).out
    assert "Permutation importance (rise of log loss, a column shuffled among 60 rows):" in out
    assert "  weight " in out
    facts = json.loads(run("info", model, "--json").out)
    assert {one["columns"][0] for one in facts["importances"]} == {"weight", "color", "organic"}
    assert facts["columns"][0]["quartiles"][0] < facts["columns"][0]["quartiles"][4]


def test_lines_show_the_clear_ones_and_count_the_others(model) -> None:
    found = [
        Importance((name,), "r2", value, 0.01, 900)
        for name, value in zip("abc", (0.5, 0.1, 0.0), strict=True)
    ]
    fitted = replace(FittedModel.load(model).summary, standard_errors_better=9.0)
    of_all = replace(fitted, importances=tuple(found))
    lines = list(importance_lines(of_all, at_most=1))
    assert lines[0] == "Permutation importance (fall of R², a column shuffled among 900 rows):"
    assert lines[1].split() == ["a", "0.500", "±", "0.010", "█" * 24]
    assert lines[2] == "  columns not shown: 1 more with a clear effect, 1 with no clear effect"
    assert list(importance_lines(replace(fitted, importances=()))) == []
    alone = replace(fitted, importances=tuple(found[2:]))
    told = " ".join("\n".join(importance_lines(alone)).split())
    assert told.startswith(
        "No column has a clear effect by itself: when c is shuffled among 900 rows,"
    )
    assert "the R² falls most, by 0.000 ± 0.010; of 1 column" in told
    of_nothing = replace(of_all, standard_errors_better=1.0)  # what helps nobody has no effect
    assert list(importance_lines(of_nothing)) == []


def test_importances_below_one_another_have_the_same_decimals(model) -> None:
    numbers = (("a", 2.43, 0.23), ("b", 0.438, 0.077), ("c", 0.0157, 0.006))
    found = tuple(Importance((name,), "log_loss", value, error) for name, value, error in numbers)
    summary = FittedModel.load(model).summary
    summary = replace(summary, standard_errors_better=9.0, importances=found)
    shown = [line.split("  ")[2].strip() for line in [*importance_lines(summary)][1:]]
    assert shown == ["2.43 ± 0.23", "0.44 ± 0.08", "0.02 ± 0.01"]


def test_without_a_column_there_is_a_sentence_for_each_that_matters(run, model, fruit) -> None:
    outcome = run("effects", model, fruit)
    assert outcome.code == 0, outcome.err
    assert "From weight " in outcome.out
    assert "the probability of plum stays about the same" in outcome.out
    assert "falls by" in outcome.out
    assert "interact" in outcome.out
    assert max(map(len, outcome.out.splitlines())) <= 80


def test_a_column_has_a_curve(run, model, fruit) -> None:
    outcome = run("effects", model, fruit, "--column", "weight", "color", "--class", "pear")
    assert "probability of pear" in outcome.out
    assert outcome.out.count("#") > 50
    assert " rows" in outcome.out
    partial = run("effects", model, fruit, "--column", "weight", "--partial", "--log-odds")
    assert "log-odds of plum" in partial.out


def test_effects_as_json(run, price_model, fruit) -> None:
    facts = json.loads(run("effects", price_model, fruit, "--json").out)
    assert all(len(one["values"]) == len(one["prediction"]) for one in facts["effects"])
    assert {tuple(one) for one in facts["interactions"]} == {
        ("columns", "strength", "standard_error")
    }


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--column", "height"), "The model knows no column 'height'"),
        (("--class", "apple"), "There is no class 'apple': choose one of pear, plum."),
    ],
)
def test_effects_that_cannot_be(run, model, fruit, words, sentence) -> None:
    assert run("effects", model, fruit, *words).sentence.startswith(sentence)


def test_what_would_make_a_plum_a_pear(run, model, fruit) -> None:
    outcome = run("counterfactual", model, fruit, "--row", 0, 1)
    assert outcome.code == 0, outcome.err
    assert "Row 0 is predicted plum" in outcome.out
    assert "Row 1 is predicted pear" in outcome.out
    assert "weight were " in outcome.out
    (found,) = json.loads(run("counterfactual", model, fruit, "--json").out)["counterfactuals"]
    assert (found["row"], found["target"], found["found"]) == (0, "pear", True)
    assert "No change of up to 1 column" in run(
        "counterfactual", model, fruit, "--only", "organic", "--to", "pear"
    ).out.replace("\n", " ")


def test_what_would_make_a_price_higher(run, price_model, fruit) -> None:
    out = run("counterfactual", price_model, fruit, "--at-least", 1.4).out
    assert out.startswith("Row 0 is predicted ")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--row", "60"), "--row is 60, but the table has 60 rows, counted from 0: give a number"),
        (("--to", "apple"), "There is no class 'apple': choose one of pear, plum."),
        (("--only", "height"), "The model knows no column 'height'"),
        (("--at-least", "3"), "{model} predicts classes: give --to CLASS instead of a limit."),
        (("--most", "0"), "Nothing may be changed: name at least one column."),
    ],
)
def test_counterfactuals_that_cannot_be(run, model, fruit, words, sentence) -> None:
    refusal = run("counterfactual", model, fruit, *words).sentence
    assert refusal.startswith(sentence.format(model=model))


def test_a_number_needs_a_limit(run, price_model, fruit) -> None:
    refusal = run("counterfactual", price_model, fruit, "--to", "5").sentence
    assert refusal.endswith("predicts a number, price: give --at-least X, --at-most X or both.")
