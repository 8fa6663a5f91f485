"""A function of each distinct value gives the same as of each row."""

from __future__ import annotations

import numpy as np
import pytest

from madaline._tables.kinds import KINDS as ALL
from madaline._tables.kinds.kind import TrainingColumn
from madaline._tables.schema import Schema
from madaline._tables.table import Distinct, Table

COLUMNS = {
    "text": ["b", "a", None, "b", "c"],
    "mixed": [True, "True", None, False, "true"],
    "truth": [True, False, None, True, True],
    "number": [2.0, np.nan, -1.0, 2.0, 0.5],
    "moment": np.array(["2026-11-25", "NaT", "2020-01-01", "2026-11-25", "NaT"], "datetime64[D]"),
}
KINDS = {
    "text": ("category",),
    "mixed": ("category", "boolean"),
    "truth": ("category", "boolean", "number"),
    "number": ("category", "number"),
    "moment": ("category", "datetime"),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_values_and_codes_give_the_column_back(name):
    column = _table(5)[name]
    distinct = Distinct.of(column)
    np.testing.assert_array_equal(distinct.values[distinct.codes], column)
    texts = [repr(value) for value in distinct.values]
    assert len(set(texts)) == len(texts)


def test_counts_are_those_of_rows():
    distinct = Distinct.of(_table(5)["text"])
    assert distinct.counts.tolist() == [2, 1, 1, 1]
    assert distinct.is_present.tolist() == [True, True, False, True]
    assert distinct.n_missing == 1
    assert Distinct.of(np.array([None] * 3, object)).n_missing == 3
    assert Distinct.of(np.array([], object)).counts.tolist() == []


def test_a_table_finds_them_once():
    table = _table(5)
    assert table.distinct("text") is table.distinct("text")


@pytest.mark.parametrize(
    ("name", "kind"), [(n, kind) for n, kinds in KINDS.items() for kind in kinds]
)
def test_levels_are_fitted_and_read_as_rows_are(name, kind):
    table = _table(65)  # of more than 64, each distinct level is read once
    schema = Schema.infer(table, {name: kind})[name]
    by_value = ALL[kind].fit(TrainingColumn(table, schema))
    ones = np.ones(table.n_samples)
    by_row = ALL[kind].fit(TrainingColumn(table, schema, ones))
    assert repr(by_value.to_state()) == repr(by_row.to_state())
    np.testing.assert_array_equal(by_value.read_rows(table), by_value.read(table[name]))


def _table(n_rows: int) -> Table:
    columns = {name: [values[row % 5] for row in range(n_rows)] for name, values in COLUMNS.items()}
    return Table.from_columns(columns)
