"""Reads the target of whatever people keep labels and numbers in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from madaline.data.io.series import frame_of, series_of, series_values
from madaline.errors import InputError
from madaline.nn.arrays import Array


def read_target(y: Any) -> Array:
    """Return a target as a one-dimensional array; labels keep their type.

    Parameters
    ----------
    y : series, array-like of shape (n_samples,) or (n_samples, 1), or frame of one column
        Labels or numbers.

    Returns
    -------
    ndarray of shape (n_samples,)

    Raises
    ------
    InputError
        If `y` is missing altogether or has more than one column.

    Examples
    --------
    >>> read_target([[1], [0]])
    array([1, 0])
    """
    if y is None:
        raise InputError(
            "A target is needed (requires y to be passed, but the target y is None): give one label"
            " or number a row."
        )
    frame = frame_of(y)
    if frame is not None:
        y = _only_column(frame)
    if hasattr(y, "toarray"):
        y = y.toarray()
    series = series_of(y)
    array = _target_array(y) if series is None else _labels(series)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        raise InputError(
            f"The target must be one column, but y has the shape {array.shape}: give one label or"
            " number a row (y should be a 1d array)."
        )
    if array.dtype.kind == "c":
        raise InputError("Complex data not supported: the target holds complex numbers.")
    return array


def _target_array(y: Any) -> Array:
    if hasattr(y, "__array__"):
        return np.asarray(y)
    if isinstance(y, str | bytes | Mapping) or not isinstance(y, Iterable):
        raise InputError(f"The target is {y!r}: give one label or number a row.")
    items = list(y)
    array = np.asarray(items) if _one_type(items) else np.asarray(items, dtype=object)
    return array.astype(object) if array.dtype.kind == "U" else array


def _one_type(items: list[Any]) -> bool:
    """Whether NumPy may choose the type: it would turn [1, "a"] into text."""
    types = {type(item) for item in items}
    return len(types) == 1 or types <= {int, float, bool}


def _labels(series: Any) -> Array:
    """Return a series as labels of their own type: categories of whole numbers stay numbers."""
    import narwhals as nw

    if isinstance(series.dtype, nw.Categorical | nw.Enum):
        return _target_array(series.to_list())
    values = np.asarray(series_values(series))
    return values.astype(object) if values.dtype.kind == "U" else values


def _only_column(frame: Any) -> Any:
    """Return the only column of a frame, as a series."""
    import narwhals as nw

    eager = frame.collect() if isinstance(frame, nw.LazyFrame) else frame
    if len(eager.columns) != 1:
        raise InputError(
            f"The target must be one column, but y has {len(eager.columns)}: choose one."
        )
    return eager[eager.columns[0]].to_native()
