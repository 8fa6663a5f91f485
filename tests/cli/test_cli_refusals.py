"""Every bad input is one sentence that names it, exit code 2, and nothing is written."""

from __future__ import annotations

from pathlib import Path

import pytest


def rows(*, n_samples: int = 30, **columns: object) -> str:
    """Return CSV with a number `x`, a class `y`, and columns of a value or function of the row."""
    header = ["x", "y", *columns]
    lines = [",".join(header)]
    for row in range(n_samples):
        values = [value(row) if callable(value) else value for value in columns.values()]
        lines.append(",".join(map(str, [row % 11 + row / 100, "ab"[row % 2], *values])))
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", ["table.csv", "empty"]),
        (b"x,y\n", ["table.csv", "row"]),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(range(256)) * 9, ["table.csv", "table"]),
        (rows(n_samples=1), ["one row", "add rows"]),
        (rows(n_samples=4), ["4 rows", "5 rows"]),
        (rows().replace("a\n", "b\n"), ["y"]),
        (rows().replace(",a\n", ",\n").replace(",b\n", ",\n", 5), ["y", "no value in 20 of 30"]),
        (rows(z=""), ["z", "--drop z"]),
        (rows(z=lambda row: "inf" if row == 3 else row), ["z", "inf"]),
        (rows(z=lambda row: "many" if row % 8 == 3 else row * 1.5), ["z", "many", "--category"]),
        (rows().replace("x,y", "y,y"), ["'y'", "more than one"]),
        (rows() + "1,2,3,4\n", ["table.csv"]),
    ],
    ids=[
        "empty", "header-only", "binary", "one-row", "few-rows", "one-class", "target-missing",
        "no-value", "inf", "mixed", "duplicate", "ragged",
    ],
)  # fmt: skip
def test_tables(run, place, content, words) -> None:
    Path("table.csv").write_bytes(content.encode() if isinstance(content, str) else content)
    sentence = run("fit", "table.csv", "--target", "y").sentence
    assert [word for word in words if word not in sentence] == [], sentence
    assert [path.name for path in place.iterdir()] == ["table.csv"]


@pytest.mark.parametrize(
    ("words", "match"),
    [
        (["--class-weight", "even"], "give balanced, or CLASS=WEIGHT such as a=2"),
        (["--class-weight", "a=0"], "class_weight of the class 'a' is 0.0"),
        (["--class-weight", "a=2", "c=3"], "names the class 'c', which no row has"),
        (["--class-weight", "balanced", "--task", "regression"], "class_weight is given, but the"),
        (["--loss", "absolute", "--task", "classification"], "The loss 'absolute' is for numbers"),
        (["--metric", "r2", "--task", "classification"], "The metric 'r2' is not for classes"),
        (["--quantile", "0.9"], "quantile is 0.9, but the loss is not given"),
        (["--loss", "quantile", "--quantile", "2"], "quantile is 2.0: give a number between"),
        (["--loss", "poisson"], "Regression needs numbers, but the target holds text ('a')"),
    ],
)
def test_goals(run, words, match) -> None:
    Path("table.csv").write_text(rows())
    assert match in run("fit", "table.csv", "--target", "y", *words).sentence


def test_constant_number(run) -> None:
    Path("table.csv").write_text(rows(z=3.5))
    assert "z" in run("fit", "table.csv", "--target", "z").sentence


def test_missing_number(run) -> None:
    Path("table.csv").write_text(rows(z=lambda row: "" if row < 20 else row * 1.5))
    refused = run("fit", "table.csv", "--target", "z").sentence
    assert "'z' has no value in 20 of 30 rows, which is most of them" in refused


def test_more_classes_than_rows_can_show(run) -> None:
    Path("table.csv").write_text(rows(z=lambda row: f"name {row}"))
    assert "30 different values in 30 rows" in run("fit", "table.csv", "--target", "z").sentence


def test_dates_cannot_be_predicted(run) -> None:
    Path("table.csv").write_text(rows(z=lambda row: f"2026-11-{row % 3 + 1:02d}"))
    assert "--category z" in run("fit", "table.csv", "--target", "z").sentence
    words = ("--target", "z", "--category", "z", "--effort", 1)
    assert run("fit", "table.csv", *words).code == 0


def test_what_is_dropped_may_hold_anything(run) -> None:
    Path("table.csv").write_text(rows(z=lambda row: "many" if row == 3 else "inf"))
    words = ("--target", "y", "--drop", "z", "--effort", 1)
    assert run("fit", "table.csv", *words).code == 0


def test_only_the_target(run) -> None:
    Path("table.csv").write_text("y\n" + "1.5\n2.5\n" * 10)
    assert "No column" in run("fit", "table.csv", "--target", "y").sentence


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["fit"], ["TABLE", "madaline fit --help"]),
        (["fit", "table.csv"], ["--target", "x, y, z"]),
        (["fit", "missing.csv", "--target", "y"], ["missing.csv"]),
        (["fit", ".", "--target", "speed"], ["speed", "x, y, z"]),
        (["fit", "table.csv", "--target", "Y"], ["Y", "did you mean y?"]),
        (["fit", "table.csv", "--target", "speed"], ["speed", "x, y, z"]),
        (["fit", "table.csv", "--target", "y", "--drop", "q"], ["--drop", "q"]),
        (["fit", "table.csv", "--target", "y", "--drop", "y"], ["--target", "--drop"]),
        (["fit", "table.csv", "--target", "y", "--category", "x", "--number", "x"], ["choose"]),
        (["fit", "table.csv", "--target", "y", "--number", "y"], ["y", "--number"]),
        (["fit", "table.csv", "--target", "x", "--number", "y"], ["y", "number"]),
        (["fit", "table.csv", "--target", "x", "--weight", "z"], ["--weight", "z"]),
        (["fit", "table.csv", "--target", "y", "--task", "regression"], ["'a'"]),
        (["fit", "table.csv", "--target", "y", "--task", "ranking"], ["ranking"]),
        (["fit", "table.csv", "--target", "y", "--effort", "0"], ["--effort", "'0'"]),
        (["fit", "table.csv", "--target", "y", "--preset", "fast"], ["--preset", "'fast'"]),
        (["fit", "table.csv", "--target", "y", "--seed", "-1"], ["--seed"]),
        (["fit", "table.csv", "--target", "y", "--jobs", "many"], ["--jobs", "'many'"]),
        (["fit", "table.csv", "--target", "y", "-o", "."], ["folder"]),
        (["fit", "table.csv", "--target", "y", "-o", "no/m"], ["no folder", "no"]),
        (["fit", "table.csv", "--target", "y", "-o", "/dev/null"], ["device"]),
        (["fit", "table.csv", "--target", "y", "-o", "./table.csv"], ["table.csv", "another"]),
        (["predict", "m.madaline", "table.csv", "-o", "table.csv"], ["table.csv", "another"]),
        (["predict", "m.madaline"], ["TABLE"]),
        (["predict", "m.madaline", "table.csv"], ["m.madaline"]),
        (["info", "m.madaline"], ["m.madaline"]),
        (["info", "m.madaline", "--row", "3"], ["--row 3", "madaline info --help"]),
        (["guess"], ["guess"]),
    ],
    ids=lambda value: " ".join(value) if value[0] in ("fit", "predict", "info", "guess") else "",
)
def test_words(run, place, words, expected) -> None:
    Path("table.csv").write_text(rows(z="blue"))
    sentence = run(*words).sentence
    assert [word for word in expected if word not in sentence] == [], sentence
    assert [path.name for path in place.iterdir()] == ["table.csv"]


def test_names_cannot_write_to_the_terminal(run) -> None:
    Path("table.csv").write_text(rows().replace("x,y", "\x9b31mx,y"))
    outcome = run("fit", "table.csv", "--target", "z")
    assert "\x9b" not in outcome.err
    assert "?31mx" in outcome.err
