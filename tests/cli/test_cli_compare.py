"""`madaline compare`: one screen, JSON, a page, and sentences where it cannot be."""

from __future__ import annotations

import json

import numpy as np
import pytest

from madaline._apps.cli.before_fit import _seconds_left
from madaline._models.fitting import sampling

WORDS = ("--target", "kind", "--drop", "price", "--folds", 2, "--jobs", 1)


def test_one_screen_with_a_verdict(run, fruit) -> None:
    outcome = run("compare", fruit, *WORDS, "--models", "linear", "boosting")
    assert outcome.code == 0, outcome.err
    lines = outcome.out.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[0].split() == [
        "log",
        "loss",
        "above",
        "the",
        "best",
        "accuracy",
        "fit",
        "size",
        "ms/row",
    ]
    assert "Take the linear model: its log loss" in outcome.out
    assert "60 rows, in 2 folds" in outcome.out
    assert outcome.err.startswith("Comparing 3 methods on 2 folds of 60 rows")
    assert "Each may take 2 min." in " ".join(outcome.err.split())
    constant, linear, boosting = outcome.err.splitlines()[-3:]
    assert constant.endswith(" left)")
    assert linear.startswith("  linear model        log loss")
    assert linear.endswith(" left)")
    assert not boosting.endswith(" left)")


def test_rows_of_a_folder_are_drawn(run, place, monkeypatch) -> None:
    pl = pytest.importorskip("polars")
    size = np.random.default_rng(0).normal(size=900)
    frame = pl.DataFrame({"size": size, "price": 3 * size + 1})
    (place / "rows").mkdir()
    frame[:400].write_parquet(place / "rows" / "0.parquet")
    frame[400:].write_parquet(place / "rows" / "1.parquet")
    monkeypatch.setattr(sampling, "MIN_ROWS", 400)
    monkeypatch.setattr(sampling, "SAMPLE", 300)
    words = ("--target", "price", "--models", "linear", "--folds", 2, "--jobs", 1)
    outcome = run("compare", "rows", *words, "--rows", 200)
    assert outcome.code == 0, outcome.err
    assert "The rows are drawn from 900, with the same shares" in " ".join(outcome.err.split())
    assert "is a folder" in run("compare", "rows", *words, "--rows", "all").sentence


def test_the_time_left_is_that_of_the_methods_ahead() -> None:
    fitted = ("constant", "linear", "boosting", "madaline")
    assert _seconds_left(fitted, "linear", 20.0, 1e6) == pytest.approx(200.0)
    assert _seconds_left(fitted, "linear", 20.0, 60.0) == 120.0
    assert _seconds_left(fitted, "madaline", 100.0, 60.0) == 0.0


def test_json_and_a_page(run, fruit, place) -> None:
    outcome = run("compare", fruit, *WORDS, "--models", "linear", "--json", "-q", "-o", "page.html")
    assert outcome.code == 0, outcome.err
    facts = json.loads(outcome.out)
    assert facts["take"] == "linear"
    assert [result["name"] for result in facts["results"]] == ["linear", "constant"]
    assert outcome.err == "Wrote page.html.\n"
    page = (place / "page.html").read_text()
    assert "<svg" in page
    assert "linear model</td>" in page


def test_it_refuses_in_a_sentence(run, fruit) -> None:
    assert "Name the column to predict" in run("compare", fruit).sentence
    sentence = run("compare", fruit, *WORDS, "--models", "forrest").sentence
    assert sentence.startswith("There is no model forrest to compare: choose among constant")
    assert "one target" in run("compare", fruit, "--target", "kind,price").sentence
    assert "--time names when" in run("compare", fruit, *WORDS, "--time", "when").sentence
    outcome = run("compare", fruit, *WORDS, "-o", "table.csv")
    assert "no ending of a picture" in outcome.sentence


def test_rows_are_drawn_and_weighed(run, fruit, place) -> None:
    words = ("--target", "price", "--drop", "kind", "--folds", 2, "--jobs", 1, "--models", "linear")
    outcome = run("compare", fruit, *words, "--rows", 30, "-o", "losses.svg", "--loss", "absolute")
    assert outcome.code == 0, outcome.err
    assert "The rows are drawn from 60" in outcome.err
    assert "30 rows drawn from 60, in 2 folds" in outcome.out
    assert "MAE" in outcome.out.splitlines()[0]
    assert (place / "losses.svg").read_text().count("linear model") >= 2
    assert "drawn" not in run("compare", fruit, *words, "--rows", "all").err
    assert (
        "'3' is not a whole number of 10 or more" in run("compare", fruit, *words, "--rows", 3).err
    )
    assert run("compare", fruit, *words, "--weight", "color").sentence.startswith("--weight names")


def test_rows_without_a_target_are_left_out_and_told(run, fruit, place) -> None:
    lines = (place / fruit).read_text().splitlines()
    lines[3] = lines[3].rpartition(",")[0] + ","
    (place / "gap.csv").write_text("\n".join(lines) + "\n")
    outcome = run("compare", "gap.csv", *WORDS, "--models", "linear", "--text", "color", "-q")
    assert "59 rows, in 2 folds" in outcome.out
    assert "left out" in outcome.out
