"""`madaline fit` of tables that are read block by block."""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path

import numpy as np
import pytest
from tests.grids import some

from madaline._apps.cli import training_data
from madaline._models.fitting import preparation, sampling
from madaline._models.model import FittedModel
from madaline._race import row_store, stored_rows
from madaline._tables import drawing
from madaline._tables.io import source_files
from madaline._tables.io.compression import TooLargeError

pl = pytest.importorskip("polars")

FEW = ("--effort", "2", "--preset", "quick", "--members", "networks", "--jobs", "1")


@pytest.fixture(autouse=True)
def small(monkeypatch, place) -> None:
    monkeypatch.setattr(sampling, "MIN_ROWS", 400)
    monkeypatch.setattr(sampling, "SAMPLE", 300)
    monkeypatch.setattr(stored_rows, "CHUNK", 256)
    monkeypatch.setattr(drawing, "KEY_CHUNK", 256)
    monkeypatch.setattr(row_store, "CHUNK", 256)
    temporary = place / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))


@pytest.fixture
def on_disk(monkeypatch) -> None:
    """Let no rows be kept in memory."""
    blocks = preparation.blocks_of_files

    def of_files(sampled, prepared, _, *, seed):
        return blocks(sampled, prepared, lambda _: False, seed=seed)

    monkeypatch.setattr(preparation, "blocks_of_files", of_files)


@pytest.fixture
def rows(place) -> Path:
    """A folder of two Parquet files."""
    rng = np.random.default_rng(0)
    size, city = rng.normal(size=1200), rng.integers(0, 30, 1200)
    price = 2 * size + 0.1 * city + 0.3 * rng.normal(size=1200)
    frame = pl.DataFrame(
        {
            "size": size,
            "city": [f"city {one}" for one in city],
            "day": np.datetime64("2020-01-01") + np.arange(1200) // 3,
            "weight": rng.integers(0, 3, 1200),
            "price": price,
            "kind": np.where(price > 1, "high", "low"),
        }
    )
    folder = place / "rows"
    folder.mkdir()
    frame[:500].write_parquet(folder / "1.parquet")
    frame[500:].write_parquet(folder / "2.parquet")
    return folder


def outputs(path: str, table) -> np.ndarray:
    return FittedModel.load(path).predict(table)


def frame_of(folder: Path):
    return pl.read_parquet(folder / "*.parquet")


@pytest.mark.parametrize("form", some(["pattern", "folder"], 1))
def test_files_are_fitted_as_in_memory(run, rows, on_disk, form):
    words = ("--target", "price", "--drop", "kind", *FEW)
    frame = frame_of(rows)
    frame.write_parquet("whole.parquet")
    assert run("fit", "whole.parquet", *words).code == 0
    outcome = run("fit", "rows/*.parquet" if form == "pattern" else "rows", *words)
    assert outcome.code == 0, outcome.err
    read = "rows/*.parquet" if form == "pattern" else "rows"
    assert f"Read {read}: 1,200 rows, 6 columns." in outcome.err
    assert Path("rows.madaline").exists()
    table = dict(frame.select("size", "city", "day", "weight").to_dict())
    np.testing.assert_array_equal(outputs("rows.madaline", table), outputs("whole.madaline", table))
    story = run("story", "rows.madaline", "--full").out
    story = " ".join(story.split())
    assert "The table has 1,200 rows." in story
    assert re.search(r"each of 179 of 3\d\d rows was predicted", story)
    drawn = r"s counted in the 3\d\d of 1,200 rows that were drawn"
    info = " ".join(run("info", "rows.madaline").out.split())
    assert re.search(f"Columns, a{drawn}:", info)
    assert run("report", "rows.madaline", "-o", "report.html").code == 0
    assert re.search(f"A{drawn}\\.", Path("report.html").read_text())
    assert FittedModel.load("rows.madaline").summary.request.source == read
    assert not list(Path("temporary").iterdir())


def test_weights_groups_and_times_of_files_count(run, rows, on_disk):
    outcome = run(
        *("fit", "rows", "--target", "kind", "--drop", "price", "--weight", "weight"),
        *("--groups", "city", "--time", "day", *FEW),
    )
    assert outcome.code == 0, outcome.err
    summary = FittedModel.load("rows.madaline").summary
    frame = frame_of(rows)
    assert summary.n_samples == frame.filter(pl.col("weight") > 0).height
    assert summary.forward is not None


@pytest.mark.slow
def test_numbers_in_another_form_are_read_as_in_memory(run, rows, on_disk, monkeypatch):
    frame = frame_of(rows)
    comma = [
        pl.col(name).round(3).cast(str).str.replace(".", ",", literal=True)
        for name in ["size", "price"]
    ]
    frame.with_columns(comma).write_csv("rows.csv", separator=";")
    words = ("fit", "rows.csv", "--target", "price", "--drop", "kind", *FEW)
    assert run(*words, "-o", "memory.madaline").code == 0
    monkeypatch.setattr(source_files, "LARGE_FILE", 1)
    assert run(*words, "-o", "blocks.madaline").code == 0
    table = dict(frame.select("size", "city", "day", "weight").to_dict())
    np.testing.assert_array_equal(
        outputs("blocks.madaline", table), outputs("memory.madaline", table)
    )


@pytest.mark.slow
def test_what_does_not_fit_into_memory_is_read_in_blocks(run, rows, on_disk, monkeypatch):
    def refuse(*_, **__):
        raise TooLargeError("To read it would take too much.")

    monkeypatch.setattr(training_data, "read_file", refuse)
    frame_of(rows).write_csv("rows.csv")
    outcome = run("fit", "rows.csv", "--target", "kind", *FEW)
    assert outcome.code == 0, outcome.err
    assert "Read rows.csv: 1,200 rows" in outcome.err
    sentence = run("fit", "rows.csv", "--target", "kind", "--lags", "1", "--time", "day").sentence
    assert sentence.startswith("--lags needs all rows in memory, but rows.csv is read block by")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ((), "Name the column to predict"),
        (("--target", "prize"), "--target names prize, but the table has no such column"),
        (("--target", "price", "--lags", "1", "--time", "day"), "--lags needs all rows in memory"),
        (("--target", "city", "--task", "regression"), "holds text"),
        (("--target", "price", "--weight", "city"), "city, holds no numbers"),
    ],
)
def test_what_cannot_be_fitted_is_one_sentence(run, rows, words, sentence):
    outcome = run("fit", "rows/*.parquet", *words)
    assert sentence in outcome.sentence
    assert not list(Path("temporary").iterdir())


def test_a_full_disk_is_one_sentence(run, rows, on_disk, monkeypatch):
    usage = shutil.disk_usage(rows)._replace(free=10**6)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    outcome = run("fit", "rows", "--target", "price", *FEW)
    assert outcome.code == 2
    assert "on the disk of temporary files" in outcome.err
    assert outcome.err.rstrip().endswith("environment variable TMPDIR.")
    assert not Path("rows.madaline").exists()
    assert not list(Path("temporary").iterdir())


def test_other_commands_do_not_take_a_sample_for_the_table(run, rows, monkeypatch):
    frame_of(rows).head(450).write_csv("rows.csv")
    monkeypatch.setattr(source_files, "LARGE_FILE", 1)
    outcome = run("fit", "rows.csv", "--target", "price", "--by", "kind", *FEW)
    assert outcome.code == 0, outcome.err
    frame = frame_of(rows).head(450)
    counts = frame["kind"].value_counts().to_dict(as_series=False)
    told = run("info", "rows.madaline", "--json").out
    for count in counts["count"]:
        assert f"{count}" in told
    assert "450 rows" in run("stream", "rows.csv", "--target", "price").out
