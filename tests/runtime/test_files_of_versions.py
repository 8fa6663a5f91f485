"""Models of each version still load, and predict what they predicted there (docs/files.md).

A release adds a folder of its number to `tests/data/files`, with models and their predictions.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from madaline import load, runtime

FILES = Path(__file__).parents[1] / "data" / "files"
FOLDER = FILES / "0.1.0"
PREDICTIONS = json.loads((FOLDER / "predictions.json").read_text())
MODELS = sorted(FILES.glob("*/*.madaline"))


def columns_of(name: str, predictions: dict[str, Any] = PREDICTIONS) -> dict[str, Any]:
    columns = predictions[name]["columns"]
    if name == "images":
        return {column: np.array(images, np.uint8) for column, images in columns.items()}
    if name == "sequences":
        return {column: [np.array(one) for one in values] for column, values in columns.items()}
    return columns | (
        {"day": np.array(columns["day"], "datetime64[us]")} if "day" in columns else {}
    )


def named(path: Path) -> str:
    return f"{path.parent.name}-{path.stem}"


def test_there_is_a_folder_of_each_version() -> None:
    for folder in FILES.iterdir():
        names = {path.stem for path in folder.glob("*.madaline")}
        assert names == json.loads((folder / "predictions.json").read_text()).keys()
        assert names


@pytest.mark.parametrize("path", MODELS, ids=named)
def test_it_predicts_the_same(path: Path) -> None:
    predictions = json.loads((path.parent / "predictions.json").read_text())
    predictor, columns = runtime.load(path), columns_of(path.stem, predictions)
    expected = predictions[path.stem]
    found = predictor.predict(columns)
    if "interval" in expected:
        np.testing.assert_allclose(found, expected["prediction"], rtol=1e-6, atol=1e-6)
        interval = predictor.predict_interval(columns, 0.7)
        np.testing.assert_allclose(interval, expected["interval"], rtol=1e-6, atol=1e-6)
    else:
        assert found.tolist() == expected["prediction"]
        np.testing.assert_allclose(predictor.predict_proba(columns), expected["proba"], atol=1e-6)
        assert predictor.predict_set(columns, 0.8).tolist() == expected["set"]
    output, of_folds = predictor.output(columns), predictor.fold_outputs(columns)
    np.testing.assert_allclose(output, expected["output"], rtol=1e-6, atol=1e-5)
    np.testing.assert_allclose(of_folds, expected["fold_outputs"], rtol=1e-6, atol=1e-5)


@pytest.mark.parametrize("path", MODELS, ids=named)
def test_it_tells_its_story(path: Path) -> None:
    model = load(path)
    assert model.model_.version == path.parent.name
    assert str(model.story())
    assert len(model.history_["loss"]) > 0
