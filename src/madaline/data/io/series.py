"""Columns of pandas, polars and Arrow: which they are, and what is in them."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from madaline.data.column import number_text
from madaline.data.table import check_unique
from madaline.errors import InputError
from madaline.nn.arrays import Array


def frame_of(X: Any) -> Any:
    """Return a narwhals frame of it, or None when it is none.

    narwhals is not imported for what comes from NumPy.

    Raises
    ------
    InputError
        If names of its columns are repeated.

    Examples
    --------
    >>> frame_of(np.zeros((2, 2))) is frame_of({"size": [1]}) is None
    True
    """
    if isinstance(X, np.ndarray | list | tuple) or not hasattr(type(X), "columns"):
        return None
    import narwhals as nw

    _check_names(X)
    frame = nw.from_native(X, pass_through=True)
    return frame if isinstance(frame, nw.DataFrame | nw.LazyFrame) else None


def _check_names(X: Any) -> None:
    """Check pandas' names before narwhals does, to say it in our words."""
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(X, pandas.DataFrame):
        check_unique(str(name) for name in X.columns)


def series_of(values: Any) -> Any:
    """Return a narwhals series of it, or None when it is none.

    Examples
    --------
    >>> series_of([1, 2]) is None
    True
    """
    if isinstance(values, np.ndarray | list | tuple) or not hasattr(values, "__len__"):
        return None
    import narwhals as nw

    series = nw.from_native(values, series_only=True, pass_through=True)
    return series if isinstance(series, nw.Series) else None


def series_values(series: Any) -> Array:
    """Return the values of a narwhals series; categories come as text levels.

    Parameters
    ----------
    series : narwhals.Series
        The column.

    Returns
    -------
    ndarray of shape (n_samples,)

    Raises
    ------
    InputError
        If it holds lists or records.
    """
    native = series.to_native()
    native_type = getattr(native, "dtype", None)
    if isinstance(native_type, np.dtype) and native_type.kind in "biuf":
        return np.asarray(native.to_numpy())
    import narwhals as nw

    dtype = series.dtype
    if dtype == nw.Int128 or dtype == nw.UInt128:
        return np.asarray(series.cast(nw.Float64).to_numpy())
    if dtype.is_nested():
        raise InputError(
            f"Column {series.name!r} holds {dtype}: give one number, text, Boolean or date a row."
        )
    if isinstance(dtype, nw.Categorical | nw.Enum):
        return _categories(series)
    return np.asarray(series.to_numpy())


def _categories(series: Any) -> Array:
    """Return categories as text, numbers too: who made them categories meant no numbers."""
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
