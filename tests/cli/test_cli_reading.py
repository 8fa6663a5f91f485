"""Tables in everyday form: `fit` says how they are read, and `predict` reads new rows the same."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from tests.grids import some

from madaline import runtime

N = 120
X = np.random.default_rng(0).uniform(1, 9, N).round(2)
DAYS = np.datetime64("2026-01-01") + (X * 40).astype("m8[D]")


def write(name: str, columns: dict[str, list[object]], separator: str = ",") -> None:
    with Path(name).open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, delimiter=separator)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))


def score(run, table: str) -> float:
    """Return the R² of the model `m` on a table that holds the target."""
    outcome = run("predict", "m", table, "-o", "out.csv", "--json")
    assert outcome.code == 0, outcome.err
    return next(one["value"] for one in json.loads(outcome.out)["scores"] if one["metric"] == "r2")


@pytest.mark.parametrize(
    ("texts", "sentence"),
    some(
        [
            (
                [f"${x * 1000:,.2f}" for x in X],
                "x: number, read without $ and thousands separators",
            ),
            ([f"{x} kg" for x in X], "x: number, read without kg."),
            ([f"{x}".replace(".", ",") for x in X], "x: number, read with decimal commas."),
            (
                [day.item().strftime("%d/%m/%Y") for day in DAYS],
                "x: datetime, read with the day first",
            ),
        ],
        2,
    ),
    ids=["money", "unit", "comma", "date"],
)
def test_a_column_in_everyday_form_is_learned_from(run, place, texts, sentence) -> None:
    write("t.csv", {"x": texts, "y": [*(2 * X).tolist()]})
    outcome = run("fit", "t.csv", "--target", "y", "-o", "m", "--effort", "20", "--jobs", "1")
    assert outcome.code == 0, outcome.err
    assert sentence in " ".join(outcome.err.split())
    assert score(run, "t.csv") > 0.9
    predicted = runtime.load("m").predict([{"x": text} for text in texts[:5]])
    assert np.abs(predicted - 2 * X[:5]).max() < 3


def test_a_target_in_everyday_form_is_a_number(run, place) -> None:
    prices = [f"{x * 1000:,.0f}".replace(",", ".") for x in X]  # 7.678, and 999 beside it
    write("t.csv", {"x": X.tolist(), "price": [*prices[:-1], "999"]}, ";")
    told = ["--target", "price", "-o", "m", "--effort", "20", "--jobs", "1"]
    outcome = run("fit", "t.csv", *told)
    assert "price: number, read without thousands separators (.)." in outcome.err
    write("new.csv", {"x": [2.5, 5], "price": ["2.500", "5.000"]}, ";")
    assert score(run, "new.csv") > 0.9  # as thousands, although the two rows do not show it
    outcome = run("fit", "t.csv", *told, "--kind", "price=number:decimal-point")
    assert "price: number, read from text." in outcome.err
    outcome = run("fit", "t.csv", *told, "--task", "classification")
    assert "too many to be classes" in outcome.sentence


def test_what_cannot_be_decided_is_asked(run, place) -> None:
    days = [f"{1 + row % 12:02d}/{1 + row % 11:02d}/2026" for row in range(N)]
    write("t.csv", {"x": X.tolist(), "day": days, "y": (2 * X).tolist()})
    told = ["fit", "t.csv", "--target", "y", "-o", "m", "--effort", "1", "--jobs", "1"]
    asked = " ".join(run(*told).err.split())
    assert "give the kind datetime:day-first or datetime:month-first." in asked
    outcome = run(*told, "--kind", "day=datetime:month-first")
    assert "day: datetime, read with the month first." in outcome.err


def test_blank_lines_are_skipped_and_counted(run, place) -> None:
    write("t.csv", {"x": X.tolist(), "y": (2 * X).tolist()})
    run("fit", "t.csv", "--target", "y", "-o", "m", "--effort", "1", "--jobs", "1")
    Path("new.csv").write_text("x\n2.5\n\n5\n\n", encoding="utf-8")
    outcome = run("predict", "m", "new.csv")
    assert len(outcome.out.splitlines()) == 3
    assert "Skipped 2 blank lines." in outcome.err


def test_a_model_of_plain_numbers_reads_others_and_says_so(run, place) -> None:
    write("t.csv", {"x": X.tolist(), "y": (2 * X).tolist()})
    run("fit", "t.csv", "--target", "y", "-o", "m", "--effort", "1", "--jobs", "1")
    write("new.csv", {"x": ["2,5", "5,25"], "n": [1, 2]}, ";")
    write("plain.csv", {"x": ["2.5", "5.25"]})
    new, plain = run("predict", "m", "new.csv"), run("predict", "m", "plain.csv")
    assert new.out == plain.out
    assert "x: number, read with decimal commas." in new.err
    write("gap.csv", {"x": ["2.5", "nil"]})  # too few numbers to tell a word from a level
    assert "x: 'nil' in 1 row counts as missing." in run("predict", "m", "gap.csv").err


@pytest.mark.filterwarnings("default:.*was read as gb18030")
@pytest.mark.parametrize("given", some([["--encoding", "gb18030"], []], 1))
def test_an_encoding_is_kept_for_later_commands(given, run, place) -> None:
    lines = ["城市,价格", *(f"{'北京' if x > 5 else '上海'},{x}" for x in X)]
    Path("t.csv").write_text("\n".join(lines), encoding="gb18030")
    told = ["--target", "城市", "-o", "m", "--effort", "2", "--jobs", "1"]
    fitted = run("fit", "t.csv", *told, *given, "--keep-rows", "50")
    assert fitted.code == 0, fitted.err
    assert "--encoding gb18030" in run("card", "m").out
    for words in (["predict", "m", "t.csv"], ["update", "m", "t.csv", "-o", "m2"]):
        outcome = run(*words)
        assert outcome.code == 0, outcome.err
        assert "Read as gb18030, as for the fit." in outcome.err
    Path("u.csv").write_text("\n".join(lines), encoding="big5")
    for command in ("predict", "explain", "doctor", "effects", "counterfactual", "watch"):
        outcome = run(command, "m", "u.csv", "--encoding", "big5", "--json")
        assert outcome.code == 0, outcome.err
    outcome = run("update", "m", "u.csv", "-o", "m2", "--encoding", "big5", "-q")
    assert outcome.code == 0, outcome.err
    outcome = run("report", "m", "u.csv", "-o", "r.html", "--encoding", "big5")
    assert outcome.code == 0, outcome.err
    outcome = run("stream", "u.csv", "--target", "城市", "--encoding", "big5")
    assert outcome.code == 0, outcome.err


@pytest.mark.filterwarnings("default:.*was read as windows-1252")
@pytest.mark.parametrize("command", ["fit", "stream"])
def test_what_was_assumed_of_an_encoding_is_printed(command, run, place) -> None:
    lines = ["größe,y", *(f"{x},{'ja' if x > 5 else 'nein'}" for x in X)]
    Path("t.csv").write_text("\n".join(lines), encoding="cp1252")
    quiet = ["-q", "--effort", "2", "--jobs", "1"] if command == "fit" else ["--json"]
    outcome = run(command, "t.csv", "--target", "y", *quiet)
    assert outcome.code == 0, outcome.err
    assert "warning: t.csv is not in UTF-8; it was read as windows-1252" in outcome.err
    assert "--encoding" in outcome.err


def test_named_words_are_missing_in_every_command(run, place) -> None:
    words = [*map(str, X)]
    words[:20] = ["tbc"] * 20
    write("t.csv", {"x": words, "z": X.tolist(), "y": ["", *(2 * X[1:]).tolist()]})
    told = ["fit", "t.csv", "--target", "y", "-o", "m", "--effort", "1", "--jobs", "1"]
    assert "add `--missing tbc`" in run(*told).sentence
    fitted = run(*told, "--missing", "tbc")
    assert "y has no value in 1 of 120 rows, which is left out." in " ".join(fitted.err.split())
    assert "--missing tbc" in run("card", "m").out
    for words in (["predict", "m", "t.csv"], ["watch", "m", "t.csv"]):
        assert run(*words).code == 0
    write("new.csv", {"x": ["oops", "2"], "z": [1, 2]})
    refused = run("predict", "m", "new.csv")
    assert "text in row 0 (counted from 0): 'oops'" in refused.sentence
    assert run("predict", "m", "new.csv", "--missing", "oops").code == 0
    assert run("stream", "t.csv", "--target", "y", "--missing", "tbc").code == 0


def test_a_stream_is_ordered_by_dates_in_everyday_form(run, place) -> None:
    days = [f"{day.item().day}. {day.item().month}. {day.item().year}" for day in DAYS]
    write("t.csv", {"day": days, "x": X.tolist(), "y": (2 * X).tolist()})
    outcome = run("stream", "t.csv", "--target", "y", "--time", "day")
    assert outcome.code == 0, outcome.err
    assert "in the order of day" in outcome.out
