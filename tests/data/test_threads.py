"""Columns are sorted and rows written on threads, with the same bits."""

from __future__ import annotations

import numpy as np
import pytest

from madaline._tables.encoders.table_encoder import TableEncoder
from madaline._tables.schema import Schema
from madaline._tables.table import MIN_ROWS_FOR_THREADS, Table


@pytest.fixture(scope="module")
def columns() -> dict[str, object]:
    rng = np.random.default_rng(0)
    numbers = rng.standard_normal(MIN_ROWS_FOR_THREADS + 5)
    return {
        "number": np.where(numbers > 2, np.nan, numbers),
        "day": np.datetime64("2026-11-25") + rng.integers(0, 900, len(numbers)),
        "city": rng.choice(["Bonn", "Kiel", "Ulm"], len(numbers)).astype(object),
    }


def test_columns_are_sorted_on_threads(columns: dict[str, object]) -> None:
    plain, sorted_before = Table.from_columns(columns), Table.from_columns(columns)
    sorted_before.sort(n_threads=2)
    assert sorted_before._ascending.keys() == {"number", "day"}
    for name in ("number", "day"):
        np.testing.assert_array_equal(sorted_before.ascending(name), plain.ascending(name))


def test_a_small_table_starts_no_threads(columns: dict[str, object]) -> None:
    small = Table.from_columns(columns).take(slice(100))
    small.sort(n_threads=2)
    assert not small._ascending


def test_rows_are_written_on_threads(columns: dict[str, object]) -> None:
    table = Table.from_columns(columns)
    encoder = TableEncoder.fit(table, Schema.infer(table), n_bins=(0, 16))
    one, two = encoder.encode(table), encoder.encode(table, n_threads=2)
    for n_bins in (0, 16):
        np.testing.assert_array_equal(one.features(n_bins), two.features(n_bins))


def test_sorted_numbers_are_let_go_of_after_the_fit(columns: dict[str, object]) -> None:
    table = Table.from_columns(columns)
    schema = Schema.infer(table)
    assert table._ascending.keys() == {"number", "day"}
    TableEncoder.fit(table, schema)
    assert not table._ascending
