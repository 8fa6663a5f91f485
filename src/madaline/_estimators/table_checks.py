"""Errors for what is no table: each names what was given and what to give instead."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from madaline._data.objects import shown
from madaline.errors import InputError

TABLE = (
    "give a table, such as a data frame, an array of shape (n_samples, n_features) or a list of"
    " rows; or images, sequences, sounds or texts"
)

_OF_TABLES = ("collect", "__array__", "toarray", "columns")
"""Attributes of tables; `collect` comes first: a lazy frame would have to compute its columns."""


def check_is_table(X: Any) -> None:
    """Refuse what has no rows and columns; arrays and frames are checked elsewhere.

    Parameters
    ----------
    X : object
        What was given as a table, and is neither images, signals, texts nor a mapping.

    Raises
    ------
    InputError
        With what it is and what to give.

    Examples
    --------
    >>> check_is_table([["good", "day"], ["well"]])
    Traceback (most recent call last):
    ...
    madaline.errors.InputError: Row 1 (counted from 0) of X has the length 1 where row 0 has 2: give
    every row as many values, or join its words to one text, ' '.join(row).
    """
    if isinstance(X, list | tuple):
        _check_rows(X)
    elif not any(hasattr(X, one) for one in _OF_TABLES):
        raise InputError(f"X is {shown(X)}: {TABLE}.")
    elif isinstance(X, np.ndarray) and X.shape == (0,):
        raise InputError(f"X is empty: {TABLE}.")


def _check_rows(X: Sequence[Any]) -> None:
    if not X:
        raise InputError(f"X is empty: {TABLE}.")
    if all(one is None for one in X):
        raise InputError(f"X holds nothing but None: {TABLE}.")
    if not all(isinstance(one, list | tuple | np.ndarray) for one in X):
        _check_values(X)
        return
    lengths = list(map(len, X))
    row = next((row for row, length in enumerate(lengths) if length != lengths[0]), None)
    if row is not None:
        raise InputError(
            f"Row {row} (counted from 0) of X has the length {lengths[row]} where row 0 has"
            f" {lengths[0]}: {_remedy(X[0])}."
        )
    if len(X[0]) and isinstance(X[0][0], list | tuple):
        raise InputError(
            "X is a list of lists of lists: give np.array(X) if these are images, or"
            " madaline.sequences(X) if they are sequences."
        )


def _check_values(X: Sequence[Any]) -> None:
    """Refuse a list of anything but rows, for example of numbers; records are rows."""
    rows = (hasattr(one, "__len__") and not isinstance(one, str | bytes) for one in X)
    value = next((one for one, is_row in zip(X, rows, strict=True) if not is_row), None)
    if value is None:
        return
    if isinstance(value, int | float | np.number):
        raise InputError(
            "X is a list of numbers: give rows, [[one] for one in X] if it is one column, [X] if it"
            " is one row."
        )
    raise InputError(f"X is a list that holds {shown(value)}: {TABLE}.")


def _remedy(row: Any) -> str:
    """Return how to make a table of rows of different lengths, given one of them."""
    if len(row) and isinstance(row[0], str):
        return "give every row as many values, or join its words to one text, ' '.join(row)"
    return "give every row as many values, or, if these are sequences, madaline.sequences(X)"
