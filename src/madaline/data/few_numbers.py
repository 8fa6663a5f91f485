"""A few rows of numbers are read at one look, as one row comes often and should not take long."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from madaline.core.arrays import Array

MOST_ROWS = 1024
"""Rows for which one look is enough; the columns of many are large and should not be copied."""

_KINDS = {np.ndarray, list}


def as_few_numbers(columns: Sequence[Any]) -> Array | None:
    """Return columns of numbers as one array, or None where they need a closer look.

    Parameters
    ----------
    columns : sequence
        What should be columns of equal length.

    Returns
    -------
    float64 ndarray of shape (n_columns, n_samples) or None
        Exactly what `madaline.data.column.to_column` makes of each. None where some are no lists or
        arrays of numbers, lengths differ, there are many rows, or an infinity.

    Examples
    --------
    >>> as_few_numbers([[1, 2], np.array([0.5, np.nan])])
    array([[1. , 2. ],
           [0.5, nan]])
    >>> as_few_numbers([[1, 2], [0.5]]), as_few_numbers([[1.0], ["2"]])
    (None, None)
    """
    if not set(map(type, columns)) <= _KINDS or not 0 < len(columns[0]) <= MOST_ROWS:
        return None
    try:
        numbers = np.array(columns)
    except (ValueError, TypeError):  # of different lengths, or dates among numbers
        return None
    if numbers.ndim != 2 or numbers.dtype.kind not in "iuf":
        return None
    numbers = numbers.astype(np.float64, copy=False)
    return None if np.logical_or.reduce(np.isinf(numbers), axis=None) else numbers
