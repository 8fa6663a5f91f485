"""Of a large table a sample decides, and all rows are learned from.

The kinds of columns, the encoders, the folds and the plan come from the sample; its rows alone are
evaluated, out of fold. Networks learn from all rows, a block of them in each epoch.

Each row gets a random key, and the rows of the smallest keys are the sample. It is joined by the
rows of the smallest keys of each class, or those of the smallest and the largest target, so that
encoders and networks know of all that is to be predicted. Of a table larger than memory, a first
pass draws the sample and counts the rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import numpy as np

from madaline._data import drawing
from madaline._data.column import is_missing
from madaline._data.drawing import Drawing, row_keys
from madaline._data.encoders.table_encoder import TableEncoder
from madaline._data.level_counts import LevelCounter, LevelCounts
from madaline._data.rows import Rows
from madaline._data.schema import Schema
from madaline._data.splits.folds import GivenFolds
from madaline._data.splits.sampled import SampleSplit
from madaline._data.table import Table
from madaline._data.target import (
    CLASSIFICATION,
    infer_task,
    infer_task_of_several,
    target_numbers,
)
from madaline._data.target.values import left_out_of, missing_values
from madaline._fitting.training_data import EncodedTarget, TrainingData
from madaline._race.dataset import Dataset
from madaline._race.row_blocks import RowBlocks
from madaline._race.stored_rows import RowValues
from madaline._time.stretches import RowTimes, read_times
from madaline._time.told_times import times_of_rows
from madaline.errors import InputError
from madaline.nn.arrays import Array

MIN_ROWS = 65_536
"""Rows of a table of which a sample is drawn, at least."""

SAMPLE, MAX_SAMPLE = 50_000, 200_000  # rows that are drawn; the same where a class is rare
_RARE_ROWS = 1000  # of the rarer of two classes, where there are as many


def draw_sample(data: TrainingData, task: str | None, seed: int) -> Array | None:
    """Return the rows of a large table that decide, in order; None if all of them do."""
    n_samples = data.table.n_samples
    if n_samples < MIN_ROWS or isinstance(data.folds, GivenFolds) or data.asked.lags:
        return None
    order = np.argsort(row_keys(n_samples, seed=seed), kind="stable")
    targets = np.atleast_2d(data.target.T)
    if data.classes is None and (task or _task(data, order[:SAMPLE])) == CLASSIFICATION:
        codes = [Table.from_columns({"target": one}).distinct("target").codes for one in targets]
        counts = [np.bincount(one) for one in codes]
        n_sample = size_of_sample(counts[0]) if len(counts) == 1 else SAMPLE
        by_class = [drawing.ranked(one[order]) for one in codes]
        also = [order[rows[ranks < drawing.ROWS_OF_CLASS]] for rows, ranks in by_class]
    else:  # read here, so that an error names the row of the table, not of the sample
        numbers = [target_numbers(one) for one in targets]
        n_sample, also = SAMPLE, [np.array([one.argmin(), one.argmax()]) for one in numbers]
    return np.unique(np.concatenate([order[:n_sample], *also]))


def _task(data: TrainingData, rows: Array) -> str:
    target = data.target[rows]
    if target.ndim == 1:
        return infer_task(target)[0]
    return infer_task_of_several(data.target_names, target)[0]


def size_of_sample(counts: Array) -> int:
    """Return how many rows are drawn, given the rows of each class: more if one of two is rare."""
    if len(counts) != 2:
        return SAMPLE
    return int(min(MAX_SAMPLE, max(SAMPLE, _RARE_ROWS * counts.sum() / counts.min())))


def blocks_of(
    data: TrainingData,  # all rows
    table: Table,  # their columns, as the schema of the sample reads them
    schema: Schema,
    goal: EncodedTarget,  # of all rows
    sample: Array,  # which of them were drawn
    encoder: TableEncoder,
    dataset: Dataset,  # of the sample
    times: RowTimes | None,  # of the sample, where later rows are held out
    *,
    seed: int,
) -> RowBlocks:
    """Return all rows in blocks, each row with the networks that learn from it."""
    places = np.full(table.n_samples, -1)
    places[sample[dataset.rows.order]] = np.arange(len(sample))
    drawn_groups = None if data.groups is None else data.groups[sample]
    limits = None if times is None else times.limits
    split = SampleSplit.of(dataset.rows, drawn_groups, limits)
    when = None if times is None else _times_of_all(data, table, schema, sample, times)
    folds, learned = split.assign(places, data.groups, when)
    weight = goal.weight
    values = RowValues(
        [own.read_rows(table) for own in encoder.encoders],
        np.asarray(goal.matrix, np.float32),
        None if weight is None else np.asarray(weight / weight.mean(), np.float32),
        places.astype(np.int32),
        folds,
        learned,
    )
    return RowBlocks.in_memory(encoder, dataset, values, seed=seed)


def _times_of_all(
    data: TrainingData, table: Table, schema: Schema, sample: Array, times: RowTimes
) -> Array:
    """Return the time of each row, as those of the sample are counted."""
    if isinstance(data.time, np.ndarray):
        read = read_times(data.time, table, schema)
        assert read is not None
        return read.values
    return times_of_rows(times, sample, table, np.arange(table.n_samples))


@final
@dataclass(frozen=True)
class Roles:
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


def draw_rows(
    source: Rows,
    roles: Roles,
    *,
    seed: int,
    classes: bool | None = None,  # whether the target holds classes; None where that is not known
) -> DrawnRows:
    """Read a table once and return a sample of its rows."""
    drawn = Drawing(MAX_SAMPLE, roles.targets, classes=classes)
    counter, n_rows, n_missing = LevelCounter(), 0, 0
    for block in source.blocks():
        keys = row_keys(block.n_samples, seed=seed, first=n_rows)
        counted, missing = counted_rows(block, roles, n_rows)
        rows = block if len(counted) == block.n_samples else block.take(counted)
        counter.add(rows.drop(roles.names))
        drawn.add(rows, keys[counted], n_rows + counted)
        n_rows, n_missing = n_rows + block.n_samples, n_missing + missing
    if not n_rows:
        raise InputError("The table has no rows: give at least two to learn from.")
    left_out = left_out_of(" or ".join(roles.targets), n_missing, n_rows)
    if not drawn.n_samples:
        raise InputError(f"The weight in column {roles.weight} is zero in every row.")
    n_samples = drawn.n_samples
    size = n_samples if n_samples < MIN_ROWS else size_of_sample(drawn.class_counts)
    table, numbers, _ = drawn.result(size)
    return DrawnRows(table, numbers, n_rows, n_samples, left_out, counter.result())


def counted_rows(block: Table, roles: Roles, first: int) -> tuple[Array, int]:
    """Return the rows of a block that have a target and a weight, and how many have no target.

    `first` is the number of its first row in the table.
    """
    if roles.groups is not None and is_missing(block[roles.groups]).any():
        row = first + int(is_missing(block[roles.groups]).argmax())
        raise InputError(
            f"The column of groups, {roles.groups}, has no value in row {row} (counted from 0):"
            " fill it in, so that every row belongs to a group."
        )
    missing = np.logical_or.reduce([missing_values(block[name]) for name in roles.targets])
    counted = ~missing
    if roles.weight is not None:
        counted &= _weights(block, roles.weight, first) > 0
    return np.flatnonzero(counted), int(missing.sum())


def _weights(block: Table, name: str, first: int) -> Array:
    weight = block[name]
    if weight.dtype.kind != "f":
        raise InputError(f"The column of weights, {name}, holds no numbers: name one that does.")
    wrong = np.flatnonzero(~(weight >= 0))
    if len(wrong):
        raise InputError(
            f"The weight in column {name} is {weight[wrong[0]]:g} in row {first + wrong[0]}"
            " (counted from 0): weights are numbers, zero or more, in every row."
        )
    return weight
