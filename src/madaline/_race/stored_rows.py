"""Rows as encoders read them, in shuffled order and in blocks: kept in memory, or on disk."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import final

import numpy as np

from madaline._tables.splits.folds import FoldedRows
from madaline.nn.arrays import Array

CHUNK = 65_536  # rows that are shuffled together before they are dealt to blocks
MAX_BLOCK = 32_768  # rows of a block
_MAX_NUMBERS = 2**25  # numbers of the features of a block, at most: 128 MiB
_MIN_BLOCK = 8192  # rows of a block, however wide they are
_DEAL_STREAM = 2**32 - 4  # separates the random order of rows from all other random numbers


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

    def learned_by(self, rows: FoldedRows) -> Array:
        """Return which networks of some folds learn from each row, bool (n_rows, n_networks)."""
        learned = self.learned
        if learned is None:
            learned = self.folds[:, None] != np.arange(rows.n_folds)
        return np.pad(learned, ((0, 0), (0, rows.n_final)), constant_values=True)

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


def count_blocks(n_samples: int, width: int) -> int:
    """Return in how many blocks rows with so many features are kept."""
    size = min(MAX_BLOCK, max(_MIN_BLOCK, _MAX_NUMBERS // width))
    return max(1, -(-n_samples // size))
