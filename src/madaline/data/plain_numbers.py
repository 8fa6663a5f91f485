"""Plain numbers are read at one look: a row comes often, and many should not be copied."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from madaline.core.arrays import Array, row_blocks

FEW_ROWS = 1024
"""Rows that are taken together in one array, at most; of more, each column stays as it is."""

_KINDS = {np.ndarray, list}


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
