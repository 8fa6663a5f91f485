"""Models of several targets or quantiles are exported with a column for each."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from running import changed, exported, session_of

from madaline import AdaptiveClassifier, AdaptiveRegressor
from madaline._tables.target.encoders import ClassEncoder

N_ROWS = 120


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    return {
        "size": np.where(rng.random(N_ROWS) < 0.1, np.nan, rng.standard_normal(N_ROWS)),
        "color": rng.choice(np.array(["red", "blue", None], dtype=object), N_ROWS),
    }


@pytest.fixture(scope="module")
def signal(rows):
    rng = np.random.default_rng(1)
    size = np.nan_to_num(rows["size"])
    both = np.stack([size, 1000 + 50 * size * (rows["color"] == "red")], axis=1)
    return both + rng.standard_normal(both.shape)


@pytest.fixture(scope="module")
def labeled(rows, signal):
    """A model of two labels."""
    y = (signal > np.median(signal, axis=0)).astype(int)
    return AdaptiveClassifier(effort=3, random_state=0).fit(rows, y, folds=2)


def facts_of(path):
    return session_of(path).get_modelmeta().custom_metadata_map


@pytest.mark.parametrize("loss", ["squared", "poisson"])
def test_several_numbers(loss, rows, signal, tmp_path) -> None:
    path, y = tmp_path / "model.onnx", np.abs(signal)
    model = AdaptiveRegressor(loss=loss, effort=3, random_state=0).fit(rows, y, folds=2)
    (numbers,) = exported(model.model_, path, rows)
    np.testing.assert_allclose(numbers, model.predict(rows), rtol=1e-6, atol=1e-6)
    assert numbers.shape == (N_ROWS, 2)
    assert len(json.loads(facts_of(path)["outputs"])) == 2


def test_several_quantiles_ascend(rows, signal, tmp_path) -> None:
    path, levels = tmp_path / "model.onnx", [0.1, 0.5, 0.9]
    model = AdaptiveRegressor(loss="quantile", quantile=levels, effort=3, random_state=0)
    model.fit(rows, signal[:, 0], folds=2)
    (numbers,) = exported(model.model_, path, rows)
    np.testing.assert_allclose(numbers, model.predict(rows), rtol=1e-6, atol=1e-6)
    assert (np.diff(numbers, axis=1) >= 0).all()
    assert json.loads(facts_of(path)["outputs"]) == ["0.1", "0.5", "0.9"]


CLASSES = {
    "numbers": [[0, 1], [0, 1]],
    "Booleans": [[False, True], [False, True]],
    "text": [["no", "yes"], ["short", "tall"]],
}


@pytest.mark.parametrize("classes", CLASSES.values(), ids=CLASSES.keys())
def test_several_labels(classes, labeled, rows, tmp_path) -> None:
    path, joint = tmp_path / "model.onnx", labeled.model_.predictor.target_encoder
    encoders = [
        ClassEncoder(np.array(labels), threshold)
        for labels, threshold in zip(classes, (0.5, 0.3), strict=True)
    ]
    model = changed(labeled.model_, target_encoder=replace(joint, encoders=tuple(encoders)))
    labels, probabilities = exported(model, path, rows)
    assert labels.tolist() == model.predict(rows).tolist()
    assert np.shape(labels) == (N_ROWS, 2)
    np.testing.assert_allclose(probabilities, labeled.predict_proba(rows), rtol=0, atol=1e-6)
    facts = facts_of(path)
    assert json.loads(facts["threshold"]) == [0.5, 0.3]
    assert json.loads(facts["classes"])[1] == list(map(str, classes[1]))


def test_temperatures_of_several_labels(labeled, rows, tmp_path) -> None:
    model = changed(labeled.model_, temperature=np.array([0.5, 3.0]))
    _, probabilities = exported(model, tmp_path / "model.onnx", rows)
    np.testing.assert_allclose(probabilities, model.predict_proba(rows), rtol=0, atol=1e-6)
