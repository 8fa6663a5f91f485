"""`madaline fit --by` and what the commands do with its file."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys

import numpy as np
import pytest
from tests.many.conftest import make_stores

import madaline
from madaline._apps.cli import main
from madaline._models.fitting import Fitting

pd = pytest.importorskip("pandas")
pytest.importorskip("polars", reason="the extra cli is not installed")


@pytest.fixture
def table(tmp_path, monkeypatch):
    """The stores as a CSV file in the present folder, with numbers such as 007 for names."""
    monkeypatch.chdir(tmp_path)
    frame = make_stores()
    frame["store"] = frame["store"].map({"Berlin": "007", "Bonn": "010", "Köln": "7", "alone": "1"})
    frame.to_csv("stores.csv", index=False)
    return frame


def run(*words):
    return main([*map(str, words)])


def fit(*options):
    words = ("fit", "stores.csv", "--target", "sales", "--by", "store", "--effort", 2, "--jobs", 1)
    return run(*words, *options)


def test_a_model_for_each_group_is_that_of_its_rows_alone(table, capsys):
    assert fit() == 0
    shown = capsys.readouterr()
    assert "Read stores.csv: 121 rows of 4 groups by store. Fitting a model for each" in shown.err
    assert (
        "3 models of sales, one for each store, of 121 rows; 1 group has none of its"
        in shown.out.replace("\n", " ")
    )
    assert "no model: The table has one row" in shown.out
    models = madaline.load("stores.madaline")
    assert list(models) == ["007", "010", "7"]
    rows = table[table["store"] == "007"].drop(columns="store")
    rows.to_csv("one.csv", index=False)
    seed = models["007"].random_state
    assert run("fit", "one.csv", "--target", "sales", "--effort", 2, "--seed", seed) == 0
    one = madaline.load("one.madaline")
    np.testing.assert_array_equal(one.predict(rows), models["007"].predict(rows))


def test_the_screen_of_one_quiet_or_as_json(table, capsys):
    assert fit("-q", "--common", "--min-rows", 2, "--compare-common") == 0
    assert capsys.readouterr().out.startswith("stores.madaline: 3 models of sales, one for each")
    assert run("info", "stores.madaline", "--json") == 0
    facts = json.loads(capsys.readouterr().out)
    assert [entry["key"] for entry in facts["entries"]] == [["007"], ["010"], ["1"], ["7"]]
    assert facts["compared"]["metric"] == "rmse"
    assert run("info", "stores.madaline") == 0
    shown = capsys.readouterr().out
    assert "a common model answers for other groups" in shown.replace("\n", " ")
    assert "It has 1 row, fewer than 2." in shown


def test_other_commands_take_one_of_the_models(table, capsys):
    assert fit("-q", "--common", "--min-rows", 2) == 0
    for command in ("info", "story", "doctor", "card"):
        capsys.readouterr()
        assert run(command, "stores.madaline", "--group", "010") == 0
        assert "sales" in capsys.readouterr().out
    assert run("info", "stores.madaline", "--group", "common") == 0
    assert "store" in capsys.readouterr().out
    assert run("explain", "stores.madaline", "stores.csv", "--group", "7", "--rows", 1) == 0
    assert "price = " in capsys.readouterr().out
    assert run("story", "stores.madaline") == 2
    assert "choose one with --group, such as --group common" in capsys.readouterr().err
    assert run("info", "stores.madaline", "--group", "01") == 2
    assert (
        "There is no group '01' in stores.madaline: did you mean '010'" in capsys.readouterr().err
    )
    assert run("info", "stores.madaline", "--group", "1") == 2
    assert "There is no model of 1" in capsys.readouterr().err
    update = ("update", "stores.madaline", "stores.csv", "--group", "7", "-o", "stores.madaline")
    assert run(*update) == 2
    assert "holds many models, of which one is updated" in capsys.readouterr().err


def test_group_is_for_files_of_many_models(table, capsys):
    table.to_csv("one.csv", index=False)
    assert run("fit", "one.csv", "--target", "sales", "--effort", 1, "-q") == 0
    assert run("info", "one.madaline", "--group", "7") == 2
    assert "--group chooses one of many models, but one.madaline holds one" in (
        capsys.readouterr().err
    )


def test_rows_are_predicted_by_the_models_of_their_groups(table, capsys):
    assert fit("-q") == 0
    mixed = table.sample(frac=1.0, random_state=3).assign(number=range(len(table)))
    mixed.to_csv("mixed.csv", index=False)
    capsys.readouterr()
    assert run("predict", "stores.madaline", "mixed.csv", "--id", "number", "-o", "out.csv") == 0
    shown = capsys.readouterr().err
    assert "warning: 1 row of groups without a model has no prediction: 1." in shown
    assert "Scores of sales, 120 rows:" in shown
    with open("out.csv", encoding="utf-8") as file:
        rows = [*csv.DictReader(file)]
    assert [row["number"] for row in rows] == [*map(str, range(len(table)))]
    models = madaline.load("stores.madaline")
    for row, store, record in zip(rows, mixed["store"], mixed.to_dict("records"), strict=True):
        if store == "1":
            assert row["sales"] == ""
        else:
            assert float(row["sales"]) == pytest.approx(models[store].predict(record)[0], rel=1e-5)
    assert run("predict", "stores.madaline", "mixed.csv", "--coverage", 0.8, "--json") == 0
    facts = json.loads(capsys.readouterr().out)
    assert list(facts["columns"]) == ["sales", "sales_low", "sales_high"]
    assert run("predict", "stores.madaline", "mixed.csv", "--proba") == 2


def test_probabilities_of_classes_that_a_group_lacks_are_zero(table, capsys):
    table["kind"] = np.where(table["price"] > 5, "dear", "cheap")
    table.loc[table["store"].eq("010") & table["kind"].eq("dear"), "kind"] = "luxury"
    table.drop(columns="sales").to_csv("stores.csv", index=False)
    words = ("--target", "kind", "--by", "store", "--effort", 1, "--jobs", 1, "-q", "--common")
    assert run("fit", "stores.csv", *words, "--min-rows", 9) == 0
    capsys.readouterr()
    assert run("predict", "stores.madaline", "stores.csv", "--proba", "--json") == 0
    columns = json.loads(capsys.readouterr().out)["columns"]
    shares = np.array([columns[f"probability_{kind}"] for kind in ("cheap", "dear", "luxury")])
    np.testing.assert_allclose(shares.sum(axis=0), 1.0, atol=1e-6)
    assert (shares[1][table["store"] == "010"] == 0).all()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--by", "shop"), "shop"),
        (("--by", "sales"), "--by names sales, which is to be predicted"),
        (("--series", "store"), "--series names store, and so does --by"),
        (("--lags", "1", "--time", "day", "--common"), "With --lags there is no common model"),
        (("--probabilities",), "leave out --probabilities"),
        (("--target", "price"), "--by fits models of one target"),
        (("--drop", "store"), "store"),
    ],
)
def test_options_that_do_not_go_together_are_refused(table, capsys, monkeypatch, options, sentence):
    monkeypatch.setattr(Fitting, "__iter__", lambda _: pytest.fail("fitted"))
    assert fit(*options) == 2
    assert sentence in capsys.readouterr().err


@pytest.mark.parametrize("several", [".", "*.csv"])
def test_models_of_groups_are_fitted_to_one_file(table, capsys, several):
    assert run("fit", several, "--target", "sales", "--by", "store") == 2
    assert "is a folder or a pattern: give one file" in capsys.readouterr().err


KILLED = """
import os, signal, sys
from madaline._apps.cli import main
from madaline._models.fitting import Fitting

begun, iterate = [], Fitting.__iter__

def killed(fitting):
    begun.append(fitting)
    if len(begun) > 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return iterate(fitting)

Fitting.__iter__ = killed
main(sys.argv[1:])
"""


@pytest.mark.slow
def test_a_killed_command_goes_on_when_it_is_typed_again(table, capsys):
    words = ["fit", "stores.csv", "--target", "sales", "--by", "store", "--effort", "2"]
    words += ["--jobs", "1", "--members", "networks"]
    assert run(*words, "-q", "-o", "whole.madaline") == 0
    command = [sys.executable, "-c", KILLED, *words, "-o", "killed.madaline"]
    killed = subprocess.run(command, stderr=subprocess.DEVNULL, check=False)
    assert killed.returncode == -signal.SIGKILL
    kept = "killed.madaline.checkpoint"
    assert os.path.exists(kept)
    assert not os.path.exists("killed.madaline")
    assert run(*words, "-o", "killed.madaline") == 0
    assert "of them before, in" in capsys.readouterr().err
    assert not os.path.exists(kept)
    with open("killed.madaline", "rb") as one, open("whole.madaline", "rb") as other:
        assert one.read() == other.read()


@pytest.mark.parametrize(
    ("n_done", "again"),
    [(0, "starts anew."), (1, "goes on from stores.madaline.checkpoint.")],
)
def test_an_interrupt_says_how_to_go_on(table, capsys, monkeypatch, n_done, again):
    taken, iterate = [], Fitting.__iter__

    def stop(fitting):
        taken.append(fitting)
        if len(taken) > n_done:
            raise KeyboardInterrupt
        return iterate(fitting)

    monkeypatch.setattr(Fitting, "__iter__", stop)
    assert fit() == 2
    sentence = f"Stopped after {n_done} of 4 models; stores.madaline was not written; the same"
    assert f"{sentence} command {again}" in capsys.readouterr().err.replace("\n", " ")
    assert os.path.exists("stores.madaline.checkpoint") == bool(n_done)
