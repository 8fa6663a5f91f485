"""Data frames of pandas, polars and Arrow: reads their columns, and makes them, with narwhals."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping
from typing import Any, cast

import numpy as np

from madaline._base.language import _
from madaline._tables.column import SEQUENCES_HINT, number_text
from madaline._tables.formats.number_format import MAX_EXACT
from madaline._tables.table import MIN_PANDAS_ROWS, Levels, check_unique
from madaline.errors import InputError
from madaline.nn.arrays import Array

_FRAMES = ("pandas", "polars", "pyarrow")  # libraries whose data frames can be made

_OF_FRAMES = ("columns", "__arrow_c_stream__", "__dataframe__", "to_pandas")
"""What the type of a data frame has, at least one of them."""


def frame_of(X: Any) -> Any:
    """Return a data frame as a narwhals frame whose values are there; None if `X` is none.

    A frame is what narwhals knows, or anything else with the PyCapsule interface of Arrow, with the
    interchange protocol of data frames or with a `to_pandas` of its own. Lazy frames and relations
    are computed. narwhals is not imported for NumPy arrays.
    """
    if isinstance(X, np.ndarray | list | tuple):
        return None
    if not any(hasattr(type(X), attribute) for attribute in _OF_FRAMES):
        return None
    import narwhals as nw

    _check_names(X)
    frame = nw.from_native(X, pass_through=True, allow_series=True)
    if isinstance(frame, nw.DataFrame | nw.Series):
        return None if isinstance(frame, nw.Series) else frame
    try:
        return frame.collect() if isinstance(frame, nw.LazyFrame) else _from_protocol(X)
    except ImportError:
        raise InputError(
            "A {name} is read with pyarrow, which is not installed: install it, or give a data frame of pandas or polars.",
            name=type(X).__name__,
        ) from None


def pandas_or_frame(X: Any) -> Any:
    """Return a data frame of pandas as it is, any other as a narwhals frame; None if it is none.

    For a single row of pandas, narwhals takes longer than its prediction.
    """
    pandas = sys.modules.get("pandas")
    if pandas is None or not isinstance(X, pandas.DataFrame):
        return frame_of(X)
    check_unique(map(str, X.columns))
    return X


def frame_columns(frame: Any, only: Collection[str] | None = None) -> list[tuple[str, Any]]:
    """Return the name and the values of each column, or of some, of such a frame.

    Columns that pandas numbers, since they have no names, come in the order of their numbers.
    """
    names = list(frame.columns)
    if hasattr(type(frame), "iter_columns"):  # of narwhals
        frame = dict(zip(names, frame.iter_columns(), strict=True))
    if set(names) == set(range(len(names))):
        names.sort()
    return [
        (str(name), column_values(frame[name]))
        for name in names
        if only is None or str(name) in only
    ]


def column_values(values: Any) -> Any:
    """Return the values of a series of any library, for `Table.from_columns`; all else as it is."""
    if isinstance(values, np.ndarray | list | tuple):
        return values
    dtype = getattr(values, "dtype", None)
    is_plain = isinstance(dtype, np.dtype) and dtype.kind in "biufO"
    if is_plain or type(dtype).__name__ == "StringDtype":  # of pandas, which narwhals would delay
        return values if len(values) >= MIN_PANDAS_ROWS and not is_plain else values.to_numpy()
    series = series_of(values)
    if series is None:
        return values
    import narwhals as nw

    native = series.to_native()
    if series.dtype == nw.String and hasattr(native, "factorize"):
        return native
    array = series_array(series)
    return Levels(array) if isinstance(series.dtype, nw.Categorical | nw.Enum) else array


def series_of(values: Any) -> Any:
    """Return a series as a narwhals series; None if `values` is no series."""
    if isinstance(values, np.ndarray | list | tuple) or not hasattr(values, "__len__"):
        return None
    import narwhals as nw

    series = nw.from_native(values, series_only=True, pass_through=True)
    return series if isinstance(series, nw.Series) else None


def is_categorical(series: Any) -> bool:
    """Return whether a narwhals series holds categories by its type."""
    import narwhals as nw

    return isinstance(series.dtype, nw.Categorical | nw.Enum)


def series_array(series: Any) -> Array:
    """Return the values of a narwhals series as an array; categories become text levels."""
    native = series.to_native()
    native_type = getattr(native, "dtype", None)
    if isinstance(native_type, np.dtype) and native_type.kind in "biuf":
        return np.asarray(native.to_numpy())
    import narwhals as nw

    dtype = series.dtype
    if dtype.is_integer() and series.null_count() and _are_large(series):
        return np.array(series.to_list(), dtype=object)  # as numbers, they would be rounded
    if dtype == nw.Int128 or dtype == nw.UInt128:
        return np.asarray(series.cast(nw.Float64).to_numpy())
    if dtype.is_nested():
        raise InputError(
            "Column {name!r} holds {dtype}: give one number, text, Boolean or date a row{SEQUENCES_HINT}.",
            name=series.name,
            dtype=dtype,
            SEQUENCES_HINT=SEQUENCES_HINT,
        )
    if isinstance(dtype, nw.Categorical | nw.Enum):
        return _categories(series)
    if dtype == nw.String:  # of fixed width, an array of polars would hold the longest in each row
        return np.fromiter(series.to_list(), object, len(series))
    return np.asarray(series.to_numpy())


def make_frame(columns: Mapping[str, Any], library: str) -> Any:
    """Return columns as a data frame of one of these libraries."""
    import narwhals as nw

    if library not in _FRAMES:
        raise InputError(
            "The library is {library!r}: choose one of {FRAMES}.",
            library=library,
            FRAMES=_(", ").join(_FRAMES),
        )
    try:
        return nw.from_dict(dict(columns), backend=cast("Any", library)).to_native()
    except ImportError:
        raise InputError(
            "{library} is not installed: install it, or choose another.", library=library
        ) from None


def _from_protocol(X: Any) -> Any:
    """Return what narwhals does not know as its frame; None if it is no data frame."""
    import narwhals as nw

    kind = type(X)
    if hasattr(kind, "__arrow_c_stream__") and not hasattr(kind, "__array__"):
        try:
            return nw.from_arrow(X, backend="pyarrow")
        except ValueError:  # of pyarrow: it streams a single column
            return None
    if hasattr(kind, "__dataframe__"):
        from pyarrow.interchange import from_dataframe

        return nw.from_native(from_dataframe(X))
    return _from_pandas(X) if hasattr(kind, "to_pandas") else None


def _from_pandas(X: Any) -> Any:
    """Return what can make a frame of pandas of itself; None if it has more than two axes."""
    import narwhals as nw

    try:
        frame = nw.from_native(X.to_pandas(), pass_through=True, allow_series=True)
    except ValueError:  # of xarray
        return None
    return frame if isinstance(frame, nw.DataFrame) else None


def _check_names(X: Any) -> None:
    """Check the names of a frame of pandas or Arrow before narwhals does, for a clearer message."""
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(X, pandas.DataFrame):
        check_unique(str(name) for name in X.columns)
    elif hasattr(type(X), "column_names"):
        check_unique(X.column_names)


def _are_large(series: Any) -> bool:
    """Return whether integers are too large to be told apart in float64."""
    low, high = series.min(), series.max()
    return high is not None and bool(max(abs(int(low)), abs(int(high))) > MAX_EXACT)


def _categories(series: Any) -> Array:
    """Return categories as text, also numeric ones: a categorical column is not numeric."""
    values = series.to_list()
    texts = {None: None} | {item: _category_text(item) for item in set(values)}
    array = np.empty(len(values), dtype=object)
    array[:] = [texts[item] for item in values]
    return array


def _category_text(item: Any) -> str | bool | None:
    if item is None or item != item:
        return None
    if isinstance(item, float):
        return number_text(item)
    return item if isinstance(item, bool) else str(item)
