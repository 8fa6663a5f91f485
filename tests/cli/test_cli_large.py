"""Commands other than `predict` on tables that are too large for memory."""

from __future__ import annotations

import io
import json
import os
from functools import partial
from pathlib import Path

import pytest

from madaline._apps.cli import reading
from madaline._models.model import model_rows
from madaline._tables.io import part_files, source_files, table_files
from madaline._tables.io.table_files import read_file
from madaline._tell.explain.attributions import written as explained

pl = pytest.importorskip("polars")


@pytest.fixture(autouse=True)
def many(place, fruit_rows, monkeypatch) -> None:
    """Parquet files of 1,000 rows, and the same rows in one file."""
    monkeypatch.setattr(model_rows, "BLOCK_ROWS", 128)
    monkeypatch.setattr(explained, "BLOCK_ROWS", 150)
    frame = pl.read_csv(io.StringIO(fruit_rows(1000)))
    frame.write_csv("whole.csv")
    frame[:900].write_parquet("0.parquet")
    frame[900:].write_parquet("1.parquet")


@pytest.mark.slow
def test_explanations_of_all_rows_go_to_a_file(run, model, fruit, monkeypatch) -> None:
    words = ["--background", fruit, "--class", "pear"]
    pl.read_parquet("0.parquet")[:200].write_parquet("0.parquet")
    pl.read_parquet("*.parquet").write_csv("whole.csv")
    assert run("explain", model, "whole.csv", *words, "-o", "expected.csv").code == 0
    finish = part_files.PartFile.finish
    monkeypatch.setattr(part_files.PartFile, "finish", lambda self: None)
    assert run("explain", model, "*.parquet", *words, "-o", "why.csv").code == 0
    monkeypatch.setattr(part_files.PartFile, "finish", finish)
    (last,) = Path(".why.csv.madaline-parts").glob("000001")
    last.unlink()
    outcome = run("explain", model, "*.parquet", *words, "-o", "why.csv")
    assert outcome.err.startswith("Going on after 150 rows that are done.\n")
    assert outcome.err.endswith("Wrote the explanation of 300 rows to why.csv.\n")
    found, expected = read_file("why.csv").table, read_file("expected.csv").table
    assert found.names == expected.names
    assert found["attribution_weight"] == pytest.approx(expected["attribution_weight"], rel=1e-4)
    assert not Path(".why.csv.madaline-parts").exists()
    assert "give --rows N" in run("explain", model, "*.parquet", "-o", "why.html").sentence


def test_first_rows_and_named_rows_are_those_of_the_table(run, model) -> None:
    for words in (["explain", "--rows", "3"], ["counterfactual", "--row", "950", "3"]):
        command, *options = words
        expected = run(command, model, "whole.csv", *options)
        found = run(command, model, "*.parquet", *options)
        assert found.out == expected.out
        assert found.err == expected.err
    sentence = run("counterfactual", model, "*.parquet", "--row", "1000").sentence
    assert "--row is 1000, but the table has no such row" in sentence


@pytest.mark.parametrize("command", ["effects", "doctor"])
def test_rows_are_drawn_where_a_command_needs_them_at_once(
    run, model, command, monkeypatch
) -> None:
    expected = run(command, model, "whole.csv")
    found = run(command, model, "*.parquet")
    assert found.out == expected.out.replace("whole.csv", "*.parquet")
    monkeypatch.setattr(reading, "MAX_DRAWN", 400)
    drawn = run(command, model, "*.parquet")
    assert drawn.code == 0
    assert " of 1,000 rows are looked at, drawn at random." in drawn.err


def test_an_update_learns_from_drawn_rows(run, model, monkeypatch) -> None:
    monkeypatch.setattr(reading, "MAX_DRAWN", 400)
    outcome = run("update", model, "*.parquet", "-o", "new.madaline", "--json")
    assert outcome.code == 0, outcome.err
    n_rows = json.loads(outcome.out)["update"]["rows"]
    assert f"{n_rows} of 1,000 rows are looked at" in outcome.err
    assert 100 < n_rows <= 400
    assert os.path.exists("new.madaline")


def test_a_pattern_without_quotes_gets_a_hint(run, model) -> None:
    sentence = run("predict", model, "0.parquet", "1.parquet").sentence
    assert "unrecognized arguments: 1.parquet; write the pattern of several files" in sentence


@pytest.mark.parametrize("command", ["effects", "explain", "watch"])
def test_a_single_file_is_read_at_once_where_it_fits(run, model, command, monkeypatch) -> None:
    pl.read_csv("whole.csv").with_row_index("number", 1).write_csv("numbered.csv")
    words = [command, model, "numbered.csv"] + (["--time", "number"] if command == "watch" else [])
    expected = run(*words)
    monkeypatch.setattr(source_files, "LARGE_FILE", 1)
    monkeypatch.setattr(reading, "MAX_DRAWN", 400)
    found = run(*words)
    assert found.code == expected.code == 0
    assert found.out == expected.out
    assert found.err == expected.err
    limited = partial(table_files.memory_limit, 100_000)
    monkeypatch.setattr(table_files, "memory_limit", lambda _: limited())
    drawn = run(*words)
    assert drawn.code == 0, drawn.err
    assert ("drawn at random" in drawn.err) == (command == "effects")
    assert command == "effects" or drawn.out == expected.out
