"""Tables as people write them: each file of `odd_tables` is read as `expected.json` says."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from madaline._tables.io.table_files import read_file
from madaline._tables.schema import Schema

pytest.importorskip("polars")

FOLDER = Path(__file__).parent / "odd_tables"
EXPECTED = json.loads((FOLDER / "expected.json").read_text(encoding="utf-8"))


def test_every_file_is_expected():
    assert set(EXPECTED) == {path.name for path in FOLDER.glob("*.csv")}


@pytest.mark.parametrize("name", EXPECTED)
def test_an_odd_table_is_read_right_or_named(name):
    file = read_file(FOLDER / name)
    schema = Schema.infer(file.table)
    table = schema.read(file.table)
    assert list(file.notes) == EXPECTED[name]["notes"]
    for column, expected in EXPECTED[name]["columns"].items():
        assert (schema[column].kind, schema[column].note) == (expected["kind"], expected["note"])
        if expected["values"] is not None:
            check_values(table[column], expected["kind"], expected["values"])


def check_values(column, kind, values):
    if kind == "datetime":
        np.testing.assert_array_equal(column, np.array(values, "datetime64[us]"))
    elif kind == "number":
        np.testing.assert_array_equal(column, np.array(values, np.float64))
    else:
        assert column.tolist() == values


@pytest.mark.parametrize("name", EXPECTED)
def test_a_schema_from_json_reads_the_same(name):
    table = read_file(FOLDER / name).table
    schema = Schema.infer(table)
    again = Schema.from_json(json.loads(json.dumps(schema.to_json())))
    assert again == schema
    for column in table.names:
        one, other = schema.read(table)[column], again.read(table)[column]
        np.testing.assert_array_equal(one, other)
