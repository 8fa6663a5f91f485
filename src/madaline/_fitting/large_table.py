"""A table larger than memory: a fit prepares itself on a sample of its rows, and learns from all.

A first pass draws the sample, from which kinds, encoders, folds and the plan follow as from any
table. A second pass encodes all rows, and keeps them in blocks, in memory if there is room, else on
disk.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, final

import numpy as np

from madaline._data.column import shown
from madaline._data.encoders.table_encoder import TableEncoder
from madaline._data.kinds import KINDS
from madaline._data.kinds.kind import CATEGORY, TEXT, ColumnEncoder
from madaline._data.kinds.text import TextEncoder
from madaline._data.rows import Rows
from madaline._data.splits.sampled import SampleSplit
from madaline._data.table import Table
from madaline._data.target import ClassEncoder
from madaline._evaluation.objective import class_weights
from madaline._fitting.sampling import DrawnRows, Roles, counted_rows
from madaline._race.dataset import Dataset
from madaline._race.row_blocks import RowBlocks
from madaline._race.row_store import RowStore, check_storable
from madaline._race.stored_rows import RowValues, count_blocks
from madaline._time.told_times import times_of_rows
from madaline._words import warn
from madaline.errors import InputError, TextReadWarning
from madaline.nn.arrays import Array
from madaline.nn.losses import CrossEntropy

if TYPE_CHECKING:
    from madaline._fitting.preparation import Preparation


_MAX_UNREADABLE, _MIN_UNREADABLE = 0.1, 100
"""Texts of a block that may be no numbers where those of the sample are: a share, or so many."""


@final
@dataclass(frozen=True, eq=False)
class LargeTable:
    """A table that is read block by block, and a sample of it."""

    source: Rows
    roles: Roles
    drawn: DrawnRows
    read_target: Callable[[Table], Array]  # returns the target of some rows, as a fit takes it
    seed: int = 0

    @property
    def n_samples(self) -> int:
        """Number of rows that are learned from."""
        return self.drawn.n_samples

    def blocks(self, prepared: Preparation, allows: Callable[[int], bool]) -> RowBlocks:
        """Encode all rows; keep them in memory if so many bytes are allowed, else on disk."""
        encoder, dataset = prepared.encoder, prepared.dataset
        check_storable(encoder)
        chunks = self._chunks(prepared)
        if allows(self._n_bytes(encoder, dataset)):
            values = RowValues.join(list(chunks))
            return RowBlocks.in_memory(encoder, dataset, values, seed=self.seed)
        store = RowStore(
            encoder,
            chunks,
            self.n_samples,
            n_blocks=count_blocks(self.n_samples, max(encoder.widths.values())),
            seed=self.seed,
            one_hot=isinstance(dataset.loss, CrossEntropy),
            text_bytes=self._text_bytes(encoder),
        )
        return RowBlocks(encoder, dataset, store)

    def _n_bytes(self, encoder: TableEncoder, dataset: Dataset) -> int:
        """Return the bytes of all rows in memory: twice, while the parts of columns are joined."""
        numbers = 2 * len(encoder.encoders) + dataset.n_outputs + dataset.rows.n_folds + 4
        return int(2 * self.n_samples * (4 * numbers + 2 * self._text_bytes(encoder)))

    def _text_bytes(self, encoder: TableEncoder) -> float:
        """Return the bytes of the texts of a row, on average over the sample."""
        total = 0
        for own in encoder.encoders:
            if isinstance(own, TextEncoder):
                texts = filter(None, own.read_rows(self.drawn.table).tolist())
                total += sum(len(text.encode("utf-8", "surrogatepass")) for text in texts)
        return total / len(self.drawn.numbers)

    def _chunks(self, prepared: Preparation) -> Iterator[RowValues]:
        """Yield all rows, encoded, in the order of the table."""
        weigh = _Weigher(self, prepared)
        assign = _Assigner(self, prepared)
        read = _Reader(prepared.encoder)
        names = {*prepared.encoder.columns, *self.roles.names, *assign.columns}
        first = 0
        for block in self.source.blocks(names & set(self.source.names)):
            rows, _ = counted_rows(block, self.roles, first)
            counted = block if len(rows) == block.n_samples else block.take(rows)
            if len(rows):
                target = self.read_target(counted)
                places, folds, learned = assign(counted, first + rows)
                yield RowValues(
                    read(counted, first + rows),
                    prepared.target_encoder.matrix(target),
                    weigh(counted, target),
                    places,
                    folds,
                    learned,
                )
            first += block.n_samples


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
        what = f"{own.name}: {shown(values[0])} in row {row:,} (counted from 0) is no {kind}"
        if len(values) > max(_MAX_UNREADABLE * n_rows, _MIN_UNREADABLE):
            raise InputError(
                f"{what}, and so are {len(values) - 1:,} of the {n_rows - 1:,} values around it,"
                f" but those of the sample are: correct them, or give the column the kind {TEXT} or"
                f" {CATEGORY} (kinds=)."
            )
        if own.name not in self._told:
            self._told.add(own.name)
            warn(f"{what}, and counts as missing, as others do that may follow.", TextReadWarning)


def _is_readable(own: ColumnEncoder, value: object) -> bool:
    try:
        own.read(np.array([value], object))
    except InputError:
        return False
    return True


@final
class _Weigher:
    """Weighs rows as the sample was weighed: by their own weight, and that of their class."""

    def __init__(self, large: LargeTable, prepared: Preparation) -> None:
        self._name, self._encoder = large.roles.weight, prepared.target_encoder
        table, class_weight = large.drawn.table, prepared.objective.class_weight
        own = np.ones(table.n_samples) if self._name is None else table[self._name]
        self._of_class: Array | None = None
        if isinstance(self._encoder, ClassEncoder) and class_weight is not None:
            codes = self._encoder.encode(large.read_target(table))
            self._of_class = class_weights(class_weight, self._encoder.classes, codes, own)
            own = own * self._of_class[codes]
        self._mean = float(own.mean())

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

    def __init__(self, large: LargeTable, prepared: Preparation) -> None:
        self._numbers = large.drawn.numbers
        self._places = np.empty(len(self._numbers), np.int32)
        self._places[prepared.rows.order] = np.arange(len(self._numbers))
        self._groups, self._times = large.roles.groups, prepared.times
        self._schema = prepared.schema
        groups = None if self._groups is None else large.drawn.table[self._groups]
        limits = None if self._times is None else self._times.limits
        self._split = SampleSplit.of(prepared.rows, groups, limits)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that tell times."""
        return () if self._times is None else (self._times.name, *self._times.name.split(", "))

    def __call__(self, table: Table, numbers: Array) -> tuple[Array, Array, Array | None]:
        """Return places in the sample, folds, and which networks learn, of rows with numbers."""
        found = np.minimum(np.searchsorted(self._numbers, numbers), len(self._numbers) - 1)
        drawn = self._numbers[found] == numbers
        places = np.where(drawn, self._places[found], -1).astype(np.int32)
        times = None
        if self._times is not None:
            read = self._schema.read(table.select(n for n in self.columns if n in table))
            times = times_of_rows(self._times, self._numbers, read, numbers)
        groups = None if self._groups is None else table[self._groups]
        return places, *self._split.assign(places, groups, times)
