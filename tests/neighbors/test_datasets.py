"""Data sets of Hugging Face are tables, and their columns lists."""

from __future__ import annotations

import numpy as np
import pytest

datasets = pytest.importorskip("datasets", reason="datasets is not installed")

from madaline import AdaptiveClassifier  # noqa: E402
from madaline.errors import InputError  # noqa: E402

# What is noise teaches nothing.
pytestmark = pytest.mark.filterwarnings("ignore::madaline.errors.NothingLearnedWarning")
QUICK = {"effort": 2, "random_state": 0}


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    size, town = rng.normal(size=80), rng.choice(["Bonn", "Kiel"], 80)
    y = (size + (town == "Kiel") > 0.5).astype(int)
    return datasets.Dataset.from_dict({"size": size, "town": town, "label": y})


def test_a_table_and_its_label(rows):
    X, y = rows.remove_columns("label"), rows["label"]
    model = AdaptiveClassifier(**QUICK).fit(X, y)
    expected = AdaptiveClassifier(**QUICK).fit(X.to_pandas(), list(y)).predict_proba(X.to_pandas())
    for same in (X, rows, X.select_columns(["town", "size"]), X.with_format("numpy")):
        np.testing.assert_array_equal(model.predict_proba(same), expected)
    np.testing.assert_array_equal(model.predict_proba(rows.to_iterable_dataset()), expected)
    shuffled = rows.shuffle(seed=0)
    found = model.predict_proba(shuffled)
    np.testing.assert_array_equal(found, model.predict_proba(shuffled.to_pandas()))
    assert not (found == expected).all()
    assert model.score(rows, rows["label"]) == model.score(X.to_pandas(), list(y))


@pytest.mark.filterwarnings("ignore::madaline.errors.KindGuessedWarning")  # arrays of images
def test_texts_and_images_are_given_as_columns():
    y = [0, 1] * 20
    texts = datasets.Dataset.from_dict({"text": [f"{'good' if one else 'bad'} words" for one in y]})
    model = AdaptiveClassifier(effort=1, random_state=0).fit(texts["text"], y)
    assert model.model_.schema.columns[0].kind in ("text", "category")
    pixels = np.random.default_rng(0).integers(0, 255, (40, 6, 6)).astype(np.uint8)
    features = datasets.Features({"image": datasets.Array2D((6, 6), "uint8")})
    images = datasets.Dataset.from_dict({"image": pixels.tolist()}, features=features)
    given = images.with_format("numpy")["image"]
    model = AdaptiveClassifier(effort=1, random_state=0).fit(given, y)
    np.testing.assert_array_equal(model.predict_proba(given), model.predict_proba(pixels))


def test_splits_are_told_apart(rows):
    splits = datasets.DatasetDict(train=rows, test=rows)
    with pytest.raises(InputError, match=r"under the name 'train': give one .* X\['train'\]"):
        AdaptiveClassifier(**QUICK).fit(splits, rows["label"])
