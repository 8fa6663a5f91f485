import datetime
import decimal
from collections import UserList

import numpy as np
import pytest

from madaline._tables.io.recognition import Form, recognize, to_table
from madaline._tables.io.targets import to_target
from madaline._tables.table import Table
from madaline.errors import InputError

pd = pytest.importorskip("pandas")
pl = pytest.importorskip("polars")
pa = pytest.importorskip("pyarrow")

DAY = datetime.datetime(2020, 1, 1)
NUMBERS, LEVELS, BOOLEANS = [1.0, np.nan, 3.0], ["a", None, "b"], [True, None, False]
MOMENTS = np.array(["2020-01-01", "NaT", "2020-01-01"], "datetime64[us]")

PANDAS = {
    "float": ([1.0, None, 3.0], NUMBERS),
    "nullable": (pd.array([1, None, 3], dtype="Int64"), NUMBERS),
    "arrow": (pd.array([1, None, 3], dtype="int64[pyarrow]"), NUMBERS),
    "decimal": ([decimal.Decimal(1), None, decimal.Decimal(3)], NUMBERS),
    "duration": (pd.to_timedelta([1, None, 3], unit="s"), NUMBERS),
    "text": (["a", None, "b"], LEVELS),
    "string": (pd.array(["a", None, "b"], dtype="string"), LEVELS),
    "categorical": (pd.Categorical(["a", None, "b"]), LEVELS),
    "numbered": (pd.Categorical([1, None, 3]), ["1", None, "3"]),
    "boolean": (pd.array([True, None, False], dtype="boolean"), BOOLEANS),
    "objects": ([True, None, False], BOOLEANS),
    "datetime": (pd.to_datetime([DAY, None, DAY]), MOMENTS),
    "zoned": (
        pd.to_datetime([DAY, None, DAY]).tz_localize("UTC").tz_convert("Asia/Tokyo"),
        MOMENTS,
    ),
    "date": ([DAY.date(), None, DAY.date()], MOMENTS),
}
POLARS = {
    "int": (pl.Series([1, None, 3]), NUMBERS),
    "wide": (pl.Series([1, None, 3], dtype=pl.Int128), NUMBERS),
    "decimal": (pl.Series([decimal.Decimal(1), None, decimal.Decimal(3)]), NUMBERS),
    "duration": (pl.Series([datetime.timedelta(seconds=s) for s in (1, 3)]), [1.0, 3.0]),
    "time": (pl.Series([datetime.time(0, 0, 1), None, datetime.time(0, 0, 3)]), NUMBERS),
    "null": (pl.Series([None, None]), [np.nan, np.nan]),
    "text": (pl.Series(["a", None, "b"]), LEVELS),
    "enum": (pl.Series(["a", None, "b"], dtype=pl.Enum(["b", "a"])), LEVELS),
    "categorical": (pl.Series(["a", None, "b"], dtype=pl.Categorical), LEVELS),
    "boolean": (pl.Series([True, None, False]), BOOLEANS),
    "date": (pl.Series([DAY.date(), None, DAY.date()]), MOMENTS),
    "datetime": (pl.Series([DAY, None, DAY]), MOMENTS),
    "zoned": (pl.Series([DAY, None, DAY]).dt.replace_time_zone("UTC"), MOMENTS),
}


def check(column, expected):
    if isinstance(expected, np.ndarray) or isinstance(expected[0], float):
        np.testing.assert_array_equal(column, expected)
        assert column.dtype == np.asarray(expected).dtype
    else:
        assert column.dtype == object
        assert column.tolist() == expected


@pytest.mark.parametrize("name", PANDAS)
def test_pandas_columns(name):
    values, expected = PANDAS[name]
    check(to_table(pd.DataFrame({"c": values}))["c"], expected)
    check(to_table({"c": pd.Series(values)})["c"], expected)


@pytest.mark.parametrize("name", POLARS)
def test_polars_columns(name):
    values, expected = POLARS[name]
    check(to_table(pl.DataFrame({"c": values}))["c"], expected)
    check(to_table(pl.DataFrame({"c": values}).lazy())["c"], expected)
    check(to_table({"c": values})["c"], expected)


@pytest.mark.parametrize("name", [name for name in POLARS if name != "wide"])
def test_arrow_columns(name):
    values, expected = POLARS[name]
    check(to_table(pl.DataFrame({"c": values}).to_arrow())["c"], expected)


def test_arrays_lists_and_mappings():
    sparse = pytest.importorskip("scipy.sparse")
    expected = {"x0": [1.0, 0.0], "x1": [0.0, 1.0]}
    for X in (np.eye(2), np.eye(2, dtype=int), [[1, 0], [0, 1]], sparse.csr_matrix(np.eye(2))):
        table = to_table(X)
        assert {name: table[name].tolist() for name in table.names} == expected
    assert to_table([[1, "a"], [2, "b"]])["x1"].tolist() == ["a", "b"]
    assert to_table([{"a": 1}, {"a": 2, "b": "x"}])["b"].tolist() == [None, "x"]
    assert to_table(np.eye(2), names=["p", "q"]).names == ("p", "q")
    records = np.array([(1, 2.5)], dtype=[("p", int), ("q", float)])
    assert to_table(records).names == ("p", "q")
    table = Table.from_columns({"a": [1.0]})
    assert to_table(table)["a"] is table["a"]
    assert to_table(pd.DataFrame([[1, 2]])).names == ("0", "1")


@pytest.mark.parametrize(
    ("X", "message"),
    [
        ([1, 2], r"Reshape your data"),
        (np.zeros((2, 2, 2, 2, 2)), r"got 5D array"),
        (np.zeros((3, 0)), r"0 feature\(s\) \(shape=\(3, 0\)\) while a minimum of 1 is required"),
        ([[1], [1, 2]], r"Row 1 .* has 2 values"),
        ("table.csv", r"Expected 2D"),
        (None, r"Expected 2D"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), r"'a' occurs more than once"),
        (
            pd.DataFrame({"m": [1, "a"]}),
            r"'m' mixes numbers \(1 in row 0\) and text \('a' in row 1",
        ),
        (pl.DataFrame({"l": [[1]]}), r"'l' holds List"),
        (np.array([[1.0, np.inf]]), r"'x1' holds an infinity"),
    ],
)
def test_what_is_no_table_is_refused(X, message):
    with pytest.raises(InputError, match=message):
        to_table(X)
    with pytest.raises(InputError, match="3 names for 2 columns"):
        to_table(np.eye(2), names=["a", "b", "c"])


@pytest.mark.parametrize(
    ("y", "expected", "kind"),
    [
        ([1, 2], [1, 2], "i"),
        ([[1], [2]], [1, 2], "i"),
        (np.array([[1.5], [2]]), [1.5, 2.0], "f"),
        (["a", "b"], ["a", "b"], "O"),
        ([1, "a"], [1, "a"], "O"),
        ([True, False], [True, False], "b"),
        (pd.Series([1, 2]), [1, 2], "i"),
        (pd.Series(pd.Categorical([1, 2])), [1, 2], "i"),
        (pd.Series(["a", "b"], dtype="string"), ["a", "b"], "O"),
        (pl.Series(["a", "b"]), ["a", "b"], "O"),
        (pl.Series([1, 2]), [1, 2], "i"),
        (pd.DataFrame({"y": [1, 2]}), [1, 2], "i"),
        (pl.DataFrame({"y": ["a"]}), ["a"], "O"),
    ],
)
def test_targets_keep_their_type(y, expected, kind):
    target = to_target(y)
    assert target.tolist() == expected
    assert target.dtype.kind == kind


@pytest.mark.parametrize(
    "y", [None, np.zeros((2, 2)), "abc", 5, pd.DataFrame({"a": [1], "b": [2]})]
)
def test_what_is_no_target_is_refused(y):
    with pytest.raises(InputError):
        to_target(y)


@pytest.mark.parametrize("n_times", [1, 200])
@pytest.mark.parametrize("dtype", ["object", "str", "string", "string[pyarrow]", "string[python]"])
@pytest.mark.parametrize("texts", [["b", "a", None, "b"], [None, "c"], ["d", "e"], [None, None]])
def test_texts_are_read_as_texts_of_a_list_are(texts, dtype, n_times):
    texts = texts * n_times
    own = to_table(pd.DataFrame({"x": pd.Series(texts, dtype=dtype)}))
    plain = Table.from_columns({"x": texts})
    np.testing.assert_array_equal(own["x"], plain["x"])
    for found, expected in (
        (own.distinct("x").values, plain.distinct("x").values),
        (own.distinct("x").codes, plain.distinct("x").codes),
    ):
        np.testing.assert_array_equal(found, expected)
        assert found.dtype == expected.dtype


@pytest.mark.parametrize("others", [[1, True], [1.5], [("a", 1)], [{"a": 1}], [b"a"]])
def test_what_stands_beside_texts_is_looked_at_as_ever(others):
    """In a column of objects, long enough that pandas is asked first."""
    items = [*(["a", None] * 200), *others]
    results = []
    for values in (pd.Series(items, dtype=object), items):
        try:
            results.append(Table.from_columns({"x": values})["x"].tolist())
        except InputError as error:
            results.append(str(error))
    assert results[0] == results[1]


def test_texts_of_numbers_and_truths_stay_apart():
    column = to_table(pd.DataFrame({"x": pd.Series(["1", True, None], dtype=object)}))["x"]
    assert column.tolist() == ["1", True, None]


class Maker:
    """Nothing but a way to make a frame of pandas, as data sets of Hugging Face have."""

    def to_pandas(self):
        return pd.DataFrame({"a": [1, 2], "b": ["x", "y"]})


class Tensor:
    """Nothing but what makes an array of NumPy, as tensors of PyTorch have."""

    def __init__(self, values):
        self._values = np.asarray(values)
        self.ndim, self.shape = self._values.ndim, self._values.shape

    def __array__(self, dtype=None, copy=None):
        return self._values


def test_what_makes_a_frame_of_itself_is_one():
    assert to_table(Maker()).names == ("a", "b")
    with pytest.raises(InputError, match=r"under the name 'train': give one .* X\['train'\]"):
        to_table({"train": Maker().to_pandas()})
    with pytest.raises(InputError, match="y has 2: choose one"):
        to_target(Maker())


@pytest.mark.parametrize(
    ("X", "form"),
    [
        (Tensor(np.zeros((2, 5, 5))), Form.IMAGES),
        (Tensor(np.zeros((2, 5, 5, 3))), Form.IMAGES),
        ([Tensor(np.zeros((5, 5)))] * 2, Form.IMAGES),
        ([Tensor(np.zeros(length)) for length in (3, 4)], Form.SIGNALS),
        ([pd.DataFrame({"a": [1.0, 2]}), pd.DataFrame({"a": [3.0]})], Form.SIGNALS),
        (UserList(["some text", "another"]), Form.TEXTS),
        (UserList([{"a": 1}]), Form.COLUMNS),
    ],
)
def test_arrays_and_lists_of_other_libraries_are_read_as_those_of_numpy_and_python(X, form):
    assert recognize(X).form == form
