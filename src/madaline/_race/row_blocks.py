"""Rows in blocks: of a table too large for features of all its rows, a block has them at a time.

What an encoder read of a table is small, an array for each column; its features are some ten to a
hundred times as many numbers. So the columns are kept, in memory or on disk, and the features of a
block are made when networks learn from it. The rows stand in shuffled order, each block holds rows
of all parts of the table, and the race ran on some of the rows, the sample.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import final

import numpy as np

from madaline._data.encoders.encoded import FoldFeatures
from madaline._data.encoders.table_encoder import TableEncoder
from madaline._data.splits.folds import FoldedRows
from madaline._race.dataset import AllRows, Dataset
from madaline._race.level_means import MeansOfAllRows, parts_of
from madaline.nn.arrays import Array

CHUNK = 65_536  # rows that are shuffled together before they are dealt to blocks
MAX_BLOCK = 32_768  # rows of a block
_MAX_NUMBERS = 2**25  # numbers of the features of a block, at most: 128 MiB
_MIN_BLOCK = 8192  # rows of a block, however wide they are
_DEAL_STREAM = 2**32 - 4  # separates the random order of rows from all other random numbers
_KEY_STREAM = 2**32 - 5  # the same of the keys that rows are drawn by


@final
@dataclass(frozen=True, eq=False)
class RowValues:
    """Some rows as an encoder read them, and what is to be learned from each."""

    columns: Sequence[Array]  # of each encoder what it read, (n_samples,)
    target: Array  # float32 (n_samples, n_outputs)
    weight: Array | None  # float32 (n_samples,), with mean one over all rows
    places: Array  # int32 (n_samples,): the index of a row in the sample; -1 of other rows
    # int16 (n_samples,): the fold whose networks do not learn from a row; -1 where all do
    folds: Array
    # bool (n_samples, n_folds): which networks learn from a row, where that is not all others
    learned: Array | None = None

    @property
    def n_samples(self) -> int:
        """Number of rows."""
        return len(self.places)

    def count_learned(self, n_folds: int) -> Array:
        """Return from how many rows the networks of each fold learn."""
        if self.learned is not None:
            return np.asarray(self.learned.sum(axis=0))
        held_out = np.bincount(self.folds[self.folds >= 0], minlength=n_folds)
        return np.asarray(self.n_samples - held_out)

    def take(self, rows: slice | Array) -> RowValues:
        """Return some rows."""
        return RowValues(
            [column[rows] for column in self.columns],
            self.target[rows],
            None if self.weight is None else self.weight[rows],
            self.places[rows],
            self.folds[rows],
            None if self.learned is None else self.learned[rows],
        )

    @classmethod
    def join(cls, parts: Sequence[RowValues]) -> RowValues:
        """Return the rows of several parts as one."""
        if len(parts) == 1:
            return parts[0]
        first = parts[0]
        return cls(
            [np.concatenate(columns) for columns in zip(*(p.columns for p in parts), strict=True)],
            np.concatenate([part.target for part in parts]),
            _joined(part.weight for part in parts) if first.weight is not None else None,
            np.concatenate([part.places for part in parts]),
            np.concatenate([part.folds for part in parts]),
            _joined(part.learned for part in parts) if first.learned is not None else None,
        )


def _joined(parts: Iterable[Array | None]) -> Array:
    return np.concatenate([part for part in parts if part is not None])


class StoredRows(ABC):
    """Rows in shuffled order, kept in blocks."""

    n_samples: int
    n_blocks: int

    @abstractmethod
    def read(self, number: int) -> RowValues:
        """Return the rows of a block."""

    @cached_property
    def digest(self) -> str:
        """A text that is the same only for the same rows."""
        digest = hashlib.sha256()
        for number in range(self.n_blocks):
            values = self.read(number)
            for array in (*values.columns, values.target, values.weight, values.folds):
                if array is not None and array.dtype.hasobject:
                    digest.update(repr(array.tolist()).encode())
                elif array is not None:
                    digest.update(np.ascontiguousarray(array).view(np.uint8).data)
        return digest.hexdigest()

    @abstractmethod
    def close(self) -> None:
        """Give up what holds the rows: they are not read again."""

    def count_learned(self, n_folds: int) -> Array:
        """Return from how many rows the networks of each fold learn."""
        counts = [self.read(number).count_learned(n_folds) for number in range(self.n_blocks)]
        return np.asarray(np.sum(counts, axis=0))


@final
@dataclass(frozen=True, eq=False)
class RowsInMemory(StoredRows):
    """Rows of which an array holds each column."""

    values: RowValues  # all rows, in the order of the table
    order: Array  # (n_samples,): the shuffled rows; those of a block are `n_blocks` apart
    n_blocks: int

    @classmethod
    def of(cls, values: RowValues, *, n_blocks: int, seed: int) -> RowsInMemory:
        """Return rows in the order in which a store on disk has them."""
        starts = range(0, values.n_samples, CHUNK)
        sizes = [min(CHUNK, values.n_samples - start) for start in starts]
        chunks = [
            start + shuffled_chunk(number, size, seed=seed)
            for number, (start, size) in enumerate(zip(starts, sizes, strict=True))
        ]
        return cls(values, np.concatenate(chunks), n_blocks)

    @property
    def n_samples(self) -> int:  # type: ignore[override]
        """Number of rows."""
        return self.values.n_samples

    def read(self, number: int) -> RowValues:
        """Return the rows of a block."""
        return self.values.take(self.order[number :: self.n_blocks])

    def close(self) -> None:
        """Do nothing: whoever holds the rows gives them up."""


def shuffled_chunk(number: int, size: int, *, seed: int) -> Array:
    """Return the order of the rows of one chunk of a table, int (size,)."""
    return np.random.default_rng([seed, _DEAL_STREAM, number]).permutation(size)


def row_keys(n_samples: int, *, seed: int, first: int = 0) -> Array:
    """Return a random key of each row of a table, from one chunk on; the smallest are a sample."""
    keys = [
        np.random.default_rng([seed, _KEY_STREAM, number]).random(CHUNK)
        for number in range(first, first + -(-n_samples // CHUNK))
    ]
    return np.concatenate(keys)[:n_samples]


def count_blocks(n_samples: int, width: int) -> int:
    """Return in how many blocks rows with so many features are kept."""
    size = min(MAX_BLOCK, max(_MIN_BLOCK, _MAX_NUMBERS // width))
    return max(1, -(-n_samples // size))


@final
@dataclass(frozen=True, eq=False)
class RowBlocks:
    """All rows of a table, of which a sample raced, in blocks that networks learn from."""

    encoder: TableEncoder
    sample: Dataset  # the rows that raced
    rows: StoredRows
    means: MeansOfAllRows | None = None  # of targets, where features are such

    @classmethod
    def in_memory(
        cls, encoder: TableEncoder, sample: Dataset, values: RowValues, *, seed: int
    ) -> RowBlocks:
        """Return the blocks of rows of which an array holds each column."""
        n_blocks = count_blocks(values.n_samples, max(encoder.widths.values()))
        return cls(encoder, sample, RowsInMemory.of(values, n_blocks=n_blocks, seed=seed))

    @property
    def sampled(self) -> Dataset:
        """The rows that raced, which know of all rows."""
        return replace(self.sample, all_rows=AllRows(self.n_samples, self.n_learned, self.n_blocks))

    @cached_property
    def n_learned(self) -> tuple[int, ...]:
        """From how many rows each network of a recipe learns."""
        rows = self.sample.rows
        of_folds = self.rows.count_learned(rows.n_folds).tolist()
        return (*of_folds, *(self.n_samples,) * rows.n_final)

    @property
    def n_samples(self) -> int:
        """Number of rows."""
        return self.rows.n_samples

    @property
    def n_blocks(self) -> int:
        """Number of blocks."""
        return self.rows.n_blocks

    def dataset(self, number: int, n_bins: Collection[int]) -> Dataset:
        """Return the rows of a block, fold after fold, with the features of some encodings."""
        values = self.rows.read(number)
        rows = FoldedRows.from_folds(
            values.folds,
            None if values.learned is None else values.learned.T,
            self.sample.rows.n_final,
            n_folds=self.sample.rows.n_folds,
        )
        parts, values = parts_of(values)[rows.order], values.take(rows.order)
        encoded = self.encoder.encoded(values.columns, values.n_samples)
        return replace(
            self.sample,
            rows=rows,
            features={n: encoded.kept(n) for n in n_bins},
            target=values.target,
            weight=values.weight,
            groups=None,
            metric=None,
            fold_features=self._fold_features(values, parts),
        )

    def learned(self, values: RowValues) -> Array:
        """Return which networks learn from each row, bool (n_rows, n_networks)."""
        rows, learned = self.sample.rows, values.learned
        if learned is None:
            learned = values.folds[:, None] != np.arange(rows.n_folds)
        return np.pad(learned, ((0, 0), (0, rows.n_final)), constant_values=True)

    def with_means_of_all(self) -> RowBlocks:
        """Return the blocks with usual targets of all rows, not only of the sample."""
        means = MeansOfAllRows.of(self)
        if means is None:
            return self
        encoder = means.encoder(self.encoder)
        blocks = replace(self, encoder=encoder, means=means)
        return replace(blocks, sample=replace(self.sample, fold_features=blocks._of_sample(means)))

    def _of_sample(self, means: MeansOfAllRows) -> FoldFeatures:
        """Return the features of the sample that depend on targets."""
        sample, slots = self.sample, dict[int, Array]()
        learned = np.zeros((sample.n_samples, sample.rows.n_networks), bool)
        for network in range(sample.rows.n_networks):
            learned[sample.rows.training(network), network] = True
        for number in range(self.n_blocks):
            values = self.rows.read(number)
            drawn = values.places >= 0
            for index, own in means.slots(self.encoder, values).items():
                slots.setdefault(index, np.zeros(sample.n_samples, np.intp))
                slots[index][values.places[drawn]] = own[drawn]
        return means.of_rows(slots, means.parts, learned)

    def _fold_features(self, values: RowValues, parts: Array) -> FoldFeatures | None:
        """Return the features that depend on targets: of all rows, or of the sample alone."""
        of_sample = self.sample.fold_features
        if of_sample is None:
            return None
        if self.means is not None:
            slots = self.means.slots(self.encoder, values)
            return self.means.of_rows(slots, parts, self.learned(values))
        features = of_sample.of_other_rows(self.encoder.encoders, values.columns)
        raced = np.flatnonzero(values.places >= 0)
        features.values[:, raced] = of_sample.values[:, values.places[raced]]
        return features
