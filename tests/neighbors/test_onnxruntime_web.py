"""The example in JavaScript of docs/onnx.md predicts in Node.js what `predict` does."""

from __future__ import annotations

import csv
import json
import re
import shutil
import subprocess

import numpy as np
import pytest

pytest.importorskip("onnx", reason="onnx is not installed")

from madaline import AdaptiveClassifier

COMPARED = """
import { readFileSync } from "node:fs";
console.log(JSON.stringify(await predict(session, JSON.parse(readFileSync("rows.json")))));
"""


@pytest.fixture
def modules(project):
    folder = project / "build" / "neighbors" / "web" / "node_modules"
    if shutil.which("node") is None or not (folder / "onnxruntime-web").is_dir():
        pytest.skip("node and onnxruntime-web are not installed: `make neighbors GROUP=onnx`")
    return folder


def value_of(text):
    """Return a cell of a CSV file as JSON has it."""
    try:
        return float(text)
    except ValueError:
        return text if text not in ("", "NA") else None


@pytest.mark.parametrize("float32", [False, True])
def test_the_example_predicts_what_predict_does(float32, modules, project, penguins, tmp_path):
    with penguins.open() as file:
        rows = [{name: value_of(one) for name, one in row.items()} for row in csv.DictReader(file)]
    species = [row.pop("species") for row in rows]
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    model = AdaptiveClassifier(effort=5, random_state=0).fit(columns, species)
    model.to_onnx(tmp_path / "penguins.onnx", float32=float32)
    (example,) = re.findall(
        r"```js\n(.*?)```", (project / "docs" / "onnx.md").read_text(), re.DOTALL
    )
    (tmp_path / "node_modules").symlink_to(modules, target_is_directory=True)
    (tmp_path / "example.mjs").write_text(example + COMPARED)
    (tmp_path / "rows.json").write_text(json.dumps(rows))
    printed = subprocess.run(
        ["node", "example.mjs"], cwd=tmp_path, capture_output=True, text=True, check=True
    ).stdout
    answers = json.loads(printed.splitlines()[-1])
    assert [one["label"] for one in answers] == model.predict(columns).tolist()
    probabilities = np.array([one["probabilities"] for one in answers])
    np.testing.assert_allclose(probabilities, model.predict_proba(columns), rtol=0, atol=1e-5)
