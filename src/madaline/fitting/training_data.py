"""The rows that a fit learns from, without those of weight zero."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from madaline.data.splits.given_folds import GivenFolds
from madaline.data.table import Table
from madaline.fitting.arguments import check_lengths, check_weight
from madaline.nn.arrays import Array


@dataclass(frozen=True, eq=False)
class TrainingData:
    """The rows to learn from (final).

    Parameters
    ----------
    table : Table
        The columns to learn from.
    target : ndarray of shape (n_samples,)
        Labels or numbers.
    weight : ndarray of shape (n_samples,) or None
        Weight of each row.
    groups : ndarray of shape (n_samples,) or None
        Rows of one group are never on both sides of a fold.
    folds : int, GivenFolds or None
        Number of folds, or the evaluated rows of each fold.
    row_numbers : int ndarray of shape (n_samples,)
        Number of each row in the user's table, from 0.
    """

    table: Table
    target: Array
    weight: Array | None
    groups: Array | None
    folds: int | GivenFolds | None
    row_numbers: Array

    @classmethod
    def checked(
        cls,
        table: Table,
        target: Array,
        weight: Array | None,
        groups: Array | None,
        folds: int | GivenFolds | None,
    ) -> TrainingData:
        """Return the rows of positive weight.

        Raises
        ------
        InputError
            If lengths differ, or weights are invalid.
        """
        fold_numbers = folds.numbers if isinstance(folds, GivenFolds) else None
        check_lengths(table.n_samples, target, weight, groups, fold_numbers)
        check_weight(weight)
        if weight is None or np.all(weight > 0):
            return cls(table, target, weight, groups, folds, np.arange(table.n_samples))
        rows = np.flatnonzero(weight)
        groups = None if groups is None else groups[rows]
        folds = folds.take(rows) if isinstance(folds, GivenFolds) else folds
        return cls(table.take(rows), target[rows], weight[rows], groups, folds, rows)

    @property
    def names(self) -> list[str]:
        """Names of the arguments given beside the table and the target."""
        extra = {"sample_weight": self.weight, "groups": self.groups, "folds": self.folds}
        return [name for name, value in extra.items() if value is not None]
