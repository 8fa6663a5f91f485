"""Images and sequences are exported; texts and sounds are refused, or left out."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from running import exported, session_of

from madaline import AdaptiveClassifier, load, sequences
from madaline.errors import InputError

N_ROWS = 40


def columns_of(seed: int) -> dict[str, object]:
    """Return rows of an image, a sequence of a length of its own, and a number."""
    rng = np.random.default_rng(seed)
    waves = [rng.standard_normal((rng.integers(5, 14), 2)) for _ in range(N_ROWS)]
    waves[3][2, 0] = waves[4][1] = waves[5][:, 1] = np.nan
    return {
        "image": rng.integers(0, 255, (N_ROWS, 6, 5, 3)).astype(np.uint8),
        "wave": sequences([None, *waves[1:]]),
        "number": np.where(rng.random(N_ROWS) < 0.2, np.nan, rng.standard_normal(N_ROWS)),
    }


@pytest.fixture(scope="module")
def answers():
    return np.arange(N_ROWS) % 3


@pytest.fixture(scope="module")
def fitted(answers):
    model = AdaptiveClassifier(effort=2, random_state=0)
    return model.fit(columns_of(0), answers, folds=2)


@pytest.mark.filterwarnings("ignore::madaline.errors.NothingLearnedWarning")
def test_images_and_sequences(fitted, tmp_path) -> None:
    rows, path = columns_of(1), tmp_path / "model.onnx"
    fitted.to_onnx(path)
    labels, probabilities = session_of(path).run(None, fitted.onnx_feed(rows))
    assert labels.tolist() == fitted.predict(rows).tolist()
    np.testing.assert_allclose(probabilities, fitted.predict_proba(rows), rtol=0, atol=1e-6)
    shapes = {one.name: one.shape[1:] for one in session_of(path).get_inputs()}
    assert shapes == {"image": [6, 5, 3], "wave": [13, 3], "number": [1]}


@pytest.fixture(scope="module")
def reviews(answers):
    """A model of texts beside a number, and rows."""
    words = ["so good", "not bad at all", "never again, it broke"]
    texts = [f"{words[one]} {words[one]} number {row}" for row, one in enumerate(answers)]
    X = {"note": texts, "size": np.arange(N_ROWS) % 7.0}
    kinds = {"note": "text"}
    return AdaptiveClassifier(effort=2, kinds=kinds, random_state=0).fit(X, answers, folds=2), X


def test_texts_are_refused_or_left_out(reviews, tmp_path) -> None:
    model, rows = reviews
    with pytest.raises(InputError, match=r"cannot read texts: give without=\['note'\]"):
        model.to_onnx(tmp_path / "model.onnx")
    assert not (tmp_path / "model.onnx").exists()
    _, found = exported(model.model_, tmp_path / "model.onnx", rows, without=["note"])
    empty = rows | {"note": [None] * N_ROWS}
    np.testing.assert_allclose(found, model.predict_proba(empty), rtol=0, atol=1e-6)
    assert np.abs(found - model.predict_proba(rows)).max() > 1e-3


@pytest.mark.parametrize(
    ("without", "sentence"),
    [(["size"], "'size' can be exported"), (["nothing"], "has no column 'nothing'")],
)
def test_other_columns_are_not_left_out(without, sentence, reviews, tmp_path) -> None:
    with pytest.raises(InputError, match=sentence):
        reviews[0].to_onnx(tmp_path / "model.onnx", without=without)


def test_a_model_of_nothing_but_texts_is_refused(answers, tmp_path) -> None:
    texts = [f"so {'good' if one else 'bad'}, number {row}" for row, one in enumerate(answers)]
    model = AdaptiveClassifier(effort=1, random_state=0).fit(texts, answers, folds=2)
    assert model.model_.predictor.encoder.only_texts
    with pytest.raises(
        InputError, match=r"predict with madaline\.runtime, which needs NumPy alone"
    ):
        model.to_onnx(tmp_path / "model.onnx", without=["text"])


def test_a_loaded_model_is_exported_alike(reviews, tmp_path) -> None:
    model, rows = reviews
    model.save(tmp_path / "model.madaline")
    model.to_onnx(tmp_path / "one.onnx", without=["note"])
    loaded = load(tmp_path / "model.madaline")
    loaded.to_onnx(tmp_path / "two.onnx", without=["note"])
    assert (tmp_path / "one.onnx").read_bytes() == (tmp_path / "two.onnx").read_bytes()
    assert loaded.onnx_feed(rows)["size"].shape == (N_ROWS, 1)


def test_a_missing_extra_is_named(reviews, tmp_path, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(InputError, match=r"needs onnx: install it with `pip install onnx`"):
        reviews[0].to_onnx(tmp_path / "model.onnx", without=["note"])


@pytest.mark.filterwarnings("ignore::madaline.errors.NothingLearnedWarning")
def test_sequences_alone(answers, tmp_path) -> None:
    rng, path = np.random.default_rng(2), tmp_path / "model.onnx"
    waves = [rng.standard_normal((rng.integers(30, 45), 2)) for _ in range(N_ROWS)]
    waves[3][2, 0] = waves[4][1] = waves[5][:, 1] = np.nan
    waves = sequences([None, *waves[1:]])
    model = AdaptiveClassifier(effort=2, random_state=0).fit(waves, answers, folds=2)
    model.to_onnx(path)
    labels, probabilities = session_of(path).run(None, model.onnx_feed(waves))
    gaps = np.abs(probabilities - model.predict_proba(waves)).max(axis=1)
    assert labels.tolist() == model.predict(waves).tolist()
    assert np.median(gaps) < 1e-5
    assert gaps.max() < 1e-3  # a sum at its threshold may be above it, or not
