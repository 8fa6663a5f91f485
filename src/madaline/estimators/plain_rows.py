"""Rows of plain numbers are predicted at one look: only what is amiss is worth another.

`read_table` looks at each column by itself, and says what is wrong with it. Where nothing can be
wrong, this comes first: with a row at a time, looking took longer than predicting.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import numpy as np

from madaline.data.encoders.encoded import Encoded
from madaline.data.encoders.plain_numbers import FEW_ROWS, encode_columns, encode_rows
from madaline.data.encoders.table_encoder import TableEncoder
from madaline.nn.arrays import Array

_ROWS = {list, tuple}
_NUMBERS = {float, int, np.float64}


def read_plain_rows(estimator: Any, X: Any) -> Encoded | None:
    """Return rows to predict, or None where `read_table` must look at them.

    Parameters
    ----------
    estimator : BaseEstimator
        It has been fitted.
    X : array, list of rows, frame of pandas or mapping of columns
        The rows; anything else gets the closer look.
    """
    encoder: TableEncoder = estimator.model_.predictor.encoder
    if not encoder.only_numbers:
        return None
    given_names = getattr(estimator, "feature_names_in_", None)
    if isinstance(X, Mapping):
        names = _names(estimator, given_names)
        return encode_columns(encoder, X) if X.keys() == set(names) else None
    if given_names is None:
        rows = _rows_of_list(X) if type(X) is list else X
    else:
        rows = _rows_of_frame(X, given_names)
    if type(rows) is not np.ndarray or rows.shape[1:] != (estimator.n_features_in_,):
        return None
    return encode_rows(encoder, rows, _names(estimator, given_names))


def _names(estimator: Any, given: Array | None) -> tuple[str, ...]:
    """Return the names that columns have in the model."""
    if given is None:
        return tuple([f"x{number}" for number in range(estimator.n_features_in_)])
    return tuple(given.tolist())


def _rows_of_list(X: list[Any]) -> Array | None:
    """Return a list of rows of numbers of Python as an array."""
    if not set(map(type, X)) <= _ROWS or not all(set(map(type, row)) <= _NUMBERS for row in X):
        return None
    try:
        return np.array(X)
    except ValueError:  # of different lengths
        return None


def _rows_of_frame(X: Any, names: Array) -> Array | None:
    """Return a few rows of a frame of pandas as an array, if all columns are numbers of NumPy.

    Columns of many rows are not brought together: that would copy them.
    """
    pandas = sys.modules.get("pandas")
    if pandas is None or type(X) is not pandas.DataFrame or len(X) > FEW_ROWS:
        return None
    if X.columns.tolist() != names.tolist():
        return None
    if not all(isinstance(one, np.dtype) and one.kind in "iuf" for one in X.dtypes.tolist()):
        return None
    rows: Array = X.to_numpy()
    return rows
