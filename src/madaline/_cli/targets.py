"""The columns that `madaline fit` predicts: which they are, and their values."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

import numpy as np

from madaline._data.formats.choice import ORDINARY, Choice
from madaline._data.kinds.kind import CATEGORY
from madaline._data.table import Table
from madaline._data.target import check_learnable, infer_task, infer_task_of_several
from madaline._data.text_columns import read_numbers
from madaline._words import format_count
from madaline.errors import InputError
from madaline.nn.arrays import Array


def chosen_targets(given: Sequence[str], names: Sequence[str]) -> tuple[str, ...]:
    """Return the columns that --target names: each time one, or several with commas between them.

    >>> chosen_targets(["a,b"], ["a", "b", "c"]), chosen_targets(["a,b"], ["a,b", "c"])
    (('a', 'b'), ('a,b',))
    """
    chosen: list[str] = []
    for text in given:
        parts = [part.strip() for part in text.split(",")]
        chosen += [text] if text in names or not all(part in names for part in parts) else parts
    return tuple(dict.fromkeys(chosen))


def possible_targets(given: Sequence[str]) -> list[str]:
    """Return all names that --target may mean, before the columns are known."""
    return [*given, *(part.strip() for text in given for part in text.split(","))]


def read_target(
    name: str, target: Array, kind: str, table: Table, *, classes: bool
) -> tuple[Array, Choice]:
    """Return a target as it is learned, and how its text was read as numbers."""
    values, choice = target, ORDINARY
    if not classes and kind != CATEGORY:
        values, choice = read_numbers(name, target, kind, beside=table)
    return _whole(name, values), choice


def side_by_side(columns: Sequence[Array]) -> Array:
    """Return one target as it is, or several as the columns of an array."""
    if len(columns) == 1:
        return columns[0]
    kinds = {column.dtype.kind for column in columns}
    dtype = None if kinds <= set("biuf") else object
    return np.stack([column.astype(dtype or column.dtype) for column in columns], axis=1)


def check_target(names: Sequence[str], target: Array, task: str) -> None:
    """Refuse targets from which nothing can be learned, each by its name."""
    if len(target) == 1:
        raise InputError("The table has one row, and nothing can be learned from one: add rows.")
    columns = [target] if target.ndim == 1 else list(target.T)
    for name, column in zip(names, columns, strict=True):
        check_learnable(column, task, name=name)
        n_classes = len(set(column.tolist()))
        if task == "classification" and n_classes > len(column) / 2:
            raise InputError(
                f"The target {name} holds {n_classes:,} different values in"
                f" {format_count(len(column), 'row')}, too many to be classes: choose another"
                " column, or add rows so that each class has some."
            )


def infer_task_of(names: Sequence[str], target: Array) -> str:
    """Return the task that a target suggests, or several."""
    if target.ndim == 1:
        return infer_task(target)[0]
    return infer_task_of_several(names, target)[0]


def _whole(name: str, target: Array) -> Array:
    """Return whole numbers as such: the class 3 must not be predicted as 3.0."""
    if target.dtype.kind == "M":
        raise InputError(
            f"The target {name} holds dates, which cannot be predicted: choose another column, or"
            f" take each date for a class with --category {shlex.quote(name)}."
        )
    if target.dtype.kind != "f" or not np.all(target == np.floor(target)):
        return target
    return target.astype(np.int64) if abs(target).max() < 2**53 else target
