"""Drawn columns as what the table was: a data frame with the same types, an array, or columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from madaline._tables.column import MOMENT, from_seconds, number_text
from madaline._tables.io.frames import make_frame
from madaline.errors import InputError
from madaline.nn.arrays import Array

PANDAS, ARRAY, COLUMNS = "pandas", "array", "columns"
LIBRARIES = (PANDAS, "polars", "pyarrow", ARRAY, COLUMNS)

CATEGORICAL = "category"
"""The type of pandas whose levels are kept with it."""


def types_of(content: Any) -> tuple[str, dict[str, str]]:
    """Return the library of a data frame, of pandas or narwhals, and the type of each column."""
    if not hasattr(type(content), "iter_columns"):
        return PANDAS, {str(name): str(content[name].dtype) for name in content.columns}
    library = content.implementation.name.lower()
    types = {name: str(dtype) for name, dtype in content.schema.items()}
    return library if library in LIBRARIES else COLUMNS, types


def as_frame(
    columns: Mapping[str, Array],
    library: str,
    types: Mapping[str, str],
    categories: Mapping[str, tuple[Sequence[Any], bool]],
) -> Any:
    """Return columns of numbers, moments and levels as a table of a library."""
    if library == PANDAS:
        return _pandas(columns, types, categories)
    if library == ARRAY:
        dtype = next(iter(types.values()))
        return np.column_stack([_typed(column, dtype) for column in columns.values()])
    if library == COLUMNS:
        return {name: _typed(column, types[name]) for name, column in columns.items()}
    return _of_narwhals(columns, library, types)


def _typed(column: Array, dtype: str) -> Array:
    """Return a column in a type of NumPy, if it can be; as it is otherwise."""
    try:
        wanted = np.dtype(dtype)
    except TypeError:
        return column
    if wanted.kind in "iu" and column.dtype.kind == "f":
        return column if np.isnan(column).any() else np.rint(column).astype(wanted)
    if wanted.kind == "m":
        return _durations(column)
    if wanted.kind in "OMU":
        return column
    present = column.dtype.kind != "O" or all(item is not None for item in column)
    return column.astype(wanted) if present else column


def _durations(seconds: Array) -> Array:
    return from_seconds(seconds, "timedelta64[us]")


def _pandas(
    columns: Mapping[str, Array],
    types: Mapping[str, str],
    categories: Mapping[str, tuple[Sequence[Any], bool]],
) -> Any:
    try:
        import pandas
    except ImportError:
        raise InputError(
            "The table was a data frame of pandas, which is not installed: install it."
        ) from None
    series = {
        name: _series(column, types[name], categories.get(name)) for name, column in columns.items()
    }
    return pandas.DataFrame(series)


def _series(column: Array, dtype: str, category: tuple[Sequence[Any], bool] | None) -> Any:
    """Return a column as a series of pandas: of a category, with its levels in their order."""
    import pandas

    if category is not None:
        levels, ordered = category
        index = {level_text(level): number for number, level in enumerate(levels)}
        codes = [-1 if item is None else index.get(str(item), -1) for item in column.tolist()]
        return pandas.Series(pandas.Categorical.from_codes(codes, list(levels), ordered=ordered))
    if column.dtype.kind == "M" and dtype.startswith("datetime64") and "," in dtype:
        zone = dtype.rstrip("]").split(", ")[1]
        moments = pandas.Series(column).dt.tz_localize("UTC").dt.tz_convert(zone)
        return moments.astype(dtype)
    if dtype.startswith("timedelta64"):
        return pandas.Series(_durations(column)).astype(dtype)
    if column.dtype.kind == "f" and dtype.lower().startswith(("int", "uint")):
        whole = pandas.Series(np.rint(column))
        return whole if dtype[0].islower() and np.isnan(column).any() else whole.astype(dtype)
    if dtype == "bool" and any(item is None for item in column.tolist()):
        dtype = "object"
    if dtype == "object" and column.dtype.kind == "O":
        return pandas.Series(column, dtype=object)
    return pandas.Series(column).astype(dtype)


def level_text(level: Any) -> str:
    """Return a level of pandas as madaline reads it."""
    return number_text(level) if isinstance(level, float) else str(level)


def _of_narwhals(columns: Mapping[str, Array], library: str, types: Mapping[str, str]) -> Any:
    """Return a frame of polars or Arrow."""
    import narwhals as nw

    frame = nw.from_native(make_frame(_plain(columns, types), library))
    casts = []
    for name in columns:
        dtype = _narwhals_type(types[name])
        if dtype is not None and frame.schema[name] != dtype:
            casts.append(_cast(nw.col(name), frame.schema[name], dtype))
    return frame.with_columns(casts).to_native()


def _plain(columns: Mapping[str, Array], types: Mapping[str, str]) -> dict[str, Any]:
    """Return columns that a frame can be made of: lists with None, and moments."""
    plain: dict[str, Any] = {}
    for name, column in columns.items():
        if types[name].startswith("Duration"):
            plain[name] = _durations(column)
        elif types[name] == "Time":
            plain[name] = [_time(second) for second in column.tolist()]
        elif column.dtype.kind == "f":
            plain[name] = [None if item != item else item for item in column.tolist()]
        else:
            plain[name] = column.tolist() if column.dtype.kind == "O" else column.astype(MOMENT)
    return plain


def _time(seconds: float) -> Any:
    from datetime import datetime, timedelta

    if seconds != seconds:
        return None
    return (datetime(2000, 1, 1) + timedelta(seconds=seconds % 86_400)).time()


def _narwhals_type(text: str) -> Any:
    """Return a type of narwhals, given its text; None for one that values have by themselves."""
    import narwhals as nw

    name, _, rest = text.partition("(")
    if name in ("Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64"):
        return getattr(nw, name)()
    if name in ("Float32", "Float64", "String", "Boolean", "Date", "Categorical"):
        return getattr(nw, name)()
    if name in ("Datetime", "Duration"):
        settings = dict(part.split("=") for part in rest.rstrip(")").split(", ") if "=" in part)
        plain = {key: value.strip("'") for key, value in settings.items() if value != "None"}
        return getattr(nw, name)(**plain)
    return None


def _cast(column: Any, given: Any, wanted: Any) -> Any:
    """Return the expression that makes a column of another type."""
    import narwhals as nw

    if wanted.is_integer() and given.is_float():
        column = column.round(0)
    zone = getattr(wanted, "time_zone", None)
    if isinstance(wanted, nw.Datetime) and zone is not None:
        column = column.dt.replace_time_zone("UTC").dt.convert_time_zone(zone)
    return column.cast(wanted)
