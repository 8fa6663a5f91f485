"""Checks at the edge: labels, weights and groups have one value for each row."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils.validation import column_or_1d

from madaline.data.io.inputs import to_target
from madaline.errors import InputError
from madaline.nn.arrays import Array


def read_labels(y: Any, n_samples: int) -> Array:
    """Return `y` as one label or number a row, shape (n_samples,).

    Parameters
    ----------
    y : array-like of shape (n_samples,) or (n_samples, 1)
        What to predict. A column comes with scikit-learn's `DataConversionWarning`.
    n_samples : int
        Rows of the table.

    Raises
    ------
    ValueError
        If there is no `y`, or it has another shape.
    """
    if y is not None and len(_shape(y)) != 1:
        y = column_or_1d(y, warn=True)
    return _one_a_row(to_target(y), n_samples, "y")


def read_weight(sample_weight: Any, n_samples: int) -> Array | None:
    """Return the weight of each row in float64, shape (n_samples,), or None.

    Raises
    ------
    InputError
        If a weight is negative, missing or infinite, or all are zero.
    """
    if sample_weight is None:
        return None
    weight = np.asarray(sample_weight, np.float64)
    if weight.ndim == 0:
        weight = np.full(n_samples, weight)
    weight = _one_a_row(weight, n_samples, "sample_weight")
    wrong = np.flatnonzero(~(np.isfinite(weight) & (weight >= 0)))
    if len(wrong):
        raise InputError(
            f"sample_weight is {weight[wrong[0]]} in row {wrong[0]}: weights are finite numbers,"
            " zero or more."
        )
    if not weight.any():
        raise InputError("sample_weight is zero for every row: at least one row must count.")
    return weight


def read_groups(groups: Any, n_samples: int) -> Array | None:
    """Return the group of each row, shape (n_samples,), or None."""
    return None if groups is None else _one_a_row(to_target(groups), n_samples, "groups")


def _shape(values: Any) -> tuple[int, ...]:
    return tuple(values.shape) if hasattr(values, "shape") else np.asarray(values).shape


def _one_a_row(values: Array, n_samples: int, name: str) -> Array:
    if values.shape != (n_samples,):
        raise InputError(
            f"{name} has shape {values.shape}, but X has {n_samples} rows: give one value a row,"
            f" shape ({n_samples},)."
        )
    return values
