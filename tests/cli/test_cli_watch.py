"""`madaline watch`: rows played past a model, and the changes among them."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pytest

from madaline._apps.cli import main
from madaline._tables.io.atomic import alone


@pytest.fixture(scope="module")
def fitted(tmp_path_factory) -> Path:
    """A folder with a model, and a table whose second half has changed."""
    folder, rng = tmp_path_factory.mktemp("watched"), random.Random(1)
    for name, n_rows in (("old", 500), ("new", 800)):
        lines = ["day,size,color,move"]
        for day in range(n_rows):
            changed = name == "new" and day >= 400
            size = rng.gauss(2 if changed else 0, 1)
            color = "mauve" if changed and day % 10 == 0 else rng.choice(["red", "blue"])
            move = "up" if size > 0 else "down"
            if changed and day >= 600:
                move = "down" if move == "up" else "up"
            lines.append(f"{day},{size:.4f},{color},{move}")
        if name == "new":
            lines[1:] = rng.sample(lines[1:], n_rows)
        (folder / f"{name}.csv").write_text("\n".join(lines))
    words = ["fit", str(folder / "old.csv"), "--target", "move", "--drop", "day", "--effort", "3"]
    assert main([*words, "-q", "-o", str(folder / "move.madaline")]) == 0
    return folder


def test_changes_are_named_in_few_lines(run, fitted) -> None:
    outcome = run("watch", fitted / "move.madaline", fitted / "new.csv", "--time", "day")
    assert outcome.code == 0, outcome.err
    lines = outcome.out.splitlines()
    assert len(lines) <= 20
    assert all(len(line) <= 80 for line in lines)
    text = " ".join(outcome.out.split())
    assert "800 rows and 800 labels so far" in text
    assert "size: median" in text
    assert "color: new level 'mauve'" in text
    assert "log loss: " in text
    assert "What to do: Check where each column comes from" in text


def test_json_holds_all_alarms(run, fitted) -> None:
    outcome = run("watch", fitted / "move.madaline", fitted / "new.csv", "--time", "day", "--json")
    found = json.loads(outcome.out)
    assert found["n_rows"] == found["n_labels"] == 800
    size = next(one for one in found["alarms"] if one["name"] == "size")
    assert abs(size["since"] - 401) < 20
    assert size["sentence"].startswith("size: median")


def test_a_state_goes_on_the_next_day(run, fitted, tmp_path) -> None:
    state = tmp_path / "state"
    words = ("watch", fitted / "move.madaline", fitted / "new.csv", "--state", state, "--json")
    assert json.loads(run(*words).out)["n_rows"] == 800
    assert json.loads(run(*words).out)["n_labels"] == 1600


@pytest.mark.parametrize("ending", ["html", "svg", "png"])
def test_a_picture_is_written(run, fitted, tmp_path, ending) -> None:
    if ending != "html":
        pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    path = tmp_path / f"loss.{ending}"
    words = ("watch", fitted / "move.madaline", fitted / "new.csv", "--time", "day")
    assert run(*words, "--picture", path).code == 0
    if ending == "html":
        assert "size: median" in path.read_text()
    assert path.stat().st_size > 3000


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--time", "dya"], "There is no column 'dya'"),
        (["--target", "mve"], "There is no column 'mve'"),
        (["--picture", "loss.doc"], "no ending of a picture"),
        (["--time", "color"], "holds text"),
        (["--false-alarms", "0.5"], "false_alarms is 0.5"),
        (["--state", "old.csv"], "old.csv is"),
    ],
)
def test_what_is_wrong_is_one_sentence(run, fitted, monkeypatch, words, said) -> None:
    monkeypatch.chdir(fitted)
    outcome = run("watch", "move.madaline", "new.csv", *words)
    assert outcome.code == 2
    assert said in outcome.err
    assert outcome.err.count("\n") <= 3


@pytest.mark.slow
def test_runs_at_once_lose_no_rows(start, run, fitted, tmp_path) -> None:
    state = tmp_path / "state"
    words = ("watch", fitted / "move.madaline", fitted / "new.csv", "--state", state, "--json")
    together = [start(*words) for _ in range(3)]
    told = [process.communicate()[1].decode() for process in together]
    done = [process.returncode == 0 for process in together]
    assert any(done)
    for is_done, text in zip(done, told, strict=True):
        assert is_done or "state is in use by another madaline command" in text
    assert json.loads(run(*words).out)["n_labels"] == 800 * (1 + sum(done))
    with alone(state):
        assert "state is in use by another madaline command" in run(*words).sentence
    assert [path.name for path in tmp_path.iterdir()] == ["state"]


def test_rows_are_watched_in_the_order_that_the_model_knows(
    run, dated_model, make_columns, tmp_path
) -> None:
    dated_model.save(tmp_path / "dated.madaline")
    columns, _ = make_columns("regression", n_samples=900, seed=1)
    columns["width"] = [
        None if one is None else one + 300 * (day > np.datetime64("2025-06-01"))
        for one, day in zip(columns["width"], columns["day"], strict=True)
    ]
    rows = zip(*columns.values(), strict=True)
    lines = [",".join("" if one is None else str(one) for one in row) for row in rows]
    (tmp_path / "new.csv").write_text("\n".join([",".join(columns), *lines]))
    words = ("watch", tmp_path / "dated.madaline", tmp_path / "new.csv", "--json")
    known = json.loads(run(*words).out)
    assert known == json.loads(run(*words, "--time", "day").out)
    assert known["alarms"][0]["name"] == "width"


def test_a_large_table_is_watched_block_by_block(run, fitted, monkeypatch) -> None:
    pl = pytest.importorskip("polars")
    from madaline._models.model import model_rows

    monkeypatch.setattr(model_rows, "BLOCK_ROWS", 64)
    rows = pl.read_csv(fitted / "new.csv").sort("day")
    for number in range(8):
        rows[100 * number : 100 * number + 100].write_parquet(f"{number}.parquet")
    words = ["watch", fitted / "move.madaline"]
    expected = json.loads(run(*words, fitted / "new.csv", "--time", "day", "--json").out)
    outcome = run(*words, "*.parquet", "--time", "day", "--json", "--state", "move.monitor")
    assert json.loads(outcome.out) == expected
    again = run(*words, "*.parquet", "--json", "--state", "move.monitor")
    assert json.loads(again.out)["n_rows"] == 800
    rows[::-1].write_parquet("7.parquet")
    sentence = run(*words, "*.parquet", "--time", "day", "--state", "new.monitor").sentence
    assert "row 702 is earlier than one before it" in sentence
    assert not Path("new.monitor").exists()
    assert "There is no column 'moves'" in run(*words, "*.parquet", "--target", "moves").sentence
