"""What is given as `y` becomes an array of labels or numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from madaline._tables.io import frames
from madaline.errors import InputError
from madaline.nn.arrays import Array


def to_target(y: Any) -> Array:
    """Return a target, also a frame of one column, as a one-dimensional array.

    Labels keep their type.
    """
    if y is None:
        raise InputError(
            "A target is needed (requires y to be passed, but the target y is None): give one label"
            " or number a row."
        )
    frame = frames.frame_of(y)
    if frame is not None:
        if len(frame.columns) != 1:
            raise InputError(
                "The target must be one column, but y has {n_columns}: choose one.",
                n_columns=len(frame.columns),
            )
        y = frame[frame.columns[0]].to_native()
    if hasattr(y, "toarray"):
        y = y.toarray()
    series = frames.series_of(y)
    array = _target_array(y) if series is None else _labels(series)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        raise InputError(
            "The target must be one column, but y has the shape {shape}: give one label or number a row (y should be a 1d array).",
            shape=array.shape,
        )
    return _no_complex_numbers(array)


def to_targets(y: Any) -> Array:
    """Return several targets, a frame or an array, as a two-dimensional array.

    Labels keep their type.
    """
    frame = frames.frame_of(y)
    if frame is None:
        array = y.toarray() if hasattr(y, "toarray") else np.asarray(y)
        return _texts_as_objects(_no_complex_numbers(array))
    columns = [to_target(list(values)) for _, values in frames.frame_columns(frame)]
    if {column.dtype.kind for column in columns} <= set("biuf"):
        return np.stack(columns, axis=1)
    stacked = np.empty((len(columns[0]), len(columns)), dtype=object)
    for number, column in enumerate(columns):
        stacked[:, number] = column
    return stacked


def _target_array(y: Any) -> Array:
    if hasattr(y, "__array__"):
        return np.asarray(y)
    if isinstance(y, str | bytes | Mapping) or not isinstance(y, Iterable):
        raise InputError("The target is {y!r}: give one label or number a row.", y=y)
    items = list(y)
    types = {type(item) for item in items}
    one_type = len(types) == 1 or types <= {int, float, bool}  # NumPy turns [1, "a"] into text
    return _texts_as_objects(np.asarray(items, dtype=None if one_type else object))


def _labels(series: Any) -> Array:
    """Return a series as labels that keep their type: integer categories stay integers."""
    if frames.is_categorical(series):
        return _target_array(series.to_list())
    return _texts_as_objects(frames.series_array(series))


def _texts_as_objects(array: Array) -> Array:
    return array.astype(object) if array.dtype.kind == "U" else array


def _no_complex_numbers(array: Array) -> Array:
    if array.dtype.kind == "c":
        raise InputError("Complex data not supported: the target holds complex numbers.")
    return array
