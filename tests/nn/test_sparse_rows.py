"""Rows without their zeros hold the same numbers, and choose rows as arrays do."""

from __future__ import annotations

import numpy as np
import pytest

from madaline.nn._sparse_rows import SparseRows, arrays_of, dense


@pytest.fixture
def rows():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((20, 7)).astype(np.float32) * (rng.random((20, 7)) < 0.3)
    x[[3, 19]] = 0
    return x


def test_blocks_make_the_rows_that_one_makes(rows):
    one, two = SparseRows.of([rows]), SparseRows.of([rows[:3], rows[3:4], rows[4:]])
    for array, other in zip(arrays_of(one), arrays_of(two), strict=True):
        np.testing.assert_array_equal(array, other)
        assert array.dtype == other.dtype
    assert len(one.values) == np.count_nonzero(rows)


@pytest.mark.parametrize(
    "places",
    [slice(None), slice(2, 11), slice(0, None, 4), slice(0, 0), [19, 3, 3, 0], np.arange(20) > 11],
)
def test_chosen_rows_are_those_of_the_array(rows, places):
    chosen = SparseRows.of([rows])[places]
    assert chosen.shape == rows[places].shape
    np.testing.assert_array_equal(chosen.dense(), rows[places])
    assert chosen.dense().dtype == np.float32


def test_rows_with_zeros_stay_as_they_are(rows):
    assert dense(rows) is rows
    assert arrays_of(rows) == (rows,)
