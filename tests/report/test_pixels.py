"""Pictures within the page are what they are made of, pixel by pixel."""

from __future__ import annotations

import io
from base64 import b64decode

import numpy as np
import pandas as pd
import pytest

from madaline import AdaptiveClassifier
from madaline._tables.media.images import as_bytes
from madaline._tell.report.explained import ExplainedRow
from madaline._tell.report.pictures import LESS, MORE, map_source, png

Image = pytest.importorskip("PIL.Image", reason="Pillow reads image files")


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_a_png_holds_its_pixels(channels):
    pixels = np.random.default_rng(0).integers(0, 256, (5, 7, channels), np.uint8)
    read = np.asarray(Image.open(io.BytesIO(png(pixels))))
    np.testing.assert_array_equal(read.reshape(5, 7, channels), pixels)


def test_a_map_is_blue_where_it_adds_orange_where_it_takes_and_white_elsewhere():
    source = map_source([[2.0, 0.0, -2.0, 1.0]])
    file = io.BytesIO(b64decode(source.removeprefix("data:image/png;base64,")))
    colors = np.asarray(Image.open(file))[0]
    assert colors[:3].tolist() == [list(MORE), [255, 255, 255], list(LESS)]
    assert np.all((colors[3] > MORE) & (colors[3] < 255))
    assert map_source([[0.0]]) != map_source([[1.0]])


def test_numbers_on_any_scale_become_bytes():
    np.testing.assert_array_equal(as_bytes(np.array([-1.0, 0.0, 1.0])), [0, 128, 255])
    np.testing.assert_array_equal(as_bytes(np.full(2, 7.0)), [0, 0])
    own = np.array([3, 9], np.uint8)
    assert as_bytes(own) is own


def test_gaps_and_missing_sequences_are_drawn_without_a_warning():
    rng = np.random.default_rng(0)
    lengths = rng.integers(5, 9, 40)
    walks = [rng.normal(size=(length, 2)) + 4 * (row % 2) for row, length in enumerate(lengths)]
    walks[0][:, 1] = np.nan
    model = AdaptiveClassifier(effort=6, random_state=0)
    X = pd.DataFrame({"walk": walks})
    X.loc[1, "walk"] = None
    model.fit(X, np.arange(40) % 2)
    explanation = model.explain(X[:3])
    (gaps,), (nothing,) = (ExplainedRow.of(explanation, row).to_json()["maps"] for row in (0, 1))
    steps, channels = explanation.maps["walk"][0].shape
    assert np.shape(gaps["values"]) == np.shape(nothing["values"]) == (channels, steps)
    assert nothing["picture"] is None
    assert set(np.ravel(gaps["picture"][1])[: len(walks[0])]) == {255}  # as where nothing is
