"""A leak is a column that reveals the target: a copy of it, or something known only afterwards.

A model that learned from a leak looks perfect, and fails where it is used.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from madaline._data.codec import Stored
from madaline._data.column import is_missing
from madaline._data.table import Table
from madaline.nn.arrays import Array

_MIN_EXPLAINED = 0.99  # share of the target that a leak explains by itself
_MIN_RATIO = 5  # of what all other columns leave unexplained to what a leak does; else it is easy
_MIN_ROWS = 60  # with fewer rows, an honest column may explain everything by chance
_MAX_ROWS = 5000  # that are evaluated, evenly spread


@dataclass(frozen=True)
class Leak(Stored):
    """A column that all but reveals the target."""

    # Shares of the target that are explained: for classes, the share of the baseline's errors that
    # is avoided; for numbers, the R² of the target's ranks.
    column: str
    explained: float  # by the column alone
    others: float  # by all columns together that are no leaks
    target: str = ""  # which of several targets; empty where there is one

    def __str__(self) -> str:
        """Return the suspicion and the remedy in a sentence."""
        return (
            f"{self.column} alone explains {self.explained:.1%} of {self.target or 'the target'},"
            f" all other columns together {self.others:.1%}: leave it out if it is only known once"
            " the target is."
        )


def find_leaks(
    table: Table,
    names: Sequence[str],
    target: Array,  # (n_samples,), numbers, or indices of classes
    *,
    classes: bool,
    groups: Array | None = None,  # (n_samples,), only the first of each is used: rows may be alike
) -> tuple[Leak, ...]:
    """Return the columns that reveal the target alone while all others together do not.

    A column predicts each row by its neighbors: the rows of the same value, or of the next smaller
    and the next larger number. So it does not matter how the column reveals the target: as a copy,
    recoded, through any smooth or monotone function, or with a little noise. Numbers are compared
    by their ranks. If each column reveals the target alone, none is a leak; nor is any if there are
    fewer than 60 rows, or groups.
    """
    rows = np.arange(len(target)) if groups is None else np.unique(groups, return_index=True)[1]
    rows = np.sort(rows)[:: max(1, -(-len(rows) // _MAX_ROWS))]
    if len(rows) < _MIN_ROWS or (target[rows] == target[rows[0]]).all():
        return ()
    # One-hot classes, or ranks: (n_samples, n_outputs).
    truth = _one_hot(target[rows]) if classes else _ranks(target[rows])
    explained = {
        name: _explained_alone(table[name][rows], truth, classes=classes) for name in names
    }
    suspects = [name for name in names if explained[name] >= _MIN_EXPLAINED]
    if len(suspects) in (0, len(names)):
        return ()
    others = [table[name][rows] for name in names if name not in suspects]
    together = _explained_together(others, target[rows], truth, classes=classes)
    if together >= _MIN_EXPLAINED:
        return ()
    return tuple(
        Leak(name, explained[name], together)
        for name in suspects
        if _MIN_RATIO * (1 - explained[name]) < 1 - together
    )


def _explained_alone(column: Array, truth: Array, *, classes: bool) -> float:
    """Return the share of the target that a column explains by itself, by leave-one-out."""
    codes, ordered = _codes(column)
    counts = np.bincount(codes)
    sums = np.stack([np.bincount(codes, weights=output) for output in truth.T], axis=1)
    means = sums / counts[:, None]  # (values, n_outputs)
    unique = counts[codes] == 1
    with np.errstate(invalid="ignore"):
        prediction = (sums[codes] - truth) / (counts[codes] - 1)[:, None]  # other rows of the value
    prediction[unique] = _of_neighbors(means, ordered)[codes[unique]]
    return _explained(prediction, truth, classes=classes)


def _explained_together(
    columns: Sequence[Array], target: Array, truth: Array, *, classes: bool
) -> float:
    """Return the share of the target that columns explain together, in three folds."""
    from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor
    from sklearn.model_selection import KFold, cross_val_predict

    if not columns:
        return 0.0
    x = np.stack([_codes(column)[0] for column in columns], axis=1)
    # One thread, for the same result everywhere; trees use only the order, like `_explained_alone`.
    model = (ExtraTreesClassifier if classes else ExtraTreesRegressor)(
        n_estimators=30, max_features=0.5, random_state=0
    )
    folds = KFold(3, shuffle=True, random_state=0)
    prediction = cross_val_predict(model, x, target if classes else truth[:, 0], cv=folds)[:, None]
    if classes:
        prediction = (prediction == np.unique(target)).astype(float)
    return _explained(prediction, truth, classes=classes)


def _explained(prediction: Array, truth: Array, *, classes: bool) -> float:
    """Return the explained share of the target: 0 for a constant, 1 for the truth."""
    if classes:
        accuracy = np.mean(prediction.argmax(axis=1) == truth.argmax(axis=1))
        baseline = truth.mean(axis=0).max()
        return float((accuracy - baseline) / (1 - baseline)) if baseline < 1 else 0.0
    variance = truth.var()
    return float(1 - np.square(prediction - truth).mean() / variance) if variance else 0.0


def _codes(column: Array) -> tuple[Array, bool]:
    """Return the index of each row's value among the distinct ones, and whether they sort."""
    missing, ordered = is_missing(column), column.dtype.kind != "O"
    codes = np.zeros(len(column), np.intp)
    if not missing.all():
        values = column[~missing] if ordered else column[~missing].astype(str)
        codes[~missing] = np.unique(values, return_inverse=True)[1]
    if missing.any():  # a value of its own
        codes[missing] = codes[~missing].max(initial=-1) + 1
    return codes, ordered


def _of_neighbors(means: Array, ordered: bool) -> Array:
    """Return the mean of the values next to each value, or of all where values have no order."""
    if not ordered or len(means) == 1:
        return np.broadcast_to(means.mean(axis=0), means.shape)
    before = np.concatenate([means[1:2], means[:-1]])
    after = np.concatenate([means[1:], means[-2:-1]])
    return np.asarray((before + after) / 2)


def _one_hot(codes: Array) -> Array:
    return np.asarray(codes[:, None] == np.unique(codes), np.float64)


def _ranks(numbers: Array) -> Array:
    """Return the mean rank of each number, from 0 to 1, shape (n_samples, 1)."""
    _, codes, counts = np.unique(numbers, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray(((last - (counts - 1) / 2) / len(numbers))[codes][:, None])
