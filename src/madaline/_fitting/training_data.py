"""The rows that a fit learns from, without those of weight zero."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from madaline._data.splits.folds import GivenFolds
from madaline._data.table import Table
from madaline._fitting.arguments import check_lengths, check_weight
from madaline.errors import InputError
from madaline.nn.arrays import Array


@dataclass(frozen=True, eq=False)
class TrainingData:
    """The rows to learn from (final).

    Parameters
    ----------
    table : Table
        The columns to learn from.
    target : ndarray of shape (n_samples,) or (n_samples, n_targets)
        Labels or numbers.
    weight : ndarray of shape (n_samples,) or None
        Weight of each row.
    groups : ndarray of shape (n_samples,) or None
        Rows of one group are never on both sides of a fold.
    folds : int, GivenFolds or None
        Number of folds, or the evaluated rows of each fold.
    row_numbers : int ndarray of shape (n_samples,)
        Number of each row in the user's table, from 0.
    target_names : tuple of str
        Name of each target.
    """

    table: Table
    target: Array
    weight: Array | None
    groups: Array | None
    folds: int | GivenFolds | None
    row_numbers: Array
    target_names: tuple[str, ...] = ("target",)

    @classmethod
    def checked(
        cls,
        table: Table,
        target: Array,
        weight: Array | None,
        groups: Array | None,
        folds: int | GivenFolds | None,
        target_name: str | Sequence[str] = "target",
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
        names = _target_names(target_name, target)
        if weight is None or np.all(weight > 0):
            return cls(table, target, weight, groups, folds, np.arange(table.n_samples), names)
        rows = np.flatnonzero(weight)
        groups = None if groups is None else groups[rows]
        folds = folds.take(rows) if isinstance(folds, GivenFolds) else folds
        return cls(table.take(rows), target[rows], weight[rows], groups, folds, rows, names)

    @property
    def names(self) -> list[str]:
        """Names of the arguments given beside the table and the target."""
        extra = {"sample_weight": self.weight, "groups": self.groups, "folds": self.folds}
        return [name for name, value in extra.items() if value is not None]


def _target_names(given: str | Sequence[str], target: Array) -> tuple[str, ...]:
    """Return the name of each target; `InputError` unless there are as many, all different."""
    n_targets = 1 if target.ndim == 1 else target.shape[1]
    names = (given,) if isinstance(given, str) else tuple(given)
    if len(names) != n_targets or len(set(names)) < n_targets:
        raise InputError(
            f"The target has {n_targets} columns, but its names are {', '.join(names)}: give each"
            " column a name of its own."
        )
    return names
