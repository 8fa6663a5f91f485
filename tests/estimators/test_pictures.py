"""Images of Pillow in a list, and images on another scale than those that a model learned from."""

from __future__ import annotations

import numpy as np
import pytest

from madaline import AdaptiveClassifier
from madaline._tables.kinds.image import ImageEncoder
from madaline.errors import ImagesChangedWarning, InputError

Image = pytest.importorskip("PIL.Image", reason="Pillow makes the images")

pytestmark = pytest.mark.filterwarnings("ignore::madaline.errors.NothingLearnedWarning")


@pytest.fixture(scope="module")
def faces():
    """Return dark and light images of bytes, and which they are."""
    rng, light = np.random.default_rng(0), np.arange(40) % 2
    return (rng.integers(0, 60, (40, 6, 6)) + 190 * light[:, None, None]).astype(np.uint8), light


def fit(X, y):
    return AdaptiveClassifier(effort=2, random_state=0).fit(X, y)


def test_a_list_of_images_of_pillow_is_what_its_array_is(faces):
    X, y = faces
    pictures = [Image.fromarray(one) for one in X]
    model = fit(pictures, y)
    np.testing.assert_array_equal(model.predict_proba(pictures), fit(X, y).predict_proba(X))
    larger = [Image.fromarray(one).convert("RGB").resize((12, 12)) for one in X[:3]]
    with pytest.warns(ImagesChangedWarning, match="3 of 3 images were resized to 6 x 6 pixels"):
        assert model.predict(larger).shape == (3,)
    assert larger[0].size == (12, 12)  # the user's own is left alone


def test_images_of_pillow_that_cannot_be_read_are_named(faces, tmp_path):
    X, y = faces
    Image.fromarray(X[0].repeat(50, 0).repeat(50, 1)).save(tmp_path / "cut.png")
    whole = (tmp_path / "cut.png").read_bytes()
    (tmp_path / "cut.png").write_bytes(whole[: len(whole) // 2])
    told = r"^Image 3 \(counted from 0\) cannot be read: open its file anew, or leave it out.$"
    with Image.open(tmp_path / "cut.png") as cut, pytest.raises(InputError, match=told):
        fit([*map(Image.fromarray, X[:3]), cut], y[:4])


def test_images_on_another_scale_are_said(faces):
    X, y = faces
    of_fractions, of_bytes = fit(X / 255, y), fit(X, y)
    with pytest.warns(ImagesChangedWarning, match="learned from fractions, 0 to 1: divide bytes"):
        of_fractions.predict(X)
    with pytest.warns(ImagesChangedWarning, match="are fractions, .* multiply them by 255"):
        of_bytes.predict(X / 255)
    of_fractions.predict(X / 255), of_bytes.predict(X), of_bytes.predict(X.astype(float))
    of_bytes.predict(np.zeros((1, 6, 6)))  # what is black on every scale


def test_images_of_files_are_brought_to_fractions_where_the_model_learned_from_these(faces):
    X, y = faces
    model = fit((X / 255).astype(np.float32), y)
    expected = model.predict_proba((X / np.float32(255)).astype(np.float32))
    pictures = [Image.fromarray(one) for one in X]
    np.testing.assert_array_equal(model.predict_proba(pictures), expected)


def test_a_model_file_that_does_not_know_the_scale_says_nothing():
    column = np.full((2, 1, 1, 1), 0.5, np.float32)
    state, arrays = ImageEncoder.fit("image", column).to_state()
    del state["brightest"]
    old = ImageEncoder.from_state(state, arrays)
    assert old.off_scale(np.full((1, 1, 1, 1), 255, np.uint8)) == ""
