"""Files that cannot be read: named, skipped if one wishes, and their rows are not lost."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from madaline._apps.cli import main

Image = pytest.importorskip("PIL.Image", reason="Pillow reads image files")

N_FILES = 24


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    """A folder of images, a table that names them, a model of each, and new rows."""
    place = tmp_path_factory.mktemp("broken")
    rng = np.random.default_rng(0)
    lines = ["face,size,answer"]
    for number in range(N_FILES):
        label = ("dark", "light")[number % 2]
        pixels = rng.integers(0, 60, (6, 6), np.uint8) + np.uint8(150 * (label == "light"))
        path = place / "pictures" / label / f"{number:02}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path)
        lines.append(f"{path.relative_to(place)},{rng.normal():.3f},{label}")
    (place / "cards.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    for source, model in (("pictures", "pictures.madaline"), ("cards.csv", "cards.madaline")):
        target = [] if source == "pictures" else ["--target", "answer"]
        words = ["fit", str(place / source), *target, "-o", str(place / model), "--effort", "2"]
        assert main([*words, "--quiet"]) == 0
    (place / "new").mkdir()
    for number in (0, 2, 3):
        Image.new("L", (6, 6), 40 * number).save(place / "new" / f"{number}.png")
    (place / "new" / "1.png").write_bytes(b"\x89PNG broken")
    (place / "new.csv").write_text(
        "face,size,answer\nnew/0.png,1,dark\nnew/1.png,1,dark\n,0,dark\nnowhere.png,1,light\n",
        encoding="utf-8",
    )
    return place


def rows_of(text):
    return list(csv.DictReader(text.splitlines()))


def test_a_broken_file_of_a_folder_has_an_empty_prediction_in_its_place(run, work):
    model, new = work / "pictures.madaline", work / "new"
    assert "1.png cannot be read" in run("predict", model, new).sentence
    told = run("predict", model, new, "--proba", "--skip-broken")
    assert "Files that cannot be read were left out: 1.png." in told.err
    rows = rows_of(told.out)
    assert [row["file"] for row in rows] == [f"{number}.png" for number in range(4)]
    assert [bool(row["label"]) for row in rows] == [True, False, True, True]
    assert [row["probability_dark"] == "" for row in rows] == [False, True, False, False]
    run("predict", model, new, "--skip-broken", "-o", "out.parquet")
    polars = pytest.importorskip("polars", reason="polars reads Parquet files")
    assert polars.read_parquet("out.parquet")["label"].null_count() == 1


def test_a_row_of_a_table_with_a_broken_file_has_an_empty_prediction(run, work):
    model, new = work / "cards.madaline", work / "new.csv"
    assert "Column face: " in run("predict", model, new).sentence
    told = run("predict", model, new, "--skip-broken", "--json")
    said = " ".join(told.err.split())
    assert "files that cannot be read: new/1.png (row 1), nowhere.png (row 3); rows" in said
    assert "1 row has no image that can be read and got a uniform one instead" in said  # row 2
    result = json.loads(told.out)
    assert [one is None for one in result["columns"]["answer"]] == [False, True, False, True]
    assert result["n_samples"] == 4
    assert [one["metric"] for one in result["scores"]]


def test_an_explanation_keeps_the_rows_and_their_numbers(run, work):
    model, new = work / "cards.madaline", work / "new.csv"
    told = run("explain", model, new, "--skip-broken").out
    assert [line.split(":")[0] for line in told.splitlines() if line.startswith("Row")] == [
        "Row 0",
        "Row 2",
    ]
    run("explain", model, new, "--skip-broken", "-o", "why.csv")
    rows = rows_of(Path("why.csv").read_text(encoding="utf-8"))
    assert [bool(row["output"]) for row in rows] == [True, False, True, False]
    pictures = run("explain", work / "pictures.madaline", work / "new", "--skip-broken").out
    shown = [f"{number}.png: label is" in pictures for number in range(4)]
    assert shown == [
        True,
        False,
        True,
        True,
    ]
    (work / "new.csv").with_name("first.csv").write_text(
        "face,size\nnowhere.png,1\nnew/0.png,1\n", encoding="utf-8"
    )
    refused = run("explain", model, work / "first.csv", "--skip-broken", "--rows", "1")
    assert "The files of the first 1 row cannot be read: ask for more." in refused.err


def test_other_commands_go_on_with_the_rows_that_can_be_read(run, work):
    model, new = work / "cards.madaline", work / "new.csv"
    assert run("doctor", model, new).code == 2
    assert "The rows of" in run("doctor", model, new, "--skip-broken").out
    assert run("effects", model, new, "--column", "size", "--skip-broken").code == 0
    report = json.loads(run("report", model, new, "--skip-broken", "--json").out)
    assert len(report["rows"]["scores"]) > 0
    found = run("counterfactual", model, new, "--row", "2", "--skip-broken").out
    assert "Row 2" in found
    refused = run("counterfactual", model, new, "--row", "1", "--skip-broken").err
    assert "--row is 1, whose file cannot be read: choose another row." in refused


def test_where_every_file_is_broken_there_is_nothing_to_skip(run, work):
    (work / "none.csv").write_text("face,size\nnowhere.png,1\nnor_here.png,1\n", encoding="utf-8")
    told = run("predict", work / "cards.madaline", work / "none.csv", "--skip-broken")
    assert "names a file that cannot be read" in told.sentence
    (work / "gone").mkdir()
    (work / "gone" / "1.png").write_bytes(b"")
    told = run("predict", work / "pictures.madaline", work / "gone", "--skip-broken")
    assert "1.png cannot be read as an image" in told.sentence


def test_a_missing_image_looks_the_same_whatever_rows_are_beside_it(run, work):
    model = work / "cards.madaline"
    (work / "one.csv").write_text("face,size\n,0.5\n", encoding="utf-8")
    (work / "two.csv").write_text("face,size\nnew/3.png,1\n,0.5\n", encoding="utf-8")
    alone, beside = (
        rows_of(run("predict", model, work / name, "--proba").out)[-1]
        for name in ("one.csv", "two.csv")
    )
    assert alone == beside


def test_a_row_with_a_broken_file_is_counted_once_and_stays_in_its_place(run, work):
    """Of two columns of images one is broken in a row, and the other empty."""
    rng, lines = np.random.default_rng(1), ["face,back,size,answer"]
    for number in range(N_FILES):
        label = ("dark", "light")[number % 2]
        picture = f"pictures/{label}/{number:02}.png"
        face = {3: "new/1.png", 5: ""}.get(number, picture)
        lines.append(f"{face},{'' if number == 3 else picture},{rng.normal():.3f},{label}")
    (work / "both.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    options = ("--target", "answer", "--effort", "1", "-o", "both.madaline", "--skip-broken")
    told = run("fit", work / "both.csv", *options)
    said = " ".join((told.err + told.out).split())
    assert "Read both.csv: 24 rows" in said
    assert "Column face: files that cannot be read: new/1.png (row 3)" in said
    assert "Column face: 2 rows have no image that can be read and got a uniform one" in said
    assert "Column back: 1 row has no image that can be read" in said
    new = run("predict", "both.madaline", work / "both.csv", "--skip-broken", "--json")
    said = " ".join(new.err.split())
    assert "Column face: 1 row has no image that can be read" in said  # row 5
    assert "Column back" not in said  # row 3 is not predicted
    answers = json.loads(new.out)["columns"]["answer"]
    assert [one is None for one in answers] == [number == 3 for number in range(N_FILES)]
