"""A loaded model takes mappings and frames; of one column, its values; else a sentence says so."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_digits

from madaline import AdaptiveClassifier, load
from madaline.errors import InputError


def saved(tmp_path, X, y, **settings):
    model = AdaptiveClassifier(effort=2, random_state=0, **settings).fit(X, y, folds=2)
    model.save(tmp_path / "model")
    return load(tmp_path / "model")


def test_a_model_of_images_takes_images(tmp_path):
    digits = load_digits()
    X, y = digits.images[:200], digits.target[:200] > 4
    model = saved(tmp_path, X, y)
    expected = model.predict_proba({"image": X[:5]})
    for rows in (X[:5], list(X[:5])):
        np.testing.assert_array_equal(model.predict_proba(rows), expected)
    with pytest.raises(InputError, match=r"holds 9 x 9 pixels, gray, but the model .*: resize"):
        model.predict(np.zeros((1, 9, 9)))
    with pytest.raises(InputError, match=r"holds no images, but the model .*: open them first"):
        model.model_.predict({"image": ["1.png"]})
    with pytest.raises(InputError, match=r"1\.png cannot be read as an image"):
        model.predict({"image": ["1.png"]})


def test_a_model_of_a_table_takes_frames_and_refuses_what_has_no_names(tmp_path):
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"size": rng.normal(size=120), "town": rng.choice(["Bonn", "Kiel"], 120)})
    y = np.where(X["size"] > 0, "yes", "no")
    model = saved(tmp_path, X, y)
    expected = model.predict({name: X[name].tolist() for name in X})
    np.testing.assert_array_equal(model.predict(X), expected)
    for rows in (X.to_numpy(), "rows.csv", 3):
        with pytest.raises(InputError, match=r"give a frame, or a mapping of the columns"):
            model.model_.predict(rows)
