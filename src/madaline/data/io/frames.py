"""Reads what people keep tables in: pandas, polars and Arrow frames, arrays, lists, mappings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

import numpy as np

from madaline.data.column import to_column
from madaline.data.io.series import frame_of, series_of, series_values
from madaline.data.media.images import read_images
from madaline.data.media.sequences import SEQUENCE_NAME, read_sequences
from madaline.data.media.signals import Signal, holds
from madaline.data.media.sounds import SOUND_NAME, Sound
from madaline.data.table import Table
from madaline.errors import InputError
from madaline.nn.arrays import Array

FRAMES = ("pandas", "polars", "pyarrow")
"""Libraries whose data frames can be made."""

IMAGES_NAME, TEXTS_NAME = "image", "text"
"""Name of the only column of a table that was given as images, or as a list of texts."""


def read_frame(X: Any, names: Sequence[str] | None = None) -> Table:
    """Return a table of anything that looks like one.

    Parameters
    ----------
    X : frame, array-like of shape (n_samples, n_columns), sparse matrix, mapping or Table
        A pandas, polars or pyarrow frame (any that narwhals knows), a 2-D array, a SciPy sparse
        matrix, a list of rows (sequences or dictionaries), a dictionary of columns, or images of
        shape (n_samples, height, width) or (n_samples, height, width, channels), or texts,
        sequences, or sounds.
    names : sequence of str, optional
        Names of the columns; by default those that `X` has, else ``x0, x1, ...``.

    Returns
    -------
    Table
        Categorical columns come as text levels, durations and times of day as seconds, moments with
        a time zone in UTC.

    Raises
    ------
    InputError
        If `X` is no table, or a column cannot be used as it is; the message names it.

    Examples
    --------
    >>> read_frame([[1, "a"], [2, "b"]]).names
    ('x0', 'x1')
    """
    pairs = _pairs(X)
    if names is None:
        return Table.from_columns(pairs)
    if len(names) != len(pairs):
        raise InputError(f"There are {len(names)} names for {len(pairs)} columns: give as many.")
    return Table.from_columns(
        [(name, values) for name, (_, values) in zip(names, pairs, strict=True)]
    )


def is_texts(X: Any) -> bool:
    """Return whether it is a list, a one-dimensional array or a series of texts.

    Some may be missing, but not all.

    Examples
    --------
    >>> is_texts(["so good", None]), is_texts(["a", 1]), is_texts("so good")
    (True, False, False)
    """
    if isinstance(X, list | tuple):
        others = [one for one in X if not isinstance(one, str)]
        return len(others) < len(X) and all(map(_is_nothing, others))
    if getattr(X, "ndim", 1) != 1 or not hasattr(X, "__array__") or hasattr(X, "columns"):
        return False
    return is_texts(np.asarray(X).tolist())


def _is_nothing(value: Any) -> bool:
    """Return whether a value of Python or pandas stands for a missing one."""
    missing = value is None or type(value).__name__ in {"NAType", "NaTType"}
    return missing or (isinstance(value, float) and value != value)


def read_signals(X: Any) -> Array | None:
    """Return sequences or sounds as a column, or None where `X` is something else.

    Parameters
    ----------
    X : one-dimensional array, list or series of signals, or list of arrays of different lengths
        Signals, perhaps.

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
    if not any(isinstance(item, Signal) for item in items):
        return None
    return to_column(SEQUENCE_NAME, items)


def make_frame(columns: Mapping[str, Any], library: str) -> Any:
    """Return columns as a data frame of pandas, polars or pyarrow.

    Raises
    ------
    InputError
        If it is another library, or that is not installed.
    """
    import narwhals as nw

    if library not in FRAMES:
        raise InputError(f"The library is {library!r}: choose one of {', '.join(FRAMES)}.")
    try:
        return nw.from_dict(dict(columns), backend=cast(Any, library)).to_native()
    except ImportError:
        raise InputError(f"{library} is not installed: install it, or choose another.") from None


def _pairs(X: Any) -> list[tuple[str, Any]]:
    """Return (name, values) of every column."""
    if isinstance(X, Table):
        return list(X.columns.items())
    if hasattr(X, "toarray"):  # SciPy's sparse matrices and arrays; some look like a mapping
        X = X.toarray()
    images = read_images(X)
    if images is not None:
        return [(IMAGES_NAME, images)]
    signals = read_signals(X)
    if signals is not None:
        return [(SOUND_NAME if holds(signals, Sound) else SEQUENCE_NAME, signals)]
    if is_texts(X):
        return [(TEXTS_NAME, np.asarray(X, dtype=object))]
    if isinstance(X, Mapping):
        return [(str(name), _values(values)) for name, values in X.items()]
    frame = frame_of(X)
    if frame is not None:
        return _frame_pairs(frame)
    if isinstance(X, list | tuple) and X and isinstance(X[0], Mapping):
        return _pairs_of_records(X)
    return _array_pairs(_rows(X))


def _values(values: Any) -> Any:
    series = series_of(values)
    return values if series is None else _values_of(series)


def _values_of(series: Any) -> Any:
    """Return the values of a series; texts of pandas as they are, for `distinct_texts`."""
    import narwhals as nw

    native = series.to_native()
    is_text = hasattr(native, "factorize") and series.dtype == nw.String
    return native if is_text else series_values(series)


def _frame_pairs(frame: Any) -> list[tuple[str, Any]]:
    import narwhals as nw

    eager = frame.collect() if isinstance(frame, nw.LazyFrame) else frame
    return [(str(series.name), _values_of(series)) for series in eager.iter_columns()]


def _pairs_of_records(records: Sequence[Mapping[Any, Any]]) -> list[tuple[str, Any]]:
    names = dict.fromkeys(name for record in records for name in record)
    return [(str(name), [record.get(name) for record in records]) for name in names]


def _array_pairs(array: Array) -> list[tuple[str, Any]]:
    if array.dtype.names:
        return [(name, array[name]) for name in array.dtype.names]
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
