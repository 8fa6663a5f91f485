"""Of a large table a sample decides, and all rows are learned from.

The kinds of columns, the encoders, the folds and the plan come from the sample; its rows alone are
evaluated, out of fold. Networks learn from all rows, a block of them in each epoch.
"""

from __future__ import annotations

import numpy as np

from madaline._data.encoders.table_encoder import TableEncoder
from madaline._data.schema import Schema
from madaline._data.splits.folds import GivenFolds
from madaline._data.splits.sampled import SampleSplit, times_of_rows
from madaline._data.splits.stretches import RowTimes, read_times
from madaline._data.table import Table
from madaline._data.target import (
    CLASSIFICATION,
    infer_task,
    infer_task_of_several,
    target_numbers,
)
from madaline._fitting.training_data import EncodedTarget, TrainingData
from madaline._race.dataset import Dataset
from madaline._race.row_blocks import RowBlocks, row_keys
from madaline.nn.arrays import Array

MIN_ROWS = 65_536
"""Rows of a table of which a sample is drawn, at least."""

SAMPLE, MAX_SAMPLE = 50_000, 200_000  # rows that are drawn; the same where a class is rare
_RARE_ROWS = 1000  # of the rarer of two classes, where there are as many
ROWS_OF_CLASS = 20  # of each class, where there are as many


def draw_sample(data: TrainingData, task: str | None, seed: int) -> Array | None:
    """Return the rows of a large table that decide, in order; None if all of them do.

    They are drawn with equal probability, and joined by some rows of each class, or by the smallest
    and the largest target.
    """
    n_samples = data.table.n_samples
    if n_samples < MIN_ROWS or isinstance(data.folds, GivenFolds) or data.lags is not None:
        return None
    order = np.argsort(row_keys(n_samples, seed=seed), kind="stable")
    targets = np.atleast_2d(data.target.T)
    if data.classes is None and (task or _task(data, order[:SAMPLE])) == CLASSIFICATION:
        codes = [Table.from_columns({"target": one}).distinct("target").codes for one in targets]
        counts = [np.bincount(one) for one in codes]
        n_sample = size_of_sample(counts[0]) if len(counts) == 1 else SAMPLE
        also = [order[_of_each_class(one[order])] for one in codes]
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


def _of_each_class(codes: Array) -> Array:
    """Return the places of the first rows of each class."""
    order = np.argsort(codes, kind="stable")
    ranks = np.arange(len(order)) - np.searchsorted(codes[order], codes[order])
    return order[ranks < ROWS_OF_CLASS]


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
    split = SampleSplit.of(dataset.rows, drawn_groups, times)
    values = None if times is None else _times_of_all(data, table, schema, sample, times)
    folds, learned = split.assign(places, data.groups, values)
    return RowBlocks.of_table(
        encoder,
        dataset,
        table,
        goal.matrix,
        goal.weight,
        places,
        folds=folds,
        learned=learned,
        seed=seed,
    )


def _times_of_all(
    data: TrainingData, table: Table, schema: Schema, sample: Array, times: RowTimes
) -> Array:
    """Return the time of each row, as those of the sample are counted."""
    if isinstance(data.time, np.ndarray):
        read = read_times(data.time, table, schema)
        assert read is not None
        return read.values
    return times_of_rows(times, sample, table, np.arange(table.n_samples))
