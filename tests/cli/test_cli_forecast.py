"""`madaline fit --lags` and `madaline forecast`: the rows that come next, from the command line."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from madaline._apps.cli import main

FIRST = np.datetime64("2026-01-01")


def write_sales(path: str, n_days: int, first: int = 0, *, known: bool = True) -> None:
    """Write the sales of two stores, day by day, with a price that is known in advance."""
    lines = ["day,store,price,sales"]
    for day in range(first, first + n_days):
        for store, level in (("north", 80), ("south", 30)):
            price = 5 + round(2 * np.sin(1.3 * day), 2)
            sales = f"{level + 0.5 * day + 8 * np.sin(day * np.pi / 3.5) - 3 * price:.2f}"
            lines.append(f"{FIRST + day},{store},{price},{sales if known else ''}")
    Path(path).write_text("\n".join(lines) + "\n")


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fit a model with lags, and return its folder."""
    folder = tmp_path_factory.mktemp("sales")
    write_sales(str(folder / "sales.csv"), 90)
    fit = f"fit {folder}/sales.csv --target sales --time day --series store --lags 1 7"
    words = f"{fit} --horizon 5 --effort 8 -q -o {folder}/sales.madaline".split()
    assert main(words) == 0
    return folder


@pytest.fixture
def sales(fitted, place) -> str:
    """Copy the model and its table to the place of the test."""
    for name in ("sales.csv", "sales.madaline"):
        shutil.copy(fitted / name, place / name)
    return "sales.madaline"


def test_forecasts_of_both_stores_are_written(run, sales) -> None:
    write_sales("prices.csv", 5, 90, known=False)
    outcome = run("forecast", sales, "--future", "prices.csv", "--horizon", 3)
    assert outcome.code == 0, outcome.err
    rows = list(csv.DictReader(io.StringIO(outcome.out)))
    assert list(rows[0]) == ["store", "day", "steps ahead", "sales", "sales_low", "sales_high"]
    assert [row["store"] for row in rows] == ["north"] * 3 + ["south"] * 3
    assert [row["day"] for row in rows[:3]] == ["2026-04-01", "2026-04-02", "2026-04-03"]
    for row in rows:
        assert float(row["sales_low"]) <= float(row["sales"]) <= float(row["sales_high"])
    write_sales("truth.csv", 3, 90)
    truth = csv.DictReader(io.StringIO(Path("truth.csv").read_text()))
    by_row = {(row["store"], row["day"]): float(row["sales"]) for row in truth}
    errors = [float(row["sales"]) - by_row[row["store"], row["day"]] for row in rows]
    assert np.sqrt(np.mean(np.square(errors))) < 6


def test_known_later_rows_move_the_forecast_on(run, sales) -> None:
    write_sales("known.csv", 2, 90)
    write_sales("next.csv", 2, 92, known=False)
    lines = Path("next.csv").read_text().splitlines()[1:]
    Path("later.csv").write_text(Path("known.csv").read_text() + "\n".join(lines) + "\n")
    outcome = run("forecast", sales, "--future", "later.csv", "--json")
    columns = json.loads(outcome.out)["columns"]
    assert columns["day"] == ["2026-04-03", "2026-04-04"] * 2
    assert columns["steps ahead"] == [1, 2] * 2


def test_a_file_of_forecasts(run, sales) -> None:
    write_sales("prices.csv", 5, 90, known=False)
    outcome = run("forecast", sales, "--future", "prices.csv", "-o", "next.csv")
    assert outcome.code == 0, outcome.err
    assert outcome.err.strip() == "Wrote 10 predictions to next.csv."
    heading, *lines = outcome.out.splitlines()
    assert heading == "The latest known values, and the forecast:"
    assert sorted(line.split()[0] for line in lines) == ["north", "south"]
    assert all(len(line.split()[2]) == 5 for line in lines)  # a character for each row ahead
    assert len(Path("next.csv").read_text().splitlines()) == 11


def test_what_is_missing_is_one_sentence(run, sales) -> None:
    assert "needs 'price' of the rows to come" in run("forecast", sales).sentence
    told = run("forecast", sales, "--horizon", 6).sentence
    assert "up to 5 rows ahead" in told
    assert "--horizon 6" in told
    write_sales("truth.csv", 2, 90)
    sentence = run("forecast", sales, "--future", "truth.csv").sentence
    assert "No row is left to predict" in sentence
    write_sales("later.csv", 2, 100, known=False)
    sentence = run("forecast", sales, "--future", "later.csv").sentence
    assert "more than 5 rows ahead of the last known sales" in sentence


def test_a_fit_with_lags_says_what_to_type_next(run, fitted) -> None:
    fit = f"fit {fitted}/sales.csv --target sales --time day --series store --lags 1 --effort 1"
    assert "  madaline forecast sales.madaline  # predicts the next rows\n" in run(*fit.split()).out


def test_groups_are_series(run) -> None:
    write_sales("sales.csv", 60)
    fit = ("fit", "sales.csv", "--target", "sales", "--lags", 1, "--effort", 2)
    assert "of each store" in " ".join(run(*fit).out.split())
    outcome = run(*fit, "--groups", "store")
    assert "1 row ahead of the last known value of each store" in " ".join(outcome.out.split())
    write_sales("prices.csv", 1, 60, known=False)
    assert "south" in run("forecast", "sales.madaline", "--future", "prices.csv").out


def test_lags_need_times(run) -> None:
    write_sales("sales.csv", 30)
    fit = ("fit", "sales.csv", "--target", "sales", "--lags", 1, "--no-time")
    assert "Lags need the order of the rows" in run(*fit).sentence


def test_a_model_without_lags_forecasts_nothing(run) -> None:
    write_sales("sales.csv", 30)
    run("fit", "sales.csv", "--target", "sales", "--time", "day", "--effort", 2, "-q")
    assert "The model has no lags" in run("forecast", "sales.madaline").sentence


def test_predictions_use_what_the_table_holds(run, sales) -> None:
    write_sales("truth.csv", 5, 90)
    outcome = run("predict", sales, "truth.csv")
    assert outcome.code == 0, outcome.err
    assert "Scores of sales, 10 rows" in outcome.err
    write_sales("unknown.csv", 7, 90, known=False)
    told = run("predict", sales, "unknown.csv")
    assert "4 rows more than 5 rows ahead" in " ".join(told.err.split())


@pytest.mark.parametrize("command", ["info", "story", "doctor", "report", "card"])
def test_other_commands_understand_such_models(run, sales, command) -> None:
    outcome = run(command, sales, *(("sales.csv",) if command == "report" else ()))
    assert outcome.code == 0, outcome.err
    if command == "card":
        assert "| last known sales" not in outcome.out.split("## What it relies on")[0]
        assert "It keeps the last values of sales" in outcome.out
    if command == "info":
        assert "last known sales" in outcome.out


@pytest.mark.parametrize(
    ("words", "done"),
    [
        ("watch {} more.csv", "watched"),
        ("export {} -o sales.onnx", "exported"),
    ],
)
def test_what_cannot_be_done_with_lags_says_so(run, sales, words, done) -> None:
    write_sales("more.csv", 30, 90)
    told = run(*words.format(sales).split()).sentence
    assert f"A model with lags of sales cannot be {done}" in told


def test_an_update_continues_the_series(run, sales) -> None:
    write_sales("more.csv", 30, 90)
    outcome = run("update", sales, "more.csv", "-o", sales)
    assert outcome.code == 0, outcome.err
    assert "60 rows of more.csv" in outcome.out
    assert "fitted anew" not in outcome.out.lower()
    assert f"  madaline forecast {sales}\n" in outcome.out
    write_sales("prices.csv", 2, 120, known=False)
    columns = json.loads(run("forecast", sales, "--future", "prices.csv", "--json").out)["columns"]
    assert columns["day"] == ["2026-05-01", "2026-05-02"] * 2
    assert columns["steps ahead"] == [1, 2] * 2
    info = run("info", sales).out
    assert "60 new rows" in " ".join(info.split())


def test_explanations_name_the_columns_that_were_made(run, sales) -> None:
    write_sales("truth.csv", 3, 90)
    outcome = run("explain", sales, "truth.csv")
    assert outcome.code == 0, outcome.err
    assert "last known sales" in outcome.out


def test_the_past_of_columns_with_commas_and_labels(run) -> None:
    lines = ["day;visits;code;sales"]
    for day in range(80):
        sales = "" if day > 77 else f"{50 + day % 7},5"
        lines.append(f"{FIRST + day};{100 + day % 5},25;00{day % 3};{sales}")
    Path("sales.csv").write_text("\n".join(lines[:79]) + "\n")
    Path("later.csv").write_text("\n".join([lines[0], *lines[78:]]) + "\n")
    fit = "fit sales.csv --target sales --time day --lags 1 7 --effort 2 --category code"
    outcome = run(*fit.split(), "--past", "visits", "code")
    assert outcome.code == 0, outcome.err
    assert "only the past of visits, code" in " ".join(outcome.err.split())
    told = run("info", "sales.madaline").out
    assert "last known visits" in told
    assert "7-row share of code 002" in told
    outcome = run("forecast", "sales.madaline")
    assert outcome.out.splitlines()[0] == "day,steps ahead,sales,sales_low,sales_high"
    known = run("forecast", "sales.madaline", "--future", "later.csv", "--json")
    assert json.loads(known.out)["columns"]["day"] == ["2026-03-20"]
    assert run("explain", "sales.madaline", "later.csv").code == 0
