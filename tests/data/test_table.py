import datetime
import decimal

import numpy as np
import pytest

from madaline._tables.column import to_column
from madaline._tables.conversion import as_booleans, as_levels, as_moments, as_numbers
from madaline._tables.table import Table
from madaline.errors import InputError

NAN, NAT = float("nan"), np.datetime64("NaT", "us")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, 2], [1.0, 2.0]),
        (np.array([1, 2], np.uint8), [1.0, 2.0]),
        ([1, None, 2.5], [1.0, NAN, 2.5]),
        ([True, 2], [1.0, 2.0]),
        (np.array([1, NAN], dtype=object), [1.0, NAN]),
        ([decimal.Decimal("1.5"), None], [1.5, NAN]),
        ([None, None], [NAN, NAN]),
        ([NAN, None], [NAN, NAN]),
        ([datetime.timedelta(seconds=90), None], [90.0, NAN]),
        (np.array([1_500_000, "NaT"], "timedelta64[us]"), [1.5, NAN]),
        ([np.timedelta64(3_000_000_000, "ns"), None], [3.0, NAN]),
        ([np.timedelta64(2, "D"), np.timedelta64(5, "ms"), NAT], [172_800.0, 0.005, NAN]),
        ([1.5, NAT], [1.5, NAN]),
        ([datetime.time(1, 0, 1), None], [3601.0, NAN]),
        (np.ma.MaskedArray([1.0, 2.0], [False, True]), [1.0, NAN]),
        (range(3), [0.0, 1.0, 2.0]),
    ],
)
def test_what_is_numbers_becomes_float64(values, expected):
    column = to_column("c", values)
    assert column.dtype == np.float64
    np.testing.assert_array_equal(column, expected)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["a", None], ["a", None]),
        (["a", NAN], ["a", None]),
        (["a", float("-nan"), True, None], ["a", None, True, None]),
        (["a", NAT, NAN, np.timedelta64("NaT", "s")], ["a", None, None, None]),
        (np.array(["a", "b"]), ["a", "b"]),
        (np.array([b"a"]), ["a"]),
        (np.array([True, False]), [True, False]),
        ([True, None], [True, None]),
        ([np.True_, NAN], [True, None]),
        ([("a", 1), None], ["('a', 1)", None]),
        (["a", True], ["a", True]),
        ([frozenset()], ["frozenset()"]),
    ],
)
def test_what_is_levels_becomes_text_or_booleans(values, expected):
    column = to_column("c", values)
    assert column.dtype == object
    assert column.tolist() == expected
    assert {type(item) for item in column} <= {str, bool, type(None)}


@pytest.mark.parametrize(
    "values",
    [
        [datetime.date(2020, 1, 2), None],
        [datetime.datetime(2020, 1, 2), NAN],
        [
            datetime.datetime(2020, 1, 2, 5, tzinfo=datetime.timezone(datetime.timedelta(hours=5))),
            None,
        ],
        np.array(["2020-01-02", "NaT"], "datetime64[D]"),
        np.array([np.datetime64("2020-01-02", "ns"), NAT], dtype=object),
    ],
)
def test_what_is_moments_becomes_microseconds_in_utc(values):
    column = to_column("c", values)
    assert column.dtype == np.dtype("datetime64[us]")
    np.testing.assert_array_equal(column, np.array(["2020-01-02", "NaT"], "datetime64[us]"))


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([1, "a"], ["'c'", "1 in row 0", "'a' in row 1", "make all of them text"]),
        ([NAN, 1.5, "a"], ["'c'", "1.5 in row 1", "'a' in row 2", "make all of them text"]),
        ([datetime.date(2020, 1, 1), 1], ["'c'", "dates", "numbers"]),
        ([1.0, float("inf")], ["'c'", "row 1", "inf"]),
        ([10**400], ["'c'", "row 0", "inf"]),
        ([{"a": 1}], ["'c'", "dict"]),
        ([[1], [2]], ["'c'", "one value a row"]),
        ([1j], ["Complex data not supported"]),
        (np.array([1j]), ["Complex data not supported"]),
        (3, ["'c'", "0 dimensions"]),
    ],
)
def test_what_cannot_be_used_is_named(values, words):
    with pytest.raises(InputError) as error:
        to_column("c", values)
    assert all(word in str(error.value) for word in words)
    assert "\n" not in str(error.value)


def test_rows_and_columns_are_taken():
    table = Table.from_columns({"a": [1, 2, 3], "b": ["x", "y", None]})
    assert (table.n_samples, table.names) == (3, ("a", "b"))
    assert table.take([2, 0])["b"].tolist() == [None, "x"]
    assert table.take(np.array([True, False, True])).n_samples == 2
    assert table.take(slice(1, None))["a"].tolist() == [2.0, 3.0]
    assert table.select(["b"]).names == ("b",)
    assert table.drop(["b"]).names == ("a",)
    assert "a" in table
    assert "z" not in table
    assert Table.from_columns({}).n_samples == 0


@pytest.mark.parametrize(
    "use", [lambda t: t["z"], lambda t: t.select(["z"]), lambda t: t.drop(["z"])]
)
def test_unknown_columns_are_named(use):
    with pytest.raises(InputError, match=r"no column 'z'.*'a'"):
        use(Table.from_columns({"a": [1]}))


def test_columns_must_fit_together():
    with pytest.raises(InputError, match=r"'b' has 1 rows but column 'a' has 2"):
        Table.from_columns({"a": [1, 2], "b": [1]})
    with pytest.raises(InputError, match=r"'a' occurs more than once"):
        Table.from_columns([("a", [1]), ("b", [1]), ("a", [2])])


def test_text_reads_as_numbers_or_is_named():
    text = np.array(["1", " 2.5 ", None], dtype=object)
    np.testing.assert_array_equal(as_numbers("c", text), [1, 2.5, NAN])
    for wrong in ("x", "inf"):
        with pytest.raises(InputError, match=rf"'c' must hold a number.*'{wrong}'"):
            as_numbers("c", np.array(["1", wrong], dtype=object))
    with pytest.raises(InputError, match=r"a date"):
        as_numbers("c", np.array(["2020-01-01"], "datetime64[us]"))


def test_booleans_and_moments_are_read():
    np.testing.assert_array_equal(as_booleans("c", np.array([1.0, 0.0, NAN])), [1, 0, NAN])
    words = np.array(["Yes", "no", "TRUE", None], dtype=object)
    np.testing.assert_array_equal(as_booleans("c", words), [1, 0, 1, NAN])
    with pytest.raises(InputError, match=r"true or false.*'2'"):
        as_booleans("c", np.array([2.0]))
    texts = np.array(["2020-01-02", "2020-01-02T05:00+05:00", None], dtype=object)
    expected = np.array(["2020-01-02", "2020-01-02", "NaT"], "datetime64[us]")
    np.testing.assert_array_equal(as_moments("c", texts), expected)
    with pytest.raises(InputError, match=r"a date.*'soon'"):
        as_moments("c", np.array(["soon"], dtype=object))


def test_equal_numbers_are_one_level():
    assert as_levels(np.array([3.0, NAN, 0.1, -0.0])).tolist() == ["3", None, "0.1", "0"]
    assert as_levels(np.array([True, None, "a"], dtype=object)).tolist() == ["True", None, "a"]
