"""Rows that are files are called by their names, in findings and in reports."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from madaline._models.diagnosis.finding import Finding

Image = pytest.importorskip("PIL.Image", reason="Pillow reads image files")


@pytest.fixture
def model(run):
    """Fit a folder of images of which half are copies."""
    rng = np.random.default_rng(0)
    for number in range(60):
        label = ("dark", "light")[number % 2]
        pixels = rng.integers(0, 60, (6, 6), np.uint8) + np.uint8(150 * (label == "light"))
        if number >= 30:
            pixels = np.asarray(Image.open(f"pictures/{label}/{number - 30:02}.png"))
        path = Path("pictures") / label / f"{number:02}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path)
    assert run("fit", "pictures", "-o", "p.madaline", "--effort", "2", "--quiet").code == 0
    return "p.madaline"


def test_findings_and_explained_rows_name_the_files(run, model):
    found = json.loads(run("doctor", model, "--json").out)["fit"]
    copies = next(one for one in found if one["kind"] == "duplicates")
    files = sorted(str(path.relative_to("pictures")) for path in Path("pictures").rglob("*.png"))
    assert copies["names"] == [files[row] for row in copies["rows"]]
    said = " ".join(run("doctor", model).out.split())
    assert f"Such as {copies['names'][0]}, {copies['names'][1]}" in said
    report = json.loads(run("report", model, "pictures", "--json").out)
    for one in report["rows"]["explanations"]:
        assert one["name"] == files[one["row"]]
    run("report", model, "pictures", "-o", "page.html")
    page = Path("page.html").read_text(encoding="utf-8")
    assert f"<p>{report['rows']['explanations'][0]['name']}: predicted <b>" in page
    assert f"Such as {', '.join(copies['names'][:5])}." in page
    assert "counted from 0" not in page


def test_names_survive_a_file():
    one = Finding("duplicates", "low", "rows", "alike", "look", {}, (4, 7), ("a.png", "b.png"))
    assert one.examples(1) == "a.png"
    assert Finding.from_json(json.loads(json.dumps(one.to_json()))) == one
    old = {name: value for name, value in one.to_json().items() if name != "names"}
    assert Finding.from_json(old).examples(9) == "rows 4, 7 (counted from 0)"
