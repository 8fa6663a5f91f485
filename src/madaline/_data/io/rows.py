"""The one door for rows: decides once what `X` is and makes a table of it; and reads `y`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

import numpy as np

from madaline._data.column import to_column
from madaline._data.io import frames
from madaline._data.media.images import read_images
from madaline._data.media.signals import (
    SEQUENCE_NAME,
    SOUND_NAME,
    Signal,
    Sound,
    holds,
    read_sequences,
    sequences,
)
from madaline._data.table import Levels, Table, is_records, record_columns
from madaline.errors import InputError
from madaline.nn.arrays import Array

IMAGES_NAME, TEXTS_NAME = "image", "text"
"""Name of the only column of a table given as images, or as a list of texts."""


class Form(Enum):
    """What was given as `X`."""

    FRAME = auto()
    """A data frame of any library."""
    COLUMNS = auto()
    """Columns with names, or records."""
    IMAGES = auto()
    SIGNALS = auto()
    TEXTS = auto()
    ARRAY = auto()
    """Anything else: rows and columns without names, if it is a table at all."""


@dataclass(frozen=True, eq=False)
class RecognizedRows:
    """What was given as `X`: its form, and its content in a form of its own for each.

    The content of FRAME is a data frame of pandas or narwhals, that of COLUMNS a mapping; that of
    images, signals and texts is the values of their only column; that of ARRAY is `X` itself.
    """

    form: Form
    content: Any

    def table(
        self, names: Sequence[str] | None = None, *, only: Collection[str] | None = None
    ) -> Table:
        """Return the rows as a table, of all columns or only some; see `to_table`."""
        pairs = self._pairs(only)
        if only is not None:
            pairs = [(name, values) for name, values in pairs if name in only]
        if names is None:
            return Table.from_columns(pairs)
        if len(names) != len(pairs):
            raise InputError(
                f"There are {len(names)} names for {len(pairs)} columns: give one name a column."
            )
        return Table.from_columns(list(zip(names, (values for _, values in pairs), strict=True)))

    def _pairs(self, only: Collection[str] | None) -> list[tuple[str, Any]]:
        """Return the name and the values of every column; of a frame, only of some."""
        match self.form:
            case Form.FRAME:
                return frames.frame_columns(self.content, only)
            case Form.COLUMNS:
                for name, values in self.content.items():
                    _check_column(name, values)
                return [
                    (str(name), frames.column_values(values))
                    for name, values in self.content.items()
                ]
            case Form.IMAGES:
                return [(IMAGES_NAME, self.content)]
            case Form.SIGNALS:
                return [(SOUND_NAME if holds(self.content, Sound) else SEQUENCE_NAME, self.content)]
            case Form.TEXTS:
                return [(TEXTS_NAME, self.content)]
            case Form.ARRAY:
                return _array_columns(_array(self.content))


def recognize(X: Any) -> RecognizedRows:
    """Return what `X` is."""
    if isinstance(X, Table):
        columns = {n: Levels(v) if n in X.levels else v for n, v in X.columns.items()}
        return RecognizedRows(Form.COLUMNS, columns)
    X = as_numpy(X)
    if not isinstance(X, np.ndarray | list | tuple):
        if hasattr(type(X), "toarray"):  # sparse matrices of SciPy; some look like a mapping
            return RecognizedRows(Form.ARRAY, X)
        if isinstance(X, Mapping):
            return RecognizedRows(Form.COLUMNS, record_columns(X) if is_records(X) else X)
        frame = frames.pandas_or_frame(X)
        if frame is not None:
            return RecognizedRows(Form.FRAME, frame)
    images = read_images(X)
    if images is not None:
        return RecognizedRows(Form.IMAGES, images)
    signals = _read_signals(X)
    if signals is not None:
        return RecognizedRows(Form.SIGNALS, signals)
    if is_texts(X):
        return RecognizedRows(Form.TEXTS, np.asarray(X, dtype=object))
    if is_records(X):
        return RecognizedRows(Form.COLUMNS, record_columns(X))
    return RecognizedRows(Form.ARRAY, X)


def as_numpy(X: Any) -> Any:
    """Return images, and sequences of any values, of other libraries in lists and arrays of NumPy.

    All else is returned as it is. Frames in a list are sequences, with a column for each channel.
    """
    if isinstance(X, np.ndarray | str | bytes):
        return X
    if not isinstance(X, Sequence):
        return np.asarray(X) if _is_array(X) and X.ndim > 2 else X
    items = X if isinstance(X, list | tuple) else list(X)
    if not items or isinstance(items[0], np.ndarray) or not all(map(_is_array, items)):
        return items
    are_frames = all(hasattr(type(item), "columns") for item in items)
    arrays = [np.asarray(item) for item in items]
    return sequences(arrays) if are_frames else arrays


def _is_array(X: Any) -> bool:
    return hasattr(type(X), "__array__") and getattr(X, "ndim", 0) > 0


def to_table(X: Any, names: Sequence[str] | None = None) -> Table:
    """Return anything table-like as a `Table`.

    That is a data frame of any library, a 2-D array, a SciPy sparse matrix, a list of rows
    (sequences or dictionaries), a structured array, a dictionary of columns, images of shape
    (n_samples, height, width) or (n_samples, height, width, channels), texts, sequences or sounds.
    Columns have the `names`, by default those that `X` has, else ``x0, x1, ...``. Categories become
    text levels, durations and times of day seconds, and times with a time zone UTC.
    """
    return recognize(X).table(names)


def _check_column(name: Any, values: Any) -> None:
    """Refuse a table in place of a column, as in a dictionary of the splits of a data set."""
    if any(hasattr(type(values), attribute) for attribute in ("columns", "column_names")):
        raise InputError(
            f"X holds a table under the name {name!r}: give one of its tables, X[{name!r}]."
        )


def is_texts(X: Any) -> bool:
    """Return whether `X` is a list, a one-dimensional array or a series of texts.

    Some texts may be missing, but not all.
    """
    if isinstance(X, list | tuple):
        others = [item for item in X if not isinstance(item, str)]
        return len(others) < len(X) and all(map(is_null, others))
    return _is_series(X) and is_texts(np.asarray(X).tolist())


def is_null(value: Any) -> bool:
    """Return whether a value of Python, NumPy or pandas is a missing one."""
    missing = value is None or type(value).__name__ in {"NAType", "NaTType"}
    return missing or (isinstance(value, float | np.generic) and bool(value != value))


def _read_signals(X: Any) -> Array | None:
    """Return sequences or sounds as a column; None if `X` is something else."""
    arrays = read_sequences(X)
    if arrays is not None:
        return arrays
    if not isinstance(X, list | tuple) and not (hasattr(X, "ndim") and _is_series(X)):
        return None
    items = list(X)
    return to_column(SEQUENCE_NAME, items) if any(isinstance(x, Signal) for x in items) else None


def _is_series(X: Any) -> bool:
    """Return whether `X` is a one-dimensional array, or a series of any library."""
    return getattr(X, "ndim", 1) == 1 and hasattr(X, "__array__") and not hasattr(X, "columns")


def _array_columns(array: Array) -> list[tuple[str, Any]]:
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


def _array(X: Any) -> Array:
    """Return rows without names as an array, of objects where NumPy would change their types."""
    if hasattr(X, "toarray"):
        X = X.toarray()
    if hasattr(X, "__array__") or not isinstance(X, Iterable) or isinstance(X, str | bytes):
        return X if isinstance(X, np.ma.MaskedArray) else np.asarray(X)
    rows = list(X)
    if not all(isinstance(row, list | tuple | np.ndarray) for row in rows):
        return np.asarray(rows, dtype=object)
    for number, row in enumerate(rows):
        if len(row) != len(rows[0]):
            raise InputError(
                f"Row {number} (counted from 0) has {len(row)} values where row 0 has"
                f" {len(rows[0])}: give every row as many."
            )
    if all(isinstance(row, np.ndarray) and row.dtype.kind in "biuf" for row in rows):
        return np.asarray(rows)
    array = np.empty((len(rows), len(rows[0]) if rows else 0), dtype=object)
    for number, row in enumerate(rows):
        array[number] = row
    return array


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
                f"The target must be one column, but y has {len(frame.columns)}: choose one."
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
            f"The target must be one column, but y has the shape {array.shape}: give one label or"
            " number a row (y should be a 1d array)."
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
        raise InputError(f"The target is {y!r}: give one label or number a row.")
    items = list(y)
    types = {type(item) for item in items}
    one_type = len(types) == 1 or types <= {int, float, bool}  # NumPy turns [1, "a"] into text
    return _texts_as_objects(np.asarray(items, dtype=None if one_type else object))


def _labels(series: Any) -> Array:
    """Return a series as labels that keep their type: integer categories stay integers."""
    import narwhals as nw

    if isinstance(series.dtype, nw.Categorical | nw.Enum):
        return _target_array(series.to_list())
    return _texts_as_objects(frames.series_array(series))


def _texts_as_objects(array: Array) -> Array:
    return array.astype(object) if array.dtype.kind == "U" else array


def _no_complex_numbers(array: Array) -> Array:
    if array.dtype.kind == "c":
        raise InputError("Complex data not supported: the target holds complex numbers.")
    return array
