"""Columns of a stream become features that only ever get more."""

from __future__ import annotations

import datetime

import numpy as np
import pytest

from madaline._models.online.columns import MAX_COLUMNS, MAX_LEVELS, N_CODES, UNKNOWN, StreamColumns
from madaline._models.online.encoder import QUARTERS, StreamEncoder
from madaline._tables.table import Table
from madaline.errors import InputError


def test_a_row_and_a_table_are_read_alike():
    values = {
        "size": [1.5, None, 3.0],
        "color": ["red", "blue", None],
        "day": [datetime.datetime(2026, 1, day) for day in (1, 2, 3)],
        "open": [True, False, True],
    }
    one, other = StreamColumns([*values]), StreamColumns([*values])
    table = one.read(Table.from_columns(values), learning=True)
    rows = [dict(zip(values, row, strict=True)) for row in zip(*values.values(), strict=True)]
    single = np.concatenate([other.read(row, learning=True) for row in rows])
    np.testing.assert_array_equal(table, single)
    assert one.to_json() == other.to_json()


def test_a_level_gets_a_code_only_when_it_is_learned():
    columns = StreamColumns(["color"])
    assert columns.read({"color": "red"}, learning=True) == 1
    assert columns.read({"color": "blue"}, learning=False) == UNKNOWN
    assert columns.read({"color": "blue"}, learning=True) == 2


def test_very_many_levels_share_codes():
    columns = StreamColumns(["id"])
    for number in range(10_000):
        columns.read({"id": f"user {number}"}, learning=True)
    assert len(columns.levels[0]) == MAX_LEVELS
    code = columns.read({"id": "somebody else"}, learning=False)[0, 0]
    assert MAX_LEVELS < code < N_CODES


def test_columns_may_be_missing():
    columns = StreamColumns(["a", "b"])
    assert np.isnan(columns.read({"a": 1.0}, learning=True)[0, 1])


@pytest.mark.parametrize(
    "rows",
    [
        {"d": "red", "a": 1.0, "c": 2.0, "e": None},
        Table.from_columns(
            {"d": ["red", "blue"], "a": [1.0, 2.0], "c": [2.0, 3.0], "e": [None] * 2}
        ),
    ],
    ids=["row", "table"],
)
def test_a_new_column_is_added_when_a_value_is_learned(rows):
    columns = StreamColumns(["a", "b"])
    assert columns.read(rows, learning=False).shape[1] == 2
    raw = columns.read(rows, learning=True)
    assert columns.names == ["a", "b", "c", "d"]
    assert raw[0, [0, 2, 3]].tolist() == [1, 2, 1]
    assert columns.kinds == ["number", None, "number", "category"]


@pytest.mark.parametrize("wrong", [{"c": [1.0]}, {"b": 1.0, "a": "no number"}, {"\ud800": 1.0}])
def test_a_refused_row_adds_no_column(wrong):
    columns = StreamColumns(["a"])
    columns.read({"a": 1.0}, learning=True)
    before = columns.to_json()
    with pytest.raises(InputError, match=r"'[abc]'|The name of a column"):
        columns.read(wrong, learning=True)
    assert columns.to_json() == before


def test_no_more_columns_than_a_file_should_hold():
    columns = StreamColumns(["a"])
    columns.read({f"x{number}": 1.0 for number in range(2 * MAX_COLUMNS)}, learning=True)
    assert len(columns.names) == MAX_COLUMNS
    assert columns.names[-1] == f"x{MAX_COLUMNS - 2}"


def test_a_late_column_is_zero_where_it_is_missing():
    columns = StreamColumns(["a"])
    encoder = StreamEncoder(columns)
    first = columns.read({"a": 1.0}, learning=True)
    encoder.widen(first)
    day = datetime.datetime(2026, 1, 1, 7)
    later = columns.read({"c": "red", "day": day, "b": 5.0}, learning=True)
    encoder.widen(later)
    encoder.rescale(
        np.concatenate([np.pad(first, [(0, 0), (0, 3)], constant_values=np.nan), later])
    )
    absent, present = encoder.encode(
        np.concatenate([columns.read(row, learning=False) for row in ({"a": 1.0}, {"b": 5.0})])
    )
    own = 1 + QUARTERS
    assert not absent[own:].any()
    np.testing.assert_array_equal(
        present[own:][present[own:] != 0], [1, 1]
    )  # a is missing, b is not


def test_a_value_of_another_kind_is_named():
    columns = StreamColumns(["a"])
    columns.read({"a": 1.0}, learning=True)
    with pytest.raises(InputError, match=r"'a' must hold a number.* text in row 0 .*: 'ten'"):
        columns.read({"a": "ten"}, learning=True)
    with pytest.raises(InputError, match="infinity"):
        columns.read({"a": float("inf")}, learning=True)


def test_features_keep_their_place():
    columns = StreamColumns(["a", "color"])
    encoder = StreamEncoder(columns)
    first = columns.read({"a": 1.0, "color": "red"}, learning=True)
    assert encoder.widen(first)
    encoder.rescale(first)
    before = encoder.encode(first)
    second = columns.read({"a": None, "color": None}, learning=True)
    assert encoder.widen(second)
    after = encoder.encode(np.concatenate([first, second]))
    assert after.shape == (2, 8)  # a, its quarters, red, color is missing, a is missing
    np.testing.assert_array_equal(after[0, : before.shape[1]], before[0])
    np.testing.assert_array_equal(after[1], [0, *[0] * QUARTERS, 0, 1, 1])
    assert not encoder.widen(first)


def test_an_unknown_level_is_no_feature():
    columns = StreamColumns(["color"])
    encoder = StreamEncoder(columns)
    encoder.widen(columns.read({"color": "red"}, learning=True))
    unknown = columns.read({"color": "violet"}, learning=False)
    np.testing.assert_array_equal(encoder.encode(unknown), [[0]])


def test_scales_follow_the_latest_rows():
    columns = StreamColumns(["a"])
    encoder = StreamEncoder(columns)
    raw = np.arange(9.0)[:, None]
    columns.read({"a": 0.0}, learning=True)
    encoder.widen(raw)
    encoder.rescale(raw)
    scaled = encoder.encode(np.array([[4.0], [8.0]]))[:, :1]
    np.testing.assert_allclose(scaled, [[0], [0.9487]], atol=1e-4)
    encoder.rescale(raw + 1000)
    np.testing.assert_allclose(encoder.encode(np.array([[1004.0]]))[:, :1], [[0]])


def test_numbers_come_along_between_the_quartiles():
    columns = StreamColumns(["a"])
    encoder = StreamEncoder(columns)
    raw = np.array([[0.0], [1.0], [2.0], [4.0], [8.0]])
    columns.read({"a": 0.0}, learning=True)
    encoder.widen(raw)
    encoder.rescale(raw)
    quarters = encoder.encode(np.array([[-9.0], [0.5], [3.0], [9.0]]))[:, 1:]
    expected = [[0, 0, 0, 0], [0.5, 0, 0, 0], [1, 1, 0.5, 0], [1, 1, 1, 1]]
    np.testing.assert_allclose(quarters, expected)
    encoder.rescale(np.ones((5, 1)))  # no quarter has a width
    assert not encoder.encode(raw)[:, 1:].any()


def test_huge_numbers_overflow_nowhere():
    columns = StreamColumns(["a"])
    encoder = StreamEncoder(columns)
    raw = np.array([[-1e307], [0.0], [1e-320], [1.0], [1e307]])
    columns.read({"a": 0.0}, learning=True)
    encoder.widen(raw)
    encoder.rescale(raw)
    assert np.isfinite(encoder.encode(raw)).all()


@pytest.mark.parametrize("wild", [1e20, -1e308])
def test_a_wild_number_sets_no_scale(wild):
    columns = StreamColumns(["a"])
    encoder = StreamEncoder(columns)
    raw = np.arange(101.0)[:, None]
    columns.read({"a": 0.0}, learning=True)
    encoder.widen(raw)
    encoder.rescale(raw)
    good = encoder.encode(raw)
    encoder.rescale(np.concatenate([raw, [[wild]]]))
    np.testing.assert_allclose(encoder.encode(raw), good, atol=0.05)
