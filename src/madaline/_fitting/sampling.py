"""Of a large table a sample decides, and all rows are learned from.

The kinds of columns, the encoders, the folds and the plan come from the sample; its rows alone are
evaluated, out of fold. Networks learn from all rows, a block of them in each epoch.
"""

from __future__ import annotations

import numpy as np

from madaline._data.encoders.table_encoder import TableEncoder
from madaline._data.schema import Schema
from madaline._data.splits.folds import FoldedRows, GivenFolds
from madaline._data.splits.stretches import ROW_ORDER, RowTimes, read_times
from madaline._data.splits.told_times import read_moments
from madaline._data.table import Table
from madaline._data.target import CLASSIFICATION, infer_task, infer_task_of_several
from madaline._fitting.training_data import EncodedTarget, TrainingData
from madaline._race.dataset import Dataset
from madaline._race.row_blocks import RowBlocks, folds_in_sample
from madaline.nn.arrays import Array

MIN_ROWS = 65_536
"""Rows of a table of which a sample is drawn, at least."""

_SAMPLE = 50_000  # rows that are drawn
_MAX_SAMPLE = 200_000  # the same where a class is rare
_RARE_ROWS = 1000  # of the rarer of two classes, where there are as many
_ROWS_OF_CLASS = 20  # of each class, where there are as many

_STREAM = 2**32 - 5  # separates the random numbers of the sample from all others


def draw_sample(data: TrainingData, task: str | None, seed: int) -> Array | None:
    """Return the rows of a large table that decide, in order; None if all of them do.

    They are drawn with equal probability, and joined by some rows of each class, or by the smallest
    and the largest target.
    """
    n_samples = data.table.n_samples
    if n_samples < MIN_ROWS or isinstance(data.folds, GivenFolds) or data.lags is not None:
        return None
    rng = np.random.default_rng([seed, _STREAM])
    order = rng.permutation(n_samples)
    targets = np.atleast_2d(data.target.T)
    if data.classes is None and (task or _task(data, order[:_SAMPLE])) == CLASSIFICATION:
        codes = [Table.from_columns({"target": one}).distinct("target").codes for one in targets]
        n_sample, also = _size(codes), [_of_each_class(one[order]) for one in codes]
    else:
        extremes = [
            place for one in targets for place in (one[order].argmin(), one[order].argmax())
        ]
        n_sample, also = _SAMPLE, [np.array(extremes, np.intp)]
    places = np.union1d(np.arange(min(n_sample, n_samples)), np.concatenate(also))
    return np.sort(order[places])


def _task(data: TrainingData, rows: Array) -> str:
    target = data.target[rows]
    if target.ndim == 1:
        return infer_task(target)[0]
    return infer_task_of_several(data.target_names, target)[0]


def _size(codes: list[Array]) -> int:
    """Return the size of a sample; larger where one of two classes is rare."""
    counts = np.bincount(codes[0])
    if len(codes) > 1 or len(counts) != 2:
        return _SAMPLE
    return int(min(_MAX_SAMPLE, max(_SAMPLE, _RARE_ROWS * counts.sum() / counts.min())))


def _of_each_class(codes: Array) -> Array:
    """Return the places of the first rows of each class."""
    order = np.argsort(codes, kind="stable")
    ranks = np.arange(len(order)) - np.searchsorted(codes[order], codes[order])
    return order[ranks < _ROWS_OF_CLASS]


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
    folds, learned = folds_in_sample(dataset.rows, places), None
    if times is not None:
        values = _times_of_all(data, table, schema, sample, times)
        learned = _learned(dataset.rows, places, values, times)
    if data.groups is not None:
        folds, learned = _with_groups(folds, learned, data.groups)
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
    """Return the time of each row as those of the sample are counted; NaN where it is not told."""
    if times.name == ROW_ORDER:
        return np.searchsorted(sample, np.arange(table.n_samples)).astype(np.float64)
    if data.time is not None and not isinstance(data.time, RowTimes | bool):
        read = read_times(data.time, table, schema)
        values = None if read is None else read.values
    elif times.of_dates:
        values = read_moments(times.name, table)
    else:
        values = table[times.name]
    if values is None or not np.array_equal(values[sample], times.values, equal_nan=True):
        return np.full(table.n_samples, np.nan)  # learned from by the final networks alone
    return values


def _learned(rows: FoldedRows, places: Array, values: Array, times: RowTimes) -> Array:
    """Return which networks learn from each row, those of a stretch from what lies before it."""
    learned = np.zeros((len(places), rows.n_folds), bool)
    drawn = places >= 0
    for fold, own in enumerate(rows.learned):
        start = times.values[rows.order[rows.held_out(fold)]].min()
        learned[:, fold] = ~drawn & (values < start - times.gap)
        mask = np.zeros(rows.n_samples, bool)
        mask[own] = True
        learned[drawn, fold] = mask[places[drawn]]
    return learned


def _with_groups(folds: Array, learned: Array | None, groups: Array) -> tuple[Array, Array | None]:
    """Return folds, or who learns from a row, so that no group is on both sides of a fold."""
    codes = np.unique(groups, return_inverse=True)[1]
    held_out = np.zeros((codes.max() + 1, folds.max() + 1), bool)
    held_out[codes[folds >= 0], folds[folds >= 0]] = True
    if learned is not None:
        return folds, learned & ~((folds < 0)[:, None] & held_out[codes])
    of_group = np.where(held_out.any(axis=1), held_out.argmax(axis=1), -1)
    return np.where(folds >= 0, folds, of_group[codes]).astype(folds.dtype), None
