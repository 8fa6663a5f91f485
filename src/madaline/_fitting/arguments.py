"""The checks of what a fit is given, constraints among them: each error names value and remedy."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral
from typing import Any

import numpy as np

from madaline._data.kinds import KINDS
from madaline._data.kinds.kind import DROPPED, NUMBER
from madaline._data.schema import Schema
from madaline._data.splits.folds import GivenFolds
from madaline._data.table import alike
from madaline._race.plan import MEMBERS
from madaline.errors import InputError
from madaline.nn.arrays import Array

MAX_WHOLE = 2**53  # floating-point numbers, which JSON has, hold whole numbers up to it exactly
MAX_WEIGHT, MAX_RATIO = 1e100, 1e30
"""Largest weight, and the largest by the smallest one: squares must not overflow."""

_EXAMPLE = "give a mapping such as {'age': 1, 'debt': -1}"


def check_effort(effort: Any) -> int:
    """Return the number of epochs; `InputError` unless it is a whole number, at least one."""
    is_whole = isinstance(effort, Integral) and not isinstance(effort, bool)
    if not is_whole or not 1 <= effort <= MAX_WHOLE:
        raise InputError(
            f"effort is {effort!r}: give the most epochs to train, a whole number from 1 to"
            f" {MAX_WHOLE:,}."
        )
    return int(effort)


def check_members(members: Any) -> str:
    """Return what may predict; `InputError` unless it is known.

    >>> check_members("trees")
    Traceback (most recent call last):
    madaline.errors.InputError: members is 'trees': give 'networks', or 'all' for trees, too.
    """
    if not isinstance(members, str) or members not in MEMBERS:
        raise InputError(f"members is {members!r}: give 'networks', or 'all' for trees, too.")
    return members


def check_seed(seed: int) -> None:
    """Raise `InputError` for a seed that is negative or very large."""
    if not 0 <= seed <= MAX_WHOLE:
        raise InputError(f"The seed is {seed}: give a whole number from 0 to {MAX_WHOLE:,}.")


def count_folds(folds: int | GivenFolds | None) -> int | None:
    """Return the number of folds asked for; `InputError` if there are fewer than two."""
    is_number = not (folds is None or isinstance(folds, GivenFolds))
    if is_number and not (isinstance(folds, int | np.integer) and folds >= 2):
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
            f"sample_weight is {sample_weight[wrong[0]]} in row {wrong[0]} (counted from 0): give"
            " finite numbers, zero or more."
        )
    if not np.any(sample_weight):
        raise InputError("sample_weight is zero for every row: give at least one row a weight.")
    low, high = sample_weight[sample_weight > 0].min(), sample_weight.max()
    if high > MAX_WEIGHT or low < 1 / MAX_WEIGHT or high > MAX_RATIO * low:
        raise InputError(
            f"sample_weight is from {low:g} to {high:g}: give numbers from {1 / MAX_WEIGHT:g}"
            f" to {MAX_WEIGHT:g} of which none is more than {MAX_RATIO:g} times another,"
            " or zero."
        )


def read_monotone(monotone: Any) -> dict[str, int]:
    """Return the direction of each constrained column, 1 or -1; `InputError` if there is another.

    >>> read_monotone({"age": 1, "income": 0})
    {'age': 1}
    """
    if monotone is None:
        return {}
    if not isinstance(monotone, Mapping):
        raise InputError(f"monotone is {monotone!r}: {_EXAMPLE}.")
    for name, direction in monotone.items():
        if isinstance(direction, bool) or direction not in (-1, 0, 1):
            raise InputError(
                f"monotone is {direction!r} for {name!r}: give 1 (never falls), -1 (never rises) or"
                " 0 (free)."
            )
    return {str(name): int(direction) for name, direction in monotone.items() if direction}


def constrained_columns(monotone: Mapping[str, int], schema: Schema) -> dict[str, int]:
    """Return the direction of each constrained column that is used."""
    kinds = {column.name: column.kind for column in schema.columns}
    for name in monotone:
        if name not in kinds:
            raise InputError(
                f"Predictions are to be monotone in {name!r}, but there is no such column:"
                f" {alike(name, list(kinds))}"
            )
        if kinds[name] != DROPPED and not KINDS[kinds[name]].ordered:
            raise InputError(
                f"Predictions cannot be monotone in {name!r}, a column of the kind {kinds[name]}:"
                f" only numbers, dates and Booleans have an order. Leave it out, or give its kind"
                f" as {NUMBER}."
            )
    return {name: direction for name, direction in monotone.items() if kinds[name] != DROPPED}


def check_constrainable(n_outputs: int, *, has_grids: bool) -> None:
    """Raise `InputError` unless networks for these outputs and columns can be constrained."""
    if n_outputs > 1:
        raise InputError(
            f"Predictions of {n_outputs} classes or targets cannot be monotone, only those of two"
            " classes or of one number: leave the constraints out, or merge classes."
        )
    if has_grids:
        raise InputError(
            "Predictions cannot be monotone beside images, sequences or sounds: leave the"
            " constraints or these columns out."
        )
