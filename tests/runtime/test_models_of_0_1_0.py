"""Models that madaline 0.1.0 wrote still load, and predict what they predicted there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from madaline import load, runtime

FOLDER = Path(__file__).parent / "models_of_0.1.0"
PREDICTIONS = json.loads((FOLDER / "predictions.json").read_text())


def columns_of(name: str) -> dict[str, Any]:
    columns = PREDICTIONS[name]["columns"]
    if name == "images":
        return {column: np.array(images, np.uint8) for column, images in columns.items()}
    if name == "sequences":
        return {column: [np.array(one) for one in values] for column, values in columns.items()}
    return columns | (
        {"day": np.array(columns["day"], "datetime64[us]")} if "day" in columns else {}
    )


@pytest.mark.parametrize("name", PREDICTIONS)
def test_it_predicts_the_same(name: str) -> None:
    predictor, columns = runtime.load(FOLDER / f"{name}.madaline"), columns_of(name)
    expected = PREDICTIONS[name]
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


@pytest.mark.parametrize("name", PREDICTIONS)
def test_it_tells_its_story(name: str) -> None:
    model = load(FOLDER / f"{name}.madaline")
    assert model.model_.version == "0.1.0"
    assert str(model.story())
    assert len(model.history_["loss"]) > 0
