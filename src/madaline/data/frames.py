"""Reads what people keep tables in: pandas, polars and Arrow frames, arrays, lists, mappings."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

import numpy as np

from madaline.core.arrays import Array
from madaline.data.column import number_text, to_column
from madaline.data.images import read_images
from madaline.data.sequences import SEQUENCE_NAME, read_sequences
from madaline.data.signals import Signal, holds
from madaline.data.sounds import SOUND_NAME, Sound
from madaline.data.table import Table
from madaline.errors import InputError

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
    if _is_frame(y):
        y = _only_column(y)
    if hasattr(y, "toarray"):
        y = y.toarray()
    series = _series(y)
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
    if _is_frame(X):
        return _frame_pairs(X)
    if isinstance(X, list | tuple) and X and isinstance(X[0], Mapping):
        return _pairs_of_records(X)
    return _array_pairs(_rows(X))


def _values(values: Any) -> Any:
    series = _series(values)
    return values if series is None else _series_values(series)


def _is_frame(X: Any) -> bool:
    """Whether narwhals knows it as a frame; narwhals is not imported for what comes from NumPy."""
    if isinstance(X, np.ndarray | list | tuple) or not hasattr(type(X), "columns"):
        return False
    import narwhals as nw

    frame = nw.from_native(X, pass_through=True) if _unique_names(X) else X
    return isinstance(frame, nw.DataFrame | nw.LazyFrame)


def _unique_names(X: Any) -> bool:
    """Check pandas' names before narwhals does, to say it in our words."""
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(X, pandas.DataFrame):
        Table.from_columns([(str(name), ()) for name in X.columns])
    return True


def _frame_pairs(X: Any) -> list[tuple[str, Any]]:
    import narwhals as nw

    frame = nw.from_native(X)
    eager = frame.collect() if isinstance(frame, nw.LazyFrame) else frame
    return [(str(series.name), _series_values(series)) for series in eager.iter_columns()]


def _series(values: Any) -> Any:
    """Return a narwhals series of it, or None when it is none."""
    if isinstance(values, np.ndarray | list | tuple) or not hasattr(values, "__len__"):
        return None
    import narwhals as nw

    series = nw.from_native(values, series_only=True, pass_through=True)
    return series if isinstance(series, nw.Series) else None


def _series_values(series: Any) -> Array:
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
    if dtype == nw.String and hasattr(series.to_native(), "factorize"):
        return _texts(series.to_native())
    return np.asarray(series.to_numpy())


def _texts(series: Any) -> Array:
    """Return text of pandas: rows of the same text share one object, which is quick to look up."""
    places, distinct = series.factorize()  # -1 where missing
    texts: Array = np.array([*distinct, None], dtype=object)
    return np.asarray(texts[places])


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
    values = np.asarray(_series_values(series))
    return values.astype(object) if values.dtype.kind == "U" else values


def _only_column(frame: Any) -> Any:
    """Return the only column of a frame, as a series."""
    import narwhals as nw

    known = nw.from_native(frame)
    eager = known.collect() if isinstance(known, nw.LazyFrame) else known
    if len(eager.columns) != 1:
        raise InputError(
            f"The target must be one column, but y has {len(eager.columns)}: choose one."
        )
    return eager[eager.columns[0]].to_native()
