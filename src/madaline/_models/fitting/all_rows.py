"""All rows of a large table, of which a sample decided: encoded, in blocks to learn from.

A sample is drawn of the rows in memory, or of those of files as they are read for the first time
(`sampling`). Kinds, encoders, folds and the plan follow from it as from any table. Then all rows
are encoded; those of files in a second pass, and kept in memory if there is room, else on disk.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import final

import numpy as np

from madaline._base.language import _
from madaline._base.words import warn
from madaline._models.fitting import sampling
from madaline._models.fitting.prepared import Preparation
from madaline._models.fitting.sampling import SampledRows, counted_rows
from madaline._models.fitting.training_data import EncodedTarget, TrainingData
from madaline._race.evaluation.objective import class_weights
from madaline._race.row_blocks import RowBlocks
from madaline._race.row_store import RowStore, check_storable
from madaline._race.stored_rows import RowValues, count_blocks
from madaline._race.time.stretches import read_times
from madaline._race.time.told_times import times_of_rows
from madaline._tables import drawing
from madaline._tables.column import shown
from madaline._tables.drawing import row_keys
from madaline._tables.encoders.table_encoder import TableEncoder
from madaline._tables.kinds import KINDS
from madaline._tables.kinds.kind import CATEGORY, TEXT, ColumnEncoder
from madaline._tables.kinds.text import TextEncoder
from madaline._tables.splits.folds import GivenFolds
from madaline._tables.splits.sampled import SampleSplit
from madaline._tables.table import Table
from madaline._tables.target import (
    CLASSIFICATION,
    ClassEncoder,
    infer_task,
    infer_task_of_several,
    target_numbers,
)
from madaline.errors import InputError, TextReadWarning
from madaline.nn.arrays import Array
from madaline.nn.losses import CrossEntropy

_MAX_UNREADABLE, _MIN_UNREADABLE = 0.1, 100
"""Texts of a block that may be no numbers where those of the sample are: a share, or so many."""


def draw_sample(data: TrainingData, task: str | None, seed: int) -> Array | None:
    """Return the rows of a large table that decide, in order; None if all of them do."""
    n_samples = data.table.n_samples
    if n_samples < sampling.MIN_ROWS or isinstance(data.folds, GivenFolds) or data.asked.lags:
        return None
    order = np.argsort(row_keys(n_samples, seed=seed), kind="stable")
    targets = np.atleast_2d(data.target.T)
    if data.classes is None and (task or _task(data, order[: sampling.SAMPLE])) == CLASSIFICATION:
        codes = [Table.from_columns({"target": one}).distinct("target").codes for one in targets]
        counts = [np.bincount(one) for one in codes]
        n_sample = sampling.size_of_sample(counts[0]) if len(counts) == 1 else sampling.SAMPLE
        by_class = [drawing.ranked(one[order]) for one in codes]
        also = [order[rows[ranks < drawing.ROWS_OF_CLASS]] for rows, ranks in by_class]
    else:  # read here, so that an error names the row of the table, not of the sample
        numbers = [target_numbers(one) for one in targets]
        n_sample = sampling.SAMPLE
        also = [np.array([one.argmin(), one.argmax()]) for one in numbers]
    return np.unique(np.concatenate([order[:n_sample], *also]))


def _task(data: TrainingData, rows: Array) -> str:
    target = data.target[rows]
    if target.ndim == 1:
        return infer_task(target)[0]
    return infer_task_of_several(data.target_names, target)[0]


def blocks_in_memory(
    data: TrainingData,  # all rows
    sample: Array,  # which of them were drawn
    prepared: Preparation,
    *,
    seed: int,
) -> RowBlocks:
    """Return all rows in blocks, each row with the networks that learn from it."""
    table, numbers = prepared.schema.read(data.table), np.arange(data.table.n_samples)
    goal = EncodedTarget.of(prepared.target_encoder, prepared.objective, data.target, data.weight)
    assign = _Assigner(prepared, sample, None if data.groups is None else data.groups[sample])
    weight = goal.weight
    values = RowValues(
        [encoder.read_rows(table) for encoder in prepared.encoder.encoders],
        np.asarray(goal.matrix, np.float32),
        None if weight is None else np.asarray(weight / weight.mean(), np.float32),
        *assign(numbers, data.groups, _times_in_memory(data, table, sample, prepared)),
    )
    return RowBlocks.in_memory(prepared.encoder, prepared.dataset, values, seed=seed)


def _times_in_memory(
    data: TrainingData, table: Table, sample: Array, prepared: Preparation
) -> Array | None:
    """Return when each row was recorded, as those of the sample are counted."""
    if prepared.time.times is None:
        return None
    if isinstance(data.time, np.ndarray):
        read = read_times(data.time, table, prepared.schema)
        assert read is not None
        return read.values
    return times_of_rows(prepared.time.times, sample, table, np.arange(table.n_samples))


def blocks_of_files(
    sampled: SampledRows, prepared: Preparation, allows: Callable[[int], bool], *, seed: int
) -> RowBlocks:
    """Encode all rows; keep them in memory if so many bytes are allowed, else on disk."""
    encoder, dataset, n_samples = prepared.encoder, prepared.dataset, sampled.n_samples
    check_storable(encoder)
    chunks, text_bytes = _chunks(sampled, prepared), _text_bytes(encoder, sampled.drawn.table)
    if allows(_n_bytes(prepared, n_samples, text_bytes)):
        values = RowValues.join(list(chunks))
        return RowBlocks.in_memory(encoder, dataset, values, seed=seed)
    store = RowStore(
        encoder,
        chunks,
        n_samples,
        n_blocks=count_blocks(n_samples, max(encoder.widths.values())),
        seed=seed,
        one_hot=isinstance(dataset.loss, CrossEntropy),
        text_bytes=text_bytes,
    )
    return RowBlocks(encoder, dataset, store)


def _n_bytes(prepared: Preparation, n_samples: int, text_bytes: float) -> int:
    """Return the bytes of all rows in memory: twice, while the parts of columns are joined."""
    dataset = prepared.dataset
    n_columns = len(prepared.encoder.encoders)
    numbers = 2 * n_columns + dataset.n_outputs + dataset.rows.n_folds + 4
    return int(2 * n_samples * (4 * numbers + 2 * text_bytes))


def _text_bytes(encoder: TableEncoder, sample: Table) -> float:
    """Return the bytes of the texts of a row, on average over a sample."""
    total = 0
    for column in encoder.encoders:
        if isinstance(column, TextEncoder):
            texts = filter(None, column.read_rows(sample).tolist())
            total += sum(len(text.encode("utf-8", "surrogatepass")) for text in texts)
    return total / sample.n_samples


def _chunks(sampled: SampledRows, prepared: Preparation) -> Iterator[RowValues]:
    """Yield all rows, encoded, in the order of the table."""
    roles, drawn = sampled.roles, sampled.drawn
    groups = None if roles.groups is None else drawn.table[roles.groups]
    assign = _Assigner(prepared, drawn.numbers, groups)
    weigh, read = _Weigher(sampled, prepared), _Reader(prepared.encoder)
    names = {*prepared.encoder.columns, *roles.names, *assign.columns}
    first = 0
    for block in sampled.rows.blocks(names & set(sampled.rows.names)):
        rows, _ = counted_rows(block, roles, first)
        counted = block if len(rows) == block.n_samples else block.take(rows)
        numbers = first + rows
        first += block.n_samples
        if not len(rows):
            continue
        target = sampled.target(counted)
        groups = None if roles.groups is None else counted[roles.groups]
        yield RowValues(
            read(counted, numbers),
            prepared.target_encoder.matrix(target),
            weigh(counted, target),
            *assign(numbers, groups, assign.times(counted, numbers)),
        )


@final
class _Reader:
    """Reads columns of text that are numbers or dates as in the sample; others count as missing."""

    def __init__(self, encoder: TableEncoder) -> None:
        self._encoder = encoder
        self._told: set[str] = set()  # columns that were warned of

    def __call__(self, table: Table, numbers: Array) -> list[Array]:
        """Return what encoders read of some rows with these numbers."""
        return [self._read(own, table, numbers) for own in self._encoder.encoders]

    def _read(self, own: ColumnEncoder, table: Table, numbers: Array) -> Array:
        try:
            return own.read_rows(table)
        except InputError:
            column = table[own.name].copy()
            if own.name not in self._encoder.written or column.dtype != object:
                raise
        unreadable = np.array([not _is_readable(own, value) for value in column.tolist()])
        self._tell(own, column[unreadable], int(numbers[unreadable.argmax()]), len(column))
        column[unreadable] = None
        return own.read(column)

    def _tell(self, own: ColumnEncoder, values: Array, row: int, n_rows: int) -> None:
        """Tell once of values that cannot be read, or refuse them if they are many."""
        kind = KINDS[own.kind].words[0]
        what = _("{name}: {shown} in row {row:,} (counted from 0) is no {kind}").format(
            name=own.name, shown=shown(values[0]), row=row, kind=kind
        )
        if len(values) > max(_MAX_UNREADABLE * n_rows, _MIN_UNREADABLE):
            raise InputError(
                "{what}, and so are {n_values:,} of the {n_rows:,} values around it, but those of the sample are: correct them, or give the column the kind {TEXT} or {CATEGORY} (kinds=).",
                what=what,
                n_values=len(values) - 1,
                n_rows=n_rows - 1,
                TEXT=TEXT,
                CATEGORY=CATEGORY,
            )
        if own.name not in self._told:
            self._told.add(own.name)
            warn(
                _("{what}, and counts as missing, as others do that may follow.").format(what=what),
                TextReadWarning,
            )


def _is_readable(own: ColumnEncoder, value: object) -> bool:
    try:
        own.read(np.array([value], object))
    except InputError:
        return False
    return True


@final
class _Weigher:
    """Weighs rows as the sample was weighed: by their own weight, and that of their class."""

    def __init__(self, sampled: SampledRows, prepared: Preparation) -> None:
        self._name, self._encoder = sampled.roles.weight, prepared.target_encoder
        table, class_weight = sampled.drawn.table, prepared.objective.class_weight
        weight = np.ones(table.n_samples) if self._name is None else table[self._name]
        self._of_class: Array | None = None
        if isinstance(self._encoder, ClassEncoder) and class_weight is not None:
            codes = self._encoder.encode(sampled.target(table))
            self._of_class = class_weights(class_weight, self._encoder.classes, codes, weight)
            weight = weight * self._of_class[codes]
        self._mean = float(weight.mean())

    def __call__(self, rows: Table, target: Array) -> Array | None:
        """Return the weights of some rows, with mean one over all rows, about."""
        if self._name is None and self._of_class is None:
            return None
        weight = np.ones(rows.n_samples) if self._name is None else rows[self._name]
        if self._of_class is not None:
            weight = weight * self._of_class[self._encoder.encode(target)]
        return np.asarray(weight / self._mean, np.float32)


@final
class _Assigner:
    """Finds the place of rows in the sample, and which networks learn from the others."""

    def __init__(
        self,
        prepared: Preparation,
        numbers: Array,  # of the rows of the sample, in the order of the table
        groups: Array | None,  # of the sample
    ) -> None:
        self._numbers, self._times, self._schema = numbers, prepared.time.times, prepared.schema
        self._places = np.empty(len(numbers), np.int32)
        self._places[prepared.rows.order] = np.arange(len(numbers))
        limits = None if self._times is None else self._times.limits
        self._split = SampleSplit.of(prepared.rows, groups, limits)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that tell times."""
        return () if self._times is None else (self._times.name, *self._times.name.split(", "))

    def times(self, table: Table, numbers: Array) -> Array | None:
        """Return when rows with these numbers were recorded, as those of the sample are counted."""
        if self._times is None:
            return None
        read = self._schema.read(table.select(n for n in self.columns if n in table))
        return times_of_rows(self._times, self._numbers, read, numbers)

    def __call__(
        self, numbers: Array, groups: Array | None, times: Array | None
    ) -> tuple[Array, Array, Array | None]:
        """Return places in the sample, folds, and which networks learn, of rows with numbers."""
        found = np.minimum(np.searchsorted(self._numbers, numbers), len(self._numbers) - 1)
        drawn = self._numbers[found] == numbers
        places = np.where(drawn, self._places[found], -1).astype(np.int32)
        return places, *self._split.assign(places, groups, times)
