"""Of a large table a sample decides, and all rows are learned from.

The kinds of columns, the encoders, the folds and the plan come from the sample; its rows alone are
evaluated, out of fold. Networks learn from all rows, a block of them in each epoch.

Each row gets a random key, and the rows of the smallest keys are the sample. It is joined by the
rows of the smallest keys of each class, or those of the smallest and the largest target, so that
encoders and networks know of all that is to be predicted. Of a table larger than memory, a first
pass draws the sample and counts the rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import final

import numpy as np

from madaline._base.language import _
from madaline._tables.column import is_missing
from madaline._tables.drawing import Drawing, row_keys
from madaline._tables.level_counts import LevelCounter, LevelCounts
from madaline._tables.rows import Rows
from madaline._tables.table import Table
from madaline._tables.target.values import left_out_of, missing_values, side_by_side
from madaline.errors import InputError
from madaline.nn.arrays import Array

MIN_ROWS = 65_536
"""Rows of a table of which a sample is drawn, at least."""

SAMPLE, MAX_SAMPLE = 50_000, 200_000  # rows that are drawn; the same where a class is rare
_RARE_ROWS = 1000  # of the rarer of two classes, where there are as many


def size_of_sample(counts: Array) -> int:
    """Return how many rows are drawn, given the rows of each class: more if one of two is rare."""
    if len(counts) != 2:
        return SAMPLE
    return int(min(MAX_SAMPLE, max(SAMPLE, _RARE_ROWS * counts.sum() / counts.min())))


@final
@dataclass(frozen=True)
class ColumnRoles:
    """What some columns of a table are for, by their names."""

    targets: tuple[str, ...]
    weight: str | None = None
    groups: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns that are not learned from."""
        return (*self.targets, *(name for name in (self.weight, self.groups) if name is not None))


@final
@dataclass(frozen=True, eq=False)
class DrawnRows:
    """A sample of the rows of a table."""

    table: Table  # all columns of the rows that were drawn, in the order of the table
    numbers: Array  # int64 (n_drawn,): the number of each in the table
    n_rows: int  # of the table
    n_samples: int  # of these, those with a target and a weight
    left_out: str  # that rows without a target are left out, or ""
    levels: Mapping[str, LevelCounts]  # of the columns of text, where some rows were not drawn

    @property
    def is_complete(self) -> bool:
        """Whether these are all rows."""
        return len(self.numbers) == self.n_samples


@final
@dataclass(frozen=True, eq=False)
class SampledRows:
    """Rows that are read block by block, and a sample of them, on which a fit prepares itself."""

    rows: Rows
    roles: ColumnRoles
    drawn: DrawnRows
    # returns a target of some rows as a fit takes it, given its name and what is in its column
    read_column: Callable[[str, Array], Array]

    @property
    def n_samples(self) -> int:
        """Number of rows that are learned from."""
        return self.drawn.n_samples

    def target(self, table: Table) -> Array:
        """Return the target of some rows."""
        return side_by_side([self.read_column(name, table[name]) for name in self.roles.targets])


def draw_rows(
    rows: Rows,
    roles: ColumnRoles,
    *,
    seed: int,
    classes: bool | None = None,  # whether the target holds classes; None where that is not known
) -> DrawnRows:
    """Read a table once and return a sample of its rows."""
    drawn = Drawing(MAX_SAMPLE, roles.targets, classes=classes)
    counter, n_rows, n_missing = LevelCounter(), 0, 0
    for block in rows.blocks():
        keys = row_keys(block.n_samples, seed=seed, first=n_rows)
        counted, missing = counted_rows(block, roles, n_rows)
        taken = block if len(counted) == block.n_samples else block.take(counted)
        counter.add(taken.drop(roles.names))
        drawn.add(taken, keys[counted], n_rows + counted)
        n_rows, n_missing = n_rows + block.n_samples, n_missing + missing
    if not n_rows:
        raise InputError("The table has no rows: give at least two to learn from.")
    left_out = left_out_of(_(" or ").join(roles.targets), n_missing, n_rows) if n_missing else ""
    if not drawn.n_samples:
        raise InputError("The weight in column {weight} is zero in every row.", weight=roles.weight)
    n_samples = drawn.n_samples
    size = n_samples if n_samples < MIN_ROWS else size_of_sample(drawn.class_counts)
    table, numbers, __ = drawn.result(size)
    return DrawnRows(table, numbers, n_rows, n_samples, left_out, counter.result())


def counted_rows(block: Table, roles: ColumnRoles, first: int) -> tuple[Array, int]:
    """Return the rows of a block that have a target and a weight, and how many have no target.

    `first` is the number of its first row in the table.
    """
    if roles.groups is not None and is_missing(block[roles.groups]).any():
        row = first + int(is_missing(block[roles.groups]).argmax())
        raise InputError(
            "The column of groups, {groups}, has no value in row {row} (counted from 0): fill it in, so that every row belongs to a group.",
            groups=roles.groups,
            row=row,
        )
    missing = np.zeros(block.n_samples, bool)
    for name in roles.targets:
        missing |= missing_values(block[name])
    counted = ~missing
    if roles.weight is not None:
        counted &= _weights(block, roles.weight, first) > 0
    return np.flatnonzero(counted), int(missing.sum())


def _weights(block: Table, name: str, first: int) -> Array:
    weight = block[name]
    if weight.dtype.kind != "f":
        raise InputError(
            "The column of weights, {name}, holds no numbers: name one that does.", name=name
        )
    wrong = np.flatnonzero(~(weight >= 0))
    if len(wrong):
        raise InputError(
            "The weight in column {name} is {weight:g} in row {first} (counted from 0): weights are numbers, zero or more, in every row.",
            name=name,
            weight=weight[wrong[0]],
            first=first + wrong[0],
        )
    return weight
