"""A table that an encoder has read: its features are computed block by block, on demand."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import final

import numpy as np

from madaline._tables.kinds.category import CategoryEncoder
from madaline._tables.kinds.kind import ColumnEncoder
from madaline._tables.kinds.number import JoinedNumbers
from madaline._tables.kinds.text import TextEncoder
from madaline._tables.table import MIN_ROWS_FOR_THREADS, Table
from madaline.errors import InputError
from madaline.nn._engine.threads import in_threads
from madaline.nn._sparse_rows import Features, SparseRows
from madaline.nn.arrays import Array, row_blocks

_CHUNK = 4096
"""Rows written at a time, so that a block of all features stays in the cache."""

_MIN_SPARSE_BLOCKS = 16
"""How much more room than usual a block may take whose zeros are then left out."""


@dataclass(frozen=True, eq=False)
class Block:
    """Some encoded rows."""

    base: Array  # float32 (n_samples, n_base_features): the features without bins
    # float64 (n_columns, n_samples): the columns of numbers, the median where one is missing
    numbers: Array
    joined: JoinedNumbers | None  # their encoders, if there are any

    def locate(self, n_bins: int) -> tuple[Array, Array]:
        """Return in which bin each number that has any lies, and how far: `JoinedBins.locate`."""
        assert self.joined is not None
        return self.joined.locate(n_bins, self.numbers)

    def features(self, n_bins: int) -> Array:
        """Return the features with that many bins beside the numbers."""
        if self.joined is None or n_bins not in self.joined.bins:
            return self.base
        bins = self.joined.bin_features(n_bins, self.numbers)
        return np.concatenate([self.base, bins], axis=1)


@dataclass(frozen=True, eq=False)
class Encoded:
    """A table's columns as they were read, and what makes features of them."""

    n_samples: int  # number of rows
    joined: JoinedNumbers | None  # what makes features of numbers, if there are any
    numbers: Sequence[Array]  # (n_samples,): the columns of numbers
    # of each other column its values, the indices of its features, and what makes them
    others: Sequence[tuple[Array, slice, ColumnEncoder]]
    widths: Mapping[int, int]  # how many features there are, for each number of bins
    unseen: Mapping[str, int]  # in how many rows a category has a level that no training row had
    n_threads: int = 1  # how many threads share the rows when all features are wanted
    # (n_samples,): what the outputs of networks are differences to, in the unit of the target, and
    # how many steps ahead rows are predicted, where columns are made of the past
    anchors: Array | None = None
    steps: Array | None = None
    sizes: Array | None = None  # (n_samples,): by what outputs are multiplied before

    @cached_property
    def base(self) -> Array:
        """The features without bins, float32 of shape (n_samples, n_base_features)."""
        base = np.empty((self.n_samples, self.widths[0]), np.float32)

        def write(start: int) -> None:
            rows = slice(start, start + _CHUNK)
            self._write(*self._filled(rows), rows, base[rows])

        n_threads = self.n_threads if self.n_samples >= MIN_ROWS_FOR_THREADS else 1
        in_threads(write, range(0, self.n_samples, _CHUNK), n_threads)
        return base

    def features(self, n_bins: int) -> Array:
        """Return the features with that many bins beside the numbers.

        The result is float32 (n_samples, n_features): in C order. With zero bins it is `base`
        itself.
        """
        check_prepared(n_bins, self.widths)
        width, n_base = self.widths[n_bins], self.widths[0]
        if width == n_base or self.joined is None:
            return self.base
        features = np.empty((self.n_samples, width), np.float32)
        features[:, :n_base] = self.base
        for rows in row_blocks(self.n_samples, width // 2):  # float32 takes half of the room
            numbers, _ = self._filled(rows)
            features[rows, n_base:] = self.joined.bin_features(n_bins, numbers)
        return features

    def kept(self, n_bins: int) -> Features:
        """Return what `features` does; without zeros, where all columns are texts."""
        if self.joined or any(
            not isinstance(encoder, TextEncoder) for _, _, encoder in self.others
        ):
            return self.features(n_bins)
        check_prepared(n_bins, self.widths)
        blocks = row_blocks(self.n_samples, self.widths[0] // _MIN_SPARSE_BLOCKS)
        return SparseRows.of(self.block(rows).base for rows in blocks)

    def block(self, rows: slice) -> Block:
        """Return some rows, encoded."""
        numbers, missing = self._filled(rows)
        base = np.empty((numbers.shape[1], self.widths[0]), np.float32)
        self._write(numbers, missing, rows, base)
        return Block(base, numbers, self.joined)

    def _filled(self, rows: slice) -> tuple[Array, Array]:
        """Return some rows of the numbers, the median where one is missing, and where that is."""
        numbers = np.empty((len(self.numbers), len(range(*rows.indices(self.n_samples)))))
        for row, column in zip(numbers, self.numbers, strict=True):
            row[:] = column[rows]
        if self.joined is None:
            return numbers, np.zeros(numbers.shape, np.bool_)
        return self.joined.fill(numbers)

    def _write(self, numbers: Array, missing: Array, rows: slice, out: Array) -> None:
        """Write the features without bins of some rows."""
        if self.joined is not None:
            self.joined.write(numbers, missing, out)
        for values, span, encoder in self.others:
            encoder.write(values[rows], out[:, span])


def check_prepared(n_bins: int, prepared: Collection[int]) -> None:
    """Raise an `InputError` if an encoder was not fitted with that many bins."""
    if n_bins != 0 and n_bins not in prepared:
        raise InputError(
            "The encoder was not fitted with {n_bins} bins: choose among {prepared}.",
            n_bins=n_bins,
            prepared=tuple(prepared),
        )


@final
@dataclass(frozen=True, eq=False)
class FoldFeatures:
    """Features of the training rows that differ from fold to fold.

    >>> features = FoldFeatures(
    ...     np.array([1]), np.array([[[5.0], [6.0]], [[7.0], [8.0]]], np.float32)
    ... )
    >>> features.write(1, slice(0, 2), np.zeros((2, 3), np.float32))
    array([[0., 7., 0.],
           [0., 8., 0.]], dtype=float32)
    """

    features: Array  # int (n_features,): indices of the features; the same in every encoding
    values: Array  # float32 (n_folds, n_samples, n_features)
    # for the index of each column of such features, float32 (n_folds, n_levels, n_features): those
    # of a row that no network learned from, for each level
    of_levels: Mapping[int, Array] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        encoders: Sequence[ColumnEncoder],
        table: Table,  # the rows that they were fitted on, in any order
        target: Array,  # (n_samples, n_outputs)
        sample_weight: Array | None,  # (n_samples,)
        learned: Sequence[Array],  # indices of the rows that each fold's networks learn from
        # int (n_samples,): the features of a row do not depend on targets of rows with the same
        # number
        parts: Array,
    ) -> FoldFeatures | None:
        """Return the features of the training rows that depend on targets, without leaks.

        None where no feature depends on targets.
        """
        stops = np.cumsum([encoder.n_features for encoder in encoders])
        features, values, of_levels = [], [], {}
        for number, (encoder, stop) in enumerate(zip(encoders, stops, strict=True)):
            if isinstance(encoder, CategoryEncoder) and encoder.means is not None:
                slots = encoder.slots(encoder.read_rows(table))
                others = np.arange(len(encoder.means.values))  # a row of each level, not learned
                levels, cells = np.concatenate([slots, others]), None
                if encoder.pair_column:
                    names = [own.name for own in encoders]
                    cells = encoders[names.index(encoder.pair_column)].read_rows(table)
                of_folds = np.stack(
                    [
                        encoder.means_of_rows(levels, target, sample_weight, rows, parts, cells)
                        for rows in learned
                    ]
                )
                features.append(np.arange(stop - encoder.n_means, stop))
                values.append(of_folds[:, : len(slots)])
                of_levels[number] = of_folds[:, len(slots) :]
        if not features:
            return None
        return cls(np.concatenate(features), np.concatenate(values, axis=-1), of_levels)

    def of_other_rows(
        self, encoders: Sequence[ColumnEncoder], columns: Sequence[Array]
    ) -> FoldFeatures:
        """Return the features of rows that no target was taken from, which encoders have read."""
        values = []
        for number, of_levels in self.of_levels.items():
            encoder = encoders[number]
            assert isinstance(encoder, CategoryEncoder)
            values.append(of_levels[:, encoder.slots(columns[number])])
        return FoldFeatures(self.features, np.concatenate(values, axis=-1), self.of_levels)

    def write(
        self,
        folds: int | Array,  # the folds; an array broadcasts with the rows
        rows: slice | Array,
        x: Array,  # float32 (..., features): the encoded rows, changed in place
    ) -> Array:
        """Write the features of some rows for the networks of some folds into `x` and return it."""
        x[..., self.features] = self.values[folds, rows]
        return x
