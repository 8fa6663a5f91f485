"""The checks of what a fit is given: each error names the value and the remedy."""

from __future__ import annotations

import numpy as np

from madaline._data.splits.folds import GivenFolds
from madaline.errors import InputError
from madaline.nn.arrays import Array

MOST = 2**53
"""Largest whole number of a setting: floating-point numbers, which JSON has, hold it exactly."""

LARGEST_WEIGHT, WIDEST_WEIGHTS = 1e100, 1e30
"""Largest weight, and the largest by the smallest one, at most: squares must not overflow."""


def check_effort(effort: int) -> None:
    """Raise `InputError` unless there is at least one epoch."""
    if not 1 <= effort <= MOST:
        raise InputError(f"effort is {effort}: give a number of epochs, from 1 to {MOST:,}.")


def check_seed(seed: int) -> None:
    """Raise `InputError` for a seed that is negative or very large."""
    if not 0 <= seed <= MOST:
        raise InputError(f"The seed is {seed}: give a whole number from 0 to {MOST:,}.")


def count_folds(folds: int | GivenFolds | None) -> int | None:
    """Return the number of folds asked for; `InputError` if there are fewer than two."""
    if isinstance(folds, int) and folds < 2:
        raise InputError(f"folds is {folds}: give a number of folds, at least 2.")
    return folds.n_folds if isinstance(folds, GivenFolds) else folds


def check_lengths(
    n_samples: int,
    target: Array,
    sample_weight: Array | None,
    groups: Array | None,
    folds: Array | None,
) -> None:
    """Raise `InputError` unless everything has one value for each row."""
    given = {"target": target, "sample_weight": sample_weight, "groups": groups, "folds": folds}
    for name, values in given.items():
        if values is None or (name == "target" and values.ndim == 2 and len(values) == n_samples):
            continue
        if values.shape != (n_samples,):
            raise InputError(
                f"{name} has shape {values.shape} beside a table of {n_samples} rows: give one"
                " value for each row."
            )


def check_weight(sample_weight: Array | None) -> None:
    """Raise `InputError` unless weights are numbers of similar size, or zero, but not all zero."""
    if sample_weight is None:
        return
    wrong = np.flatnonzero(~(np.isfinite(sample_weight) & (sample_weight >= 0)))
    if len(wrong):
        raise InputError(
            f"sample_weight is {sample_weight[wrong[0]]} in row {wrong[0]}: give finite numbers,"
            " zero or more."
        )
    if not np.any(sample_weight):
        raise InputError("sample_weight is zero for every row: give at least one row a weight.")
    low, high = sample_weight[sample_weight > 0].min(), sample_weight.max()
    if high > LARGEST_WEIGHT or low < 1 / LARGEST_WEIGHT or high > WIDEST_WEIGHTS * low:
        raise InputError(
            f"sample_weight is from {low:g} to {high:g}: give numbers from {1 / LARGEST_WEIGHT:g}"
            f" to {LARGEST_WEIGHT:g} of which none is more than {WIDEST_WEIGHTS:g} times another,"
            " or zero."
        )
