"""Plain numbers are read at one look: a row comes often, and many should not be copied."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from madaline.data.encoders.encoded import Encoded
from madaline.data.encoders.table_encoder import TableEncoder
from madaline.nn.arrays import Array, row_blocks

FEW_ROWS = 1024
"""Rows that are taken together in one array, at most; of more, each column stays as it is."""

_KINDS = {np.ndarray, list}


def encode_columns(encoder: TableEncoder, columns: Mapping[str, Any]) -> Encoded | None:
    """Encode columns of plain numbers at one look.

    Parameters
    ----------
    encoder : TableEncoder
        What reads them.
    columns : mapping of str to array-like
        The columns as somebody gave them, not looked at so far. Those of many rows are not copied:
        they must stay as they are until features have been asked for.

    Returns
    -------
    Encoded or None
        What the encoder says of a checked table; None where the columns need a closer look: one is
        not there, or they hold more than finite numbers and missing ones.

    Examples
    --------
    >>> from madaline.data.schema import Schema
    >>> from madaline.data.table import Table
    >>> table = Table.from_columns({"size": [1.0, 2, 3, 4, 5]})
    >>> encoder = TableEncoder.fit(table, Schema.infer(table), n_bins=(0,))
    >>> encode_columns(encoder, {"size": np.array([3.0])}).base
    array([[0.]], dtype=float32)
    >>> encode_columns(encoder, {"size": ["3"]})
    """
    if not encoder.only_numbers or set(map(type, columns)) != {str}:
        return None
    numbers = as_plain_numbers(list(columns.values()))
    return None if numbers is None else _encoded(encoder, numbers, tuple(columns))


def encode_rows(encoder: TableEncoder, rows: Array, names: tuple[str, ...]) -> Encoded | None:
    """Encode rows of plain numbers at one look.

    Parameters
    ----------
    encoder : TableEncoder
        What reads them.
    rows : ndarray of shape (n_samples, n_columns)
        As somebody gave them. They are not copied: see `encode_columns`, also for what returns.
    names : tuple of str
        Names of the columns.

    Examples
    --------
    >>> from madaline.data.schema import Schema
    >>> from madaline.data.table import Table
    >>> table = Table.from_columns({"size": [1.0, 2, 3, 4, 5]})
    >>> encoder = TableEncoder.fit(table, Schema.infer(table), n_bins=(0,))
    >>> encode_rows(encoder, np.array([[1, 3], [2, 3]]), ("place", "size")).base
    array([[0.],
           [0.]], dtype=float32)
    """
    if not encoder.only_numbers or not are_plain_rows(rows):
        return None
    return _encoded(encoder, rows.T, names)


def as_plain_numbers(columns: Sequence[Any]) -> Array | Sequence[Array] | None:
    """Return columns of numbers, or None where they need a closer look.

    Parameters
    ----------
    columns : sequence
        What should be columns of equal length.

    Returns
    -------
    float64 ndarray of shape (n_columns, n_samples), sequence of ndarray, or None
        As float64, exactly what `madaline.data.column.to_column` makes of each. None where some are
        no arrays of numbers (of few rows, or lists), lengths differ, or there is an infinity.

    Examples
    --------
    >>> as_plain_numbers([[1, 2], np.array([0.5, np.nan])])
    array([[1. , 2. ],
           [0.5, nan]])
    >>> as_plain_numbers([[1, 2], [0.5]]), as_plain_numbers([[1.0], ["2"]])
    (None, None)
    """
    if not set(map(type, columns)) <= _KINDS:
        return None
    try:
        if len(columns[0]) > FEW_ROWS:
            return columns if _are_plain(columns) else None
        numbers = np.array(columns)
    except (ValueError, TypeError):  # of different lengths, none at all, or dates among numbers
        return None
    if numbers.ndim != 2 or not numbers.size or numbers.dtype.kind not in "iuf":
        return None
    numbers = numbers.astype(np.float64, copy=False)
    return None if np.logical_or.reduce(np.isinf(numbers), axis=None) else numbers


def are_plain_rows(rows: Array) -> bool:
    """Return whether an array holds rows of finite numbers, or missing ones, at least one.

    Examples
    --------
    >>> are_plain_rows(np.array([[1, 2]])), are_plain_rows(np.array([[1, np.inf]]))
    (True, False)
    """
    if rows.ndim != 2 or not rows.size or not _holds_numbers(rows):
        return False
    n_rows, width = rows.shape
    return not any(np.isinf(rows[some]).any() for some in row_blocks(n_rows, width))


def _encoded(
    encoder: TableEncoder, numbers: Array | Sequence[Array], names: tuple[str, ...]
) -> Encoded | None:
    """Return plain numbers of columns with these names, encoded; None if some are lacking."""
    n_samples = len(numbers[0])
    if names != encoder.columns:
        named = dict(zip(names, numbers, strict=True))
        if not named.keys() >= set(encoder.columns):
            return None
        numbers = [named[name] for name in encoder.columns]
    return Encoded(n_samples, encoder.joined, numbers, (), encoder.widths, {})


def _are_plain(columns: Sequence[Any]) -> bool:
    """Return whether columns are arrays of finite numbers, or missing ones, of one length."""
    for column in columns:
        if type(column) is not np.ndarray or column.shape != (len(columns[0]),):
            return False
        if not _holds_numbers(column) or np.isinf(column).any():
            return False
    return True


def _holds_numbers(array: Array) -> bool:
    """Return whether all that it can hold but infinities are numbers of float64, or missing."""
    return array.dtype.kind in "iuf" and array.itemsize <= 8
