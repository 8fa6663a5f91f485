"""The checks of rows, weights and constraints of a fit: each error names value and remedy."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from madaline._tables.kinds import KINDS
from madaline._tables.kinds.kind import DROPPED, NUMBER
from madaline._tables.schema import Schema
from madaline._tables.splits.folds import GivenFolds
from madaline._tables.table import alike
from madaline.errors import InputError
from madaline.nn.arrays import Array

MAX_WEIGHT, MAX_RATIO = 1e100, 1e30
"""Largest weight, and the largest by the smallest one: squares must not overflow."""


def count_folds(folds: int | GivenFolds | None) -> int | None:
    """Return the number of folds; None where that is left to the fit."""
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
                "{name} has shape {shape} beside a table of {n_samples} rows: give one value for each row.",
                name=name,
                shape=values.shape,
                n_samples=n_samples,
            )


def check_weight(sample_weight: Array | None) -> None:
    """Raise `InputError` unless weights are numbers of similar size, or zero, but not all zero."""
    if sample_weight is None:
        return
    wrong = np.flatnonzero(~(np.isfinite(sample_weight) & (sample_weight >= 0)))
    if len(wrong):
        raise InputError(
            "sample_weight is {sample_weight} in row {wrong} (counted from 0): give finite numbers, zero or more.",
            sample_weight=sample_weight[wrong[0]],
            wrong=wrong[0],
        )
    if not np.any(sample_weight):
        raise InputError("sample_weight is zero for every row: give at least one row a weight.")
    low, high = sample_weight[sample_weight > 0].min(), sample_weight.max()
    if high > MAX_WEIGHT or low < 1 / MAX_WEIGHT or high > MAX_RATIO * low:
        raise InputError(
            "sample_weight is from {low:g} to {high:g}: give numbers from {text:g} to {MAX_WEIGHT:g} of which none is more than {MAX_RATIO:g} times another, or zero.",
            low=low,
            high=high,
            text=1 / MAX_WEIGHT,
            MAX_WEIGHT=MAX_WEIGHT,
            MAX_RATIO=MAX_RATIO,
        )


def constrained_columns(monotone: Mapping[str, int], schema: Schema) -> dict[str, int]:
    """Return the direction of each constrained column that is used."""
    kinds = {column.name: column.kind for column in schema.columns}
    for name in monotone:
        if name not in kinds:
            raise InputError(
                "Predictions are to be monotone in {name!r}, but there is no such column: {alike}",
                name=name,
                alike=alike(name, list(kinds)),
            )
        if kinds[name] != DROPPED and not KINDS[kinds[name]].ordered:
            raise InputError(
                "Predictions cannot be monotone in {name!r}, a column of the kind {kinds}: only numbers, dates and Booleans have an order. Leave it out, or give its kind as {NUMBER}.",
                name=name,
                kinds=kinds[name],
                NUMBER=NUMBER,
            )
    return {name: direction for name, direction in monotone.items() if kinds[name] != DROPPED}


def check_constrainable(n_outputs: int, *, has_grids: bool) -> None:
    """Raise `InputError` unless networks for these outputs and columns can be constrained."""
    if n_outputs > 1:
        raise InputError(
            "Predictions of {n_outputs} classes or targets cannot be monotone, only those of two classes or of one number: leave the constraints out, or merge classes.",
            n_outputs=n_outputs,
        )
    if has_grids:
        raise InputError(
            "Predictions cannot be monotone beside images, sequences or sounds: leave the"
            " constraints or these columns out."
        )
