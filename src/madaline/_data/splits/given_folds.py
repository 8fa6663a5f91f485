"""Folds that the user gives: a split in time, one validation set, those of a splitter."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from madaline.errors import InputError
from madaline.nn.arrays import Array


@dataclass(frozen=True, eq=False)
class GivenFolds:
    """The rows that each fold's networks are evaluated on, and those that they learn from.

    Parameters
    ----------
    numbers : int ndarray of shape (n_samples,)
        The fold of each row, from 0 up; rows of -1 are never held out.
    training : bool ndarray of shape (n_folds, n_samples), optional
        The rows that each fold's networks learn from; all rows outside the fold by default.

    Examples
    --------
    >>> folds = GivenFolds.from_numbers([-1, -1, 7, 3, 3])
    >>> folds.numbers, folds.n_folds
    (array([-1, -1,  1,  0,  0]), 2)
    >>> pairs = [([0], [1]), ([0, 1], [2])]  # each part is predicted from what came before
    >>> GivenFolds.from_pairs(pairs, n_samples=3).training
    array([[ True, False, False],
           [ True,  True, False]])
    """

    numbers: Array
    training: Array | None = None

    @classmethod
    def from_numbers(cls, numbers: Any) -> GivenFolds:
        """Return the folds of rows that are numbered by fold; -1 is never held out.

        Raises
        ------
        InputError
            If they are no whole numbers from -1 up, or no row is held out.
        """
        given = np.asarray(numbers)
        if given.ndim != 1 or given.dtype.kind not in "iuf" or np.any(given != np.floor(given)):
            raise InputError("folds are not whole numbers: give the number of each row's fold.")
        if len(given) and given.min() < -1:
            raise InputError(
                f"folds hold {given.min():g}: give numbers from 0 up, and -1 for rows that are"
                " never held out."
            )
        return cls(given.astype(np.int64))._numbered()

    @classmethod
    def from_pairs(cls, pairs: Iterable[tuple[Any, Any]], n_samples: int) -> GivenFolds:
        """Return the folds of pairs of row numbers: training rows and held-out rows.

        Raises
        ------
        InputError
            If a row is held out twice, held out from networks that learn from it, or missing.
        """
        numbers, training = np.full(n_samples, -1), []
        for fold, pair in enumerate(pairs):
            try:
                learned, held_out = pair
            except (TypeError, ValueError):
                raise InputError(
                    "folds hold something that is no pair of row numbers: give (train, test) for"
                    " each fold."
                ) from None
            learned, held_out = _mask(learned, n_samples), _mask(held_out, n_samples)
            twice = np.flatnonzero(held_out & ((numbers >= 0) | learned))
            if len(twice):
                what = (
                    "a training row and held out in the same fold"
                    if learned[twice[0]]
                    else "held out in several folds, but each row can be held out once"
                )
                raise InputError(
                    f"Row {twice[0]} is {what}: give folds whose test rows do not overlap, as"
                    " KFold does."
                )
            numbers[held_out] = fold
            training.append(learned)
        whole = all(np.array_equal(one, numbers != fold) for fold, one in enumerate(training))
        return cls(numbers, None if whole else np.stack(training))._numbered()

    @property
    def n_folds(self) -> int:
        """Number of folds."""
        return int(self.numbers.max()) + 1

    def take(self, rows: Array) -> GivenFolds:
        """Return the folds of some rows; folds that lose all their rows are removed."""
        training = None if self.training is None else self.training[:, rows]
        return GivenFolds(self.numbers[rows], training)._numbered()

    def columns(self) -> list[Array]:
        """Return the values, each of shape (n_samples,), by which rows are treated alike or not."""
        return [self.numbers, *([] if self.training is None else self.training)]

    def check_groups(self, groups: Array) -> None:
        """Refuse folds in which networks learn from a group that they are evaluated on.

        Raises
        ------
        InputError
            With the first such group.
        """
        for fold in range(self.n_folds):
            held_out = self.numbers == fold
            learned = ~held_out if self.training is None else self.training[fold]
            shared = np.intersect1d(groups[held_out], groups[learned])
            if len(shared):
                raise InputError(
                    f"The folds divide the group {shared[0]!s}: give folds that keep groups"
                    " together, or leave out groups."
                )

    def _numbered(self) -> GivenFolds:
        """Return the same folds, numbered without gaps, each with rows to learn from."""
        kept, numbers = np.unique(self.numbers[self.numbers >= 0], return_inverse=True)
        if len(kept) == 0:
            raise InputError("folds hold out no row: give some rows a fold from 0 up.")
        numbered = np.full(len(self.numbers), -1)
        numbered[self.numbers >= 0] = numbers
        training = None if self.training is None else self.training[kept]
        learned = len(numbered) - np.bincount(numbers) if training is None else training.sum(axis=1)
        if not learned.all():
            raise InputError(
                f"Fold {kept[learned.argmin()]} leaves its networks no row to learn from: give each"
                " fold some rows outside it, for example rows of -1, which are never held out."
            )
        return GivenFolds(numbered, training)


def _mask(rows: Any, n_samples: int) -> Array:
    """Return row numbers, or Booleans, as Booleans of shape (n_samples,)."""
    rows, mask = np.asarray(rows), np.zeros(n_samples, dtype=bool)
    if rows.dtype == bool and rows.shape == (n_samples,):
        return np.asarray(mask | rows)
    if rows.size == 0:
        return mask
    if rows.ndim != 1 or rows.dtype.kind not in "iu":
        raise InputError("folds hold something that is no row number: give whole numbers.")
    if rows.min() < 0 or rows.max() >= n_samples:
        wrong = rows.min() if rows.min() < 0 else rows.max()
        raise InputError(f"folds name row {wrong}, but rows go from 0 to {n_samples - 1}.")
    mask[rows] = True
    return mask
