"""Rows are drawn by random keys, the same whatever the blocks that they come in."""

from __future__ import annotations

import numpy as np
import pytest

from madaline._tables import drawing
from madaline._tables.drawing import Drawing, row_keys
from madaline._tables.table import Table


def test_keys_of_rows_go_on_from_any_row(monkeypatch):
    monkeypatch.setattr(drawing, "KEY_CHUNK", 8)
    keys = row_keys(20, seed=3)
    assert len(keys) == len(set(keys)) == 20
    for first, stop in ((8, 20), (0, 8), (3, 17), (19, 20), (4, 4), (8, 8)):
        found = row_keys(stop - first, seed=3, first=first)
        np.testing.assert_array_equal(found, keys[first:stop])
    assert not np.isin(row_keys(20, seed=4), keys).any()


@pytest.mark.parametrize("size", [7, 100, 1000])
def test_the_rows_of_the_smallest_keys_are_drawn_with_what_stands_beside_them(size):
    keys = row_keys(1000, seed=0)
    expected = np.sort(np.argsort(keys)[:300])
    drawn = Drawing(300)
    for first in range(0, 1000, size):
        numbers = np.arange(first, min(first + size, 1000))
        numbers = numbers[keys[numbers] < drawn.bound]
        drawn.add(Table({"x": numbers / 2}), keys[numbers], numbers, 3 * numbers)
    table, numbers, (beside,) = drawn.result()
    np.testing.assert_array_equal(numbers, expected)
    np.testing.assert_array_equal(table["x"], expected / 2)
    np.testing.assert_array_equal(beside, 3 * expected)
