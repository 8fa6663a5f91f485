"""Converts whatever a caller passes as X and y into a `Table` and a target array."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from madaline._data.column import to_column
from madaline._data.io.frames import frame_columns, frame_of, series_array, series_of, series_values
from madaline._data.media.images import read_images
from madaline._data.media.signals import (
    SEQUENCE_NAME,
    SOUND_NAME,
    Signal,
    Sound,
    holds,
    read_sequences,
)
from madaline._data.records import is_records, record_columns
from madaline._data.table import Table
from madaline.errors import InputError
from madaline.nn.arrays import Array

IMAGES_NAME, TEXTS_NAME = "image", "text"
"""Name of the only column of a table given as images, or as a list of texts."""


def to_table(
    X: Any, names: Sequence[str] | None = None, *, only: Collection[str] | None = None
) -> Table:
    """Return anything table-like as a `Table`.

    Parameters
    ----------
    X : frame, array-like of shape (n_samples, n_columns), sparse matrix, mapping or Table
        A pandas, polars or pyarrow frame or another one (see `frame_of`), a 2-D array, a SciPy
        sparse matrix, a list of rows (sequences or dictionaries), a structured array, a dictionary
        of columns, or images of shape (n_samples, height, width) or (n_samples, height, width,
        channels), or texts, sequences, or sounds.
    names : sequence of str, optional
        Names of the columns; by default those that `X` has, else ``x0, x1, ...``.
    only : collection of str, optional
        Names of the columns to read; all by default.

    Returns
    -------
    Table
        Categories become text levels, durations and times of day seconds, and times with a time
        zone UTC.

    Raises
    ------
    InputError
        If `X` is no table, or a column cannot be used; the message names it.

    Examples
    --------
    >>> to_table([[1, "a"], [2, "b"]]).names
    ('x0', 'x1')
    """
    pairs = _pairs(X, only)
    if only is not None:
        pairs = [(name, values) for name, values in pairs if name in only]
    if names is None:
        return Table.from_columns(pairs)
    if len(names) != len(pairs):
        raise InputError(
            f"There are {len(names)} names for {len(pairs)} columns: give one name a column."
        )
    return Table.from_columns(list(zip(names, (values for _, values in pairs), strict=True)))


def to_target(y: Any) -> Array:
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
        If `y` is None or has more than one column.

    Examples
    --------
    >>> to_target([[1], [0]])
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


def to_targets(y: Any) -> Array:
    """Return several targets as a two-dimensional array; labels keep their type.

    Parameters
    ----------
    y : frame, array-like or sparse matrix of shape (n_samples, n_targets)
        Labels or numbers.

    Examples
    --------
    >>> to_targets([[1, 0.5], [0, 2.5]])
    array([[1. , 0.5],
           [0. , 2.5]])
    """
    frame = frame_of(y)
    if frame is None:
        array = y.toarray() if hasattr(y, "toarray") else np.asarray(y)
        if array.dtype.kind == "c":
            raise InputError("Complex data not supported: the target holds complex numbers.")
        return array.astype(object) if array.dtype.kind == "U" else array
    columns = [to_target(list(values)) for _, values in frame_columns(frame)]
    kinds = {column.dtype.kind for column in columns}
    return np.stack(columns, axis=1) if kinds <= set("biuf") else _stacked(columns)


def is_texts(X: Any) -> bool:
    """Return whether `X` is a list, a one-dimensional array or a series of texts.

    Some texts may be missing, but not all.

    Examples
    --------
    >>> is_texts(["so good", None]), is_texts(["a", 1]), is_texts("so good")
    (True, False, False)
    """
    if isinstance(X, list | tuple):
        others = [item for item in X if not isinstance(item, str)]
        return len(others) < len(X) and all(map(is_null, others))
    if getattr(X, "ndim", 1) != 1 or not hasattr(X, "__array__") or hasattr(X, "columns"):
        return False
    return is_texts(np.asarray(X).tolist())


def is_null(value: Any) -> bool:
    """Return whether a value of Python, NumPy or pandas is a missing one.

    Examples
    --------
    >>> is_null(None), is_null(np.float32("nan")), is_null(np.datetime64("NaT")), is_null("")
    (True, True, True, False)
    """
    missing = value is None or type(value).__name__ in {"NAType", "NaTType"}
    return missing or (isinstance(value, float | np.generic) and bool(value != value))


def read_signals(X: Any) -> Array | None:
    """Return sequences or sounds as a column; None if `X` is something else.

    Parameters
    ----------
    X : one-dimensional array, list or series of signals, or list of arrays of different lengths
        Anything; these are recognized.

    Raises
    ------
    InputError
        If they are of several kinds, or sequences have different numbers of channels.

    Examples
    --------
    >>> read_signals([np.zeros((5, 2)), np.zeros((3, 2))]).shape, read_signals([[1, 2], [3, 4]])
    ((2,), None)
    """
    arrays = read_sequences(X)
    if arrays is not None:
        return arrays
    one_dimensional = getattr(X, "ndim", 2) == 1 and hasattr(X, "__array__")
    if not isinstance(X, list | tuple) and not (one_dimensional and not hasattr(X, "columns")):
        return None
    items = list(X)
    return to_column(SEQUENCE_NAME, items) if any(isinstance(x, Signal) for x in items) else None


def _pairs(X: Any, only: Collection[str] | None) -> list[tuple[str, Any]]:
    """Return the name and the values of every column; of a frame, only of some."""
    if isinstance(X, Table):
        return list(X.columns.items())
    if hasattr(X, "toarray"):  # sparse matrices of SciPy, some of which look like a mapping
        X = X.toarray()
    images = read_images(X)
    if images is not None:
        return [(IMAGES_NAME, images)]
    signals = read_signals(X)
    if signals is not None:
        return [(SOUND_NAME if holds(signals, Sound) else SEQUENCE_NAME, signals)]
    if is_texts(X):
        return [(TEXTS_NAME, np.asarray(X, dtype=object))]
    if is_records(X):
        return list(record_columns(X).items())
    if isinstance(X, Mapping):
        columns = ((str(name), values, series_of(values)) for name, values in X.items())
        return [
            (name, x if series is None else series_values(series)) for name, x, series in columns
        ]
    frame = frame_of(X)
    if frame is not None:
        return frame_columns(frame, only)
    return _array_pairs(_rows(X))


def _stacked(columns: Sequence[Array]) -> Array:
    """Return columns of any types side by side, as objects."""
    stacked = np.empty((len(columns[0]), len(columns)), dtype=object)
    for number, column in enumerate(columns):
        stacked[:, number] = column
    return stacked


def _array_pairs(array: Array) -> list[tuple[str, Any]]:
    if array.ndim != 2:
        raise InputError(
            f"Expected 2D array, got {array.ndim}D array instead (shape {array.shape}): a table has"
            " rows and columns. Reshape your data with X.reshape(-1, 1) if it is one column, or"
            " with X.reshape(1, -1) if it is one row."
        )
    if array.shape[1] == 0:
        raise InputError(
            f"0 feature(s) (shape={array.shape}) while a minimum of 1 is required: give at least"
            " one column."
        )
    return [(f"x{number}", array[:, number]) for number in range(array.shape[1])]


def _rows(X: Any) -> Array:
    if hasattr(X, "__array__") or not isinstance(X, Iterable) or isinstance(X, str | bytes):
        return X if isinstance(X, np.ma.MaskedArray) else np.asarray(X)
    rows = list(X)
    if not all(isinstance(row, list | tuple | np.ndarray) for row in rows):
        return np.asarray(rows, dtype=object)
    _check_widths(rows)
    if all(isinstance(row, np.ndarray) and row.dtype.kind in "biuf" for row in rows):
        return np.asarray(rows)
    array = np.empty((len(rows), len(rows[0]) if rows else 0), dtype=object)
    for number, row in enumerate(rows):
        array[number] = row
    return array


def _check_widths(rows: list[Any]) -> None:
    for number, row in enumerate(rows):
        if len(row) != len(rows[0]):
            raise InputError(
                f"Row {number} (counted from 0) has {len(row)} values where row 0 has"
                f" {len(rows[0])}: give every row as many."
            )


def _target_array(y: Any) -> Array:
    if hasattr(y, "__array__"):
        return np.asarray(y)
    if isinstance(y, str | bytes | Mapping) or not isinstance(y, Iterable):
        raise InputError(f"The target is {y!r}: give one label or number a row.")
    items = list(y)
    array = np.asarray(items) if _one_type(items) else np.asarray(items, dtype=object)
    return array.astype(object) if array.dtype.kind == "U" else array


def _one_type(items: list[Any]) -> bool:
    """Return whether NumPy may choose the type: it would turn [1, "a"] into text."""
    types = {type(item) for item in items}
    return len(types) == 1 or types <= {int, float, bool}


def _labels(series: Any) -> Array:
    """Return a series as labels that keep their type: integer categories stay integers."""
    import narwhals as nw

    if isinstance(series.dtype, nw.Categorical | nw.Enum):
        return _target_array(series.to_list())
    values = np.asarray(series_array(series))
    return values.astype(object) if values.dtype.kind == "U" else values


def _only_column(frame: Any) -> Any:
    """Return the only column of a frame, as a series."""
    if len(frame.columns) != 1:
        raise InputError(
            f"The target must be one column, but y has {len(frame.columns)}: choose one."
        )
    return frame[frame.columns[0]].to_native()
