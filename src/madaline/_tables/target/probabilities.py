"""A target of probabilities: a row is a distribution over the classes, as another model gives it.

Networks learn the distribution itself. What counts classes (accuracy, curves, sets, folds) takes
one class for each row, drawn with its probabilities: on average that is what rows with labels of
this distribution would show.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from madaline.errors import InputError
from madaline.nn.arrays import Array

SUM_TOLERANCE = 0.02
"""How far from one the probabilities of a row may sum up: they may have been rounded."""

_DRAWING_SEED = 0x50F7
"""Seed of the classes that are drawn: it does not depend on that of the fit."""


def holds_probabilities(values: Array) -> bool:
    """Return whether a matrix has fractions: labels are 0 or 1, and classes whole numbers.

    >>> holds_probabilities(np.array([[0.2, 0.8]])), holds_probabilities(np.array([[0.0, 1.0]]))
    (True, False)
    """
    if values.ndim != 2 or values.dtype.kind != "f":
        return False
    with np.errstate(invalid="ignore"):
        return bool(np.any(values[np.isfinite(values)] % 1))


def checked_probabilities(
    values: Array,  # (n_samples, n_classes); rows of a missing value are not looked at
    classes: Array,  # (n_classes,)
    name: str = "y",
) -> Array:
    """Return probabilities in float64 that sum to one in each row; refuse what are none.

    >>> checked_probabilities(np.array([[0.3, 0.7], [0.1, 0.8]]), np.array(["no", "yes"]))
    Traceback (most recent call last):
    madaline.errors.InputError: Row 1 of y (counted from 0) sums to 0.9, but fractions in several
    columns are read as the probabilities of classes: let each row sum to one.
    """
    probabilities = values.astype(np.float64)
    known = np.asarray(~np.isnan(probabilities).any(axis=1))
    wrong = known & ~((probabilities >= 0) & (probabilities <= 1 + SUM_TOLERANCE)).all(axis=1)
    if wrong.any():
        row = int(np.argmax(wrong))
        value = probabilities[row][np.argmax(np.abs(probabilities[row] - 0.5))]
        raise InputError(
            "{name} holds {value:g} in row {row} (counted from 0), but fractions in several columns are read as the probabilities of classes: give numbers from 0 to 1, or predict several numbers by regression.",
            name=name,
            value=value,
            row=row,
        )
    totals = _checked_totals(probabilities, known, name)
    empty = probabilities[known].sum(axis=0) == 0
    if known.any() and empty.any():
        raise InputError(
            "The class {label!r} has the probability 0 in every row of {name}: leave its column out.",
            label=classes.tolist()[int(np.argmax(empty))],
            name=name,
        )
    probabilities[known] /= totals[known, None]
    return probabilities


def _checked_totals(probabilities: Array, known: Array, name: str) -> Array:
    """Return the sum of each row, which must be one, (n_samples,)."""
    totals: Array = probabilities.sum(axis=1)
    wrong = known & (np.abs(totals - 1) > SUM_TOLERANCE + 1e-9)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise InputError(
            "Row {row} of {name} (counted from 0) sums to {totals:.4g}, but fractions in several columns are read as the probabilities of classes: let each row sum to one.",
            row=row,
            name=name,
            totals=totals[row],
        )
    return totals


def drawn_classes(probabilities: Array) -> Array:
    """Return the index of a class for each row, drawn with its probabilities; always the same.

    >>> drawn_classes(np.array([[1.0, 0.0], [0.0, 1.0]]))
    array([0, 1])
    """
    bounds = np.cumsum(probabilities, axis=1)
    points = np.random.default_rng(_DRAWING_SEED).random(len(bounds)) * bounds[:, -1]
    codes = (points[:, None] >= bounds).sum(axis=1)
    return np.asarray(np.minimum(codes, bounds.shape[1] - 1))


def mean_entropy(probabilities: Array, weight: Array | None = None) -> float:
    """Return the log loss of predictions that are right to the last digit: no mean is lower.

    >>> round(mean_entropy(np.array([[0.5, 0.5], [0.0, 1.0]])), 3)
    0.347
    """
    logs = np.log(np.where(probabilities > 0, probabilities, 1))
    return float(np.average(-np.sum(probabilities * logs, axis=1), weights=weight))


def labels_of(columns: Any, n_classes: int) -> Array:
    """Return the classes that columns are named after, or their numbers where they have no name.

    >>> labels_of(["no", "yes"], 2), labels_of(None, 3)
    (array(['no', 'yes'], dtype='<U3'), array([0, 1, 2]))
    """
    if columns is None:
        return np.arange(n_classes)
    types = {type(column) for column in columns}
    if len(types) == 1:
        return np.asarray(list(columns))
    return np.fromiter(columns, object, n_classes)
