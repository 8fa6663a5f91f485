"""Of a large table a sample decides, and all rows are learned from.

The kinds of columns, the encoders, the folds and the plan come from the sample; its rows alone are
evaluated, out of fold. Networks learn from all rows, a block of them in each epoch.

Each row gets a random key, and the rows of the smallest keys are the sample. It is joined by the
rows of the smallest keys of each class, or those of the smallest and the largest target, so that
encoders and networks know of all that is to be predicted. Of a table larger than memory, a first
pass draws the sample and counts the rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, final

import numpy as np

from madaline._data.column import is_missing
from madaline._data.encoders.table_encoder import TableEncoder
from madaline._data.io.sources import TableSource
from madaline._data.level_counts import LevelCounter, LevelCounts
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
from madaline._data.target.values import MAX_TARGET, left_out_of, missing_values, too_large
from madaline._fitting.training_data import EncodedTarget, TrainingData
from madaline._race import stored_rows
from madaline._race.dataset import Dataset
from madaline._race.row_blocks import RowBlocks
from madaline._race.stored_rows import RowValues, row_keys
from madaline._time.stretches import RowTimes, read_times
from madaline._time.told_times import times_of_rows
from madaline.errors import InputError
from madaline.nn.arrays import Array

MIN_ROWS = 65_536
"""Rows of a table of which a sample is drawn, at least."""

SAMPLE, MAX_SAMPLE = 50_000, 200_000  # rows that are drawn; the same where a class is rare
_RARE_ROWS = 1000  # of the rarer of two classes, where there are as many
ROWS_OF_CLASS = 20  # of each class, where there are as many
_MAX_CLASSES = 10_000  # classes that are counted
_MAX_NUMBERS = 100  # different numbers of a target up to which they may turn out to be classes


def draw_sample(data: TrainingData, task: str | None, seed: int) -> Array | None:
    """Return the rows of a large table that decide, in order; None if all of them do."""
    n_samples = data.table.n_samples
    if n_samples < MIN_ROWS or isinstance(data.folds, GivenFolds) or data.lags is not None:
        return None
    order = np.argsort(row_keys(n_samples, seed=seed), kind="stable")
    targets = np.atleast_2d(data.target.T)
    if data.classes is None and (task or _task(data, order[:SAMPLE])) == CLASSIFICATION:
        codes = [Table.from_columns({"target": one}).distinct("target").codes for one in targets]
        counts = [np.bincount(one) for one in codes]
        n_sample = size_of_sample(counts[0]) if len(counts) == 1 else SAMPLE
        ranked = [_ranked(one[order]) for one in codes]
        also = [order[rows[ranks < ROWS_OF_CLASS]] for rows, ranks in ranked]
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


def _ranked(codes: Array, keys: Array | None = None) -> tuple[Array, Array]:
    """Return rows by class, as they come or by keys, and the rank of each among its class."""
    order = np.argsort(codes, kind="stable") if keys is None else np.lexsort((keys, codes))
    return order, np.arange(len(order)) - np.searchsorted(codes[order], codes[order])


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
    source: TableSource,
    roles: Roles,
    *,
    seed: int,
    classes: bool | None = None,  # whether the target holds classes; None where that is not known
) -> DrawnRows:
    """Read a table once and return a sample of its rows."""
    drawing, counter, n_rows, n_missing = _Drawing(roles, classes), LevelCounter(), 0, 0
    for number, block in enumerate(source.blocks(n_rows=stored_rows.CHUNK)):
        keys = row_keys(block.n_samples, seed=seed, first=number)
        counted, missing = counted_rows(block, roles, n_rows)
        rows = block if len(counted) == block.n_samples else block.take(counted)
        counter.add(rows.drop(roles.names))
        drawing.add(rows, keys[counted], n_rows + counted)
        n_rows, n_missing = n_rows + block.n_samples, n_missing + missing
    if not n_rows:
        raise InputError("The table has no rows: give at least two to learn from.")
    left_out = left_out_of(" or ".join(roles.targets), n_missing, n_rows)
    if not drawing.n_samples:
        raise InputError(f"The weight in column {roles.weight} is zero in every row.")
    return DrawnRows(*drawing.result(), n_rows, drawing.n_samples, left_out, counter.result())


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


_Part = tuple[Table, Array, Array, Array]  # some rows, their keys, numbers and classes


@final
class _Drawing:
    """The rows of the smallest keys so far, and the others that belong to a sample."""

    def __init__(self, roles: Roles, classes: bool | None) -> None:
        self._targets = roles.targets
        self._classes = None if classes is False else _Classes(may_be_numbers=classes is None)
        self._extremes = None if classes is True else _Extremes(len(roles.targets))
        self._bound = np.inf  # rows of smaller keys are drawn
        self._parts: list[_Part] = []
        self._n_kept, self.n_samples = 0, 0

    def add(self, rows: Table, keys: Array, numbers: Array) -> None:
        """Draw among some more rows."""
        if not len(keys):
            return
        self.n_samples += len(keys)
        targets, codes = [rows[name] for name in self._targets], None
        drawn = keys < self._bound
        if self._extremes is not None:
            drawn |= self._extremes.among(targets, numbers)
        if self._classes is not None:
            codes = self._classes.number(targets)
            self._classes = None if codes is None else self._classes
        if self._classes is not None and codes is not None:
            drawn |= keys < self._classes.bounds[codes]
        codes = np.zeros(len(keys), np.int64) if codes is None else codes
        self._parts.append((rows.take(drawn), keys[drawn], numbers[drawn], codes[drawn]))
        self._n_kept += int(drawn.sum())
        if self._n_kept > 2 * MAX_SAMPLE:
            self._prune(MAX_SAMPLE)

    def result(self) -> tuple[Table, Array]:
        """Return the rows that were drawn, and their numbers."""
        self._prune(self._size())
        tables, _, numbers, _ = zip(*self._parts, strict=True)
        return Table.join(tables), np.concatenate(numbers)

    def _size(self) -> int:
        """Return the size of the sample; larger where one of two classes is rare."""
        if self.n_samples < MIN_ROWS:
            return self.n_samples
        one_target = self._classes is not None and len(self._targets) == 1
        counts = self._classes.counts if one_target and self._classes else np.zeros(0)
        return size_of_sample(counts)

    def _prune(self, size: int) -> None:
        """Leave out rows that others of smaller keys have displaced."""
        keys, numbers, codes = (
            np.concatenate([part[index] for part in self._parts]) for index in (1, 2, 3)
        )
        if len(keys) > size:
            self._bound = np.partition(keys, size)[size]
        kept = keys < self._bound
        if self._extremes is not None:
            kept |= np.isin(numbers, self._extremes.numbers)
        if self._classes is not None:
            kept |= self._classes.first_rows(keys, codes)
        stops = np.cumsum([len(own) for _, own, *_ in self._parts])[:-1]
        split = zip(self._parts, np.split(kept, stops), strict=True)
        self._parts = [
            (table.take(some), *(array[some] for array in arrays))  # type: ignore[misc]
            for (table, *arrays), some in split
            if some.any()
        ]
        self._n_kept = int(kept.sum())


@final
class _Extremes:
    """The rows of the smallest and the largest number of each target."""

    def __init__(self, n_targets: int) -> None:
        self._values = np.full((n_targets, 2), -np.inf)  # of the negative target, of the target
        self._rows = np.full((n_targets, 2), -1)

    @property
    def numbers(self) -> Array:
        """The numbers of these rows."""
        return self._rows.ravel()

    def among(self, targets: Sequence[Array], numbers: Array) -> Array:
        """Return which of some more rows have smaller or larger targets than all before."""
        found = np.zeros(len(numbers), bool)
        for index, target in enumerate(targets):
            if target.dtype.kind != "f":
                continue
            large = np.abs(target) > MAX_TARGET
            if large.any():
                place = int(np.argmax(large))
                raise too_large(target[place], int(numbers[place]))
            for side, values in enumerate((-target, target)):
                place = int(np.argmax(values))
                if values[place] > self._values[index, side]:
                    self._values[index, side], found[place] = values[place], True
                    self._rows[index, side] = numbers[place]
        return found


@final
@dataclass
class _Classes:
    """The classes of a target, numbered as they come, and the rows of each."""

    may_be_numbers: bool  # whether many different numbers mean that there are no classes
    codes: dict[Any, int] = field(default_factory=dict)
    counts: Array = field(default_factory=lambda: np.zeros(0, np.int64))
    bounds: Array = field(default_factory=lambda: np.zeros(0))  # rows of smaller keys are drawn

    def number(self, targets: Sequence[Array]) -> Array | None:
        """Return the class of each row; None where the target turns out to hold numbers."""
        codes = np.zeros(len(targets[0]), np.int64)
        for values in targets:
            levels, own = _levels(values)
            codes = codes * len(levels) + own
        first, codes = np.unique(codes, return_index=True, return_inverse=True)[1:]
        labels = zip(*(values[first].tolist() for values in targets), strict=True)
        known = np.array([self.codes.setdefault(one, len(self.codes)) for one in labels], np.intp)
        of_numbers = all(values.dtype.kind == "f" for values in targets)
        most = _MAX_NUMBERS if of_numbers else _MAX_CLASSES
        if self.may_be_numbers and len(self.codes) > most:
            return None
        if len(self.codes) > _MAX_CLASSES:
            raise InputError(
                f"The target holds more than {_MAX_CLASSES:,} different values, too many to be"
                " classes: choose another column, or regression."
            )
        n_new = len(self.codes) - len(self.counts)
        self.bounds = np.concatenate([self.bounds, np.full(n_new, np.inf)])
        codes = known[codes.reshape(-1)]
        counts = np.bincount(codes, minlength=len(self.codes))
        counts[: len(self.counts)] += self.counts
        self.counts = counts
        return codes

    def first_rows(self, keys: Array, codes: Array) -> Array:
        """Return which rows have the smallest keys of their class, and note the largest of them."""
        order, ranks = _ranked(codes, keys)
        first, beyond = order[ranks < ROWS_OF_CLASS], order[ranks == ROWS_OF_CLASS]
        self.bounds[codes[beyond]] = keys[beyond]
        kept = np.zeros(len(keys), bool)
        kept[first] = True
        return kept


def _levels(values: Array) -> tuple[Array, Array]:
    if values.dtype.kind != "O":
        return np.unique(values, return_inverse=True)
    index = {item: number for number, item in enumerate(dict.fromkeys(values.tolist()))}
    codes = np.fromiter(map(index.__getitem__, values.tolist()), np.int64, len(values))
    return np.fromiter(index, object, len(index)), codes
