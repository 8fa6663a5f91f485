"""`madaline update`: a model goes on with another table."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from madaline._models.model import FittedModel
from madaline._tables.io import tensor_file
from madaline._tables.io.atomic import alone


def fruit_table(seed: int, n_rows: int, *, turned: bool = False) -> str:
    """Return a table as CSV; the weight tells the kind."""
    rng = random.Random(seed)
    lines = ["kind,weight,color,count"]
    for row in range(n_rows):
        heavy = row % 2
        kind = "pear" if bool(heavy) != turned else "plum"
        color = rng.choice(["red", "green"])
        lines.append(f"{kind},{100 + 60 * heavy + rng.gauss(0, 9):.1f},{color},{1 + row % 3}")
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def keeping(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The file of a model that keeps 50 rows."""
    from madaline._apps.cli import main

    folder = tmp_path_factory.mktemp("keeping")
    (folder / "old.csv").write_text(fruit_table(0, 150))
    words = ["fit", folder / "old.csv", "--target", "kind", "--weight", "count", "--effort", "3"]
    words += ["--keep-rows", "50", "--folds", "3", "-o", folder / "old.madaline", "-q"]
    assert main([str(word) for word in words]) == 0
    return (folder / "old.madaline").read_bytes()


@pytest.fixture
def tables(place: Path, keeping: bytes) -> Path:
    """A folder with the model, and rows to update it with."""
    (place / "old.madaline").write_bytes(keeping)
    (place / "new.csv").write_text(fruit_table(1, 120, turned=True))
    return place


def test_it_prints_what_was_read_tried_and_kept(run, tables) -> None:
    outcome = run("update", "old.madaline", "new.csv", "-o", "old.madaline")
    assert outcome.code == 0, outcome.err
    lines = outcome.out.splitlines()
    assert len(lines) <= 20
    assert max(map(len, lines)) <= 80
    assert lines[0] == "120 rows of new.csv for old.madaline, which learned from 150 rows."
    for candidate in ("as it is", "adjusted", "fitted anew"):
        assert any(line.strip().startswith(candidate) for line in lines)
    assert sum(line.endswith("kept") for line in lines) == 1
    assert "Keeps 50 rows of its training data for later updates." in lines
    assert lines[-2:] == ["  madaline predict old.madaline TABLE", "  madaline story old.madaline"]
    model = FittedModel.load("old.madaline")
    assert model.updates[-1].sentence in outcome.out.replace("\n", " ")
    told = run("info", "old.madaline").out
    assert "Keeps 50 rows of its training data for later updates." in told
    assert f"{model.updates[-1].date}  {model.updates[-1].kept.capitalize()}: the log loss" in told
    report = json.loads(run("report", "old.madaline", "--json").out)
    assert f"120 rows: {model.updates[-1].kept}." in json.dumps(report)


def test_facts_and_one_line(run, tables) -> None:
    facts = json.loads(run("update", "old.madaline", "new.csv", "-o", "a.madaline", "--json").out)
    assert facts["update"]["rows"] == 120
    assert facts["kept_rows"] == 50
    line = run("update", "old.madaline", "new.csv", "-o", "b.madaline", "-q").out
    assert line.startswith(f"b.madaline: {facts['update']['kept']}, log loss ")
    assert Path("a.madaline").read_bytes() == Path("b.madaline").read_bytes()
    assert json.loads(run("info", "a.madaline", "--json").out)["updates"] == [facts["update"]]


def test_a_write_that_fails_leaves_the_old_file_whole(run, tables, keeping, monkeypatch) -> None:
    def full(path, *parts: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tensor_file, "write_atomically", full)
    outcome = run("update", "old.madaline", "new.csv", "-o", "old.madaline")
    assert "old.madaline cannot be written" in outcome.sentence
    assert Path("old.madaline").read_bytes() == keeping


def test_refusals_are_sentences(run, tables) -> None:
    words = ["update", "old.madaline"]
    assert "no.csv" in run(*words, "no.csv", "-o", "a.madaline").sentence
    Path("short.csv").write_text("weight,color,count\n1,red,1\n")
    assert "has no column 'kind'" in run(*words, "short.csv", "-o", "a.madaline").sentence
    Path("other.csv").write_text(fruit_table(3, 40).replace("plum", "fig"))
    assert run("update", "old.madaline", "other.csv", "-o", "a.madaline").code == 0  # rows are kept
    assert "new.csv is what is read" in run(*words, "new.csv", "-o", "new.csv").sentence
    with alone("old.madaline"):
        in_use = run(*words, "new.csv", "-o", "old.madaline").sentence
        assert "old.madaline is in use by another madaline command" in in_use


def test_an_earlier_model_is_named_where_it_is_better_and_comes_back(run, tables) -> None:
    new = ("update", "old.madaline", "new.csv", "-o", "old.madaline", "--keep-models", 8)
    assert "Keeps earlier models: first-fit (" in run(*new).out
    (tables / "again.csv").write_text(fruit_table(2, 300))
    told = run("watch", "old.madaline", "again.csv").out
    assert "The earlier model first-fit is better by" in told
    command = "update old.madaline --regime first-fit"
    assert told.endswith(f"  madaline {command}\n")
    assert run(*command.split()).out.startswith("Went back to the earlier model first-fit.\nKeeps")
    assert len(json.loads(run("info", "old.madaline", "--json").out)["kept_models"]) == 1
    assert "is better" not in run("watch", "old.madaline", "again.csv").out
    again = run("update", "old.madaline", "new.csv", "-o", "old.madaline")
    assert "Went back: the earlier model" in again.out
    wrong = run(*command.split(), "new.csv")
    assert "Give a TABLE and -o NEW, or no TABLE and --regime NAME." in wrong.err
