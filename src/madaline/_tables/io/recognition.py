"""The one door for rows: decides once what `X` is, and makes a table of what is in memory."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from pathlib import Path
from typing import Any

import numpy as np

from madaline._base.language import _
from madaline._tables.column import to_column
from madaline._tables.io import frames
from madaline._tables.io.compression import plain_name
from madaline._tables.media.files import is_pillow_images, read_pillow_images
from madaline._tables.media.images import plausible_images, read_images
from madaline._tables.media.signals import (
    SEQUENCE_NAME,
    SOUND_NAME,
    Signal,
    Sound,
    holds,
    read_sequences,
    sequences,
    shape_error,
)
from madaline._tables.table import Levels, Table, is_records, record_columns
from madaline.errors import InputError
from madaline.nn.arrays import Array

_TABLE_ENDINGS = (
    ".parquet", ".pq", ".feather", ".arrow", ".ipc", ".csv", ".tsv", ".tab", ".jsonl", ".ndjson",
)  # fmt: skip
_QUERIES = {
    ("polars", "LazyFrame"),
    ("pyarrow", "Dataset"),
    ("duckdb", "DuckDBPyRelation"),
    ("_duckdb", "DuckDBPyRelation"),
}
_MANY_TERMS, _FEW_NONZERO = 1000, 0.1
"""Columns of a sparse matrix that may count words, and the share of its values."""

IMAGES_NAME, TEXTS_NAME = "image", "text"
"""Name of the only column of a table given as images, or as a list of texts."""


class Form(Enum):
    """What was given as `X`."""

    FILES = auto()
    """A path, a pattern or a folder, or a list of paths."""
    QUERY = auto()
    """What another library reads when it is asked: a lazy frame, a dataset, a relation."""
    FRAME = auto()
    """A data frame of any library."""
    COLUMNS = auto()
    """Columns with names, or records."""
    PICTURES = auto()
    """Images of Pillow."""
    IMAGES = auto()
    SIGNALS = auto()
    TEXTS = auto()
    ARRAY = auto()
    """Anything else: rows and columns without names, if it is a table at all."""


@dataclass(frozen=True, eq=False)
class RecognizedRows:
    """What was given as `X`: its form, and its content in a form of its own for each.

    The content of FRAME is a data frame of pandas or narwhals, that of COLUMNS a mapping; that of
    images, signals and texts is the values of their only column; that of all else is `X` itself.
    """

    form: Form
    content: Any
    given: Any = None  # rows in memory as they were given, with arrays of NumPy

    @property
    def path(self) -> str | os.PathLike[str]:
        """The path that files are given by, or the first of those that are listed."""
        X = self.content
        path: str | os.PathLike[str] = X[0] if isinstance(X, list | tuple) else X
        return path

    @property
    def doubt(self) -> str:
        """What the rows are taken for, where they may be something else."""
        return _doubt(self.given)

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
                "There are {n_names} names for {n_pairs} columns: give one name a column.",
                n_names=len(names),
                n_pairs=len(pairs),
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
            case Form.PICTURES:
                return [(IMAGES_NAME, read_pillow_images(self.content)[0])]
            case Form.SIGNALS:
                return [(SOUND_NAME if holds(self.content, Sound) else SEQUENCE_NAME, self.content)]
            case Form.TEXTS:
                return [(TEXTS_NAME, self.content)]
        return _array_columns(_array(self.content))


def recognize(X: Any, *, in_blocks: bool = False, like: Form | None = None) -> RecognizedRows:
    """Return what `X` is.

    Parameters
    ----------
    X : path, data frame, array, list or other rows
        The rows.
    in_blocks : bool, default=False
        Whether rows may be read block by block: then a list of names of tables is one of files, not
        of texts, and a query is not computed.
    like : Form, optional
        What a model learned from, where that is a single column: one sequence looks like an image.
    """
    if isinstance(X, RecognizedRows):
        return X if in_blocks or X.form != Form.QUERY else recognize(X.content, like=like)
    if isinstance(X, Table):
        columns = {n: Levels(v) if n in X.levels else v for n, v in X.columns.items()}
        return RecognizedRows(Form.COLUMNS, columns)
    if _are_files(X, in_blocks=in_blocks and like != Form.TEXTS):
        return RecognizedRows(Form.FILES, X)
    if in_blocks and query_kind(X):
        return RecognizedRows(Form.QUERY, X)
    if is_pillow_images(X):
        return RecognizedRows(Form.PICTURES, X)
    X = as_numpy(X)
    if like == Form.TEXTS and _are_missing_texts(X):
        return RecognizedRows(Form.TEXTS, np.full(len(X), None))
    X = _as_learned(X, like)
    return replace(_recognize_in_memory(X), given=X)


def _recognize_in_memory(X: Any) -> RecognizedRows:
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


def _are_files(X: Any, *, in_blocks: bool) -> bool:
    if isinstance(X, str | os.PathLike):
        return True
    if not isinstance(X, list | tuple) or not X:
        return False
    return all(isinstance(item, os.PathLike) or (in_blocks and is_table_name(item)) for item in X)


def is_table_name(item: Any) -> bool:
    """Return whether this is the name of a file that is read block by block."""
    return isinstance(item, str | os.PathLike) and plain_name(Path(item)).endswith(_TABLE_ENDINGS)


def query_kind(X: Any) -> str:
    """Return the name of the type of a query; empty if `X` is none."""
    names = ((kind.__module__.partition(".")[0], kind.__name__) for kind in type(X).__mro__)
    return next((name for library, name in names if (library, name) in _QUERIES), "")


def _as_learned(X: Any, like: Form | None) -> Any:
    """Return arrays as what a model learned from."""
    if like not in (Form.IMAGES, Form.SIGNALS):
        return X
    if not (_are_arrays(X) or getattr(X, "ndim", 0) == 3):
        return X
    if like == Form.SIGNALS:
        return sequences(X)
    if len({array.shape for array in X}) > 1:
        raise shape_error(X)
    return np.stack(X) if _are_arrays(X) else X


def _are_arrays(X: Any) -> bool:
    return isinstance(X, list | tuple) and bool(X) and all(isinstance(o, np.ndarray) for o in X)


def _doubt(X: Any) -> str:
    """Return what `X` is taken for, where it may be something else.

    A panel of series, of shape (n_samples, channels, length), looks like gray images, but these are
    rarely twice as long as wide, and then neither negative nor very narrow. A wide sparse matrix
    may count words.
    """
    if hasattr(X, "nnz") and X.shape[1] >= _MANY_TERMS and X.nnz < _FEW_NONZERO * np.prod(X.shape):
        return _(
            "X, a sparse matrix, is taken for {shape:,} columns of numbers: if they count words, give the texts themselves, a list of them or a column of a table, which are learned from much faster."
        ).format(shape=X.shape[1])
    if isinstance(X, np.ndarray) and X.ndim == 3 and X.dtype.kind == "f":
        height, width = X.shape[1:]
        if max(height, width) < 2 * min(height, width) or not X.size or plausible_images([*X]):
            return ""
        return _(
            "X, an array of shape {shape}, is taken for images of {height} x {width} pixels: if it holds sequences of shape (channels, length), give madaline.sequences(X.transpose(0, 2, 1)); if of shape (length, channels), madaline.sequences(X)."
        ).format(shape=X.shape, height=height, width=width)
    if not _are_arrays(X) or X[0].ndim != 2 or any(array.shape != X[0].shape for array in X):
        return ""
    if X[0].dtype.kind not in "if":  # bytes are pixels
        return ""
    pictures = plausible_images(X)
    taken, other = ("images", "sequences") if pictures else ("sequences", "images")
    how = "madaline.sequences(X)" if pictures else "np.stack(X)"
    return _(
        "X, a list of {n_X:,} arrays of shape {shape}, is taken for {taken}: if they are {other}, give {how}."
    ).format(n_X=len(X), shape=X[0].shape, taken=taken, other=other, how=how)


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
            "X holds a table under the name {name!r}: give one of its tables, X[{name!r}].",
            name=name,
        )


def is_texts(X: Any) -> bool:
    """Return whether `X` is a list, a one-dimensional array or a series of texts.

    Some texts may be missing, but not all.
    """
    if isinstance(X, list | tuple):
        others = [item for item in X if not isinstance(item, str)]
        return len(others) < len(X) and all(map(is_null, others))
    return _is_series(X) and is_texts(np.asarray(X).tolist())


def _are_missing_texts(X: Any) -> bool:
    """Return whether `X` is a list of missing values, and of nothing else."""
    if not isinstance(X, list | tuple) and getattr(X, "ndim", 2) != 1:
        return False
    return len(X) > 0 and is_texts([*X, ""]) and not is_texts(X)


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
            "Expected 2D array, got {ndim}D array instead (shape {shape}): a table has rows and columns. Reshape your data with X.reshape(-1, 1) if it is one column, or with X.reshape(1, -1) if it is one row.",
            ndim=array.ndim,
            shape=array.shape,
        )
    if array.shape[1] == 0:
        raise InputError(
            "0 feature(s) (shape={shape}) while a minimum of 1 is required: give at least one column.",
            shape=array.shape,
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
                "Row {number} (counted from 0) has {n_row} values where row 0 has {n_rows}: give every row as many.",
                number=number,
                n_row=len(row),
                n_rows=len(rows[0]),
            )
    if all(isinstance(row, np.ndarray) and row.dtype.kind in "biuf" for row in rows):
        return np.asarray(rows)
    array = np.empty((len(rows), len(rows[0]) if rows else 0), dtype=object)
    for number, row in enumerate(rows):
        array[number] = row
    return array
