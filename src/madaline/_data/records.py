"""Rows as records: a dictionary, a list of them or of named tuples, or a structured array."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from madaline._data.media.signals import Signal


def is_records(X: Any) -> bool:
    """Return whether `X` is a row as a dictionary, a list of them, or a structured array.

    Examples
    --------
    >>> is_records([{"size": 1.5}]), is_records([[1.5]])
    (True, False)
    >>> is_records({"size": 1.5}), is_records({"size": [1.5, 2.5]})
    (True, False)
    """
    if isinstance(X, Mapping):
        return any(map(_is_value, X.values())) and not any(map(_is_column, X.values()))
    if isinstance(X, np.ndarray):
        return X.dtype.names is not None and X.ndim == 1
    return isinstance(X, list | tuple) and len(X) > 0 and all(map(_is_record, X))


def record_columns(X: Any) -> dict[str, Any]:
    """Return the columns of records, by name; what a dictionary lacks is None.

    Examples
    --------
    >>> record_columns([{"size": 1.5}, {"size": 2.5, "color": "red"}])
    {'size': [1.5, 2.5], 'color': [None, 'red']}
    """
    if isinstance(X, np.ndarray):
        return {name: X[name] for name in X.dtype.names or ()}
    if isinstance(X, Mapping):
        X = [X]
    X = [record if isinstance(record, Mapping) else record._asdict() for record in X]
    names = dict.fromkeys(name for record in X for name in record)
    return {str(name): [record.get(name) for record in X] for name in names}


def _is_record(row: Any) -> bool:
    """Return whether a row is a dictionary or a named tuple."""
    return isinstance(row, Mapping) or (isinstance(row, tuple) and hasattr(row, "_asdict"))


def _is_value(value: Any) -> bool:
    """Return whether this is the value of one row, and cannot be a column."""
    single = isinstance(value, str | bytes | Signal) or getattr(value, "ndim", 1) == 0
    return single or not hasattr(value, "__len__")


def _is_column(value: Any) -> bool:
    """Return whether this can only be a column: an image beside other values is one of a row."""
    return not _is_value(value) and getattr(value, "ndim", 1) == 1
