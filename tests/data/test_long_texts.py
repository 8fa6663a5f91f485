"""One long text in a column takes the memory of its letters once, not in every row."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from madaline import AdaptiveClassifier
from madaline._apps.cli.training_data import read_groups
from madaline._apps.playground.tables import _codes
from madaline._race.evaluation.explained import codes_of
from madaline._race.time.history import SeriesHistory
from madaline._tables.column import is_missing
from madaline._tables.io.frames import make_frame, series_array, series_of
from madaline._tables.io.recognition import to_table
from madaline._tables.keys import GroupedRows

N_ROWS, N_LETTERS = 1000, 20_000
FIXED_WIDTH = 4 * N_ROWS * N_LETTERS  # bytes of an array as wide as its longest text
LIBRARIES = ("polars", "pandas", "pyarrow")


@pytest.fixture(scope="module")
def texts():
    texts = np.array([f"w{row % 9}" for row in range(N_ROWS)], object)
    texts[7] = "x" * N_LETTERS
    return texts


def peak(call):
    """Return the most bytes that Python and NumPy hold during a call."""
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("library", LIBRARIES)
def test_series_of_frames_are_as_large_as_their_texts(library, texts):
    frame = make_frame({"text": texts.tolist(), "row": list(range(N_ROWS))}, library)
    array = series_array(series_of(frame["text"]))
    assert array.dtype == object
    assert array.tolist() == texts.tolist()
    assert peak(lambda: to_table(frame)) < FIXED_WIDTH / 20


@pytest.mark.parametrize(
    "use",
    [
        lambda texts: codes_of(texts, is_missing(texts)),
        lambda texts: read_groups("text", texts),
        lambda texts: GroupedRows.of(to_table({"text": texts[8:]}), ["text"]),
        _codes,
        lambda texts: SeriesHistory.of(
            texts, np.arange(N_ROWS, dtype=float), np.ones((N_ROWS, 1)), of_classes=[False]
        )[0].rows(texts[:20]),
    ],
    ids=["codes", "groups", "keys", "playground", "history"],
)
def test_texts_are_told_apart_without_arrays_of_fixed_width(use, texts):
    assert peak(lambda: use(texts)) < FIXED_WIDTH / 20


def test_a_fit_takes_no_more_for_one_long_text(texts):
    labels = ["yes" if row % 9 < 4 else "no" for row in range(N_ROWS)]
    frame = make_frame({"text": texts.tolist(), "x": list(range(N_ROWS))}, "polars")
    model = AdaptiveClassifier(effort=1, n_jobs=1, random_state=0)
    assert peak(lambda: model.fit(frame, labels)) < FIXED_WIDTH
